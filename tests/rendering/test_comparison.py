"""Two renderings in one, word by word."""

from hypothesis import given, settings
from hypothesis import strategies as st

from import_from_modulestore import rendering

from ..examples import examples
from .pages import StaticFiles, body_of, read, text_of, texts

FILES = StaticFiles(a__png=b"", b__png=b"")


def compared(library: str, written: str):
    """The comparison of two texts, parsed."""
    bodies = (body_of(f"<html><![CDATA[{text}]]></html>", FILES, "Tides") for text in (library, written))
    return read(rendering.document("Tides", rendering.compared(*bodies), FILES.address))


def marks(page, tag):
    return [text_of(mark) for mark in page.xpath(f"//div//{tag}")]


def test_words_are_marked():
    page = compared("<p>The Moon pulls the water up a little.</p>", "<p>The Moon pulls the sea up a little.</p>")
    assert (marks(page, "del"), marks(page, "ins")) == (["water"], ["sea"])
    assert texts(page, "legend") == ["the library has would be written"]


def test_so_are_images():
    page = compared('<p>So it is: <img src="/static/a.png"></p>', '<p>So it is: <img src="/static/b.png"></p>')
    assert page.xpath("//del//img/@src") == [FILES.address("file-0")]
    assert page.xpath("//ins//img/@src") == [FILES.address("file-1")]


def test_where_nothing_differs_it_says_so():
    page = compared("<p>The same.</p>", "<p>The  same.</p>")
    assert not marks(page, "del") + marks(page, "ins")
    assert texts(compared("<p>a</p>", "<p>a</p>"), "legend") == ["Learners see no difference."]


def test_what_is_too_large_stands_side_by_side():
    many = "<p>" + "water " * 12_000
    page = compared(many, many + "level")
    assert texts(page, "legend") == ["There is too much of it to mark each word."]
    assert [text.split(" ", 3)[:3] for text in texts(page, "column")] == [
        ["In", "the", "library"],
        ["Would", "be", "written"],
    ]


def test_so_does_what_would_take_long():
    forth = " ".join(f"w{number % 105}" for number in range(9_000))
    page = compared(f"<p>{forth}</p>", f"<p>{' '.join(reversed(forth.split()))}</p>")
    assert texts(page, "legend") == ["There is too much of it to mark each word."]


def test_the_last_word_of_a_paragraph_is_marked_once():
    page = compared("<div><div><p>x y z one</p></div></div>", "<div><div><p>x y z two</p></div></div>")
    assert (marks(page, "del"), marks(page, "ins")) == (["one"], ["two"])
    assert texts(page, "theirs") == ["x y z one two"]


def test_what_was_added_and_taken_out_of_a_list_are_items_of_it():
    page = compared(
        "<ul><li>The Moon</li><li>The Sun</li><li>The wind</li></ul>",
        "<ul><li>The Moon</li><li>A comet passing by</li><li>The Sun</li></ul>",
    )
    items = [(text_of(item), [mark.tag for mark in item]) for item in page.iter("li")]
    assert items == [("The Moon", []), ("A comet passing by", ["ins"]), ("The Sun", []), ("The wind", ["del"])]


def test_cells_of_a_table():
    page = compared(
        "<table><tr><td>Spring</td><td>4.8</td></tr></table>",
        "<table><tr><td>Spring</td><td>4.9</td></tr><tr><td>Neap</td><td>1</td></tr></table>",
    )
    assert (marks(page, "del"), marks(page, "ins")) == (["8"], ["9", "Neap", "1"])


HTML = st.recursive(
    st.lists(st.sampled_from(["the", "Moon", "pulls", "a", "<br>", "and", ",", "水", "満潮", "<b>up</b>"])).map(
        " ".join
    ),
    lambda inner: st.tuples(
        st.sampled_from(["p", "div", "ul", "li", "table", "tr", "td", "b", "h3", "dl", "dt", "dd", "details"]),
        st.lists(inner, max_size=4),
    ).map(lambda made: f"<{made[0]}>{' '.join(made[1])}</{made[0]}>"),
    max_leaves=12,
)


@settings(max_examples=examples(300), deadline=None)
@given(HTML, HTML)
def test_without_its_marks_it_is_what_was_and_what_is(library, written):
    page = compared(library, written)
    for mark, text in (("ins", library), ("del", written)):
        (found,) = page.xpath("//div[@class='theirs']") or [page.makeelement("div")]
        left = "".join(found.xpath(f".//text()[not(ancestor::{mark})]")).split()
        assert "".join(left) == "".join(body_text(text))


def body_text(text: str) -> str:
    (page,) = [read(rendering.document("Tides", body_of(f"<html><![CDATA[{text}]]></html>"), FILES.address))]
    return "".join("".join(page.xpath("//div[@class='theirs']//text()")).split())
