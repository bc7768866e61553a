"""Several sources at once: each its own import, one queue, and one that fails stops none."""

from __future__ import annotations

import os
import re
import shutil
from datetime import timedelta
from functools import partial
from io import BytesIO

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openedx_content.models_api import LearningPackage
from user_tasks.models import UserTaskStatus

from import_from_modulestore import api, tasks
from import_from_modulestore.data import (
    Action,
    CollectionChoice,
    CompositionLevel,
    ConflictState,
    Decision,
    ImportOptions,
    ImportState,
    ReversalOutcome,
    SourceReference,
)
from import_from_modulestore.models import Batch, Import
from import_from_modulestore_standalone.grants import Role
from import_from_modulestore_standalone.host import StandaloneHost

from .builders import TARGET, pack, section, subsection, text, unit, usage_key
from .library_state import library_state
from .shelves import key_of, write_courses, write_one

NEW = "lib:Acme:New"
COMPONENTS = ImportOptions(level=CompositionLevel.COMPONENT)


@pytest.fixture
def batch(courses, user, library):
    """A batch of so many courses: ``batch(3)``."""

    def make(count: int = 3, *blocks, library_key: str = TARGET, options: ImportOptions | None = None, **how):
        sources = write_courses(courses, count, *blocks)
        return api.create_batch(user=user, sources=sources, library_key=library_key, options=options, **how)

    return make


@pytest.fixture
def work(user, worked):
    """Have workers do something with a batch, and tell how it is then: ``work(batch, "stage")``."""

    def do(batch, action: str, **how):
        with worked():
            api.start_batch_step(user=user, batch_id=batch.id, action=Action(action), **how)
        return api.get_batch(user=user, batch_id=batch.id)

    return do


@pytest.fixture
def sent(monkeypatch):
    """The imports whose messages were sent, in that order; nobody reads them."""
    sent: list[str] = []
    for task in (tasks.stage_import, tasks.complete_import, tasks.undo_import, tasks.redo_import):
        monkeypatch.setattr(task, "apply_async", lambda args, **_options: sent.append(args[0]))
    return sent


def states(batch) -> list[str]:
    return [run.state.value for run in batch.imports]


def user_tasks() -> list[tuple[str, str, bool]]:
    return [(status.name, status.state, status.parent is not None) for status in UserTaskStatus.objects.order_by("id")]


class TestMaking:
    def test_each_source_becomes_an_import_of_its_own_with_a_collection_of_its_title(self, batch, user):
        made = batch(3, options=COMPONENTS)
        assert [run.source_key for run in made.imports] == [key_of(0), key_of(1), key_of(2)]
        assert [run.options.collection.title for run in made.imports] == ["Course 00", "Course 01", "Course 02"]
        assert {(run.library_key, run.options.level, run.batch_id) for run in made.imports} == {
            (TARGET, CompositionLevel.COMPONENT, made.id)
        }
        assert (made.states, made.size, made.is_running) == ({"created": 3}, 3, False)
        assert api.get_batch(user=user, batch_id=made.id[:8]) == made
        assert api.list_batches(user=user, library_key=TARGET).items[0].states == {"created": 3}

    def test_an_export_that_was_not_looked_into_when_it_was_made_counts_as_unchanged(self, batch, user):
        made = batch(1)
        api.do_batch_step(user=user, batch_id=made.id, action=Action.STAGE)
        run = api.get_import(user=user, import_id=made.imports[0].id)
        assert run.source_version.startswith(f"{run.source_export} of 20")
        assert run.warnings == ()

    @pytest.mark.parametrize("collection", [None, CollectionChoice(title="All")])
    def test_or_all_are_in_one_collection_or_in_none(self, batch, collection):
        made = batch(2, options=ImportOptions(collection=collection))
        assert [run.options.collection for run in made.imports] == [collection] * 2

    def test_a_new_library_has_the_title_of_the_first_unless_it_is_given_one(self, batch):
        assert batch(2, library_key=NEW, new_library_title="").library_title == "Course 00"
        assert batch(2, library_key=NEW, new_library_title="All").library_title == "All"

    @pytest.mark.parametrize(
        ("sources", "options", "told"),
        [
            ([], {}, "A batch has 1 to 50 sources"),
            ([f"course-v1:A+{number}+R" for number in range(51)], {}, "A batch has 1 to 50 sources"),
            ([key_of(0), key_of(0)], {}, f"Named more than once: {key_of(0)}"),
            ([key_of(0)], {"selection": (usage_key("html", "t0"),)}, "A batch imports its sources as they are"),
            ([key_of(0), "course-v1:Acme+No+R1"], {}, "course-v1:Acme+No+R1 is not there"),
            ([key_of(0), "nonsense"], {}, "nonsense"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_made(self, courses, user, library, sources, options, told):
        write_courses(courses, 1)
        with pytest.raises(api.ImportFromModulestoreError, match=re.escape(told)):
            api.create_batch(
                user=user,
                sources=[SourceReference(key) for key in sources],
                library_key=TARGET,
                options=ImportOptions(**options),
            )
        assert not Batch.objects.exists()
        assert not Import.objects.exists()

    @pytest.mark.parametrize("other", [SourceReference(key_of(0), "folder"), SourceReference(key_of(0), export="x00")])
    def test_a_source_is_named_once_in_whatever_way(self, courses, user, library, other):
        write_courses(courses, 1)
        with pytest.raises(api.InvalidOption, match=f"Named more than once: {re.escape(key_of(0))}"):
            api.create_batch(user=user, sources=[SourceReference(key_of(0)), other], library_key=TARGET)

    def test_what_others_have_uploaded_is_meant_only_where_it_is_named(self, courses, user, editor, library, tmp_path):
        write_courses(courses, 1)
        archive = pack(courses / "x00", tmp_path / "mine.tar.gz")
        theirs = api.upload_export(user=editor, file=BytesIO(archive.read_bytes()), name=archive.name)
        assert api.create_import(user=user, source_key=key_of(0), library_key=TARGET).source_origin == "folder"

        def origin_of(by, *named: str) -> str:
            source = SourceReference(key_of(0), *named)
            return api.create_batch(user=by, sources=[source], library_key=TARGET).imports[0].source_origin

        assert (origin_of(user), origin_of(user, "upload", theirs.export)) == ("folder", "upload")
        assert origin_of(editor) == "upload"
        with pytest.raises(api.NotFound):
            origin_of(user, "upload")

    def test_of_an_upload_and_what_lies_in_the_folder_it_is_the_newest(self, courses, user, library, tmp_path):
        write_courses(courses, 1)
        archive = pack(courses / "x00", tmp_path / "mine.tar.gz")
        api.upload_export(user=user, file=BytesIO(archive.read_bytes()), name=archive.name)
        for hours, newest in ((-1, "upload"), (1, "folder")):
            moment = (timezone.now() + timedelta(hours=hours)).timestamp()
            for path in (courses / "x00", *(courses / "x00").rglob("*")):
                os.utime(path, (moment, moment))
            made = api.create_batch(user=user, sources=[SourceReference(key_of(0))], library_key=TARGET)
            alone = api.create_import(user=user, source_key=key_of(0), library_key=TARGET)
            assert (made.imports[0].source_origin, alone.source_origin) == (newest, newest)

    def test_of_several_exports_of_a_source_one_is_named_or_it_is_the_newest(self, courses, user, library):
        write_courses(courses, 1)
        shutil.copytree(courses / "x00", courses / "older")
        named = [SourceReference(key_of(0), export="older")]
        made = api.create_batch(user=user, sources=named, library_key=TARGET)
        assert made.imports[0].source_export == "older"
        both = [SourceReference(key_of(0), export=export) for export in ("older", "x00")]
        assert [run.source_export for run in api.create_batch(user=user, sources=both, library_key=TARGET).imports] == [
            "older",
            "x00",
        ]
        assert api.create_batch(user=user, sources=[SourceReference(key_of(0))], library_key=TARGET)


class TestQueue:
    def test_workers_do_one_import_after_another_to_the_end(self, batch, work, state):
        made = work(work(batch(3), "stage"), "complete")
        assert states(made) == ["imported"] * 3
        assert not made.is_running
        assert sorted(title for title, _items in state()["collections"].values()) == [
            "Course 00",
            "Course 01",
            "Course 02",
        ]
        assert not Batch.objects.get().has_queue

    def test_a_message_is_sent_when_it_is_its_turn(self, batch, user, work, sent):
        made = work(batch(3), "stage")
        first, _second, _third = (run.id for run in made.imports)
        assert (states(made), sent) == (["staging"] * 3, [first])
        for _again in range(2):
            api.recover_imports()
        assert sent == [first]
        assert api.run_step(import_id=first)
        assert sent == [first], "the transaction is still to be committed"

    def test_the_next_one_has_its_turn_however_one_ends(self, batch, courses, work):
        made = batch(3)
        shutil.rmtree(courses / "x01")
        made = work(made, "stage")
        assert states(made) == ["staged", "staging_failed", "staged"]
        assert "There is no export x01" in made.imports[1].error
        write_one(courses, 1)
        made = work(made, "retry")
        assert states(made) == ["staged"] * 3

    def test_one_that_fails_in_writing_stops_none(self, batch, work, state):
        made = work(batch(3), "stage")
        uuid = made.imports[1].id.replace("-", "")
        apps.get_model("content_staging", "StagedContent").objects.filter(purpose__contains=uuid).delete()
        made = work(made, "complete")
        assert states(made) == ["imported", "import_failed", "imported"]
        assert sorted(title for title, _items in state()["collections"].values()) == ["Course 00", "Course 02"]
        assert made.permitted[Action.RETRY] == (made.imports[1].id,)
        api_ids = [run.id for run in made.imports]
        assert made.permitted[Action.UNDO] == (api_ids[0], api_ids[2])

    def test_one_is_canceled_while_it_waits(self, batch, user, worked):
        made = batch(3)
        with worked():
            api.start_batch_step(user=user, batch_id=made.id, action=Action.STAGE)
            api.cancel_import(user=user, import_id=made.imports[1].id)
        assert states(api.get_batch(user=user, batch_id=made.id)) == ["staged", "canceled", "staged"]
        assert [state for _name, state, _inner in user_tasks()] == ["Succeeded", "Succeeded", "Canceled", "Succeeded"]

    def test_all_that_is_left_is_canceled(self, batch, user, work, worked):
        made = work(batch(3), "stage")
        api.complete_import(user=user, import_id=made.imports[0].id)
        with worked():
            api.start_batch_step(user=user, batch_id=made.id, action=Action.COMPLETE)
            done = api.start_batch_step(user=user, batch_id=made.id, action=Action.CANCEL)
        assert done.asked == (made.imports[1].id, made.imports[2].id)
        assert states(api.get_batch(user=user, batch_id=made.id)) == ["imported", "canceled", "canceled"]
        assert not Batch.objects.get().has_queue
        assert {state for _name, state, _inner in user_tasks()[-3:]} == {"Canceled"}

    def test_what_is_written_meanwhile_is_not_said_to_be_canceled(self, batch, editor, work, monkeypatch):
        first, second = (run.id for run in work(batch(2), "stage").imports)
        may = StandaloneHost.can_edit_library

        def meanwhile(host, *asked):
            Import.objects.filter(uuid=first).update(state=ImportState.IMPORTED)
            return may(host, *asked)

        monkeypatch.setattr(StandaloneHost, "can_edit_library", meanwhile)
        batch_id = str(Batch.objects.get().uuid)
        done = api.start_batch_step(user=editor, batch_id=batch_id, action=Action.CANCEL)
        assert (done.asked, states(done.batch)) == ((second,), ["imported", "canceled"])
        assert [(left.import_id, "is completed" in left.reason) for left in done.left] == [(first, True)]

    def test_a_worker_that_died_and_a_message_that_was_lost_do_not_stop_it(self, batch, user, work, sent):
        made = work(batch(3), "stage")
        first, second, _third = Import.objects.order_by("pk")
        long_ago = timezone.now() - timedelta(hours=1)
        Import.objects.filter(pk=first.pk).update(worker="elsewhere:1:1.00:x", queued=None, heartbeat=long_ago)
        found = api.get_batch(user=user, batch_id=made.id)
        assert states(found) == ["staging_failed", "staging", "staging"]
        assert "stopped before it was done" in found.imports[0].error
        assert sent == [str(first.uuid), str(second.uuid)]
        Import.objects.filter(pk=second.pk).update(heartbeat=long_ago)
        api.recover_imports()
        assert sent == [str(first.uuid), str(second.uuid), str(second.uuid)]

    def test_where_no_worker_can_be_told_all_that_waits_has_failed_and_can_be_retried(
        self, batch, user, worked, work, monkeypatch
    ):
        def fail(*_args, **_options):
            raise OSError("no broker")

        made = batch(3)
        with monkeypatch.context() as patch, pytest.raises(api.StepFailed, match="broker cannot be reached"), worked():
            patch.setattr(tasks.stage_import, "apply_async", fail)
            api.start_batch_step(user=user, batch_id=made.id, action=Action.STAGE)
        found = api.get_batch(user=user, batch_id=made.id)
        assert states(found) == ["staging_failed"] * 3
        assert {state for _name, state, _inner in user_tasks()} == {"Failed"}
        assert states(work(found, "retry")) == ["staged"] * 3

    def test_it_is_one_task_of_the_user_with_those_of_its_imports(self, batch, courses, work):
        made = batch(2)
        shutil.rmtree(courses / "x00")
        work(made, "stage")
        assert user_tasks() == [
            ("Stage 2 sources for Target", "Failed", False),
            ("Stage Course 00 for Target", "Failed", True),
            ("Stage Course 01 for Target", "Succeeded", True),
        ]

    def test_what_is_asked_for_twice_is_refused(self, batch, user, work, sent):
        made = work(batch(2), "stage")
        with pytest.raises(api.WrongState, match="no import in this batch"):
            api.start_batch_step(user=user, batch_id=made.id, action=Action.STAGE)

    def test_some_are_named(self, batch, work, user):
        made = batch(3)
        chosen = made.imports[1].id
        assert states(work(made, "stage", import_ids=[chosen])) == ["created", "staged", "created"]
        with pytest.raises(api.InvalidOption, match="Not in this batch: none"):
            api.start_batch_step(user=user, batch_id=made.id, action=Action.STAGE, import_ids=["none"])

    def test_a_step_of_one_import_alone_has_its_turn_as_well(self, batch, user, work, worked, sent):
        made = batch(2)
        with worked():
            for run in made.imports:
                api.start_staging(user=user, import_id=run.id)
        assert sent == [made.imports[0].id]


class TestNewLibrary:
    def test_is_made_by_the_first_that_is_written_and_the_others_see_it(self, batch, user, work):
        same = section("s", subsection("b", unit("u", text("t", "<p>Same.</p>"))))
        made = work(batch(2, same, library_key=NEW, new_library_title="New"), "stage")
        assert [run.to_decide for run in made.imports] == [0, 0]
        done = work(made, "complete")
        assert LearningPackage.objects.filter(package_ref=NEW).count() == 1
        assert states(done) == ["imported", "imported"], "what is the same is no conflict"
        assert done.library_title == "New"

    def test_what_the_others_meet_there_waits_for_a_decision(self, batch, courses, user, work):
        made = batch(2, section("s", subsection("b", unit("u", text("t")))), library_key=NEW, new_library_title="New")
        write_one(courses, 1, section("s", subsection("b", unit("u", text("t", "<p>Other.</p>")))))
        made = work(work(made, "stage"), "complete")
        assert states(made) == ["imported", "staged"]
        assert (made.imports[1].to_decide, made.imports[1].error) == (1, "")
        plan = api.plan_import(user=user, import_id=made.imports[1].id)
        assert [item.state for item in plan.items if item.state.is_conflict] == [ConflictState.ID_TAKEN]


class TestDeciding:
    @pytest.fixture
    def meeting(self, batch, courses, work):
        """A batch of two, both staged: the library holds another text in the place of the second one's."""
        made = work(work(batch(2), "stage"), "complete")
        write_one(courses, 1, section("s1", subsection("b1", unit("u1", text("t1", "<p>Other.</p>")))))
        sources = [SourceReference(run.source_key) for run in made.imports]
        return lambda user: work(api.create_batch(user=user, sources=sources, library_key=TARGET), "stage")

    def test_what_has_nothing_to_decide_is_completed_and_the_rest_waits(self, meeting, user, work):
        made = meeting(user)
        assert [run.to_decide for run in made.imports] == [0, 1]
        made = work(made, "complete")
        assert states(made) == ["imported", "staged"]
        assert [name for name, state, _inner in user_tasks() if state == "Canceled"] == ["Import Course 01 into Target"]

    def test_until_it_is_decided_in_the_review(self, meeting, user, work):
        made = meeting(user)
        second = made.imports[1].id
        key = f"block-v1:{key_of(1).removeprefix('course-v1:')}+type@html+block@t1"
        api.decide_blocks(user=user, import_id=second, usage_keys=[key], decision=Decision.OVERWRITE)
        assert api.get_import(user=user, import_id=second).to_decide is None
        assert states(work(made, "complete")) == ["imported", "imported"]

    def test_or_the_options_are_to_decide(self, meeting, user, work):
        made = work(meeting(user), "complete", undecided=True)
        assert states(made) == ["imported", "imported"]
        assert made.imports[1].counts["skipped"] == 1

    def test_or_it_is_completed_by_hand(self, meeting, user, work):
        made = meeting(user)
        api.complete_import(user=user, import_id=made.imports[1].id)
        assert states(work(made, "complete")) == ["imported", "imported"]

    def test_here_and_now_what_is_left_says_why(self, meeting, user):
        made = meeting(user)
        done = api.do_batch_step(user=user, batch_id=made.id, action=Action.COMPLETE)
        assert done.asked == (made.imports[0].id,)
        [left] = done.left
        assert (left.import_id, left.reason.partition(".")[0]) == (made.imports[1].id, "1 conflict is not decided")


class TestUndo:
    def test_goes_backward_and_leaves_nothing(self, batch, courses, user, work, state):
        """Two runs of a course: what the second has overwritten is the first one's again, and then it is gone."""
        before = state()
        made = batch(
            2,
            section("s", subsection("b", unit("u", text("t")))),
            options=ImportOptions(on_conflict=Decision.OVERWRITE),
        )
        write_one(courses, 1, section("s", subsection("b", unit("u", text("t", "<p>Other.</p>")))))
        made = work(work(made, "stage"), "complete", undecided=True)
        after = state()
        told = api.preview_batch_step(user=user, batch_id=made.id, action=Action.UNDO)
        assert [each.run.id for each in told] == [made.imports[1].id, made.imports[0].id]
        assert [each.plan.kept for each in told] == [(), ()]
        made = work(made, "undo")
        assert (states(made), state()) == (["undone", "undone"], before)
        assert [each.plan.kept for each in api.preview_batch_step(user=user, batch_id=made.id, action=Action.REDO)] == [
            (),
            (),
        ]
        made = work(made, "redo")
        assert (states(made), state()) == (["imported", "imported"], after)

    def test_what_was_edited_since_is_kept_and_told_of_its_import(self, batch, user, work, edit_in_library):
        made = work(work(batch(2), "stage"), "complete")
        edit_in_library("t1", "<p>Mine.</p>")
        second, first = api.preview_batch_step(user=user, batch_id=made.id, action=Action.UNDO)
        assert [item.name for item in second.plan.kept if "edited" in item.reason] == ["Text t1"]
        assert not first.plan.kept
        forced = api.preview_batch_step(user=user, batch_id=made.id, action=Action.UNDO, force=True)
        assert not forced[0].plan.kept
        made = work(made, "undo")
        assert states(made) == ["undone", "undone"]
        [done] = api.get_reversals(user=user, import_id=made.imports[1].id)
        assert done.counts[ReversalOutcome.KEPT] >= 1

    def test_what_is_none_is_not_foretold(self, batch, user, work):
        made = work(work(batch(3), "stage"), "complete")
        first, second, third = (run.id for run in made.imports)
        preview = partial(api.preview_batch_step, user=user, batch_id=made.id)
        with pytest.raises(api.WrongState):
            preview(action=Action.REDO)
        with pytest.raises(api.InvalidOption):
            preview(action=Action.CANCEL)
        api.undo_import(user=user, import_id=second)
        assert [told.run.id for told in preview(action=Action.UNDO)] == [third, first]
        undone, written = preview(action=Action.UNDO, import_ids=[second, first])
        assert (undone.run.id, undone.plan, undone.refusal) == (
            second,
            None,
            "This is not possible now: the import is undone.",
        )
        assert (written.run.id, written.refusal) == (first, "")

    def test_of_one_alone_is_that_import_s_own(self, batch, user, work):
        made = work(work(batch(2), "stage"), "complete")
        api.undo_import(user=user, import_id=made.imports[0].id)
        made = work(made, "undo")
        assert states(made) == ["undone", "undone"]


class TestRights:
    def test_who_may_not_view_the_library_is_told_nothing(self, batch, stranger):
        made = batch(2)
        with pytest.raises(api.NotFound, match="There is no batch"):
            api.get_batch(user=stranger, batch_id=made.id)
        assert api.list_batches(user=stranger).total == 0

    def test_who_may_view_it_sees_it_and_may_do_nothing(self, batch, viewer, reviewer):
        made = batch(2)
        for user in (viewer, reviewer):
            assert api.get_batch(user=user, batch_id=made.id).permitted == {}
            with pytest.raises(api.NotPermitted):
                api.start_batch_step(user=user, batch_id=made.id, action=Action.STAGE)

    def test_who_may_not_read_the_sources_may_undo(self, batch, outsider, work, user):
        made = work(work(batch(2), "stage"), "complete")
        assert list(api.get_batch(user=outsider, batch_id=made.id).permitted) == [Action.UNDO]

    def test_a_batch_into_a_library_to_be_made_is_its_makers_alone(self, batch, editor, user):
        made = batch(2, library_key=NEW, new_library_title="")
        assert api.get_batch(user=user, batch_id=made.id)
        with pytest.raises(api.NotFound):
            api.get_batch(user=editor, batch_id=made.id)

    def test_names_follow_their_accounts(self, batch, courses, person, user):
        write_courses(courses, 1)
        maker = person("olaf", Role.EDITOR, Role.READER)
        sources = [SourceReference(key_of(0))]
        made = api.create_batch(user=maker, sources=sources, library_key=TARGET)
        type(maker).objects.filter(pk=maker.pk).update(username="retired")
        api.remove_old_staged_content()
        assert api.get_batch(user=user, batch_id=made.id).username == "retired"


class TestCost:
    """A batch of 50 takes as many statements as one of 5."""

    @pytest.fixture
    def costs(self, courses, user, library, sent, worked):
        def count(size: int) -> dict[str, int]:
            sources = write_courses(courses, size)
            made: dict[str, str] = {}

            def create() -> None:
                made["id"] = api.create_batch(user=user, sources=sources, library_key=TARGET).id

            def act(action: Action) -> None:
                with worked():
                    api.start_batch_step(user=user, batch_id=made["id"], action=action)

            calls = {
                "create": create,
                "get": lambda: api.get_batch(user=user, batch_id=made["id"]),
                "stage": lambda: act(Action.STAGE),
                "get again": lambda: api.get_batch(user=user, batch_id=made["id"]),
                "list": lambda: api.list_batches(user=user),
                "cancel": lambda: act(Action.CANCEL),
            }
            found = {}
            for name, call in calls.items():
                with CaptureQueriesContext(connection) as statements:
                    call()
                found[name] = len(statements)
            return found

        return count

    def test_is_fixed(self, costs):
        costs(1)
        small, large = costs(5), costs(50)
        several = 3  # SQLite takes some 20 rows of imports, and some 90 of tasks, in one statement.
        assert all(large[name] - small[name] <= several for name in small), (small, large)
        assert {name: small[name] for name in ("get", "get again", "list")} == {
            name: large[name] for name in ("get", "get again", "list")
        }


def test_the_library_holds_what_its_batches_brought(batch, work, user):
    made = work(work(batch(2, library_key=NEW, new_library_title="All"), "stage"), "complete")
    assert len(library_state(NEW)["items"]) == sum(run.block_count for run in made.imports)
