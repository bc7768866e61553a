"""Ctrl-C: what is then told is true, wherever it came."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.command_line import history
from import_from_modulestore.command_line.terminal.progress import ProgressBar
from import_from_modulestore.data import ImportState

from ..builders import KEY, TARGET
from ..library_state import drafts, library_state
from .calls import command, data_of, refused


@pytest.fixture
def interrupt_in(monkeypatch):
    """Interrupt as soon as a phase is reported: ``interrupt_in("writing")``."""

    def arm(wanted: str) -> None:
        def report(self, phase: str, done: int, total: int, title: str = "") -> None:
            if phase == wanted:
                raise KeyboardInterrupt

        monkeypatch.setattr(ProgressBar, "__call__", report)

    return arm


@pytest.fixture
def interrupt_after(monkeypatch):
    """Interrupt in the moment after a function of the API is done: ``interrupt_after("complete_import")``."""

    def arm(name: str) -> None:
        function = getattr(api, name)

        def interrupted(**arguments):
            function(**arguments)
            raise KeyboardInterrupt

        monkeypatch.setattr(api, name, interrupted)

    return arm


def newest() -> str:
    return data_of("history")[0]["id"][:8]


@pytest.mark.parametrize(
    ("words", "phase", "state", "words_after"),
    [
        (("stage", KEY, TARGET), "staging", "staging_failed", "retry {id}"),
        (("run", KEY, TARGET), "staging", "staging_failed", "retry {id}"),
        (("run", KEY, TARGET), "writing", "import_failed", "retry {id}"),
    ],
)
def test_before_the_commit_the_library_is_as_it_was(library, interrupt_in, words, phase, state, words_after):
    interrupt_in(phase)
    message, code = refused(*words)
    assert code == 130
    go_on = words_after.format(id=newest())
    assert message == f"Interrupted. The library is as it was; go on with: import_from_modulestore {go_on}"
    assert data_of("history")[0]["state"] == state
    assert drafts(library_state(TARGET)) == {}


@pytest.mark.parametrize("name", ["stage", "run"])
def test_what_is_told_can_be_typed_and_stops_for_a_review(library, interrupt_in, monkeypatch, name):
    interrupt_in("staging")
    message, _code = refused(name, KEY, TARGET)
    monkeypatch.undo()
    assert "12 blocks of Tides" in command(*message.rpartition("import_from_modulestore ")[2].split())
    assert drafts(library_state(TARGET)) == {}


def test_right_after_the_commit_the_import_stands(library, interrupt_after):
    interrupt_after("complete_import")
    message, code = refused("run", KEY, TARGET)
    assert code == 130
    assert message == (
        "Interrupted. The import stands in the library; what it holds is shown by: "
        f"import_from_modulestore show {newest()}"
    )
    assert len(drafts(library_state(TARGET))) == 12


@pytest.mark.parametrize("name", ["stage", "run"])
def test_right_after_staging_it_is_staged(library, interrupt_after, name):
    interrupt_after("stage_import")
    message, _code = refused(name, KEY, TARGET)
    assert message == (
        "Interrupted. It is staged, and the library is as it was; go on with: "
        f"import_from_modulestore complete {newest()}"
    )


@pytest.mark.parametrize("name", ["stage", "run"])
def test_before_staging_it_is_created_and_can_be_staged(library, monkeypatch, name):
    def interrupt(**arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "stage_import", interrupt)
    message, _code = refused(name, KEY, TARGET)
    monkeypatch.undo()
    told, words = message.split("import_from_modulestore ")
    assert told == "Interrupted. The library is as it was; go on with: "
    assert words == f"stage {newest()}"
    assert "12 blocks of Tides" in command(*words.split())


@pytest.mark.parametrize(
    ("phase", "told"),
    [("reverting", "Interrupted. The import stands in the library"), ("", "Interrupted. The import is undone")],
    ids=["in the middle", "right after"],
)
def test_an_undo_is_done_or_not_done(library, interrupt_in, interrupt_after, phase, told):
    command("run", KEY, TARGET)
    if phase:
        interrupt_in(phase)
    else:
        interrupt_after("undo_import")
    message, code = refused("undo", "last", "--yes")
    assert (code, told in message) == (130, True)
    assert bool(drafts(library_state(TARGET))) == bool(phase)


def test_an_import_of_another_process_goes_on(user, library, monkeypatch):
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    api.start_staging(user=user, import_id=run.id)

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(history.time, "sleep", interrupt)
    message, code = refused("show", run.id, "--watch")
    assert code == 130
    assert message.startswith("No longer watching. The import goes on:")
    assert api.get_import(user=user, import_id=run.id).state is ImportState.STAGING


def test_with_no_import_in_hand_nothing_was_changed(monkeypatch, user):
    def interrupt(**arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "list_sources", interrupt)
    assert refused("sources") == ("Interrupted. The library is as it was.", 130)
