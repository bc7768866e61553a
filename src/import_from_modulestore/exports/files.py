"""Reading the files of an export: never one outside its folder, never a pipe or a device, never one without bounds."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from ..olx.parsing import MAX_XML_BYTES
from ..texts import clean

_MAX_DEPTH = 50
"""Folders in folders that are listed; OLX has two."""

_LEFT_OVER_AFTER = 24 * 3600


class UnreadableFile(ValueError):
    """A file that cannot be read; the message names the file, the reason and the way out."""


class Folder:
    """
    The files of an export, each folder of which is listed once, when it is first asked for.

    A plain file that the listings lead to without a link is inside, and is opened as it stands. Whatever else goes by
    that name is looked at by itself: links, and folders that may be entered and not listed.

    ``path`` is where the export lies. Names are paths below it, with ``/``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._base = f"{self.path}/"
        self._listings: dict[str, _Listing | None] = {}

    def has(self, name: str) -> bool:
        """Whether the export holds this file."""
        is_plain = self._is_plain(name)
        if is_plain is not None:
            return is_plain
        path = self.path / name
        try:
            return path.is_file() and self._is_inside(path)
        except OSError:  # A name longer than the file system takes, or a folder that may not be entered.
            return False

    def may_hold(self, folder: str) -> bool:
        """Whether anything may lie in a folder; not where a listing has it empty, or nowhere."""
        listing = self._listing(folder)
        return listing is None or listing != _Listing()

    def read(self, name: str) -> bytes:
        """
        The content of one file of the export.

        Raises :class:`UnreadableFile` where it is not there, lies outside, or is larger than ``MAX_XML_BYTES``.
        """
        if self._is_plain(name) and (data := _read_plain(self._base + name)) is not None:
            return data
        path = self.path / name
        if ".." in PurePosixPath(name).parts or not self._is_inside(path):
            raise UnreadableFile(
                _("{name} lies outside the export. Give the block a plain url_name.").format(name=clean(name))
            )
        try:
            if path.exists() and not path.is_file():
                raise UnreadableFile(
                    _("{name} is not a plain file. Replace it, or export the course again.").format(name=clean(name))
                )
            if path.stat().st_size > MAX_XML_BYTES:
                raise UnreadableFile(
                    _("{name} is larger than {limit} MB, too large for a block. Make it smaller.").format(
                        name=clean(name), limit=MAX_XML_BYTES // 1000000
                    )
                )
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise UnreadableFile(
                _("{name} is not in the export. Add the file, or export the course again.").format(name=clean(name))
            ) from None
        except OSError as error:
            raise UnreadableFile(
                _("{name} could not be read: {error}.").format(name=clean(name), error=error.strerror or error)
            ) from None

    def read_json(self, name: str) -> dict[str, Any]:
        """The JSON object in a file of the export; an empty one where it is not there or is anything else."""
        try:
            value = json.loads(self.read(name))
        except (ValueError, RecursionError):  # UnreadableFile is a ValueError.
            return {}
        return value if isinstance(value, dict) else {}

    def _is_plain(self, name: str) -> bool | None:
        """Whether listings have a plain file of this name; ``None`` where they cannot tell."""
        folder, _slash, base = name.rpartition("/")
        listing = None if name.startswith("/") else self._listing(folder)
        return None if listing is None or base in listing.others else base in listing.files

    def _listing(self, folder: str) -> _Listing | None:
        """What is in a folder; ``None`` where no listings lead there, or it cannot be listed."""
        if folder not in self._listings:
            self._listings[folder] = self._list(folder)
        return self._listings[folder]

    def _list(self, folder: str) -> _Listing | None:
        if folder.count("/") > _MAX_DEPTH:
            return None
        if folder:
            parent, _slash, base = folder.rpartition("/")
            above = self._listing(parent)
            if above is None or base in above.others:
                return None
            if base not in above.folders:
                return _Listing()
        return _list(self._base + folder)

    def _is_inside(self, path: Path) -> bool:
        # Not Path.resolve(), which raises on a loop of links.
        return Path(os.path.realpath(path)).is_relative_to(self.path)


@dataclass
class _Listing:
    """The names in a folder: of plain files, of folders, and of all else, which is to be looked at by itself."""

    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=lambda: {"", ".", ".."})


def _list(folder: str) -> _Listing | None:
    listing = _Listing()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    listing.files.add(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    listing.folders.add(entry.name)
                else:
                    listing.others.add(entry.name)
    except OSError:
        return None
    return listing


def _read_plain(path: str) -> bytes | None:
    """The content of a plain file; ``None`` where it is none any more, or is too large, or cannot be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_XML_BYTES:
            return None
        data = os.read(file, found.st_size + 1)
        return data if len(data) == found.st_size else None
    except OSError:
        return None
    finally:
        os.close(file)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as it can be, however deep; ``shutil.rmtree`` recurses."""
    for parent, folders, names in os.walk(folder, topdown=False):
        for name in names:
            with suppress(OSError):
                Path(parent, name).unlink()
        for name in folders:
            path = Path(parent, name)
            with suppress(OSError):
                path.unlink() if path.is_symlink() else path.rmdir()
    with suppress(OSError):
        folder.rmdir()


def remove_left_over(paths: Iterable[Path]) -> None:
    """Remove those that a process had begun to write which was killed: nothing has been written to them for a day."""
    for path in paths:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _LEFT_OVER_AFTER:
                remove(path) if path.is_dir() else path.unlink()
