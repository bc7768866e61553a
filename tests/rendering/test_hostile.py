"""Content whose every field is an attack comes out as text."""

import json
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from import_from_modulestore import rendering

from ..examples import examples
from .pages import StaticFiles, body_of, page_of, read, text_of

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<img src="/static/a.png" onload="alert(1)" srcset="https://evil.example/x 2x" style="background:url(//a)">',
    "<svg onload=alert(1)><script>alert(1)</script><use href='//evil.example#x'/></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='javascript:alert(1)'>a</a><a href=' jav&#x09;ascript:alert(1)'>b</a>",
    "<a href='https://evil.example' target=_blank ping='https://evil.example'>c</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><iframe src='javascript:alert(1)'></iframe>",
    "<object data='https://evil.example/x.swf'></object><embed src='data:text/html,<script>alert(1)</script>'>",
    "<form action='https://evil.example'><input name=q autofocus onfocus=alert(1)><button formaction='javascript:1'>",
    "<meta http-equiv='refresh' content='0;url=https://evil.example'><base href='https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'><style>@import '//evil.example/x.css'</style>",
    "<p style='position:fixed;inset:0;background:url(https://evil.example/x);color:expression(alert(1))'>over</p>",
    "<p style='color:red;width:calc(1px);font-family:\\75rl(x)' class='verdict right' id='main'>x</p>",
    "<video poster='https://evil.example/p' src='https://evil.example/v' onerror=alert(1)><source src=javascript:1>",
    "<table background='https://evil.example/x'><td background='//evil.example'>t</table>",
    "</div></main></body></html><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]&gt;<script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<ins>would be written</ins><del>not</del><li>loose</li><dd>loose</dd>",
    '" onmouseover="alert(1)" x="',
    "<img src='file-0'><img src='https://imports.example.org/files/../../admin/'>",
    "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
    "<template><img src=x onerror=alert(1)></template><slot onslotchange=alert(1)>",
    "<details ontoggle=alert(1) open><summary>x</summary></details>",
    "<p>" * 400 + "<script>alert(1)</script>",
]

TYPES = [
    "annotatable", "discussion", "drag-and-drop-v2", "html", "lti", "lti_consumer", "openassessment", "poll",
    "poll_question", "problem", "survey", "video", "videoalpha", "word_cloud", "gizmo",
]  # fmt: skip

FIELDS = [
    "display_name", "question", "question_text", "questions", "answers", "feedback", "instructions", "data",
    "launch_url", "description", "html5_sources", "youtube", "youtube_id_1_0", "sub", "transcripts", "handout",
    "track", "poster", "start_time", "edx_video_id", "num_inputs", "custom", "some_field",
]  # fmt: skip

IN_PROBLEMS = """
    <script type="loncapa/python">{0}</script><label>{1}</label><description>{1}</description><p>{1}</p>
    <multiplechoiceresponse><choicegroup><choice
    correct="true" name="{0}">{1}<choicehint selected="{0}">{1}</choicehint></choice>
    <compoundhint value="{0}">{1}</compoundhint></choicegroup></multiplechoiceresponse>
    <optionresponse><optioninput options="('{0}')" correct="{0}"/><optioninput><option correct="True">{1}</option>
    </optioninput></optionresponse>
    <numericalresponse answer="{0}"><responseparam type="tolerance" default="{0}"/><formulaequationinput
    trailing_text="{0}" label="{0}"/><additional_answer answer="{0}"><correcthint>{1}</correcthint></additional_answer>
    </numericalresponse><stringresponse answer="{0}" type="regexp"><textline/></stringresponse>
    <formularesponse answer="{0}" samples="{0}"/><customresponse cfn="{0}" expect="{0}"><answer>{0}</answer>
    <jsinput html_file="{0}" title="{0}"/><textbox>{0}</textbox></customresponse>
    <imageresponse><imageinput src="{0}" alt="{0}" rectangle="{0}"/></imageresponse><math>{0}</math>
    <annotationresponse><annotationinput><title>{1}</title><options><option choice="correct">{1}</option></options>
    </annotationinput></annotationresponse><solution>{1}</solution><demandhint><hint>{1}</hint></demandhint>
    <prompts><prompt><description>{0}</description></prompt></prompts><rubric><criterion><name>{0}</name>
    <prompt>{0}</prompt><option points="{0}"><name>{0}</name><explanation>{0}</explanation></option></criterion>
    </rubric><source src="{0}"/><transcript language="{0}" src="{0}"/><answer id="{0}">{1}</answer>
    <annotation title="{0}">{1}
    </annotation>"""

FILES = StaticFiles(a__png=b"", a__srt=b"1\n00:00:01,000 --> 00:00:02,000\n<script>alert(1)</script>\n")


def in_json(attack: str) -> dict[str, str]:
    """The attack wherever JSON is read."""
    held = dict.fromkeys(("title", "description", "displayName", "uid", "imageURL", "label", "img", "img_alt"), attack)
    data = {
        "zones": [held],
        "items": [{**held, "zones": [attack], "feedback": {"correct": attack, "incorrect": attack}}, held],
        "targetImg": attack,
        "targetImgDescription": attack,
        "feedback": {"start": attack, "finish": attack},
        "explanation": attack,
        attack: [attack, {attack: attack}],
    }
    return {
        "data": json.dumps(data),
        "answers": json.dumps([[attack, held], [attack, attack], attack]),
        "questions": json.dumps([[attack, held]]),
        "html5_sources": json.dumps([attack, "/static/a.png"]),
        "transcripts": json.dumps({attack: attack, "en": "a.srt"}),
        "some_field": json.dumps(data),
    }


def olx_of(block_type: str, attack: str, *, is_json: bool) -> str:
    """A block of this type with the attack in all its fields, as text and as elements where that is XML."""
    given = {**dict.fromkeys(FIELDS, attack), **(in_json(attack) if is_json else {})}
    written = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    if block_type == "html":
        return f"<html{written}>{escape(attack, quote=False)}</html>"
    as_xml = html.tostring(html.fragment_fromstring(attack, create_parent="div"), method="xml", encoding="unicode")
    return f"<{block_type}{written}>{IN_PROBLEMS.format(escape(attack), as_xml)}</{block_type}>"


@pytest.mark.few
@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize("block_type", TYPES)
def test_whatever_the_field_nothing_of_it_works(block_type, is_json):
    for attack in ATTACKS:
        page = page_of(olx_of(block_type, attack, is_json=is_json), FILES, title=attack)
        assert " ".join(attack.split()) in text_of(page)  # As the title, in letters.


@pytest.mark.at_gate
def test_nor_in_a_comparison():
    for number, attack in enumerate(ATTACKS):
        other = ATTACKS[number - 1]
        for block_type in ("html", "problem"):
            bodies = (body_of(olx_of(block_type, text, is_json=False), FILES, title=text) for text in (attack, other))
            read(rendering.document("Title", rendering.compared(*bodies), FILES.address))


def test_nor_where_it_is_put_past_what_writes_renderings():
    for attack in ATTACKS:
        read(rendering.document(attack, f'<div class="content">{attack}</div>', FILES.address))


def test_nobody_passes_text_off_as_ours():
    page = page_of('<html>&lt;p class="verdict">Right answer&lt;/p>&lt;ins>new&lt;/ins>&lt;del>old&lt;/del></html>')
    assert not page.xpath("//*[@class='verdict'] | //ins | //del")


def test_an_address_that_cannot_be_made_is_an_error_and_no_image():
    def refuse(token):
        raise LookupError(token)

    with pytest.raises(LookupError):
        rendering.document("Title", '<img src="file-0">', refuse)


TEXT = st.text(max_size=60) | st.lists(
    st.sampled_from(["<", ">", "&", '"', "'", "/", "<!--", "-->", "]]>", "&lt;", "&#60;", "script", "\x00", "é", " "])
).map("".join)


@settings(max_examples=examples(200))
@given(TEXT)
def test_text_stays_text(text):
    answer = escape("".join(character for character in text if character >= " " and character not in "\ufffe\uffff"))
    page = page_of(f'<problem><numericalresponse answer="{answer}"/></problem>', title=text)
    names = [element.tag for element in page.xpath("//h1//*")]
    assert names == ["bdi"]
    assert [element.tag for element in page.xpath("//dd//*")] in ([], ["bdi"])


@settings(max_examples=examples(200))
@given(TEXT)
def test_any_html_is_safe(text):
    page_of(f"<html>{escape(''.join(c for c in text if c >= ' ' and c not in chr(0xFFFE) + chr(0xFFFF)))}</html>")
