"""Texts merged line by line: nothing is lost or made up, and what only one side has changed stands as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from import_from_modulestore.merging.lines import Clash, Line, merge_lines
from import_from_modulestore.merging.markup import html_lines, is_balanced, xml_lines

WORDS = st.lists(st.sampled_from("abcdef"), max_size=8)

UNLIKE = st.lists(st.sampled_from("abcdefgh"), max_size=8, unique=True)


def lines(words) -> list[Line]:
    return [Line(word, word) for word in words]


def merged(base, library, source) -> str:
    """The merged words; a clash is told as ``{base|library|source}``."""
    parts = merge_lines(lines(base), lines(library), lines(source))
    return "".join(
        f"{{{part.base}|{part.library}|{part.source}}}" if isinstance(part, Clash) else part for part in parts
    )


@pytest.mark.parametrize(
    ("base", "library", "source", "both"),
    [
        ("abc", "aXc", "abc", "aXc"),
        ("abc", "abc", "aXc", "aXc"),
        ("abc", "aXc", "aXc", "aXc"),
        ("abcd", "Xbcd", "abcY", "XbcY"),
        ("abcd", "aXcd", "abYd", "aXYd"),  # neighbours
        ("abcd", "abd", "abcY", "abY"),
        ("ab", "aX", "abY", "aXY"),  # the last one changed, and another added after it
        ("ab", "Xab", "aYb", "XaYb"),
        ("abc", "ac", "aXbc", "a{b||Xb}c"),  # nor whether this does
        ("ab", "aXb", "aXb", "aXb"),
        ("abc", "aXc", "aYc", "a{b|X|Y}c"),
        ("abc", "aXc", "ac", "a{b|X|}c"),
        ("ab", "aXb", "aYb", "a{|X|Y}b"),  # both added something in one place: which comes first?
        ("abc", "aPXc", "aPYc", "aP{|X|Y}c"),
        ("ab", "a", "abX", "a{b||bX}"),  # does it go with what was taken out?
        ("", "X", "", "X"),
        ("a", "", "a", ""),
        ("a", "XY", "aY", "XY"),  # both added Y; a stands beside it
        ("a", "Y", "aY", "Y"),
        ("ab", "Y", "aY", "Y"),
    ],
)
def test_cases(base, library, source, both):
    assert merged(base, library, source) == both
    if "{" not in both:
        assert merged(base, source, library) == both


@given(WORDS, WORDS)
def test_an_unchanged_side_gives_the_other(base, changed):
    assert (
        merged(base, base, changed) == merged(base, changed, base) == merged(base, changed, changed) == "".join(changed)
    )


@given(WORDS, WORDS, WORDS)
def test_it_does_not_matter_which_side_is_which(base, one, other):
    found, turned = merged(base, one, other), merged(base, other, one)
    if "{" not in found:
        assert found == turned
    assert ("{" in found) == ("{" in turned)


@given(UNLIKE, UNLIKE, UNLIKE)
def test_to_merge_again_changes_nothing(base, library, source):
    found = merged(base, library, source)
    if "{" not in found:
        assert merged(source, found, source) == merged(library, library, found) == found
        again = merged(base, found, source), merged(base, library, found)
        assert {text for text in again if "{" not in text} <= {found}


@given(WORDS, WORDS, WORDS)
def test_nothing_is_made_up_and_nothing_lost(base, library, source):
    found = "".join(
        part.library + part.source + part.base if isinstance(part, Clash) else part
        for part in merge_lines(lines(base), lines(library), lines(source))
    )
    assert set(found) <= {*base, *library, *source}
    for word in {*library, *source} - set(base):
        assert word in found


class TestMarkup:
    tags = ("<p>", "</p>", "<b>", "</b>", "<br/>", "<LI>", "<script>", "</script>", "<pre>", "</pre>")
    more = ("<!--", "-->", "<![CDATA[", "]]>", "<?x", "?>", "<", "&lt;", '"', "<img src='a>b'>", "<p b='1' a=\"2\">")
    pieces = st.sampled_from((*tags, *more, "text", " ", "\n"))

    @given(st.lists(pieces, max_size=20).map("".join))
    def test_put_together_it_is_the_markup(self, text):
        for split in (html_lines, xml_lines):
            assert "".join(line.text for line in split(text)) == text

    def test_lines_of_html(self):
        found = html_lines("<p>One</p>\n<ul><li>x <b>y</b></li></ul>Two<br>Three")
        assert [line.text.strip() for line in found] == [
            "<p>One</p>", "<ul>", "<li>x <b>y</b></li>", "</ul>", "Two", "<br>Three",
        ]  # fmt: skip

    def test_lines_of_xml(self):
        found = xml_lines('<a><b/><c>One</c><!-- of d --><d x="1">Two</d></a>')
        assert [line.text for line in found] == ["<a>", "<b/>", "<c>One</c>", '<!-- of d --><d x="1">Two</d>', "</a>"]

    def test_layout_says_nothing(self):
        one = xml_lines('<a x="1" y="2"> One <!-- c --></a>\n<b/>')
        other = xml_lines("<a y=\"2\"   x='1'>One</a><b/>\n")
        assert [line.key for line in one] == [line.key for line in other]

    @pytest.mark.parametrize("tag", ["pre", "script"])
    def test_but_where_white_space_counts_it_does(self, tag):
        one, other = (html_lines(f"<{tag}>\nif x:\n{indent}y\n</{tag}>") for indent in ("  ", "    "))
        assert sum(a.key != b.key for a, b in zip(one, other, strict=True)) == 1

    @pytest.mark.parametrize("text", ["<div>", "</div>", "<div><b></div></b>"])
    def test_what_is_not_balanced(self, text):
        assert not is_balanced(text)

    @pytest.mark.parametrize("text", ["<div><br><p>x<p>y</div>", "<p>a</p>", "", "<img/><!-- <div> -->"])
    def test_what_is(self, text):
        assert is_balanced(text)

    def test_where_only_the_layout_differs_the_changed_one_stands(self):
        texts = "<p>One</p><p>Two</p>", "<p>One</p>\n<p>Two</p>", "<p>1</p><p>Two</p>"
        parts = merge_lines(*(html_lines(text) for text in texts))
        assert "".join(map(str, parts)) == "<p>1</p>\n<p>Two</p>"

    def test_a_text_of_very_many_lines_is_taken_as_a_whole(self):
        base, one, other = (xml_lines("".join(f"<p>{n}</p>" for n in range(first, 5000))) for first in (0, 1, 2))
        assert [type(part) for part in merge_lines(base, one, other)] == [Clash]
        assert "".join(map(str, merge_lines(base, one, base))) == "".join(line.text for line in one)
