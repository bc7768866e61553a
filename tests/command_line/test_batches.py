"""Several sources at once, from a terminal."""

from __future__ import annotations

import shutil

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Action, SourceReference

from ..builders import TARGET
from ..shelves import key_of, write_courses, write_one
from .calls import command, data_of, ended, in_one_line, refused


@pytest.fixture
def words(courses, library) -> tuple[str, ...]:
    """What begins a batch of three."""
    write_courses(courses, 3)
    return "batch", *map(key_of, range(3)), TARGET, "--user", "ada"


def states(found) -> list[str]:
    return [run["state"] for run in found["imports"]]


def test_from_the_sources_to_the_library_and_back(words):
    said = in_one_line(command(*words))
    assert "3 sources → Target" in said
    assert "3 staged" in said
    assert said.count("Staged Course 0") == 3
    assert "--complete (3 imports)" in said
    assert "3 imported" in in_one_line(command("batch", "last", "--complete", "--user", "ada"))
    assert "Course 02: 4 removed" in command("batch", "last", "--undo", "--preview", "--user", "ada")
    assert refused("batch", "last", "--undo", "--user", "ada")[1] == 7
    assert "3 undone" in in_one_line(command("batch", "last", "--undo", "--yes", "--user", "ada"))
    assert "3 imported" in in_one_line(command("batch", "last", "--redo", "--yes", "--user", "ada"))
    assert "3 sources → Target" in command("batches", "--library", TARGET, "--user", "ada")


def test_what_is_not_there_is_named_and_nothing_is_begun(words, courses, user):
    shutil.rmtree(courses / "x01")
    assert "course-v1:Acme+X01+R1 is not there" in refused(*words)[0]
    assert api.list_batches(user=user).total == 0


def test_one_that_fails_stops_none_and_is_retried(words, courses, user):
    sources = [SourceReference(key_of(number)) for number in range(3)]
    api.create_batch(user=user, sources=sources, library_key=TARGET)
    shutil.rmtree(courses / "x01")
    said, code = ended("batch", "last", "--stage", "--user", "ada")
    assert (code, "2 staged" in in_one_line(said), "There is no export x01" in said) == (3, True, True)
    write_one(courses, 1)
    assert states(data_of("batch", "last", "--retry", "--user", "ada")["batch"]) == ["staged"] * 3


def test_what_is_left_is_told_and_the_exit_code_says_so(words, courses, user):
    write_one(courses, 1)
    command(*words)
    command("batch", "last", "--complete", "--user", "ada")
    shutil.rmtree(courses / "x02")
    write_one(courses, 2)
    (courses / "x02" / "html" / "t2.html").write_text("<p>Other.</p>")
    command(*words)
    said, code = ended("batch", "last", "--complete", "--user", "ada")
    assert code == 3
    assert "1 conflict is not decided." in in_one_line(said)
    assert "1 conflict to decide" in in_one_line(said)
    review = said.split("--complete --undecided  (1 import)\n  import_from_modulestore ")[1].split("\n")[0]
    assert "Text t2" in command(*review.split(), "--user", "ada")
    assert "3 imported" in in_one_line(command("batch", "last", "--complete", "--undecided", "--user", "ada"))


def test_what_is_wrong_is_said(words):
    assert refused("batch", key_of(0), key_of(1), "--user", "ada")[1] == 2
    assert refused("batch", "last", "--user", "ada")[1] == 4
    command(*words)
    assert refused("batch", "last", "--undo", "--yes", "--user", "ada")[1] == 6


def test_nothing_is_done_where_a_preview_is_asked_for(words, user):
    said, code = refused(*words, "--preview")
    assert ("--undo or --redo" in said, code, api.list_batches(user=user).total) == (True, 2, 0)
    command(*words)
    for step in ("--complete", "--cancel"):
        assert refused("batch", "last", step, "--preview", "--user", "ada")[1] == 2
    [made] = api.list_batches(user=user).items
    assert made.states == {"staged": 3}


def test_one_that_is_begun_is_only_staged(words, user):
    said, code = refused(*words, "--complete")
    assert ("batch last --complete" in said, code, api.list_batches(user=user).total) == (True, 2, 0)
    assert "3 staged" in in_one_line(command(*words, "--stage"))


def test_its_imports_are_told_apart_by_their_sources_in_every_list(words, user):
    command(*words)
    command("batch", "last", "--complete", "--user", "ada")
    [batch] = api.list_batches(user=user).items
    for list_ in (("history",), ("story", TARGET)):
        found = command(*list_, "--user", "ada")
        assert all(key_of(number) in found for number in range(3)), found
    assert f"Batch {batch.id}" in in_one_line(command("show", "last", "--user", "ada"))


def test_how_to_undo_it_is_said_as_it_was_shown(words):
    command(*words)
    command("batch", "last", "--complete", "--user", "ada")
    shown = command("batch", "last", "--undo", "--preview", "--force", "--user", "ada")
    line = shown.split("import_from_modulestore ")[-1].split()
    message, _code = refused(*line, "--user", "ada")
    line = message.split("import_from_modulestore ")[-1].split()
    assert {"--undo", "--force", "--yes"} < set(line)
    assert "3 undone" in in_one_line(command(*line, "--user", "ada"))


def test_as_data(words):
    done = data_of(*words)
    assert (states(done["batch"]), len(done["asked"]), done["left"]) == (["staged"] * 3, 3, [])
    assert set(done["batch"]["permitted"]) == {Action.COMPLETE, Action.CANCEL}
    assert states(data_of("batch", "last", "--cancel", "--user", "ada")["batch"]) == ["canceled"] * 3


def test_no_collection(words, user):
    command(*words, "--no-collection")
    [made] = api.list_batches(user=user).items
    assert {run.options.collection for run in api.get_batch(user=user, batch_id=made.id).imports} == {None}
