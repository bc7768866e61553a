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
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from lxml import etree

PYTHON_LIBRARY = "python_lib.zip"
"""The file that problems with a script import from (the platform's default ``PYTHON_LIB_FILENAME``)."""

_STATIC = "/static/"
_MAX_NAME_LENGTH = 255
# What may stand before /static/ when it is a reference; anything else makes it part of a longer path or host name.
_OPENERS = frozenset(" \t\r\n\"'`(=,;:>[{|\\&")
_UNQUOTED_END = re.compile(r"[\s\"'`<>()\[\]{}|\\,;]")
_PYTHON_SCRIPT_TYPES = frozenset(("text/python", "loncapa/python"))
_PAGE_REFERENCE = re.compile(r"""\b(?:src|href)\s*=\s*(["'])(?P<url>[^"']+)\1""", re.IGNORECASE)
_JS_INPUT_PAGE = "html_file"


def static_references(element: etree._Element) -> list[str]:
    """
    Names of the static files that the element's attributes and text refer to, in order, each once.

    Names are as the library will look them up: without ``/static/``, query and fragment, percent-decoded.
    """
    names: dict[str, None] = {}
    for text in _texts(element):
        for name in _references_in(text):
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
        for name in _references_in(js_input.get(_JS_INPUT_PAGE) or "")
    ]


def page_references(page: str) -> list[str]:
    """Names of the files that an HTML page loads by relative address."""
    names: dict[str, None] = {}
    for match in _PAGE_REFERENCE.finditer(page):
        name = _clean(match["url"])
        if "." in name and not name.startswith(("/", "#")) and ":" not in name and ".." not in name.split("/"):
            names.setdefault(name)
    return list(names)


def rewrite_asset_urls(text: str, course_key: str) -> str:
    """
    Turn URLs of the course's own assets into ``/static/name``.

    ``/asset-v1:Org+Course+Run+type@asset+block@name`` and the same with a host before it; other courses' URLs stay.
    """
    if not course_key.startswith("course-v1:") or "asset-v1:" not in text:
        return text
    asset_run = re.escape(course_key.removeprefix("course-v1:"))
    pattern = rf"(?:https?://[^/\s\"'<>]+)?/asset-v1:{asset_run}\+type@asset\+block(?:@|/)"
    return re.sub(pattern, _STATIC, text)


def _texts(element: etree._Element) -> Iterator[str]:
    for node in element.iter():
        if isinstance(node.tag, str):
            yield from node.attrib.values()
            if node.text:
                yield node.text
        if node.tail and node is not element:
            yield node.tail


def _references_in(text: str) -> Iterator[str]:
    if _STATIC not in text:
        return
    # HTML inside CDATA, and JSON inside attributes, escape once more.
    text = html.unescape(text).replace("\\/", "/")
    start = text.find(_STATIC)
    while start >= 0:
        begin = start + len(_STATIC)
        before = text[start - 1] if start else ""
        if (before == "" or before in _OPENERS) and not text[begin : begin + 1].isspace():
            name = _clean(_until_end(text, begin, before))
            if name and not name.endswith("/") and not name.startswith("xblock/"):
                yield name
        start = text.find(_STATIC, begin)


def _until_end(text: str, begin: int, before: str) -> str:
    if before in ('"', "'", "`"):
        end = text.find(before, begin)
        if 0 <= end - begin <= _MAX_NAME_LENGTH * 3 and "\n" not in text[begin:end]:
            return text[begin:end].rstrip("\\")
    if before == "" and len(text) - begin <= _MAX_NAME_LENGTH and "\n" not in text and _STATIC not in text[begin:]:
        return text[begin:].strip()
    match = _UNQUOTED_END.search(text, begin)
    return text[begin : match.start() if match else len(text)]


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
        if isinstance(value, str) and (name := _clean(value.removeprefix(_STATIC))) and "://" not in name:
            yield name


def _json_object(text: str | None) -> dict[str, object]:
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
