"""What archives are made of, whatever their format; :mod:`.tar` and :mod:`.zip` read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

PIECE = 1024 * 1024
"""Bytes that are read at once."""

_MAX_LABEL = 1_000


class EntryKind(Enum):
    """What an entry says that it is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"
    """A device, a pipe, a part of a file, …"""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One entry, as the archive has it: nothing of it is checked.

    ``pieces`` gives the content of a file, in pieces of at most ``PIECE`` bytes. It can be read once, and only until
    the next entry is asked for.
    """

    name: str
    kind: EntryKind
    size: int
    pieces: Callable[[], Iterator[bytes]]
    target: str = ""
    """Of a link: where it leads, where the archive's list says so."""

    @property
    def label(self) -> str:
        """The name as it is shown in messages."""
        name = self.name.rstrip("/") or self.name
        return repr(name if len(name) <= _MAX_LABEL else f"{name[:_MAX_LABEL]}…")


class NoArchive(ValueError):
    """The file is nothing that these readers know."""


class Damaged(ValueError):
    """The archive is of a known format, but cannot be read on; says why."""


class Refused(ValueError):
    """Something in the archive is not read; says what, as a sentence in which ``archive`` stands for its name."""

    def __init__(self, sentence: str, **names: object) -> None:
        super().__init__(sentence)
        self._sentence, self._names = sentence, names

    def said_of(self, archive: str) -> str:
        """The sentence about the archive of this name."""
        return self._sentence.format(archive=archive, **self._names)
