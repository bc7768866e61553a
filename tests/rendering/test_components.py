"""Components as learners see them, by type."""

import json
from html import escape

import pytest
from django.utils import translation

from import_from_modulestore import rendering

from .pages import ADDRESS, StaticFiles, page_of, read, text_of, texts


def html_block(text: str) -> str:
    return f"<html><![CDATA[{text}]]></html>"


def attributes(tag: str, inner: str = "", **given: str) -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    return f"<{tag}{written}>{inner}</{tag}>"


class TestText:
    def test_is_shown_as_it_is(self):
        page = page_of(html_block("<h3>Tides</h3><p>The <em>Moon</em> &amp; the Sun.</p><ul><li>High</li></ul>"))
        assert texts(page, "theirs") == ["Tides The Moon & the Sun. High"]
        assert [element.tag for element in page.xpath("//*[@class='theirs']//*")] == ["h3", "p", "em", "ul", "li"]

    def test_images_of_the_block_have_the_addresses_that_are_given(self):
        page = page_of(html_block('<img src="/static/a%20b.png" alt="Two">'), StaticFiles(**{"a b.png": b""}))
        assert [(image.get("src"), image.get("alt")) for image in page.iter("img")] == [(f"{ADDRESS}a b.png", "Two")]

    def test_what_is_not_loaded_is_said(self):
        page = page_of(
            html_block(
                '<img src="/static/gone.png" alt="Low water"><img src="https://example.org/x.png">'
                '<iframe src="https://example.org/map"></iframe><video><source src="//example.org/v.mp4"></video>'
            )
        )
        assert texts(page, "away") == [
            "Image that is missing: /static/gone.png (Low water)",
            "Image from elsewhere, not loaded: https://example.org/x.png",
            "Embedded page, not loaded: https://example.org/map",
            "Video from elsewhere, not loaded: //example.org/v.mp4",
        ]

    def test_links_tell_where_they_lead_and_lead_nowhere(self):
        page = page_of(html_block('<a href="https://example.org/">Here</a> <a href="/static/t.pdf">t.pdf</a>'))
        assert text_of(page.xpath("//*[@class='theirs']")[0]) == "Here https://example.org/ t.pdf"

    def test_a_file_of_the_block_can_be_heard_and_watched(self):
        page = page_of(
            html_block('<video poster="/static/p.png"><source src="/static/v.mp4"></video><audio src="/static/v.mp4">'),
            StaticFiles(v__mp4=b"", p__png=b""),
        )
        assert [(player.tag, player.get("src")) for player in page.iter("video", "audio")] == [
            ("video", f"{ADDRESS}v.mp4"),
            ("audio", f"{ADDRESS}v.mp4"),
        ]

    def test_forms_are_shown_and_send_nothing(self):
        page = page_of(
            html_block(
                '<form action="https://example.org"><input value="Name"><input type="hidden" value="x"><select>'
                "<option>High<option>Low</select><button>Go</button></form>"
            )
        )
        assert texts(page, "field") == ["Name", "High / Low"]
        assert texts(page, "button") == ["Go"]

    @pytest.mark.parametrize("tag", ["embed", "wbr", "source", "track", "bgsound", "image", "br", "param", "area"])
    def test_what_follows_an_element_that_holds_nothing_is_shown(self, tag):
        assert "water" in text_of(page_of(html_block(f"<p>High<{tag}>water</p>")))

    def test_what_a_browser_would_show_is_shown(self):
        page = page_of(html_block("<form><button></div></body></html><p>High</p><table><p>water</table>"))
        assert text_of(page).endswith("High water")

    def test_what_is_very_long_is_cut_and_says_so(self):
        page = page_of(html_block("a" * 1_000_500))
        assert "500 more characters are not shown." in text_of(page)

    @pytest.mark.at_gate
    def test_what_is_very_deep_keeps_its_text(self):
        for tag in ("b", "div", "wbr", "a", "ul><li"):
            for levels in (100, 900, 5000):
                assert "down there" in text_of(page_of(html_block(f"<{tag}>" * levels + "down there"))), (tag, levels)


class TestProblems:
    def test_choices_say_which_is_right(self):
        page = page_of("""
            <problem markdown="( ) not this">
              <choiceresponse>
                <label>When are spring tides?</label><description>Choose all.</description>
                <checkboxgroup>
                  <choice correct="true">New <b>moon</b><choicehint selected="false">Think again.</choicehint></choice>
                  <choice correct="false">Half moon</choice>
                  <compoundhint value="A B">Not both.</compoundhint>
                </checkboxgroup>
                <solution><p>Explanation</p><p>The Sun helps.</p></solution>
              </choiceresponse>
              <demandhint><hint>Look up.</hint><hint>Look down.</hint></demandhint>
            </problem>""")
        assert texts(page, "label") == ["When are spring tides?"]
        assert texts(page, "description") == ["Choose all."]
        (choices,) = page.xpath("//ul")
        assert [text_of(choice) for choice in choices] == [
            "New moon Right answer If not chosen: Think again.",
            "Half moon",
        ]
        assert texts(page, "feedback")[-1] == "For A B: Not both."
        assert texts(page, "explanation") == ["Explanation The Sun helps."]
        assert texts(page, "hints") == ["Hints Look up. Look down."]
        assert "not this" not in text_of(page)

    @pytest.mark.parametrize(
        ("inner", "answers"),
        [
            (
                '<numericalresponse answer="50"><responseparam type="tolerance" default="5%"/><formulaequationinput/>'
                '<additional_answer answer="49"/></numericalresponse>',
                "Answer 50 Also right 49 Tolerance 5%",
            ),
            (
                '<stringresponse answer="a.*" type="ci regexp"><textline/></stringresponse>',
                "Answer a.* Compared as a regular expression",
            ),
            (
                '<stringresponse answer="ebb"><additional_answer answer="low"/><textline/></stringresponse>',
                "Answer ebb Also right low",
            ),
            (
                '<formularesponse answer="m*c^2" samples="m,c@1,1:2,2#5"><formulaequationinput/></formularesponse>',
                "Answer m*c^2 Tried with m,c@1,1:2,2#5",
            ),
            (
                '<customresponse cfn="check" expect="4"><textline/></customresponse>',
                "Expected 4 Checked by check",
            ),
            (
                '<imageresponse><imageinput src="/static/map.png" rectangle="(1,2)-(3,4)"/></imageresponse>',
                "Right region (1,2)-(3,4)",
            ),
        ],
    )
    def test_answers_are_in_words(self, inner, answers):
        assert texts(page_of(f"<problem>{inner}</problem>"), "answers") == [answers]

    @pytest.mark.parametrize(
        "inner",
        [
            "<optioninput><option correct='True'>large<optionhint>Yes.</optionhint></option>"
            "<option correct='False'>small</option></optioninput>",
            """<optioninput options="('large','small')" correct="large"/>""",
            """<optioninput options="(large, small)" correct="large"/>""",
        ],
    )
    def test_a_dropdown_is_a_list(self, inner):
        page = page_of(f"<problem><optionresponse>{inner}</optionresponse></problem>")
        first, second = (text_of(item) for item in page.iter("li"))
        assert (first.removesuffix(" If chosen: Yes."), second) == ("large Right answer", "small")

    def test_scripts_are_shown_and_not_run(self):
        page = page_of("""<problem><script type="loncapa/python">x = 1 &lt; 2</script><p>$x</p></problem>""")
        assert texts(page, "code") == ["Script of the problem x = 1 < 2"]

    def test_tools_are_named(self):
        page = page_of("""<problem><customresponse cfn="c"><jsinput html_file="/static/moon.html" title="Moon"/>
            </customresponse></problem>""")
        assert texts(page, "away") == ["Answered with a tool that is not run here: Moon moon.html"]


class TestVideo:
    SRT = "1\n00:00:05,000 --> 00:00:07,000\n<i>High</i> water\n\n2\n00:01:00,000 --> 00:01:02,000\nLow\nwater\n"

    def test_tells_where_it_is_and_what_is_said(self):
        page = page_of(
            attributes("video", youtube_id_1_0="3_yD_cEKoCk", transcripts='{"en": "a.srt", "uk": "b.srt"}'),
            StaticFiles(a__srt=self.SRT.encode()),
        )
        assert texts(page, "player") == ["▶ YouTube 3_yD_cEKoCk"]
        assert texts(page, "transcript") == ["Transcript (en) 0:05 High water 1:00 Low water"]
        assert "Transcript (uk): not there b.srt" in text_of(page)

    def test_of_its_own_file_is_a_player(self):
        page = page_of(attributes("video", html5_sources='["/static/v.mp4"]'), StaticFiles(v__mp4=b""))
        assert [player.get("src") for player in page.iter("video")] == [f"{ADDRESS}v.mp4"]


class TestOthers:
    def test_drag_and_drop_says_what_belongs_where(self):
        data = {
            "targetImg": "/static/earth.svg",
            "targetImgDescription": "The Earth",
            "zones": [{"uid": "near", "title": "Near side", "description": "To the Moon"}],
            "items": [
                {"displayName": "High", "zones": ["near"], "feedback": {"correct": "Yes", "incorrect": "No"}},
                {"displayName": "Wind", "zones": []},
            ],
            "feedback": {"start": "Begin.", "finish": "Done."},
        }
        page = page_of(
            attributes("drag-and-drop-v2", question_text="Drag.", data=json.dumps(data)), StaticFiles(earth__svg=b"")
        )
        assert [image.get("alt") for image in page.iter("img")] == ["The Earth"]
        assert texts(page, "zones") == [
            "Near side To the Moon High If right: Yes If wrong: No Belongs nowhere Wind",
        ]
        assert texts(page, "content")[0].startswith("Drag. Begin.")

    def test_a_poll(self):
        answers = json.dumps([["Y", {"label": "Yes", "img": ""}], ["N", "No"]])
        page = page_of(attributes("poll", question="Would you?", answers=answers, feedback="Thanks"))
        assert texts(page, "content") == ["Would you? Yes No Afterwards: Thanks"]

    def test_a_survey(self):
        page = page_of(
            attributes("survey", questions='[["q", {"label": "Clear?"}]]', answers='[["Y", "Yes"], ["N", "No"]]')
        )
        assert texts(page, "content") == ["Clear? Yes No"]

    def test_a_tool_from_elsewhere(self):
        page = page_of(attributes("lti_consumer", launch_url="https://tools.example.org/", lti_id="gauge"))
        assert texts(page, "content") == ["An outside tool, not loaded: https://tools.example.org/ lti id gauge"]

    def test_an_open_assessment(self):
        page = page_of(
            "<openassessment><prompts><prompt><description>Why?</description></prompt></prompts><rubric><criterion>"
            "<name>c</name><label>Clarity</label><prompt>Is it clear?</prompt><option points='2'><name>o</name>"
            "<label>Good</label><explanation>Very.</explanation></option></criterion></rubric></openassessment>"
        )
        assert texts(page, "content") == ["Why? Clarity Is it clear? Good (2 points) Very."]

    def test_a_word_cloud(self):
        page = page_of(attributes("word_cloud", instructions="Which words?", num_inputs="3"))
        assert len(texts(page, "field")) == 3

    def test_any_other_is_its_fields(self):
        page = page_of(
            attributes("gizmo", "<p>Inside</p>", url_name="g", some_text="<b>Bold</b>", limits='{"most": [1, "two"]}')
        )
        assert texts(page, "content") == ["some text Bold limits most 1 two Inside"]

    def test_a_container_is_what_it_holds(self):
        page = read(
            rendering.document("U", rendering.render_container("unit", "U & I", [("<b>", "html")]), lambda token: None)
        )
        assert text_of(page) == "Unit U & I <b> Text"


def test_the_document_is_in_the_readers_language_and_the_content_in_its_own():
    with translation.override("ar"):
        page = page_of(html_block("<p>Hello</p><p lang='fr' dir='ltr'>Bonjour</p>"))
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    (content,) = page.xpath("//*[@class='theirs']")
    assert (content.get("lang"), content.get("dir")) == ("", "auto")
    assert page.xpath("//p[@lang='fr']/@dir") == ["ltr"]


@pytest.mark.parametrize(("language", "kinds"), [("fr", ["Texte", "Nuage de mots"]), ("ar", ["نص", "سحابة كلمات"])])
def test_what_a_block_is_called_is_in_the_readers_language(language, kinds):
    with translation.override(language):
        assert [texts(page_of(olx), "kind")[0] for olx in (html_block("Low"), "<word_cloud/>")] == kinds
