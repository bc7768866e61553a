"""What the source has lost since it was imported: it is named, stays, and goes where a reviewer says so."""

import shutil
from types import SimpleNamespace

import pytest
from openedx_content.models_api import PublishLog

from import_from_modulestore import api
from import_from_modulestore.data import (
    BlockIds,
    Branch,
    CompositionLevel,
    ConflictState,
    Decision,
    Outcome,
)
from import_from_modulestore.models import Import, ImportRecord, Removal

from .authoring import Author
from .builders import (
    KEY,
    LIBRARY_KEY,
    TARGET,
    block,
    section,
    subsection,
    text,
    unit,
    usage_key,
    write_course,
    write_library,
)
from .library_state import drafts

T1, T2 = "xblock.v1:html:t1", "xblock.v1:html:t2"
LB1, LB2, LCT_U2 = "lb:Acme:Target:html:t1", "lb:Acme:Target:html:t2", "lct:Acme:Target:unit:u2"
OVERWRITE = {"on_conflict": Decision.OVERWRITE}
OTHER_RUN = '<course url_name="R2" org="Acme" course="C1"/>'


@pytest.fixture
def author(library, user):
    return Author(library.package_id, user.pk)


@pytest.fixture
def course(courses, settings):
    """Write the course anew, with these units in its one subsection."""

    def write(*units, **more) -> None:
        shutil.rmtree(courses / "c1", ignore_errors=True)
        write_course(courses / "c1", section("s", subsection("b", *units)), **more)

    return write


@pytest.fixture
def lost(course, run_import, stage):
    """A course that was imported, has lost t2 (in u) and u2 with t3, and is staged again: ``lost(level=…)``."""

    def bring(first=None, **options) -> str:
        course(unit("u", text("t1"), text("t2")), unit("u2", text("t3")))
        run_import(**(first or {}))
        course(unit("u", text("t1")))
        return stage(**options)

    return bring


@pytest.fixture
def two_runs(course, courses, run_import, stage):
    """
    Two runs of one course, with the same content, in one library; then the first has lost t2.

    ``other`` is the second's key, ``other_run(…)`` writes it anew, ``staged()`` stages the first again.
    """
    other = "course-v1:Acme+C1+R2"

    def write(*components) -> None:
        shutil.rmtree(courses / "c2", ignore_errors=True)
        write_course(
            courses / "c2",
            section("s", subsection("b", unit("u", *components))),
            files={"course.xml": OTHER_RUN},
        )
        (courses / "c2/course/R1.xml").rename(courses / "c2/course/R2.xml")

    course(unit("u", text("t1"), text("t2")))
    run_import()
    write(text("t1"), text("t2"))
    run_import(other)
    course(unit("u", text("t1")))
    return SimpleNamespace(other=other, other_run=write, staged=lambda: stage(**OVERWRITE))


@pytest.fixture
def gone(user):
    """What is gone, by block ID: ``gone(import_id)``."""
    return lambda import_id: {
        name_of(item.usage_key): item for item in api.list_gone(user=user, import_id=import_id).items
    }


@pytest.fixture
def remove(user):
    def remove(import_id, *item_keys, **options) -> int:
        return api.remove_gone(user=user, import_id=import_id, item_keys=item_keys or None, **options)

    return remove


@pytest.fixture
def complete(user):
    """Complete an import: gives what happened to the blocks that are gone, by block ID."""

    def complete(import_id) -> dict:
        api.complete_import(user=user, import_id=import_id)
        records = api.get_records(user=user, import_id=import_id)
        return {name_of(record.usage_key): record for record in records if record.state is ConflictState.GONE}

    return complete


def name_of(usage_key: str) -> str:
    return usage_key.rpartition("@")[2]


def outcomes(found) -> dict[str, Outcome]:
    return {name: item.outcome for name, item in found.items()}


ALL_KEPT = {"u2": Outcome.KEPT, "t2": Outcome.KEPT, "t3": Outcome.KEPT}


class TestWhatIsGone:
    def test_it_is_named_larger_items_first_and_stays(self, lost, gone, complete, user, state):
        import_id = lost(**OVERWRITE)
        found = gone(import_id)
        assert outcomes(found) == ALL_KEPT
        assert list(found) == ["u2", "t2", "t3"]
        assert (found["t2"].item_key, found["t2"].block_type, found["t2"].title) == (LB2, "html", "Text t2")
        assert found["u2"].block_type == "vertical"

        records = complete(import_id)
        assert outcomes(records) == ALL_KEPT
        assert "stays" in records["t2"].reason
        assert api.get_import(user=user, import_id=import_id).counts["kept"] == 3
        assert {T1, T2, "u2", "xblock.v1:html:t3"} <= drafts(state()).keys()

    def test_the_plan_counts_it(self, lost, user):
        plan = api.plan_import(user=user, import_id=lost(**OVERWRITE))
        assert plan.counts() == {"updated": 2, "unchanged": 2, "kept": 3}  # subsection and unit; section and t1
        assert (plan.removes, plan.gone_unknown) == (0, "")

    def test_its_records_come_after_those_of_the_blocks(self, lost, complete, user):
        import_id = lost(**OVERWRITE)
        complete(import_id)
        nums = [record.num for record in api.get_records(user=user, import_id=import_id)]
        assert nums == [0, 1, 2, 3, 4, 5, 6]

    def test_a_block_that_is_left_out_is_not(self, lost, gone, user, course, stage):
        course(unit("u", text("t1"), text("t2")))
        import_id = lost(**OVERWRITE)
        api.select_blocks(user=user, import_id=import_id, usage_keys=[usage_key("chapter", "s")], selected=False)
        assert gone(import_id).keys() == ALL_KEPT.keys()

    def test_nor_one_outside_of_a_selection(self, lost, gone):
        assert gone(lost(selection=(usage_key("html", "t1"),))).keys() == ALL_KEPT.keys()

    def test_nor_a_container_that_the_level_dissolves(self, lost, gone):
        assert gone(lost(level=CompositionLevel.COMPONENT)).keys() == ALL_KEPT.keys()

    def test_one_that_was_lost_above_the_level_is(self, lost, gone):
        assert "u2" in gone(lost(first={"level": CompositionLevel.SECTION}, level=CompositionLevel.COMPONENT))

    def test_an_unreadable_component_is_not(self, course, run_import, stage, gone):
        course(unit("u", text("t1"), text("t2")))
        run_import()
        course(unit("u", text("t1"), text("t2")), files={"html/t2.xml": "<html"})
        assert gone(stage()) == {}

    def test_below_an_unreadable_container_nobody_knows(self, course, run_import, stage, user):
        course(unit("u", text("t1"), text("t2")), unit("u2", text("t3")))
        run_import()
        course(unit("u", text("t1")), unit("u2", text("t3")), files={"vertical/u2.xml": "<vertical"})
        page = api.list_gone(user=user, import_id=stage())
        assert page.items == ()
        assert "could not be read" in page.unknown

    def test_nor_where_a_draft_cannot_be_read(self, course, run_import, stage, user):
        course(unit("u", text("t1"), text("t2")))
        run_import()
        course(unit("u", text("t1")), files={"drafts/vertical/v.xml": "<vertical"})
        assert api.list_gone(user=user, import_id=stage()).unknown
        assert not api.list_gone(user=user, import_id=stage(branch=Branch.PUBLISHED)).unknown

    def test_a_block_that_moved_into_an_experiment_is_not(self, course, run_import, stage, gone):
        course(unit("u", text("t1"), text("t2")))
        run_import()
        course(unit("u", text("t1"), block("split_test", "x", "", block("vertical", "g", "", text("t2")))))
        assert gone(stage()) == {}

    def test_a_block_that_moved_to_another_unit_is_not(self, course, run_import, stage, gone):
        course(unit("u", text("t1"), text("t2")), unit("u2"))
        run_import()
        course(unit("u", text("t1")), unit("u2", text("t2")))
        assert gone(stage()) == {}

    def test_a_draft_that_was_imported_is_not_where_only_published_content_is_read(
        self, course, run_import, stage, gone
    ):
        published, draft = unit("u", text("t1")), 'parent_url="block-v1:Acme+C1+R1+type@sequential+block@b"'
        course(published, files={"drafts/vertical/v.xml": f'<vertical {draft} index_in_children_list="1"/>'})
        run_import()
        assert gone(stage(branch=Branch.PUBLISHED)) == {}
        course(published)
        assert gone(stage()).keys() == {"v"}

    def test_what_is_gone_from_published_content_is_where_that_was_imported(self, lost, gone):
        published = {"branch": Branch.PUBLISHED}
        assert gone(lost(first=published, **published)).keys() == ALL_KEPT.keys()

    def test_an_item_that_is_deleted_already_is_not(self, lost, gone, author):
        import_id = lost()
        author.delete(T2)
        assert gone(import_id).keys() == {"u2", "t3"}

    def test_an_item_that_another_block_takes_over_is_not(self, course, run_import, stage, gone):
        course(unit("u", text("t~1")))
        run_import()
        course(unit("u", text("t_1")))  # Both are called t_1 in a library.
        assert gone(stage()) == {}
        assert gone(stage(block_ids=BlockIds.FROM_TITLES)).keys() == {"t~1"}

    def test_an_import_that_was_undone_brought_nothing(self, course, run_import, stage, gone, user):
        course(unit("u", text("t1"), text("t2")))
        done, _records = run_import()
        api.undo_import(user=user, import_id=done.id)
        course(unit("u", text("t1")))
        assert gone(stage()) == {}

    def test_it_is_named_again_in_the_next_import(self, lost, gone, complete, stage):
        complete(lost(**OVERWRITE))
        assert outcomes(gone(stage())) == ALL_KEPT

    def test_of_a_legacy_library_too(self, courses, run_import, stage, user, library):
        write_library(courses / "l1", text("t1"), text("t2"))
        run_import(LIBRARY_KEY)
        write_library(courses / "l1", text("t1"))
        created = api.create_import(user=user, source_key=LIBRARY_KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=created.id)
        assert [item.item_key for item in api.list_gone(user=user, import_id=created.id).items] == [LB2]

    def test_an_import_into_a_new_library_knows_of_none(self, course, user):
        course(unit("u", text("t1")))
        created = api.create_import(user=user, source_key=KEY, library_key="lib:Acme:New", new_library_title="New")
        api.stage_import(user=user, import_id=created.id)
        assert api.list_gone(user=user, import_id=created.id).total == 0


class TestRemoving:
    def test_all_at_once(self, lost, remove, complete, state, user):
        import_id = lost(**OVERWRITE)
        assert remove(import_id) == 3
        assert api.plan_import(user=user, import_id=import_id).removes == 3
        assert outcomes(complete(import_id)) == dict.fromkeys(ALL_KEPT, Outcome.REMOVED)
        found = state()
        assert found["items"].keys() == {"s", "b", "u", T1}
        assert not found["unpublished"]
        assert api.get_import(user=user, import_id=import_id).counts["removed"] == 3

    def test_one_of_them(self, lost, remove, complete, gone):
        import_id = lost(**OVERWRITE)
        assert remove(import_id, LB2) == 1
        assert outcomes(gone(import_id)) == ALL_KEPT | {"t2": Outcome.REMOVED}
        assert outcomes(complete(import_id)) == ALL_KEPT | {"t2": Outcome.REMOVED}

    def test_and_not_after_all(self, lost, remove, gone):
        import_id = lost(**OVERWRITE)
        assert (remove(import_id), remove(import_id), remove(import_id, LB2, remove=False)) == (3, 0, 1)
        assert gone(import_id)["t2"].outcome is Outcome.KEPT
        assert (remove(import_id, remove=False), remove(import_id, remove=False)) == (2, 0)
        assert outcomes(gone(import_id)) == ALL_KEPT

    def test_as_drafts(self, lost, remove, complete, state):
        import_id = lost(**OVERWRITE, publish=False)
        remove(import_id)
        logs = PublishLog.objects.count()
        complete(import_id)
        found = state()
        assert drafts(found).keys() == {"s", "b", "u", T1}
        assert found["items"][T2]["published"]
        assert PublishLog.objects.count() == logs

    def test_what_learners_never_saw_is_not_published_as_deleted(self, lost, remove, complete):
        import_id = lost(first={"publish": False}, **OVERWRITE)
        remove(import_id)
        complete(import_id)
        record = ImportRecord.objects.get(import_run__uuid=import_id, outcome="removed", usage_key__endswith="@t2")
        assert not hasattr(record.entity, "published")

    def test_an_edited_item_goes_only_by_name(self, lost, remove, gone, author, complete):
        import_id = lost(**OVERWRITE)
        author.edit(T2)
        found = gone(import_id)["t2"]
        assert found.edited
        assert "edited in the library" in found.warnings[0]
        assert remove(import_id) == 2
        assert gone(import_id)["t2"].outcome is Outcome.KEPT
        assert remove(import_id, LB2) == 1
        assert complete(import_id)["t2"].outcome is Outcome.REMOVED

    def test_one_that_is_in_use_goes_only_by_name(self, lost, remove, gone, author):
        import_id = lost(**OVERWRITE)
        author.container("mine", T2)
        assert gone(import_id)["t2"].used_by == ("Mine mine",)
        assert remove(import_id) == 2
        assert remove(import_id, LB2) == 1
        assert gone(import_id)["t2"].outcome is Outcome.REMOVED

    def test_one_in_a_unit_that_the_import_leaves_alone_is_in_use(self, lost, gone):
        found = gone(lost(on_conflict=Decision.SKIP))
        assert found["t2"].used_by == ("vertical u",)
        assert found["u2"].used_by == ("vertical b",) or found["u2"].used_by == ("sequential b",)
        assert found["t3"].used_by == ("vertical u2",)  # Which stays, since it is in use.

    def test_one_that_learners_still_see_in_a_unit_is_in_use(self, lost, gone):
        assert gone(lost(on_conflict=Decision.NEW_VERSION))["t2"].used_by == ("vertical u",)
        assert not gone(lost(on_conflict=Decision.NEW_VERSION, publish=False))["t2"].used_by

    def test_one_in_a_unit_that_was_edited_stays_with_it(self, lost, gone, author, remove):
        import_id = lost(**OVERWRITE)
        author.edit("u2", "Mine")
        assert gone(import_id)["t3"].used_by == ("Mine",)
        remove(import_id, LCT_U2)
        assert gone(import_id)["t3"].used_by == ()

    def test_one_that_another_source_has_too_goes_only_by_name(self, two_runs, remove, gone, complete):
        import_id = two_runs.staged()
        assert gone(import_id)["t2"].also_from == (two_runs.other,)
        assert two_runs.other in gone(import_id)["t2"].warnings[0]
        assert remove(import_id) == 0
        assert remove(import_id, LB2) == 1
        assert complete(import_id)["t2"].outcome is Outcome.REMOVED

    def test_one_that_the_other_source_has_lost_as_well_is_no_exception(self, two_runs, run_import, gone, remove):
        two_runs.other_run(text("t1"))
        run_import(two_runs.other)
        import_id = two_runs.staged()
        assert gone(import_id)["t2"].also_from == ()
        assert remove(import_id) == 1

    def test_one_that_another_source_comes_to_have_while_it_is_reviewed(self, lost, course, courses, run_import, gone):
        import_id = lost()
        assert gone(import_id)["t2"].also_from == ()
        course(unit("u", text("t1"), text("t2")), unit("u2", text("t3")), files={"course.xml": OTHER_RUN})
        (courses / "c1/course/R1.xml").rename(courses / "c1/course/R2.xml")
        other, _records = run_import("course-v1:Acme+C1+R2", collection=None)
        assert other.counts == {"unchanged": 7}, "nothing in the library tells of it"
        assert gone(import_id)["t2"].also_from == (other.source_key,)

    def test_nor_is_one_of_which_the_other_source_has_its_own_since(self, two_runs, run_import, gone):
        run_import(two_runs.other, on_conflict=Decision.FORK)
        assert gone(two_runs.staged())["t2"].also_from == ()

    def test_what_is_edited_after_the_choice_stays_and_says_why(self, lost, remove, complete, author, state):
        import_id = lost(**OVERWRITE)
        remove(import_id)
        author.edit(T2)
        record = complete(import_id)["t2"]
        assert record.outcome is Outcome.KEPT
        assert "edited or put to use since" in record.reason
        assert T2 in drafts(state())

    def test_only_items_that_are_gone(self, lost, remove):
        import_id = lost(**OVERWRITE)
        with pytest.raises(api.NotFound, match="lost: lb:Acme:Target:html:t1"):
            remove(import_id, LB2, LB1)
        assert not Removal.objects.exists()

    def test_only_by_whom_may_change_the_library(self, lost, reviewer, editor):
        import_id = lost(**OVERWRITE)
        assert api.list_gone(user=reviewer, import_id=import_id).total == 3
        with pytest.raises(api.NotPermitted):
            api.remove_gone(user=reviewer, import_id=import_id)
        assert api.remove_gone(user=editor, import_id=import_id) == 3

    def test_only_during_a_review(self, lost, remove, complete):
        import_id = lost(**OVERWRITE)
        complete(import_id)
        with pytest.raises(api.WrongState):
            remove(import_id)

    def test_a_choice_counts_as_a_change_of_the_review(self, lost, remove):
        import_id = lost(**OVERWRITE)
        before = Import.objects.get(uuid=import_id).revision
        remove(import_id)
        assert Import.objects.get(uuid=import_id).revision == before + 1

    def test_an_import_that_does_nothing_else(self, lost, remove, complete, stage, state):
        complete(lost(**OVERWRITE))
        import_id = stage()
        remove(import_id)
        complete(import_id)
        assert drafts(state()).keys() == {"s", "b", "u", T1}

    def test_a_library_at_its_limit_has_room_for_as_many(self, course, run_import, stage, remove, complete, settings):
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 5
        course(unit("u", text("t1"), text("t2")))
        run_import()
        course(unit("u", text("t1"), text("t3")))
        import_id = stage(**OVERWRITE)
        with pytest.raises(api.PlanBlocked):
            complete(import_id)
        remove(import_id)
        complete(import_id)


class TestHistory:
    @pytest.fixture
    def removed(self, lost, remove, complete, state):
        import_id = lost(**OVERWRITE)
        before = state()
        remove(import_id)
        complete(import_id)
        return import_id, before, state()

    def test_undo_and_redo_are_exact(self, removed, user, state):
        import_id, before, after = removed
        for _ in range(2):
            api.undo_import(user=user, import_id=import_id)
            assert state() == before
            api.redo_import(user=user, import_id=import_id)
            assert state() == after

    def test_the_record_says_whether_it_was_undone(self, removed, user):
        import_id = removed[0]
        record = ImportRecord.objects.get(outcome="removed", usage_key=usage_key("html", "t2"))
        assert (record.draft_before_num, record.draft_after_num, record.published_after_num) == (1, None, None)
        assert not record.undone
        api.undo_import(user=user, import_id=import_id)
        record.refresh_from_db()
        assert record.undone
        api.redo_import(user=user, import_id=import_id)
        record.refresh_from_db()
        assert not record.undone

    def test_where_tells_of_it(self, removed, user):
        found = api.where_from(user=user, item_key=LB2)
        assert [record.outcome for record in found] == [Outcome.REMOVED, Outcome.CREATED]
        assert [record.outcome for record in api.where_to(user=user, usage_key=usage_key("html", "t2"))] == [
            Outcome.REMOVED,
            Outcome.CREATED,
        ]

    def test_a_block_that_comes_back_is_deleted_in_the_library(self, removed, course, stage, user):
        course(unit("u", text("t1"), text("t2")))
        import_id = stage()
        (t2,) = api.list_blocks(user=user, import_id=import_id, search="t2").items
        assert t2.state is ConflictState.DELETED

    def test_and_the_item_is_restored_if_that_is_decided(self, removed, course, run_import, state):
        course(unit("u", text("t1"), text("t2")))
        _done, records = run_import(**OVERWRITE)
        assert next(record for record in records if record.usage_key.endswith("@t2")).outcome is Outcome.UPDATED
        assert T2 in drafts(state())

    def test_after_an_undo_it_is_gone_again(self, removed, user, stage, gone):
        api.undo_import(user=user, import_id=removed[0])
        assert outcomes(gone(stage())) == ALL_KEPT

    def test_an_undo_of_an_earlier_import_names_this_one(self, course, run_import, stage, remove, complete, user):
        course(unit("u", text("t1")))
        run_import()
        course(unit("u", text("t1", "Now.")))
        done, _records = run_import(**OVERWRITE)
        course(unit("u"))
        import_id = stage(**OVERWRITE)
        remove(import_id)
        complete(import_id)
        (kept,) = api.preview_undo(user=user, import_id=done.id).kept
        assert kept.reason == "Another import has removed it since. Undo that one first."

    def test_an_undo_brings_back_what_a_unit_has_come_to_hold(self, removed, user, author, state):
        import_id, before, _after = removed
        author.set_back("u", 1)  # Its version of then, which holds t2.
        api.undo_import(user=user, import_id=import_id)
        assert state()["items"][T2] == before["items"][T2]

    def test_a_redo_keeps_what_has_been_put_to_use_since(self, removed, user, author, state):
        import_id = removed[0]
        api.undo_import(user=user, import_id=import_id)
        author.container("mine", T2)
        (kept,) = api.preview_redo(user=user, import_id=import_id).kept
        assert (name_of(kept.usage_key), kept.reason) == ("t2", "It is in use by Mine mine.")
        api.redo_import(user=user, import_id=import_id)
        assert T2 in drafts(state())
        assert "u2" not in drafts(state())

    def test_an_item_that_somebody_restored_since_is_kept(self, removed, user, author):
        author.set_back(T2, 1)
        (kept,) = api.preview_undo(user=user, import_id=removed[0]).kept
        assert name_of(kept.usage_key) == "t2"
