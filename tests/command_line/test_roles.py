"""Who may do what from the command line, with ``--user``."""

import pytest

from ..builders import KEY, TARGET, usage_key
from .calls import command, data_of, refused

AT_WORK = [
    ("leave-out", "t1"),
    ("select", "t1"),
    ("edit", "t1", "--title", "x"),
    ("decide", "skip", "--all"),
    ("choices", "--as-last-time"),
    ("gone", "--remove-all"),
    ("complete",),
    ("cancel",),
    ("retry",),
]


@pytest.fixture
def staged(user, library) -> str:
    """An import of somebody else."""
    return data_of("stage", KEY, TARGET, "--user", "ada")["import"]["id"]


def on(import_id: str, words: tuple[str, ...], who) -> tuple[str, ...]:
    return (words[0], import_id, *words[1:], "--user", who.username)


def test_an_editor_does_everything(staged, editor):
    who = ("--user", editor.username)
    command("review", staged, *who)
    command("leave-out", staged, "t1", *who)
    command("edit", staged, "p1", "--title", "x", *who)
    command("plan", staged, *who)
    command("complete", staged, *who)
    command("undo", staged, "--yes", *who)
    command("redo", staged, "--yes", *who)
    command("where", "lb:Acme:Target:problem:p1", *who)


def test_an_editor_makes_no_library(editor):
    assert refused("stage", KEY, "lib:Acme:New", "--create", "--user", editor.username)[1] == 5


def test_a_viewer_sees_what_is_staged_and_changes_nothing(staged, viewer):
    for words in AT_WORK:
        assert refused(*on(staged, words, viewer))[1] == 5, words
    assert data_of("show", staged, "--user", viewer.username)["import"]["state"] == "staged"


def test_a_viewer_reads_the_history_and_does_not_turn_it_back(staged, viewer):
    command("complete", staged)
    assert len(data_of("show", staged, "--user", viewer.username)["records"]) == 12
    assert data_of("where", usage_key("html", "t1"), "--user", viewer.username)
    assert command("undo", staged, "--preview", "--user", viewer.username)
    assert refused(*on(staged, ("undo", "--yes"), viewer))[1] == 5


def test_a_stranger_is_told_what_one_who_guesses_is_told(staged, stranger):
    for words in (("show",), ("review",), ("plan",), *AT_WORK, ("undo", "--yes"), ("redo", "--yes")):
        message, code = refused(*on(staged, words, stranger))
        told = "There is no import ID, or none that you may see. `history` lists those that there are."
        assert (message.replace(staged, "ID"), code) == (told, 4), words


def test_a_stranger_sees_nothing_and_begins_nothing(staged, stranger):
    who = ("--user", stranger.username)
    assert data_of("history", *who) == data_of("libraries", *who) == data_of("sources", *who) == []
    assert data_of("where", usage_key("html", "t1"), *who) == []
    assert refused("stage", KEY, TARGET, *who)[1] == 4
