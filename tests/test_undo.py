"""Undo and redo: exact, careful, all or nothing."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from openedx_content import api as content_api
from openedx_content.models_api import Container, DraftChangeLog, PublishableEntity, PublishLog

from import_from_modulestore import api
from import_from_modulestore.data import (
    BlockKind,
    CollectionChoice,
    CompositionLevel,
    Decision,
    ImportState,
    ReversalKind,
    ReversalOutcome,
)
from import_from_modulestore.models import Import, ImportRecord, Reversal

from .authoring import Author
from .builders import section, subsection, text, unit, usage_key, write_course
from .library_state import row_counts
from .test_faults import BreakingAt, Broken, fractions
from .versions import PUBLISHING_AN_ITEM

T, T2 = "xblock.v1:html:t", "xblock.v1:html:t2"
KEPT, REMOVED, RESTORED, REVERTED = (
    ReversalOutcome.KEPT,
    ReversalOutcome.REMOVED,
    ReversalOutcome.RESTORED,
    ReversalOutcome.REVERTED,
)
COMPONENTS = {"level": CompositionLevel.COMPONENT}


@pytest.fixture
def author(library, user):
    return Author(library.package_id, user.pk)


@pytest.fixture
def course(courses):
    """Write the course: ``course(text(…), …)`` is one section, subsection and unit with these components."""
    return lambda *components: write_course(courses / "c1", section("s", subsection("b", unit("u", *components))))


@pytest.fixture
def undo(user):
    def undo(done, **options):
        return api.undo_import(user=user, import_id=done.id, **options)

    return undo


@pytest.fixture
def redo(user):
    def redo(done, **options):
        return api.redo_import(user=user, import_id=done.id, **options)

    return redo


@pytest.fixture
def preview(user):
    """What an undo would do, by block ID: pairs of outcome and reason."""

    def preview(done, **options):
        plan = api.preview_undo(user=user, import_id=done.id, **options)
        return {name_of(item): (item.outcome, item.reason) for item in plan.items}

    return preview


def name_of(item) -> str:
    return item.usage_key.rpartition("@")[2]


def hello(body="<p>Hello.</p>"):
    return text("t", body, title="T")


class TestExactly:
    def test_what_was_created_is_gone_and_comes_back(self, course, run_import, undo, redo, state):
        course(hello(), text("t2"))
        empty = state()
        done, _records = run_import()
        full = state()
        assert undo(done).state is ImportState.UNDONE
        assert state() == empty
        assert redo(done).state is ImportState.IMPORTED
        assert state() == full
        undo(done)
        assert state() == empty

    @pytest.mark.few
    @pytest.mark.parametrize("decision", [Decision.OVERWRITE, Decision.NEW_VERSION, Decision.FORK])
    @pytest.mark.parametrize("publish", [True, False])
    def test_what_was_changed_is_as_before(self, course, run_import, undo, redo, state, decision, publish):
        course(hello())
        run_import()
        before = state()
        course(hello("<p>Changed.</p>"), text("t2"))
        done, _records = run_import(on_conflict=decision, publish=publish)
        after = state()
        undo(done)
        assert state() == before
        redo(done)
        assert state() == after

    def test_an_unpublished_edit_that_was_overwritten_is_a_draft_again(
        self, course, run_import, undo, redo, state, author
    ):
        course(hello())
        run_import()
        author.edit(T)
        before = state()
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        after = state()
        undo(done)
        assert state() == before
        assert (before["items"][T]["draft"]["num"], before["items"][T]["published"]["num"]) == (2, 1)
        redo(done)
        assert state() == after

    @pytest.mark.parametrize("published", [True, False], ids=["published as deleted", "still live"])
    def test_a_deleted_item_that_was_restored_is_deleted_again(
        self, course, run_import, undo, state, author, published
    ):
        course(hello())
        run_import()
        author.delete(T)
        if published:
            author.publish()
        before = state()
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        undo(done)
        assert state() == before

    def test_a_deleted_item_that_another_unit_holds_is_deleted_again(self, course, run_import, undo, state, author):
        course(hello())
        run_import()
        author.container("mine", T)
        author.delete(T)
        before = state()
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        undo(done)
        assert state() == before

    def test_a_unit_published_around_an_item_that_never_was(self, course, run_import, undo, redo, state, author):
        course(hello(), text("t2"))
        run_import(publish=False)
        author.delete(T2)
        author.publish("u")  # openedx_content publishes t along, and passes over t2, which was deleted before.
        author.container("other", T2)
        author.set_back(T2, 1)
        before = state()
        course(text("t3"))
        done, records = run_import(on_conflict=Decision.OVERWRITE)
        assert [record.outcome for record in records if record.block_type == "vertical"] == ["updated"]
        after = state()
        undo(done)
        assert state() == before
        redo(done)
        assert state() == after

    def test_only_what_changes_for_learners_is_published(self, course, run_import, undo, author):
        course(hello())
        run_import()
        course(hello("<p>Changed.</p>"), text("t2"))
        done, _records = run_import(on_conflict=Decision.NEW_VERSION)
        logs = PublishLog.objects.count()
        undo(done)
        new = PublishLog.objects.order_by("pk")[logs:]
        assert [
            sorted(log.records.filter(direct=True).values_list("entity__entity_ref", flat=True)) for log in new
        ] == [[T2]]

    def test_an_undo_is_one_change_log_wherever_that_is_possible(self, course, run_import, undo, user):
        course(hello())
        done, _records = run_import()
        undo(done)
        reversal = Reversal.objects.get()
        assert reversal.draft_change_logs.get().records.count() == 4
        assert reversal.publish_logs.get().message == "Undo of the import from course-v1:Acme+C1+R1"

    def test_nothing_to_undo_leaves_no_trace_in_the_library(self, course, run_import, undo, author):
        course(hello())
        run_import()
        done, _records = run_import()
        logs = DraftChangeLog.objects.count(), PublishLog.objects.count()
        assert undo(done).state is ImportState.UNDONE
        assert (DraftChangeLog.objects.count(), PublishLog.objects.count()) == logs


class TestImportingAgain:
    def test_finds_the_blocks_new_as_before(self, course, run_import, undo, state):
        course(hello())
        done, _records = run_import()
        before = state()
        undo(done)
        _done, records = run_import()
        assert {record.state for record in records} == {"new"}
        assert state()["items"].keys() == before["items"].keys()

    def test_also_where_a_later_import_had_found_them(self, course, run_import, undo):
        course(hello())
        done, _records = run_import()
        run_import()
        undo(done)
        _done, records = run_import()
        assert {record.state for record in records} == {"new"}

    def test_knows_what_was_kept(self, course, run_import, undo, author):
        course(hello())
        done, _records = run_import()
        author.edit(T)
        undo(done)
        _done, records = run_import()
        assert {name_of(record): record.state for record in records} == {
            "s": "new",
            "b": "new",
            "u": "new",
            "t": "library_changed",
        }

    def test_knows_the_import_before_the_one_that_was_undone(self, course, run_import, undo):
        course(hello())
        run_import()
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        undo(done)
        _done, records = run_import()
        assert {name_of(record): record.state for record in records}["t"] == "source_changed"

    def test_records_say_that_they_were_undone_until_they_are_redone(self, course, run_import, undo, redo):
        course(hello())
        done, _records = run_import()
        undo(done)
        assert all(ImportRecord.objects.values_list("undone", flat=True))
        redo(done)
        assert not any(ImportRecord.objects.values_list("undone", flat=True))

    @pytest.mark.parametrize("publish", [True, False], ids=["and published", "as a draft"])
    def test_knows_what_somebody_has_restored_before_the_redo(self, course, run_import, undo, redo, author, publish):
        course(hello(), text("t2"))
        done, _records = run_import(**COMPONENTS)
        undo(done)
        author.set_back(T, 1)
        if publish:
            author.publish()
        redo(done)
        course(hello("<p>Changed.</p>"), text("t2"))
        _done, records = run_import(**COMPONENTS)
        assert {name_of(record): record.state for record in records} == {"t": "source_changed", "t2": "unchanged"}


class TestCareful:
    def test_what_was_edited_since_is_kept_and_named(self, course, run_import, undo, preview, state, author):
        course(hello(), text("t2"))
        done, _records = run_import()
        author.edit(T)
        edited = state()["items"][T]
        assert preview(done)["t"] == (KEPT, "It was edited in the library since.")
        undo(done)
        assert state()["items"] == {T: edited}

    @pytest.mark.parametrize(
        ("publish", "change", "reason"),
        [
            (False, lambda author: author.publish(), "It was published in the library since."),
            (True, lambda author: author.delete(T), "It was deleted in the library since."),
            (
                True,
                lambda author: (author.edit(T), author.publish()),
                "It was edited and published in the library since.",
            ),
        ],
        ids=["published", "deleted", "edited and published"],
    )
    def test_reasons(self, course, run_import, preview, author, publish, change, reason):
        course(hello())
        done, _records = run_import(publish=publish, **COMPONENTS)
        change(author)
        assert preview(done) == {"t": (KEPT, reason)}

    def test_what_is_as_before_already_is_kept(self, course, run_import, undo, redo, preview, state, author):
        course(hello())
        done, _records = run_import(publish=False, **COMPONENTS)
        author.delete(T)
        assert preview(done) == {"t": (KEPT, "It is as it was before the import already.")}
        undo(done, force=True)
        redo(done)
        assert T not in state()["items"]

    def test_what_another_import_has_changed_since(self, course, run_import, undo, preview):
        course(hello())
        done, _records = run_import()
        course(hello("<p>Changed.</p>"))
        later, _records = run_import(on_conflict=Decision.OVERWRITE)
        assert preview(done)["t"] == (KEPT, "Another import has changed it since. Undo that one first.")
        undo(later)
        assert preview(done)["t"] == (REMOVED, "")

    def test_going_back_to_an_earlier_import_by_hand_is_an_edit(self, course, run_import, preview, author):
        course(hello())
        run_import()
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        author.set_back(T, 1)
        assert preview(done)["t"] == (KEPT, "It was edited in the library since.")

    @pytest.mark.parametrize(
        ("lost", "reason"),
        [
            ({"entity": None, "draft_after": None}, "It was removed from the library for good."),
            ({"draft_before": None}, "The version to go back to was removed from the library for good."),
        ],
        ids=["the item", "the version before"],
    )
    def test_what_is_gone_for_good_is_kept_also_by_force(self, course, run_import, undo, preview, state, lost, reason):
        course(hello())
        run_import()
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        after = state()
        ImportRecord.objects.filter(import_run__uuid=done.id).update(**lost)
        assert preview(done)["t"] == preview(done, force=True)["t"] == (KEPT, reason)
        undo(done, force=True)
        assert state() == after

    def test_what_a_unit_outside_has_come_to_use_is_kept_and_the_unit_named(
        self, course, run_import, undo, preview, state, author
    ):
        course(hello(), text("t2"))
        done, _records = run_import()
        author.container("mine", T)
        found = preview(done)
        assert found["t"] == (KEPT, "It is in use by Mine mine.")
        assert found["t2"] == found["u"] == (REMOVED, "")
        undo(done)
        assert sorted(state()["items"]) == ["mine", T]

    def test_also_where_the_use_is_only_published_or_pinned(self, course, run_import, preview, author):
        course(hello(), text("t2"))
        done, _records = run_import(**COMPONENTS)
        author.container("mine", T)
        author.publish("mine")
        author.hold("mine")
        author.container("pins", T2, pinned=True)
        assert preview(done) == {
            "t": (KEPT, "It is in use by Mine mine."),
            "t2": (KEPT, "It is in use by Mine pins."),
        }

    def test_what_a_deleted_unit_holds_is_not_in_use(self, course, run_import, preview, author):
        course(hello())
        done, _records = run_import(**COMPONENTS)
        author.container("mine", T)
        author.delete("mine")
        assert preview(done) == {"t": (REMOVED, "")}

    def test_many_users_are_named_in_part(self, course, run_import, preview, author):
        course(hello())
        done, _records = run_import(**COMPONENTS)
        for code in "abcde":
            author.container(code, T)
        assert preview(done)["t"][1] == "It is in use: Mine a, Mine b, Mine c and 2 more hold it."

    def test_a_changed_item_goes_back_where_it_was_used_before(self, course, run_import, undo, preview, author):
        course(hello())
        run_import()
        author.container("mine", T)
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        author.edit("mine")
        author.publish()
        assert preview(done) == {"t": (REVERTED, "")}

    def test_also_where_only_the_published_unit_held_it_before(self, course, run_import, preview, author):
        course(hello())
        run_import()
        author.container("mine", T)
        author.publish("mine")
        author.hold("mine")
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        author.edit("mine")
        assert preview(done) == {"t": (REVERTED, "")}

    def test_a_changed_item_is_kept_where_somebody_has_come_to_use_it(self, course, run_import, preview, author):
        course(hello())
        run_import()
        author.container("mine")
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        assert preview(done) == {"t": (REVERTED, "")}
        author.hold("mine", T)
        assert preview(done) == {"t": (KEPT, "It is in use by Mine mine.")}

    def test_what_a_kept_container_holds_is_kept_all_the_way_down(
        self, course, run_import, undo, preview, state, author
    ):
        course(hello(), text("t2"))
        done, _records = run_import()
        author.edit("b", "Edited subsection")
        assert preview(done) == {
            "s": (REMOVED, ""),
            "b": (KEPT, "It was edited in the library since."),
            "u": (KEPT, "It is in use by Edited subsection."),
            "t": (KEPT, "It is in use by vertical u."),
            "t2": (KEPT, "It is in use by vertical u."),
        }
        undo(done)
        assert sorted(state()["items"]) == ["b", "u", T, T2]

    def test_a_container_that_is_as_before_already_keeps_nothing(
        self, course, run_import, undo, preview, state, author
    ):
        course(hello(), text("t2"))
        run_import()
        author.delete(T2)
        before = state()
        done, _records = run_import(on_conflict=Decision.NEW_VERSION)
        author.set_back("u", 1)
        found = preview(done)
        assert (found["u"][1], found["t2"][0]) == ("It is as it was before the import already.", REMOVED)
        undo(done)
        assert state() == before

    def test_what_is_new_in_a_kept_unit_is_kept_what_is_changed_in_it_is_not(self, course, run_import, preview, author):
        course(hello())
        run_import()
        course(hello("<p>Changed.</p>"), text("t2"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        author.edit("u")
        found = preview(done)
        assert (found["u"][0], found["t2"][0], found["t"][0]) == (KEPT, KEPT, REVERTED)

    def test_force_spares_nothing(self, course, run_import, undo, redo, preview, state, author):
        course(hello(), text("t2"))
        before = state()
        done, _records = run_import()
        after = state()
        author.edit(T)
        author.publish()
        author.container("mine", T2)
        mine = state()["items"]["mine"]
        assert {outcome for outcome, _reason in preview(done, force=True).values()} == {REMOVED}
        undo(done, force=True)
        assert state()["items"] == before["items"] | {"mine": mine}
        redo(done)
        assert state()["items"] == after["items"] | {"mine": mine}

    def test_redo_keeps_what_was_changed_since_the_undo(self, course, run_import, undo, redo, user, state, author):
        course(hello(), text("t2"))
        done, _records = run_import(**COMPONENTS)
        undo(done)
        author.set_back(T, 1)
        plan = api.preview_redo(user=user, import_id=done.id)
        assert {name_of(item): (item.outcome, item.reason) for item in plan.items} == {
            "t": (KEPT, "It was restored in the library since."),
            "t2": (RESTORED, ""),
        }
        redo(done)
        assert state()["items"][T]["published"] is None
        assert state()["items"][T2]["published"]

    def test_redo_does_not_touch_what_the_undo_kept(self, course, run_import, undo, redo, user, author):
        course(hello(), text("t2"))
        done, _records = run_import(**COMPONENTS)
        author.edit(T)
        undo(done)
        assert [name_of(item) for item in api.preview_redo(user=user, import_id=done.id).items] == ["t2"]


class TestCollections:
    CHOICE = CollectionChoice(title="Course")

    def test_a_collection_that_the_import_made_goes_and_comes(self, course, run_import, undo, redo, state):
        course(hello())
        before = state()
        done, _records = run_import(collection=self.CHOICE)
        after = state()
        assert after["collections"] == {"course": ("Course", ["s"])}
        undo(done)
        assert state() == before
        redo(done)
        assert state() == after

    @pytest.mark.parametrize("change", [{"title": "Mine"}, {"description": "Mine."}])
    def test_but_not_one_that_somebody_has_made_theirs(self, course, run_import, undo, state, author, change):
        course(hello())
        done, _records = run_import(collection=self.CHOICE)
        content_api.update_collection(author.package_id, "course", **change)
        undo(done)
        assert state()["collections"] == {"course": (change.get("title", "Course"), [])}

    def test_or_put_something_into(self, course, run_import, undo, state, author):
        course(hello())
        done, _records = run_import(collection=self.CHOICE)
        author.component("mine")
        author.collection("other", "xblock.v1:html:mine")
        entities = PublishableEntity.objects.filter(entity_ref="xblock.v1:html:mine")
        content_api.add_to_collection(author.package_id, "course", entities)
        undo(done)
        assert state()["collections"]["course"] == ("Course", ["xblock.v1:html:mine"])

    def test_what_was_in_a_collection_before_stays_in_it(self, course, run_import, undo, redo, state, author):
        course(hello(), text("t2"))
        run_import(collection=None, **COMPONENTS)
        author.collection("mine", T)
        before = state()
        done, records = run_import(collection=CollectionChoice(code="mine"), **COMPONENTS)
        assert {record.outcome for record in records} == {"unchanged"}
        after = state()
        assert after["collections"] == {"mine": ("Mine", [T, T2])}
        undo(done)
        assert state() == before
        redo(done)
        assert state() == after

    def test_what_is_kept_stays_in_it(self, course, run_import, undo, state, author):
        course(hello(), text("t2"))
        done, _records = run_import(collection=self.CHOICE, **COMPONENTS)
        author.edit(T)
        undo(done)
        assert state()["collections"] == {"course": ("Course", [T])}

    def test_a_collection_that_somebody_deleted_is_left_alone(self, course, run_import, undo, redo, state, author):
        course(hello())
        done, _records = run_import(collection=self.CHOICE)
        content_api.delete_collection(author.package_id, "course")
        undo(done)
        redo(done)
        assert state()["collections"] == {}


class TestHistory:
    def test_every_undo_and_redo_is_kept_with_who_and_what(self, course, run_import, undo, redo, user, author):
        course(hello(), text("t2"))
        done, _records = run_import(**COMPONENTS)
        author.edit(T)
        undo(done)
        redo(done)
        undo(done, force=True)
        found = [
            (reversal.kind, reversal.username, reversal.forced, reversal.counts)
            for reversal in api.get_reversals(user=user, import_id=done.id)
        ]
        assert found == [
            (ReversalKind.UNDO, "ada", False, {"kept": 1, "removed": 1}),
            (ReversalKind.REDO, "ada", False, {"restored": 1}),
            (ReversalKind.UNDO, "ada", True, {"removed": 2}),
        ]

    def test_what_was_shown_is_what_was_done(self, course, run_import, undo, redo, user, author):
        course(hello(), text("t2"))
        done, _records = run_import()
        author.edit(T)
        author.container("mine", T2)
        for preview, act in ((api.preview_undo, undo), (api.preview_redo, redo)):
            shown = preview(user=user, import_id=done.id)
            act(done)
            assert tuple(api.get_last_reversal_items(user=user, import_id=done.id)) == shown.items

    def test_an_item_is_told_with_its_versions(self, course, run_import, user, author):
        course(hello())
        run_import()
        author.edit(T)
        course(hello("<p>Changed.</p>"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE)
        (item,) = api.preview_undo(user=user, import_id=done.id).items
        assert (item.title, item.kind, item.item_key) == ("T", BlockKind.COMPONENT, "lb:Acme:Target:html:t")
        assert item.usage_key == usage_key("html", "t")
        assert (item.draft_before, item.draft_after, item.published_before, item.published_after) == (3, 2, 3, 1)

    def test_progress_is_told_item_by_item(self, course, run_import, undo):
        course(hello(), text("t2"))
        done, _records = run_import()
        told = []
        undo(done, progress=lambda *report: told.append(report))
        assert told[0] == ("reverting", 0, 0, "Target")
        assert list(dict.fromkeys(report[1:3] for report in told)) == [(0, 0), *((n, 5) for n in range(1, 6))]
        assert told[-1][3] == "chapter s"


@pytest.mark.at_gate
class TestAllOrNothing:
    """Whatever breaks, wherever: the library is as it was, and the import as well."""

    TABLES = ("openedx_content_", "modulestore_imports_reversal", "modulestore_imports_importrecord")

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(("writer", "least"), [("bulk", 15), pytest.param("reference", 30, marks=pytest.mark.slow)])
    @pytest.mark.parametrize("error", [Broken, KeyboardInterrupt], ids=["error", "interrupt"])
    def test_a_fault_at_any_write(
        self, course, run_import, undo, redo, user, state, author, settings, error, writer, least
    ):
        settings.IMPORT_FROM_MODULESTORE_WRITER = writer
        course(hello())
        run_import()
        author.edit(T)  # Makes the undo need two change logs.
        before = state()
        course(hello("<p>Changed.</p>"), text("t2"))
        done, _records = run_import(on_conflict=Decision.OVERWRITE, collection=CollectionChoice(title="Course"))
        after = state()
        for act, reached, stays, there in ((undo, "undone", "imported", before), (redo, "imported", "undone", after)):
            rows = row_counts(), Reversal.objects.count(), ImportRecord.objects.filter(undone=True).count()
            for n in fractions(self.writes(act, done, least), parts=4):
                breaking = BreakingAt(n, error, self.TABLES)
                with pytest.raises((api.StepFailed, error)), connection.execute_wrapper(breaking):
                    act(done)
                assert not connection.in_atomic_block, f"write {n} left the connection in a transaction"
                left = row_counts(), Reversal.objects.count(), ImportRecord.objects.filter(undone=True).count()
                assert left == rows, f"write {n} left something behind"
                failed = api.get_import(user=user, import_id=done.id)
                assert (failed.state, bool(failed.error)) == (stays, True)
            assert act(done).state == reached
            assert state() == there

    def writes(self, act, done, least) -> int:
        counter = BreakingAt(tables=self.TABLES)
        with pytest.raises(Broken), transaction.atomic(), connection.execute_wrapper(counter):
            act(done)
            raise Broken
        Container.reset_cache()
        assert counter.seen > least
        return counter.seen


@pytest.mark.at_gate
class TestCost:
    def test_a_preview_takes_a_fixed_number_of_queries(self, course, run_import, author, user):
        counts = []
        for n in (2, 40):
            course(*(text(f"t{n}x{m}") for m in range(n)))
            done, _records = run_import(**COMPONENTS)
            for m in range(n // 2):
                author.container(f"u{n}x{m}", f"xblock.v1:html:t{n}x{m}")
                author.edit(f"u{n}x{m}")
                author.edit(f"xblock.v1:html:t{n}x{n - 1 - m}")
            with CaptureQueriesContext(connection) as queries:
                plan = api.preview_undo(user=user, import_id=done.id)
            assert len(plan.kept) == n
            counts.append(len(queries))
        assert counts[0] == counts[1]

    @pytest.mark.parametrize(("writer", "an_item"), [("bulk", 0), ("reference", 7 + PUBLISHING_AN_ITEM)])
    def test_all_but_setting_the_drafts_takes_a_fixed_number_of_statements(
        self, course, run_import, undo, settings, writer, an_item
    ):
        """``openedx_content`` takes three to set a draft, and two for its side effects in each log."""
        settings.IMPORT_FROM_MODULESTORE_WRITER = writer
        counts = []
        for n in (2, 40):
            course(*(text(f"t{n}x{m}") for m in range(n)))
            done, _records = run_import(collection=CollectionChoice(title=f"Course {n}"), **COMPONENTS)
            with CaptureQueriesContext(connection) as queries:
                undo(done)
            counts.append(len(queries))
        assert counts[1] - counts[0] == 38 * an_item


class TestRefused:
    def test_an_undo_of_what_is_not_imported(self, course, run_import, undo, preview, user):
        course(hello())
        done, _records = run_import()
        undo(done)
        for call in (undo, preview):
            with pytest.raises(api.WrongState):
                call(done)

    def test_a_redo_of_what_is_not_undone(self, course, run_import, redo, user):
        course(hello())
        done, _records = run_import()
        with pytest.raises(api.WrongState):
            redo(done)
        with pytest.raises(api.WrongState):
            api.preview_redo(user=user, import_id=done.id)

    def test_an_undo_where_the_library_is_gone(self, course, run_import, undo, preview):
        course(hello())
        done, _records = run_import()
        Import.objects.update(learning_package=None)
        for call in (undo, preview):
            with pytest.raises(api.NotFound, match="The library lib:Acme:Target is gone"):
                call(done)
        assert Import.objects.get().state == ImportState.IMPORTED
