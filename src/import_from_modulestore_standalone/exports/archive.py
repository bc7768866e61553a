"""Unpacking an export archive safely."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from import_from_modulestore.errors import SourceError

SUFFIXES = (".tar.gz", ".tgz")

_WHY_REFUSED = (
    "Nothing was unpacked. Export the course again from Studio, or make the archive again without this entry."
)
_NO_ARCHIVE = ("Not a gzipped file", "empty file", "invalid header", "truncated header", "bad checksum")
"""How :mod:`gzip` and :mod:`tarfile` begin to say that a file is nothing of theirs."""

_PIECE = 1024 * 1024
"""Bytes that are read at once, and so the longest header that an entry may have."""


@dataclass(frozen=True)
class UnpackLimits:
    """Bounds on what an archive may hold, once unpacked."""

    total_bytes: int = 20_000_000_000
    entries: int = 500_000
    ratio: int = 200
    """Unpacked bytes per packed byte; OLX packs about 10 to 1, and no export of use comes near 200 to 1."""
    ratio_floor: int = 100_000_000
    """Unpacked bytes below which the ratio does not matter."""


STANDARD_LIMITS = UnpackLimits()


def is_archive(path: Path) -> bool:
    """Whether the file's name is that of an export archive."""
    return path.name.endswith(SUFFIXES) and not path.name.startswith(".")


class _Gunzipped:
    """
    The tar inside a gzip file, as :mod:`tarfile` reads it: forward only, in small pieces, and not without end.

    ``tarfile``'s own streams check neither the length nor the checksum of what they unpack, and read a header of any
    size into memory.
    """

    def __init__(self, archive: Path, file: gzip.GzipFile, allowed: int) -> None:
        self._archive = archive
        self._file = file
        self._allowed = allowed
        self.last = b""
        """The last piece read."""

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, position: int) -> int:
        if position < self.tell():
            raise tarfile.ReadError("an entry lies before the one it follows")
        while position > self.tell() and self.read(min(_PIECE, position - self.tell())):
            pass
        return self.tell()

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _PIECE:
            raise tarfile.ReadError("an entry has a header that is too long")
        self.last = self._file.read(size)
        if self.tell() > self._allowed:
            raise SourceError(_too_large(self._archive, self._allowed, "its last entry"))
        return self.last


def unpack(archive: Path, into: Path, limits: UnpackLimits = STANDARD_LIMITS) -> None:
    """
    Unpack a ``.tar.gz`` into a new folder, as a stream: memory does not grow with the archive.

    Only plain files and folders are written, with plain modes, and never outside ``into``. Litter of macOS (``._*``,
    ``__MACOSX``) and of tar (``PaxHeader``) is left out. On any error ``into`` is removed again.

    Raises :class:`SourceError` naming the archive and the entry for: not a gzipped tar, a truncated or damaged one, an
    absolute or escaping path, a link, a device, or more than ``limits`` allows.
    """
    into.mkdir(parents=True)
    try:
        _unpack(archive, into, limits)
    except BaseException as error:
        shutil.rmtree(into, ignore_errors=True)
        # tarfile raises whatever comes of a malformed header: ValueError, RecursionError and more.
        if isinstance(error, SourceError) or not isinstance(error, Exception):
            raise
        raise SourceError(_what_is_wrong(archive, error)) from error


def _unpack(archive: Path, into: Path, limits: UnpackLimits) -> None:
    allowed = min(limits.total_bytes, max(limits.ratio_floor, archive.stat().st_size * limits.ratio))
    total = entries = 0
    with gzip.open(archive) as unzipped:
        stream = _Gunzipped(archive, unzipped, allowed)
        tar = tarfile.TarFile(fileobj=stream)  # type: ignore[arg-type]
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # They are kept for seeking back.
            entries += 1
            if entries > limits.entries:
                raise SourceError(
                    f"{archive.name} has more than {limits.entries:,} entries, more than any course needs. "
                    f"{_WHY_REFUSED}"
                )
            _check(archive, member)
            total += member.size
            if total > allowed:
                raise SourceError(_too_large(archive, allowed, repr(member.name)))
            _write(archive, tar, member, into)
        if stream.last.strip(b"\0") or not stream.last:  # An archive ends in zeros; tarfile stops at any bad header.
            raise EOFError("it stops in the middle of its entries")
        while stream.read(_PIECE):  # To the end, where the checksum is.
            pass


def _write(archive: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    path = PurePosixPath(member.name)
    if _is_litter(path):
        return
    target = into.joinpath(*path.parts)
    try:
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            content = tar.extractfile(member)
            if content is not None:  # Never None: member is a plain file, see _check.
                shutil.copyfileobj(content, file, _PIECE)
    except OSError as error:
        if error.errno is None:  # From gzip, about the archive.
            raise
        raise SourceError(
            f"{archive.name}: the entry {member.name!r} could not be written: {os.strerror(error.errno)}. "
            f"{_WHY_REFUSED}"
        ) from error
    if target.stat().st_size != member.size:
        raise EOFError(f"{member.name!r} ends early")


def _check(archive: Path, member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or "\0" in member.name:
        raise SourceError(
            f"{archive.name} holds the entry {member.name!r}, which would be written outside its folder. {_WHY_REFUSED}"
        )
    if member.issym() or member.islnk():
        raise SourceError(
            f"{archive.name} holds the entry {member.name!r}, a link to {member.linkname!r}; exports hold no links. "
            f"{_WHY_REFUSED}"
        )
    if not (member.isreg() or member.isdir()) or member.size < 0:
        raise SourceError(
            f"{archive.name} holds the entry {member.name!r}, which is neither a file nor a folder. {_WHY_REFUSED}"
        )


def _is_litter(path: PurePosixPath) -> bool:
    if path.name == ".DS_Store":
        return True
    return any(part.startswith("._") or part in ("__MACOSX", "PaxHeader") for part in path.parts)


def _too_large(archive: Path, allowed: int, entry: str) -> str:
    return (
        f"{archive.name} unpacks to more than {allowed:,} bytes at {entry}, out of proportion to its "
        f"{archive.stat().st_size:,} bytes. {_WHY_REFUSED}"
    )


def _what_is_wrong(archive: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{archive.name} is not there any more. List the sources again."
    if isinstance(error, OSError) and error.errno is not None:
        return f"{archive.name} could not be unpacked: {os.strerror(error.errno)}."
    if str(error).startswith(_NO_ARCHIVE):
        return (
            f"{archive.name} is not a gzipped tar archive ({error}). Studio exports courses as .tar.gz; a folder works "
            "too."
        )
    return f"{archive.name} is cut off or damaged ({error}). Download or export it again."
