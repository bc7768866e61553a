"""Looking at all files of a folder, without reading them: how much there is, and whether it is as it was."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

_STAT = Struct(">QQqqQ").pack

_SETTLED_AFTER = 2 * 10**9
"""Nanoseconds: no file system that is in use counts time in larger steps (FAT: two seconds)."""


@dataclass(frozen=True)
class Look:
    """A folder at one moment."""

    size: int
    """The bytes of all files."""
    changed: float
    """When the folder, or one of its files, was changed last."""
    digest: str = ""
    """
    Of the name, size, times, rights and inode of the folder and of all that is in it, where it was asked for; empty
    where something could not be looked at.

    What Git trusts in its index: whoever writes to a file, renames it or puts another in its place gives it another
    time of change (``st_ctime``), which nobody can set back.
    """
    is_settled: bool = False
    """
    Whether the last change is so long ago that a further one would have another time. As long as it is not, the same
    digest may be of two contents (Git: ``Documentation/technical/racy-git``).
    """

    @property
    def measure(self) -> tuple[int, float]:
        """What tells most changes, of an export that is read meanwhile."""
        return self.size, self.changed


def look(folder: Path, *, closely: bool = False) -> Look:
    """Look at all files of a folder; ``closely`` for a digest. Raises ``OSError`` where the folder is not there."""
    began, base = time.time_ns(), len(os.fspath(folder))
    top = folder.stat()
    size, changed, newest, is_complete = 0, top.st_mtime, top.st_ctime_ns, True
    digest = hashlib.blake2b(known_of(top), digest_size=20)
    folders = [os.fspath(folder)]
    while folders:
        path, below, known = folders.pop(), list[str](), list[bytes]()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except OSError:
                        is_complete = False
                        continue
                    if stat.S_ISDIR(found.st_mode):
                        below.append(entry.path)
                    else:
                        size += found.st_size
                        changed = max(changed, found.st_mtime)
                    if closely:
                        newest = max(newest, found.st_ctime_ns)
                        known.append(_known(entry, found))
        except OSError:
            is_complete = False
        folders += sorted(below, reverse=True) if closely else below
        if closely:
            digest.update(b"".join([os.fsencode(path[base:]), b"\0", *sorted(known), b"\0"]))
    return Look(
        size,
        changed,
        digest.hexdigest() if closely and is_complete else "",
        is_settled=began - newest > _SETTLED_AFTER,
    )


def known_of(found: os.stat_result) -> bytes:
    """What tells whether a file or folder is as it was."""
    return _STAT(found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _known(entry: os.DirEntry[str], found: os.stat_result) -> bytes:
    """The same with the name of an entry, and of a link with where it leads."""
    name = os.fsencode(entry.name)
    if stat.S_ISLNK(found.st_mode):
        name += b"\0" + os.fsencode(os.path.realpath(entry.path))
    return name + known_of(found)
