"""Text and XML in whatever encoding an export holds them."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from ..olx.blocks import ASIDE, drop_asides
from ..olx.parsing import UnreadableXML, is_plain, parse_xml

_ASIDE = ASIDE.encode()
_DECLARED_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)""")


class Text(NamedTuple):
    """A decoded text; ``guessed`` names its encoding where that is not what it should be."""

    text: str
    guessed: str = ""


class Xml(NamedTuple):
    """A parsed document; ``guessed`` as in :class:`Text`."""

    element: etree._Element
    guessed: str = ""


def decode(data: bytes) -> Text:
    """The text, read as UTF-8 where it can be, else as UTF-16 or Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Text(data.decode("utf-16", errors="replace"), "UTF-16")
    try:
        return Text(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Text(data.decode("cp1252", errors="replace"), "Windows-1252")


def read_xml(data: bytes) -> Xml:
    """
    Parse a file, in a guessed encoding where it is not in its own, and without asides, which are no blocks.

    Raises :class:`UnreadableXML`.
    """
    found = _read_xml(data)
    if _ASIDE in data or not is_plain(data):
        drop_asides(found.element)
    return found


def _read_xml(data: bytes) -> Xml:
    try:
        return Xml(parse_xml(data))
    except UnreadableXML:
        text, guessed = decode(data)
        declared = _DECLARED_ENCODING.match(data)
        if not guessed or (declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii")):
            raise
        try:
            return Xml(parse_xml(text), guessed)
        except UnreadableXML:
            pass
        raise
