"""The files of components: which go along, under which name, and what is said of those that do not."""

import json
from pathlib import Path

import pytest

from import_from_modulestore import api

from .builders import KEY, TARGET, Block, block, problem, section, subsection, text, unit, usage_key, write_course
from .library_state import drafts

CDN = "https://cdn.example.com/assets/courseware/v1/0123456789abcdef0123456789abcdef"
SJSON = json.dumps({"start": [0, 61_500], "end": [1_500, 63_000], "text": ["High\n\nwater", ""]}).encode()
SRT = b"1\n00:00:00,000 --> 00:00:01,500\nHigh\nwater\n"


@pytest.fixture
def imported(courses, run_import, state):
    """Import a course with these components in one unit: gives the files of each, and its record, by ID."""

    def run(*components: Block, **options):
        write_course(courses / "c1", section("s", subsection("b", unit("u", *components))), **options)
        done, records = run_import()
        files = {ref.rpartition(":")[2]: item["files"] for ref, item in drafts(state()).items()}
        found = {record.usage_key.rpartition("@")[2]: record for record in records}
        return done, {name: (files.get(name, {}), found[name]) for name in found}

    return run


def static(files: dict) -> dict[str, bytes]:
    return {name.removeprefix("static/"): data for name, data in files.items() if name.startswith("static/")}


class TestAddresses:
    @pytest.mark.parametrize(
        "component",
        [
            text("x", f'<img src="{CDN}/asset-v1:Acme+C1+R1+type@asset+block/tide.png">'),
            text("x", f'<img srcset="{CDN}/asset-v1:Acme+C1+R1+type@asset+block@tide.png 2x">'),
            text("x", '<img src="/asset-v1%3AAcme%2BC1%2BR1%2Btype%40asset%2Bblock%40tide.png">'),
            text("x", '<img src="/c4x/Acme/C1/asset/tide.png">'),
            problem("x", f'<jsinput html_file="{CDN}/asset-v1:Acme+C1+R1+type@asset+block@tide.png"/>'),
            block("drag-and-drop-v2", "x", data=json.dumps({"targetImg": f"{CDN}/c4x/Acme/C1/asset/tide.png"})),
        ],
    )
    def test_of_the_course_itself_become_static(self, imported, component):
        _done, found = imported(component, static={"tide.png": b"PNG"})
        files, record = found["x"]
        assert static(files) == {"tide.png": b"PNG"}
        assert "/static/tide.png" in files["block.xml"].decode()
        assert record.warnings == ()

    def test_of_the_runs_that_its_assets_and_policies_are_of_are_its_own(self, imported):
        assets = {"a.png": {"filename": "asset-v1:Acme+C1+2020_T1+type@asset+block@a.png"}}
        body = "".join(f'<img src="/asset-v1:Acme+C1+{run}+type@asset+block@a.png">' for run in ("2020_T1", "2019"))
        policies = {"policies/assets.json": json.dumps(assets), "policies/2019/policy.json": "{}"}
        _done, found = imported(text("x", body), static={"a.png": b"PNG"}, files=policies)
        files, record = found["x"]
        assert files["block.xml"].decode().count('src="/static/a.png"') == 2
        assert record.warnings == ()

    def test_of_other_courses_are_left_and_named(self, imported):
        address = "/asset-v1:Other+X+1+type@asset+block@a.png"
        body = f'<img src="{address}"><img src="/c4x/Other/X/asset/b.png">'
        _done, found = imported(text("x", body), static={"a.png": b"PNG"})
        files, record = found["x"]
        assert body in files["block.xml"].decode()
        assert static(files) == {}
        first, second = record.warnings
        assert address in first
        assert "course-v1:Other+X+1, which is not this course" in first
        assert "to use it, write /static/a.png" in first
        assert "b.png" in second
        assert "same name" not in second

    def test_a_file_of_the_same_name_can_be_used_instead(self, courses, user, library):
        body = '<img src="/c4x/Other/X/asset/a.png">'
        course = section("s", subsection("b", unit("u", text("x", body))))
        write_course(courses / "c1", course, static={"a.png": b"PNG"})
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        olx = '<html><![CDATA[<img src="/static/a.png">]]></html>'
        edited = api.edit_block(user=user, import_id=run.id, usage_key=usage_key("html", "x"), olx=olx)
        assert ([file.name for file in edited.files], edited.block.warnings) == (["a.png"], ())

    @pytest.mark.few
    @pytest.mark.parametrize(
        ("address", "leads_to"),
        [
            ("/jump_to_id/vt", "imported as “The moon”, unit"),
            (
                "/courses/course-v1:Acme+C1+R1/jump_to/block-v1:Acme+C1+R1+type@html+block@y",
                "imported as “Text y”, html",
            ),
            ("/jump_to_id/nowhere", ""),
            ("/course/wiki/", ""),
            ("/courses/course-v1:Acme+C1+R0/jump_to_id/vt", "imported as “The moon”, unit"),
            ("/courses/course-v1:Other+C1+R1/jump_to_id/vt", ""),
            ("/courses/Other/C1/R1/jump_to/i4x://Other/C1/vertical/vt", ""),
        ],
    )
    def test_links_into_the_course_are_kept_and_named(self, courses, run_import, state, address, leads_to):
        body = f'<a href="{address}">there</a>'
        later = section("s2", subsection("b2", unit("vt", text("y"), title="The moon")))
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("x", body)))), later)
        _done, records = run_import()
        [record] = [record for record in records if record.usage_key == usage_key("html", "x")]
        assert body in drafts(state())["xblock.v1:html:x"]["files"]["block.xml"].decode()
        [warning] = record.warnings
        named = f"{address} ({leads_to})" if leads_to else address
        assert warning == f"A link into a course was kept, but a library has no such place: {named}."


class TestNames:
    @pytest.mark.parametrize(
        ("written", "held", "kept_as"),
        [
            ("A%20B.pdf", "A%20B.pdf", "A%20B.pdf"),
            ("A%20B.pdf", "A B.pdf", "A B.pdf"),
            ("mar\u00e9e.png", "mare\u0301e.png", "mar\u00e9e.png"),
        ],
    )
    def test_a_file_is_kept_under_the_name_that_the_library_looks_for(self, imported, written, held, kept_as):
        _done, found = imported(text("x", f'<a href="/static/{written}">x</a>'), static={held: b"DATA"})
        files, record = found["x"]
        assert (static(files), record.warnings) == ({kept_as: b"DATA"}, ())

    @pytest.mark.parametrize(
        "body",
        [
            '<img src="/static/images/placeholder-image.png">',
            "<p>use /static/filename.ext</p>",
            '<!-- <img src="/static/nowhere.png"/> -->',
        ],
    )
    def test_what_is_no_file_of_the_course_is_not_missed(self, imported, body):
        _done, found = imported(text("x", body))
        assert (found["x"][1].missing_files, found["x"][1].warnings) == ((), ())

    def test_what_is_only_mentioned_goes_along_where_it_is_there(self, imported):
        _done, found = imported(text("x", "<p>use /static/a.txt</p>"), static={"a.txt": b"A"})
        assert static(found["x"][0]) == {"a.txt": b"A"}


class TestPages:
    def test_all_that_a_page_loads_goes_along(self, imported):
        files = {
            "sim.html": b'<link rel="stylesheet" href="css/sim.css"><script src="sim.js"></script><img src="sim.png">'
            b'<iframe src="inner.html"></iframe><a href="help.html">?</a><script>x = "/static/data.json"</script>',
            "css/sim.css": b"@import 'more.css'; p { background: url(../bg.png) } /* url(old.png) */",
            "css/more.css": b"b{src:url('font.woff')}",
            "sim.js": b"load('moon.json'); load('nowhere.json')",
            "inner.html": b'<a href="sim.html">back</a><img src="gone.png">',
            **dict.fromkeys(("sim.png", "bg.png", "data.json", "moon.json", "help.html", "css/font.woff"), b"x"),
        }
        _done, found = imported(
            text("x", '<iframe src="/static/sim.html"></iframe>'), static={**files, "other.js": b""}
        )
        arrived, record = found["x"]
        assert set(static(arrived)) == set(files)
        assert record.missing_files == ("gone.png",)
        assert record.warnings == ("The file gone.png is named in inner.html, but the source does not hold it.",)

    def test_a_page_in_a_folder_finds_its_files_beside_itself(self, imported):
        files = {
            "d/page.html": b'<img src="a%20b.png"><script src="flat.js"></script>',
            "d/a b.png": b"A",
            "flat.js": b"F",
        }
        _done, found = imported(text("x", '<iframe src="/static/d/page.html"></iframe>'), static=files)
        assert static(found["x"][0]).keys() == {"d/page.html", "d/a b.png", "d/flat.js"}

    def test_the_page_of_a_javascript_input(self, imported):
        files = {"p.html": b'<iframe src="q.html">', "q.html": b'<script src="q.js"></script>', "q.js": b"1"}
        _done, found = imported(problem("x", '<jsinput html_file="/static/p.html"/>'), static=files)
        assert static(found["x"][0]).keys() == files.keys()

    def test_there_are_bounds(self, imported, monkeypatch):
        monkeypatch.setattr("import_from_modulestore.olx.files.closure.MAX_FILES", 2)
        files = {"p.html": b'<img src="a.png"><img src="b.png">', "a.png": b"", "b.png": b""}
        _done, found = imported(text("x", '<iframe src="/static/p.html"></iframe>'), static=files)
        assert static(found["x"][0]).keys() == {"p.html", "a.png"}
        assert "more files than are followed" in found["x"][1].warnings[0]


class TestLeftOut:
    def test_a_link_that_leaves_the_folder_is_told_once_with_the_problems_that_need_it(
        self, courses, imported, tmp_path
    ):
        (tmp_path / "lib.zip").write_bytes(b"ZIP")
        (courses / "c1/static").mkdir(parents=True)
        (courses / "c1/static/python_lib.zip").symlink_to(tmp_path / "lib.zip")
        (courses / "c1/static/inside.txt").symlink_to("a.txt")
        script = '<script type="loncapa/python">import lib</script>'
        page = text("t", '<a href="/static/inside.txt">x</a>')
        done, found = imported(problem("p1", script), problem("p2", script), page, static={"a.txt": b"A"})
        assert static(found["t"][0]) == {"inside.txt": b"A"}
        assert static(found["p1"][0]) == {}
        assert done.warnings == (
            "static/python_lib.zip was left out: it is a link to what is not a file in the folder static. Put the file "
            "itself in its place.",
            "python_lib.zip was left out, and 2 problems that run Python may need it.",
        )

    def test_a_file_whose_name_is_not_utf_8(self, courses, imported):
        (courses / "c1/static").mkdir(parents=True)
        Path(courses / "c1/static/a.\udcff").write_bytes(b"x")
        done, found = imported(text("t", '<img src="/static/a.png">'), static={"a.png": b"A"})
        assert static(found["t"][0]) == {"a.png": b"A"}
        assert done.warnings == (
            "static/a.� was left out: its name is not UTF-8, so nothing can refer to it. Rename it.",
        )


class TestTranscripts:
    def video(self, **attributes: str) -> Block:
        return block("video", "v", display_name="V", **attributes)

    def transcripts_of(self, files: dict) -> dict[str, str]:
        from lxml import etree

        return json.loads(etree.fromstring(files["block.xml"]).get("transcripts", "{}"))

    @pytest.mark.parametrize(
        ("attributes", "name"),
        [
            ({"sub": "talk"}, "subs_talk.srt.sjson"),
            ({"sub": "My%20Talk"}, "subs_My%20Talk.srt.sjson"),
            ({"youtube_id_1_0": "yt"}, "subs_yt.srt.sjson"),
            ({"youtube": "1.00:yt"}, "subs_yt.srt.sjson"),
            ({"html5_sources": '["https://example.org/talk.mp4"]'}, "subs_talk.srt.sjson"),
            ({"sub": "talk", "transcripts": '{"en": "subs_talk.srt.sjson"}'}, "subs_talk.srt.sjson"),
        ],
    )
    def test_what_only_a_course_plays_becomes_what_a_library_plays(self, imported, attributes, name):
        _done, found = imported(self.video(**attributes), static={name: SJSON})
        files, record = found["v"]
        srt = name.removesuffix(".sjson")
        assert self.transcripts_of(files) == {"en": srt}
        assert (
            static(files) == {name: SJSON, srt: SRT} if "transcripts" not in attributes else static(files)[srt] == SRT
        )
        assert all(f'{key}="' in files["block.xml"].decode() for key in attributes)
        assert record.warnings == ()

    def test_in_another_language(self, imported):
        _done, found = imported(
            self.video(sub="talk", transcript_language="fr", transcripts='{"uk": "uk.srt"}'),
            static={"fr_subs_talk.srt.sjson": SJSON, "uk.srt": SRT, "subs_talk.srt.sjson": SJSON},
        )
        expected = {"uk": "uk.srt", "fr": "fr_subs_talk.srt", "en": "subs_talk.srt"}
        assert self.transcripts_of(found["v"][0]) == expected
        assert set(expected.values()) <= static(found["v"][0]).keys()

    def test_what_plays_already_stays(self, imported):
        held = {"en.srt": SRT, "subs_talk.srt.sjson": SJSON}
        _done, found = imported(self.video(sub="talk", transcripts='{"en": "en.srt"}'), static=held)
        assert self.transcripts_of(found["v"][0]) == {"en": "en.srt"}

    def test_another_file_of_that_name_stays(self, imported):
        _done, found = imported(self.video(sub="t"), static={"subs_t.srt": b"other", "subs_t.srt.sjson": SJSON})
        assert self.transcripts_of(found["v"][0]) == {"en": "subs_t_2.srt"}

    @pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"start": [1], "end": [], "text": ["x"]}', b"\xff\x00"])
    def test_what_cannot_be_converted_is_named(self, imported, content):
        _done, found = imported(self.video(sub="talk"), static={"subs_talk.srt.sjson": content})
        [warning] = found["v"][1].warnings
        assert "subs_talk.srt.sjson could not be made into an .srt file" in warning

    def test_other_forms_are_named(self, imported):
        _done, found = imported(self.video(transcripts='{"en": "en.vtt"}'), static={"en.vtt": b"WEBVTT"})
        assert "and so not en.vtt" in found["v"][1].warnings[0]

    def test_one_that_is_missing_is_missed(self, imported):
        _done, found = imported(self.video(sub="talk"))
        assert found["v"][1].missing_files == ("subs_talk.srt.sjson",)

    def test_importing_again_changes_nothing(self, imported, run_import):
        imported(self.video(sub="talk"), static={"subs_talk.srt.sjson": SJSON})
        _done, records = run_import()
        assert {record.outcome.value for record in records} == {"unchanged"}
