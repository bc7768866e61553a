"""The command line, as a person or a script uses it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from import_from_modulestore import api
from import_from_modulestore.data import ImportState

from .builders import KEY, TARGET, block, section, small_course, subsection, text, unit, usage_key, write_course
from .library_state import drafts, library_state
from .processes import Project


@pytest.fixture(autouse=True)
def _course(courses, db):
    write_course(courses / "c1", *small_course(), title="Tides")


def command(*words: str) -> str:
    """Run a subcommand and return what it prints."""
    out = StringIO()
    call_command("import_from_modulestore", *words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> tuple[str, int]:
    """Run a subcommand that fails and return its message and exit code."""
    with pytest.raises(CommandError) as error:
        command(*words)
    return str(error.value), error.value.returncode


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

    def test_says_what_to_do_where_there_is_nothing(self, courses, settings, tmp_path):
        settings.COURSES_DIR = tmp_path / "empty"
        settings.COURSES_DIR.mkdir()
        assert "Put a Studio export" in command("sources")


class TestPreview:
    def test_shows_the_tree_and_a_summary_and_writes_nothing(self):
        out = command("preview", KEY, TARGET, "--create", "--level", "unit")
        assert "+ vertical u1  unit" in out
        assert "Components 5 5" in " ".join(out.split())
        assert "would write 8 items" in out
        assert command("libraries").startswith("No libraries yet")

    def test_of_a_plan_that_cannot_be_written_fails(self, settings, capsys):
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
        out = StringIO()
        with pytest.raises(SystemExit) as error:
            call_command("import_from_modulestore", "preview", KEY, TARGET, "--create", stdout=out)
        assert error.value.code == 1
        assert "12 items, 9 more than its limit of 3" in " ".join(out.getvalue().split())


class TestRun:
    def test_imports_and_shows_what_happened(self):
        out = command(*RUN)
        assert "+ Created" in out
        assert "Sections 2 2" in " ".join(out.split())
        assert len(drafts(library_state(TARGET))) == 12

    def test_a_second_time_says_that_nothing_changed(self):
        command(*RUN)
        out = command(*RUN)
        assert "= Unchanged" in out
        assert "= chapter s1  section  = 6 blocks" in out

    def test_takes_every_option(self):
        command(
            *RUN, "--title", "Mine", "--level", "component", "--on-conflict", "fork", "--no-publish", "--ids",
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
        out = StringIO()
        with pytest.raises(SystemExit) as error:
            call_command("import_from_modulestore", *RUN, stdout=out)
        assert error.value.code == 3
        assert "problem/p1.xml could not be read" in " ".join(out.getvalue().split())
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
        assert "No imports yet" in command("history")
        command(*RUN)
        (run,) = json.loads(command("history", "--json"))
        assert run["id"][:8] in command("history")
        out = command("show", run["id"][:8])
        assert "section level · conflicts: skip · published" in out
        assert "+ chapter s1  section" in out

    def test_shows_every_block_with_its_key(self):
        command(*RUN)
        (run,) = json.loads(command("history", "--json"))
        assert "block-v1:Acme+C1+R1+type@html+block@t1" in command("show", run["id"], "--all")


class TestBackup:
    def test_writes_an_archive(self, tmp_path):
        command(*RUN)
        assert "Studio restores it" in " ".join(command("backup", TARGET, str(tmp_path / "x.zip")).split())
        message, code = refused("backup", TARGET, str(tmp_path / "x.zip"))
        assert (code, "--force" in message) == (1, True)
        command("backup", TARGET, str(tmp_path / "x.zip"), "--force")


class TestForScripts:
    @pytest.mark.parametrize(
        "words", [("sources",), ("libraries",), ("history",), ("preview", KEY, TARGET), ("run", KEY, TARGET)]
    )
    def test_json_and_nothing_else(self, words, user, library):
        json.loads(command(*words, "--json"))

    def test_json_of_a_run_has_every_record(self):
        result = json.loads(command(*RUN, "--json"))
        assert result["import"]["state"] == "imported"
        assert [record["outcome"] for record in result["records"]] == ["created"] * 12

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("run", "nonsense", TARGET), 1),
            (("run", KEY, "nonsense"), 1),
            (("run", KEY, TARGET), 4),
            (("run", "course-v1:No+No+No", TARGET), 4),
            (("show", "123"), 4),
            (("retry", "123"), 4),
            (("backup", TARGET, "x.zip"), 4),
            (("sources", "--user", "nobody"), 4),
        ],
    )
    def test_exit_codes_of_errors(self, words, code):
        assert refused(*words)[1] == code

    def test_someone_without_rights(self, django_user_model):
        django_user_model.objects.create(username="eve")
        assert refused(*RUN, "--user", "eve")[1] == 5


class TestLongOutlines:
    def test_fit_a_screen(self, courses):
        units = [unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(5))) for n in range(60)]
        write_course(courses / "c1", section("s", subsection("b", *units, unit("odd", block("split_test", "x")))))
        out = command(*PREVIEW)
        assert len(out.splitlines()) < 90
        assert "+ vertical u7  unit  + 5 components" in out
        assert "⊘ Split Test  split_test" in out

    def test_show_everything_on_request(self, courses):
        units = [unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(5))) for n in range(60)]
        write_course(courses / "c1", section("s", subsection("b", *units)))
        assert len(command(*PREVIEW, "--all").splitlines()) > 360


class TestInAProcess:
    def test_a_database_that_is_not_set_up(self, tmp_path):
        done = Project(tmp_path).manage("import_from_modulestore", "sources")
        assert done.returncode == 1
        assert "manage.py migrate" in done.stderr
        assert "Traceback" not in done.stderr

    def test_help_teaches(self, tmp_path):
        project = Project(tmp_path)
        out = project.manage("import_from_modulestore", "run", "--help").stdout
        assert "conflicts (--on-conflict)" in out
        assert project.manage("import_from_modulestore").returncode == 2

    def test_an_interrupt_leaves_a_note(self, user, library, monkeypatch):
        created = api.create_import(user=user, source_key=KEY, target_key=TARGET)
        with pytest.raises(KeyboardInterrupt):
            api.stage_import(user=user, import_id=created.id, progress=interrupt)
        run = api.get_import(user=user, import_id=created.id)
        assert (run.state, run.error) == (ImportState.STAGING_FAILED, "Interrupted before it was done.")


def interrupt(*args: object) -> None:
    raise KeyboardInterrupt
