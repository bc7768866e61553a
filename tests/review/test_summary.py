"""The numbers of a plan: how much of it a library can hold, and what there is to see to."""

from __future__ import annotations

from import_from_modulestore import api
from import_from_modulestore.data import Contents, Decision, Outcome

from ..builders import block, problem, section, subsection, text, unit, usage_key, write_course

IMAGE = '<p><img src="/static/lost.png"></p>'


def course(*components):
    return section("s", subsection("b", unit("u", *components)))


def test_a_new_course_is_new_and_can_go_whole(courses, user, stage):
    write_course(courses / "c1", course(text("t1"), problem("p1")))
    summary = api.get_summary(user=user, import_id=stage())
    assert (summary.blocks, summary.held, summary.percent, summary.writes) == (5, 5, 100, 5)
    assert (summary.outcomes, summary.states, summary.conflicts) == ({"created": 5}, {"new": 5}, 0)
    assert (summary.cannot_go, summary.gone, summary.blockers) == ((), 0, ())


def test_what_cannot_go_is_grouped_by_type_and_reason(courses, user, stage):
    banks = [block("itembank", f"bank{num}", "", text(f"inner{num}")) for num in range(2)]
    broken = block("problem", "bad", "<p>")
    write_course(courses / "c1", course(text("t1"), *banks, broken))
    run_id = stage()
    summary = api.get_summary(user=user, import_id=run_id)
    [banks_told, broken_told] = summary.cannot_go
    assert (banks_told.block_type, banks_told.outcome, banks_told.count) == ("itembank", Outcome.UNSUPPORTED, 2)
    assert banks_told.reason == "A library cannot hold a component that contains other blocks."
    assert (broken_told.block_type, broken_told.outcome, broken_told.count) == ("problem", Outcome.FAILED, 1)
    assert (summary.blocks, summary.held, summary.goes_with, summary.percent) == (9, 4, 2, 44)
    bank = usage_key("itembank", "bank0")
    api.choose_contents(user=user, import_id=run_id, usage_keys=[bank], contents=Contents.UNIT)
    after = api.get_summary(user=user, import_id=run_id)
    assert (after.cannot_go, after.held, after.goes_with) == (summary.cannot_go, 5, 1)


def test_all_but_one_is_never_everything(courses, user, stage):
    write_course(courses / "c1", course(*(text(f"t{num}") for num in range(300)), block("problem", "bad", "<p>")))
    assert api.get_summary(user=user, import_id=stage()).percent == 99


def test_it_counts_what_needs_a_look(courses, user, run_import, stage):
    write_course(courses / "c1", course(text("t1"), text("t2"), text("t3"), text("t4")))
    run_import()
    write_course(courses / "c1", course(text("t1", "<p>Other.</p>"), text("t2", IMAGE), text("t3")))
    run_id = stage()
    api.edit_block(user=user, import_id=run_id, usage_key=usage_key("html", "t3"), title="Edited")
    api.select_blocks(user=user, import_id=run_id, usage_keys=[usage_key("html", "t2")], selected=False)
    summary = api.get_summary(user=user, import_id=run_id)
    assert (summary.edited, summary.left_out, summary.gone, summary.missing_files) == (1, 1, 1, 0)
    api.select_blocks(user=user, import_id=run_id, usage_keys=[usage_key("html", "t2")], selected=True)
    summary = api.get_summary(user=user, import_id=run_id)
    assert (summary.missing_files, summary.warnings > 0) == (1, True)
    assert summary.conflicts == api.list_blocks(user=user, import_id=run_id, conflicts=True).total > 0
    assert summary.warnings == api.list_blocks(user=user, import_id=run_id, warnings=True).total
    [found] = api.list_blocks(user=user, import_id=run_id, files_missing=True).items
    assert found.usage_key == usage_key("html", "t2")


def test_it_counts_what_is_as_last_time(courses, user, run_import, stage):
    write_course(courses / "c1", course(text("t1"), text("t2")))
    first = stage()
    api.select_blocks(user=user, import_id=first, usage_keys=[usage_key("html", "t2")], selected=False)
    api.complete_import(user=user, import_id=first)
    summary = api.get_summary(user=user, import_id=stage())
    assert (summary.as_last_time, summary.left_out) == (1, 1)


def test_removals_are_counted(courses, user, run_import, stage):
    write_course(courses / "c1", course(text("t1"), text("t2")))
    run_import()
    write_course(courses / "c1", course(text("t1")))
    run_id = stage(on_conflict=Decision.OVERWRITE)
    api.remove_gone(user=user, import_id=run_id)
    summary = api.get_summary(user=user, import_id=run_id)
    assert (summary.gone, summary.removes) == (1, 1)
