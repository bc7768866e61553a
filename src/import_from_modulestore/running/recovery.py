"""
What becomes of an import whose attempt is dead, or whose message is lost.

:func:`recover`, or :func:`recover_if_dead` when somebody comes to the import, moves it to the state from which the step
can be tried again. Nothing is half-written then: each step writes in transactions that the database has rolled back.

Nothing here waits for anybody: whoever holds the import's row, or writes to SQLite, is alive. What cannot be done now
is done the next time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.db.utils import Error
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import signals
from ..data import ImportState
from ..errors import StepFailed
from ..models import Import
from ..waiting import at_most
from .attempts import has_beaten, is_alive, is_own
from .lifecycle import STATES, STEP_OF, as_seen, failing, finished
from .logs import ImportLog
from .queue import go_on

log = logging.getLogger(__name__)


def apart[T](run: Import, what: Callable[[], T]) -> T | None:
    """
    Do something about one import in a transaction, without waiting for locks; ``None`` where the database fails in it,
    which is no matter to the next import.
    """
    try:
        with at_most(1), transaction.atomic():
            return what()
    except Error as error:
        ImportLog(log, run).warning("it is left for the next time: %s", error)
        return None


def waiting_for(time: timedelta) -> Iterator[Import]:
    """Imports that stand alone whose step was asked for so long ago and not taken up, each but once in this time."""
    now = timezone.now()
    not_told = Q(heartbeat=None) | Q(heartbeat__lte=now - time)
    waiting = Import.objects.filter(not_told, queued__lte=now - time, worker="", state__in=STEP_OF, batch=None)
    for run in waiting:
        if apart(run, partial(waiting.filter(pk=run.pk, queued=run.queued).update, heartbeat=now)):
            yield run


def recover() -> int:
    """
    Move imports whose attempt is dead to where their step can be tried again; returns how many.

    Two queries when nothing is running.
    """
    running = Import.objects.filter(state__in=STEP_OF).exclude(worker="", queued__isnull=False)
    return sum(_recover(run) for run in running if not is_alive(run))


def recover_if_dead(run: Import) -> None:
    """
    The same for one import, when somebody comes to it: for where nobody calls :func:`recover`.

    Not while the heartbeat of another process is fresh: the message of one that was killed just now is on its way to
    the next one, which does the step again. Refreshes the given instance where it was recovered; no query where it
    runs, waits for a worker, or is at rest.
    """
    if ImportState(run.state) in STEP_OF and run.worker and not is_alive(run) and (is_own(run) or not has_beaten(run)):
        _recover(run)
        run.refresh_from_db()


def _recover(run: Import) -> bool:
    """Move an import whose attempt is dead, unless somebody is at it, or has moved it or taken it up since."""
    step = STEP_OF[ImportState(run.state)]
    reason = _("The process that did this stopped before it was done. Nothing was half-written; try again.")

    def move() -> int:
        if not as_seen(run).select_for_update(skip_locked=True).values_list("pk").first():
            return 0
        return as_seen(run).update(worker="", **failing(step, reason), **finished(step))

    recovered = bool(apart(run, move))
    if recovered:
        ImportLog(log, run).warning("the process at %s is gone", step.value, extra={"state": run.state})
        signals.tell_stopped([run], step.value, reason=reason)
        if run.batch_id is not None:
            with suppress(Error, StepFailed):  # The others say so, or wait for the next time.
                go_on(run.batch_id)
    return recovered


def may_be_running(run: Import) -> bool:
    """Whether a step of the import runs, or one may be about to: between two steps nothing tells, for an hour."""
    if run.worker:
        return is_alive(run)
    failed = {states.failed for states in STATES.values()}
    return run.state not in failed and run.created > timezone.now() - timedelta(hours=1)
