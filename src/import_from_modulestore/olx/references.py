"""
The static files that a component's OLX names.

A course keeps its files in one place ("Files & Uploads"); a library keeps them with each component. So an import has to
know which files belong to which component, by exact name. The forms are those that Studio resolves: ``/static/name`` in
quotes, parentheses or on its own, asset keys of the same course as URLs, the transcripts of a video, ``python_lib.zip``
for problems that run Python, and what the page of a JavaScript input loads.
"""

from __future__ import annotations

import html
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

from lxml import etree

PYTHON_LIBRARY = "python_lib.zip"
"""The file that problems with a script import from (the platform's default ``PYTHON_LIB_FILENAME``)."""

MAX_PAGE_BYTES = 5_000_000
"""Size up to which the page of a JavaScript input is read for the files that it loads."""

_STATIC = "/static/"
_MAX_ADDRESS_LENGTH = 1000
"""Characters of a file name, percent-encoded, that are looked at: names have at most 255."""
# What may stand before /static/ when it is a reference; anything else makes it part of a longer path or host name.
_OPENERS = frozenset(" \t\r\n\"'`(=,;:>[{|\\&")
_UNQUOTED_END = re.compile(r"[\s\"'`<>()\[\]{}|\\,;]")
# What a quoted text holds besides one address: a srcset's descriptors and further candidates.
_CANDIDATES = re.compile(rf"\s[\d.]+[wx]\s*(?:,|$)|[\s,]{_STATIC}")
_PYTHON_SCRIPT_TYPES = frozenset(("text/python", "loncapa/python"))
_PAGE_REFERENCE = re.compile(r"""\b(?:src|href)\s*=\s*(["'])(?P<url>[^"']+)\1""", re.IGNORECASE)
_JS_INPUT_PAGE = "html_file"


def static_references(element: etree._Element) -> list[str]:
    """
    Names of the static files that the element's attributes and text refer to, in order, each once.

    Names are as the library will look them up: without ``/static/``, query and fragment, percent-decoded.
    """
    names: dict[str, None] = {}
    for text, is_attribute in _texts(element):
        for name in _references_in(text, is_attribute):
            names.setdefault(name)
    for name in _transcripts(element):
        names.setdefault(name)
    return list(names)


def runs_python(element: etree._Element) -> bool:
    """Whether the problem has a Python script, and so may import from :data:`PYTHON_LIBRARY`."""
    return any(script.get("type") in _PYTHON_SCRIPT_TYPES for script in element.iter("script"))


def js_input_pages(element: etree._Element) -> list[str]:
    """Names of the static HTML pages that the problem shows in a JavaScript input."""
    return [
        name
        for js_input in element.iter("jsinput")
        for name in _references_in(js_input.get(_JS_INPUT_PAGE) or "", is_attribute=True)
    ]


def named_files(element: etree._Element, read_page: Callable[[str], str | None]) -> list[str]:
    """
    Names of all files that belong to the element: those that it refers to, and those that its pages load.

    ``read_page`` gives the text of a page by name, or ``None`` where there is none of use. The Python library is not
    among them: whether a problem needs it cannot be told.
    """
    names = dict.fromkeys(static_references(element))
    for page in js_input_pages(element):
        if (text := read_page(page)) is not None:
            names.update(dict.fromkeys(page_references(text)))
    return list(names)


def page_references(page: str) -> list[str]:
    """Names of the files that an HTML page loads by relative address."""
    names: dict[str, None] = {}
    for match in _PAGE_REFERENCE.finditer(page):
        name = posixpath.normpath(_clean(html.unescape(match["url"])))
        if "." in name.strip(".") and not name.startswith(("/", "../")) and ":" not in name:
            names.setdefault(name)
    return list(names)


def rewrite_asset_urls(text: str, course_key: str) -> str:
    """
    Turn URLs of the course's own assets into ``/static/name``.

    ``asset-v1:Org+Course+Run+type@asset+block@name``, with or without a host before it; other courses' URLs stay.
    """
    if not course_key.startswith("course-v1:") or "asset-v1:" not in text:
        return text
    asset_run = re.escape(course_key.removeprefix("course-v1:"))
    pattern = rf"(?:(?:(?:https?:)?//[^/\s\"'<>]+)?/|(?<![\w/]))asset-v1:{asset_run}\+type@asset\+block(?:@|/)"
    return re.sub(pattern, _STATIC, text)


def _texts(element: etree._Element) -> Iterator[tuple[str, bool]]:
    """Every text of the element, and whether it is an attribute's whole value."""
    for node in element.iter():
        if isinstance(node.tag, str):
            yield from ((value, True) for value in node.attrib.values())
            if node.text:
                yield node.text, False
        if node.tail and node is not element:
            yield node.tail, False


def _references_in(text: str, is_attribute: bool) -> Iterator[str]:
    if _STATIC not in text.replace("\\/", "/"):
        return
    # HTML inside CDATA, and JSON inside attributes, escape once more.
    text = html.unescape(text).replace("\\/", "/")
    start = text.find(_STATIC)
    while start >= 0:
        begin = start + len(_STATIC)
        before = text[start - 1] if start else ""
        if (before == "" or before in _OPENERS) and not text[begin : begin + 1].isspace():
            name = _clean(_until_end(text, begin, before, is_attribute))
            if name and not name.endswith("/") and not name.startswith("xblock/"):
                yield name
        start = text.find(_STATIC, begin)


def _until_end(text: str, begin: int, before: str, is_attribute: bool) -> str:
    """The address that begins there: all within its quotes, which may hold spaces, else up to where an address ends."""
    address = text[begin : begin + _MAX_ADDRESS_LENGTH]
    end = -1
    if before and before in "\"'`":
        end = address.find(before)
    elif before == "" and is_attribute and begin + len(address) == len(text):
        end = len(address)
    if end >= 0 and "\n" not in address[:end] and not _CANDIDATES.search(address, 0, end):
        return address[:end].rstrip("\\")
    return _UNQUOTED_END.split(address, maxsplit=1)[0]


def _clean(url: str) -> str:
    name = unquote(re.split(r"[?#]", url, maxsplit=1)[0]).strip()
    return "" if "\\" in name or "\0" in name else name


def _transcripts(element: etree._Element) -> Iterator[str]:
    for video in element.iter("video", "videoalpha"):
        yield from _named_files(_json_object(video.get("transcripts")).values())
        yield from _named_files(transcript.get("src") for transcript in video.iter("transcript"))
        if sub := (video.get("sub") or "").strip():
            yield from _named_files([f"subs_{sub}.srt.sjson"])


def _named_files(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str) and (name := _clean(value.removeprefix(_STATIC))) and "//" not in name:
            yield name


def _json_object(text: str | None) -> dict[str, object]:
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
