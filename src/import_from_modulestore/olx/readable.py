"""OLX laid out in lines for people, so that two pieces of it can be compared line by line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from lxml import etree

from ..data import DiffLine
from .course_bound import is_course_only
from .parsing import UnreadableXML, parse_xml

MAX_LINES = 4_000
"""Lines of each side that are compared; comparing takes quadratic time at worst."""

MAX_SHOWN = 1_000
"""Lines of a difference that are shown."""

MAX_LINE = 500
"""Characters of a line; longer ones go on in the next, so that what differs near their end is found there."""

_CONTEXT = 3
_WIDTH = 100
BLOCK_TAGS = (
    "address|article|aside|blockquote|br|center|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|iframe|img|li|"
    "link|main|nav|ol|p|pre|script|section|style|table|tbody|td|tfoot|th|thead|tr|ul|video"
)
"""Where a line of HTML ends for a reader: before the next block begins. A pattern."""

_LINE_BREAK = re.compile(rf"\n|(?=<(?:{BLOCK_TAGS})\b)", re.IGNORECASE)


def readable_lines(olx: str | etree._Element) -> list[str]:
    """
    The lines of a component's OLX: short elements on one, of long ones each attribute on its own, HTML broken where a
    page would break it.

    Text that does not parse comes as it is. For people only: white space and the order of attributes are not kept.
    """
    if isinstance(olx, str):
        try:
            olx = parse_xml(olx)
        except UnreadableXML:
            return [piece for line in olx.splitlines() for piece in _pieces(line)]
    return [piece for line in _lines(olx, 0) for piece in _pieces(line)]


def difference(before: Sequence[str], after: Sequence[str]) -> tuple[DiffLine, ...]:
    """
    What differs between two texts, with three lines around each change; empty where nothing does. Of very much, the
    first :data:`MAX_SHOWN` lines.

    >>> for line in difference(["one", "two"], ["one", "2"]): print(*line)
    @ -1,2 +1,2
      one
    - two
    + 2
    """
    lines = difflib.unified_diff(before[:MAX_LINES], after[:MAX_LINES], n=_CONTEXT, lineterm="")
    found = [DiffLine("@", line.strip("@ ")) if line[0] == "@" else DiffLine(line[0], line[1:]) for line in lines][2:]
    if len(found) > MAX_SHOWN:
        found[MAX_SHOWN:] = [DiffLine("@", f"and {len(found) - MAX_SHOWN:,} more lines")]
    if len(before) > MAX_LINES or len(after) > MAX_LINES:
        found.append(DiffLine("@", f"only the first {MAX_LINES} lines are compared"))
    return tuple(found)


def _lines(element: etree._Element, depth: int) -> Iterator[str]:
    if not isinstance(element.tag, str):
        return
    indent = "  " * depth
    attributes = [f'{name}="{value}"' for name, value in sorted(element.items()) if not is_course_only(name)]
    start = " ".join([f"<{element.tag}", *attributes])
    inside = list(_text_lines(element.text, depth + 1))
    for child in element:
        inside += _lines(child, depth + 1)
        inside += _text_lines(child.tail, depth + 1)
    if not inside and len(start) <= _WIDTH:
        yield f"{indent}{start}/>"
    elif len(inside) == 1 and "<" not in inside[0] and len(start) + len(inside[0]) <= _WIDTH:
        yield f"{indent}{start}>{inside[0].strip()}</{element.tag}>"
    elif len(start) <= _WIDTH:
        yield f"{indent}{start}>"
        yield from inside
        yield f"{indent}</{element.tag}>"
    else:
        yield f"{indent}<{element.tag}"
        for attribute in attributes:
            yield from (f"{indent}    {line}" for line in attribute.splitlines())
        yield f"{indent}{'>' if inside else '/>'}"
        yield from inside
        if inside:
            yield f"{indent}</{element.tag}>"


def _pieces(line: str) -> Iterator[str]:
    return (line[start : start + MAX_LINE] for start in range(0, len(line) or 1, MAX_LINE))


def _text_lines(text: str | None, depth: int) -> Iterator[str]:
    for line in _LINE_BREAK.split(text or ""):
        if stripped := " ".join((line or "").split()):
            yield "  " * depth + stripped
