"""
The states of an import, and the only code that changes them.

Every change is one ``UPDATE … WHERE state = …``: of two clicks, two workers or a message delivered twice, one wins and
the others are told so. A step is either begun here and now (:func:`begin`), or asked for (:func:`request`) and taken up
by a worker later (:func:`claim`). While it runs, the import names the process in ``worker`` (:mod:`.attempts`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _

from ..data import Action, ImportState
from ..errors import WrongState
from ..models import Import
from .attempts import is_alive, this_process
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
    """From which states a step may begin, the state while it runs, and the state after it failed."""

    allowed: tuple[ImportState, ...]
    running: ImportState
    failed: ImportState


STATES = {
    Step.STAGE: _States(
        (ImportState.CREATED, ImportState.STAGING_FAILED, ImportState.STAGED, ImportState.IMPORT_FAILED),
        ImportState.STAGING,
        ImportState.STAGING_FAILED,
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
    Action.REVIEW: REVIEWABLE,
    Action.COMPLETE: STATES[Step.COMPLETE].allowed,
    Action.STAGE: STATES[Step.STAGE].allowed,
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
    _enter(run, step, actor=actor, force=force, queued=None, worker=this_process(), heartbeat=timezone.now())
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
        worker=this_process(), heartbeat=timezone.now(), queued=None
    )
    if not taken:
        return None
    run.refresh_from_db()
    ImportLog(log, run).info("a worker has taken it up", extra={"state": run.state})
    return step


def finished(step: Step) -> dict[str, Any]:
    """When an import ended is not changed by an undo or redo that fails."""
    return {"finished": timezone.now()} if step in (Step.STAGE, Step.COMPLETE) else {}
