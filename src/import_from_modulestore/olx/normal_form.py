"""
The form in which OLX is stored in a library, and the form in which two pieces of OLX are compared.

The stored form is the source's own text less what only a course needs. The compared form also leaves formatting aside,
so that a block counts as unchanged whether Studio or an export wrote it.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterable

from lxml import etree
from openedx_django_lib.fields import create_hash_digest

from ..texts import holds_any
from .blocks import default_title
from .course_bound import drop_course_only_attributes, is_course_only
from .parsing import parse_xml

_XBLOCK_FAMILY = "xblock-family"
"""Says by which of two kinds of serializer a block was written, which may change with the platform's version."""

_NOT_PLAIN = ("xmlns", "xml:", "<?")
"""One of these is in every text with namespaces or processing instructions."""

_BLANK = re.compile(r">(?:\s|&#xD;)+<")
"""White space between elements, in canonical XML."""

_HTML_ATTRIBUTES = frozenset(("display_name", "editor", "use_latex_compiler"))
"""What Studio stages of a text block besides its text; an export has whatever was set."""


def is_left_aside(tag: str, name: str, value: str) -> bool:
    """Whether a component says nothing by this attribute: it tells of the course, or of who wrote the OLX."""
    return (
        is_course_only(name)
        or name == _XBLOCK_FAMILY
        or (name == "display_name" and value == default_title(tag))  # Studio writes it out for texts, exports do not.
        or (tag == "html" and name not in _HTML_ATTRIBUTES)
    )


def component_olx(element: etree._Element) -> str:
    """The text of ``block.xml`` for a component."""
    return etree.tostring(_stored(element), encoding="unicode")


def text_digest(text: str) -> str:
    """Hash of a text as the library hashes it (``Media.hash_digest``)."""
    return create_hash_digest(text.encode("utf-8"))


def normal_digest(olx: str | etree._Element, *, with_attributes: bool = True) -> str:
    """
    Hash of a component's OLX that does not depend on who wrote it: Studio, an export, or a library.

    Attribute order, quoting, CDATA, comments and white space between elements are left aside, and what only a course
    has use for. Without attributes, it is that of what is inside.

    Raises :class:`.parsing.UnreadableXML` for text that does not parse.
    """
    if isinstance(olx, str):
        return _normal_digest(parse_xml(olx), olx, with_attributes)
    return _normal_digest(copy.copy(olx), etree.tostring(olx, encoding="unicode"), with_attributes)


def olx_and_digest(element: etree._Element) -> tuple[str, str]:
    """:func:`component_olx` and :func:`normal_digest` of a component, from one copy of it."""
    element = _stored(element)
    olx = etree.tostring(element, encoding="unicode")
    return olx, _normal_digest(element, olx)


def _stored(element: etree._Element) -> etree._Element:
    element = copy.copy(element)  # With all that is in it: lxml has no other copies.
    element.tail = None
    drop_course_only_attributes(element)
    return element


def _normal_digest(element: etree._Element, olx: str, with_attributes: bool = True) -> str:
    """Brings an element that nobody else has, and that this is the text of, into its normal form."""
    element.tail = None
    tag = element.tag
    for name, value in element.items():
        if not with_attributes or is_left_aside(tag, name, value):
            del element.attrib[name]
    is_plain = not holds_any(olx, _NOT_PLAIN)
    return hashlib.blake2b(_canonical(element) if is_plain else _canonical_2(element), digest_size=20).hexdigest()


def _canonical(element: etree._Element) -> bytes:
    """
    :func:`_canonical_2` of an element with neither namespaces nor processing instructions.

    There, version 1.0 gives the same, which libxml2 writes ten times as fast as lxml the other; and each ``>`` ends a
    tag that white space and a ``<`` follow: in texts it is ``&gt;``, and there is no ``<`` in attributes.
    """
    text = etree.tostring(element, method="c14n", with_comments=False).decode()
    return _BLANK.sub("><", text).encode()


def _canonical_2(element: etree._Element) -> bytes:
    """Canonical XML 2.0 (https://www.w3.org/TR/xml-c14n2/), without comments and white space between elements."""
    etree.strip_elements(element, etree.Comment, with_tail=False)
    for node in element.iter():
        if node.text is not None and not node.text.strip():
            node.text = None
        if node.tail is not None and not node.tail.strip():
            node.tail = None
    canonical: bytes = etree.tostring(element, method="c14n2", with_comments=False)
    return canonical


def component_digest(normal_olx_digest: str, title: str, files: Iterable[tuple[str, str]]) -> str:
    """Hash of all that makes up a component: its OLX, its title, and its files as pairs of name and content hash."""
    return _digest_of(normal_olx_digest, title, *(f"{name}\0{digest}" for name, digest in sorted(files)))


def container_digest(title: str, children: Iterable[str]) -> str:
    """Hash of all that makes up a container: its title, and its children's keys in order."""
    return _digest_of(title, *children)


def _digest_of(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode("utf-8"), digest_size=20).hexdigest()
