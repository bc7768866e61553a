"""What needs no review: finding sources, importing, looking at what happened, taking a library away."""

import pytest

from ..builders import KEY, TARGET, block, section, subsection, text, unit, usage_key, write_course
from ..library_state import drafts, library_state
from ..processes import Project
from .calls import command, data_of, ended, in_one_line, refused

RUN = ("run", KEY, TARGET, "--create")
PREVIEW = ("preview", KEY, TARGET, "--create")


class TestSources:
    def test_lists_key_title_kind_and_counts(self):
        out = command("sources")
        assert "Tides  course-v1:Acme+C1+R1" in out
        assert "Course of 2 sections, 2 subsections, 3 units, 5 components" in out

    def test_tells_what_cannot_be_read(self, courses):
        (courses / "bad.tar.gz").write_bytes(b"not an archive")
        out = command("sources")
        assert "✗ bad.tar.gz" in out
        assert "Tides" in out

    def test_searches(self):
        assert "Tides" in command("sources", "--search", "tide")
        assert "Tides" not in command("sources", "--search", "moon")

    def test_says_what_to_do_where_there_is_nothing(self, courses, settings, tmp_path):
        settings.COURSES_DIR = tmp_path / "empty"
        settings.COURSES_DIR.mkdir()
        assert "Put a Studio export" in command("sources")


class TestPreview:
    def test_shows_the_tree_and_a_summary_and_writes_nothing(self):
        out = command("preview", KEY, TARGET, "--create", "--level", "unit")
        assert "+ vertical u1  unit" in out
        assert "Components 5 5" in in_one_line(out)
        assert "would write 8 items" in out
        assert command("libraries").startswith("No libraries yet")

    def test_of_a_plan_that_cannot_be_written_fails(self, settings):
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
        out, code = ended(*PREVIEW)
        assert code == 1
        assert "12 items, 9 more than its limit of 3" in in_one_line(out)


class TestRun:
    def test_imports_and_shows_what_happened(self):
        out = command(*RUN)
        assert "+ Create" in out
        assert "Sections 2 2" in in_one_line(out)
        assert len(drafts(library_state(TARGET))) == 12

    def test_a_second_time_says_that_nothing_changed(self):
        command(*RUN)
        out = command(*RUN)
        assert "= Unchanged" in out
        assert "= chapter s1  section  = 6 blocks" in out

    def test_takes_every_option(self):
        command(
            *RUN, "--title", "Mine", "--level", "component", "--on-conflict", "fork", "--no-publish", "--block-ids",
            "from_titles", "--branch", "published", "--select", usage_key("html", "t1"), "--collection", "Picks",
        )  # fmt: skip
        state = library_state(TARGET)
        assert list(state["items"]) == ["xblock.v1:html:text-t1"]
        assert state["collections"] == {"picks": ("Picks", ["xblock.v1:html:text-t1"])}
        assert state["items"]["xblock.v1:html:text-t1"]["published"] is None
        assert "Mine" in command("libraries")

    def test_names_the_collection_after_the_course_by_default(self):
        command(*RUN, "--collection")
        assert library_state(TARGET)["collections"] == {"tides": ("Tides", ["s1", "s2"])}

    def test_ends_with_3_where_blocks_could_not_be_read(self, courses):
        (courses / "c1" / "problem" / "p1.xml").write_text("<problem>")
        out, code = ended(*RUN)
        assert code == 3
        assert "problem/p1.xml could not be read" in in_one_line(out)
        assert len(drafts(library_state(TARGET))) == 11

    def test_what_fails_can_be_retried(self, settings):
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
        message, code = refused(*RUN)
        assert code == 1
        assert "The library is as it was. Go on from here with: import_from_modulestore retry" in message
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 100
        command("retry", message.rpartition(" ")[2])
        assert len(drafts(library_state(TARGET))) == 12


class TestHistory:
    def test_lists_imports_and_shows_one(self):
        assert "No imports" in command("history")
        command(*RUN)
        (run,) = data_of("history")
        assert run["id"][:8] in command("history")
        out = command("show", run["id"][:8])
        assert "section level · conflicts: skip · published" in out
        assert "+ chapter s1  section" in out
        assert f"import_from_modulestore undo {run['id'][:8]}" in out

    def test_shows_every_block_with_its_key(self):
        command(*RUN)
        assert "block-v1:Acme+C1+R1+type@html+block@t1" in command("show", "last", "--all")

    def test_filters(self, user):
        command(*RUN)
        command("stage", KEY, TARGET, "--user", "ada")
        states = lambda *words: [run["state"] for run in data_of("history", *words)]  # noqa: E731
        assert states() == ["staged", "imported"]
        assert states("--state", "imported") == ["imported"]
        assert states("--state", "imported", "--state", "staged", "--order", "created") == ["imported", "staged"]
        assert states("--group", "waiting", "--order=-source") == ["staged"]
        assert states("--after", "2026-01-01", "--before", "2999-01-01T12:00+01:00") == ["staged", "imported"]
        assert states("--before", "2026-01-01") == []
        assert states("--by", "ada") == ["staged"]
        assert states("--search", "AUTHOR") == ["imported"]
        assert states("--search", "nothing") == []
        assert states("--library", TARGET, "--source", KEY, "--limit", "1") == ["staged"]
        assert "… and 1 more; --limit shows them." in command("history", "--limit", "1")


class TestWhere:
    def test_an_item_came_from_and_a_block_went_to(self):
        command(*RUN)
        out = command("where", "lb:Acme:Target:html:t1")
        assert "+ Created  Text t1  html" in out
        assert "from block-v1:Acme+C1+R1+type@html+block@t1" in out
        assert "to lct:Acme:Target:unit:u1" in command("where", usage_key("vertical", "u1"))

    def test_something_unknown_came_from_nowhere(self):
        assert "No import that you may see" in command("where", "lb:Acme:Target:html:t1")
        assert data_of("where", usage_key("html", "t1")) == []


class TestBackup:
    def test_writes_an_archive(self, tmp_path):
        command(*RUN)
        assert "Studio restores it" in in_one_line(command("backup", TARGET, str(tmp_path / "x.zip")))
        message, code = refused("backup", TARGET, str(tmp_path / "x.zip"))
        assert (code, "--force" in message) == (1, True)
        command("backup", TARGET, str(tmp_path / "x.zip"), "--force")


class TestLongOutlines:
    def test_fit_a_screen(self, courses):
        units = [unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(5))) for n in range(60)]
        write_course(courses / "c1", section("s", subsection("b", *units, unit("odd", block("split_test", "x")))))
        out = command(*PREVIEW)
        assert len(out.splitlines()) < 90
        assert "+ vertical u7  unit  + 5 components" in out
        assert "⊘ Content Experiment  split_test" in out

    def test_show_everything_on_request(self, courses):
        units = [unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(5))) for n in range(60)]
        write_course(courses / "c1", section("s", subsection("b", *units)))
        assert len(command(*PREVIEW, "--all").splitlines()) > 360


class TestInAProcess:
    @pytest.mark.slow
    def test_a_database_that_is_not_set_up(self, tmp_path):
        done = Project(tmp_path).manage("import_from_modulestore", "sources")
        assert done.returncode == 1
        assert "manage.py migrate" in done.stderr
        assert "Traceback" not in done.stderr


class TestHelp:
    def test_is_shown_where_no_subcommand_is_given(self):
        out, code = ended()
        assert code == 2
        assert "complete   write a staged import into its library" in out
        assert "6    the import is in a state that does not allow this" in out

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("run", "conflicts (--on-conflict)"),
            ("decide", "new_version  make it the item's next draft"),
            ("review", "html/intro          by type and block ID"),
            ("undo", "Where nobody can be asked, nothing is done without --yes."),
        ],
    )
    def test_teaches(self, name, told, capsys):
        with pytest.raises(SystemExit) as end:
            command(name, "--help")
        assert end.value.code == 0
        assert in_one_line(told) in in_one_line(capsys.readouterr().out)
