"""
A modulestore in memory (platform: xmodule/modulestore/{django,mixed}.py, xmodule/modulestore/split_mongo/split.py).

As in the split modulestore, each branch of a course is one *structure*: blocks by type and ID, each with its settings
and the keys of its children. What a block says of itself is its *definition*, here an element of OLX.
"""

import copy
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lxml import etree
from opaque_keys.edx.locator import LibraryLocator

from . import ModuleStoreEnum

_versions = itertools.count(1)


class BlockKey(NamedTuple):
    type: str
    id: str


@dataclass
class EditInfo:
    update_version: str = ""
    source_version: str | None = None


@dataclass
class BlockData:
    fields: dict[str, Any]
    definition: etree._Element | None = None
    edit_info: EditInfo = field(default_factory=EditInfo)


@dataclass
class Structure:
    """What is kept for one branch; ``as_document`` is what the platform keeps in MongoDB."""

    root: BlockKey
    blocks: dict[BlockKey, BlockData]
    version: str = ""

    def __post_init__(self) -> None:
        self.version = self.version or f"{next(_versions):024x}"
        for block in self.blocks.values():
            block.edit_info.update_version = block.edit_info.update_version or self.version

    def version_of(self, key: BlockKey) -> str:
        """Which version of a block this is, wherever it was copied from."""
        info = self.blocks[key].edit_info
        return info.source_version or info.update_version

    @property
    def as_document(self) -> dict[str, Any]:
        return {"_id": self.version, "root": self.root, "blocks": self.blocks}


@dataclass
class CourseEntry:
    structure: dict[str, Any]


@dataclass
class Runtime:
    course_entry: CourseEntry


@dataclass(frozen=True)
class Field:
    """A field of blocks, of the scope "settings" (PyPI: XBlock, xblock/fields.py)."""

    name: str
    default: Any = None

    def is_set_on(self, block: "Block") -> bool:
        return self.name in block._said

    def read_json(self, block: "Block") -> Any:
        return getattr(block, self.name)

    def from_json(self, value: Any) -> Any:
        return value

    def delete_from(self, block: "Block") -> None:
        block._said.pop(self.name, None)


_FIELDS = {
    each.name: each
    for each in (
        Field("display_name"),
        Field("data"),
        Field("group_access", {}),
        Field("visible_to_staff_only", False),
        Field("upstream"),
        Field("upstream_version"),
        Field("upstream_version_declined"),
        Field("upstream_display_name"),
        Field("upstream_data"),
        Field("downstream_customized", []),
        Field("top_level_downstream_parent_key"),
    )
}


class Block:
    """An XBlock, as far as the host looks at it."""

    fields = _FIELDS

    def __init__(self, store: "ModuleStore", key: Any, data: BlockData, runtime: Runtime) -> None:
        self._store, self._key, self._data, self.runtime = store, key, data, runtime
        self._said = {name: value for name, value in data.fields.items() if name in _FIELDS}
        self.children = [key.course_key.make_usage_key(*child) for child in data.fields.get("children", ())]

    def __getattr__(self, name: str) -> Any:
        if name in _FIELDS:
            return self._said.get(name, _FIELDS[name].default)
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIELDS:
            self._said[name] = value
        else:
            super().__setattr__(name, value)

    @property
    def usage_key(self) -> Any:
        return self._key

    @property
    def data(self) -> str:
        """Of a text block."""
        return self._data.definition.text or ""

    def get_customizable_fields(self) -> dict[str, str | None]:
        """Of texts, what they say as well (platform: xmodule/html_block.py)."""
        if self._key.block_type == "html":
            return {"display_name": "upstream_display_name", "data": "upstream_data"}
        return {"display_name": "upstream_display_name", "due": None, "weight": None}


@dataclass
class LibrarySummary:
    location: Any
    display_name: str


@dataclass
class ModuleStore:
    branches: dict[Any, dict[str, Structure]] = field(default_factory=dict)
    """For the tests: courses and legacy libraries, each by branch; a library has but one, under both names."""
    broken: dict[Any, Exception] = field(default_factory=dict)
    """For the tests: blocks that raise when they are loaded."""
    loaded: list[Any] = field(default_factory=list)
    """For the tests: the keys of all blocks that were loaded."""
    updated: list[Any] = field(default_factory=list)
    """For the tests: the keys of blocks that receivers have heard of (XBLOCK_UPDATED)."""
    _branch: str = ModuleStoreEnum.Branch.draft_preferred
    _bulk: dict[Any, list[Any]] = field(default_factory=dict)
    """Courses that are changed all at once: those of their blocks that were."""

    def get_course(self, course_key: Any, depth: int | None = 0, **kwargs: Any) -> Any:
        return self._root(course_key)

    def get_library(self, library_key: Any, depth: int | None = 0, **kwargs: Any) -> Any:
        return self._root(library_key)

    def get_item(self, usage_key: Any, depth: int | None = 0, **kwargs: Any) -> Any:
        structure = self.branches[usage_key.course_key][self._branch]
        if usage_key in self.broken:
            raise self.broken[usage_key]
        self.loaded.append(usage_key)
        data = structure.blocks[BlockKey(usage_key.block_type, usage_key.block_id)]
        return Block(self, usage_key, data, Runtime(CourseEntry(structure.as_document)))

    def get_library_summaries(self, **kwargs: Any) -> list[LibrarySummary]:
        libraries = [key for key in self.branches if isinstance(key, LibraryLocator)]
        return [
            LibrarySummary(key.make_usage_key("library", "library"), self._root(key).display_name) for key in libraries
        ]

    @contextmanager
    def branch_setting(self, branch_setting: str, course_id: Any = None) -> Any:
        before, self._branch = self._branch, branch_setting
        try:
            yield
        finally:
            self._branch = before

    @contextmanager
    def bulk_operations(self, course_id: Any, emit_signals: bool = True, ignore_case: bool = False) -> Any:
        if course_id in self._bulk:
            yield
            return
        self._bulk[course_id] = []
        try:
            yield
        finally:
            self.updated += self._bulk.pop(course_id)

    def update_item(self, xblock: Block, user_id: int, allow_not_found: bool = False, **kwargs: Any) -> Block:
        """Into the draft branch; sections and subsections are published at once, without what is in them."""
        key = BlockKey(xblock.usage_key.block_type, xblock.usage_key.block_id)
        course_key = xblock.usage_key.course_key
        assert self._branch == ModuleStoreEnum.Branch.draft_preferred
        with self.bulk_operations(course_key):
            branches = self.branches[course_key]
            if not self._bulk[course_key]:
                draft = branches[self._branch]
                branches[self._branch] = Structure(draft.root, copy.deepcopy(draft.blocks))
            structure = branches[self._branch]
            data = structure.blocks[key]
            data.fields = {name: value for name, value in data.fields.items() if name not in _FIELDS} | xblock._said
            data.edit_info = EditInfo(structure.version)
            if key.type in ("chapter", "sequential") and ModuleStoreEnum.Branch.published_only in branches:
                self.publish(xblock.usage_key, user_id)
            self._bulk[course_key].append(xblock.usage_key)
        return xblock

    def publish(self, location: Any, user_id: int, **kwargs: Any) -> None:
        """One block, without what is in it."""
        key = BlockKey(location.block_type, location.block_id)
        branches = self.branches[location.course_key]
        draft = branches[ModuleStoreEnum.Branch.draft_preferred]
        before = branches[ModuleStoreEnum.Branch.published_only]
        published = Structure(before.root, copy.deepcopy(before.blocks))
        data = published.blocks[key] = copy.deepcopy(draft.blocks[key])
        data.edit_info = EditInfo(published.version, draft.version_of(key))
        branches[ModuleStoreEnum.Branch.published_only] = published

    def _root(self, key: Any) -> Any:
        structure = self.branches.get(key, {}).get(self._branch)
        return self.get_item(key.make_usage_key(*structure.root)) if structure else None


_store = ModuleStore()


def modulestore() -> ModuleStore:
    return _store
