"""What is rendered, read again; and what must never be in it."""

from __future__ import annotations

import re

from lxml import etree, html

from import_from_modulestore import rendering
from import_from_modulestore.olx.parsing import parse_xml

ADDRESS = "https://imports.example.org/files/"

TAGS = frozenset((
    "html", "head", "meta", "title", "style", "body", "main", "div", "p", "span", "b", "i", "u", "s", "h1", "h2",
    "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "pre", "code", "img", "video", "audio", "details",
    "summary", "ins", "del", "bdi", "bdo", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption",
    "colgroup", "col", "em", "strong", "sub", "sup", "br", "hr", "wbr", "blockquote", "section", "article", "aside",
    "header", "footer", "nav", "figure", "figcaption", "small", "mark", "kbd", "samp", "var", "q", "cite", "abbr",
    "dfn", "tt", "strike", "address", "center", "ruby", "rt", "rp", "time", "hgroup",
))  # fmt: skip
ATTRIBUTES = frozenset((
    "class", "lang", "dir", "charset", "name", "content", "style", "src", "alt", "poster", "controls", "width",
    "height", "title", "colspan", "rowspan", "scope", "start", "reversed", "value", "open", "align", "valign",
    "datetime", "span",
))  # fmt: skip


class StaticFiles:
    """The files of a block: names and contents."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("__", "."): data for name, data in files.items()}

    def find(self, name):
        return rendering.NamedFile(name, f"file-{sorted(self.files).index(name)}") if name in self.files else None

    def read(self, name):
        return self.files.get(name)

    def address(self, token):
        number = token.removeprefix("file-")
        names = dict(enumerate(sorted(self.files)))
        return ADDRESS + names[int(number)] if number.isdecimal() and int(number) in names else None


def body_of(olx: str, files: StaticFiles | None = None, title: str = "A title") -> str:
    """The rendering of a component, as the rooms of the app pass it on."""
    return rendering.render_component(parse_xml(olx), title, files or StaticFiles())


def page_of(olx: str, files: StaticFiles | None = None, title: str = "A title") -> etree._Element:
    """The document of a component, parsed; it is safe."""
    files = files or StaticFiles()
    return read(rendering.document(title, body_of(olx, files, title), files.address))


def read(document: str) -> etree._Element:
    """A document, parsed; it is safe."""
    page = html.document_fromstring(document)
    assert_safe(page)
    return page


def assert_safe(page: etree._Element) -> None:
    """Nothing runs, nothing is loaded but what was signed, nothing leads away, nothing asks for anything."""
    for element in page.iter():
        assert isinstance(element.tag, str), etree.tostring(element)
        assert element.tag in TAGS, etree.tostring(element)
        for name, value in element.items():
            assert name in ATTRIBUTES, (element.tag, name, value)
            if name in ("src", "poster"):
                assert value.startswith(ADDRESS), (element.tag, name, value)
            if name == "style":
                assert not re.search(r"url|expression|position|@|\\|/\*", value, re.IGNORECASE), value
    assert [meta.get("http-equiv") for meta in page.iter("meta")] == [None] * 4
    (style,) = page.iter("style")
    assert style.getparent().tag == "head"


def text_of(element: etree._Element) -> str:
    """What people read, on one line."""
    return " ".join(" ".join(element.xpath(".//text()[not(ancestor::style) and not(ancestor::title)]")).split())


def texts(page: etree._Element, css: str) -> list[str]:
    """What is in the elements of a class."""
    return [text_of(found) for found in page.xpath(f"//*[contains(concat(' ', @class, ' '), ' {css} ')]")]
