"""One staged block as learners see it: as it would be written, as the library has its item, and both compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from .. import rendering
from ..data import BlockKind, Decision, LocalKey, RenderedBlock, Side
from ..errors import NotFound, StagedContentGone
from ..library.items import find_item, item_version, stored_components
from ..merges import stored_file
from ..models import StagedBlock
from ..olx.parsing import UnreadableXML, parse_xml
from ..quoting import shortened
from ..staging.content import current_element
from ..stored_files import read_stored
from .blocks import PlannedImport
from .details import leaves_it
from .pieces import reviewed_merge

type File = Mapping[str, Any]
"""A file as :mod:`..stored_files` has it."""


@dataclass(frozen=True)
class _Version:
    """What there is to show of a block or an item: of a component its element, of all others what they hold."""

    block_type: str
    title: str
    element: etree._Element | None = None
    files: tuple[File, ...] = ()
    children: Mapping[LocalKey, str] = field(default_factory=dict)
    problem: str = ""
    """Why there is nothing to show."""


@dataclass
class _Tokens:
    """What stands for files in renderings, one for each content and name."""

    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    def of(self, file: File) -> str:
        token = self._tokens.setdefault((file["name"], file["digest"]), f"file-{len(self._tokens)}")
        self.files.setdefault(token, file)
        return token


class _Files:
    """The files of one version, as a rendering asks for them."""

    def __init__(self, files: Iterable[File], tokens: _Tokens) -> None:
        self._tokens = tokens
        self._files = {file["name"]: file for file in files}

    def find(self, name: str) -> rendering.NamedFile | None:
        file = self._files.get(name)
        return rendering.NamedFile(name, self._tokens.of(file)) if file is not None else None

    def read(self, name: str) -> bytes | None:
        try:
            return read_stored(self._files[name])
        except StagedContentGone:
            return None


def rendered_block(
    row: StagedBlock, planned: PlannedImport, side: Side, address_of: Callable[[File], str]
) -> RenderedBlock:
    """
    A side of a block; ``row`` is a first showing.

    ``address_of`` gives the address of a file. Reads and parses the block's root; a fixed number of queries, and one
    for each transcript of a video.
    """
    tokens = _Tokens()
    item = _item(row, planned)
    if side is Side.BLOCK:
        body = _body(_block(row, planned, item), tokens)
    elif item is None:
        body = rendering.render_absence(row.called, _("The library holds nothing in its place."))
        if side is Side.COMPARISON:
            body = _body(_block(row, planned, item), tokens)
    elif side is Side.ITEM:
        body = _body(item, tokens)
    else:
        body = rendering.compared(_body(item, tokens), _body(_block(row, planned, item), tokens))

    def address(token: str) -> str | None:
        return address_of(tokens.files[token]) if token in tokens.files else None

    return RenderedBlock(
        usage_key=row.usage_key,
        side=side,
        name=row.called,
        in_library=item is not None,
        document=rendering.document(row.called, body, address),
    )


def file_of(row: StagedBlock, planned: PlannedImport, side: Side, name: str) -> File:
    """
    The file of this name of a block, as it would be written, or of the item in its place. A fixed number of queries.

    Raises ``NotFound``.
    """
    item = _item(row, planned)
    version = item if side is Side.ITEM else _block(row, planned, item)
    found = next((file for file in version.files if file["name"] == name), None) if version is not None else None
    if found is None:
        raise NotFound(_("{block} has no file {name}.").format(block=row.called, name=shortened(name)))
    return found


def _body(version: _Version, tokens: _Tokens) -> str:
    if version.problem:
        return rendering.render_absence(version.title, version.problem)
    if version.element is not None:
        return rendering.render_component(version.element, version.title, _Files(version.files, tokens))
    children = [(name, key.type) for key, name in version.children.items()]
    return rendering.render_container(version.block_type, version.title, children)


def _item(row: StagedBlock, planned: PlannedImport) -> _Version | None:
    """The draft of the item in the block's place; ``None`` where there is none."""
    item = planned.items.get(row.num)
    met = find_item(item.meets) if item is not None and item.meets is not None else None
    if met is None or met.draft_id is None:
        return None
    if BlockKind(row.kind).is_container:
        version = item_version(met.draft_id)
        titles = dict(version.children)
        return _Version(row.kind, version.title, children=titles | _names_in(planned, titles))
    stored = stored_components([met.draft_id])[met.draft_id]
    files = ({"name": name, "media": pk, "size": size, "digest": digest} for name, pk, size, digest in stored.files)
    try:
        return _Version(row.block_type, stored.title, parse_xml(stored.olx), tuple(files))
    except UnreadableXML as error:
        problem = _("What the library holds cannot be read: {reason}.").format(reason=error)
        return _Version(row.block_type, stored.title, problem=problem)


def _block(row: StagedBlock, planned: PlannedImport, item: _Version | None) -> _Version:
    """What would be written: what is staged with its edits, what a merge makes of it, or what the library keeps."""
    plan = planned.items.get(row.num)
    if item is not None and plan is not None and leaves_it(plan):
        return item
    is_container = BlockKind(row.kind).is_container
    if is_container and plan is not None and plan.local_key is not None:
        names = (
            dict.fromkeys(plan.children, "") | (dict(item.children) if item else {}) | _names_in(planned, plan.children)
        )
        return _Version(row.kind, plan.title, children={key: names[key] for key in plan.children})
    if is_container or row.child_count:
        inside = planned.run.blocks.filter(parent_num=row.num).order_by("num").defer("files", "edited_olx")
        children = {LocalKey(_type_of(child), child.block_id): child.called for child in inside}
        return _Version(_type_of(row), row.title, children=children)
    if plan is not None and plan.decision is Decision.MERGE:
        merge = reviewed_merge(planned.run, row, plan)
        if merge is not None and merge.texts is not None:
            files = tuple(map(stored_file, merge.texts.files))
            return _Version(row.block_type, merge.texts.title, merge.texts.element, files)
    if row.problem and not row.edited_olx:
        problem = _("The source's file cannot be read: {reason}").format(reason=row.problem)
        return _Version(row.block_type, row.called, problem=problem)
    return _Version(row.block_type, row.title, current_element(row), tuple(row.files))


def _names_in(planned: PlannedImport, keys: Collection[LocalKey]) -> dict[LocalKey, str]:
    """What people call those of these that the import has blocks for: by one name on both sides of a comparison."""
    return {key: planned.names[key] for key in keys if key in planned.names}


def _type_of(row: StagedBlock) -> str:
    return row.kind if BlockKind(row.kind).is_container else row.block_type
