"""What Studio stages is what an export of the same course holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Branch
from import_from_modulestore.exports.export import Export
from import_from_modulestore.models import Import, StagedBlock
from import_from_modulestore.olx.blocks import has_children, title_of
from import_from_modulestore.olx.files.closure import gather
from import_from_modulestore.olx.normal_form import normal_digest
from import_from_modulestore.olx.parsing import parse_xml
from import_from_modulestore.olx.tree import walk
from tests.builders import (
    KEY,
    LIBRARY_KEY,
    block,
    problem,
    section,
    subsection,
    text,
    unit,
    unit_of,
    usage_key,
    write_block,
    write_course,
    write_library,
)

SAMPLE = Path(__file__).parents[2] / "courses" / "sample-course"
BIG = b"0123456789abcdef" * 700_000  # 11 MB: content_staging leaves such files out.


def staged_blocks(run) -> dict[str, StagedBlock]:
    return {row.usage_key: row for row in StagedBlock.objects.filter(import_run__uuid=run.id)}


def in_studio(run) -> list[tuple]:
    rows = StagedBlock.objects.filter(import_run__uuid=run.id).order_by("num")
    return [
        (row.usage_key, row.depth, row.kind, row.title, row.normal_digest, {file["name"] for file in row.files})
        for row in rows
    ]


def files_of(export: Export, element) -> set[str]:
    return set(gather(element, export.static_files).files)


def in_export(folder: Path, branch: Branch = Branch.DRAFT) -> list[tuple]:
    export = Export(folder, folder.name)
    found = []
    for root in export.read(branch):
        for each in walk(root.element):
            key = str(export.key.make_usage_key(each.block_type, each.block_id))
            is_whole = not each.kind.is_container and not has_children(each.element)
            digest, files = (normal_digest(each.element), files_of(export, each.element)) if is_whole else ("", set())
            found.append((key, each.depth, each.kind.value, title_of(each.element), digest, files))
    return found


class TestSameAsAnExport:
    @pytest.mark.parametrize("branch", Branch)
    def test_the_sample_course(self, site, stage, branch, tmp_path):
        key = site.load(SAMPLE)
        assert in_studio(stage(key, branch=branch)) == in_export(site.export(key, tmp_path), branch)

    def test_a_legacy_library(self, site, stage, tmp_path):
        folder = write_library(tmp_path / "legacy", text("t1"), problem("p1"))
        key = site.load(folder)
        assert in_studio(stage(key, level="component")) == in_export(site.export(key, tmp_path))

    def test_attributes_that_studio_leaves_out_of_texts(self, site, stage, tmp_path):
        hidden = block("html", "t1", "", display_name="T", visible_to_staff_only="true", editor="raw")
        folder = write_course(tmp_path / "c", section("s", subsection("b", unit("u", hidden))))
        key = site.load(folder)
        assert in_studio(stage(key)) == in_export(site.export(key, tmp_path))

    def test_components_that_stand_in_no_unit(self, ada, site, stage, tmp_path):
        loose = [text("t1"), problem("p1"), unit("u", text("t2")), problem("p2")]
        key = site.load(write_course(tmp_path / "c", section("s", subsection("b", *loose))))
        run = stage(key)
        assert in_studio(run) == in_export(site.export(key, tmp_path))
        assert [warning.partition(" ")[0] for warning in run.warnings] == ["2"]
        source = api.get_source(user=ada, source_key=key)
        assert (source.counts["unit"], source.block_count) == (3, run.block_count)

    def test_a_section_is_a_root(self, load, stage):
        load()
        roots = StagedBlock.objects.filter(import_run__uuid=stage().id, depth=0).values_list("usage_key", flat=True)
        assert list(roots) == [usage_key("chapter", "s1"), usage_key("chapter", "s2")]

    def test_what_was_imported_is_unchanged(self, ada, site, stage, run_import):
        key = site.load(SAMPLE)
        run_import(key)
        plan = api.plan_import(user=ada, import_id=stage(key).id)
        assert {item.outcome.value for item in plan.items} <= {"unchanged", "unsupported"}


class TestInPieces:
    """What is larger than the database takes in a statement is staged as if it were not."""

    @pytest.fixture
    def row_of(self):
        unlike = {"id", "import_run_id", "root_id", "files"}
        return lambda run: [
            {name: value for name, value in row.items() if name not in unlike}
            | {"names": [f["name"] for f in row["files"]]}
            for row in StagedBlock.objects.filter(import_run__uuid=run.id).order_by("num").values()
        ]

    @staticmethod
    def roots_of(run) -> int:
        return Import.objects.get(uuid=run.id).roots.count()

    def test_small_ones(self, site, stage, settings, row_of):
        key = site.load(SAMPLE)
        whole = stage(key)
        settings.IMPORT_FROM_MODULESTORE_MAX_STATEMENT = 5_000
        pieces = stage(key)
        assert row_of(pieces) == row_of(whole)
        assert self.roots_of(pieces) > self.roots_of(whole)
        assert (pieces.warnings, pieces.block_count) == (whole.warnings, whole.block_count)

    @pytest.mark.at_gate
    def test_a_section_that_the_platform_cannot_stage(self, site, stage, settings, tmp_path, row_of):
        texts = [text(f"t{n}", "large " * 100_000 + '<img src="/static/a.png"/>') for n in range(3)]
        course = section("s", subsection("b", unit("u", *texts[:2]), unit("v", texts[2])), title="S")
        key = site.load(write_course(tmp_path / "c", course, static={"a.png": b"A"}))
        whole = stage(key)
        settings.IMPORT_FROM_MODULESTORE_MAX_STATEMENT = 700_000
        pieces = stage(key)
        assert (self.roots_of(pieces), row_of(pieces)) == (3, row_of(whole))

    def test_a_component_that_does_not_fit_is_named(self, site, stage, settings, tmp_path):
        course = section("s", subsection("b", unit("u", text("t1", "large " * 100_000, title="Large text"))))
        key = site.load(write_course(tmp_path / "c", course))
        settings.IMPORT_FROM_MODULESTORE_MAX_STATEMENT = 500_000
        with pytest.raises(api.StepFailed, match="Large text is too large for the database"):
            stage(key)
        assert not StagedBlock.objects.exists()

    def test_one_that_stands_in_no_section_is_named_too(self, site, stage, settings, tmp_path):
        key = site.load(write_course(tmp_path / "c", text("t1", "large " * 100_000)))
        settings.IMPORT_FROM_MODULESTORE_MAX_STATEMENT = 500_000
        with pytest.raises(api.StepFailed, match="t1.* is too large for the database"):
            stage(key, level="component")

    def test_one_of_a_legacy_library_is_named_too(self, site, stage, settings, tmp_path):
        key = site.load(write_library(tmp_path / "legacy", text("t1", "large " * 100_000)))
        settings.IMPORT_FROM_MODULESTORE_MAX_STATEMENT = 500_000
        with pytest.raises(api.StepFailed, match="t1.* is too large for the database"):
            stage(key, level="component")


class TestFiles:
    def files_of(self, run, key: str) -> dict[str, int]:
        return {file["name"]: file["size"] for file in staged_blocks(run)[key].files}

    def one_text(self, site, tmp_path, body: str, **static: bytes) -> str:
        course = section("s", subsection("b", unit("u", text("t1", body))))
        files = {name.replace("__", "."): data for name, data in static.items()}
        return site.load(write_course(tmp_path / "c", course, static=files))

    def test_go_with_the_block_that_names_them(self, site, stage, tmp_path):
        self.one_text(site, tmp_path, '<img src="/static/a.png"/>', a__png=b"A", b__png=b"B")
        assert self.files_of(stage(), usage_key("html", "t1")) == {"a.png": 1}

    def test_of_more_than_ten_megabytes_are_not_lost(self, site, stage, tmp_path):
        self.one_text(site, tmp_path, '<a href="/static/big.bin">big</a>', big__bin=BIG)
        assert self.files_of(stage(), usage_key("html", "t1")) == {"big.bin": len(BIG)}

    def test_a_page_that_is_too_large_is_not_looked_into(self, site, stage, tmp_path):
        page = b'<img src="a.png">' + b" " * 5_000_000
        self.one_text(site, tmp_path, '<iframe src="/static/p.html"></iframe>', p__html=page, a__png=b"A")
        assert self.files_of(stage(), usage_key("html", "t1")) == {"p.html": len(page)}

    def test_that_are_not_named_in_quotes_are_found(self, site, stage, tmp_path):
        self.one_text(site, tmp_path, "<p style='background: url(/static/a.png)'>x</p>", a__png=b"A")
        assert self.files_of(stage(), usage_key("html", "t1")) == {"a.png": 1}

    def test_the_library_of_python_problems(self, site, stage, tmp_path):
        script = problem("p1", '<script type="loncapa/python">import tides</script><p>?</p>')
        course = section("s", subsection("b", unit("u", script, problem("p2"))))
        site.load(write_course(tmp_path / "c", course, static={"python_lib.zip": b"ZIP"}))
        run = stage()
        assert self.files_of(run, usage_key("problem", "p1")) == {"python_lib.zip": 3}
        assert self.files_of(run, usage_key("problem", "p2")) == {}

    def test_what_the_page_of_a_javascript_input_loads(self, site, stage, tmp_path):
        js_input = '<customresponse><jsinput html_file="/static/moon.html"/></customresponse>'
        course = section("s", subsection("b", unit("u", problem("p1", js_input))))
        static = {"moon.html": b'<script src="moon.js"></script>', "moon.js": b"js", "other.js": b"js"}
        site.load(write_course(tmp_path / "c", course, static=static))
        assert set(self.files_of(stage(), usage_key("problem", "p1"))) == {"moon.html", "moon.js"}

    def test_transcripts_in_the_course(self, site, stage, tmp_path):
        course = section("s", subsection("b", unit("u", block("video", "v1", "", display_name="V"))))
        static = {"subs_abc.srt.sjson": b"{}", "uk.srt": b"1"}
        site.load(write_course(tmp_path / "c", course, static=static))
        site.configure(usage_key("video", "v1"), sub="abc", transcripts={"uk": "uk.srt"})
        assert {"subs_abc.srt.sjson", "uk.srt"} <= set(self.files_of(stage(), usage_key("video", "v1")))

    @pytest.mark.double
    def test_transcripts_that_are_kept_elsewhere(self, site, stage, tmp_path):
        video = block("video", "v1", '<transcript language="en" src="en.srt"/>', display_name="V")
        site.load(write_course(tmp_path / "c", section("s", subsection("b", unit("u", video)))))
        site.transcripts[usage_key("video", "v1")] = {"en.srt": b"1 00:00"}
        assert self.files_of(stage(), usage_key("video", "v1")) == {"en.srt": 7}

    def test_that_are_not_there_are_told_of(self, site, stage, tmp_path):
        self.one_text(site, tmp_path, '<img src="/static/gone.png"/>')
        row = staged_blocks(stage())[usage_key("html", "t1")]
        assert row.missing_files == ["gone.png"]

    def test_that_are_not_there_or_have_impossible_names_do_no_harm(self, site, stage, tmp_path):
        js_input = '<customresponse><jsinput html_file="/static/gone.html"/></customresponse>'
        long_name = "x" * 300
        course = section(
            "s", subsection("b", unit("u", problem("p1", js_input), text("t1", f'<a href="/static/{long_name}">x</a>')))
        )
        site.load(write_course(tmp_path / "c", course))
        rows = staged_blocks(stage())
        assert rows[usage_key("problem", "p1")].missing_files == ["gone.html"]
        assert rows[usage_key("html", "t1")].missing_files == [long_name]

    def test_in_folders_keep_their_names(self, site, stage, load):
        load(section("s", subsection("b", unit("u", text("t1", '<img src="/static/images/a.png"/>')))))
        site.add_file(KEY, "images/a.png", b"AA")
        assert self.files_of(stage(), usage_key("html", "t1")) == {"images/a.png": 2}

    def test_addresses_of_the_course_become_those_of_a_library(self, ada, load, stage, site):
        url = "/asset-v1:Acme+C1+R1+type@asset+block@a.png"
        load(section("s", subsection("b", unit("u", text("t1", f'<img src="{url}"/>')))))
        site.add_file(KEY, "a.png", b"A")
        run = stage()
        assert self.files_of(run, usage_key("html", "t1")) == {"a.png": 1}
        details = api.get_block(user=ada, import_id=run.id, usage_key=usage_key("html", "t1"))
        assert '<img src="/static/a.png"/>' in details.olx


class TestFilesAsInAnExport:
    """The same course in Studio and as an export: the same OLX and files, and the same to say."""

    COMPONENTS = (
        text("cdn", '<img src="//cdn.example.com/assets/courseware/v1/' + "a" * 32 + '/c4x/Acme/C1/asset/tide.png">'),
        text("encoded", '<img src="/asset-v1%3AAcme%2BC1%2BR1%2Btype%40asset%2Bblock%40tide.png">'),
        text("literal", '<a href="/static/A%20B.pdf">x</a>'),
        text("composed", '<img src="/static/mar\u00e9e.png">'),
        text("page", '<iframe src="/static/sim.html"></iframe>'),
        text("foreign", '<img src="/c4x/Other/X/asset/tide.png">'),
        text("link", '<a href="/jump_to_id/page">x</a><img src="/static/images/placeholder-image.png">'),
        block("video", "talk", "", display_name="V", sub="My%20Talk", youtube_id_1_0="yt"),
        block("video", "yt", "", display_name="V", youtube_id_1_0="yt"),
    )
    SJSON = b'{"start": [0], "end": [1500], "text": ["High"]}'
    STATIC = {
        "tide.png": b"PNG",
        "A%20B.pdf": b"PDF",
        "mare\u0301e.png": b"PNG 2",
        "sim.html": b'<script src="sim.js"></script><img src="gone.png">',
        "sim.js": b"load('data.json')",
        "data.json": b"{}",
        "subs_My%20Talk.srt.sjson": SJSON,
        "subs_yt.srt.sjson": SJSON,
        "subs_bad.srt.sjson": b"{}",
    }

    def test_are_the_same(self, site, stage, tmp_path, settings):
        course = section("s", subsection("b", unit("u", *self.COMPONENTS)))
        folder = write_course(tmp_path / "shelf" / "c", course, static=self.STATIC)
        key = site.load(folder)
        in_cms = described(stage(key))
        settings.IMPORT_FROM_MODULESTORE_HOST = "import_from_modulestore_standalone.host.StandaloneHost"
        settings.COURSES_DIR = tmp_path / "shelf"
        assert in_cms == described(stage(key))
        assert {name for _key, files, _said in in_cms for name, _digest in files} == {
            *self.STATIC,
            "mar\u00e9e.png",
            "subs_My%20Talk.srt",
            "subs_yt.srt",
        } - {"mare\u0301e.png", "subs_bad.srt.sjson"}
        assert [len(said) for _key, _files, said in in_cms] == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0]

    def test_a_transcript_that_cannot_be_converted(self, site, stage, tmp_path):
        video = block("video", "v1", "", display_name="V", sub="bad")
        site.load(write_course(tmp_path / "c", section("s", subsection("b", unit("u", video))), static=self.STATIC))
        [warning] = staged_blocks(stage())[usage_key("video", "v1")].reading_warnings
        assert "could not be made into an .srt file" in warning


def described(run) -> list[tuple]:
    """Of each staged block, its files with their content, and what is said of it."""
    rows = StagedBlock.objects.filter(import_run__uuid=run.id).order_by("num")
    return [
        (
            (row.usage_key, row.normal_digest),
            sorted((file["name"], file["digest"]) for file in row.files),
            [*row.reading_warnings, *row.warnings],
        )
        for row in rows
    ]


class TestBrokenBlocks:
    def test_one_that_studio_cannot_write_does_not_stop_the_others(self, site, load, stage):
        load()
        site.break_block(usage_key("problem", "p1"))
        rows = staged_blocks(stage())
        assert len(rows) == 12
        assert "Studio could not write it as OLX" in rows[usage_key("problem", "p1")].problem
        assert [key for key, row in rows.items() if row.problem] == [usage_key("problem", "p1")]
        assert rows[usage_key("problem", "p1")].title == "Problem p1"

    def test_its_neighbours_keep_their_files(self, site, load, stage):
        load(section("s", subsection("b", unit("u", text("t1", '<img src="/static/a.png"/>'), problem("p1")))))
        site.add_file(KEY, "a.png", b"A")
        site.break_block(usage_key("problem", "p1"))
        row = staged_blocks(stage())[usage_key("html", "t1")]
        assert [file["name"] for file in row.files] == ["a.png"]

    def test_it_leaves_studio_as_it_was(self, site, load, stage):
        from xmodule.xml_block import XmlMixin

        before = XmlMixin.export_to_file
        load()
        site.break_block(usage_key("problem", "p1"))
        stage()
        assert XmlMixin.export_to_file is before

    def test_one_whose_xml_is_too_deep(self, site, load, stage):
        load()
        site.edit(usage_key("problem", "p1"), "<problem>" + "<b>" * 252 + "</b>" * 252 + "</problem>")
        rows = staged_blocks(stage())
        assert "levels deep" in rows[usage_key("problem", "p1")].problem
        assert rows[usage_key("html", "t1")].digest

    @pytest.mark.double
    def test_one_that_cannot_be_loaded(self, site, load, stage):
        load()
        site.break_loading(usage_key("chapter", "s1"))
        rows = staged_blocks(stage())
        assert "The definition is not there." in rows[usage_key("chapter", "s1")].problem
        assert usage_key("html", "t3") in rows

    @pytest.mark.double
    def test_a_database_that_does_not_answer_is_no_fault_of_a_block(self, site, load, stage):
        from pymongo.errors import PyMongoError

        load()
        site.break_loading(usage_key("chapter", "s1"), PyMongoError("No server"))
        with pytest.raises(api.StepFailed, match="No server"):
            stage()

    def test_one_whose_type_is_not_installed_keeps_its_name(self, load, stage):
        load(unit_of('<nosuch url_name="x1" display_name="X"/>'))
        row = staged_blocks(stage())[usage_key("nosuch", "x1")]
        assert "is not installed in this Studio" in row.problem + row.refusal

    def test_an_empty_one_is_told_of(self, load, stage):
        load(section("s", subsection("b", unit("u", problem("p1", "")))))
        row = staged_blocks(stage())[usage_key("problem", "p1")]
        assert "empty" in row.problem or row.digest

    @pytest.mark.double
    def test_one_that_is_not_there_any_more_is_told_of_at_its_parent(self, site, load, stage):
        load()
        site.lose(usage_key("html", "t1"))
        rows = staged_blocks(stage())
        assert usage_key("html", "t1") not in rows
        assert rows[usage_key("vertical", "u1")].reading_warnings == [
            "It names the block html t1, which is not there any more."
        ]

    def test_a_block_made_of_others_is_named_with_them(self, load, stage):
        inner = '<problem url_name="q1" display_name="Q1"><p/></problem>'
        load(unit_of(f'<library_content url_name="lc">{inner}</library_content>'))
        rows = staged_blocks(stage())
        refused, inner = rows[usage_key("library_content", "lc")], rows[usage_key("problem", "q1")]
        assert refused.refusal
        assert (inner.title, inner.parent_num, inner.depth) == ("Q1", refused.num, refused.depth + 1)

    def test_one_inside_another_is_told_of_by_itself(self, site, load, stage):
        inner = '<problem url_name="q1"><p/></problem><problem url_name="q2"><p>Why?</p></problem>'
        load(unit_of(f'<itembank url_name="bank" display_name="Bank">{inner}</itembank>'))
        site.break_block(usage_key("problem", "q1"))
        rows = staged_blocks(stage())
        assert "could not write it as OLX" in rows[usage_key("problem", "q1")].problem
        assert rows[usage_key("problem", "q2")].digest
        assert (rows[usage_key("itembank", "bank")].title, rows[usage_key("itembank", "bank")].problem) == ("Bank", "")

    def test_one_made_of_others_keeps_its_settings_beside_it(self, site, load, stage):
        inner = '<vertical url_name="g" display_name="Group A"><problem url_name="q"><p>Why?</p></problem></vertical>'
        split = f'<split_test url_name="x" group_id_to_child="{{}}">{inner}</split_test>'
        load(unit_of(f'{split}<problem url_name="p"><p/></problem>'))

        def staged() -> tuple[dict[str, str], list[str]]:
            found = parse_xml(staged_blocks(stage())[usage_key("split_test", "x")].root.staged_content.olx)
            (element,) = found.iter("split_test")
            return dict(element.attrib), [child.get("url_name") for child in element.iterdescendants()]

        whole = staged()
        site.break_block(usage_key("problem", "p"))
        assert staged() == whole
        assert whole[0]["group_id_to_child"] == "{}"

    def test_one_made_of_others_that_is_broken_itself_does_not_take_them_with_it(self, site, load, stage):
        load(unit_of('<itembank url_name="bank"><problem url_name="q"><p>Why?</p></problem></itembank>'))
        site.break_block(usage_key("itembank", "bank"))
        rows = staged_blocks(stage(contents="unit"))
        bank = rows[usage_key("itembank", "bank")]
        assert (bank.problem, bank.refusal) == ("", "A library cannot hold a component that contains other blocks.")
        assert "could not write it as OLX" in bank.reading_warnings[0]
        assert rows[usage_key("problem", "q")].digest


def test_an_edit_while_it_is_staged_is_told_of(ada, site, load, library):
    load()
    made = api.create_import(user=ada, source_key=KEY, library_key=library.key)

    def edit_once(phase: str, done: int, total: int, title: str = "") -> None:
        if phase == "staging" and done == 7:  # After the first section.
            site.edit(usage_key("html", "t3"), '<html display_name="New"/>')

    rows = staged_blocks(api.stage_import(user=ada, import_id=made.id, progress=edit_once))
    assert not rows[usage_key("chapter", "s1")].reading_warnings
    assert "somebody made while" in rows[usage_key("chapter", "s2")].reading_warnings[0]


@pytest.mark.double
class TestSerializerThatNamesNoBlocks:
    """An older one, or one to come, does not write ``copied_from_block``: each component is then staged by itself."""

    @pytest.fixture(autouse=True)
    def _older(self, site):
        site.not_written.add("copied_from_block")

    def test_stages_the_same(self, site, stage, tmp_path):
        key = site.load(SAMPLE)
        assert in_studio(stage(key)) == in_export(site.export(key, tmp_path))

    def test_is_told_of_once(self, load, stage):
        load()
        (warning,) = [warning for warning in stage().warnings if "copied_from_block" in warning]
        assert "in 2 sections" in warning

    @pytest.mark.parametrize("levels", [210, 252])
    def test_guards_against_xml_that_is_too_deep(self, site, load, stage, levels):
        load()
        site.edit(usage_key("problem", "p1"), "<problem>" + "<b>" * levels + "</b>" * levels + "</problem>")
        run = stage()
        rows = staged_blocks(run)
        assert "levels deep" in rows[usage_key("problem", "p1")].problem
        assert rows[usage_key("html", "t1")].digest

    def test_names_what_is_empty_or_not_installed(self, load, stage):
        load(section("s", subsection("b", unit("u", problem("p1", ""), block("nosuch", "x1", display_name="X")))))
        rows = staged_blocks(stage())
        assert "It is empty" in rows[usage_key("problem", "p1")].problem
        assert "is not installed" in rows[usage_key("nosuch", "x1")].problem

    def test_does_not_give_a_block_the_name_of_one_that_it_was_pasted_from(self, site, load, stage):
        load(section("s", subsection("b", unit("u", problem("p1"), problem("p2")))))
        site.configure(usage_key("problem", "p2"), copied_from_block=usage_key("problem", "p1"))
        rows = staged_blocks(stage())
        assert rows[usage_key("problem", "p2")].repeats is None
        assert rows[usage_key("problem", "p2")].title == "Problem p2"

    def test_keeps_tags_and_files(self, site, load, stage, tmp_path):
        load(section("s", subsection("b", unit("u", text("t1", '<img src="/static/a.png"/>')))), static={"a.png": b"A"})
        site.tag(usage_key("html", "t1"), "tides")
        run = stage()
        assert [file["name"] for file in staged_blocks(run)[usage_key("html", "t1")].files] == ["a.png"]
        (root,) = Import.objects.get(uuid=run.id).roots.select_related("staged_content")
        assert usage_key("html", "t1") in root.staged_content.tags


class TestBranches:
    def test_drafts_are_read_or_left(self, site, load, stage):
        load()
        site.edit(usage_key("html", "t1"), '<html display_name="Draft"><p>Draft.</p></html>')
        titles = {branch: staged_blocks(stage(branch=branch))[usage_key("html", "t1")].title for branch in Branch}
        assert titles == {Branch.DRAFT: "Draft", Branch.PUBLISHED: "Text t1"}

    def test_a_library_has_but_one(self, site, stage, tmp_path):
        site.load(write_library(tmp_path / "legacy", text("t1")))
        assert stage(LIBRARY_KEY, branch=Branch.PUBLISHED).block_count == 1


def test_nothing_of_a_failed_staging_stays(ada, site, load, stage, monkeypatch):
    load()

    def fail(*args):
        raise OSError("The disk is full")

    monkeypatch.setattr("import_from_modulestore.hosts.cms.staging.Stager._add_files", fail)
    with pytest.raises(api.StepFailed, match="The disk is full"):
        stage()
    from openedx.core.djangoapps.content_staging.models import StagedContent

    assert not StagedContent.objects.exists()


def test_drafts_of_an_export_are_drafts(site, stage, tmp_path):
    folder = write_course(tmp_path / "c", section("s", subsection("b", unit("u", text("t1")))))
    draft = text("t1", "<p>Draft.</p>")
    where = {"parent_url": usage_key("vertical", "u"), "index_in_children_list": "0"}
    write_block(folder, draft, under="drafts/", **where)
    key = site.load(folder)
    assert in_studio(stage(key)) == in_export(site.export(key, tmp_path))


class TestTexts:
    BODY = "<script>a[b[0]]>1; c = ']]&gt;'; d[e[0]]>2</script>"

    def test_keep_the_end_of_cdata(self, ada, load, stage):
        load(section("s", subsection("b", unit("u", text("t1", self.BODY)))))
        found = api.get_block(user=ada, import_id=stage().id, usage_key=usage_key("html", "t1"))
        assert parse_xml(found.olx).text == self.BODY


class TestAsides:
    ASIDE = '<tagging_aside xblock-family="xblock_asides.v1" saved_tags="{}"/>'

    @pytest.mark.double
    def test_are_no_part_of_a_block(self, ada, site, load, stage):
        load()
        site.edit(usage_key("problem", "p1"), f'<problem display_name="P"><p>Why?</p>{self.ASIDE}</problem>')
        found = api.get_block(user=ada, import_id=stage().id, usage_key=usage_key("problem", "p1"))
        assert normal_digest(found.olx) == normal_digest('<problem display_name="P"><p>Why?</p></problem>')


class TestTitles:
    def test_of_what_cannot_be_loaded_are_known(self, site, load, stage):
        load()
        site.break_loading(usage_key("problem", "p1"))
        assert staged_blocks(stage())[usage_key("problem", "p1")].title == "Problem p1"

    def test_of_what_is_empty_too(self, load, stage):
        load(section("s", subsection("b", unit("u", problem("p1", "", title="Hour 15")))))
        assert staged_blocks(stage())[usage_key("problem", "p1")].title == "Hour 15"


def limited(made):
    """The block, for one group of the course only."""
    return replace(made, attributes={**made.attributes, "group_access": '{"50": [2]}'})


class TestGroups:
    """Groups of the course are taken off, and named; the platform's serializer leaves them out of texts."""

    def named(self, run) -> set[str]:
        return {
            key
            for key, row in staged_blocks(run).items()
            if any("group configuration 50: 2" in warning for warning in row.reading_warnings)
        }

    def test_are_taken_off_and_named(self, load, stage):
        load(section("s", subsection("b", limited(unit("u", limited(problem("p")), limited(text("t")), text("t2"))))))
        run = stage()
        rows = staged_blocks(run)
        assert self.named(run) == {usage_key("vertical", "u"), usage_key("problem", "p"), usage_key("html", "t")}
        assert rows[usage_key("problem", "p")].normal_digest == normal_digest(
            '<problem display_name="Problem p"><p>Why?</p></problem>'
        )
        assert "group_access" not in rows[usage_key("problem", "p")].root.staged_content.olx

    def test_are_named_where_a_section_is_staged_in_parts(self, site, load, stage):
        load(section("s", subsection("b", limited(unit("u", limited(problem("p")), problem("broken"))))))
        site.break_block(usage_key("problem", "broken"))
        assert self.named(stage()) == {usage_key("vertical", "u"), usage_key("problem", "p")}
