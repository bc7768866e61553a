"""Merging on the command line."""

import pytest

from ..builders import KEY, TARGET, section, subsection, text, unit, write_course
from .calls import command, in_one_line, refused


@pytest.fixture
def course(courses):
    def write(body: str) -> None:
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("t", body)))))

    return write


@pytest.fixture
def merging(course, library, edit_in_library):
    """An import that merges a text in which both sides have changed a paragraph."""
    course("<p>One</p>")
    command("run", KEY, TARGET)
    edit_in_library("t", "<p>1</p>")
    course("<p>I</p>")
    command("stage", KEY, TARGET, "--on-conflict", "merge")


def test_pieces_are_shown_and_chosen(merging, state):
    assert "? Text t" in in_one_line(command("review", "last"))
    assert "1 merge needs you: Text t" in in_one_line(refused("complete", "last")[0])
    shown = in_one_line(command("merge", "last", "t"))
    assert "body:1: needs you" in shown
    assert "library: <p>1</p>" in shown
    assert "body:1: source" in in_one_line(command("merge", "last", "t", "--source", "body:1"))
    command("merge", "last", "t", "--undecided", "body:1")
    command("merge", "last", "t", "--edit", "body:1", "<p>Both</p>")
    command("complete", "last")
    assert b"<p>Both</p>" in state()["items"]["xblock.v1:html:t"]["draft"]["files"]["block.xml"]


def test_a_piece_that_is_none(merging):
    assert "No such piece needs you: weight" in refused("merge", "last", "t", "--library", "weight")[0]


def test_instead_of_waiting(course, library, edit_in_library):
    course("<p>One</p>")
    command("run", KEY, TARGET)
    edit_in_library("t", "<p>1</p>")
    course("<p>I</p>")
    told = in_one_line(command("run", KEY, TARGET, "--on-conflict", "merge", "--unmerged", "new-version"))
    assert "Updated" in told
