"""What could not go, on the command line."""

import pytest

from ..builders import KEY, TARGET, section, subsection, text, unit, write_course
from .calls import command, data_of, refused


@pytest.fixture
def imported(courses, user, library):
    photos = (text(f"t{num}", f'<img src="/static/{num}.png"/>') for num in range(2))
    write_course(courses / "c1", section("s", subsection("b", unit("u", *photos))))
    command("run", KEY, TARGET)


def test_is_shown_marked_and_opened_again(imported):
    out = command("work", "last")
    assert "☐  3  Text t0  html  Files are missing: 0.png" in out
    assert "2 of 2 open." in out
    out = command("work", "last", "--done", "3")
    assert "☑  3  Text t0" in out
    assert "1 of 2 open." in out
    assert data_of("work", "last")["open"] == 1
    assert "2 of 2 open." in command("work", "last", "--reopen", "3")


def test_that_is_empty_says_so(courses, library):
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t")))))
    command("run", KEY, TARGET)
    assert "Nothing that could not go." in command("work", "last")


def test_what_is_not_on_it_cannot_be_marked(imported):
    assert refused("work", "last", "--done", "0")[1] == 4
