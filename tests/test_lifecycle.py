"""States: who may go where, and what becomes of a step whose process is gone."""

import os
import socket
from datetime import timedelta

import psutil
import pytest
from django.utils import timezone

from import_from_modulestore import api, lifecycle
from import_from_modulestore.data import ImportState
from import_from_modulestore.models import Import

from .builders import KEY, TARGET, small_course, write_course


@pytest.fixture
def created(courses, user, library):
    write_course(courses / "c1", *small_course())
    return api.create_import(user=user, source_key=KEY, target_key=TARGET)


@pytest.mark.parametrize("state", [s for s in ImportState if s not in ("created", "staging_failed")])
def test_only_what_is_not_staged_yet_can_be_staged(created, user, state):
    Import.objects.update(state=state)
    with pytest.raises(api.WrongState, match=str(ImportState(state).label).lower()):
        api.stage_import(user=user, import_id=created.id)
    assert Import.objects.get().state == state


@pytest.mark.parametrize("state", [s for s in ImportState if s not in ("staged", "import_failed")])
def test_only_what_is_staged_can_be_completed(created, user, state):
    Import.objects.update(state=state)
    with pytest.raises(api.WrongState):
        api.complete_import(user=user, import_id=created.id)
    assert Import.objects.get().state == state


def test_what_is_not_staged_has_no_plan(created, user):
    with pytest.raises(api.WrongState, match="needs one that is staged"):
        api.plan_import(user=user, import_id=created.id)


def running(worker: str, **fields) -> None:
    Import.objects.update(state=ImportState.IMPORTING, worker=worker, **{"heartbeat": timezone.now()} | fields)


def this_process(shift: float = 0) -> str:
    started = psutil.Process(os.getpid()).create_time() + shift
    return f"{socket.gethostname()}:{os.getpid()}:{started:.2f}"


class TestRecovery:
    def test_a_step_in_progress_is_left_alone(self, created):
        running(this_process())
        assert lifecycle.recover() == 0

    @pytest.mark.parametrize(
        "worker",
        [f"{socket.gethostname()}:999999999:1.00", this_process(shift=-500), f"{socket.gethostname()}:x:y", ""],
        ids=["process gone", "process ID taken by another", "nonsense", "none"],
    )
    def test_a_step_whose_process_is_gone_has_failed_and_says_so(self, created, user, worker):
        running(worker, heartbeat=None)
        assert lifecycle.recover() == 1
        run = api.get_import(user=user, import_id=created.id)
        assert run.state is ImportState.IMPORT_FAILED
        assert "stopped before it was done" in run.error

    def test_a_step_on_another_host_is_given_time(self, created):
        running("elsewhere:1:1.00")
        assert lifecycle.recover() == 0
        running("elsewhere:1:1.00", heartbeat=timezone.now() - lifecycle.STALE_AFTER - timedelta(minutes=1))
        assert lifecycle.recover() == 1

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
        lifecycle.recover()
        assert api.stage_import(user=user, import_id=created.id).state is ImportState.STAGED
