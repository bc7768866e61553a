"""Unpacking an export archive safely."""

from __future__ import annotations

import os
import shutil
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from import_from_modulestore.errors import SourceError

SUFFIXES = (".tar.gz", ".tgz")

_WHY_REFUSED = "Nothing was unpacked. Export the course again from Studio, or make the archive again without this entry."


@dataclass(frozen=True)
class UnpackLimits:
    """Bounds on what an archive may hold, once unpacked."""

    total_bytes: int = 20_000_000_000
    entries: int = 500_000
    ratio: int = 200
    """Unpacked bytes per packed byte; OLX packs about 10 to 1, and no export of use comes near 200 to 1."""
    ratio_floor: int = 100_000_000
    """Unpacked bytes below which the ratio does not matter."""


def is_archive(path: Path) -> bool:
    """Whether the file's name is that of an export archive."""
    return path.name.endswith(SUFFIXES) and not path.name.startswith(".")


def unpack(archive: Path, into: Path, limits: UnpackLimits = UnpackLimits()) -> None:
    """
    Unpack a ``.tar.gz`` into a new folder, as a stream: memory does not grow with the archive.

    Only plain files and folders are written, with plain modes, and never outside ``into``. litter of macOS (``._*``,
    ``__MACOSX``) is left out. On any error ``into`` is removed again.

    Raises :class:`SourceError` naming the archive and the entry for: not a gzipped tar, a truncated one, an absolute or
    escaping path, a link, a device, or more than ``limits`` allows.
    """
    into.mkdir(parents=True)
    try:
        _unpack(archive, into, limits)
    except SourceError:
        shutil.rmtree(into, ignore_errors=True)
        raise
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        shutil.rmtree(into, ignore_errors=True)
        raise SourceError(_what_is_wrong(archive, error)) from error
    except BaseException:
        shutil.rmtree(into, ignore_errors=True)
        raise


def _unpack(archive: Path, into: Path, limits: UnpackLimits) -> None:
    allowed = min(limits.total_bytes, max(limits.ratio_floor, archive.stat().st_size * limits.ratio))
    total = entries = 0
    with tarfile.open(archive, mode="r|gz") as tar:
        for member in tar:
            entries += 1
            if entries > limits.entries:
                raise SourceError(
                    f"{archive.name} has more than {limits.entries:,} entries, more than any course needs. {_WHY_REFUSED}"
                )
            total += max(member.size, 0)
            if total > allowed:
                raise SourceError(
                    f"{archive.name} unpacks to more than {allowed:,} bytes at {member.name!r}, out of proportion to its "
                    f"{archive.stat().st_size:,} bytes. {_WHY_REFUSED}"
                )
            _check(archive, member)
            path = PurePosixPath(member.name)
            if _is_litter(path):
                continue
            target = into.joinpath(*path.parts)
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None  # member is a plain file, see _check
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file, 1024 * 1024)
                if target.stat().st_size != member.size:
                    raise EOFError(f"{member.name} ends early")


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
    if not (member.isreg() or member.isdir()):
        raise SourceError(
            f"{archive.name} holds the entry {member.name!r}, which is neither a file nor a folder. {_WHY_REFUSED}"
        )


def _is_litter(path: PurePosixPath) -> bool:
    return path.name.startswith("._") or path.name == ".DS_Store" or "__MACOSX" in path.parts


def _what_is_wrong(archive: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{archive.name} is not there any more."
    if isinstance(error, OSError) and error.errno is not None:
        return f"{archive.name} could not be unpacked: {os.strerror(error.errno)}."
    if isinstance(error, EOFError | zlib.error) or "end of data" in str(error) or "unexpected end" in str(error):
        return f"{archive.name} is cut off or damaged ({error}). Download or export it again."
    return f"{archive.name} is not a gzipped tar archive ({error}). Studio exports courses as .tar.gz; a folder works too."
