"""Components merged: title, settings, body and files, each by itself."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from import_from_modulestore.data import MergeChoice, MergeSide
from import_from_modulestore.merging import ComponentFile, ComponentTexts, UnusableChoice, merge_component
from import_from_modulestore.olx.blocks import title_of
from import_from_modulestore.olx.normal_form import component_olx
from import_from_modulestore.olx.parsing import parse_xml

from ..examples import examples
from ..olx.test_normal_form import Style, elements

LIBRARY, SOURCE = MergeSide.LIBRARY, MergeSide.SOURCE

FILES = st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"), max_size=2).map(
    lambda files: tuple(files.items())
)


def version(olx: str, *files: tuple[str, str], title: str = "") -> ComponentTexts:
    element = parse_xml(olx)
    return ComponentTexts(
        title or title_of(element), element, tuple(ComponentFile(name, content, 5) for name, content in files)
    )


def html(body: str, *files: tuple[str, str], **attributes: str) -> ComponentTexts:
    named = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return version(f"<html{named}><![CDATA[{body}]]></html>", *files)


def edit(text: str) -> MergeChoice:
    return MergeChoice(take=MergeSide.EDIT, text=text)


def take(side: MergeSide) -> MergeChoice:
    return MergeChoice(take=side)


def olx(merged) -> str:
    return component_olx(merged.texts.element)


def asked(merged) -> dict[str, tuple]:
    return {piece.name: (piece.base, piece.library, piece.source) for piece in merged.open}


class TestTitle:
    def test_the_sources_new_body_with_the_librarys_new_title(self):
        merged = merge_component(
            html("<p>1</p>", display_name="A"),
            html("<p>1</p>", display_name="B"),
            html("<p>2</p>", display_name="A"),
            {},
        )
        assert olx(merged) == '<html display_name="B"><![CDATA[<p>2</p>]]></html>'
        assert (merged.texts.title, merged.open) == ("B", ())
        assert (merged.taken[LIBRARY], merged.taken[SOURCE]) == (["title"], ["body"])

    def test_two_new_titles(self):
        versions = [html("<p>1</p>", display_name=title) for title in "ABC"]
        merged = merge_component(*versions, {})
        assert asked(merged) == {"title": ("A", "B", "C")}
        assert merged.texts.title == "B"
        assert merge_component(*versions, {"title": take(SOURCE)}).texts.title == "C"
        chosen = merge_component(*versions, {"title": edit(" D ")})
        assert (chosen.texts.title, chosen.open) == ("D", ())
        assert 'display_name="D"' in olx(chosen)

    @pytest.mark.parametrize("title", ["", " ", "x" * 501])
    def test_a_title_that_is_none(self, title):
        with pytest.raises(UnusableChoice, match="1 to 500 characters"):
            merge_component(*(html("1", display_name=each) for each in "ABC"), {"title": edit(title)})

    def test_one_that_the_library_keeps_beside_the_olx(self):
        ours = version("<html>One</html>", title="Mine")
        merged = merge_component(version("<html>One</html>"), ours, version("<html>Two</html>"), {})
        assert olx(merged) == '<html display_name="Mine">Two</html>'


class TestSettings:
    def test_each_by_itself(self):
        merged = merge_component(
            version('<problem weight="1" max_attempts="3" seed="1"/>'),
            version('<problem weight="2" max_attempts="3" seed="1" showanswer="never"/>'),
            version('<problem weight="1" seed="2"/>'),
            {},
        )
        assert dict(merged.texts.element.items()) == {"weight": "2", "seed": "2", "showanswer": "never"}
        assert not merged.open

    def test_what_both_have_changed(self):
        versions = [version(f"<problem{weight}/>") for weight in ("", ' weight="2"', ' weight="3"')]
        merged = merge_component(*versions, {})
        assert asked(merged) == {"setting:weight": (None, "2", "3")}
        assert merge_component(*versions, {"setting:weight": edit("4")}).texts.element.get("weight") == "4"

    def test_what_one_took_off_and_the_other_changed(self):
        versions = [version(f"<problem{weight}/>") for weight in (' weight="1"', "", ' weight="3"')]
        assert asked(merge_component(*versions, {})) == {"setting:weight": ("1", None, "3")}
        assert merge_component(*versions, {"setting:weight": take(LIBRARY)}).texts.element.get("weight") is None

    def test_what_says_nothing_is_no_conflict(self):
        merged = merge_component(
            version('<html xblock-family="xblock.v1" url_name="a" filename="x">1</html>'),
            version('<html display_name="Text" xblock-family="xmodule.v1" upstream="u">2</html>'),
            version('<html display_name="T" xblock-family="other" url_name="b">1</html>'),
            {},
        )
        assert not merged.open
        assert olx(merged) == '<html xblock-family="xmodule.v1" display_name="T">2</html>'

    def test_a_text_of_several_lines_line_by_line(self):
        """Beside their body, problems keep what the simple editor shows."""

        def problem(*lines: str) -> ComponentTexts:
            return version(f'<problem markdown="{"&#10;".join(lines)}"/>')

        merged = merge_component(problem("a", "b", "c"), problem("A", "b", "c"), problem("a", "b", "c", "d"), {})
        assert (merged.open, merged.texts.element.get("markdown")) == ((), "A\nb\nc\nd")
        versions = problem("a", "b"), problem("A", "b"), problem("x", "b")
        assert asked(merge_component(*versions, {})) == {"setting:markdown": ("a\nb", "A\nb", "x\nb")}
        chosen = merge_component(*versions, {"setting:markdown": take(SOURCE)})
        assert (chosen.open, chosen.texts.element.get("markdown")) == ((), "x\nb")


def drag_and_drop(**data) -> ComponentTexts:
    element = etree.Element("drag-and-drop-v2", data=json.dumps(data))
    return ComponentTexts("Drag and Drop", element)


class TestJson:
    """Drag and drop keeps all its content in one attribute."""

    BASE = {"title": "A", "zones": [{"uid": 1}, {"uid": 2}], "feedback": {"start": "Go", "finish": "Done"}}

    def merged(self, library, source, choices=None):
        merged = merge_component(
            drag_and_drop(**self.BASE), drag_and_drop(**self.BASE | library), drag_and_drop(**self.BASE | source),
            choices or {},
        )  # fmt: skip
        return json.loads(merged.texts.element.get("data")), asked(merged)

    def test_each_key_by_itself(self):
        found, open_pieces = self.merged({"title": "B"}, {"zones": [{"uid": 1}], "item": 1})
        assert found == self.BASE | {"title": "B", "zones": [{"uid": 1}], "item": 1}
        assert not open_pieces

    def test_each_key_of_objects_in_it(self):
        found, _open = self.merged(
            {"feedback": {"start": "Begin", "finish": "Done"}}, {"feedback": {"start": "Go", "finish": "End"}}
        )
        assert found["feedback"] == {"start": "Begin", "finish": "End"}

    def test_each_element_of_lists(self):
        found, _open = self.merged(
            {"zones": [{"uid": 1, "title": "x"}, {"uid": 2}]}, {"zones": [{"uid": 1}, {"uid": 2}, {"uid": 3}]}
        )
        assert found["zones"] == [{"uid": 1, "title": "x"}, {"uid": 2}, {"uid": 3}]

    def test_what_both_have_changed(self):
        change = {"feedback": {"start": "x", "finish": "Done"}}, {"feedback": {"start": "y", "finish": "Done"}}
        found, open_pieces = self.merged(*change)
        assert open_pieces == {"setting:data/feedback/start": ("Go", "x", "y")}
        assert found["feedback"]["start"] == "x"
        found, open_pieces = self.merged(*change, {"setting:data/feedback/start": edit("z")})
        assert (found["feedback"]["start"], open_pieces) == ("z", {})

    def test_a_list_in_which_both_have_changed_the_same(self):
        change = {"zones": [{"uid": 7}, {"uid": 2}]}, {"zones": [{"uid": 8}, {"uid": 2}]}
        _found, open_pieces = self.merged(*change)
        assert open_pieces["setting:data/zones"][1] == '[{"uid": 7}, {"uid": 2}]'
        found, _open = self.merged(*change, {"setting:data/zones": edit("[]")})
        assert found["zones"] == []
        for text in "[", "[NaN]", "[1e999]", '["\\ud800"]', '{"a": 1, "a": 2}':
            with pytest.raises(UnusableChoice, match="not JSON"):
                self.merged(*change, {"setting:data/zones": edit(text)})

    def test_a_text_that_xml_cannot_hold(self):
        with pytest.raises(UnusableChoice, match="XML cannot hold"):
            self.merged({"title": "x"}, {"title": "y"}, {"setting:data/title": edit("\ufffe")})

    @pytest.mark.parametrize(
        "text",
        ['{"a": 1, "a": 2}', "[1]", "{", '{"a": NaN}', "1", '{"a": 1e999}', '{"a": "\\ud800"}', '{"a": "\\uffff"}'],
    )
    def test_what_could_not_be_written_again_as_it_was_is_a_setting_like_any_other(self, text):
        element = etree.Element("x", data=text)
        merged = merge_component(
            version('<x data="{}"/>'), version("<x data='{\"b\": 1}'/>"), ComponentTexts("x", element), {}
        )
        assert "setting:data" in asked(merged)


class TestBody:
    def test_two_paragraphs(self):
        merged = merge_component(
            html("<p>One</p><p>Two</p><p>Three</p>"),
            html("<p>1</p><p>Two</p><p>Three</p>"),
            html("<p>One</p><p>2</p><p>Three</p>"),
            {},
        )
        assert olx(merged) == "<html><![CDATA[<p>1</p><p>2</p><p>Three</p>]]></html>"

    def test_one_paragraph(self):
        versions = [html(f"<p>One</p><p>{word}</p>") for word in ("two", "2", "II")]
        assert asked(merge_component(*versions, {})) == {"body:1": ("<p>two</p>", "<p>2</p>", "<p>II</p>")}
        for choice, word in ((take(LIBRARY), "2"), (take(SOURCE), "II"), (edit("<p>zwei</p>"), "zwei")):
            merged = merge_component(*versions, {"body:1": choice})
            assert (olx(merged), merged.open) == (f"<html><![CDATA[<p>One</p><p>{word}</p>]]></html>", ())

    def test_the_body_as_a_whole_can_be_chosen(self):
        versions = [html(f"<p>One</p><p>{word}</p>") for word in ("two", "2", "II")]
        merged = merge_component(*versions, {"body": edit("<p>Mine</p>")})
        assert (olx(merged), merged.open) == ("<html><![CDATA[<p>Mine</p>]]></html>", ())

    def test_a_problem(self):
        def problem(*choices: str, question="Why?") -> ComponentTexts:
            inner = "".join(f"<choice>{choice}</choice>" for choice in choices)
            return version(f"<problem><p>{question}</p>\n<choicegroup>{inner}</choicegroup></problem>")

        merged = merge_component(problem("a", "b"), problem("A", "b"), problem("a", "b", "c", question="Why not?"), {})
        assert merged.texts.digest == problem("A", "b", "c", question="Why not?").digest

    def test_what_would_not_be_xml_any_more_is_asked_about_as_a_whole(self):
        base = version("<problem><a/><b/><c/></problem>")
        ours = version("<problem><div><a/></div><b/><c/></problem>")
        theirs = version("<problem><a/><b/><c><x/></c></problem>")
        choices = {"body": edit("<a>")}
        assert not merge_component(base, ours, theirs, {}).open
        with pytest.raises(UnusableChoice, match="not well-formed"):
            merge_component(base, ours, theirs, choices)

    def test_html_whose_elements_would_not_be_closed_any_more_too(self):
        base = html("<p>1</p><p>2</p><p>3</p>")
        ours = html("<div><p>1</p><p>2</p></div><p>3</p>")
        theirs = html("<p>1</p><section><p>2</p><p>3</p></section>")
        assert set(asked(merge_component(base, ours, theirs, {}))) == {"body"}

    def test_a_script_in_which_white_space_counts(self):
        def problem(*code: str) -> ComponentTexts:
            return version("<problem><script>\n" + "".join(f"{line}\n" for line in code) + "</script></problem>")

        merged = merge_component(
            problem("if a:", "    b", "c", "d"),
            problem("if a:", "    b", "    c", "d"),
            problem("if a:", "    b", "c", "e"),
            {},
        )
        assert merged.texts.digest == problem("if a:", "    b", "    c", "e").digest

    def test_comments_and_layout_are_no_conflict(self):
        merged = merge_component(
            version("<problem><!-- 1 --><p>a</p><p>b</p></problem>"),
            version("<problem><!-- 2 -->\n<p>a</p>\n<p>b</p></problem>"),
            version("<problem><!-- 3 --> <p>A</p> <p>b</p></problem>"),
            {},
        )
        assert not merged.open
        assert "<p>A</p>" in olx(merged)

    def test_what_only_one_side_has_changed_is_its_own_text(self):
        theirs = '<problem weight="1"><p  >a\n</p><!-- c --><script><![CDATA[x<1]]></script></problem>'
        merged = merge_component(
            version('<problem weight="1"><p>a</p></problem>'),
            version('<problem weight="2"><p>a</p></problem>'),
            version(theirs),
            {},
        )
        assert olx(merged) == component_olx(parse_xml(theirs)).replace('weight="1"', 'weight="2"')


class TestVideo:
    def video(self, inner="", **transcripts) -> ComponentTexts:
        named = json.dumps(transcripts, sort_keys=True).replace('"', "&quot;")
        return version(f'<video{f' transcripts="{named}"' if transcripts else ""} sub="">{inner}</video>')

    def test_transcripts_by_language(self):
        merged = merge_component(
            self.video(en="en.srt"), self.video(en="en.srt", fr="fr.srt"), self.video(en="new.srt", de="de.srt"), {}
        )
        assert json.loads(merged.texts.element.get("transcripts")) == {
            "en": "new.srt", "fr": "fr.srt", "de": "de.srt",
        }  # fmt: skip
        assert not merged.open

    def test_that_stand_in_elements(self):
        def named(*languages):
            elements = "".join(f'<transcript language="{each}" src="{each}.srt"/>' for each in languages)
            return self.video(f'<source src="a.mp4"/>{elements}')

        merged = merge_component(named("en"), named("en", "fr"), named("de", "en"), {})
        assert olx(merged) == component_olx(named("de", "en", "fr").element)

    def test_what_else_is_called_so_stays(self):
        """edX's video pipeline tells of transcripts in its own way."""
        inner = '<video_asset><transcripts><transcript language_code="en"/></transcripts></video_asset>'
        merged = merge_component(
            self.video(inner, en="en.srt"),
            self.video(inner, en="en.srt", fr="fr.srt"),
            self.video(inner, en="b.srt"),
            {},
        )
        assert inner in olx(merged)

    def test_two_for_one_language(self):
        versions = [self.video(en=name) for name in ("a.srt", "b.srt", "c.srt")]
        assert asked(merge_component(*versions, {})) == {"setting:transcripts/en": ("a.srt", "b.srt", "c.srt")}


class TestFiles:
    def test_each_by_its_name(self):
        merged = merge_component(
            html("1", ("a", "1"), ("b", "1"), ("c", "1")),
            html("1", ("a", "2"), ("b", "1"), ("c", "1"), ("d", "1")),
            html("2", ("a", "1"), ("b", "3")),
            {},
        )
        assert [(file.name, file.content) for file in merged.texts.files] == [("a", "2"), ("b", "3"), ("d", "1")]

    def test_two_of_one_name(self):
        versions = [html("1", ("a", content)) for content in ("1", "2", "3")]
        merged = merge_component(*versions, {})
        assert asked(merged) == {"file:a": ("5 bytes, content 1", "5 bytes, content 2", "5 bytes, content 3")}
        assert merge_component(*versions, {"file:a": take(SOURCE)}).texts.files[0].content == "3"
        with pytest.raises(UnusableChoice, match="cannot be edited"):
            merge_component(*versions, {"file:a": edit("x")})

    def test_what_the_merged_body_needs_comes_along(self):
        """The library has lost the picture with its paragraph, and the source has changed that paragraph."""
        merged = merge_component(
            html("<p>1</p>", ("a", "1")), html("<p>1</p>"), html("<p>2</p>", ("a", "1")), {}, lambda *_: ["a", "b"]
        )
        assert [file.name for file in merged.texts.files] == ["a"]


class TestProperties:
    """Whatever the component."""

    @st.composite
    @staticmethod
    def components(draw) -> ComponentTexts:
        tag = draw(st.sampled_from(["problem", "html", "video", "x"]))
        _tag, attributes, content = draw(elements)
        style = Style(draw)
        return version(style.element((tag, attributes, content)), *draw(FILES))

    def of_one_type(self, *versions: ComponentTexts) -> tuple[ComponentTexts, ...]:
        for each in versions:
            each.element.tag = versions[0].element.tag
        return versions

    @settings(max_examples=examples(200))
    @given(st.data())
    def test_an_unchanged_side_gives_the_other_exactly(self, data):
        base, changed = self.of_one_type(data.draw(self.components()), data.draw(self.components()))
        for merged in (merge_component(base, base, changed, {}), merge_component(base, changed, base, {})):
            assert not merged.open
            assert olx(merged) == component_olx(changed.element)
            assert (merged.texts.title, merged.texts.files) == (changed.title, changed.files)

    @settings(max_examples=examples(300))
    @given(st.data())
    def test_it_does_not_matter_which_side_is_which(self, data):
        base, one, other = self.of_one_type(*(data.draw(self.components()) for _ in range(3)))
        merged, turned = merge_component(base, one, other, {}), merge_component(base, other, one, {})
        assert {piece.name for piece in merged.open} == {piece.name for piece in turned.open}
        if not merged.open:
            assert merged.texts.digest == turned.texts.digest

    @settings(max_examples=examples(300))
    @given(st.data())
    def test_what_comes_of_it_can_be_read_and_merging_it_again_changes_nothing(self, data):
        base, library, source = self.of_one_type(*(data.draw(self.components()) for _ in range(3)))
        merged = merge_component(base, library, source, {})
        again = version(olx(merged), title=merged.texts.title)
        assert again.digest == ComponentTexts(again.title, merged.texts.element).digest
        if not merged.open:
            assert merge_component(source, merged.texts, source, {}).texts.digest == merged.texts.digest

    @settings(max_examples=examples(300))
    @given(st.data())
    def test_once_every_piece_is_chosen_nothing_is_open(self, data):
        base, library, source = self.of_one_type(*(data.draw(self.components()) for _ in range(3)))
        pieces = merge_component(base, library, source, {}).open
        sides = data.draw(st.lists(st.sampled_from([LIBRARY, SOURCE]), min_size=len(pieces), max_size=len(pieces)))
        choices = {piece.name: take(side) for piece, side in zip(pieces, sides, strict=True)}
        left = {piece.name for piece in merge_component(base, library, source, choices).open}
        assert left <= {"body"}  # Where the lines that were chosen do not fit together.
        if {*sides} == {SOURCE} or {*sides} == {LIBRARY}:
            assert not left
