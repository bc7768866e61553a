"""What the last review has said of a source's blocks, on the command line."""

import pytest

from ..builders import KEY, TARGET, small_course, write_course
from .calls import command, in_one_line


@pytest.fixture(autouse=True)
def _reviewed(courses, db):
    write_course(courses / "c1", *small_course())
    command("stage", KEY, TARGET, "--create")
    command("leave-out", "last", "t1")
    command("complete", "last")


def test_is_what_the_next_one_begins_with():
    command("stage", KEY, TARGET)
    assert "Text t1  html  left out  as last time" in command("review", "last", "--as-last-time", "--all")
    assert "as the review of import" in in_one_line(command("review", "last", "t1"))


def test_can_be_left_off():
    command("stage", KEY, TARGET, "--not-as-last-time")
    assert "No such blocks." in command("review", "last", "--as-last-time")
    assert "not as last time" in in_one_line(command("show", "last"))
