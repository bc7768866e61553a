"""
Parsing XML that may be broken or hostile.

Parsing never follows a DTD, an external entity or the network, and never expands an entity. libxml2's own bounds (depth
256, ten million characters a text node) stay on.
"""

from __future__ import annotations

from lxml import etree

MAX_XML_BYTES = 20_000_000
"""Size of the largest XML text that is parsed; the largest block of any course known to us is below 1 MB."""


class UnreadableXML(ValueError):
    """The text is not XML that can be used; the message says why, in words for a course author."""


def parse_xml(data: bytes | str) -> etree._Element:
    """
    Parse one XML document and return its root element, CDATA sections kept.

    Bytes may carry a byte-order mark or declare an encoding; undeclared bytes are UTF-8.

    Raises :class:`UnreadableXML` for what is not well-formed, declares or uses entities, or is too large.
    """
    if len(data) > MAX_XML_BYTES:
        raise UnreadableXML(f"it is larger than {MAX_XML_BYTES // 1_000_000} MB")
    if isinstance(data, str):
        data = data.encode("utf-8")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        strip_cdata=False,
    )
    try:
        root = etree.fromstring(data, parser=parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableXML(f"it is not well-formed XML: {error.msg or 'it is empty'}") from None
    except ValueError as error:
        raise UnreadableXML(f"it is not well-formed XML: {error}") from None
    if root is None:
        raise UnreadableXML("it is empty")
    _refuse_entities(root)
    return root


def _refuse_entities(root: etree._Element) -> None:
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise UnreadableXML("it declares XML entities, which are never expanded")
    entity = next(root.iter(etree.Entity), None)
    if entity is not None:
        raise UnreadableXML(f"it uses the XML entity {entity.text}, which is never expanded")


def child_elements(element: etree._Element) -> list[etree._Element]:
    """The element's child elements, without comments and processing instructions."""
    return [child for child in element if isinstance(child.tag, str)]
