"""OLX laid out in lines for people, so that two pieces of it can be compared line by line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from lxml import etree

from ..data import DiffLine
from .normal_form import COURSE_ONLY_ATTRIBUTES
from .parsing import UnreadableXML, parse_xml

MAX_LINES = 4_000
"""Lines of each side that are compared; comparing takes quadratic time at worst."""

_CONTEXT = 3
# Where a line of HTML ends for a reader: before the next block begins.
_BLOCK_TAGS = (
    "address|article|aside|blockquote|br|center|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|iframe|img|li|"
    "link|main|nav|ol|p|pre|script|section|style|table|tbody|td|tfoot|th|thead|tr|ul|video"
)
_LINE_BREAK = re.compile(rf"\n|(?=<(?:{_BLOCK_TAGS})\b)", re.IGNORECASE)


def readable_lines(olx: str | etree._Element) -> list[str]:
    """
    The lines of a component's OLX: one for each element and attribute, HTML broken where a page would break it.

    Text that does not parse comes as it is.
    """
    if isinstance(olx, str):
        try:
            olx = parse_xml(olx)
        except UnreadableXML:
            return olx.splitlines()
    return list(_lines(olx, 0))


def difference(before: Sequence[str], after: Sequence[str]) -> tuple[DiffLine, ...]:
    """
    What differs between two texts, with three lines around each change; empty where nothing does.

    >>> for line in difference(["one", "two"], ["one", "2"]): print(*line)
    @ -1,2 +1,2
      one
    - two
    + 2
    """
    lines = difflib.unified_diff(before[:MAX_LINES], after[:MAX_LINES], n=_CONTEXT, lineterm="")
    found = [DiffLine("@", line.strip("@ ")) if line[0] == "@" else DiffLine(line[0], line[1:]) for line in lines][2:]
    if len(before) > MAX_LINES or len(after) > MAX_LINES:
        found.append(DiffLine("@", f"only the first {MAX_LINES} lines are compared"))
    return tuple(found)


def _lines(element: etree._Element, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if not isinstance(element.tag, str):
        return
    attributes = sorted((name, value) for name, value in element.attrib.items() if name not in COURSE_ONLY_ATTRIBUTES)
    if len(attributes) > 1 or sum(len(value) for _name, value in attributes) > 60:
        yield f"{indent}<{element.tag}"
        for name, value in attributes:
            yield from (f"{indent}    {line}" for line in f'{name}="{value}"'.splitlines())
        yield f"{indent}>"
    else:
        yield f"{indent}<{element.tag}{''.join(f' {name}="{value}"' for name, value in attributes)}>"
    yield from _text_lines(element.text, depth + 1)
    for child in element:
        yield from _lines(child, depth + 1)
        yield from _text_lines(child.tail, depth + 1)


def _text_lines(text: str | None, depth: int) -> Iterator[str]:
    for line in _LINE_BREAK.split(text or ""):
        if stripped := " ".join((line or "").split()):
            yield "  " * depth + stripped
