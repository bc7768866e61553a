"""
A modulestore in memory (platform: xmodule/modulestore/{django,mixed}.py, xmodule/modulestore/split_mongo/split.py).

As in the split modulestore, each branch of a course is one *structure*: blocks by type and ID, each with its settings
and the keys of its children. What a block says of itself is its *definition*, here an element of OLX.
"""

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
class BlockData:
    fields: dict[str, Any]
    definition: etree._Element | None = None


@dataclass
class Structure:
    """What is kept for one branch; ``as_document`` is what the platform keeps in MongoDB."""

    root: BlockKey
    blocks: dict[BlockKey, BlockData]
    version: str = ""

    def __post_init__(self) -> None:
        self.version = self.version or f"{next(_versions):024x}"

    @property
    def as_document(self) -> dict[str, Any]:
        return {"_id": self.version, "root": self.root, "blocks": self.blocks}


@dataclass
class CourseEntry:
    structure: dict[str, Any]


@dataclass
class Runtime:
    course_entry: CourseEntry


class Block:
    """An XBlock, as far as the host looks at it."""

    __slots__ = ("_data", "_key", "_store", "children", "runtime")

    def __init__(self, store: "ModuleStore", key: Any, data: BlockData, runtime: Runtime) -> None:
        self._store, self._key, self._data, self.runtime = store, key, data, runtime
        self.children = [key.course_key.make_usage_key(*child) for child in data.fields.get("children", ())]

    @property
    def usage_key(self) -> Any:
        return self._key

    @property
    def display_name(self) -> str | None:
        return self._data.fields.get("display_name")

    @property
    def data(self) -> str:
        """Of a text block."""
        return self._data.definition.text or ""


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
    _branch: str = ModuleStoreEnum.Branch.draft_preferred

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
        yield

    def _root(self, key: Any) -> Any:
        structure = self.branches.get(key, {}).get(self._branch)
        return self.get_item(key.make_usage_key(*structure.root)) if structure else None


_store = ModuleStore()


def modulestore() -> ModuleStore:
    return _store
