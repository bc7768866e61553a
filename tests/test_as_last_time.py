"""A review remembers: what it says of a block stands for the next import of its source into the library."""

import shutil

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Contents, Decision, Outcome
from import_from_modulestore.models import StandingChoice

from .builders import KEY, block, problem, section, subsection, text, unit, usage_key, write_course
from .keeping import kept
from .reviewing import review

MODULE_5 = [f"x{n}" for n in range(28)]


@pytest.fixture
def course(courses):
    """Write the course on the shelf, with a module of 31 blocks: ``course(t1="<p>New.</p>", more=[…])``."""

    def write(*added, more=(), **bodies):
        texts = [text(name, bodies.get(name, "<p>Text.</p>")) for name in ("t1", "t2", "t3")]
        bank = block("itembank", "bank", "", problem("q1"), display_name="Bank")
        left = [text(name, bodies.get(name, "<p>X.</p>")) for name in MODULE_5]
        left = [each for each in left if each.url_name not in {moved.url_name for moved in added}]
        shutil.rmtree(courses / "c1", ignore_errors=True)
        write_course(
            courses / "c1",
            section("s", subsection("b", unit("u", *texts, bank, *added, title=bodies.get("u")))),
            section("m5", subsection("m5b", unit("m5u", *left, *more))),
        )

    write()
    return write


@pytest.fixture
@kept
def first(user, course, stage):
    """The first import, reviewed and written: Module 5 left out, a text and the unit edited, a block decided."""
    run = stage()
    review(user, run)
    api.complete_import(user=user, import_id=run)
    return run


@pytest.fixture
def blocks(user):
    """All staged blocks by block ID."""

    def listed(import_id, **filters):
        page = api.list_blocks(user=user, import_id=import_id, limit=200, **filters)
        return {found.usage_key.rpartition("@")[2]: found for found in page.items}

    return listed


def plan(user, import_id):
    return {
        item.usage_key.rpartition("@")[2]: item.outcome
        for item in api.plan_import(user=user, import_id=import_id).items
    }


def marked(blocks, import_id):
    return blocks(import_id, as_last_time=True).keys()


SAID = {"t1", "u", "bank", "m5", "m5b", "m5u", *MODULE_5}


def test_the_next_review_begins_with_what_the_last_one_said(user, first, stage, blocks):
    again = stage()
    found = blocks(again)
    assert marked(blocks, again) == SAID
    assert {found[name].choices_from for name in SAID} == {first}
    assert sum(not each.selected for each in found.values()) == 31
    assert (found["t1"].title, found["t1"].edited, found["u"].title) == ("Tides", True, "The Moon")
    assert found["bank"].own_contents is Contents.UNIT
    assert set(plan(user, again).values()) == {Outcome.UNCHANGED, Outcome.UNSUPPORTED}
    warnings = api.get_import(user=user, import_id=again).warnings
    assert f"As last time: of {len(SAID)} blocks, the review has begun with what the last one had said." in warnings


def test_records_say_in_which_import_it_was_said(user, first, stage):
    again = stage()
    api.edit_block(user=user, import_id=again, usage_key=usage_key("vertical", "u"), title="The Sun")
    api.complete_import(user=user, import_id=again)
    common = {"user": user, "import_id": again}
    for records in (api.get_records(**common), api.list_records(**common).items):
        found = {record.usage_key.rpartition("@")[2]: record.choices_from for record in records}
        assert {name for name, come in found.items() if come == first} == {"t1", "bank"}
        assert found["u"] == found["t2"] == ""
    where = {
        record.import_id: record.choices_from for record in api.where_to(user=user, usage_key=usage_key("html", "t1"))
    }
    assert where == {first: "", again: first}


def test_where_the_source_has_changed_two_blocks_the_plan_differs_in_just_these(user, first, course, stage, blocks):
    as_last_time = plan(user, stage())
    course(t2="<p>New.</p>", t3="<p>New.</p>", x1="<p>New, and left out.</p>")
    now = plan(user, stage(on_conflict=Decision.OVERWRITE))
    assert {name for name in now.keys() | as_last_time if now.get(name) != as_last_time.get(name)} == {"t2", "t3"}


def test_an_edit_is_made_again_only_while_the_block_is_what_it_was(first, course, stage, blocks):
    course(t1="<p>The source's new text.</p>", u="The Sea")
    found = blocks(stage())
    for name, title in (("t1", "Text t1"), ("u", "The Sea")):
        assert (found[name].title, found[name].edited, found[name].choices_from) == (title, False, "")
        told = f"This block was edited last time, in import {first}. The source has changed since"
        assert any(warning.startswith(told) for warning in found[name].warnings)


def test_staged_anew_it_says_so_again(user, first, course, stage, blocks):
    def told(found) -> bool:
        return any(warning.startswith("This block was edited last time") for warning in found.warnings)

    course(t1="<p>The source's new text.</p>", u="The Sea")
    again = stage()
    for _ in range(2):
        api.stage_import(user=user, import_id=again)
        assert {name for name, found in blocks(again).items() if told(found)} == {"t1", "u"}
    api.edit_block(user=user, import_id=again, usage_key=usage_key("vertical", "u"), title="The Moon and the Sea")
    api.stage_import(user=user, import_id=again)
    assert {name for name, found in blocks(again).items() if told(found)} == {"t1"}
    course()
    api.stage_import(user=user, import_id=again)
    assert not any(told(found) for found in blocks(again).values())
    without = stage(as_last_time=False)
    course(t1="<p>The source's new text.</p>")
    api.stage_import(user=user, import_id=without)
    assert not any(told(found) for found in blocks(without).values())


def test_staged_anew_an_edit_of_last_time_is_made_again_only_while_the_block_is_what_it_was(
    user, first, course, stage, blocks
):
    again = stage()
    api.select_blocks(user=user, import_id=again, usage_keys=[usage_key("html", "t3")], selected=False)
    course(t1="<p>The source's new text.</p>", u="The Sea")
    api.stage_import(user=user, import_id=again)
    found, of_another = blocks(again), blocks(stage())
    assert not found.pop("t3").selected
    for name, each in found.items():
        other = of_another[name]
        assert (each.title, each.edited, each.choices_from) == (other.title, other.edited, other.choices_from)
        assert each.warnings == other.warnings
    assert not found["t1"].edited


def test_what_is_new_in_what_is_left_out_is_left_out_with_it(first, course, stage, blocks):
    course(more=[text("new")])
    found = blocks(stage())["new"]
    assert (found.selected, found.choices_from) == (False, first)


def test_a_moved_block_keeps_what_was_said_of_it(first, course, stage, blocks):
    course(text("x5"))
    found = blocks(stage())
    assert found["x5"].parent == found["u"].num
    assert not found["x5"].selected


def test_it_is_an_option_of_the_import(first, stage, blocks):
    again = stage(as_last_time=False)
    assert not marked(blocks, again)
    assert all(found.selected and not found.edited for found in blocks(again).values())


def test_a_choice_of_this_review_is_not_marked_any_more(user, first, stage, blocks):
    again = stage()
    common = {"user": user, "import_id": again}
    api.select_blocks(**common, usage_keys=[usage_key("chapter", "m5")], selected=True)
    api.revert_block(**common, usage_key=usage_key("html", "t1"))
    api.edit_block(**common, usage_key=usage_key("vertical", "u"), title="The Sun")
    api.choose_contents(**common, usage_keys=[usage_key("itembank", "bank")], contents=None)
    assert not marked(blocks, again)
    api.complete_import(**common)
    assert [(each.usage_key, each.edited_title) for each in StandingChoice.objects.all()] == [
        (usage_key("vertical", "u"), "The Sun")
    ]


def test_what_is_left_as_it_was_goes_on_to_come_from_where_it_was_said(user, first, stage, blocks):
    api.complete_import(user=user, import_id=stage())
    again = stage()
    assert {found.choices_from for found in blocks(again, as_last_time=True).values()} == {first}


def test_what_an_import_was_not_asked_for_is_not_left_out_by_its_review(user, course, stage, blocks):
    run = stage(selection=(usage_key("html", "t1"), usage_key("html", "t2")))
    api.select_blocks(user=user, import_id=run, usage_keys=[usage_key("html", "t2")], selected=False)
    api.complete_import(user=user, import_id=run)
    assert [each.usage_key for each in StandingChoice.objects.all()] == [usage_key("html", "t2")]


def test_a_selection_leaves_alone_what_was_said_of_other_blocks(user, first, stage, blocks):
    part = stage(selection=(usage_key("html", "t2"),))
    assert {name for name, found in blocks(part).items() if found.selected} == {"t2"}
    api.complete_import(user=user, import_id=part)
    assert marked(blocks, stage()) == SAID


def test_what_a_selection_names_is_imported_although_it_was_left_out(user, first, stage, blocks):
    part = stage(selection=(usage_key("vertical", "m5u"),))
    assert {name for name, found in blocks(part).items() if found.selected} == {"m5u", *MODULE_5}


def test_staging_anew_brings_nothing_back_that_the_review_has_taken_back(user, first, stage, blocks):
    again = stage()
    api.select_blocks(user=user, import_id=again, usage_keys=[usage_key("chapter", "m5")], selected=True)
    api.stage_import(user=user, import_id=again)
    assert marked(blocks, again) == {"t1", "u", "bank"}
    assert {found.choices_from for found in blocks(again, as_last_time=True).values()} == {first}


def test_an_undo_takes_nothing_of_it_back(user, first, stage, blocks):
    api.undo_import(user=user, import_id=first)
    assert marked(blocks, stage()) == SAID


def test_a_decision_stands_but_for_a_fork_which_is_made_once(user, first, course, stage, blocks):
    course(t2="<p>New.</p>", t3="<p>New.</p>")
    run = stage()
    for name, decision in (("t2", Decision.OVERWRITE), ("t3", Decision.FORK)):
        api.decide_blocks(user=user, import_id=run, usage_keys=[usage_key("html", name)], decision=decision)
    api.complete_import(user=user, import_id=run)
    course(t2="<p>Newer.</p>", t3="<p>New.</p>")
    again = stage()
    found = blocks(again)
    assert (found["t2"].own_decision, found["t2"].choices_from) == (Decision.OVERWRITE, run)
    assert (found["t3"].own_decision, found["t3"].choices_from) == (None, "")
    assert plan(user, again)["t2"] is Outcome.UPDATED


def test_it_is_of_one_library_and_one_source(user, first, courses, blocks):
    other = api.create_library(user=user, library_key="lib:Acme:Other", title="Other").key
    run = api.create_import(user=user, source_key=KEY, library_key=other)
    api.stage_import(user=user, import_id=run.id)
    assert not marked(blocks, run.id)


class TestAllOrNone:
    """One action takes all that was said last time, or none of it."""

    def take(self, user, run):
        return api.choose_as_last_time(user=user, import_id=run, as_last_time=True)

    def leave(self, user, run):
        return api.choose_as_last_time(user=user, import_id=run, as_last_time=False)

    @pytest.fixture
    def said(self, blocks):
        """What is said of each block, and what it is then."""

        def said(run):
            return {
                name: (each.selected, each.title, each.edited, each.own_decision, each.own_contents, each.choices_from)
                for name, each in blocks(run).items()
            }

        return said

    def test_of_an_import_that_did_not_begin_with_it(self, user, first, course, stage, blocks, said):
        course(t2="<p>New.</p>", more=[text("new")])
        begun, anew = stage(), stage(as_last_time=False)
        as_begun, as_anew = said(begun), said(anew)
        assert self.take(user, anew) == len(SAID | {"new"})
        assert said(anew) == as_begun
        assert plan(user, anew) == plan(user, begun)
        assert self.take(user, anew) == 0
        assert self.leave(user, anew) == self.leave(user, begun) == len(SAID | {"new"})
        assert said(anew) == said(begun) == as_anew
        assert plan(user, anew) == plan(user, begun)
        assert self.leave(user, anew) == 0

    @pytest.mark.parametrize("as_last_time", [True, False])
    def test_what_this_review_has_said_itself_stays(self, user, first, stage, blocks, said, as_last_time):
        run = stage(as_last_time=False)
        common = {"user": user, "import_id": run}
        api.edit_block(**common, usage_key=usage_key("html", "t1"), title="Mine")
        api.select_blocks(**common, usage_keys=[usage_key("vertical", "u")], selected=False, below=False)
        api.select_blocks(**common, usage_keys=[usage_key("html", "x1")], selected=False)
        before = said(run)
        self.take(user, run)
        if not as_last_time:
            self.leave(user, run)
        after = said(run)
        own = {"t1", "u", "t2", "t3", "bank", "x1"}  # What is in the unit stays although the unit does not.
        assert {name: after[name] for name in own} == {name: before[name] for name in own}
        assert marked(blocks, run) == (SAID - own if as_last_time else set())

    def test_what_was_taken_back_to_the_source_is_taken_again(self, user, first, stage, blocks):
        run = stage()
        api.revert_block(user=user, import_id=run, usage_key=usage_key("html", "t1"))
        assert self.take(user, run) == 1
        assert marked(blocks, run) == SAID

    def test_an_edit_is_not_made_again_where_the_source_has_changed(self, user, first, course, stage, blocks):
        course(t1="<p>The source's new text.</p>")
        run = stage(as_last_time=False)
        self.take(user, run)
        self.take(user, run)
        found = blocks(run)["t1"]
        assert (found.edited, found.choices_from) == (False, "")
        assert sum(warning.startswith("This block was edited last time") for warning in found.warnings) == 1

    def test_a_selection_is_not_added_to(self, user, first, stage, blocks):
        part = stage(selection=(usage_key("vertical", "m5u"), usage_key("html", "t2")), as_last_time=False)
        before = {name for name, found in blocks(part).items() if found.selected}
        self.take(user, part)
        assert {name for name, found in blocks(part).items() if found.selected} == before == {"m5u", "t2", *MODULE_5}
        self.leave(user, part)
        assert {name for name, found in blocks(part).items() if found.selected} == before
        assert not marked(blocks, part)

    def test_nothing_is_there_to_be_taken_the_first_time(self, user, course, stage):
        run = stage()
        assert self.take(user, run) == self.leave(user, run) == 0

    def test_is_for_a_review_alone(self, user, first):
        with pytest.raises(api.WrongState):
            self.take(user, first)
