"""The table of docs/explanation/concepts.md, one test a cell, from a course on the shelf to what learners see."""

import re
from pathlib import Path

import pytest
from openedx_content import api as content_api
from openedx_content.models_api import Component

from import_from_modulestore import api
from import_from_modulestore.data import ConflictState, Decision, Outcome

from .builders import block, section, subsection, text, unit, usage_key, write_course
from .keeping import kept_at_first

CONCEPTS = (Path(__file__).parents[1] / "docs" / "explanation" / "concepts.md").read_text()
HEADER = "| state | `skip` | `overwrite` | `new_version` | `fork` | `merge` |\n"
ROWS = {
    cells[0]: dict(zip(Decision, cells[1:], strict=True))
    for line in CONCEPTS.partition(HEADER)[2].partition("\n\n")[0].splitlines()[1:]
    for cells in [[cell.strip(" ⚠") for cell in line.strip("| ").split("|")]]
}
STATES = {
    "new": ConflictState.NEW,
    "unchanged": ConflictState.UNCHANGED,
    "source changed": ConflictState.SOURCE_CHANGED,
    "library changed": ConflictState.LIBRARY_CHANGED,
    "both changed": ConflictState.BOTH_CHANGED,
    "ID taken": ConflictState.ID_TAKEN,
    "deleted in library": ConflictState.DELETED,
    "gone from source": ConflictState.GONE,
    "unsupported": ConflictState.UNSUPPORTED,
    "unreadable": ConflictState.UNREADABLE,
}
OUTCOMES = {
    # word of the table: outcome, what authors see, what learners see; None: nothing, "before": what stood there before
    "created": (Outcome.CREATED, "now", "now"),
    "–": (Outcome.UNCHANGED, "before", "before"),
    "skipped": (Outcome.SKIPPED, "before", "before"),
    "skipped, stays deleted": (Outcome.SKIPPED, None, "before"),
    "updated, live": (Outcome.UPDATED, "now", "now"),
    "updated, draft": (Outcome.UPDATED, "now", "before"),
    "restored, live": (Outcome.UPDATED, "now", "now"),
    "restored, draft": (Outcome.UPDATED, "now", "before"),
    "kept": (Outcome.KEPT, "before", "before"),
    "forked": (Outcome.FORKED, "before", "before"),
    "left out": (Outcome.UNSUPPORTED, None, None),
    "failed": (Outcome.FAILED, None, None),
    "merged": (Outcome.UPDATED, "both", "before"),  # What the library has not published stays a draft.
    "needs you": (Outcome.NEEDS_YOU, "before", "before"),
}


@pytest.fixture
def course(courses):
    """Write a course of one unit with one component, x; or with another, where it has no body."""

    def write(body: str | None = "THEN", **more) -> None:
        x = text("y") if body is None else text("x", body) if body else block("library_content", "x")
        write_course(courses / "c1", section("s", subsection("b", unit("u", x))), **more)

    return write


@pytest.fixture
def situation(course, run_import, edit_in_library, user, request):
    """Bring course and library into a state; gives what the import is then asked to do with x."""

    def bring(state: ConflictState) -> None:
        course("NOW" if state is ConflictState.NEW else "THEN")
        if state not in (ConflictState.NEW, ConflictState.UNSUPPORTED, ConflictState.UNREADABLE):
            run_import()
        if state in (ConflictState.LIBRARY_CHANGED, ConflictState.BOTH_CHANGED):
            edit_in_library("x", "THEN", title="EDITED")
        if state in (ConflictState.SOURCE_CHANGED, ConflictState.BOTH_CHANGED, ConflictState.ID_TAKEN):
            course("NOW")
        if state is ConflictState.ID_TAKEN:
            from import_from_modulestore.models import Import

            Import.objects.all().delete()
        if state is ConflictState.DELETED:
            content_api.soft_delete_draft(Component.objects.get().id)
        if state is ConflictState.UNSUPPORTED:
            course("")
        if state is ConflictState.GONE:
            course(None)
        if state is ConflictState.UNREADABLE:
            course("NOW", files={"html/x.xml": "<html"})

    return kept_at_first(bring, request)


def seen(state, ref: str) -> tuple[str | None, str | None]:
    """What authors and learners see of an item: the words in its text."""
    item = state()["items"].get(ref, {})
    texts = [(item.get(side) or {}).get("files", {}).get("block.xml") for side in ("draft", "published")]
    return tuple(" ".join(re.findall("THEN|NOW|EDITED", found.decode())) if found else None for found in texts)


def test_the_table_has_every_state():
    assert set(ROWS) == set(STATES)
    assert set(STATES.values()) == set(ConflictState)


@pytest.mark.few
@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("row", STATES)
def test_cell(row, decision, situation, run_import, state):
    situation(STATES[row])
    before = seen(state, "xblock.v1:html:x")
    outcome, *sides = OUTCOMES[ROWS[row][decision]]
    if outcome is Outcome.NEEDS_YOU:
        with pytest.raises(api.PlanBlocked, match="1 merge needs you: Text x"):
            run_import(on_conflict=decision)
        assert seen(state, "xblock.v1:html:x") == before
        return
    _done, records = run_import(on_conflict=decision)
    record = next(record for record in records if record.usage_key.endswith("block@x"))
    assert (record.state, record.outcome) == (STATES[row], outcome)

    in_source = "THEN" if row in ("unchanged", "library changed", "deleted in library") else "NOW"
    expected = [
        {"now": in_source, "both": "EDITED NOW", "before": was, None: None}[side]
        for side, was in zip(sides, before, strict=True)
    ]
    assert seen(state, "xblock.v1:html:x") == tuple(expected)
    if outcome is Outcome.FORKED:
        assert seen(state, "xblock.v1:html:x_1") == (in_source, in_source)


@pytest.mark.few
@pytest.mark.parametrize("unmerged", [None, *(decision for decision in Decision if decision is not Decision.MERGE)])
@pytest.mark.parametrize("row", ["both changed", "ID taken", "deleted in library"])
def test_what_cannot_be_merged_needs_you_or_is_decided_as_the_import_says(
    row,
    unmerged,
    situation,
    course,
    run_import,
    state,
    edit_in_library,
):
    situation(STATES[row])
    if row == "both changed":
        edit_in_library("x", "EDITED")
    course("NOW")
    before = seen(state, "xblock.v1:html:x")
    if unmerged is None:
        with pytest.raises(api.PlanBlocked, match="1 merge needs you: Text x"):
            run_import(on_conflict=Decision.MERGE)
        assert seen(state, "xblock.v1:html:x") == before
        return
    _done, records = run_import(on_conflict=Decision.MERGE, unmerged=unmerged)
    record = next(record for record in records if record.usage_key.endswith("block@x"))
    outcome, *sides = OUTCOMES[ROWS[row][unmerged]]
    assert (record.state, record.decision, record.outcome) == (STATES[row], unmerged, outcome)
    assert any("cannot be merged without you" in warning for warning in record.warnings)
    expected = ({"now": "NOW", "before": was, None: None}[side] for side, was in zip(sides, before, strict=True))
    assert seen(state, "xblock.v1:html:x") == tuple(expected)
    if outcome is Outcome.FORKED:
        assert seen(state, "xblock.v1:html:x_1") == ("NOW", "NOW")


@pytest.mark.parametrize("decision", Decision)
def test_a_decision_for_one_block_does_what_the_same_decision_for_all_does(
    decision, situation, run_import, state, user
):
    situation(ConflictState.BOTH_CHANGED)
    from .builders import KEY, TARGET

    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    api.stage_import(user=user, import_id=run.id)
    api.decide_blocks(user=user, import_id=run.id, usage_keys=[usage_key("html", "x")], decision=decision, below=False)
    api.complete_import(user=user, import_id=run.id)
    record = api.get_records(user=user, import_id=run.id)[-1]
    assert record.outcome is OUTCOMES[ROWS["both changed"][decision]][0]
