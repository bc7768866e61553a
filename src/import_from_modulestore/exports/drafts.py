"""
The ``drafts/`` folder of an export.

Studio exports the published course, and beside it, under ``drafts/``, every block that differs in the draft, each root
of which says in ``parent_url`` and ``index_in_children_list`` where it belongs (platform: ``xmodule/modulestore/
xml_exporter.py``, ``_export_drafts``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from ..olx.parsing import UnreadableXML
from ..texts import clean, is_xml_text
from .files import Folder, UnreadableFile
from .texts import read_xml

FOLDER = "drafts"
_LAST = 1_000_000
"""The index of a draft that does not say where among its parent's children it belongs."""


@dataclass(frozen=True)
class DraftRoot:
    """A draft block and its place: the ``index``-th child of the block ``parent`` (its type and ID)."""

    tag: str
    url_name: str
    parent: tuple[str, str]
    index: int


class Drafts:
    """The draft roots of an export by parent; empty where the export has no drafts."""

    def __init__(self, files: Folder) -> None:
        self._by_parent: dict[tuple[str, str], list[DraftRoot]] = {}
        self.unreadable: dict[str, str] = {}
        """Draft files and folders that cannot be read, with the reason."""
        self._asked_for: set[tuple[str, str]] = set()
        for root in sorted(self._draft_roots(files), key=lambda root: root.index):
            self._by_parent.setdefault(root.parent, []).append(root)

    def below(self, tag: str, url_name: str) -> list[DraftRoot]:
        """The drafts that belong below a block, in the order of their index."""
        self._asked_for.add((tag, url_name))
        return self._by_parent.get((tag, url_name), [])

    def unplaced(self) -> list[DraftRoot]:
        """The drafts below blocks that nobody has asked about; after a whole reading, those that have no place."""
        return [root for parent, roots in self._by_parent.items() if parent not in self._asked_for for root in roots]

    def _draft_roots(self, files: Folder) -> Iterator[DraftRoot]:
        for name in self._files(files.path):
            try:
                root = _draft_root(files, name)
            except (UnreadableFile, UnreadableXML) as error:
                self.unreadable[clean(name.as_posix())] = str(error)
                continue
            if root is not None:
                yield root

    def _files(self, folder: Path) -> list[Path]:
        """The draft files, as paths below ``folder``. What may not be looked into is unreadable as a whole."""

        def refuse(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                name = Path(error.filename or FOLDER).relative_to(folder)
                self.unreadable[clean(name.as_posix())] = error.strerror or str(error)

        return sorted(
            Path(parent, name).relative_to(folder)
            for parent, _folders, names in os.walk(folder / FOLDER, onerror=refuse)
            if Path(parent) != folder / FOLDER
            for name in names
            if name.endswith(".xml") and not name.startswith("._")
        )


def _draft_root(files: Folder, name: Path) -> DraftRoot | None:
    """The draft in a file; ``None`` where another draft holds it."""
    element = read_xml(files.read(name.as_posix())).element
    parent_url = element.get("parent_url") or element.get("parent_sequential_url")
    if not parent_url:
        return None
    parent = _parent(parent_url)
    if parent is None:
        raise UnreadableXML(
            _("it says that it belongs below {parent_url!r}, which is not a usage key").format(parent_url=parent_url)
        )
    tag, *path = name.with_suffix("").parts[1:]
    url_name = ":".join(path)
    if element.tag != tag:
        raise UnreadableXML(_("it defines a <{tag}>, but is named as a <{named}>").format(tag=element.tag, named=tag))
    if not is_xml_text(url_name):
        raise UnreadableXML(_("its name holds characters that no block can be called by"))
    index = element.get("index_in_children_list") or ""
    return DraftRoot(tag, url_name, parent, int(index) if re.fullmatch("[0-9]{1,6}", index) else _LAST)


def _parent(url: str) -> tuple[str, str] | None:
    try:
        key = UsageKey.from_string(url)
    except InvalidKeyError:
        return None
    return key.block_type, key.block_id
