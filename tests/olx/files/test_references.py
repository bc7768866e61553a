"""Which files a component names: by exact name, in every form that Studio resolves, and by none that only looks so."""

from dataclasses import dataclass
from html.entities import html5
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from import_from_modulestore.olx.files.references import (
    Reference,
    is_of_platform,
    names_in,
    normal_name,
    references,
    resolve,
)
from import_from_modulestore.olx.parsing import parse_xml


def names(found: list[Reference]) -> list[str]:
    return [reference.name for reference in found]


def needed(olx: str) -> list[str]:
    """Names of the files that a component needs."""
    return names([reference for reference in references(parse_xml(olx)) if reference.is_needed])


def mentioned(olx: str) -> list[str]:
    """Names of the files that a component merely mentions."""
    return names([reference for reference in references(parse_xml(olx)) if not reference.is_needed])


def html_block(body: str) -> str:
    """A text block with this HTML."""
    return f"<html><![CDATA[{body}]]></html>"


def test_a_word_is_mentioned_by_the_numbers_of_its_letters_too():
    assert mentioned(html_block("see /&#115;tatic/a.png")) == ["a.png"]


def test_no_character_has_a_name_that_hides_the_word_static():
    """What holds neither that word nor a character by number is not looked into."""
    assert not [name for name, value in html5.items() if set(value) & set("static")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<img src="/static/a.png">', ["a.png"]),
        ("<img src='/static/a.png'>", ["a.png"]),
        ("<img src=/static/a.png>", ["a.png"]),
        ("<a href=/static/a.pdf class=x>", ["a.pdf"]),
        ('<img src="/static/my file.png">', ["my file.png"]),
        ('<img src="/static/it\'s.png">', ["it's.png"]),
        ('<img src="/static/my%20file.png">', ["my file.png"]),
        ('<img src="/static/%C3%A9t%C3%A9.png">', ["été.png"]),
        ('<img src="/static/潮汐.png">', ["潮汐.png"]),
        ('<img src="/static/a&amp;b.png">', ["a&b.png"]),
        ('<img src="/static/a+b,c(1).png">', ["a+b,c(1).png"]),
        ('<a href="/static/a.pdf?raw=1#page=2">', ["a.pdf"]),
        ('<a href="/static/a.pdf#page=2">', ["a.pdf"]),
        ('<img src="/static/d/e/a.png">', ["d/e/a.png"]),
        ("<p style='background: url(/static/a.png)'>", ["a.png"]),
        ("<p style=\"background: url('/static/a.png')\">", ["a.png"]),
        ('<p style="background: url(&quot;/static/a b.png&quot;)">', ["a b.png"]),
        ("<style>p{background:url(/static/a.png);}</style>", ["a.png"]),
        ('<img srcset="/static/a.png 1x, /static/b.png 2x">', ["a.png", "b.png"]),
        ('<img srcset="/static/a.png 480w,/static/b.png 1.5x">', ["a.png", "b.png"]),
        ('<img srcset="/static/a.png 2x">', ["a.png"]),
        ('<img srcset="/static/a.png, /static/b.png 2x">', ["a.png", "b.png"]),
        (r'<script>x = "\/static\/a.png"</script>', ["a.png"]),
        ("<script>x = `/static/a.png`</script>", ["a.png"]),
        ('<img src="/static/b.png"><img src="/static/a.png"><img src="/static/b.png">', ["b.png", "a.png"]),
    ],
)
def test_a_text_needs(body, expected):
    assert needed(html_block(body)) == expected


@pytest.mark.parametrize(
    "body",
    [
        '<img src="https://example.org/static/a.png">',
        '<img src="//example.org/static/a.png">',
        '<img src="/courses/static/a.png">',
        '<img src="../static/a.png">',
        '<img src="static/a.png">',
        '<img src="a.png">',
        '<img src="/static/">',
        '<img src="/static/d/">',
        '<img src="/static/?x">',
        "The folder /static/ holds a.png",
        "/statica.png",
        "/STATIC/a.png",
        '<img src="/static/xblock/resources/a.png">',
        "<!--no reference-->",
    ],
)
def test_a_text_does_not_name(body):
    assert references(parse_xml(html_block(body))) == []


@pytest.mark.parametrize(
    ("olx", "expected"),
    [
        ('<problem><img src="/static/a b.png"/></problem>', ["a b.png"]),
        ('<problem><p>See <a href="/static/a.pdf">it</a> /static/b.pdf</p></problem>', ["a.pdf"]),
        ('<problem><!-- /static/a.png --><img src="/static/b.png"/></problem>', ["b.png"]),
        ('<problem><img srcset="/static/a.png 1x, /static/b.png 2x"/></problem>', ["a.png", "b.png"]),
        ('<problem><img srcset="/static/a.png 2x"/></problem>', ["a.png"]),
        ('<drag-and-drop-v2 data="{&quot;img&quot;: &quot;/static/a b.png&quot;}"/>', ["a b.png"]),
        (r'<poll data="{&quot;html&quot;: &quot;&lt;img src=\&quot;/static/a.png\&quot;&gt;&quot;}"/>', ["a.png"]),
        ('<poll answers="&amp;quot;/static/a.png&amp;quot;"/>', ["a.png"]),
        ('<video handout="/static/h.pdf"/>', ["h.pdf"]),
        ('<video><source src="/static/v.mp4"/></video>', ["v.mp4"]),
        ("""<video transcripts='{"en": "v-en.srt", "uk": "/static/v-uk.srt"}'/>""", ["v-uk.srt", "v-en.srt"]),
        ('<video><transcript language="uk" src="uk.srt"/></video>', ["uk.srt"]),
        ('<video sub="abc"/>', ["subs_abc.srt.sjson"]),
        ('<video sub=" "/>', []),
        ('<video><transcript language="uk" src="https://example.org/uk.srt"/></video>', []),
        ('<video transcripts="nonsense"/>', []),
        ('<video transcripts="[1]"/>', []),
        (f'<video transcripts="{"[" * 50_000}"/>', []),
        ('<html display_name="abc a.png"/>', []),
        ('<problem><img src="a.png"/></problem>', []),
    ],
)
def test_a_component_needs(olx, expected):
    assert needed(olx) == expected


@pytest.mark.parametrize(
    ("olx", "expected"),
    [
        (html_block("<p>use /static/filename.ext</p>"), ["filename.ext"]),
        (html_block('<p>use "/static/filename.ext"</p>'), ["filename.ext"]),
        (html_block('<!-- <img src="/static/nowhere.png"/> -->'), ["nowhere.png"]),
        (html_block("<script>/* '/static/a.png' */\n  // '/static/b.png'</script>"), ["a.png", "b.png"]),
        (html_block("<script>x = '/static/' + name; y = `/static/${n}.png`</script>"), ["${n}.png"]),
        (html_block('<img alt="/static/a.png">'), ["a.png"]),
        (html_block('<a href="/jump?to=/static/a.pdf">'), ["a.pdf"]),
        (html_block("![a](/static/a.png) and [b](/static/b.pdf)."), ["a.png", "b.pdf"]),
        (html_block(r'<div data-x="{\"url\": \"/static/a.png\"}">'), ["a.png"]),
        ("<problem><p>x</p>/static/tail.png</problem>", ["tail.png"]),
        ('<problem markdown="Write [b](/static/b.pdf)"/>', ["b.pdf"]),
        ('<video youtube_id_1_0="yt" html5_sources="[&quot;https://example.org/v/talk.mp4&quot;]"/>',
         ["subs_yt.srt.sjson", "subs_talk.srt.sjson"]),
        ('<video youtube="0.75:slow,1.00:yt"/>', ["subs_yt.srt.sjson"]),
        ("""<video sub="abc" transcripts='{"en": "v.srt"}'/>""", ["subs_abc.srt.sjson"]),
        ("<problem><!-- /static/a.png --></problem>", []),
    ],
)  # fmt: skip
def test_what_is_mentioned_is_not_needed(olx, expected):
    assert mentioned(olx) == expected


@dataclass
class Held:
    """A source that holds files of these names, each called by its own name."""

    names: tuple[str, ...]

    def find(self, name: str) -> str | None:
        return name if name in self.names else None

    def alike(self, name: str) -> str | None:
        found = [each for each in self.names if normal_name(each) == normal_name(name)]
        return found[0] if len(found) == 1 else None

    def read(self, file: str) -> None:
        return None


COMPOSED, DECOMPOSED = "mar\u00e9e.png", "mare\u0301e.png"


@pytest.mark.parametrize(
    ("written", "held", "kept_as", "file"),
    [
        ("A%20B.pdf", ("A%20B.pdf", "A B.pdf"), "A%20B.pdf", "A%20B.pdf"),
        ("A%20B.pdf", ("A B.pdf",), "A B.pdf", "A B.pdf"),
        ("A B.pdf", ("A%20B.pdf",), None, None),
        (COMPOSED, (DECOMPOSED,), COMPOSED, DECOMPOSED),
        (DECOMPOSED, (COMPOSED,), DECOMPOSED, COMPOSED),
        (quote(COMPOSED), (DECOMPOSED,), COMPOSED, DECOMPOSED),
        (COMPOSED, (COMPOSED, DECOMPOSED), COMPOSED, COMPOSED),
        ("\u1e69.png", ("s\u0323\u0307.png", "\u1e63\u0307.png"), None, None),
    ],
)
def test_a_name_is_looked_for_as_written_then_decoded_then_in_normal_form(written, held, kept_as, file):
    expected = (kept_as, file) if kept_as else None
    assert resolve(Reference.to_address(written), Held(held)) == expected


@pytest.mark.parametrize("written", ["images/placeholder-image.png", "images/capa/vsepr/Bent-3D-balls.png"])
def test_images_of_the_platform(written):
    assert is_of_platform(written)
    assert not is_of_platform(f"my-{written}")


file_names = st.from_regex(r"[\w潮é][\w潮é .,()!+~-]{0,20}[\w潮é]\.(png|pdf|svg)", fullmatch=True)


@pytest.mark.at_gate
@given(files=st.lists(file_names, unique=True, max_size=5), quoting=st.sampled_from("\"'"), encoded=st.booleans())
def test_names_in_quotes_are_found_exactly(files, quoting, encoded):
    addresses = [quote(name) if encoded else name for name in files]
    body = "".join(f"<img src={quoting}/static/{address}{quoting}>" for address in addresses)
    assert needed(html_block(body)) == files
    attributes = "".join(f"<img src={quoteattr('/static/' + address)}/>" for address in addresses)
    assert needed(f"<problem>{attributes}</problem>") == files


@pytest.mark.at_gate
@pytest.mark.parametrize("piece", ["=/static/", "'/static/a", '"/static/a\n', "(/static/", "/static/", " \n", "/*"])
@pytest.mark.parametrize("around", ["{}", "<script>{}'/static/a'</script>", '<img src="/static/a" alt="{}">'])
def test_time_grows_with_the_text(piece, around):
    """What grows faster takes minutes."""
    references(parse_xml(html_block(around.format(piece * 50_000))))


@pytest.mark.parametrize(
    ("olx", "expected"),
    [
        ('<problem><script type="loncapa/python">import x</script></problem>', True),
        ('<problem><p><script type="text/python"/></p></problem>', True),
        ('<problem><script type="text/javascript"/></problem>', False),
        ("<problem/>", False),
    ],
)
def test_problems_that_run_python(olx, expected):
    assert names_in(parse_xml(olx)).runs_python is expected


class TestProseInCode:
    def test_a_comment_at_the_end_of_a_line_of_a_script(self):
        block = html_block(
            '<script>load("/static/a.js"); // see "/static/b.js"\nload("//c.org", "/static/d.js")</script>'
        )
        assert needed(block) == ["a.js", "d.js"]
        assert mentioned(block) == ["b.js"]

    def test_a_description_in_json(self):
        data = quoteattr('{"items": [{"imageURL": "/static/a.png", "imageDescription": "/static/b.png"}]}')
        block = f"<drag-and-drop-v2 data={data}/>"
        assert needed(block) == ["a.png"]
        assert mentioned(block) == ["b.png"]

    def test_an_image_in_a_title_in_json(self):
        data = quoteattr('{"items": [{"displayName": "<img src=\'/static/a.png\'>"}]}')
        assert needed(f"<drag-and-drop-v2 data={data}/>") == ["a.png"]
