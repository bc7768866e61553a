"""
Markup in lines that can be put together again: HTML of a text, and what is inside the XML of other components.

They break where :func:`..olx.readable.readable_lines` breaks them for people, and at the ends of blocks as well.
Nothing is lost: the texts of all lines, one after the other, are the markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ..olx.readable import BLOCK_TAGS
from .lines import Line

_VERBATIM = "script|style|pre|textarea|answer"
"""Elements in which white space counts; ``answer`` is where old problems have their Python."""

# Whatever is not closed goes on to the end, as browsers read it. No part of this looks at a character twice.
_TOKEN = re.compile(
    rf"""
      (?P<comment> <!--(?:(?!-->).)*+(?:-->|\Z))
    | (?P<kept> <!\[CDATA\[(?:(?!\]\]>).)*+(?:\]\]>|\Z) | <\?(?:(?!\?>).)*+(?:\?>|\Z)
        | <(?P<verbatim>{_VERBATIM})\b[^<>]*+(?<!/)>(?:(?!</(?P=verbatim)\b).)*+(?:</(?P=verbatim)[^<>]*+>|\Z))
    | (?P<tag> <(?P<end>/?)(?P<name>[a-z][\w:.-]*+)(?P<attributes>(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+)>)
    | (?P<text> [^<\n]*+\n | [^<\n]++ | <)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""\s*([^\s=/"'<>]+)\s*=\s*("[^"]*"|'[^']*')""")
_HTML_BLOCK = re.compile(BLOCK_TAGS, re.IGNORECASE)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_UNCLOSED = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "colgroup"])
"""Elements that HTML closes by itself."""


def html_lines(text: str) -> list[Line]:
    """The lines of HTML: its comments are part of the text, and elements within a line do not break it."""
    return _Splitter(is_html=True).split(text)


def xml_lines(text: str) -> list[Line]:
    """The lines of XML: each element begins one, and comments say nothing."""
    return _Splitter(is_html=False).split(text)


def is_balanced(text: str) -> bool:
    """Whether every element of HTML is closed where it should be; those that close themselves do not count."""
    open_tags: list[str] = []
    for token in _TOKEN.finditer(text):
        name = (token["name"] or "").lower()
        if not name or name in _VOID or name in _UNCLOSED or token["attributes"].endswith("/"):
            continue
        if not token["end"]:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            return False
    return not open_tags


@dataclass
class _Draft:
    """A line that is being put together; an ``exact`` one is of those in which white space counts."""

    begun_by: str = ""
    exact: bool = False
    keys: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    says_something: bool = False

    def add(self, key: str, text: str) -> None:
        self.keys.append(key)
        self.texts.append(text)
        self.says_something = self.says_something or self.exact or bool(key and not key.isspace())

    @property
    def line(self) -> Line:
        key = "".join(self.keys)
        return Line(key if self.exact else _AROUND_TEXT.sub("", _plain(key)), "".join(self.texts))


class _Splitter:
    def __init__(self, *, is_html: bool) -> None:
        self._is_html = is_html
        self._drafts: list[_Draft] = [_Draft()]

    def split(self, text: str) -> list[Line]:
        for token in _TOKEN.finditer(text):
            self._take(token)
        *lines, last = [draft.line for draft in self._drafts]
        if self._drafts[-1].says_something or not lines:
            return [*lines, last] if last.text else lines
        lines[-1] = replace(lines[-1], text=lines[-1].text + last.text)
        return lines

    def _take(self, token: re.Match[str]) -> None:
        if token["comment"] and not self._is_html:
            self._drafts[-1].add("", token[0])
        elif token["kept"]:
            for line in token[0].splitlines(keepends=True):
                self._begin(exact=True)
                self._drafts[-1].add(line, line)
            self._begin()
        elif token["tag"] and (not self._is_html or _HTML_BLOCK.fullmatch(token["name"])):
            self._take_tag(token, token["name"].lower())
        elif token["tag"]:
            self._drafts[-1].add(_tag_key(token), token[0])
        else:
            self._drafts[-1].add(token[0], token[0])
            if token[0].endswith("\n") and self._drafts[-1].says_something:
                self._begin()

    def _take_tag(self, token: re.Match[str], name: str) -> None:
        closes_itself = token["attributes"].endswith("/")
        if not (token["end"] and self._drafts[-1].begun_by == name):
            self._begin("" if token["end"] or closes_itself else name)
        self._drafts[-1].add(_tag_key(token), token[0])
        if token["end"] or (closes_itself and not self._is_html):
            self._begin()

    def _begin(self, begun_by: str = "", *, exact: bool = False) -> None:
        """Begin a line, unless the last one does not say anything yet: then it is this one."""
        if self._drafts[-1].says_something:
            self._drafts.append(_Draft())
        self._drafts[-1].begun_by, self._drafts[-1].exact = begun_by, exact
        self._drafts[-1].keys.clear()


def _plain(text: str) -> str:
    return " ".join(text.split())


_AROUND_TEXT = re.compile(r"(?<=>) | (?=<)")
"""White space at the ends of what elements hold, once it is plain."""


def _tag_key(token: re.Match[str]) -> str:
    """A tag in which the order of attributes, and how they are quoted, says nothing."""
    attributes = token["attributes"].removesuffix("/")
    found = [(name, value[1:-1]) for name, value in _ATTRIBUTE.findall(attributes)]
    rest = _plain(_ATTRIBUTE.sub("", attributes))
    return f"<{token['end']}{token['name']} {sorted(found)} {rest}>"
