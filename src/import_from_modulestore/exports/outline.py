"""What is taken from an archive in order to say what it holds: the hierarchy of its exports, without the components."""

from __future__ import annotations

from pathlib import PurePosixPath

from ..olx.blocks import CONTAINER_KINDS, ROOT_TAGS
from .drafts import FOLDER as DRAFTS
from .export import ROOT_FILES

BACKUP_FILE = "package.toml"
"""What the backup of a library has at its top (``openedx_content/applets/backup_restore/zipper.py``)."""

_MAX_ROOTS = 1_000
_MAX_FILES = 20_000
_MAX_BYTES = 100_000_000


class Outline:
    """
    Picks files as an archive is read: those of :meth:`.export.Export.count`, and of its title and key.

    Asked for each in turn, and bounded: in an archive of more containers than any course has, not all are picked.
    """

    def __init__(self) -> None:
        self.is_whole = True
        """Whether everything was picked that belongs to it."""
        self._roots = self._files = self._bytes = 0

    def __call__(self, path: PurePosixPath, size: int) -> bool:
        """Whether the file is to be taken."""
        if path.name in ROOT_FILES or path.parent.name in ROOT_TAGS or path.as_posix() == BACKUP_FILE:
            self._roots += 1
            return self._roots <= _MAX_ROOTS
        if not _is_part(path):
            return False
        self._files += 1
        self._bytes += size
        self.is_whole = self._files <= _MAX_FILES and self._bytes <= _MAX_BYTES
        return self.is_whole


def _is_part(path: PurePosixPath) -> bool:
    folders = path.parts[:-1]
    if path.suffix == ".json":
        return "policies" in folders
    return path.suffix == ".xml" and (DRAFTS in folders or not CONTAINER_KINDS.keys().isdisjoint(folders))
