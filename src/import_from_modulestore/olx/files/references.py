"""
The static files that a component's OLX names.

A course keeps its files in one place ("Files & Uploads"); a library keeps them with each component, at
``static/<name>``. So an import has to know which files belong to which component, and under which name the library will
look each up. By the time that this reads OLX, every address of the course's own is ``/static/name``
(:mod:`.addresses`).

A name may be percent-encoded, or composed differently than that of the file. The platform's runtime for libraries looks
for what stands in the address, then for the same decoded (``_lookup_asset_url`` in
``openedx/core/djangoapps/xblock/runtime/learning_core_runtime.py``), and knows no normal forms. So a file goes with the
component under the first of these two names by which the source has it; where it has it by neither, under the one that
only differs in its normal form from the name of exactly one file. :func:`resolve` decides, with whoever knows the
files.

What merely mentions a file, prose or a comment, does not need it: the file goes along where it is there, and is not
missed where it is not.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from lxml import etree

from ...texts import holds_any
from .addresses import STATIC
from .transcripts import subs_file, transcript_files, video_ids

PYTHON_LIBRARY = "python_lib.zip"
"""The file that problems with a script import from (the platform's default ``PYTHON_LIB_FILENAME``)."""

MAX_READ_BYTES = 5_000_000
"""Size up to which a page, style sheet, script or transcript is read for what it holds."""

_MAX_ADDRESS_LENGTH = 1000
"""Characters of a file name, percent-encoded, that are looked at: names have at most 255."""
_MAX_NESTING = 5
"""How many times texts in texts are looked into: HTML in JSON in an attribute, say."""
# What may stand before /static/ when it is a reference; anything else makes it part of a longer path or host name.
_OPENERS = frozenset(" \t\r\n\"'`(=,;:>[{|\\&")
_QUOTES = frozenset("\"'`")
_UNQUOTED_END = re.compile(r"[\s\"'`<>()\[\]{}|\\,;]")
# What a quoted text holds besides one address: a srcset's descriptors and further candidates.
_CANDIDATES = re.compile(rf"\s[\d.]+[wx]\s*(?:,|$)|[\s,]{STATIC}")
# Not what stands in quotes or parentheses, or after a colon: an address without its scheme.
_SCRIPT_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|(?<![^\s;{}])//[^\n]*", re.DOTALL)
_HINTS = ("static", "asset-v1", "c4x", "jump_to", "course")
_HINT = re.compile("|".join(_HINTS))
_MENTIONS, _ESCAPES = ("static",), ("&#", "&amp;#")
"""One of these is in every text that mentions a file: no name of a character stands for one of its letters."""
_PLACEHOLDER = re.compile(r"[{}$*<>]|%[sd(]")
_PYTHON = "/python"
_PYTHON_SCRIPT_TYPES = frozenset((f"text{_PYTHON}", f"loncapa{_PYTHON}"))
_CODE_TAGS = frozenset(("script", "style"))
_SOURCE_SETS = frozenset(("srcset", "imagesrcset"))
_PROSE_ATTRIBUTES = frozenset(
    ("alt", "title", "display_name", "aria-label", "label", "placeholder", "summary", "content", "markdown")
)
"""Attributes that hold text for people. What ``markdown`` names, the OLX that was made of it names too."""
_PROSE_KEY = re.compile(r"(.*description|(display|image)?(alt|label|name|title))", re.IGNORECASE)
"""The same in JSON, as drag and drop has them (``imageDescription``, ``displayName``)."""

# Images of the platform's own (its common/static/images), which every site serves at the same address.
_PLATFORM_FOLDERS = ("images/capa/", "images/fontawesome/", "images/sequence-nav/")
_PLATFORM_IMAGES = re.compile(
    r"images/(arrow-(left|right)|cc|closed-arrow|fullscreen|green-pointer|hd|high_pass_filter|mute|open-arrow|"
    r"(correct|incorrect|info|ml_grading|partially-correct|peer_grading|unanswered)[-_]icon|"
    r"placeholder-(faculty|image)|slider-handle|vcr|voltage_divider|volume)\.png|images/spinner\.gif"
)


@dataclass(frozen=True)
class Reference:
    """
    A file that is named somewhere.

    ``names`` are the names by which to look for it, best first. It is kept under ``kept_as``, or where that is empty,
    under the name by which it is found. ``is_needed`` is false for what is merely mentioned.
    """

    names: tuple[str, ...]
    kept_as: str = ""
    is_needed: bool = True

    @property
    def name(self) -> str:
        """What to call the file where there is none."""
        return self.kept_as or self.names[-1]

    @classmethod
    def to_address(cls, written: str, *, is_needed: bool = True) -> Reference:
        """What an address names: as it is written, or decoded."""
        return cls(tuple(dict.fromkeys((written, unquote(written)))), is_needed=is_needed)


class Files[F](Protocol):
    """The files of a source."""

    def find(self, name: str) -> F | None:
        """The file that a course means by this name."""

    def alike(self, name: str) -> F | None:
        """The file whose name differs from this one in its Unicode normal form only, where there is exactly one."""

    def read(self, file: F) -> bytes | None:
        """The file's content; ``None`` for one that cannot be read, or is larger than :data:`MAX_READ_BYTES`."""


def resolve[F](reference: Reference, files: Files[F]) -> tuple[str, F] | None:
    """The file that a reference means, and the name to keep it under; ``None`` where the source does not hold it."""
    for look in (files.find, files.alike):
        for name in reference.names:
            if (file := look(name)) is not None:
                return reference.kept_as or name, file
    return None


def normal_name(name: str) -> str:
    """What names that differ in their Unicode normal form only have in common."""
    return unicodedata.normalize("NFC", name)


def is_of_platform(name: str) -> bool:
    """Whether the platform itself has such a file; where the source has none, none is missing."""
    return _PLATFORM_IMAGES.fullmatch(name) is not None or name.startswith(_PLATFORM_FOLDERS)


@dataclass(slots=True)  # A frozen one takes three times as long to make.
class Names:
    """
    What a component names: files, in order, each once; and ``addresses``, all that its attributes and embedded HTML
    give as one, of whatever form; prose is none. ``runs_python`` is true of a problem with a Python script, which may
    import from :data:`PYTHON_LIBRARY`.
    """

    references: list[Reference]
    addresses: list[str]
    runs_python: bool = False

    @property
    def has_any(self) -> bool:
        """Whether it names anything, as most components do not."""
        return bool(self.references or self.addresses or self.runs_python)


def names_in(element: etree._Element) -> Names:
    """What the element names; most name nothing, and are not looked into."""
    written = etree.tostring(element, encoding="unicode", with_tail=False)
    texts = list(_texts(element)) if holds_any(written, _HINTS) else []
    may_mention = holds_any(written, _MENTIONS) or ("#" in written and holds_any(written, _ESCAPES))
    mentioned = _mentioned(element) if may_mention else ()
    found: dict[str, Reference] = {}
    transcripts = _transcripts(element) if "<video" in written else ()
    for reference in (*_named(texts), *transcripts, *mentioned):
        found.setdefault(reference.names[0], reference)
    addresses = [text for text, kind in texts if kind != _PROSE]
    return Names(list(found.values()), addresses, _PYTHON in written and _runs_python(element))


def references(element: etree._Element) -> list[Reference]:
    """The files that the element's attributes and text refer to, in order, each once."""
    return names_in(element).references


def _runs_python(element: etree._Element) -> bool:
    return any(script.get("type") in _PYTHON_SCRIPT_TYPES for script in element.iter("script"))


def references_in_code(text: str) -> Iterator[Reference]:
    """What a script or a style sheet names by ``/static/``, in quotes or ``url(…)``."""
    yield from _needed(text, _CODE)


def parse_html(text: str) -> etree._Element | None:
    """HTML as a browser would read it; ``None`` for what holds no element."""
    # Entities stay in bounds: HTML declares none. A text without any element is no HTML.
    parser = etree.HTMLParser(no_network=True, huge_tree=True, encoding="utf-8")
    try:
        return etree.fromstring(text.encode("utf-8", errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def code_of(node: etree._Element) -> str:
    """The text of a ``script`` or ``style``, less its comments."""
    return without_comments(node.text or "") if node.tag in _CODE_TAGS else ""


def without_comments(code: str) -> str:
    """A script or style sheet less its comments: those between ``/*`` and ``*/``, and what follows ``//`` on a line."""
    return _SCRIPT_COMMENT.sub(" ", code)


# What needs a file: attributes, scripts, styles

_VALUE, _SOURCES, _CODE, _PROSE = "value", "sources", "code", "prose"


def _named(texts: Iterable[tuple[str, str]]) -> Iterator[Reference]:
    for text, kind in texts:
        if kind != _PROSE:
            yield from _needed(text, kind)


def _needed(text: str, kind: str) -> Iterator[Reference]:
    for written, before in _addresses(text, is_whole=kind == _VALUE):
        if before in _QUOTES or before == "(" or kind == _SOURCES or (before == "" and kind == _VALUE):
            yield Reference.to_address(written, is_needed=not _PLACEHOLDER.search(written))


def _texts(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Every text of the element and what it is, texts in texts taken apart."""
    for node in element.iter(etree.Element):
        for name, value in node.items():
            if _HINT.search(value):
                yield from _taken_apart(value.strip(), _kind_of(name))
        if (text := node.text) and _HINT.search(text):
            yield from _taken_apart(text, _CODE if node.tag in _CODE_TAGS else _PROSE)
        for child in node:
            if (tail := child.tail) and _HINT.search(tail):
                yield from _taken_apart(tail, _PROSE)


def _kind_of(attribute: str) -> str:
    if attribute in _SOURCE_SETS:
        return _SOURCES
    return _PROSE if attribute in _PROSE_ATTRIBUTES else _VALUE


def _taken_apart(text: str, kind: str, nesting: int = 0) -> Iterator[tuple[str, str]]:
    """The text itself, or where it is JSON or HTML, the texts in it."""
    if not _HINT.search(text):
        return
    if kind != _CODE and nesting < _MAX_NESTING:
        if (values := _json_texts(text)) is not None:
            for value, value_kind in values:
                yield from _taken_apart(value, value_kind, nesting + 1)
            return
        if "<" in text and (root := parse_html(text)) is not None:
            for node in root.iter(etree.Element):
                for name, value in node.attrib.items():
                    yield from _taken_apart(value, _kind_of(name), nesting + 1)
                if node.text and node.tag in _CODE_TAGS:
                    yield code_of(node), _CODE
            return
        if "&" in text and (unescaped := html.unescape(text)) != text:
            yield from _taken_apart(unescaped, kind, nesting + 1)
            return
    yield (without_comments(text) if kind == _CODE else text), kind


def _json_texts(text: str) -> list[tuple[str, str]] | None:
    """All texts in JSON, and what each is; ``None`` for what is no object or list."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        values: list[tuple[object, str]] = [(json.loads(text), _VALUE)]
    except (ValueError, RecursionError):
        return None
    texts = []
    while values:
        value, kind = values.pop()
        if isinstance(value, dict):
            inner = [(held, _PROSE if _PROSE_KEY.fullmatch(key) else _VALUE) for key, held in value.items()]
            values += reversed([*((key, _VALUE) for key in value), *inner])
        elif isinstance(value, list):
            values += reversed([(held, kind) for held in value])
        elif isinstance(value, str):
            texts.append((value, kind))
    return texts


# What mentions a file: all that looks like an address, wherever it stands


def _mentioned(element: etree._Element) -> Iterator[Reference]:
    for node in element.iter():
        texts = [*node.values(), node.text] if isinstance(node.tag, str) else []
        texts += [node.tail] if node is not element else []
        for text in texts:
            if text and (holds_any(text, _MENTIONS) or "&#" in text):
                # HTML inside CDATA, and JSON inside attributes, escape once more.
                for written, _before in _addresses(html.unescape(text), is_whole=True):
                    yield Reference.to_address(written, is_needed=False)


def _addresses(text: str, *, is_whole: bool) -> Iterator[tuple[str, str]]:
    """
    Every address of a static file in a text, less ``/static/``, query and fragment, and what stands before it.

    ``is_whole`` says that what begins the text may end with it, rather than where an address ends among other text.
    """
    text = text.replace("\\/", "/")
    start = text.find(STATIC)
    while start >= 0:
        begin = start + len(STATIC)
        before = text[start - 1] if start else ""
        if (before == "" or before in _OPENERS) and not text[begin : begin + 1].isspace():
            written = _written(_until_end(text, begin, before, is_whole))
            if written and not written.endswith("/") and not written.startswith("xblock/"):
                yield written, before
        start = text.find(STATIC, begin)


def _until_end(text: str, begin: int, before: str, is_whole: bool) -> str:
    """The address that begins there: all within its quotes, which may hold spaces, else up to where an address ends."""
    address = text[begin : begin + _MAX_ADDRESS_LENGTH]
    end = -1
    if before and before in _QUOTES:
        end = address.find(before)
    elif before == "" and is_whole and begin + len(address) == len(text):
        end = len(address)
    if end >= 0 and "\n" not in address[:end] and not _CANDIDATES.search(address, 0, end):
        return address[:end].rstrip("\\")
    return _UNQUOTED_END.split(address, maxsplit=1)[0]


def _written(url: str) -> str:
    written = re.split(r"[?#]", url, maxsplit=1)[0].strip()
    name = unquote(written)
    return "" if not name.strip() or "\\" in name or "\0" in name else written


# Transcripts, which are named by file or by ID and never by address


def _transcripts(element: etree._Element) -> Iterator[Reference]:
    for video in element.iter("video", "videoalpha"):
        files = transcript_files(video)
        yield from (Reference((name,)) for name in files.values())
        for number, video_id in enumerate(video_ids(video)):
            is_sub = number == 0 and bool((video.get("sub") or "").strip())
            yield Reference((subs_file(video_id),), is_needed=is_sub and "en" not in files)
