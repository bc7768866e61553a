"""The files of the block that is rendered."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from ..olx.files.addresses import STATIC


@dataclass(frozen=True)
class NamedFile:
    """A file of the block; ``token`` stands for it in a rendering, and files of one token have one content."""

    name: str
    token: str


class Files(Protocol):
    """What a rendering asks of the files of its block."""

    def find(self, name: str) -> NamedFile | None:
        """The file of this name."""

    def read(self, name: str) -> bytes | None:
        """Its content; ``None`` where it cannot be read, or is too large for a text."""


def find_address(files: Files, address: str) -> NamedFile | None:
    """
    The file that an address (``/static/…``) means; ``None`` for every other address.

    By the names by which the platform looks, and then in the normal form in which most file names are
    (:mod:`..olx.files.references`).
    """
    address = address.strip()
    return find_name(files, address.removeprefix(STATIC)) if address.startswith(STATIC) else None


def find_name(files: Files, written: str) -> NamedFile | None:
    """The file that a name means as it stands in an address."""
    written = written.partition("#")[0].partition("?")[0].strip()
    for name in dict.fromkeys((written, unquote(written), unicodedata.normalize("NFC", unquote(written)))):
        if (found := files.find(name)) is not None:
            return found
    return None
