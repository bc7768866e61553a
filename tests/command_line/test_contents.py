"""What is inside components that a library cannot hold, on the command line."""

import pytest

from ..builders import KEY, TARGET, block, problem, section, subsection, text, unit, write_course
from .calls import command, data_of, in_one_line, refused


@pytest.fixture(autouse=True)
def _course(courses, db):
    bank = block("itembank", "bank", "", problem("q1"), block("problem", "q2", "<p>Why two?</p>"), display_name="Tides")
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t"), bank))))


def test_is_told_in_the_review_chosen_and_written():
    command("stage", KEY, TARGET, "--create")
    told = command("review", "last", "--all")
    assert "Tides  itembank  contents → leave out by default" in told
    assert "○ “Why two?”  problem  goes with 4" in told
    assert "0 conflicts · ○ 2 left out (2 with the block that they are inside of)" in told
    assert "1 component changed" in command("contents", "last", "collection", "s")
    assert "Tides  itembank  contents → collection “Tides”" in command("review", "last", "--all")
    told = in_one_line(command("review", "last", "bank"))
    assert "in a collection that bears the block's name; into “Tides” (for this block)" in told
    assert "2 blocks are put into a new collection, “Tides”" in told
    assert "2 blocks are put into a new collection, “Tides”" in in_one_line(command("complete", "last"))
    assert "inside Tides" in command("where", "block-v1:Acme+C1+R1+type@problem+block@q1")


def test_is_an_option_of_an_import():
    command("run", KEY, TARGET, "--create", "--contents", "unit")
    assert "contents: unit" in in_one_line(command("show", "last"))
    assert [record["inside"] for record in data_of("show", "last")["records"] if record["inside"]] == [["Tides"]] * 2


def test_can_be_the_default_again_or_for_one_block_only():
    command("stage", KEY, TARGET, "--create", "--contents", "unit")
    command("contents", "last", "leave-out", "bank", "--only")
    assert data_of("review", "last", "bank")["block"]["contents"] == "leave_out"
    command("contents", "last", "default", "bank")
    assert data_of("review", "last", "bank")["block"]["contents"] == "unit"


def test_is_refused_where_there_is_none():
    command("stage", KEY, TARGET, "--create")
    assert "made of other blocks" in refused("contents", "last", "unit", "t")[0]
