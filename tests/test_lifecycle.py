"""States: who may go where, and what becomes of a step whose process is gone."""

import os
import socket
from datetime import timedelta

import psutil
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from import_from_modulestore import api
from import_from_modulestore.data import ImportState
from import_from_modulestore.models import Import
from import_from_modulestore.running import attempts, lifecycle, recovery
from import_from_modulestore.running.lifecycle import STATES, Step

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


def test_what_is_not_staged_has_no_plan(created, user):
    with pytest.raises(api.WrongState, match="the import has not been staged yet"):
        api.plan_import(user=user, import_id=created.id)


def running(worker: str, **fields) -> None:
    step = {"state": ImportState.IMPORTING, "worker": worker, "heartbeat": timezone.now()}
    Import.objects.update(**step | fields)


def this_process(shift: float = 0) -> str:
    started = psutil.Process(os.getpid()).create_time() + shift
    return f"{socket.gethostname()}:{os.getpid()}:{started:.2f}"


GONE = f"{socket.gethostname()}:999999999:1.00"


def long_ago():
    return timezone.now() - attempts.STALE_AFTER - timedelta(minutes=1)


class TestRecovery:
    def test_a_step_in_progress_is_left_alone(self, created):
        running(this_process())
        assert recovery.recover() == 0

    @pytest.mark.parametrize(
        "worker",
        [GONE, this_process(shift=-500), f"{socket.gethostname()}:x:y", ""],
        ids=["process gone", "process ID taken by another", "nonsense", "none"],
    )
    def test_a_step_whose_process_is_gone_has_failed_and_says_so(self, created, user, worker):
        running(worker, heartbeat=None)
        assert recovery.recover() == 1
        run = api.get_import(user=user, import_id=created.id)
        assert run.state is ImportState.IMPORT_FAILED
        assert "stopped before it was done" in run.error

    def test_a_step_on_another_host_is_given_time(self, created):
        running("elsewhere:1:1.00")
        assert recovery.recover() == 0
        running("elsewhere:1:1.00", heartbeat=long_ago())
        assert recovery.recover() == 1

    def test_a_preview_whose_process_is_gone_is_removed(self, created, user):
        Import.objects.update(state=ImportState.STAGING, worker="", is_preview=True)
        assert api.list_imports(user=user).total == 0
        with pytest.raises(api.NotFound):
            api.get_import(user=user, import_id=created.id)
        api.recover_imports()
        assert not Import.objects.exists()

    def test_a_preview_in_progress_is_left_alone(self, created):
        Import.objects.update(state=ImportState.STAGING, worker=this_process(), is_preview=True)
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
    @pytest.mark.parametrize("worker", [GONE, "elsewhere:1:1.00"])
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
            {"worker": this_process(), "heartbeat": long_ago()},
            {"worker": "elsewhere:1:1.00"},
            {"worker": GONE},
            {"worker": "", "heartbeat": None, "queued": long_ago()},
        ],
        ids=["running here", "running elsewhere", "killed just now, its message on the way", "waiting for a worker"],
    )
    def test_any_other_step_is_left_alone_and_costs_no_query(self, created, user, step):
        def look():
            with CaptureQueriesContext(connection) as queries:
                run = api.get_import(user=user, import_id=created.id)
            return run.state, len(queries)

        _state, at_rest = look()
        running(**step)
        assert look() == (ImportState.IMPORTING, at_rest)

    def test_a_message_that_comes_again_takes_the_step_up_after_a_look(self, created, user):
        running(GONE, actor=user)
        api.get_import(user=user, import_id=created.id)
        assert lifecycle.claim(Import.objects.get()) is Step.COMPLETE

    def test_of_a_look_and_another_worker_one_wins(self, created, user, monkeypatch):
        running(GONE, heartbeat=long_ago())
        monkeypatch.setattr(recovery, "is_alive", lambda run: not Import.objects.update(worker=this_process()))
        assert api.get_import(user=user, import_id=created.id).state is ImportState.IMPORTING

    def test_who_may_not_know_of_an_import_does_not_change_it(self, created, stranger):
        running(GONE, heartbeat=long_ago())
        with pytest.raises(api.NotFound):
            api.get_import(user=stranger, import_id=created.id)
        assert Import.objects.get().state == ImportState.IMPORTING
