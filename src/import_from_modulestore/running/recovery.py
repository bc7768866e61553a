"""
What becomes of an import whose process is gone, or whose message is lost.

:func:`recover`, or :func:`recover_if_dead` when somebody comes to the import, moves it to the state from which the step
can be tried again. Nothing is half-written then: each step writes in transactions that the database has rolled back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..data import ImportState
from ..models import Import
from .attempts import has_beaten, is_alive
from .lifecycle import STATES, STEP_OF, finished
from .logs import ImportLog

log = logging.getLogger(__name__)


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
    if ImportState(run.state) in STEP_OF and run.worker and not has_beaten(run) and not is_alive(run):
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
        **finished(step),
    )


def may_be_running(run: Import) -> bool:
    """Whether a step of the import runs, or one may be about to: between two steps nothing tells, for an hour."""
    if run.worker:
        return is_alive(run)
    failed = {states.failed for states in STATES.values()}
    return run.state not in failed and run.created > timezone.now() - timedelta(hours=1)
