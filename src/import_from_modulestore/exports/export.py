"""One export: an unpacked folder that holds a course or a legacy library."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import CourseLocator, LibraryLocator

from ..data import BlockKind, Branch, SourceKind
from ..errors import SourceError
from ..olx.blocks import is_content
from ..olx.files.addresses import CourseName, OwnAddresses
from ..olx.parsing import UnreadableXML, child_elements
from ..olx.tree import walk
from ..texts import clean, clean_title
from .blocks import BlockName, BlockReader, ReadRoot, is_block
from .drafts import DraftRoot, Drafts
from .files import Folder, UnreadableFile
from .policy import Policy
from .static_files import StaticFiles
from .tags import ExportedTags, read_tags
from .texts import read_xml

ROOT_FILES = {"course.xml": SourceKind.COURSE, "library.xml": SourceKind.LIBRARY}
_SEARCH_DEPTH = 4


@dataclass(frozen=True)
class _Outline:
    """What the hierarchy of an export tells without its components."""

    kinds: Counter[str]
    types: Counter[str]
    unplaced_drafts: list[DraftRoot]
    shared_names: Collection[BlockName]


class Export:
    """
    A readable export. Making one reads only the root files; blocks are read root by root by :meth:`read`.

    ``folder`` holds one, and ``root`` says where in it (see :func:`find_roots`); without, the first is read. ``name``
    is what the export is called in messages (its archive's or folder's name). Raises :class:`SourceError` where there
    is no course or library, or one that does not say which.
    """

    def __init__(self, folder: Path, name: str, root: str = "") -> None:
        self.name = name
        root = root or next(iter(find_roots(folder)), "")
        if not root:
            raise SourceError(no_export(name))
        path = folder.resolve() / root
        self.folder, self.kind = path.parent, ROOT_FILES[path.name]
        self._files = Folder(self.folder)
        self._guessed: list[str] = []
        root_file = path.name
        pointer = self._parse(root_file)
        if pointer.tag != self.kind.value:
            raise SourceError(f"{name}: {root_file} holds a <{pointer.tag}>, not a <{self.kind.value}>.")
        self.key = self._key_from(pointer, root_file)
        self._url_name = pointer.get("url_name") or pointer.get("slug") or self.kind.value
        self._root = pointer
        if self.kind is SourceKind.COURSE and not child_elements(pointer):
            self._root = self._parse(f"course/{self._url_name}.xml")

    @cached_property
    def title(self) -> str:
        """The course's display name, from its XML or its policy; its key where it has none."""
        own = self._policy.fields("course", self._url_name).get("display_name")
        return clean_title(own or self._root.get("display_name") or "") or str(self.key)

    @cached_property
    def warnings(self) -> list[str]:
        """What could not be read, and belongs to no block. Reads the hierarchy, as :meth:`count` does."""
        return [
            *self._guessed,
            *(
                _("The element <{tag}> is not a block and was left out.").format(tag=clean(child.tag))
                for child in child_elements(self._root)
                if not is_block(child) and is_content(child) and self.kind is SourceKind.COURSE
            ),
            *(
                _(
                    "{file} could not be read: {reason}. If this draft is of a block that was never published, "
                    "it is missing here."
                ).format(file=file, reason=reason)
                for file, reason in self._drafts.unreadable.items()
            ),
            *(
                _(
                    "The draft <{tag}> {url_name!r} was left out: it belongs below <{parent_tag}> {parent!r}, "
                    "which is not in the export."
                ).format(tag=draft.tag, url_name=draft.url_name, parent_tag=draft.parent[0], parent=draft.parent[1])
                for draft in self._outline.unplaced_drafts
            ),
            *self.static_files.left_out.values(),
            *self.tags.warnings,
        ]

    @property
    def is_partial(self) -> bool:
        """Whether drafts cannot be read: blocks that were never published may be missing."""
        return bool(self._drafts.unreadable)

    @cached_property
    def tags(self) -> ExportedTags:
        """The tags of its blocks."""
        return read_tags(self._files)

    @cached_property
    def static_files(self) -> StaticFiles:
        """The files that components may refer to."""
        return StaticFiles(self._files)

    def count(self) -> tuple[Counter[str], Counter[str]]:
        """Blocks by kind and components by type; reads the hierarchy, not the components."""
        return self._outline.kinds, self._outline.types

    @cached_property
    def _outline(self) -> _Outline:
        kinds: Counter[str] = Counter()
        types: Counter[str] = Counter()
        met: set[tuple[str, str]] = set()
        reader = self._reader(self._drafts, outline=True)
        for root in self._roots(reader):
            for block in walk(root.element):
                if (name := (block.block_type, block.block_id)) not in met:
                    met.add(name)
                    kinds[block.kind.value] += 1
                    if block.kind is BlockKind.COMPONENT:
                        types[block.block_type] += 1
        return _Outline(kinds, types, self._drafts.unplaced(), reader.shared_names)

    def read(self, branch: Branch) -> Iterator[ReadRoot]:
        """
        Yield the roots in order, one at a time: each section of a course; a legacy library whole, as one ``<library>``.

        Memory is that of the largest root. The hierarchy is read before, where blocks do not have files of their own.
        """
        drafts = self._drafts if branch is Branch.DRAFT else None
        yield from self._roots(self._reader(drafts, shared_names=lambda: self._outline.shared_names))

    def _reader(self, drafts: Drafts | None, **more: Any) -> BlockReader:
        return BlockReader(self._files, self.key, drafts=drafts, policy=self._policy, addresses=self._addresses, **more)

    def _roots(self, reader: BlockReader) -> Iterator[ReadRoot]:
        if self.kind is SourceKind.LIBRARY:
            yield reader.read_root(self._root)
            return
        for node in reader.children_of(self._root, self._url_name):
            if is_content(node) and is_block(node):
                yield reader.read_root(node)

    @cached_property
    def _drafts(self) -> Drafts:
        return Drafts(self._files)

    @cached_property
    def _policy(self) -> Policy:
        return Policy.of(self._files, self._url_name)

    @cached_property
    def _addresses(self) -> OwnAddresses:
        """
        Those of the course's own files: by its key, and by those of the runs that its policies are of.

        A course whose root says another run than the files that Studio exported with it still means its own.
        """
        if not isinstance(self.key, CourseLocator):
            return OwnAddresses()
        _files, runs = _content_of(self.folder / "policies")
        courses = [CourseName(str(self.key.org), str(self.key.course), str(run)) for run in (self.key.run, *runs)]
        return OwnAddresses(*courses, *self.static_files.recorded_courses)

    def _parse(self, file: str) -> etree._Element:
        try:
            element, guessed = read_xml(self._files.read(file))
        except UnreadableFile as error:
            raise SourceError(f"{self.name}: {error}") from None
        except UnreadableXML as error:
            raise SourceError(
                _("{name}: {file} could not be read: {error}. Correct the file, or export the course again.").format(
                    name=self.name, file=file, error=error
                )
            ) from None
        if guessed:
            self._guessed.append(_("{file} is not UTF-8; it was read as {guessed}.").format(file=file, guessed=guessed))
        return element

    def _key_from(self, pointer: etree._Element, root_file: str) -> LearningContextKey:
        org = pointer.get("org")
        try:
            if self.kind is SourceKind.LIBRARY:
                library = pointer.get("library")
                if org and library:
                    return LibraryLocator(org=org, library=library)  # type: ignore[abstract]
                raise SourceError(
                    _(
                        '{name}: {root_file} does not say which library it is. Give its <library> element org="…" '
                        'and library="…".'
                    ).format(name=self.name, root_file=root_file)
                )
            course, run = pointer.get("course"), pointer.get("url_name") or pointer.get("slug")
            if org and course and run:
                return CourseLocator(org=org, course=course, run=run)
        except InvalidKeyError:
            raise SourceError(
                _(
                    "{name}: the names in {root_file} do not make a valid key. Use letters, digits, - _ . and ~ only."
                ).format(name=self.name, root_file=root_file)
            ) from None
        raise SourceError(
            _(
                '{name}: {root_file} does not say which course it is. Give its <course> element org="…", '
                'course="…" and url_name="…" (the run).'
            ).format(name=self.name, root_file=root_file)
        )


def find_roots(folder: Path) -> list[str]:
    """
    The root files of the exports that the folder holds, as paths below it, the nearest to the top first.

    What lies in the folder of an export is part of it; below some levels nothing is looked for.
    """
    found: list[str] = []
    level = [folder]
    for _depth in range(_SEARCH_DEPTH):
        below = []
        for candidate in level:
            names, folders = _content_of(candidate)
            roots = [name for name in ROOT_FILES if name in names]
            found += [(candidate / name).relative_to(folder).as_posix() for name in roots]
            if not roots:
                below += [candidate / name for name in folders if not name.startswith((".", "__MACOSX"))]
        level = sorted(below)
    return found


def no_export(name: str) -> str:
    """What to say of a folder or archive in which there is none."""
    return _(
        "{name} holds neither a course.xml nor a library.xml. Studio writes one into every export: Tools › Export."
    ).format(name=name)


def _content_of(folder: Path) -> tuple[set[str], list[str]]:
    """The names of the files and of the folders in a folder; none where they cannot be had."""
    _folder, folders, files = next(os.walk(folder), ("", [], []))
    return set(files), [name for name in folders if not (folder / name).is_symlink()]
