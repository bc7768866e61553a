"""What the last review has said of a source's blocks, on the command line."""

import pytest

from ..builders import KEY, TARGET, small_course, usage_key, write_course
from .calls import command, data_of, in_one_line


@pytest.fixture(autouse=True)
def _reviewed(courses, db):
    write_course(courses / "c1", *small_course())
    command("stage", KEY, TARGET, "--create")
    command("leave-out", "last", "t1")
    command("edit", "last", "t2", "--title", "Better")
    command("complete", "last")


def test_is_what_the_next_one_begins_with():
    command("stage", KEY, TARGET)
    assert "Text t1  html  left out  as in import" in command("review", "last", "--as-last-time", "--all")
    assert "Choices as in import" in in_one_line(command("review", "last", "t1"))


def test_is_named_where_it_has_become_history():
    (first,) = data_of("history")
    command("stage", KEY, TARGET)
    command("complete", "last")
    told = f"as in import {first['id'][:8]}"
    assert f"Better html {told}" in in_one_line(command("show", "last", "--all"))
    assert f"= Unchanged Better html {told}" in in_one_line(command("where", usage_key("html", "t2")))


def test_can_be_left_off():
    command("stage", KEY, TARGET, "--not-as-last-time")
    assert "No such blocks." in command("review", "last", "--as-last-time")
    assert "not as last time" in in_one_line(command("show", "last"))
