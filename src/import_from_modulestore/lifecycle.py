"""
The states of an import, and the only code that changes them.

Every change is one ``UPDATE … WHERE state = …``: of two clicks, two workers or a message delivered twice, one wins and
the others are told so. A step is either begun here and now (:func:`begin`), or asked for (:func:`request`) and taken up
by a worker later (:func:`claim`). While it runs, the import names the process in ``worker``; when that process is gone,
:func:`recover`, or :func:`recover_if_dead` when somebody comes to the import, moves it to the state from which the step
can be tried again. Nothing is half-written then: each step writes in transactions that the database has rolled back.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import psutil
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _

from .data import Action, ImportState
from .errors import ImportFromModulestoreError, StepFailed, WrongState
from .logs import ImportLog, monitor
from .models import Import
from .packets import measured

HEARTBEAT_EVERY = timedelta(seconds=20)
"""How often a step that runs says so."""

STALE_AFTER = timedelta(minutes=3)
"""How old a heartbeat may be before the process on another host that should send it counts as dead."""


log = logging.getLogger(__name__)


class Step(TextChoices):
    """The pieces of work that change more than the import itself; tasks run them."""

    STAGE = "stage"
    COMPLETE = "complete"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class _States:
    """From which states a step may begin, the state while it runs, and the state after it failed."""

    allowed: tuple[ImportState, ...]
    running: ImportState
    failed: ImportState


STATES = {
    Step.STAGE: _States(
        (ImportState.CREATED, ImportState.STAGING_FAILED), ImportState.STAGING, ImportState.STAGING_FAILED
    ),
    Step.COMPLETE: _States(
        (ImportState.STAGED, ImportState.IMPORT_FAILED), ImportState.IMPORTING, ImportState.IMPORT_FAILED
    ),
    Step.UNDO: _States((ImportState.IMPORTED,), ImportState.UNDOING, ImportState.IMPORTED),
    Step.REDO: _States((ImportState.UNDONE,), ImportState.REDOING, ImportState.UNDONE),
}

STEP_OF = {states.running: step for step, states in STATES.items()}
"""Which step runs, or is queued, in a running state."""

REVIEWABLE = (ImportState.STAGED, ImportState.IMPORT_FAILED)
"""States in which what is staged can be looked through, changed and planned."""

RETRY_STEPS = {STATES[step].failed: step for step in (Step.STAGE, Step.COMPLETE)}
"""The step that failed, by the state that it left the import in; an undo or redo leaves it as it was before."""

ALLOWED: dict[Action, tuple[ImportState, ...]] = {
    Action.STAGE: STATES[Step.STAGE].allowed,
    Action.REVIEW: REVIEWABLE,
    Action.COMPLETE: STATES[Step.COMPLETE].allowed,
    Action.CANCEL: (
        ImportState.CREATED,
        ImportState.STAGING,
        ImportState.STAGING_FAILED,
        ImportState.STAGED,
        ImportState.IMPORTING,
        ImportState.IMPORT_FAILED,
    ),
    Action.RETRY: tuple(RETRY_STEPS),
    Action.UNDO: STATES[Step.UNDO].allowed,
    Action.REDO: STATES[Step.REDO].allowed,
}
"""The states that allow each action."""


def actions_in(state: ImportState) -> tuple[Action, ...]:
    """What a user can do with an import in this state."""
    return tuple(action for action, states in ALLOWED.items() if state in states)


def transition(run: Import, allowed: tuple[ImportState, ...], to: ImportState, **fields: Any) -> None:
    """
    Move an import to another state, in one statement, and refresh the given instance.

    Raises :class:`WrongState`, with nothing changed, where it is in none of the ``allowed`` states (any more).
    """
    before = run.state
    changed = Import.objects.filter(pk=run.pk, state__in=allowed).update(state=to, **fields)
    run.refresh_from_db(fields=["state", *fields])
    if not changed:
        raise wrong_state(run)
    facts = {"state": to.value, "state_before": str(before)}
    ImportLog(log, run).info("%s → %s", before, to.value, extra=facts)


def hold(run: Import) -> None:
    """
    Keep everybody else from changing the import until the end of this transaction, which does its step.

    Rows that point at an import share its lock, and whoever cancels it meanwhile would wait for this transaction while
    this waits for them: so take the lock before writing such rows. Raises :class:`WrongState` where the step is no
    longer this process's: it was canceled, or it was thought dead and another has taken it up.
    """
    held = Import.objects.select_for_update().filter(pk=run.pk, state=run.state, worker=run.worker)
    if held.values_list("pk").first() is None:
        run.refresh_from_db(fields=["state"])
        raise WrongState(_("The import was canceled, or another process has taken this step up."), state=run.state)


def wrong_state(run: Import) -> WrongState:
    """What to say of an import whose state does not allow what was asked for."""
    return WrongState(
        _("This is not possible now: the import {is_so}.").format(is_so=ImportState(run.state).told), state=run.state
    )


def failed_step(run: Import) -> Step:
    """The step that failed and can be tried again. Raises :class:`WrongState` where none did."""
    step = RETRY_STEPS.get(ImportState(run.state))
    if step is None:
        told = _("Nothing failed that could be tried again: the import {is_so}.").format(
            is_so=ImportState(run.state).told
        )
        if run.error:  # Told of the last undo or redo.
            told += " " + _("An undo or redo that fails leaves it as it was; ask for it once more.")
        raise WrongState(told, state=run.state)
    return step


def request(run: Import, step: Step, *, actor: Any, force: bool = False) -> None:
    """Ask for a step, to be taken up by a worker. Raises :class:`WrongState`."""
    _enter(run, step, actor=actor, force=force, queued=timezone.now(), worker="", heartbeat=None)


def begin(run: Import, step: Step, *, actor: Any, force: bool = False) -> None:
    """Begin a step in this process. Raises :class:`WrongState`."""
    _enter(run, step, actor=actor, force=force, queued=None, worker=_this_process(), heartbeat=timezone.now())
    run.refresh_from_db()  # The step goes by what is there now, not by what was read before.


def _enter(run: Import, step: Step, **fields: Any) -> None:
    states = STATES[step]
    if run.state not in states.allowed:  # Told at once: on SQLite, an update waits for whoever writes.
        raise wrong_state(run)
    transition(run, states.allowed, states.running, error="", **fields)


def claim(run: Import) -> Step | None:
    """
    Take up the step that was asked for; ``None`` where there is none, or another process is at it.

    A step whose process is gone is taken up again: it has left nothing behind.
    """
    step = STEP_OF.get(ImportState(run.state))
    if step is None or (run.worker and is_alive(run)):
        return None
    taken = Import.objects.filter(pk=run.pk, state=run.state, worker=run.worker).update(
        worker=_this_process(), heartbeat=timezone.now(), queued=None
    )
    if not taken:
        return None
    run.refresh_from_db()
    ImportLog(log, run).info("a worker has taken it up", extra={"state": run.state})
    return step


@contextmanager
def running(run: Import, step: Step) -> Iterator[None]:
    """
    Run a step that was begun or claimed; where it raises, the import goes to the step's failed state.

    The body itself moves on to the next state, in the transaction that does the work. Errors that this app raises on
    purpose come out as they are; any other becomes a :class:`StepFailed` that names it.
    """
    states = STATES[step]
    monitor(run)
    try:
        with _heart(run), measured(run.source_title or run.source_key):
            yield
    except BaseException as error:
        reason = _reason(error)
        Import.objects.filter(pk=run.pk, state=states.running, worker=_this_process()).update(
            state=states.failed, error=reason, worker="", **_finished(step)
        )
        run.refresh_from_db(fields=["state", "error"])
        unforeseen = isinstance(error, Exception) and not isinstance(error, ImportFromModulestoreError)
        # An error that no one foresaw is for those who look after the code.
        facts = {"state": run.state, "step": step.value}
        ImportLog(log, run).warning("%s failed: %s", step.value, reason, extra=facts, exc_info=unforeseen)
        if unforeseen:
            raise StepFailed(reason) from error
        raise


@contextmanager
def _heart(run: Import) -> Iterator[None]:
    """
    Renew the import's heartbeat while a step runs, over a connection of its own.

    Not on SQLite: a step that writes lets nobody else write there, and all processes are on one host, which knows.
    """
    if connection.vendor == "sqlite":
        yield
        return
    ended = Event()
    thread = Thread(target=_beat, args=(run, run.worker, ended), name=f"heart of {run.uuid}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)


def _beat(run: Import, worker: str, ended: Event) -> None:
    while not ended.wait(HEARTBEAT_EVERY.total_seconds()):
        try:
            with transaction.atomic():
                # The step itself holds the row near its end. To wait for it would be in its way, and in vain.
                own = Import.objects.filter(pk=run.pk, worker=worker).select_for_update(skip_locked=True)
                if own.values_list("pk").first():
                    own.update(heartbeat=timezone.now())
        except DatabaseError as error:
            ImportLog(log, run).warning("a heartbeat was left out: %s", error)
            connection.close()
    connection.close()


def waiting_for(time: timedelta) -> Iterator[Import]:
    """Imports whose step was asked for so long ago and not taken up, each but once in this time."""
    now = timezone.now()
    told = Q(heartbeat=None) | Q(heartbeat__lte=now - time)
    waiting = Import.objects.filter(told, queued__lte=now - time, worker="", state__in=STEP_OF)
    for run in waiting:
        if waiting.filter(pk=run.pk, queued=run.queued).update(heartbeat=now):
            yield run


def recover() -> int:
    """
    Move imports whose process is gone to where their step can be tried again; returns how many.

    A process of this host is looked up; one of another host counts as gone :data:`STALE_AFTER` its last heartbeat. Two
    queries when nothing is running.
    """
    running = Import.objects.filter(state__in=STEP_OF).exclude(worker="", queued__isnull=False)
    return sum(_recover(run) for run in running if not is_alive(run))


def recover_if_dead(run: Import) -> None:
    """
    The same for one import, when somebody comes to it: for where nobody calls :func:`recover`.

    Only where there was no heartbeat for :data:`STALE_AFTER`: the message of a process that was killed just now is on
    its way to the next one, which does the step again. Refreshes the given instance where it was recovered; no query
    where it runs, waits for a worker, or is at rest.
    """
    if ImportState(run.state) in STEP_OF and run.worker and not _has_beaten(run) and not is_alive(run):
        _recover(run)
        run.refresh_from_db()


def _recover(run: Import) -> int:
    """Move an import whose process is gone; 0 where somebody else has done so, or has taken the step up again."""
    step = STEP_OF[ImportState(run.state)]
    ImportLog(log, run).warning("the process at %s is gone", step.value, extra={"state": run.state})
    return Import.objects.filter(pk=run.pk, state=run.state, worker=run.worker).update(
        state=STATES[step].failed,
        error=_("The process that did this stopped before it was done. Nothing was half-written; try again."),
        worker="",
        **_finished(step),
    )


def is_alive(run: Import) -> bool:
    """Whether the process that the import names as its worker still runs."""
    host, _sep, pid = run.worker.rpartition(":")[0].rpartition(":")
    started = run.worker.rpartition(":")[2]
    if host == socket.gethostname() and pid.isdecimal():
        try:
            process = psutil.Process(int(pid))
            return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - float(started)) < 1
        except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
            return False
    return _has_beaten(run)


def may_be_running(run: Import) -> bool:
    """Whether a step of the import runs, or one may be about to: between two steps nothing tells, for an hour."""
    if run.worker:
        return is_alive(run)
    failed = {states.failed for states in STATES.values()}
    return run.state not in failed and run.created > timezone.now() - timedelta(hours=1)


def _has_beaten(run: Import) -> bool:
    return run.heartbeat is not None and run.heartbeat > timezone.now() - STALE_AFTER


def _finished(step: Step) -> dict[str, Any]:
    """When an import ended is not changed by an undo or redo that fails."""
    return {"finished": timezone.now()} if step in (Step.STAGE, Step.COMPLETE) else {}


def _reason(error: BaseException) -> str:
    if isinstance(error, ImportFromModulestoreError):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return _("Interrupted before it was done.")
    return f"{type(error).__name__}: {error}"


def _this_process() -> str:
    process = psutil.Process(os.getpid())
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"
