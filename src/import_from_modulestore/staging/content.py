"""The content of staged blocks: as it was staged, and as a reviewer has edited it."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

from django.apps import apps
from lxml import etree

from ..data import BlockKind
from ..models import Import, StagedBlock, StagedRoot
from ..olx.normal_form import component_olx
from ..olx.parsing import UnreadableXML, parse_xml
from ..olx.tree import walk
from .files import content_gone, file_gone

_BATCH_SIZE = 500

_GROUP_SIZE = 1_000
"""Blocks whose roots are read at once."""


def staged_components(run: Import, nums: Iterable[int]) -> Iterator[tuple[StagedBlock, etree._Element]]:
    """
    The staged blocks of these numbers with their content, edits included, in order.

    Reads roots of some thousand blocks at once, and parses one after the other: memory is that of as many blocks, or of
    the largest section. Two queries for each of these. Raises ``StagedContentGone``.
    """
    wanted = set(nums)
    contents: Any = apps.get_model("content_staging", "StagedContent")._default_manager
    for roots in in_groups(run) if wanted else ():
        blocks: defaultdict[int, list[StagedBlock]] = defaultdict(list)
        for block in run.blocks.filter(root__in=roots).order_by("num"):
            if block.num in wanted:
                blocks[block.root_id].append(block)
        needed = [root for root in roots if root.pk in blocks]
        olx = dict(contents.filter(pk__in=[root.staged_content_id for root in needed]).values_list("pk", "olx"))
        for root in needed:
            elements = _parsed(root, olx.pop(root.staged_content_id, None))
            for block in blocks[root.pk]:
                element = _element_of(block, elements, root)
                yield block, parse_xml(block.edited_olx) if block.edited_olx else element


def in_groups(run: Import) -> Iterator[list[StagedRoot]]:
    """The roots in order, in groups of some thousand blocks. One query."""
    group: list[StagedRoot] = []
    for root in run.roots.order_by("order"):
        if group and root.first_num - group[0].first_num >= _GROUP_SIZE:
            yield group
            group = []
        group.append(root)
    if group:
        yield group


def source_content(block: StagedBlock, element: etree._Element | None) -> dict[str, Any]:
    """
    What the source holds, whatever a reviewer made of it, to be kept as JSON; from :func:`as_staged`.

    With what the next import can know an edit by: ``edited_title`` of a container, ``edited_digest`` of a component.
    """
    if element is None:
        edited = {"edited_title": block.edited_title} if block.edited_title else {}
        return {"title": block.source_title} | edited
    edited, files = {"edited_digest": block.digest}, block.source_files
    if not block.edited_olx:
        edited, files = {}, block.files
    return {"title": block.source_title, "olx": component_olx(element), "files": files} | edited


def source_contents(run: Import, nums: Sequence[int]) -> dict[int, dict[str, Any]]:
    """:func:`source_content` of these blocks, by number, at the cost of :func:`as_staged`."""
    return {block.num: source_content(block, element) for block, element in as_staged(run, nums)}


def as_staged(run: Import, nums: Iterable[int]) -> Iterator[tuple[StagedBlock, etree._Element | None]]:
    """
    These blocks with their elements as they were staged, in order; containers with none.

    A query for each 500, and one for each root that components of them are in, which is read and parsed, one after the
    other. Raises ``StagedContentGone``.
    """
    elements: dict[int, etree._Element] = {}
    parsed: int | None = None
    for batch in batched(sorted(nums), _BATCH_SIZE):
        for block in run.blocks.filter(num__in=batch).select_related("root").order_by("num"):
            if BlockKind(block.kind).is_container:
                yield block, None
                continue
            if block.root_id != parsed:
                elements, parsed = _elements(block.root), block.root_id
            yield block, _element_of(block, elements, block.root)


def staged_element(block: StagedBlock) -> etree._Element:
    """
    The block's element as it was staged. Reads and parses its root: three queries.

    Raises ``StagedContentGone``.
    """
    return _element_of(block, _elements(block.root), block.root)


def current_element(block: StagedBlock) -> etree._Element:
    """The block's element, edits included."""
    return parse_xml(block.edited_olx) if block.edited_olx else staged_element(block)


def staged_files(block: StagedBlock) -> Mapping[str, Any]:
    """
    All files that the block's import has staged, by name; where roots differ, those of its own root. One query.

    Raises ``StagedContentGone`` where files are gone that the block has named.
    """
    return StagedFiles(block.import_run).of(block)


class StagedFiles:
    """All files that an import has staged. One query."""

    def __init__(self, run: Import) -> None:
        model: Any = apps.get_model("content_staging", "StagedContentFile")
        rows = model.objects.filter(for_content__in=run.roots.values("staged_content")).order_by("pk")
        self._all: dict[str, Any] = {}
        self._by_content: defaultdict[int | None, dict[str, Any]] = defaultdict(dict)
        for row in rows:
            self._all[row.filename] = self._by_content[row.for_content_id][row.filename] = row

    def of(self, block: StagedBlock) -> Mapping[str, Any]:
        """By name, as :func:`staged_files` has them."""
        files = ChainMap(self._by_content[block.root.staged_content_id], self._all)
        for file in (*block.files, *block.source_files):
            if file["name"] not in files:
                raise file_gone(file["name"])
        return files


def _elements(root: StagedRoot) -> dict[int, etree._Element]:
    """What is in a root, as :func:`_parsed` has it. One query."""
    content: Any = apps.get_model("content_staging", "StagedContent")
    return _parsed(root, content.objects.filter(pk=root.staged_content_id).values_list("olx", flat=True).first())


def _parsed(root: StagedRoot, olx: str | None) -> dict[int, etree._Element]:
    """What is in a root, by ``num``; blocks that it continues come first, under numbers that no block of it has."""
    try:
        return {root.first_num + block.index: block.element for block in walk(parse_xml(olx or ""))}
    except UnreadableXML as error:
        raise content_gone(root.usage_key) from error


def _element_of(block: StagedBlock, elements: Mapping[int, etree._Element], root: StagedRoot) -> etree._Element:
    element = elements.get(block.num)
    if element is None or (element.tag, element.get("url_name", "")) != (block.block_type, block.block_id):
        raise content_gone(root.usage_key)
    return element
