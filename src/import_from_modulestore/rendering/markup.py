"""
What authors wrote, written down again: text and its layout as they are, everything else as words that do nothing.

Nothing of theirs is copied as a string: each element is looked at, and what is not known to be harmless text is either
said in words (a link, an embedded page, a field) or left out (a script). Classes are ours alone, so that nobody's text
can pass itself off as a mark of a reviewer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import ClassVar

from django.utils.translation import gettext as _
from lxml import etree

from ..olx.files.addresses import STATIC
from ..olx.files.references import parse_html
from ..quoting import shortened
from ..texts import xml_text
from .files import Files, NamedFile, find_address
from .sanitizing import TEXT_ATTRIBUTES, TEXT_TAGS, as_browsers_read, safe_style

MAX_DEPTH = 150
"""Levels of elements that are written as such; what is deeper is text."""

MAX_CHARACTERS = 1_000_000
"""Characters of one text that are shown, some five times the longest of real courses."""

_TOO_DEEP = etree.XPath("boolean(/" + "/".join("*" * 1_000) + ")")
_VOID = frozenset(("br", "hr", "wbr", "col", "img"))
_NOT_SHOWN = frozenset((
    "script", "style", "template", "title", "link", "meta", "base", "noscript", "noembed", "noframes", "param",
    "source", "track", "head", "area", "map", "basefont", "bgsound", "frame", "frameset", "datalist",
))  # fmt: skip
_FOLLOWED = frozenset(("embed", "wbr", "source", "track", "bgsound", "image"))
"""Elements that hold nothing, and that libxml2, which knows HTML 4, takes what follows for what is in them."""

_INSIDE = {"li": ("ul", "ol"), "dt": ("dl",), "dd": ("dl",)}
"""Where elements stand that would close another of their kind."""

_WRITTEN_AS = {"ins": "u", "del": "s", "main": "div"}
"""What has a meaning of its own here."""

_HIDDEN_INPUTS = frozenset(("hidden",))
_BUTTON_INPUTS = frozenset(("submit", "button", "reset", "image"))

type Handler = Callable[[Markup, etree._Element], str]


def tag(name: str, content: str = "", css: str = "", **attributes: str | None) -> str:
    """
    An element; ``content`` is markup already, attributes are not.

    >>> tag("p", "a", "note", title="<b>")
    '<p class="note" title="&lt;b&gt;">a</p>'
    """
    given = {"class": css or None, **attributes}
    written = "".join(f' {key}="{escape(xml_text(value))}"' for key, value in given.items() if value is not None)
    return f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{content}</{name}>"


def words(text: str) -> str:
    """Text as markup."""
    return escape(xml_text(text), quote=False)


def theirs(markup: str) -> str:
    """What authors wrote, in whatever language and direction that is."""
    return tag("div", markup, "theirs", dir="auto", lang="") if markup.strip() else ""


def address(text: str) -> str:
    """An address, to read."""
    return tag("span", words(shortened(text.strip())), "address", dir="ltr")


def inner_text(element: etree._Element) -> str:
    """The text inside an element, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def terms(rows: Iterable[tuple[str, str]], css: str) -> str:
    """Names, each with its markup; without those that are empty."""
    written = [tag("dt", words(name)) + tag("dd", value) for name, value in rows if value]
    return tag("dl", "".join(written), css) if written else ""


class Markup:
    """
    Writes elements of one block as HTML.

    ``handlers`` write elements of other tags, or in another way; each gets the writer, and may ask it for what is
    inside.
    """

    handlers: ClassVar[dict[str, Handler]] = {}

    def __init__(self, files: Files, handlers: Mapping[str, Handler] | None = None) -> None:
        self.files = files
        self._handlers = self.handlers if handlers is None else handlers
        self._depth = 0
        self._open: list[str] = []
        """Tags of authors that are open."""

    def html(self, text: str) -> str:
        """A text of HTML."""
        shown = text[:MAX_CHARACTERS]
        root = parse_html(as_browsers_read(shown))
        found = words(shown) if root is None or _is_cut_short(root) else self.element(root)
        if len(text) > len(shown):
            left = _("{count:,} more characters are not shown.").format(count=len(text) - len(shown))
            found += tag("p", words(left), "aside")
        return found

    def inside(self, element: etree._Element) -> str:
        """What is inside an element."""
        parts = [words(element.text or "")]
        for child in element:
            parts += (self.element(child), words(child.tail or ""))
        return "".join(parts)

    def element(self, element: etree._Element) -> str:
        """An element, without the text after it."""
        name = element.tag.lower() if isinstance(element.tag, str) else ""
        if not name:
            return ""
        if self._depth >= MAX_DEPTH:
            return words(inner_text(element))
        self._depth += 1
        try:
            written = "" if name in _NOT_SHOWN else self._written(name, element)
            return written + self.inside(element) if name in _FOLLOWED else written
        finally:
            self._depth -= 1

    def _written(self, name: str, element: etree._Element) -> str:
        handler = self._handlers.get(name) or _HANDLERS.get(name)
        if handler is not None:
            return handler(self, element)
        if name not in TEXT_TAGS:
            return self.inside(element)
        return self._text(_WRITTEN_AS.get(name, name), element)

    def _text(self, name: str, element: etree._Element) -> str:
        if name in _INSIDE and (not self._open or self._open[-1] not in _INSIDE[name]):
            name = "div"  # A browser would close what it stands in, up to an element of ours.
        self._open.append(name)
        try:
            inside = "" if name in _VOID else self.inside(element)
            return tag(name, inside, **text_attributes(element))
        finally:
            self._open.pop()

    def image(self, source: str, alt: str, **attributes: str) -> str:
        """An image: of the block's own files, else what it would be."""
        if (file := find_address(self.files, source)) is not None:
            return tag("img", src=file.token, alt=alt, **attributes)
        return self.elsewhere(source, _("Image that is missing:"), _("Image from elsewhere, not loaded:"), alt)

    def elsewhere(self, source: str, missing: str, foreign: str, description: str = "") -> str:
        """What is said in place of something that is not loaded."""
        source = source.strip()
        said = missing if source.startswith(STATIC) else foreign
        shown = address(source.partition(",")[0] if source.lower().startswith("data:") else source)
        text = " ".join(description.split())
        return tag("span", f"{words(said)} {shown}{f' ({words(shortened(text))})' if text else ''}", "away")

    def media(self, name: str, sources: Iterable[str], poster: str = "") -> str:
        """A player for the first of the sources that is one of the block's own files; of all others, where they are."""
        sources = [source for source in sources if source.strip()]
        own = next((file for source in sources if (file := find_address(self.files, source)) is not None), None)
        if own is not None:
            image = find_address(self.files, poster) if name == "video" else None
            return tag(name, src=own.token, poster=_token(image), controls="")
        said = _("Video from elsewhere, not loaded:") if name == "video" else _("Sound from elsewhere, not loaded:")
        return "".join(tag("p", self.elsewhere(source, _("File that is missing:"), said)) for source in sources)


def text_attributes(element: etree._Element) -> dict[str, str]:
    """The attributes of a piece of text that may stay."""
    found = {name.lower(): value for name, value in element.items() if name.lower() in TEXT_ATTRIBUTES}
    if "style" in found:
        found["style"] = safe_style(found["style"])
    return {name: value for name, value in found.items() if value or name in ("alt", "open", "reversed", "lang")}


def _is_cut_short(root: etree._Element) -> bool:
    """Whether libxml2 may have met its bound (2,048 levels), and left out what is deeper."""
    return bool(_TOO_DEEP(root))


def field(text: str = "", css: str = "field") -> str:
    """A place for something that a learner would enter."""
    return tag("span", words(text.strip()) or "&nbsp;", css)


def _token(file: NamedFile | None) -> str | None:
    return file.token if file is not None else None


def _link(markup: Markup, element: etree._Element) -> str:
    target = (element.get("href") or "").strip()
    inside = markup.inside(element)
    if not target or target.startswith("#"):
        return inside
    text = "".join(element.itertext()).strip()
    shown = target.removeprefix(STATIC)
    return tag("span", inside, "link") + ("" if text in (target, shown) else f" {address(shown)}")


def _image(markup: Markup, element: etree._Element) -> str:
    attributes = text_attributes(element)
    return markup.image(element.get("src") or "", attributes.pop("alt", ""), **attributes)


def _page(markup: Markup, element: etree._Element) -> str:
    source = next((value for name in ("src", "data", "code", "href") if (value := element.get(name))), "")
    said = markup.elsewhere(source, _("Page that is missing:"), _("Embedded page, not loaded:"))
    own = find_address(markup.files, source)
    if own is not None:
        said = tag("span", f"{words(_('Embedded file, not run:'))} {address(own.name)}", "away")
    return tag("p", said)


def _player(markup: Markup, element: etree._Element) -> str:
    sources = [element.get("src") or "", *(source.get("src") or "" for source in element.iter("source"))]
    return markup.media(element.tag.lower(), sources, element.get("poster") or "")


def _drawing(markup: Markup, element: etree._Element) -> str:
    text = inner_text(element)
    return tag("span", f"{words(_('Drawing, not shown:'))} {words(shortened(text))}", "away")


def _formula(markup: Markup, element: etree._Element) -> str:
    return tag("code", words(inner_text(element)), "formula")


def _input(markup: Markup, element: etree._Element) -> str:
    kind = (element.get("type") or "text").strip().lower()
    value = element.get("value") or element.get("placeholder") or ""
    if kind in _HIDDEN_INPUTS:
        return ""
    if kind in ("checkbox", "radio"):
        return words("☐ " if kind == "checkbox" else "○ ")
    return field(value or element.get("alt") or "", "button" if kind in _BUTTON_INPUTS else "field")


def _button(markup: Markup, element: etree._Element) -> str:
    return tag("span", markup.inside(element), "button")


def _textarea(markup: Markup, element: etree._Element) -> str:
    return field("".join(element.itertext()))


def _select(markup: Markup, element: etree._Element) -> str:
    options = [inner_text(option) for option in element.iter("option")]
    return field(" / ".join(options))


def _centered(markup: Markup, element: etree._Element) -> str:
    return tag("div", markup.inside(element), style="text-align: center")


def _preformatted(markup: Markup, element: etree._Element) -> str:
    return tag("pre", words("".join(element.itertext())))


_HANDLERS: dict[str, Handler] = {
    "a": _link,
    "img": _image,
    "image": _image,
    **dict.fromkeys(("iframe", "object", "embed", "applet"), _page),
    **dict.fromkeys(("video", "audio"), _player),
    "svg": _drawing,
    "canvas": _drawing,
    "math": _formula,
    "input": _input,
    "button": _button,
    "textarea": _textarea,
    "select": _select,
    "center": _centered,
    **dict.fromkeys(("xmp", "listing", "plaintext"), _preformatted),
}
