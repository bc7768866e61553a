"""Step by step: stage, review, edit, decide, plan, complete, undo, redo, as a person types it."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.utils import timezone
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.command_line import history
from import_from_modulestore.data import ImportOptions, ImportState
from import_from_modulestore.models import Import

from ..authoring import Author
from ..builders import (
    KEY,
    LIBRARY_KEY,
    TARGET,
    Block,
    problem,
    section,
    subsection,
    text,
    unit,
    usage_key,
    write_block,
    write_course,
    write_library,
)
from ..keeping import kept
from ..library_state import drafts, library_state
from .calls import Terminal, command, data_of, ended, in_one_line, refused

STAGE = ("stage", KEY, TARGET, "--create")


@pytest.fixture
@kept
def staged():
    """The small course, staged for a library that is still to be made."""
    return data_of(*STAGE)["import"]["id"]


@pytest.fixture
@kept
def conflicts(courses):
    """A unit of two components is imported; then both are changed, a third is added, and it is staged again."""

    def write(*components: Block) -> None:
        write_course(courses / "c1", section("s1", subsection("b1", unit("u1", *components))), title="Tides")

    write(text("t1"), problem("p1"))
    command("run", KEY, TARGET, "--create")
    write(text("t1", "<p>High tide.</p>"), problem("p1", "<p>How high?</p>"), text("t2"))
    return data_of("stage", KEY, TARGET)["import"]["id"]


def test_the_whole_way(courses):
    out = command(*STAGE)
    assert "12 blocks of Tides, 0 conflicts" in out
    assert "import_from_modulestore review" in out
    assert "+ vertical u1  unit" in command("review", "last")

    assert "3 blocks left out" in command("leave-out", "last", "unit/u1")
    assert "1 block selected" in command("select", "last", "t1")
    assert "Deep sea is edited" in command("edit", "last", "t3", "--title", "Deep sea")
    assert "would write 10 items" in command("plan", "last")
    assert command("libraries").startswith("No libraries")

    out = command("complete", "last")
    assert "+ Deep sea  html" in out
    assert {"t1", "t3"} <= {ref.rpartition(":")[2] for ref in drafts(library_state(TARGET))}
    assert "xblock.v1:problem:p1" not in drafts(library_state(TARGET))
    before = library_state(TARGET)

    write_block(courses / "c1", text("t3", "<p>Deeper.</p>"))
    out = command("stage", KEY, TARGET)
    assert "1 conflict with lib:Acme:Target" in in_one_line(out)
    out = command("review", "last", "t3")
    assert "- title: Deep sea" in out
    assert "+ title: Text t3" in out
    assert "Text t3 (html): source changed → overwrite" in command("decide", "last", "overwrite", "t3")
    assert "↑ Text t3  html  source changed  overwrite" in command("plan", "last")
    command("complete", "last")
    after = drafts(library_state(TARGET))
    assert after["xblock.v1:html:t3"]["title"] == "Text t3"

    out = command("undo", "last", "--preview")
    assert "↺ Text t3  html  back to version 1" in out
    assert drafts(library_state(TARGET)) == after
    command("undo", "last", "--yes")
    assert drafts(library_state(TARGET)) == drafts(before)
    assert "Undo" in command("show", "last")
    command("redo", "last", "--yes")
    assert drafts(library_state(TARGET)) == after

    out = command("where", "lb:Acme:Target:html:t3")
    assert [line[0] for line in out.splitlines() if line[:1].strip()] == ["↑", "+"]


class TestReview:
    def test_of_conflicts_only_shows_them_where_they_stand(self, conflicts):
        out = command("review", conflicts, "--conflicts")
        assert "Text t1  html  source changed → skip by default" in out
        assert "chapter s1  section" in out
        found = data_of("review", conflicts, "--conflicts")
        assert [block["block_type"] for block in found] == ["vertical", "html", "problem"]

    def test_filters(self, conflicts):
        for words, shown in (
            ("--state source_changed --type html", ["t1"]),
            ("--search PROBLEM", ["p1"]),
            ("--below u1", ["u1", "t1", "p1", "t2"]),
            ("--below u1 --type problem", ["p1"]),
            ("--state new --state source_changed --type html", ["t1", "t2"]),
            ("--edited", []),
            ("--left-out", []),
        ):
            found = data_of("review", conflicts, *words.split())
            assert [block["usage_key"].rpartition("@")[2] for block in found] == shown, words

    def test_shows_one_block_with_what_would_change(self, conflicts):
        out = command("review", conflicts, "t1")
        assert "In library  Text t1  lb:Acme:Target:html:t1" in out
        assert "Decision    Skip: leave the library's item as it is (the import's default)" in out
        assert any(line.startswith("  - ") and "Text." in line for line in out.splitlines())
        assert any(line.startswith("  + ") and "High tide." in line for line in out.splitlines())
        assert "Changed in the source since the import  as above" in out

    def test_shows_the_differences_of_every_conflict(self, conflicts):
        out = command("review", conflicts, "--diff")
        assert out.count("What the library holds now → what would replace it") == 3
        assert len(data_of("review", conflicts, "--diff")) == 3

    def test_shows_an_edit(self, staged):
        command("edit", staged, "t1", "--title", "Mine")
        out = command("review", staged, "t1")
        assert '- <html display_name="Text t1">' in out
        assert '+ <html display_name="Mine">' in out
        assert "edited" in command("review", staged)

    def test_shows_what_is_left_out(self, staged):
        command("leave-out", staged, "s1")
        assert "0 ○ chapter s1  section  left out  ○ 6 blocks" in command("review", staged)

    def test_its_last_change_is_taken_back(self, staged):
        message, code = refused("take-back", staged)
        assert ("nothing to take back" in message, code) == (True, 1)
        command("leave-out", staged, "s1")
        assert data_of("take-back", staged) == {"changed": 7}
        assert command("review", staged, "--left-out") == "No such blocks.\n"

    def test_tells_that_nothing_matches(self, staged):
        assert command("review", staged, "--conflicts") == "No such blocks.\n"


class TestNames:
    def test_of_blocks(self, staged):
        for name in ("3", "t1", "html/t1", usage_key("html", "t1")):
            assert data_of("review", staged, name)["block"]["usage_key"] == usage_key("html", "t1")
        for name in ("2", "unit/u1", "vertical/u1"):
            assert data_of("review", staged, name)["block"]["usage_key"] == usage_key("vertical", "u1")

    def test_that_several_blocks_have_are_refused_with_the_candidates(self, courses):
        same = unit("x", text("x"), problem("x"))
        write_course(courses / "c1", section("s", subsection("b", same)))
        command(*STAGE)
        message, code = refused("review", "last", "x")
        assert code == 4
        assert [line.split()[1] for line in message.splitlines()[1:]] == ["unit/x", "html/x", "problem/x"]
        assert data_of("review", "last", "html/x")["block"]["block_type"] == "html"

    def test_that_could_be_a_number_or_an_id_are_refused(self, courses):
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("0")))))
        command(*STAGE)
        assert "0 can be any of these blocks" in refused("review", "last", "0")[0]

    def test_that_are_nearly_right_are_answered_with_what_could_be_meant(self, staged):
        message, code = refused("review", staged, "Problem")
        assert code == 4
        assert "problem/p1  Problem p1" in message
        assert "review" in refused("review", staged, "zzz")[0]

    def test_of_a_legacy_library(self, courses):
        write_library(courses / "l1", text("a"))
        command("stage", LIBRARY_KEY, TARGET, "--create", "--level", "component")
        key = usage_key("html", "a", LIBRARY_KEY)
        assert data_of("review", "last", key)["block"]["usage_key"] == key

    def test_last_is_the_users_own_newest_import(self, user, staged):
        assert refused("review", "last", "--user", "ada") == (
            "You have no imports yet. `stage` or `run` begins one.",
            4,
        )
        command("stage", KEY, TARGET, "--create", "--user", "ada")
        assert data_of("show", "last")["import"]["id"] == staged


class TestDecide:
    def outcomes(self, run: str) -> dict[str, str]:
        items = data_of("plan", run)["plan"]["items"]
        return {item["usage_key"].rpartition("@")[2]: item["outcome"] for item in items}

    def test_with_all_below_or_one_block_only(self, conflicts):
        command("decide", conflicts, "new-version", "section/s1")
        outcomes = self.outcomes(conflicts)
        assert [outcomes[name] for name in ("u1", "t1", "p1")] == ["updated", "updated", "updated"]
        command("decide", conflicts, "fork", "t1", "--only")
        assert self.outcomes(conflicts)["t1"] == "forked"

    def test_everything_and_back(self, conflicts):
        command("decide", conflicts, "overwrite", "--all")
        assert "skipped" not in self.outcomes(conflicts).values()
        out = command("decide", conflicts, "default", "--all")
        assert "Text t1 (html): source changed → skip" in out
        assert "skipped" in self.outcomes(conflicts).values()

    @pytest.mark.parametrize("words", [(), ("t1", "--all")])
    def test_needs_blocks_or_all_and_not_both(self, words):
        message, code = refused("decide", "last", "skip", *words)
        assert (code, "Name blocks, or say --all" in message) == (2, True)


class TestCancelAndCleanup:
    def test_a_canceled_import_is_over(self, staged):
        assert "is canceled. The library is as it was." in command("cancel", staged)
        message, code = refused("complete", staged)
        assert code == 6
        assert "Nothing can be done with it any more; `stage` or `run` begins a new one." in message

    def test_what_ended_is_cleaned_up(self, staged):
        command("cancel", staged)
        assert data_of("cleanup") == {"removed": 0, "recovered": 0}
        assert "Staged content of 1 import was removed." in command("cleanup", "--days", "0")


class TestStaging:
    def test_that_fails_goes_on_with_staging_and_not_with_writing(self, courses, library):
        message, code = refused("stage", KEY, TARGET, "--select", usage_key("html", "gone"))
        assert code == 1
        assert message.endswith(f"retry {data_of('history')[0]['id'][:8]}")

    def test_of_an_import_that_was_begun_elsewhere_goes_by_its_options(self, user, library):
        options = ImportOptions(level="unit", selection=(usage_key("vertical", "u1"),))
        created = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
        assert "12 blocks of Tides" in command("stage", created.id)
        assert data_of("show", created.id)["import"]["state"] == "staged"
        assert data_of("plan", created.id)["counts"] == {"created": 3}

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ((KEY,), "stage SOURCE LIBRARY"),
            (("last", "--level", "unit"), "keeps the options"),
            (("last", "--collection"), "keeps the options"),
            (("last", "--create"), "keeps the options"),
        ],
    )
    def test_takes_a_library_with_a_source_and_no_options_with_an_import(self, user, library, words, told):
        message, code = refused("stage", *words)
        assert (code, told in message) == (2, True)


class TestRetry:
    """It tries the step again that failed, and nothing else."""

    @pytest.fixture
    def left(self, library, staged) -> Callable[..., None]:
        """Leave the import in a state: ``left("imported", error="…")``."""
        return lambda state, **more: Import.objects.update(state=state, **more)

    @pytest.mark.parametrize("state", [s for s in ImportState if s not in ("staging_failed", "import_failed")])
    def test_of_what_did_not_fail_does_nothing_and_says_how_to_go_on(self, staged, left, state):
        left(state, worker="elsewhere:1:1.00", heartbeat=timezone.now())
        message, code = refused("retry", staged)
        assert (code, "Nothing failed that could be tried again" in message) == (6, True)
        way_on = {"created": "stage {id}", "staged": "complete {id}", "imported": "undo {id}", "undone": "redo {id}"}
        assert way_on.get(state, "").format(id=staged[:8]) in message
        assert Import.objects.get().state == state
        assert drafts(library_state(TARGET)) == {}

    def test_of_a_staging_stops_for_the_review(self, staged, left):
        left("staging_failed")
        out = command("retry", staged)
        assert "12 blocks of Tides" in out
        assert f"import_from_modulestore complete {staged[:8]}" in out
        assert Import.objects.get().state == "staged"
        assert drafts(library_state(TARGET)) == {}

    def test_of_a_completion_writes(self, staged, left):
        left("import_failed")
        assert "Sections 2 2" in in_one_line(command("retry", staged))
        assert len(drafts(library_state(TARGET))) == 12

    def test_of_an_undo_is_the_undo_once_more(self, staged, monkeypatch):
        command("complete", staged)
        with monkeypatch.context() as broken:
            broken.setattr("import_from_modulestore.actions.steps.revert", lambda *args, **more: 1 / 0)
            message, _code = refused("undo", staged, "--yes")
        go_on = f"undo {staged[:8]}"
        assert message.endswith(f"The library is as it was. Go on from here with: import_from_modulestore {go_on}")
        message, _code = refused("retry", staged)
        assert "An undo or redo that fails leaves it as it was; ask for it once more." in message
        assert "is undone" in command(*go_on.split(), "--yes")


class TestUndo:
    @pytest.fixture(autouse=True)
    def _imported(self):
        command("run", KEY, TARGET, "--create")

    def ask(self, monkeypatch, answer: str) -> Terminal:
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        return Terminal()

    def test_where_nobody_can_be_asked_shows_and_refuses(self):
        out = StringIO()
        message, code = refused("undo", "last", stdout=out)
        assert "− chapter s1  section  − 6 blocks" in out.getvalue()
        assert (code, "--yes" in message) == (7, True)
        assert len(drafts(library_state(TARGET))) == 12

    def test_says_how_to_do_it_as_it_was_shown(self, capsys):
        words = command("undo", "last", "--preview", "--force").split("import_from_modulestore ")[-1].split()
        message, _code = refused(*words)
        words = message.split("import_from_modulestore ")[-1].split()
        assert {"undo", "--yes", "--force"} < set(words)
        assert "is undone" in command(*words)

    def test_as_data_a_preview_tells_what_becomes_of_the_course(self):
        shown = data_of("undo", "last", "--preview")
        assert (shown["links"], shown["forwarding"]) == (0, "")

    def test_asks_on_a_terminal(self, monkeypatch, capsys):
        message, code = refused("undo", "last", stdout=self.ask(monkeypatch, "\n"))
        assert (message, code) == ("Nothing was changed.", 7)
        assert "Undo this import? [y/N]" in capsys.readouterr().err
        assert len(drafts(library_state(TARGET))) == 12
        assert "is undone" in command("undo", "last", stdout=self.ask(monkeypatch, "y\n"))
        assert drafts(library_state(TARGET)) == {}

    def test_json_is_never_asked_about(self, monkeypatch):
        _message, code = refused("undo", "last", "--json", stdout=self.ask(monkeypatch, "y\n"))
        assert code == 7
        assert data_of("undo", "last", "--yes")["counts"] == {"removed": 12}

    def test_says_what_it_kept_and_ends_with_3(self):
        Author(LearningPackage.objects.get(package_ref=TARGET).pk).edit("xblock.v1:html:t1")
        out, code = ended("undo", "last", "--yes")
        assert code == 3
        assert "• Text t1 html: " in in_one_line(out.partition("\nKept\n")[2])
        assert "xblock.v1:html:t1" in drafts(library_state(TARGET))

    def test_by_force_keeps_nothing(self):
        Author(LearningPackage.objects.get(package_ref=TARGET).pk).edit("xblock.v1:html:t1")
        command("undo", "last", "--yes", "--force")
        assert drafts(library_state(TARGET)) == {}


class TestWatch:
    def test_follows_a_queued_import_until_it_ends(self, user, library, monkeypatch):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        seen = []

        def work(seconds):  # Instead of waiting, be the worker.
            seen.append(data_of("show", run.id)["import"]["queued"])
            api.run_step(import_id=run.id)

        monkeypatch.setattr(history.time, "sleep", work)
        api.start_staging(user=user, import_id=run.id)  # The message is never sent: this transaction has no end.
        assert "waiting for a worker" in command("show", run.id)
        assert "Follow it with: import_from_modulestore show" in command("show", run.id)
        assert "State   Staged" in command("show", run.id, "--watch")
        assert seen == [True]


class TestForScripts:
    def test_json_and_nothing_else(self):
        for words in (
            ("sources",),
            ("preview", KEY, TARGET, "--create"),
            ("run", KEY, TARGET, "--create"),
            ("libraries",),
            ("stage", KEY, TARGET),
            ("history",),
            ("review", "last"),
            ("review", "last", "t1"),
            ("leave-out", "last", "t1"),
            ("select", "last", "t1"),
            ("edit", "last", "t1", "--title", "x"),
            ("decide", "last", "overwrite", "t1"),
            ("plan", "last"),
            ("show", "last"),
            ("complete", "last"),
            ("undo", "last", "--preview"),
            ("undo", "last", "--yes"),
            ("redo", "last", "--yes"),
            ("where", usage_key("html", "t1")),
            ("stage", KEY, TARGET),
            ("cancel", "last"),
            ("cleanup",),
        ):
            assert data_of(*words), words

    def test_json_of_a_run_has_every_record(self):
        result = data_of("run", KEY, TARGET, "--create")
        assert result["import"]["state"] == "imported"
        assert [record["outcome"] for record in result["records"]] == ["created"] * 12

    def test_json_of_a_difference(self, conflicts):
        (difference, *_rest) = data_of("review", conflicts, "t1")["differences"]
        assert [mark for mark, text in difference["lines"] if "Text." in text or "High tide." in text] == ["-", "+"]
