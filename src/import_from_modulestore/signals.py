"""
Django signals for other apps: what an import has come to::

    from import_from_modulestore.signals import import_completed

    @receiver(import_completed, dispatch_uid="acme.tell_the_team")
    def tell_the_team(sender, step, **kwargs):
        ...

Receivers get one frozen :class:`.data.FinishedStep`, in the manner of openedx-events: plain data, which can be handed
to a task or an event bus as it is, and no rows. ``sender`` is ``None``. Take ``**kwargs``: more may come.

Each is sent once the transaction that did the step is committed, by the process that did it: a worker, a command, or
whoever called the API. So a receiver finds the library as the step has left it, and what takes long belongs into a
task. A receiver that raises harms neither the import nor other receivers; Django logs it.

Each is sent **at most once** for a step that is done, whichever attempt at it was the one. It is not sent where the
process dies between the commit and the signal, or the answer to the commit is lost with the database: who has to know
for sure looks (``api.list_imports``, ``api.get_reversals``).

Steps that fail or are canceled are told of by a signal of their own, in the same way, with a tuple of
:class:`.data.StoppedStep`, since those of a batch may stop at once::

    @receiver(steps_stopped, dispatch_uid="acme.call_somebody")
    def call_somebody(sender, steps, **kwargs):
        ...

One of which the process has died is told of when that is found out, by whoever finds it. Previews send no signals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from .data import Action, FinishedStep, ImportState, StoppedStep
from .models import Import

import_staged = Signal()
"""What is to be imported is staged, for the first time or anew, and waits for its review."""

import_completed = Signal()
"""An import is written into its library."""

import_undone = Signal()
"""An import was taken back, but for what was kept."""

import_redone = Signal()
"""An import that was undone was put back. Whoever follows a library by these signals hears of the content again."""

steps_stopped = Signal()
"""Steps have failed, or somebody has canceled them, whether they ran or waited for a worker."""

_OF_STEP = {
    ImportState.STAGING: import_staged,
    ImportState.IMPORTING: import_completed,
    ImportState.UNDOING: import_undone,
    ImportState.REDOING: import_redone,
}


def tell(run: Import, was: str, counts: Mapping[str, int], *, seconds: float) -> None:
    """
    Tell other apps that the step of state ``was`` is done, and took so long, once the transaction around this is
    committed.

    Costs no statement.
    """
    if run.is_preview:
        return
    step = FinishedStep(
        **_of(run),
        state=ImportState(run.state),
        counts=dict(counts),
        forced=run.force and was in (ImportState.UNDOING, ImportState.REDOING),
        finished=timezone.now(),
        seconds=seconds,
        block_count=run.block_count,
    )
    signal = _OF_STEP[ImportState(was)]
    transaction.on_commit(lambda: signal.send_robust(sender=None, step=step), robust=True)


def tell_stopped(runs: Iterable[Import], action: str, *, reason: str = "") -> None:
    """
    Tell other apps that this step of these imports has failed for the ``reason``, or was canceled where there is none,
    once the transaction around this, if any, is committed.

    Costs no statement.
    """
    now = timezone.now()
    steps = tuple(
        StoppedStep(
            **_of(run),
            action=Action(action),
            is_canceled=not reason,
            reason=reason,
            stopped=now,
        )
        for run in runs
        if not run.is_preview
    )
    if steps:
        transaction.on_commit(lambda: steps_stopped.send_robust(sender=None, steps=steps), robust=True)


def _of(run: Import) -> dict[str, Any]:
    """Which import it is, and who asked, as both kinds of steps tell."""
    return {
        "import_id": str(run.uuid),
        "source_key": run.source_key,
        "source_title": run.source_title,
        "library_key": run.library_key,
        "library_title": run.library_title,
        "user_id": run.actor_id,
    }
