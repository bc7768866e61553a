"""Parsing: bounded, without entities, and with a reason that an author understands."""

import pytest
from lxml import etree

from import_from_modulestore.olx import parsing
from import_from_modulestore.olx.parsing import UnreadableXML, child_elements, parse_xml, set_cdata


def reason_of(data: bytes | str) -> str:
    with pytest.raises(UnreadableXML) as caught:
        parse_xml(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not well-formed"),
        (b"  ", "not well-formed"),
        (b"text", "not well-formed"),
        (b"<a>", "not well-formed"),
        (b"<a/><b/>", "not well-formed"),
        (b"<a b='1' b='2'/>", "not well-formed"),
        (b"<x:a/>", "not well-formed"),
        (b"<a>\x00</a>", "not well-formed"),
        (b"<a>\xff</a>", "not well-formed"),
        ("<a>\ud800</a>", "not well-formed"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "not well-formed"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a/>', "declares XML entities"),
        (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>', "declares XML entities"),
        (b'<!DOCTYPE a SYSTEM "x"><a>&e;</a>', "uses the XML entity &e;"),
        (b'<!DOCTYPE a SYSTEM "x"><a b="&e;"/>', "uses an XML entity"),
        (b'<a/><!DOCTYPE a [<!ENTITY e "x">]>', "not well-formed"),
        ('<!DOCTYPE a SYSTEM "x"><a>&e;</a>'.encode("utf-16"), "uses the XML entity &e;"),
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><a/>'.encode("utf-16-be"), "declares XML entities"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a SYSTEM "x"+AD4-<a>+ACY-e;</a>', "XML entity"),
        (b"<a>" * 258 + b"</a>" * 258, "more than 256 levels deep"),
        (b"<a>" + b"x" * 10_000_001 + b"</a>", "a text of more than 10 MB"),
    ],
)
def test_refused(data, reason):
    assert reason in reason_of(data)


def test_the_size_of_a_file_is_bounded(monkeypatch):
    monkeypatch.setattr(parsing, "MAX_XML_BYTES", 1_000_000)
    assert reason_of(b"<a/>".ljust(1_000_001)) == "it is larger than 1 MB"


def test_what_was_staged_may_be_larger_than_a_file(monkeypatch):
    monkeypatch.setattr(parsing, "MAX_XML_BYTES", 10)
    assert len(parse_xml(f"<a>{'<b/>' * 100}</a>")) == 100


def test_it_has_its_bound_too(monkeypatch):
    monkeypatch.setattr(parsing, "MAX_STAGED_CHARACTERS", 1_000_000)
    assert reason_of("<a/>".ljust(1_000_001)) == "it is longer than 1 million characters"


@pytest.mark.parametrize(
    "data",
    [
        "<a>é</a>".encode(),
        "<a>é</a>".encode("utf-8-sig"),
        "<a>é</a>".encode("utf-16"),
        '<?xml version="1.0" encoding="windows-1252"?><a>é</a>'.encode("cp1252"),
        "<a>é</a>",
        "\ufeff<a>é</a>",
        '<?xml version="1.0" encoding="windows-1252"?><a>é</a>',
    ],
)
def test_encodings(data):
    assert parse_xml(data).text == "é"


def test_children_are_elements_alone():
    assert [child.tag for child in child_elements(parse_xml("<a>x<!-- c --><b/><?p i?><c/></a>"))] == ["b", "c"]


@pytest.mark.parametrize("text", ["", "a\r\nb\rc\n", "]]>", "a]]>b]]>", "]]", ">", "<b>&amp;</b>"])
def test_a_text_is_what_is_read_again(text):
    element = etree.fromstring("<a><b/>c</a>")
    set_cdata(element, text)
    again = parse_xml(etree.tostring(element, encoding="unicode"))
    assert (again.text, len(again)) == (element.text, 0)
    assert again.text in (text.replace("\r\n", "\n").replace("\r", "\n"), text or None)
