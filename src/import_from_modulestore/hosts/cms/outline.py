"""What the structure of a course or a legacy library says of it, without any block being loaded."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from opaque_keys.edx.keys import LearningContextKey, UsageKey
from opaque_keys.edx.locator import LibraryLocator

from ...data import BlockKind, Branch
from ...errors import NotFound, SourceError
from ...olx.blocks import NOT_CONTENT_TAGS, kind_of
from ...olx.units import holds_units, runs
from .platform import modulestore, reading

log = logging.getLogger(__name__)


@dataclass
class Outline:
    """What the structure of a course says of it, without any block being loaded."""

    title: str
    version: str
    roots: list[UsageKey]
    counts: dict[str, int]
    types: dict[str, int]
    blocks: Mapping[Any, Any]
    """All blocks as the structure has them, by type and ID."""
    gone: dict[str, list[str]] = field(default_factory=dict)
    """By usage key: children that a block names, and that are not there."""

    def title_of(self, usage_key: UsageKey) -> str | None:
        """What a block is called, whether or not it can be loaded."""
        block = self.blocks.get((usage_key.block_type, usage_key.block_id))
        return block.fields.get("display_name") if block else None

    def groups_of(self, block_type: str, block_id: str) -> Any:
        """The groups of the course that a block is limited to, by group configuration."""
        block = self.blocks.get((block_type, block_id))
        return block.fields.get("group_access") if block else None

    def facts(self) -> dict[str, Any]:
        """Its part of :class:`SourceData`."""
        return {"version": self.version, "counts": self.counts, "types": self.types}


def outline_of(source_key: LearningContextKey, branch: Branch) -> Outline:
    """
    Read a source's structure: one document, and the definition of its root.

    Raises ``NotFound``, and ``SourceError`` where the modulestore fails.
    """
    store = modulestore()
    is_library = isinstance(source_key, LibraryLocator)
    with reading(source_key, branch):
        try:
            root = store.get_library(source_key) if is_library else store.get_course(source_key)
            if root is not None:
                return _read_outline(source_key, root)
        except Exception as error:
            log.exception("%s could not be read", source_key)
            raise SourceError(
                _("{key} could not be read from the modulestore: {error}").format(key=source_key, error=error)
            ) from error
    if branch is Branch.PUBLISHED and not is_library:
        raise NotFound(_("There is no course {key}, or nothing of it is published.").format(key=source_key))
    raise NotFound(_("There is no {key} in the modulestore.").format(key=source_key))


def _read_outline(source_key: Any, root: Any) -> Outline:
    """Walk the structure that ``root`` was loaded from; components are counted, and not entered."""
    structure = root.runtime.course_entry.structure
    blocks: Mapping[Any, Any] = structure["blocks"]
    top = structure["root"]
    roots = [source_key.make_usage_key(child.type, child.id) for child in _children(blocks, top)]
    kinds: Counter[str] = Counter()
    types: Counter[str] = Counter()
    gone: dict[str, list[str]] = {}
    stack = [top]
    met = set(stack)
    while stack:
        parent = stack.pop()
        children = _children(blocks, parent)
        if holds_units(parent.type):
            kinds[BlockKind.UNIT.value] += len(runs([child for child in children if child in blocks], _type_of))
        for child in children:
            if child in met or child.type in NOT_CONTENT_TAGS:
                continue
            met.add(child)
            if child not in blocks:
                key = str(source_key.make_usage_key(parent.type, parent.id))
                gone.setdefault(key, []).append(f"{child.type} {child.id}")
                continue
            kind = kind_of(child.type)
            kinds[kind.value] += 1
            if kind is BlockKind.COMPONENT:
                types[child.type] += 1
            else:
                stack.append(child)
    is_library = isinstance(source_key, LibraryLocator)
    return Outline(
        title=root.display_name or "",
        version=str(structure["_id"]),
        roots=[source_key.make_usage_key(top.type, top.id)] if is_library else roots,
        counts=dict(kinds),
        types=dict(types),
        blocks=blocks,
        gone=gone,
    )


def _type_of(key: Any) -> str:
    return key.type


def _children(blocks: Mapping[Any, Any], key: Any) -> Iterable[Any]:
    return blocks[key].fields.get("children", ()) if key in blocks else ()
