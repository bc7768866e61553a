"""The block tree inside staged OLX."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from ..data import BlockKind
from .blocks import ROOT_TAGS, inner_blocks, is_content, kind_of
from .parsing import child_elements


@dataclass(slots=True)  # A frozen one takes three times as long to make.
class OlxBlock:
    """
    One block element; ``index`` and ``parent`` (its parent's index) count depth-first from 0 within one root.

    ``block_type`` is the OLX tag, ``block_id`` the part of the usage key after ``block@``.
    """

    element: etree._Element
    index: int
    parent: int | None
    depth: int
    kind: BlockKind
    block_type: str
    block_id: str


def walk(root: etree._Element, *, into_components: bool = True) -> Iterator[OlxBlock]:
    """
    Yield every block of a staged root depth-first, in order.

    Components that are made of other blocks are entered as well, unless that is not wanted. A ``course`` or ``library``
    element is not a block: its children are yielded as roots. The numbering is the same whenever the same OLX is
    walked, so that a block can be found again by its index.
    """
    stack: list[tuple[etree._Element, int | None, int]]
    if root.tag in ROOT_TAGS:
        stack = [(child, None, 0) for child in reversed(child_elements(root)) if is_content(child)]
    else:
        stack = [(root, None, 0)]
    index = 0
    while stack:
        element, parent, depth = stack.pop()
        tag = element.tag
        kind = kind_of(tag)
        yield OlxBlock(element, index, parent, depth, kind, tag, element.get("url_name", ""))
        if kind.is_container:
            stack.extend((child, index, depth + 1) for child in reversed(child_elements(element)))
        elif into_components:
            stack.extend((child, index, depth + 1) for child in reversed(inner_blocks(element)))
        index += 1
