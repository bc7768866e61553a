"""The stored form keeps the source's text; the compared form leaves formatting aside, and nothing else."""

import hashlib
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from import_from_modulestore.olx.normal_form import (
    component_digest,
    component_olx,
    container_digest,
    normal_digest,
    olx_and_digest,
)
from import_from_modulestore.olx.parsing import UnreadableXML, parse_xml

names = st.sampled_from(("a", "b", "display_name", "weight"))
words = st.text(st.sampled_from("ab<>&\"' é\n\r\t\xa0"), max_size=8)
spaces = st.sampled_from(("", " ", "\n\t"))


class Style:
    """One way to write XML; every choice of it leaves the meaning as it is."""

    def __init__(self, draw) -> None:
        self.draw = draw

    def attribute(self, name: str, value: str) -> str:
        quote = self.draw(st.sampled_from("\"'"))
        value = escape(
            value, {quote: "&quot;" if quote == '"' else "&apos;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
        )
        return f" {self.draw(spaces)}{name}{self.draw(spaces)}={quote}{value}{quote}"

    def element(self, tree: tuple) -> str:
        tag, attributes, content = tree
        order = self.draw(st.permutations(sorted(attributes.items())))
        if isinstance(content, str):
            inner = self.comment() + self.text(content) + self.comment()
        else:
            inner = "".join(self.between() + self.element(child) for child in content) + self.between()
        return f"<{tag}{''.join(self.attribute(*pair) for pair in order)}{self.draw(spaces)}>{inner}</{tag}>"

    def text(self, text: str) -> str:
        as_cdata = "\r" not in text and self.draw(st.booleans())
        return f"<![CDATA[{text}]]>" if as_cdata else escape(text, {"\r": "&#13;"})

    def comment(self) -> str:
        return self.draw(st.sampled_from(("", "<!-- c -->", "<!-- xmlns:c -->")))

    def between(self) -> str:
        return self.draw(spaces) + self.comment() + self.draw(spaces)


elements = st.recursive(
    st.tuples(st.sampled_from("pqr"), st.dictionaries(names, words, max_size=3), words),
    lambda children: st.tuples(
        st.sampled_from("pqr"), st.dictionaries(names, words, max_size=3), st.lists(children, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@given(tree=elements, data=st.data())
def test_formatting_does_not_change_the_digest(tree, data):
    style = Style(data.draw)
    assert normal_digest(style.element(tree)) == normal_digest(style.element(tree))


@given(tree=elements, value=words, other=words)
def test_a_value_changes_the_digest(tree, value, other):
    element = parse_xml(etree.tostring(etree.Element("problem", a=value)))
    changed = parse_xml(etree.tostring(etree.Element("problem", a=other)))
    assert (normal_digest(element) == normal_digest(changed)) is (value == other)


@given(text=words, other=words)
def test_a_text_changes_the_digest(text, other):
    first, second = (normal_digest(f"<problem>{escape(value)}</problem>") for value in (text, other))
    assert (first == second) is (text == other or not (text.strip() or other.strip()))


@pytest.mark.parametrize(
    ("olx", "other"),
    [
        ("<p><a/><b/></p>", "<p><b/><a/></p>"),
        ("<p><a/></p>", "<p><a/><a/></p>"),
        ("<p><a>x</a></p>", "<p>x<a/></p>"),
        ("<p>x<a/></p>", "<p><a/>x</p>"),
        ('<p a="1"/>', '<p b="1"/>'),
        ("<p/>", "<q/>"),
        ('<p xmlns="urn:a"/>', '<p xmlns="urn:b"/>'),
        ("<p>a b</p>", "<p>a  b</p>"),
    ],
)
def test_content_changes_the_digest(olx, other):
    assert normal_digest(olx) != normal_digest(other)


@pytest.mark.parametrize(
    ("olx", "other"),
    [
        ("<p> <!-- c -->x</p>", "<p> x</p>"),
        ("<p>a<!-- c -->b</p>", "<p>ab</p>"),
        ("<!-- before --><p>a</p><!-- after -->", "<p>a</p>"),
        ("<p>\n  <a/>\n</p>", "<p><a/></p>"),
        ('<p url_name="x" slug="y" parent_url="z"/>', "<p/>"),
        ("<p></p>", "<p/>"),
    ],
)
def test_form_does_not(olx, other):
    assert normal_digest(olx) == normal_digest(other)


_texts = st.text("ab<>&\"' \t\r\n\u2028é\U0001f30a", max_size=5)


@st.composite
def documents(draw) -> str:
    """XML with what a canonical form could get wrong."""
    element = etree.Element(draw(st.sampled_from(("p", "p", "p", "{urn:a}p", "{urn:b}p"))))
    for name in draw(st.lists(st.sampled_from(("b", "a", "é", "B", "{urn:c}a")), unique=True)):
        element.set(name, draw(_texts))
    element.text = draw(_texts)
    if draw(st.integers(0, 9)) == 0:
        element.append(etree.ProcessingInstruction("do", draw(_texts).replace("?>", "")))
    for child in draw(st.lists(st.sampled_from(("q", "{urn:a}q")), max_size=2)):
        etree.SubElement(element, child, a=draw(_texts)).tail = draw(_texts)
    if draw(st.integers(0, 9)) == 0:
        element.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    beside = draw(st.sampled_from(("", "", "<?beside x?>", "<!-- c -->")))
    return f"{beside}{etree.tostring(element, encoding='unicode')}{beside}"


@given(olx=documents())
def test_the_digest_is_that_of_canonical_xml_2(olx):
    element = parse_xml(olx)
    etree.strip_elements(element, etree.Comment, with_tail=False)
    for node in element.iter():
        node.text, node.tail = (text if (text or "").strip() else None for text in (node.text, node.tail))
    canonical = etree.tostring(element, method="c14n2", with_comments=False)
    assert normal_digest(olx) == hashlib.blake2b(canonical, digest_size=20).hexdigest()


@given(tree=elements, data=st.data())
def test_both_forms_at_once(tree, data):
    element = parse_xml(Style(data.draw).element(tree))
    assert olx_and_digest(element) == (component_olx(element), normal_digest(element))


def test_a_digest_leaves_the_element_as_it_is():
    root = parse_xml('<v><p url_name="x"> <!-- c --><a/> </p>tail</v>')
    before = etree.tostring(root)
    assert normal_digest(root[0]) == normal_digest("<p><a/></p>")
    component_olx(root[0])
    assert etree.tostring(root) == before


def test_text_that_is_no_xml_has_no_digest():
    with pytest.raises(UnreadableXML):
        normal_digest("<p>")


class TestStoredForm:
    def test_keeps_the_text_of_the_source(self):
        olx = '<p b="1" a="2">\n <!-- c --><x>é &amp; <![CDATA[<b>&nbsp;]]></x>\n</p>'
        assert component_olx(parse_xml(olx)) == olx

    def test_has_no_name_and_no_place(self):
        names = "url_name slug parent_url index_in_children_list copied_from_block upstream upstream_version"
        attributes = "".join(f' {name}="1"' for name in names.split())
        assert component_olx(parse_xml(f'<p{attributes} weight="1"/>')) == '<p weight="1"/>'

    def test_keeps_the_names_of_what_is_inside(self):
        assert component_olx(parse_xml('<p url_name="a"><q url_name="b"/></p>')) == '<p><q url_name="b"/></p>'

    def test_has_nothing_of_what_follows_in_the_course(self):
        assert component_olx(parse_xml("<v><p/>tail</v>")[0]) == "<p/>"


class TestWhoWroteIt:
    def test_a_text_of_studio_is_that_of_an_export(self):
        rest = "<![CDATA[<p>x</p>]]></html>"
        exported = f'<html url_name="a" display_name="A" visible_to_staff_only="true" group_access="{{}}">{rest}'
        marks = 'copied_from_block="block-v1:A+B+C+type@html+block@a" upstream="lb:A:B:html:a"'
        staged = f'<html display_name="A" {marks}>{rest}'
        assert normal_digest(exported) == normal_digest(staged)

    def test_a_default_that_is_written_out_is_none(self):
        assert normal_digest('<html display_name="Text"/>') == normal_digest("<html/>")
        assert normal_digest('<html display_name="Read"/>') != normal_digest("<html/>")

    def test_the_kind_of_serializer_does_not_matter(self):
        assert normal_digest('<poll xblock-family="xblock.v1" a="1"/>') == normal_digest('<poll a="1"/>')

    def test_how_a_text_is_edited_is_part_of_it(self):
        assert normal_digest('<html editor="raw"/>') != normal_digest("<html/>")

    def test_other_blocks_keep_what_was_set(self):
        assert normal_digest('<problem visible_to_staff_only="true"/>') != normal_digest("<problem/>")


class TestWholes:
    def test_the_order_of_files_does_not_matter(self):
        files = [("a", "1"), ("b", "2")]
        assert component_digest("o", "t", files) == component_digest("o", "t", files[::-1])

    @pytest.mark.parametrize(
        "changed",
        [("x", "t", [("a", "1")]), ("o", "x", [("a", "1")]), ("o", "t", [("a", "x")]), ("o", "t", [])],
        ids=["OLX", "title", "content of a file", "files"],
    )
    def test_everything_about_a_component_matters(self, changed):
        assert component_digest(*changed) != component_digest("o", "t", [("a", "1")])

    def test_the_order_of_children_matters(self):
        assert container_digest("t", ["a", "b"]) != container_digest("t", ["b", "a"])
