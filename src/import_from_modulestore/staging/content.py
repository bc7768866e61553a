"""The content of staged blocks: as it was staged, and as a reviewer has edited it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched, groupby
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from lxml import etree

from ..data import BlockKind
from ..errors import NotFound
from ..models import Import, StagedBlock, StagedRoot
from ..olx.normal_form import component_olx
from ..olx.parsing import parse_xml
from ..olx.tree import walk

_BATCH_SIZE = 500


def staged_components(run: Import, nums: Iterable[int]) -> Iterator[tuple[StagedBlock, etree._Element]]:
    """
    The staged blocks of these numbers with their content, edits included, in order.

    Reads one root after another: memory is that of the largest section. Two queries a root that is needed. Raises
    ``NotFound`` where what was staged has been removed.
    """
    wanted = set(nums)
    for root in run.roots.order_by("order"):
        blocks = {block.num: block for block in root.blocks.all() if block.num in wanted}
        if not blocks:
            continue
        for num, element in _elements(root):
            block = blocks.get(num)
            if block is not None:
                yield block, parse_xml(block.edited_olx) if block.edited_olx else element


def source_content(block: StagedBlock, element: etree._Element) -> dict[str, Any]:
    """What the source holds, whatever a reviewer made of it, from the element as it was staged; to be kept as JSON."""
    if BlockKind(block.kind).is_container:
        return {"title": block.source_title}
    files = block.source_files if block.edited_olx else block.files
    return {"title": block.source_title, "olx": component_olx(element), "files": files}


def source_contents(run: Import, nums: Sequence[int]) -> dict[int, dict[str, Any]]:
    """
    :func:`source_content` of these blocks, by number.

    Two queries for each 500 and for each root that they are in, which is read and parsed.
    """
    contents: dict[int, dict[str, Any]] = {}
    for batch in batched(nums, _BATCH_SIZE):
        rows = run.blocks.filter(num__in=batch).select_related("root").order_by("num")
        for root, blocks in groupby(rows, lambda block: block.root):
            elements = dict(_elements(root))
            contents |= {block.num: source_content(block, elements[block.num]) for block in blocks}
    return contents


def staged_element(block: StagedBlock) -> etree._Element:
    """
    The block's element as it was staged. Reads and parses its root: three queries.

    Raises ``NotFound`` where what was staged has been removed.
    """
    return next(element for num, element in _elements(block.root) if num == block.num)


def current_element(block: StagedBlock) -> etree._Element:
    """The block's element, edits included."""
    return parse_xml(block.edited_olx) if block.edited_olx else staged_element(block)


def staged_files(run: Import, root_id: int) -> dict[str, Any]:
    """All files that an import has staged, by name; where roots differ, those of this root. One query."""
    model: Any = apps.get_model("content_staging", "StagedContentFile")
    rows = model.objects.filter(for_content__in=run.roots.values("staged_content")).order_by("pk")
    own = run.roots.values_list("staged_content", flat=True).get(pk=root_id)
    return {row.filename: row for row in sorted(rows, key=lambda row: row.for_content_id == own)}


def _elements(root: StagedRoot) -> Iterator[tuple[int, etree._Element]]:
    """What is in a root, by ``num``; blocks that it continues come first, under numbers that no block of it has."""
    content: Any = apps.get_model("content_staging", "StagedContent")
    olx = content.objects.filter(pk=root.staged_content_id).values_list("olx", flat=True).first()
    if olx is None:
        raise NotFound(
            _("What was staged of {key} has been removed since. Cancel this import, and begin another.").format(
                key=root.usage_key
            )
        )
    for block in walk(parse_xml(olx)):
        yield root.first_num + block.index, block.element
