"""The content of staged blocks: as it was staged, and as a reviewer has edited it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from lxml import etree

from ..errors import NotFound
from ..models import Import, StagedBlock, StagedRoot
from ..olx.parsing import parse_xml
from ..olx.tree import walk


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
