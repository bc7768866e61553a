"""Reading a zip with bounds."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO

from django.utils.translation import gettext as _

from .entries import PIECE, Damaged, Entry, EntryKind, Refused

_MAX_READ = 32_000_000
"""Bytes that :mod:`zipfile` may read at once, and so how long the list of entries may be: of 300,000 or so."""

_DOS, _UNIX = 0, 3
_IS_ENCRYPTED = 0x1
_IS_UTF8 = 0x800


def read_zip(file: IO[bytes]) -> Iterator[Entry]:
    """
    The entries of a zip file.

    Raises :class:`Damaged`, :class:`Refused`, and what :mod:`zipfile` and :mod:`zlib` do with a damaged file.
    """
    try:
        archive = zipfile.ZipFile(_Bounded(file))
    except zipfile.BadZipFile as error:
        raise Damaged(str(error)) from None
    with archive:
        for info in archive.infolist():
            name = _name_of(info)
            if info.flag_bits & _IS_ENCRYPTED:
                raise Refused(_("{archive} holds the entry {name!r}, which is encrypted."), name=name)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                told = _("{archive} holds the entry {name!r}, which is compressed in a way that is not read here.")
                raise Refused(told, name=name)
            yield Entry(name, _kind_of(info), info.file_size, partial(_pieces, archive, info))


class _Bounded:
    """A file of which not too much is read at once: :mod:`zipfile` reads the list of entries whole."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek: Callable[..., int] = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, _MAX_READ + 1) if size >= 0 else _MAX_READ + 1)
        if len(data) > _MAX_READ:
            raise Refused(_("{archive} has a list of entries that is too long."))
        return data


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as file:
        while piece := file.read(PIECE):
            yield piece


def _name_of(info: zipfile.ZipInfo) -> str:
    """
    The entry's name. macOS writes UTF-8 without saying so; where it cannot be that, it is what the format says. Older
    tools of Windows part folders with backslashes, against the format.
    """
    name = info.orig_filename
    if info.create_system == _DOS:
        name = name.replace("\\", "/")
    if not info.flag_bits & _IS_UTF8:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name


def _kind_of(info: zipfile.ZipInfo) -> EntryKind:
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if stat.S_ISLNK(mode):
        return EntryKind.LINK
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return EntryKind.OTHER
    return EntryKind.FOLDER if _name_of(info).endswith("/") or stat.S_ISDIR(mode) else EntryKind.FILE
