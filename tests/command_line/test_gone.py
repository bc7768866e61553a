"""What the source has lost, on the command line."""

import pytest

from ..builders import KEY, TARGET, section, subsection, text, unit, write_course
from ..keeping import kept
from ..library_state import drafts, library_state
from .calls import command, data_of, in_one_line, refused


@pytest.fixture
@kept
def staged(courses, user, library) -> str:
    """An import of a course that has lost a unit with a text; told what `stage` prints."""

    def write(*units) -> None:
        write_course(courses / "c1", section("s", subsection("b", *units)))

    write(unit("u", text("t1")), unit("u2", text("t2")))
    command("run", KEY, TARGET)
    write(unit("u", text("t1")))
    return in_one_line(command("stage", KEY, TARGET, "--on-conflict", "overwrite"))


def test_staging_and_review_name_it(staged):
    assert "2 items of the library gone from the source: import_from_modulestore gone" in staged
    review = in_one_line(command("review", "last"))
    assert "Gone from the source: 2 items • 4 vertical u2 unit • 5 Text t2 html" in review
    assert "Gone from the source" not in command("review", "last", "--search", "t1")


def test_all_of_it_is_removed(staged):
    told = in_one_line(command("gone", "last", "--remove-all"))
    assert "− 4 vertical u2 unit" in told
    assert "2 items of 2 to be removed" in told
    plan = in_one_line(command("plan", "last"))
    assert "This would write 1 item, and remove 2 items" in plan
    done = in_one_line(command("complete", "last"))
    assert "Gone from the source: 2 items − vertical u2 unit − Text t2 html" in done
    assert "− Removed" in done
    assert drafts(library_state(TARGET)).keys() == {"s", "b", "u", "xblock.v1:html:t1"}
    assert "2 restored" in in_one_line(command("undo", "last", "--yes"))


@pytest.mark.parametrize("name", ["5", "t2", "html/t2", "lb:Acme:Target:html:t2"])
def test_items_have_names(staged, name):
    found = data_of("gone", "last", "--remove", name)
    assert [item["outcome"] for item in found["gone"]] == ["kept", "removed"]
    assert data_of("gone", "last", "--keep", name)["removed"] == 0
    assert data_of("gone", "last", "--keep-all")["removed"] == 0


def test_what_is_not_gone_is_refused(staged):
    message, code = refused("gone", "last", "--remove", "t1")
    assert "Nothing that is gone from the source is called t1" in message
    assert code == 4


def test_what_cannot_be_known_is_said(staged, courses):
    (courses / "c1" / "vertical" / "u.xml").write_text("<vertical")
    assert "not known what it has lost" in in_one_line(command("gone", _staged_again()))


def test_where_nothing_is_gone(courses, user, library):
    write_course(courses / "c1", section("s"))
    command("stage", KEY, TARGET)
    assert "Nothing is gone" in command("gone", "last")


def _staged_again() -> str:
    return data_of("stage", KEY, TARGET)["import"]["id"]
