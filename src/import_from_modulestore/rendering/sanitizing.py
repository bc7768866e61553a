"""
What a rendering may hold, enforced: whatever was made of a block passes here before it reaches anybody.

nh3 (ammonia, on the HTML parser of Servo) does it, as in the platform since 2025. It is the second wall: :mod:`.markup`
writes nothing else to begin with, and a browser shows the page in a sandbox, under a policy that lets nothing in.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import nh3

TEXT_TAGS = frozenset((
    "abbr", "article", "aside", "b", "bdi", "bdo", "blockquote", "br", "caption", "center", "cite", "code", "col",
    "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "i", "ins", "kbd", "li", "main", "mark", "nav", "ol", "p",
    "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "summary",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
))  # fmt: skip
"""HTML that is text and its layout, and is written as it stands."""

_TAGS = TEXT_TAGS | {"img", "video", "audio"}

TEXT_ATTRIBUTES = frozenset((
    "align", "alt", "colspan", "datetime", "dir", "height", "lang", "open", "reversed", "rowspan", "scope", "span",
    "start", "style", "title", "valign", "value", "width",
))  # fmt: skip
"""Attributes of authors that are kept wherever they stand."""

_READ_TAGS = TEXT_TAGS | {
    "a", "applet", "audio", "button", "canvas", "embed", "form", "iframe", "img", "input", "listing", "math", "object",
    "option", "plaintext", "select", "source", "svg", "textarea", "video", "xmp",
}  # fmt: skip
_READ_ATTRIBUTES = {"*": set(TEXT_ATTRIBUTES) | {"code", "data", "href", "placeholder", "poster", "src", "type"}}
_NO_TEXT = frozenset(("noembed", "noframes", "noscript", "script", "style", "template", "title"))
_MOST_TAGS = 10_000
"""Tags of a text up to which it is read as a browser does, a third of a second's work at worst: it is quadratic."""

_OWN_ATTRIBUTES = frozenset(("class", "controls"))
_FILE_ATTRIBUTES = frozenset(("src", "poster"))
_ATTRIBUTES = {
    "*": set(TEXT_ATTRIBUTES | _OWN_ATTRIBUTES),
    "img": {"src"},
    "video": {"src", "poster"},
    "audio": {"src"},
}

_DROPPED = _NO_TEXT | {"iframe", "object", "embed", "svg", "math"}
"""Tags whose content is no text."""

_STYLES = re.compile(
    r"(background-|border(-(top|right|bottom|left))?-|text-decoration-)?color|(background|font-(family|size|style|weight)|"
    r"text-(align|decoration|indent|transform)|vertical-align|white-space|line-height|letter-spacing|list-style-type|"
    r"direction|float|clear|(min-|max-)?(width|height)|(margin|padding)(-(top|right|bottom|left))?|"
    r"border(-(top|right|bottom|left))?(-(style|width|radius|collapse|spacing))?)"
)
"""Properties that change how a text looks, and cannot take it out of its place."""

_STYLE_VALUE = re.compile(r"([\w\s.,#%!/'\"+-]|\b(rgba?|hsla?)\([\d\s.,%/a-z]*\))*", re.ASCII | re.IGNORECASE)
"""Without addresses, expressions or escapes."""


def sanitized(html: str, address_of: Callable[[str], str | None]) -> str:
    """
    The HTML without what may not be in it, and with the addresses of files for the tokens that stand for them.

    What ``address_of`` gives no address for is not loaded.
    """
    addresses: dict[str, str | None] = {}
    failed: list[Exception] = []

    def checked(tag: str, attribute: str, value: str) -> str | None:
        if attribute not in _FILE_ATTRIBUTES:
            return safe_style(value) or None if attribute == "style" else value
        if value not in addresses:
            try:
                addresses[value] = address_of(value)
            except Exception as error:
                failed.append(error)
                return None
        return addresses[value]

    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=checked,
        link_rel=None,
        url_schemes=set(),
    )
    if failed:
        raise failed[0]
    return clean


def as_browsers_read(html: str) -> str:
    """
    HTML with the elements that a browser finds in it, all of them closed; for what is read next, and not safe.

    libxml2 reads HTML 4: it leaves out what comes after ``</html>``, say, which browsers show. What has very many tags
    stays as it is.
    """
    if html.count("<") > _MOST_TAGS:
        return html
    return nh3.clean(
        html,
        tags=set(_READ_TAGS),
        clean_content_tags=set(_NO_TEXT),
        attributes=_READ_ATTRIBUTES,
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel", "data", "javascript", "blob", "ftp"},
    )


def safe_style(style: str) -> str:
    """
    The declarations that only change how a text looks.

    >>> safe_style("color: red; position: fixed; background: url(https://example.org/x)")
    'color: red'
    """
    kept = []
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        if colon and _STYLES.fullmatch(name.strip().lower()) and _STYLE_VALUE.fullmatch(value):
            kept.append(f"{name.strip().lower()}: {value.strip()}")
    return "; ".join(kept)
