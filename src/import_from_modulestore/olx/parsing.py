"""
Parsing XML that may be broken or hostile.

Parsing never follows a DTD, an external entity or the network, and never expands an entity. libxml2's own bounds (depth
256, ten million characters a text node) stay on.
"""

from __future__ import annotations

import re
from threading import local

from django.utils.translation import gettext as _
from lxml import etree

MAX_XML_BYTES = 20_000_000
"""Size of the largest XML file that is parsed; the largest block of any course known to us is below 1 MB."""

MAX_STAGED_CHARACTERS = 500_000_000
"""Length of the longest text that is parsed: a whole section or legacy library, made of many files."""

MAX_COMPONENT_DEPTH = 200
"""Levels of XML within a component: staged OLX has to parse again, and libxml2 takes 256, containers included."""

MAX_TEXT_BYTES = 9_900_000
"""Size of the largest single text in XML; libxml2 takes 10 million bytes, markup included."""

_TOO_LARGE = ("XML_PARSE_HUGE", "huge text node", "Excessive depth")
"""How libxml2, in one version or another, says that its bounds were met."""

_TOO_DEEP = etree.XPath("/".join("*" * MAX_COMPONENT_DEPTH))
_SPLIT = "split"

_END_OF_CDATA = re.compile("(?<=]])(?=>)")

_BEGINS_PLAINLY = re.compile(rb"\s*<[A-Za-z]").match
"""Whether a document begins with its element: then it is UTF-8, whatever the encodings that libxml2 knows."""

_own = local()
"""Parsers of a thread."""

_UNDECLARED_ENTITIES = (etree.ErrorTypes.ERR_UNDECLARED_ENTITY, etree.ErrorTypes.WAR_UNDECLARED_ENTITY)


class UnreadableXML(ValueError):
    """
    The text is not XML that can be used; the message says why, in words for a course author.

    ``line`` counts from 1; it is ``None`` where no one line is at fault.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def parse_xml(data: bytes | str) -> etree._Element:
    """
    Parse one XML document and return its root element, CDATA sections kept.

    Bytes are a file: they may carry a byte-order mark or declare an encoding; undeclared ones are UTF-8. A ``str`` is a
    text of our own making, staged OLX above all, and may be longer; an encoding that it declares means nothing.

    Raises :class:`UnreadableXML` for what is not well-formed, declares or uses entities, or is too large.
    """
    if isinstance(data, str):
        if len(data) > MAX_STAGED_CHARACTERS:
            raise UnreadableXML(
                _("it is longer than {max_staged_characters} million characters").format(
                    max_staged_characters=MAX_STAGED_CHARACTERS // 1000000
                )
            )
        encoded, encoding = data.encode("utf-8", errors="surrogatepass"), "utf-8"
    else:
        if len(data) > MAX_XML_BYTES:
            raise UnreadableXML(
                _("it is larger than {max_xml_bytes} MB").format(max_xml_bytes=MAX_XML_BYTES // 1000000)
            )
        encoded, encoding = data, None
    parser = _parser(encoding)
    try:
        root = etree.fromstring(encoded, parser=parser)
    except etree.XMLSyntaxError as error:
        if any(mark in (error.msg or "") for mark in _TOO_LARGE):
            raise UnreadableXML(_("it holds a text of more than 10 MB, or is more than 256 levels deep")) from None
        raise UnreadableXML(
            _("it is not well-formed XML: {empty}").format(empty=error.msg or "it is empty"), error.lineno
        ) from None
    except ValueError as error:
        raise UnreadableXML(_("it is not well-formed XML: {error}").format(error=error)) from None
    if root is None:
        raise UnreadableXML("it is empty")
    if not is_plain(encoded):
        _refuse_entities(root, parser)
    return root


def is_plain(data: bytes) -> bool:
    """
    Whether a well-formed document says everything as it stands there: it has neither references nor a DTD, and no other
    encoding than UTF-8 (https://www.w3.org/TR/xml/#sec-guessing).
    """
    return b"&" not in data and b"<!DOCTYPE" not in data and _BEGINS_PLAINLY(data) is not None


def _parser(encoding: str | None) -> etree.XMLParser:
    """The parser of this thread: it keeps the errors of what it parsed last, and to make one takes as long as that."""
    parser: etree.XMLParser | None = getattr(_own, f"as_{encoding}", None)
    if parser is None:
        parser = etree.XMLParser(
            encoding=encoding,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            huge_tree=False,
            strip_cdata=False,
        )
        setattr(_own, f"as_{encoding}", parser)
    return parser


def _refuse_entities(root: etree._Element, parser: etree.XMLParser) -> None:
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise UnreadableXML(_("it declares XML entities, which are never expanded"))
    entity = next(root.iter(etree.Entity), None)
    if entity is not None:
        raise UnreadableXML(
            _("it uses the XML entity {text}, which is never expanded").format(text=entity.text), entity.sourceline
        )
    # In attributes, entities of an external DTD vanish without leaving a node.
    undeclared = next((entry for entry in parser.error_log if entry.type in _UNDECLARED_ENTITIES), None)
    if undeclared is not None:
        raise UnreadableXML(
            _("it uses an XML entity, which is never expanded: {message}").format(message=undeclared.message),
            undeclared.line,
        )


def set_cdata(element: etree._Element, text: str) -> None:
    """
    Make this text all that is in the element, as CDATA: where it holds the end of CDATA, in several sections.

    Lines end as they do when it is parsed (https://www.w3.org/TR/xml/#sec-line-ends): CDATA cannot hold others.
    """
    for child in list(element):
        element.remove(child)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first, *rest = _END_OF_CDATA.split(text) if "]]>" in text else (text,)
    element.text = etree.CDATA(first) if first else None
    for section in rest:
        etree.SubElement(element, _SPLIT).tail = etree.CDATA(section)
    if rest:
        etree.strip_elements(element, _SPLIT, with_tail=False)


def is_too_deep(component: etree._Element) -> bool:
    """Whether the component has more than :data:`MAX_COMPONENT_DEPTH` levels."""
    return bool(_TOO_DEEP(component))


def child_elements(element: etree._Element) -> list[etree._Element]:
    """The element's child elements, without comments and processing instructions."""
    return [child for child in element if isinstance(child.tag, str)] if len(element) else []
