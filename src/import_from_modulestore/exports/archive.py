"""Unpacking an export archive safely: a ``.tar.gz`` as Studio writes them, a ``.tar``, a ``.zip``."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..errors import SourceError
from ..texts import clean
from .entries import PIECE, Damaged, Entry, EntryKind, NoArchive, Refused
from .files import remove
from .tar import read_tar
from .zip import read_zip

SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")

_GZIP, _ZIP, _USTAR = b"\x1f\x8b", b"PK", b"ustar"
"""How files of these formats begin. That is looked at, not the name: browsers unpack a ``.tar.gz`` unasked."""

_WHY_REFUSED = gettext_lazy(
    "Nothing was unpacked. Export the course again from Studio, or make the archive again without this entry."
)


@dataclass(frozen=True)
class UnpackLimits:
    """Bounds on what an archive may hold, once unpacked."""

    total_bytes: int = 20_000_000_000
    entries: int = 200_000
    depth: int = 100
    """Folders in folders; OLX has two."""
    ratio: int = 200
    """Unpacked bytes per packed byte; OLX packs about 10 to 1, and no export of use comes near 200 to 1."""
    ratio_floor: int = 100_000_000
    """Unpacked bytes below which the ratio does not matter."""
    seconds: float = 600
    """Of a processor's time."""


STANDARD_LIMITS = UnpackLimits()


class TooSlow(SourceError):
    """Reading the archive takes longer than it may."""


def is_archive(path: Path) -> bool:
    """Whether the file's name is that of an export archive."""
    return path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")


def format_of(beginning: bytes) -> str:
    """The suffix of the archive format that a file begins as (some 300 bytes are enough); empty where it is none."""
    if beginning.startswith(_GZIP):
        return ".tar.gz"
    if beginning.startswith(_ZIP):
        return ".zip"
    return ".tar" if beginning[257:262] == _USTAR else ""


def unpack(
    archive: Path,
    into: Path,
    limits: UnpackLimits = STANDARD_LIMITS,
    wanted: Callable[[PurePosixPath, int], bool] | None = None,
) -> None:
    """
    Unpack an archive into a new folder, as a stream: memory does not grow with the archive.

    Only plain files and folders are written, with plain modes, and never outside ``into``. Litter of macOS (``._*``,
    ``__MACOSX``) and of tar (``PaxHeader``) is left out. With ``wanted``, which is asked of each file by path and
    size, the archive is judged to its end all the same; when that takes too long, what was unpacked by then stays. On
    any other error ``into`` is removed again.

    Raises :class:`SourceError` naming the archive and the entry for: none of the formats, a truncated or damaged one,
    an encrypted one, an absolute or escaping path, a link, a device, or more than ``limits`` allows.
    """
    into.mkdir(parents=True)
    bounds = _Bounds(archive, limits)
    try:
        with _opened(archive, bounds) as entries:
            for entry in entries:
                path = bounds.check(entry)
                if _is_litter(path):
                    continue
                if entry.kind is EntryKind.FOLDER:
                    if wanted is None:
                        with _writing(archive, entry):
                            (into / path).mkdir(parents=True, exist_ok=True)
                elif wanted is None or wanted(path, entry.size):
                    with _writing(archive, entry):
                        _write(entry, into / path, bounds)
    except BaseException as error:
        if wanted is None or not isinstance(error, TooSlow):
            remove(into)
        if isinstance(error, SourceError) or not isinstance(error, Exception):
            raise
        raise SourceError(_what_is_wrong(archive, error)) from error


class _Bounds:
    """What the limits leave of an archive that is being read."""

    def __init__(self, archive: Path, limits: UnpackLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._until = time.thread_time() + limits.seconds
        self._total = self._entries = 0
        self.allowed = 0
        """Bytes that it may have once unpacked."""

    def measure(self) -> None:
        """Look at the archive's size, which bounds what it may hold."""
        packed = self._archive.stat().st_size
        self.allowed = min(self._limits.total_bytes, max(self._limits.ratio_floor, packed * self._limits.ratio))

    def check(self, entry: Entry) -> PurePosixPath:
        """The path at which the entry is to be written. Raises :class:`SourceError` where it is not to be."""
        self.check_time()
        self._entries += 1
        if self._entries > self._limits.entries:
            raise SourceError(
                _("{name} has more than {entries:,} entries, more than any course needs. {advice}").format(
                    name=clean(self._archive.name), entries=self._limits.entries, advice=_WHY_REFUSED
                )
            )
        path = PurePosixPath(entry.name)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.name or "\0" in entry.name:
            raise self._refusal(entry, _("{name} holds the entry {label}, which would be written outside its folder."))
        if entry.kind is EntryKind.LINK:
            told = _("{name} holds the entry {label}, a link to {target!r}; exports hold no links.")
            if not entry.target:
                told = _("{name} holds the entry {label}, a link; exports hold no links.")
            raise self._refusal(entry, told, target=entry.target)
        if entry.kind is EntryKind.OTHER:
            raise self._refusal(entry, _("{name} holds the entry {label}, which is neither a file nor a folder."))
        if len(path.parts) > self._limits.depth:
            told = _("{name} holds the entry {label}, which lies more than {depth} folders deep.")
            raise self._refusal(entry, told, depth=self._limits.depth)
        self._total += entry.size
        self.check_bytes(self._total, entry.label)
        return path

    def check_bytes(self, count: int, where: str) -> None:
        """That so many bytes are not too many."""
        if count > self.allowed:
            raise SourceError(
                _(
                    "{name} unpacks to more than {allowed:,} bytes at {where}, out of proportion to its "
                    "{st_size:,} bytes. {advice}"
                ).format(
                    name=clean(self._archive.name),
                    allowed=self.allowed,
                    where=where,
                    st_size=self._archive.stat().st_size,
                    advice=_WHY_REFUSED,
                )
            )

    def check_time(self) -> None:
        """That there is time left."""
        if time.thread_time() > self._until:
            raise TooSlow(
                _(
                    "{name} takes more than {seconds:g} seconds to read, more than any course does. Export the "
                    "course again, or unpack the archive yourself: a folder works too."
                ).format(name=clean(self._archive.name), seconds=self._limits.seconds)
            )

    def _refusal(self, entry: Entry, sentence: str, **names: object) -> SourceError:
        told = sentence.format(name=clean(self._archive.name), label=entry.label, **names)
        return SourceError(f"{told} {_WHY_REFUSED}")


@contextmanager
def _opened(archive: Path, bounds: _Bounds) -> Iterator[Iterator[Entry]]:
    bounds.measure()
    with archive.open("rb") as file:
        begin = file.read(2)
        file.seek(0)
        if begin == _ZIP:
            yield read_zip(file)
            return
        stream = gzip.GzipFile(fileobj=file) if begin == _GZIP else file
        read = 0

        def next_bytes(size: int) -> bytes:
            nonlocal read
            bounds.check_time()
            data = stream.read(size)
            read += len(data)
            bounds.check_bytes(read, _("its last entry"))
            return data

        yield read_tar(next_bytes)
        while next_bytes(PIECE):  # To the end, where a gzip file has its checksum.
            pass


def _write(entry: Entry, target: Path, bounds: _Bounds) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for piece in entry.pieces():
            bounds.check_time()
            file.write(piece)
        if file.tell() != entry.size:
            raise Damaged(_("{label} ends early").format(label=entry.label))


@contextmanager
def _writing(archive: Path, entry: Entry) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is None:  # From gzip, about the archive.
            raise
        raise SourceError(
            _("{name}: the entry {label} could not be written: {errno}. {advice}").format(
                name=clean(archive.name), label=entry.label, errno=os.strerror(error.errno), advice=_WHY_REFUSED
            )
        ) from error


def _is_litter(path: PurePosixPath) -> bool:
    if path.name == ".DS_Store":
        return True
    return any(part.startswith("._") or part in ("__MACOSX", "PaxHeader") for part in path.parts)


def _what_is_wrong(archive: Path, error: Exception) -> str:
    name = clean(archive.name)
    match error:
        case FileNotFoundError():
            return _("{name} is not there any more. List the sources again.").format(name=name)
        case OSError(errno=int() as number):
            return _("{name} could not be read: {number}.").format(name=name, number=os.strerror(number))
        case NoArchive():
            return _(
                "{name} is neither a tar nor a zip archive ({error}). Studio exports courses as .tar.gz; a "
                "folder works too."
            ).format(name=name, error=error)
        case Refused():
            return f"{error.said_of(name)} {_WHY_REFUSED}"
    # zipfile raises whatever comes of a malformed header: ValueError, NotImplementedError and more.
    return _("{name} is cut off or damaged ({error}). Download or export it again.").format(name=name, error=error)
