"""Changes of a review as wholes: of all blocks that match, and taken back."""

from __future__ import annotations

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import BlockFilters, BlockKind, Contents, Decision
from import_from_modulestore.models import StagedBlock

from ..builders import block, problem, section, subsection, text, unit, usage_key
from .conftest import key

SAID = ("num", "selected", "decision", "contents", "choices_from_id")


@pytest.fixture
def said(user):
    """What the review says of each block."""
    return lambda import_id: list(StagedBlock.objects.filter(import_run__uuid=import_id).values_list(*SAID))


@pytest.fixture
def again(write, run_import, stage, edit_in_library):
    """The small course, imported, edited on both sides, and staged again."""
    write()
    run_import()
    edit_in_library("t1", "<p>Mine.</p>")
    edit_in_library("t2", "<p>Mine.</p>")
    return stage()


def test_all_that_match_are_selected_or_left_out(user, write, stage, blocks):
    write()
    run_id = stage()
    matching = BlockFilters(block_type="problem", search="p1")
    assert api.select_blocks(user=user, import_id=run_id, matching=matching, selected=False) == 1
    assert {name for name, found in blocks(run_id).items() if not found.selected} == {"p1"}
    everything = BlockFilters(selected=False)
    assert api.select_blocks(user=user, import_id=run_id, matching=everything, selected=True) == 1


def test_what_is_below_what_matches_is_meant_where_that_is_said(user, write, stage, blocks):
    write()
    run_id = stage()
    units = BlockFilters(kind=BlockKind.UNIT)
    assert api.select_blocks(user=user, import_id=run_id, matching=units, selected=False, below=False) == 3
    assert api.select_blocks(user=user, import_id=run_id, matching=units, selected=False) == 5


def test_all_showings_of_what_matches_are_left_out(user, write, stage):
    write(section("s", subsection("b", unit("u1", text("t")), unit("u2", text("t")))))
    run_id = stage()
    texts = BlockFilters(states=["new"], block_type="html")
    assert api.select_blocks(user=user, import_id=run_id, matching=texts, selected=False) == 2
    assert not [item for item in api.plan_import(user=user, import_id=run_id).items if item.block_type == "html"]


def test_all_conflicts_that_match_are_decided(user, again, blocks):
    matching = BlockFilters(block_type="html")  # Of three, one is unchanged.
    decided = api.decide_blocks(user=user, import_id=again, matching=matching, decision=Decision.OVERWRITE, below=False)
    assert decided == 2
    with pytest.raises(api.InvalidEdit, match="no conflict"):
        api.decide_blocks(
            user=user,
            import_id=again,
            matching=BlockFilters(block_type="problem"),
            decision=Decision.SKIP,
            below=False,
        )


def test_blocks_are_named_in_one_way(user, write, stage):
    write()
    run_id = stage()
    with pytest.raises(api.InvalidOption, match="one of the two"):
        api.select_blocks(user=user, import_id=run_id, usage_keys=[key("t1")], matching=BlockFilters(), selected=False)
    with pytest.raises(api.InvalidEdit, match="at least one"):
        api.select_blocks(user=user, import_id=run_id, selected=False)


def changes(user, run_id):
    """Each kind of change, one after another, as functions that make it."""
    common = {"user": user, "import_id": run_id}
    yield lambda: api.select_blocks(**common, usage_keys=[usage_key("chapter", "s1")], selected=False)
    yield lambda: api.select_blocks(**common, usage_keys=[key("t1"), key("t2")], selected=True)
    yield lambda: api.decide_blocks(**common, usage_keys=[key("t1")], decision=Decision.FORK, below=False)
    yield lambda: api.decide_blocks(**common, usage_keys=[usage_key("chapter", "s1")], decision=Decision.MERGE)
    yield lambda: api.decide_blocks(**common, usage_keys=[usage_key("chapter", "s1")], decision=None)


def test_each_change_is_taken_back_as_it_was(user, again, said):
    for change in changes(user, again):
        before = said(again)
        changed = change()
        number = api.get_last_change(user=user, import_id=again)
        assert api.take_back(user=user, import_id=again, change=number) == changed
        assert said(again) == before
        change()


def test_taking_back_is_taken_back_too(user, again, said):
    change, *_more = changes(user, again)
    change()
    changed = said(again)
    for _twice in range(2):
        number = api.get_last_change(user=user, import_id=again)
        api.take_back(user=user, import_id=again, change=number)
    assert said(again) == changed


def test_what_an_earlier_review_has_said_is_told_again(user, write, run_import, stage, said):
    write()
    first = stage()
    api.select_blocks(user=user, import_id=first, usage_keys=[key("t1")], selected=False)
    api.complete_import(user=user, import_id=first)
    run_id = stage()
    before = said(run_id)
    assert any(choices_from for *_said, choices_from in before)
    api.select_blocks(user=user, import_id=run_id, usage_keys=[usage_key("chapter", "s1")], selected=True)
    assert not any(choices_from for *_said, choices_from in said(run_id))
    api.take_back(user=user, import_id=run_id, change=api.get_last_change(user=user, import_id=run_id))
    assert said(run_id) == before


def test_a_choice_of_contents_is_taken_back(user, write, stage, said):
    write(section("s", subsection("b", unit("u", block("itembank", "bank", "", text("t1"))))))
    run_id = stage()
    before = said(run_id)
    bank = usage_key("itembank", "bank")
    api.choose_contents(user=user, import_id=run_id, usage_keys=[bank], contents=Contents.UNIT)
    api.take_back(user=user, import_id=run_id, change=api.get_last_change(user=user, import_id=run_id))
    assert said(run_id) == before


def test_what_was_to_be_removed_stays_and_goes_again(user, write, run_import, stage, edit_in_library):
    write(section("s", subsection("b", unit("u", text("t1"), text("t2")))))
    run_import()
    edit_in_library("t2", "<p>Mine.</p>")
    write(section("s", subsection("b", unit("u", problem("p1")))))
    run_id = stage()

    def to_go() -> list[str]:
        page = api.list_gone(user=user, import_id=run_id)
        return [item.item_key for item in page.items if item.outcome == "removed"]

    keys = ["lb:Acme:Target:html:t1", "lb:Acme:Target:html:t2"]
    api.remove_gone(user=user, import_id=run_id, item_keys=keys)
    assert to_go() == keys
    for expected in ([], keys):
        number = api.get_last_change(user=user, import_id=run_id)
        assert api.take_back(user=user, import_id=run_id, change=number) == 2
        assert to_go() == expected


def test_only_the_last_change_is_taken_back(user, again):
    first, second, *_more = changes(user, again)
    first()
    number = api.get_last_change(user=user, import_id=again)
    second()
    with pytest.raises(api.WrongState, match="something else was changed since"):
        api.take_back(user=user, import_id=again, change=number)
    api.edit_block(user=user, import_id=again, usage_key=key("t3"), title="Other")
    assert api.get_last_change(user=user, import_id=again) is None


def test_what_is_staged_anew_cannot_be_taken_back(user, again):
    change, *_more = changes(user, again)
    change()
    number = api.get_last_change(user=user, import_id=again)
    api.stage_import(user=user, import_id=again)
    assert api.get_last_change(user=user, import_id=again) is None
    with pytest.raises(api.WrongState):
        api.take_back(user=user, import_id=again, change=number)
