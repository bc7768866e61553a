"""The tree of what is staged: what is unfolded, what is summed up, and the way from conflict to conflict."""

from __future__ import annotations

import pytest

from import_from_modulestore import api

from ..builders import section, subsection, text, unit, usage_key
from .conftest import key


def ids(page) -> list[str]:
    return [block.usage_key.rpartition("@")[2] for block in page.items]


def test_sections_come_unfolded_as_far_as_rows_go(user, write, stage):
    write(*(section(f"s{n}", *(subsection(f"b{n}{m}", unit(f"u{n}{m}")) for m in range(3))) for n in range(4)))
    tree = api.get_tree(user=user, import_id=stage(), rows=10)
    assert ids(tree.top) == ["s0", "s1", "s2", "s3"]
    nums = {block.num: name for block, name in zip(tree.top.items, ids(tree.top), strict=True)}
    assert {nums[num]: ids(page) for num, page in tree.below.items()} == {
        "s0": ["b00", "b01", "b02"],
        "s1": ["b10", "b11", "b12"],
    }


def test_the_way_to_a_block_is_unfolded(user, write, stage):
    write(section("s", *(subsection(f"b{n}", unit(f"u{n}", *(text(f"t{n}{m}") for m in range(5)))) for n in range(9))))
    tree = api.get_tree(user=user, import_id=stage(), at=key("t83"), rows=3, limit=2)
    assert [(len(page.items), page.total) for page in tree.below.values()] == [(9, 9), (1, 1), (4, 5)]
    assert ids(list(tree.below.values())[-1])[-1] == "t83"
    with pytest.raises(api.NotFound):
        api.get_tree(user=user, import_id=stage(), at=key("odd"))


def test_what_is_below_is_summed_up(user, write, run_import, stage, edit_in_library, blocks):
    write()
    run_import()
    edit_in_library("t1", "<p>Mine.</p>")
    run_id = stage()
    api.select_blocks(user=user, import_id=run_id, usage_keys=[key("t2")], selected=False)
    found = blocks(run_id)
    assert (found["s1"].blocks_below, found["s1"].selected_below, found["s1"].conflicts_below) == (6, 5, 2)
    assert [found[name].all_selected for name in ("s1", "u1", "t1", "t2", "u2", "s2")] == [
        None,
        True,
        True,
        False,
        None,
        True,
    ]
    assert found["t1"].path == ("chapter s1", "sequential b1", "vertical u1")
    details = api.get_block(user=user, import_id=run_id, usage_key=key("t1"))
    assert details.block == found["t1"]


def test_one_goes_from_conflict_to_conflict_and_round(user, write, run_import, stage, edit_in_library):
    write()
    run_import()
    for code in ("t1", "t2", "t3"):
        edit_in_library(code, "<p>Mine.</p>")
    run_id = stage()

    def at(**beside: str) -> tuple[str, int, int]:
        place = api.find_conflict(user=user, import_id=run_id, **beside)
        return place.block.usage_key.rpartition("@")[2], place.number, place.total

    assert at() == ("t1", 1, 3)
    assert at(after=key("t1")) == ("t2", 2, 3)
    assert at(after=usage_key("chapter", "s2")) == ("t3", 3, 3)
    assert at(after=key("t3")) == ("t1", 1, 3)
    assert at(before=key("t1")) == ("t3", 3, 3)
    assert at(before=usage_key("problem", "p1")) == ("t1", 1, 3)


def test_where_there_is_no_conflict_there_is_no_next(user, write, stage):
    write()
    assert api.find_conflict(user=user, import_id=stage()) is None
