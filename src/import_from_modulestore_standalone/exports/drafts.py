"""
The ``drafts/`` folder of an export.

Studio exports the published course, and beside it, under ``drafts/``, every block that differs in the draft, each root
of which says in ``parent_url`` and ``index_in_children_list`` where it belongs (platform: ``xmodule/modulestore/
xml_exporter.py``, ``_export_drafts``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from import_from_modulestore.olx.parsing import UnreadableXML, parse_xml

FOLDER = "drafts"


@dataclass(frozen=True)
class DraftRoot:
    """A draft block and its place: the ``index``-th child of the block ``parent`` (its type and ID)."""

    tag: str
    url_name: str
    parent: tuple[str, str]
    index: int


class Drafts:
    """The draft roots of an export by parent; empty where the export has no drafts."""

    def __init__(self, folder: Path) -> None:
        self._by_parent: dict[tuple[str, str], list[DraftRoot]] = {}
        self.unreadable: dict[str, str] = {}
        """Draft files that cannot be read, with the reason."""
        for root in sorted(self._draft_roots(folder / FOLDER), key=lambda root: root.index):
            self._by_parent.setdefault(root.parent, []).append(root)

    def below(self, tag: str, url_name: str) -> list[DraftRoot]:
        """The drafts that belong below a block, in the order of their index."""
        return self._by_parent.get((tag, url_name), [])

    def _draft_roots(self, folder: Path) -> Iterator[DraftRoot]:
        for path in sorted(folder.glob("*/*.xml")):
            if path.name.startswith("._"):
                continue
            try:
                element = parse_xml(path.read_bytes())
            except (UnreadableXML, OSError) as error:
                self.unreadable[path.relative_to(folder.parent).as_posix()] = str(error)
                continue
            parent = _parent(element.get("parent_url") or element.get("parent_sequential_url") or "")
            index = element.get("index_in_children_list") or ""
            if parent and index.isdecimal():
                yield DraftRoot(path.parent.name, path.stem, parent, int(index))


def _parent(url: str) -> tuple[str, str] | None:
    try:
        key = UsageKey.from_string(url)
    except InvalidKeyError:
        return None
    return key.block_type, key.block_id
