"""
The states of an import, and the only code that changes them.

Every change is one ``UPDATE … WHERE state = …``: of two clicks, two workers or a message delivered twice, one wins and
the others are told so. A step is either begun here and now (:func:`begin`), or asked for (:func:`request`) and taken up
by a worker later (:func:`claim`). While it runs, the import names the attempt in ``worker`` (:mod:`.attempts`), and
whatever the attempt changes, it changes only as long as it is named there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, QuerySet, TextChoices, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import signals
from ..data import Action, ImportState
from ..errors import WrongState
from ..models import Import
from .attempts import HEARTBEAT_EVERY, attempt, is_alive, leave, seconds_of
from .logs import ImportLog

log = logging.getLogger(__name__)


class Step(TextChoices):
    """The pieces of work that change more than the import itself; tasks run them."""

    STAGE = "stage"
    COMPLETE = "complete"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class _States:
    """From which states a step may begin, the state while it runs, and the states after it failed and succeeded."""

    allowed: tuple[ImportState, ...]
    running: ImportState
    failed: ImportState
    done: ImportState


STATES = {
    Step.STAGE: _States(
        (ImportState.CREATED, ImportState.STAGING_FAILED, ImportState.STAGED, ImportState.IMPORT_FAILED),
        ImportState.STAGING,
        ImportState.STAGING_FAILED,
        ImportState.STAGED,
    ),
    Step.COMPLETE: _States(
        (ImportState.STAGED, ImportState.IMPORT_FAILED),
        ImportState.IMPORTING,
        ImportState.IMPORT_FAILED,
        ImportState.IMPORTED,
    ),
    Step.UNDO: _States((ImportState.IMPORTED,), ImportState.UNDOING, ImportState.IMPORTED, ImportState.UNDONE),
    Step.REDO: _States((ImportState.UNDONE,), ImportState.REDOING, ImportState.UNDONE, ImportState.IMPORTED),
}

STEP_OF = {states.running: step for step, states in STATES.items()}
"""Which step runs, or is queued, in a running state."""

REVIEWABLE = (ImportState.STAGED, ImportState.IMPORT_FAILED)
"""States in which what is staged can be looked through, changed and planned."""

WRITTEN = (ImportState.IMPORTED, ImportState.UNDOING, ImportState.UNDONE, ImportState.REDOING)
"""States of an import that has written its records: it stays in one of these."""

RETRY_STEPS = {STATES[step].failed: step for step in (Step.STAGE, Step.COMPLETE)}
"""The step that failed, by the state that it left the import in; an undo or redo leaves it as it was before."""

CANCELED_TO = {
    **dict.fromkeys(
        (
            ImportState.CREATED,
            ImportState.STAGING,
            ImportState.STAGING_FAILED,
            ImportState.STAGED,
            ImportState.IMPORTING,
            ImportState.IMPORT_FAILED,
        ),
        ImportState.CANCELED,
    ),
    **{STATES[step].running: STATES[step].failed for step in (Step.UNDO, Step.REDO)},
}
"""What a cancel makes of each state that allows it: it gives the import up, or stops its undo or redo."""

ALLOWED: dict[Action, tuple[ImportState, ...]] = {
    Action.REVIEW: REVIEWABLE,
    Action.COMPLETE: STATES[Step.COMPLETE].allowed,
    Action.STAGE: STATES[Step.STAGE].allowed,
    Action.CANCEL: tuple(CANCELED_TO),
    Action.RETRY: tuple(RETRY_STEPS),
    Action.UNDO: STATES[Step.UNDO].allowed,
    Action.REDO: STATES[Step.REDO].allowed,
}
"""The states that allow each action; in the order in which actions are offered."""


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
    _tell(run, before)


@contextmanager
def hold(run: Import) -> Iterator[None]:
    """
    Keep everybody else from changing the import until the end of this transaction, which does its step.

    Rows that point at an import share its lock, and whoever cancels it meanwhile would wait for this transaction while
    this waits for them: so write such rows within. Raises :class:`WrongState` where the step is no longer this
    attempt's: it was canceled, or it was thought dead and another has taken it up.

    Cost: one statement, which also is a heartbeat; one more at the end where that has grown old, so that the import
    looks alive to whoever waits for the lock. Leave it just before the transaction ends.
    """
    _beat(run)
    began = timezone.now()
    yield
    if timezone.now() - began > HEARTBEAT_EVERY:
        _beat(run)


def _beat(run: Import) -> None:
    if not _own(run).update(heartbeat=timezone.now()):
        raise _not_own(run)


def finish(run: Import, step: Step, *, told: Mapping[str, int] | None = None, **fields: Any) -> None:
    """
    Move an import on, in the transaction that has done its step; once that is committed, other apps hear of it.

    ``told`` are the numbers that :class:`..data.FinishedStep` tells. Raises what :func:`hold` does.
    """
    before, to, seconds = run.state, STATES[step].done, seconds_of(run.worker)
    if not _own(run).update(state=to, worker="", **fields):
        raise _not_own(run)
    run.refresh_from_db(fields=["state", "worker", *fields])
    _tell(run, before)
    signals.tell(run, before, told or {}, seconds=seconds)


def _own(run: Import) -> QuerySet[Import]:
    """The import, as long as this attempt is at it: what was canceled meanwhile, and read again, is nobody's."""
    return Import.objects.filter(pk=run.pk, state=run.state, state__in=STEP_OF, worker=run.worker)


def _not_own(run: Import) -> WrongState:
    run.refresh_from_db(fields=["state"])
    return WrongState(_("The step was canceled, or another process has taken it up."), state=run.state)


def _tell(run: Import, before: str) -> None:
    """Log it, once it is so: who reads the line and then asks the database must not be ahead of the commit."""
    facts = {"state": str(run.state), "state_before": str(before)}
    say = partial(ImportLog(log, run).info, "%s → %s", str(before), str(run.state), extra=facts)
    transaction.on_commit(say, robust=True)


def canceling(to: ImportState, *, actor: Any, is_under_way: bool) -> dict[str, Any]:
    """
    What is said of an import that a cancel moves to this state, for an update. Where a step is under way, what was said
    of that is void: that it is tried again, say. Why one has failed stays.
    """
    fields = {"queued": None, "worker": "", "actor": actor}
    ended = {"finished": timezone.now()} if to is ImportState.CANCELED else {}
    return {**fields, **ended, **({"error": ""} if is_under_way else {})}


def cancel_all(runs: Sequence[Import], *, actor: Any) -> None:
    """
    Cancel those of these imports that nobody is at, as they were read. A statement for each state that they come to, or
    two.
    """
    alike: dict[tuple[ImportState, bool], list[Import]] = {}
    for run in runs:
        state = ImportState(run.state)
        alike.setdefault((CANCELED_TO[state], state in STEP_OF), []).append(run)
    for (to, is_under_way), of_these in alike.items():
        before = [state for state, after in CANCELED_TO.items() if after is to and (state in STEP_OF) is is_under_way]
        rows = Import.objects.filter(pk__in=[run.pk for run in of_these], worker="", state__in=before)
        rows.update(state=to, **canceling(to, actor=actor, is_under_way=is_under_way))


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
        if run.error and run.state == ImportState.STAGED:
            told += " " + _("To stage it anew failed, which left it as it was; ask for that once more.")
        elif run.error:  # Told of the last undo or redo.
            told += " " + _("An undo or redo that fails leaves it as it was; ask for it once more.")
        raise WrongState(told, state=run.state)
    return step


def request(run: Import, step: Step, *, actor: Any, force: bool = False) -> None:
    """Ask for a step, to be taken up by a worker. Raises :class:`WrongState`."""
    _enter(run, step, **_asked(actor, force))


def request_all(
    runs: Sequence[Import], step: Step, *, actor: Any, force: bool = False, if_decided: bool = False
) -> list[Import]:
    """Ask for a step of several imports; returns those whose state allowed it, as they are now. Two statements."""
    states, fields = STATES[step], _asked(actor, force, if_decided=if_decided)
    rows = Import.objects.filter(pk__in=[run.pk for run in runs])
    rows.filter(state__in=states.allowed).update(state=states.running, **_ENTERED, **fields)
    return list(rows.filter(state=states.running, queued=fields["queued"], actor=actor).order_by("pk"))


def begin(run: Import, step: Step, *, actor: Any, force: bool = False, if_decided: bool = False) -> None:
    """Begin a step in this process, for :func:`.ending.running` to go on with. Raises :class:`WrongState`."""
    with attempt() as name:
        fields = _asked(actor, force, if_decided=if_decided)
        _enter(run, step, **fields | {"queued": None, "asked": None, "worker": name, "heartbeat": timezone.now()})
        run.refresh_from_db()  # The step goes by what is there now, not by what was read before.


_ENTERED = {"error": "", "put_off": 0}


def _asked(actor: Any, force: bool, *, if_decided: bool = False) -> dict[str, Any]:
    how, now = {"actor": actor, "force": force, "if_decided": if_decided}, timezone.now()
    return {**how, "queued": now, "asked": now, "worker": "", "heartbeat": None}


def _enter(run: Import, step: Step, **fields: Any) -> None:
    states = STATES[step]
    if run.state not in states.allowed:  # Told at once: on SQLite, an update waits for whoever writes.
        raise wrong_state(run)
    transition(run, states.allowed, states.running, **_ENTERED, **fields)


def claim(run: Import) -> Step | None:
    """
    Take up the step that was asked for; ``None`` where there is none, or another attempt is at it.

    A step whose attempt is dead is taken up again: it has left nothing behind.
    """
    step = STEP_OF.get(ImportState(run.state))
    if step is None or (run.worker and is_alive(run)):
        return None
    with attempt() as name:
        unclaimed = as_seen(run).filter(asked=run.asked)
        if not unclaimed.update(worker=name, heartbeat=timezone.now(), queued=None, error=""):
            leave(name)
            return None
        run.refresh_from_db()
    ImportLog(log, run).info("a worker has taken it up", extra={"state": run.state})
    return step


def as_seen(run: Import) -> QuerySet[Import]:
    """The import, as long as nobody has moved it, taken it up or given a sign of life since it was read."""
    return Import.objects.filter(pk=run.pk, state=run.state, worker=run.worker, heartbeat=run.heartbeat)


def failing(step: Step, reason: str) -> dict[str, Any]:
    """
    What an import comes to where a step of it fails, for an update: its state, and the ``reason`` that it tells.

    A staging that fails before it takes away what was staged before leaves that as it was: there are blocks still.
    """
    if step is not Step.STAGE:
        return {"state": STATES[step].failed, "error": reason}
    stands = _("{reason} What was staged before is as it was.").format(reason=reason)
    is_there = Q(block_count__gt=0)
    return {
        "state": Case(When(is_there, then=Value(STATES[step].done)), default=Value(STATES[step].failed)),
        "error": Case(When(is_there, then=Value(stands)), default=Value(reason)),
    }


def finished(step: Step) -> dict[str, Any]:
    """When an import ended is not changed by an undo or redo that fails."""
    return {"finished": timezone.now()} if step in (Step.STAGE, Step.COMPLETE) else {}
