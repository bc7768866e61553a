"""States: who may go where, and what becomes of a step whose process is gone."""

import os
import socket
import subprocess
from datetime import timedelta

import psutil
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from import_from_modulestore import api
from import_from_modulestore.data import Action, ImportState, no_progress
from import_from_modulestore.models import Import
from import_from_modulestore.running import attempts, lifecycle, recovery
from import_from_modulestore.running.ending import running as running_at
from import_from_modulestore.running.lifecycle import STATES, Step
from import_from_modulestore.running.progress import Reporter
from import_from_modulestore_standalone.grants import Role

from .builders import KEY, TARGET, small_course, write_course


@pytest.fixture
def created(courses, user, library):
    write_course(courses / "c1", *small_course())
    return api.create_import(user=user, source_key=KEY, library_key=TARGET)


@pytest.mark.parametrize(
    "state", [s for s in ImportState if s not in ("created", "staging_failed", "staged", "import_failed")]
)
def test_only_what_is_not_completed_yet_can_be_staged(created, user, state):
    Import.objects.update(state=state)
    with pytest.raises(api.WrongState, match=f"the import {ImportState(state).told}"):
        api.stage_import(user=user, import_id=created.id)
    assert Import.objects.get().state == state


@pytest.mark.parametrize("state", [s for s in ImportState if s not in ("staged", "import_failed")])
def test_only_what_is_staged_can_be_completed(created, user, state):
    Import.objects.update(state=state)
    with pytest.raises(api.WrongState):
        api.complete_import(user=user, import_id=created.id)
    assert Import.objects.get().state == state


@pytest.mark.parametrize("state", [ImportState.STAGED, ImportState.IMPORT_FAILED])
def test_whose_process_died_before_it_staged_anew_is_staged(created, user, state):
    api.stage_import(user=user, import_id=created.id)
    Import.objects.update(
        state=ImportState.STAGING,
        worker=f"{socket.gethostname()}:{1 << 22}:1.00:0123456789ab",
        heartbeat=timezone.now(),
    )
    assert recovery.recover() == 1
    left = api.get_import(user=user, import_id=created.id)
    assert left.state is ImportState.STAGED
    assert "try again. What was staged before is as it was." in left.error
    assert api.plan_import(user=user, import_id=created.id).writes


def test_what_is_not_staged_has_no_plan(created, user):
    with pytest.raises(api.WrongState, match="the import has not been staged yet"):
        api.plan_import(user=user, import_id=created.id)


def running(worker: str, **fields) -> None:
    step = {"state": ImportState.IMPORTING, "worker": worker, "heartbeat": timezone.now()}
    Import.objects.update(**step | fields)


def attempt_of(pid: int, shift: float = 0) -> str:
    """An attempt of a process of this host, as that process calls it."""
    return f"{socket.gethostname()}:{pid}:{psutil.Process(pid).create_time() + shift:.2f}:0123456789ab"


@pytest.fixture
def own():
    """An attempt of this process, which is at it."""
    with attempts.attempt() as name:
        yield name
    attempts.leave(name)


@pytest.fixture
def other():
    """An attempt of another process of this host, which lives."""
    process = subprocess.Popen(["sleep", "infinity"])
    yield attempt_of(process.pid)
    process.kill()
    process.wait()


GONE = f"{socket.gethostname()}:999999999:1.00:0123456789ab"
ELSEWHERE = "elsewhere:1:1.00:0123456789ab"
LEFT = attempt_of(os.getpid())
"""An attempt of this process, which is at none."""


def long_ago():
    return timezone.now() - attempts.STALE_AFTER - timedelta(minutes=1)


def test_a_step_that_ends_when_its_import_was_canceled_is_refused(created, user):
    """Also where that was read again meanwhile."""
    run = Import.objects.get()
    lifecycle.begin(run, Step.STAGE, actor=user)
    api.cancel_import(user=user, import_id=created.id)
    run.refresh_from_db()
    with pytest.raises(api.WrongState, match="canceled"):
        lifecycle.finish(run, Step.STAGE)
    assert Import.objects.get().state == ImportState.CANCELED


class TestRecovery:
    def test_a_step_in_progress_is_left_alone(self, created, own, other):
        for worker, heartbeat in [(own, timezone.now()), (own, long_ago()), (other, timezone.now())]:
            running(worker, heartbeat=heartbeat)
            assert recovery.recover() == 0

    @pytest.mark.parametrize(
        "worker",
        [GONE, attempt_of(os.getppid(), shift=-500), f"{socket.gethostname()}:x:y:z", LEFT],
        ids=["process gone", "process ID taken by another", "nonsense", "this process, which left it"],
    )
    def test_a_step_whose_attempt_is_dead_is_so_whatever_its_heartbeat(self, created, worker):
        running(worker)
        assert recovery.recover() == 1

    @pytest.mark.parametrize("seconds", [-20, -1, 1, 20])
    def test_a_clock_that_is_corrected_meanwhile_makes_no_other_process_of_it(self, created, other, seconds):
        host, pid, started, number = other.rsplit(":", 3)
        running(f"{host}:{pid}:{float(started) + seconds:.2f}:{number}")
        assert recovery.recover() == 0

    def test_a_process_that_lives_on_and_has_left_the_step_gives_no_sign_of_it(self, created, other):
        running(other, heartbeat=long_ago())
        assert recovery.recover() == 1

    @pytest.mark.parametrize("worker", [GONE, f"{socket.gethostname()}:x:y", ""], ids=["gone", "nonsense", "none"])
    def test_a_step_whose_process_is_gone_has_failed_and_says_so(self, created, user, worker):
        running(worker, heartbeat=None)
        assert recovery.recover() == 1
        run = api.get_import(user=user, import_id=created.id)
        assert run.state is ImportState.IMPORT_FAILED
        assert "stopped before it was done" in run.error

    def test_a_step_on_another_host_is_given_time(self, created):
        running(ELSEWHERE)
        assert recovery.recover() == 0
        running(ELSEWHERE, heartbeat=long_ago())
        assert recovery.recover() == 1

    def test_a_preview_whose_process_is_gone_is_removed(self, created, user):
        Import.objects.update(state=ImportState.STAGING, worker="", is_preview=True)
        assert api.list_imports(user=user).total == 0
        with pytest.raises(api.NotFound):
            api.get_import(user=user, import_id=created.id)
        api.recover_imports()
        assert not Import.objects.exists()

    def test_a_preview_in_progress_is_left_alone(self, created, own):
        Import.objects.update(state=ImportState.STAGING, worker=own, is_preview=True)
        api.recover_imports()
        Import.objects.update(state=ImportState.STAGED, worker="")  # about to be planned
        api.recover_imports()
        assert Import.objects.exists()

    def test_staging_fails_back_to_where_it_can_be_tried_again(self, created, user):
        Import.objects.update(state=ImportState.STAGING, worker="")
        recovery.recover()
        assert api.stage_import(user=user, import_id=created.id).state is ImportState.STAGED


class TestRecoveryByLooking:
    """Where nobody calls ``recover_imports``, it is enough that somebody comes to the import."""

    @pytest.mark.parametrize("step", Step)
    @pytest.mark.parametrize("worker", [GONE, ELSEWHERE])
    def test_a_step_whose_process_is_gone_has_failed_and_says_so(self, created, user, step, worker):
        running(worker, state=STATES[step].running, heartbeat=long_ago())
        run = api.get_import(user=user, import_id=created.id)
        assert run.state is STATES[step].failed
        assert "stopped before it was done" in run.error
        assert Import.objects.get().worker == ""

    @pytest.mark.parametrize(
        ("go_on", "state"),
        [(api.stage_import, "staged"), (api.retry_import, "staged"), (api.cancel_import, "canceled")],
    )
    def test_one_can_go_on_without_looking_first(self, created, user, go_on, state):
        running(GONE, state=ImportState.STAGING, heartbeat=long_ago())
        assert go_on(user=user, import_id=created.id).state == state

    @pytest.mark.parametrize(
        "step",
        [
            {"worker": "own", "heartbeat": long_ago()},
            {"worker": ELSEWHERE},
            {"worker": GONE},
            {"worker": "", "heartbeat": None, "queued": long_ago()},
        ],
        ids=["running here", "running elsewhere", "killed just now, its message on the way", "waiting for a worker"],
    )
    def test_any_other_step_is_left_alone_and_costs_no_query(self, created, user, own, step):
        def look():
            with CaptureQueriesContext(connection) as queries:
                run = api.get_import(user=user, import_id=created.id)
            return run.state, len(queries)

        _state, at_rest = look()
        running(**step | ({"worker": own} if step["worker"] == "own" else {}))
        assert look() == (ImportState.IMPORTING, at_rest)

    def test_a_message_that_comes_again_takes_the_step_up_after_a_look(self, created, user):
        running(GONE, actor=user)
        api.get_import(user=user, import_id=created.id)
        assert lifecycle.claim(Import.objects.get()) is Step.COMPLETE

    @pytest.mark.parametrize("sign", [{"worker": ELSEWHERE}, {"heartbeat": timezone.now()}], ids=["taken up", "alive"])
    def test_of_a_look_and_a_sign_of_life_one_wins(self, created, user, monkeypatch, sign):
        running(GONE, heartbeat=long_ago())
        monkeypatch.setattr(recovery, "is_alive", lambda run: not Import.objects.update(**sign))
        assert api.get_import(user=user, import_id=created.id).state is ImportState.IMPORTING

    def test_a_step_that_this_process_has_left_is_tried_again_at_once(self, created, user):
        running(LEFT)
        assert api.get_import(user=user, import_id=created.id).state is ImportState.IMPORT_FAILED

    def test_who_may_not_know_of_an_import_does_not_change_it(self, created, stranger):
        running(GONE, heartbeat=long_ago())
        with pytest.raises(api.NotFound):
            api.get_import(user=stranger, import_id=created.id)
        assert Import.objects.get().state == ImportState.IMPORTING


STATES_OF_A_STEP = {
    "no worker": lambda: {"worker": "", "heartbeat": None, "queued": timezone.now()},
    "a live worker": lambda: {"worker": ELSEWHERE, "heartbeat": timezone.now(), "queued": None},
    "a dead worker": lambda: {"worker": GONE, "heartbeat": long_ago(), "queued": None},
}


class TestWaysOut:
    """Whatever state an import is in, there is something that people can do, unless it is over."""

    @pytest.mark.few
    @pytest.mark.parametrize("worker", STATES_OF_A_STEP)
    @pytest.mark.parametrize("state", [state for state in ImportState if state is not ImportState.CANCELED])
    def test_no_state_is_without(self, created, user, state, worker):
        Import.objects.update(state=state, **(STATES_OF_A_STEP[worker]() if state.is_running else {}))
        actions = api.get_import(user=user, import_id=created.id).actions
        if state.is_running and worker != "a dead worker":
            assert actions == (Action.CANCEL,)
        else:
            assert set(actions) & {Action.STAGE, Action.COMPLETE, Action.RETRY, Action.UNDO, Action.REDO}

    @pytest.mark.parametrize("worker", ["no worker", "a live worker"])
    @pytest.mark.parametrize(
        ("state", "after", "label"),
        [
            (ImportState.STAGING, ImportState.CANCELED, "Cancel"),
            (ImportState.IMPORTING, ImportState.CANCELED, "Cancel"),
            (ImportState.UNDOING, ImportState.IMPORTED, "Stop the undo"),
            (ImportState.REDOING, ImportState.UNDONE, "Stop the redo"),
        ],
    )
    def test_a_step_is_stopped_and_a_completed_import_stays_so(self, created, user, state, after, label, worker):
        Import.objects.update(state=state, finished=None, **STATES_OF_A_STEP[worker]())
        assert Action.CANCEL.label_in(state) == label
        stopped = api.cancel_import(user=user, import_id=created.id)
        assert (stopped.state, stopped.queued, stopped.error) == (after, False, "")
        assert (Import.objects.get().worker, bool(stopped.finished)) == ("", after is ImportState.CANCELED)

    def test_what_is_completed_is_not_given_up(self, created, user):
        Import.objects.update(state=ImportState.IMPORTED)
        with pytest.raises(api.WrongState):
            api.cancel_import(user=user, import_id=created.id)


class TestStoppedUndo:
    """An undo that is stopped while it runs: the library stays as it is, and the undo can be asked for again."""

    @pytest.fixture
    def done(self, created, user):
        api.stage_import(user=user, import_id=created.id)
        return api.complete_import(user=user, import_id=created.id)

    @pytest.mark.parametrize("again", [lifecycle.request, lifecycle.begin, None], ids=["queued", "running", "none"])
    def test_does_nothing_more_also_where_it_was_asked_for_again_since(self, done, user, again):
        stopped = Import.objects.get()
        lifecycle.begin(stopped, Step.UNDO, actor=user)
        assert api.cancel_import(user=user, import_id=done.id).state is ImportState.IMPORTED
        if again:
            again(Import.objects.get(), Step.UNDO, actor=user)
        now = Import.objects.values().get()
        with (
            pytest.raises(api.WrongState, match="was canceled"),
            running_at(stopped, Step.UNDO),
            lifecycle.hold(stopped),
        ):
            pytest.fail("it goes on")
        assert Import.objects.values().get() == now

    def test_is_told_so_at_its_next_report(self, done, user):
        run = Import.objects.get()
        lifecycle.begin(run, Step.UNDO, actor=user)
        report = Reporter(run, no_progress)
        api.cancel_import(user=user, import_id=done.id)
        with pytest.raises(api.StepCanceled, match="The undo was stopped"):
            report("reverting", 1, 2)
        later = Import.objects.get()
        lifecycle.begin(later, Step.UNDO, actor=user)
        Reporter(later, no_progress)("reverting", 1, 2)

    def test_one_that_was_stopped_by_itself_first_is_stopped(self, done, user, monkeypatch):
        stale = Import.objects.get()
        stale.state = ImportState.UNDOING
        monkeypatch.setattr("import_from_modulestore.actions.access.visible_import", lambda *args: stale)
        Import.objects.update(error="The undo was stopped while it ran.")
        stopped = api.cancel_import(user=user, import_id=done.id)
        assert (stopped.state, stopped.error) == (ImportState.IMPORTED, "")

    def test_who_asked_for_it_may_stop_it_and_who_made_the_import_may_not(self, created, person, editor, library):
        maker = person("mia", Role.READER, Role.VIEWER)
        Import.objects.update(state=ImportState.UNDOING, user=maker, actor=editor, queued=timezone.now())
        with pytest.raises(api.NotPermitted):
            api.cancel_import(user=maker, import_id=created.id)
        assert api.cancel_import(user=editor, import_id=created.id).state is ImportState.IMPORTED
