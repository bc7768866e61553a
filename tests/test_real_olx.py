"""What real courses hold and Studio never writes, from the export to the library."""

import re

import pytest
from lxml import etree

from import_from_modulestore import api
from import_from_modulestore.data import CompositionLevel, ConflictState, Outcome
from import_from_modulestore.exports.texts import read_xml
from import_from_modulestore.olx.parsing import parse_xml

from .builders import KEY, TARGET, block, problem, section, subsection, text, unit, unit_of, usage_key, write_course
from .command_line.calls import command, in_one_line
from .library_state import drafts


@pytest.fixture
def course(courses):
    """Write the course again with other content: ``course(section(…), …)``."""
    return lambda *blocks, **options: write_course(courses / "c1", *blocks, **options)


def by_key(records):
    return {record.usage_key: record for record in records}


def block_xml(state, ref: str) -> str:
    return drafts(state())[ref]["files"]["block.xml"].decode()


class TestText:
    SCRIPT = "<script>if (a[b[0]]>5 && c) { go(); }</script>"

    def test_the_end_of_cdata_is_no_end_of_the_text(self, course, run_import, state):
        course(section("s", subsection("b", unit("u", text("t", self.SCRIPT, title="T")))))
        run_import()
        script = "<script>if (a[b[0]]]]><![CDATA[>5 && c) { go(); }</script>"
        assert block_xml(state, "xblock.v1:html:t") == f'<html display_name="T"><![CDATA[{script}]]></html>'
        assert run_import()[0].counts == {"unchanged": 4}

    def test_nor_in_the_review(self, course, stage, user):
        course(section("s", subsection("b", unit("u", text("t", self.SCRIPT)))))
        run = stage()
        key = usage_key("html", "t")
        olx = api.get_block(user=user, import_id=run, usage_key=key).olx
        edited = api.edit_block(user=user, import_id=run, usage_key=key, olx=olx.replace("go()", "stop()"))
        assert "a[b[0]]]]><![CDATA[>5" in edited.olx
        assert not edited.block.warnings


class TestTitles:
    @pytest.mark.few
    @pytest.mark.parametrize(
        ("written", "title", "kept"),
        [
            ("&quot;Hour 15&quot;", "Hour 15", "Hour 15"),
            ("null", "Blank Problem", None),
            ("15", "15", "15"),
            ("true", "true", "true"),
            ("[1]", "[1]", "[1]"),
            ("&quot;Hour&quot; 15", '"Hour" 15', '"Hour" 15'),
            ("&quot;a\\u0000b\\n c&quot;", "ab c", "ab\n c"),
            ("[" * 10_000, "[" * 500, "[" * 10_000),
        ],
    )
    def test_are_read_as_the_platform_reads_them(self, written, title, kept, course, run_import, state):
        course(unit_of(f'<problem url_name="p" display_name="{written}"><p/></problem>'))
        run_import()
        assert drafts(state())["xblock.v1:problem:p"]["title"] == title
        assert parse_xml(block_xml(state, "xblock.v1:problem:p")).get("display_name") == kept

    def test_of_xblocks_that_never_wrote_json_are_what_is_written(self, course, run_import, state):
        course(unit_of('<poll url_name="p" xblock-family="xblock.v1" display_name="&quot;Hour 15&quot;"/>'))
        run_import()
        assert drafts(state())["xblock.v1:poll:p"]["title"] == '"Hour 15"'

    @pytest.mark.parametrize(
        ("tag", "title"),
        [("problem", "Blank Problem"), ("html", "Text"), ("video", "Video"), ("word_cloud", "Word cloud")],
    )
    def test_of_untitled_blocks_are_those_of_the_platform(self, tag, title, course, run_import, state):
        course(section("s", subsection("b", unit("u", block(tag, "x")))))
        run_import()
        assert drafts(state())[f"xblock.v1:{tag}:x"]["title"] == title

    def test_keep_their_spaces(self, course, run_import, state):
        course(section("s", title="a  b\xa0c"), section("t", title=" a \n\t b\xa0"))
        run_import()
        assert [drafts(state())[ref]["title"] for ref in ("s", "t")] == ["a  b\xa0c", "a b\xa0"]

    @pytest.mark.parametrize(
        "files",
        [
            {"problem/x.xml": "<problem"},
            {"problem/x.xml": '<problem filename="gone"/>'},
            {"problem/x.xml": f"<problem>{'<b>' * 230}{'</b>' * 230}</problem>"},
        ],
    )
    def test_of_unreadable_blocks_are_those_of_their_pointers(self, files, course, run_import):
        course(unit_of('<problem url_name="x" display_name="Hour 15"/>'), files=files)
        record = by_key(run_import()[1])[usage_key("problem", "x")]
        assert (record.title, record.outcome) == ("Hour 15", Outcome.FAILED)

    def test_of_texts_without_their_body_are_those_of_their_definitions(self, course, run_import):
        course(unit_of('<html url_name="x"/>'), files={"html/x.xml": '<html display_name="Hour 15" filename="x"/>'})
        record = by_key(run_import()[1])[usage_key("html", "x")]
        assert (record.title, record.outcome) == ("Hour 15", Outcome.FAILED)


class TestOldNames:
    @pytest.mark.parametrize("tag", ["videosequence", "problemset"])
    def test_of_subsections(self, tag, course, run_import, state):
        course(block("chapter", "s", "", block(tag, "b", "", unit("u", text("t")))))
        _done, records = run_import()
        assert by_key(records)[usage_key(tag, "b")].item_key == "lct:Acme:Target:subsection:b"
        assert drafts(state())["b"]["children"] == ["u"]
        assert run_import()[0].counts == {"unchanged": 4}


class TestNamesByContent:
    def test_survive_what_is_put_in_between(self, course, run_import):
        videos = [f'<video display_name="Video" youtube="{n}"/>' for n in range(20)]
        course(unit_of("".join(videos)))
        done, _records = run_import()
        assert [warning.partition(" ")[0] for warning in done.warnings] == ["20"]
        course(unit_of("".join(['<video display_name="Video" youtube="new"/>', *videos])))
        _done, records = run_import()
        videos = [record.state for record in records if record.block_type == "video"]
        assert videos == [ConflictState.NEW, *[ConflictState.UNCHANGED] * 20]


class TestComponentsOutsideOfUnits:
    """Each run of them gets a unit, named after its first."""

    @pytest.fixture
    def written(self, course):
        loose = [text("t1", title="Low  tide"), text("t2"), unit("u", text("t3")), problem("p1", title="Why?")]
        return course(section("s", subsection("b", *loose), subsection("c", unit("v"))))

    def test_are_in_units(self, written, run_import, state):
        done, records = run_import()
        found = drafts(state())
        assert found["b"]["children"] == ["t1_unit", "u", "p1_unit"]
        assert (found["t1_unit"]["title"], found["p1_unit"]["title"]) == ("Low  tide", "Why?")
        assert found["t1_unit"]["children"] == ["xblock.v1:html:t1", "xblock.v1:html:t2"]
        assert done.warnings == (
            "2 units were made for components that stand in none. Each is named after the first of them.",
        )
        assert not any(record.warnings for record in records)
        assert [record.depth for record in records] == [0, 1, 2, 3, 3, 2, 3, 2, 3, 1, 2]

    def test_as_often_as_they_are_read(self, written, run_import):
        run_import()
        assert run_import()[0].counts == {"unchanged": 11}

    @pytest.mark.parametrize(("level", "count"), [("subsection", 10), ("unit", 8), ("component", 4)])
    def test_on_each_level(self, level, count, written, run_import, state):
        run_import(level=CompositionLevel(level))
        assert len(drafts(state())) == count

    def test_or_on_their_own_where_they_are_selected(self, written, run_import, state):
        run_import(selection=(usage_key("html", "t2"),))
        assert list(drafts(state())) == ["xblock.v1:html:t2"]

    def test_where_they_stood_alone_before_too(self, written, run_import, state):
        run_import(selection=tuple(usage_key("html", f"t{n}") for n in (1, 2, 3)))
        _done, records = run_import()
        states = {record.usage_key: record.state for record in records}
        assert {states[usage_key("html", f"t{n}")] for n in (1, 2, 3)} == {ConflictState.UNCHANGED}
        assert states[usage_key("vertical", "t1~unit")] is ConflictState.NEW
        assert drafts(state())["t1_unit"]["children"] == ["xblock.v1:html:t1", "xblock.v1:html:t2"]

    def test_are_reviewed_as_other_units_are(self, written, stage, user, state):
        run, unit_key = stage(), usage_key("vertical", "t1~unit")
        api.edit_block(user=user, import_id=run, usage_key=unit_key, title="Tides")
        api.select_blocks(user=user, import_id=run, usage_keys=[usage_key("vertical", "p1~unit")], selected=False)
        assert api.get_block(user=user, import_id=run, usage_key=unit_key).block.title == "Tides"
        api.complete_import(user=user, import_id=run)
        assert drafts(state())["t1_unit"]["title"] == "Tides"
        assert drafts(state())["b"]["children"] == ["t1_unit", "u"]

    def test_are_counted_with_them(self, written, stage, user):
        [source] = api.list_sources(user=user).items
        assert source.counts == {"section": 1, "subsection": 2, "unit": 4, "component": 4}
        assert api.get_import(user=user, import_id=stage()).block_count == source.block_count

    def test_may_be_all_that_a_section_holds(self, course, run_import, state):
        course(section("s", text("t1")))
        run_import()
        assert drafts(state())["t1_unit"]["children"] == ["xblock.v1:html:t1"]

    def test_get_none_where_a_library_takes_none_of_them(self, course, run_import):
        course(section("s", subsection("b", block("conditional", "c", "", text("t")))))
        done, records = run_import()
        assert (done.counts, done.warnings) == ({"created": 2, "unsupported": 1}, ())
        assert [record.depth for record in records] == [0, 1, 0]

    def test_of_equal_beginning_are_two_units(self, course, run_import, state):
        runs = [text("t1"), text("t2")], [text("t1"), text("t3")], [text("t1"), text("t2")]
        course(section("s", *(subsection(f"b{n}", *run) for n, run in enumerate(runs))))
        run_import()
        found = drafts(state())
        assert [found[f"b{n}"]["children"] for n in range(3)] == [["t1_unit"], ["t3_unit"], ["t1_unit"]]
        assert found["t3_unit"]["children"] == ["xblock.v1:html:t1", "xblock.v1:html:t3"]
        assert found["t3_unit"]["title"] == "Text t1"

    def test_do_not_take_the_name_of_a_unit_that_is_there(self, course, run_import, state):
        course(section("s", subsection("b", unit("t1~unit", problem("p1")), text("t1"))))
        run_import()
        first, second = drafts(state())["b"]["children"]
        assert [drafts(state())[name]["children"] for name in (first, second)] == [
            ["xblock.v1:problem:p1"],
            ["xblock.v1:html:t1"],
        ]


class TestWhatStandsOnItsOwn:
    """It is drawn after the tree that it is in the midst of, and so is what comes to nothing beside it."""

    def tree(self, out: str) -> list[str]:
        found = re.findall(r"^(.*)── \S+ (\S+)", out, re.MULTILINE)
        return [f"{len(guides) // 4} {title}" for guides, title in found]

    @pytest.fixture
    def written(self, course):
        refused = block("conditional", "x", "<html>x</html>").titled("x")
        return course(
            section(
                "s",
                unit("u1", text("t1", title="t1"), title="u1"),
                subsection("b", refused, unit("u2", title="u2"), title="b"),
                title="s",
            )
        )

    def test_in_a_plan_and_a_result(self, written, library):
        expected = ["0 s", "1 b", "2 u2", "0 u1", "1 t1", "0 x"]
        assert self.tree(command("preview", KEY, TARGET, "--all")) == expected
        assert self.tree(command("run", KEY, TARGET, "--all")) == expected

    def test_on_record(self, written, run_import):
        _done, records = run_import()
        assert [f"{record.depth} {record.title}" for record in records] == ["0 s", "0 u1", "1 t1", "1 b", "0 x", "2 u2"]


class TestAsides:
    ASIDE = '<tagging_aside xblock-family="xblock_asides.v1" url_name="a" saved_tags="{}"/>'

    def test_are_no_blocks(self, course, run_import, user):
        course(unit_of(f'{self.ASIDE}<problem url_name="p"><p>Why?</p>{self.ASIDE}</problem>'))
        done, records = run_import()
        assert [record.usage_key for record in records][-1] == usage_key("problem", "p")
        assert done.counts == {"created": 4}
        assert not any(record.warnings for record in records)
        [source] = api.list_sources(user=user).items
        assert source.block_count == 4

    def test_leave_what_they_stand_in_as_it_is(self, course, run_import, state):
        course(unit_of(f'<problem url_name="p">a{self.ASIDE}b<p/></problem>'))
        run_import()
        assert block_xml(state, "xblock.v1:problem:p") == "<problem>ab<p/></problem>"

    @pytest.mark.parametrize(
        "data",
        [
            f"<problem>{ASIDE}</problem>".encode(),
            f"<problem>{ASIDE.replace('xblock_', 'xblock&#95;')}</problem>".encode(),
            f"<problem>{ASIDE}</problem>".encode("utf-16"),
            f'<?xml version="1.0" encoding="UTF-7"?><p>{ASIDE.replace("xblock_", "+AHg-block_")}</p>'.encode(),
        ],
    )
    def test_are_known_however_they_are_written(self, data):
        assert len(etree.fromstring(data)) == 1
        assert len(read_xml(data).element) == 0

    def test_at_the_top_are_none_either(self, course, run_import):
        root = f'<course>{self.ASIDE}<chapter url_name="s"/></course>'
        course(section("s"), files={"course/R1.xml": root})
        done, _records = run_import()
        assert (done.counts, done.warnings) == ({"created": 1}, ())


class TestRefusedBlocks:
    def test_are_named_with_all_their_children(self, course, run_import):
        why, long = "<problem><p>Why <b>two</b>\ntides?</p></problem>", f"<html><p>{'A tide that ' * 20}</p></html>"
        inner = f'{why}{long}<video youtube="x"/><problem display_name="P"/>'
        course(unit_of(f'<conditional url_name="c"><show sources="a"/>{inner}</conditional>'))
        left_out = by_key(run_import()[1])[usage_key("conditional", "c")].left_out
        assert left_out[:2] == ("“Why two tides?” (problem)", f"“{'A tide that ' * 5}…” (html)")
        assert left_out[2:] == ("Video (video)", "P (problem)")


class TestTypesThatNoLibraryTakes:
    """Their keys cannot be made; they are refused, and everything else goes on."""

    @pytest.fixture
    def written(self, course):
        return course(unit_of('<é url_name="x"><a/></é><problem url_name="p"><p/></problem>'))

    def test_are_refused_with_the_reason(self, written, stage, user):
        run = stage()
        found = {item.usage_key: item for item in api.list_blocks(user=user, import_id=run).items}[usage_key("é", "x")]
        assert (found.state, found.outcome) == (ConflictState.UNSUPPORTED, Outcome.UNSUPPORTED)
        assert "“é”" in found.reason
        assert api.get_block(user=user, import_id=run, usage_key=usage_key("é", "x")).library is None
        assert api.plan_import(user=user, import_id=run).counts() == {"created": 4, "unsupported": 1}
        assert api.complete_import(user=user, import_id=run).counts == {"created": 4, "unsupported": 1}
        assert api.undo_import(user=user, import_id=run)

    def test_on_the_command_line(self, written, library):
        out = command("stage", KEY, TARGET) + command("review", "last") + command("plan", "last")
        assert "“é”" in in_one_line(out + command("complete", "last"))
        assert "Unsupported" in command("show", "last")
