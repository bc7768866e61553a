"""Which files a component names: by exact name, in every form that Studio resolves, and by none that only looks so."""

from time import perf_counter
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from import_from_modulestore.olx.parsing import parse_xml
from import_from_modulestore.olx.references import (
    js_input_pages,
    page_references,
    rewrite_asset_urls,
    runs_python,
    static_references,
)


def references(olx: str) -> list[str]:
    return static_references(parse_xml(olx))


def text_references(body: str) -> list[str]:
    """References of a text block with this HTML."""
    return references(f"<html><![CDATA[{body}]]></html>")


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
        ("![a](/static/a.png) and [b](/static/b.pdf).", ["a.png", "b.pdf"]),
        ('![a](/static/a.png "title")', ["a.png"]),
        ("See /static/a.pdf, or <b>/static/b.pdf</b>", ["a.pdf", "b.pdf"]),
        (r'<div data-x="{\"url\": \"/static/a.png\"}">', ["a.png"]),
        (r'<script>x = "\/static\/a.png"</script>', ["a.png"]),
        ("<script>x = `/static/a.png`</script>", ["a.png"]),
        ('<a href="/jump?to=/static/a.pdf">', ["a.pdf"]),
        ('<img src="/static/b.png"><img src="/static/a.png"><img src="/static/b.png">', ["b.png", "a.png"]),
    ],
)
def test_a_text_names(body, expected):
    assert text_references(body) == expected


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
    assert text_references(body) == []


@pytest.mark.parametrize(
    ("olx", "expected"),
    [
        ('<problem><img src="/static/a b.png"/></problem>', ["a b.png"]),
        ('<problem><p>See <a href="/static/a.pdf">it</a> /static/b.pdf</p></problem>', ["a.pdf", "b.pdf"]),
        ("<problem><p>x</p>/static/tail.png</problem>", ["tail.png"]),
        ("<problem>/static/a.png is nice</problem>", ["a.png"]),
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
def test_a_component_names(olx, expected):
    assert references(olx) == expected


file_names = st.from_regex(r"[\w潮é][\w潮é .,()!+~-]{0,20}[\w潮é]\.(png|pdf|svg)", fullmatch=True)


@given(names=st.lists(file_names, unique=True, max_size=5), quoting=st.sampled_from("\"'"), encoded=st.booleans())
def test_names_in_quotes_are_found_exactly(names, quoting, encoded):
    addresses = [quote(name) if encoded else name for name in names]
    assert text_references("".join(f"<img src={quoting}/static/{address}{quoting}>" for address in addresses)) == names
    attributes = "".join(f"<img src={quoteattr('/static/' + address)}/>" for address in addresses)
    assert references(f"<problem>{attributes}</problem>") == names


@pytest.mark.parametrize("piece", ["=/static/", "'/static/a", '"/static/a\n', "(/static/", "/static/"])
def test_time_grows_with_the_text(piece):
    start = perf_counter()
    text_references(piece * 50_000)
    assert perf_counter() - start < 3


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
    assert runs_python(parse_xml(olx)) is expected


def test_pages_of_javascript_inputs():
    inputs = '<jsinput html_file="/static/d/page 1.html?x=1"/><jsinput html_file="https://example.org/x.html"/>'
    assert js_input_pages(parse_xml(f"<problem>{inputs}</problem>")) == ["d/page 1.html"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<script src=\"a.js\"></script><link href='b.css'>", ["a.js", "b.css"]),
        ('<img SRC = "d/a.png?v=1#x">', ["d/a.png"]),
        ('<img src="./a.png"><img src="d/../b.png">', ["a.png", "b.png"]),
        ('<img src="my%20a.png"><img src="a&amp;b.png">', ["my a.png", "a&b.png"]),
        ('<script src="a.js"></script><script src="a.js"></script>', ["a.js"]),
        ('<a href="https://example.org/a.js"><a href="//example.org/a.js"><a href="/static/a.js">', []),
        ('<img src="data:image/png;base64,AAAA"><a href="#top"><a href="mailto:a@b.c">', []),
        ('<img src="../a.png"><img src="../../etc/passwd.txt"><a href="."><a href="page">', []),
    ],
)
def test_a_page_loads(page, expected):
    assert page_references(page) == expected


class TestAssetUrls:
    OWN = "asset-v1:Acme+C1+R1+type@asset+block"

    @pytest.mark.parametrize(
        "url",
        [
            f"/{OWN}@a b(1).png",
            f"/{OWN}/a b(1).png",
            f"{OWN}@a b(1).png",
            f"https://studio.example.org/{OWN}@a b(1).png",
            f"http://localhost:8001/{OWN}@a b(1).png",
            f"//studio.example.org/{OWN}@a b(1).png",
        ],
    )
    def test_of_the_course_itself_become_static(self, url):
        assert rewrite_asset_urls(f'<img src="{url}">', "course-v1:Acme+C1+R1") == '<img src="/static/a b(1).png">'

    @pytest.mark.parametrize(
        "url",
        [
            "/asset-v1:Acme+C1+R2+type@asset+block@a.png",
            "/asset-v1:Acme+C1+R11+type@asset+block@a.png",
            "/asset-v1:AcmexC1xR1+type@asset+block@a.png",
            "https://example.org/asset-v1:Other+C1+R1+type@asset+block@a.png",
            "/asset-v1:Acme+C1+R1+type@thumbnail+block@a.png",
        ],
    )
    def test_of_others_stay(self, url):
        assert rewrite_asset_urls(url, "course-v1:Acme+C1+R1") == url

    def test_special_characters_of_the_key_mean_themselves(self):
        text = "/asset-v1:A.c+C-1+R_1~+type@asset+block@a.png /asset-v1:Axc+C-1+R_1~+type@asset+block@a.png"
        assert rewrite_asset_urls(text, "course-v1:A.c+C-1+R_1~").startswith("/static/a.png /asset-v1:Axc")

    def test_every_one_in_a_text(self):
        assert rewrite_asset_urls(f"/{self.OWN}@a /{self.OWN}@b", "course-v1:Acme+C1+R1") == "/static/a /static/b"

    def test_of_a_library_stay(self):
        assert rewrite_asset_urls(f"/{self.OWN}@a", "library-v1:Acme+L1") == f"/{self.OWN}@a"
