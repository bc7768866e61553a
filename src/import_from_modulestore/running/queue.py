"""
Handing steps to Celery workers.

The steps of an import that stands alone are handed over when they are asked for. Those of a batch's imports are handed
over one after another, in the order in which they were asked for: each when the one before has ended, however it has
(:func:`go_on`). So a batch keeps one worker busy and leaves the others to the rest of the site, and its imports do not
wait for each other with the library locked. Nothing of the queue is kept but what the imports say themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError
from user_tasks.models import UserTaskStatus

from .. import signals
from ..data import ImportState
from ..errors import StepFailed
from ..models import Batch, Import
from . import lifecycle
from .lifecycle import STATES, STEP_OF, Step, failing
from .logs import ImportLog
from .user_tasks import TASK_NAMES, are_wanted, close_tasks, for_column, settle, task_id_of

PLAIN_TASK = "import_from_modulestore.tasks.do_step"
"""For any of the steps, where it is to be no task of a user's (``IMPORT_FROM_MODULESTORE_USER_TASKS``)."""

SEND_AGAIN_AFTER = timedelta(minutes=10)
"""How long a step may wait for a worker before its message counts as lost and is sent again."""

log = logging.getLogger(__name__)


def request(run: Import, step: Step, *, actor: Any, force: bool = False) -> None:
    """
    Ask for a step, and send the message about it once the transaction around this, if any, is committed; of an import
    in a batch, once it is its turn.

    Raises ``WrongState``, and ``StepFailed`` where the broker cannot be reached: the step can then be tried again.
    """
    lifecycle.request(run, step, actor=actor, force=force)
    if run.batch_id is None:
        transaction.on_commit(lambda: send(run, step))
    else:
        open_queue(run.batch_id)


def open_queue(batch_id: UUID) -> None:
    """Have a batch's queue worked off once the transaction around this, if any, is committed. Raises ``StepFailed``."""
    Batch.objects.filter(uuid=batch_id, has_queue=False).update(has_queue=True)
    transaction.on_commit(partial(go_on, batch_id))


def go_on(batch_id: UUID, *, again_after: timedelta | None = None) -> None:
    """
    Send the message of the import of a batch whose turn it is, unless one of them is at work or was told already.

    To be called whenever one may have come to rest; called once too often, it does nothing. Where a message was sent
    ``again_after`` ago and nothing came of it, it counts as lost, and is sent again. Two or three statements.

    Raises ``StepFailed`` where the message cannot be sent: then all that waits has failed for that reason.
    """
    under_way = Import.objects.filter(batch__uuid=batch_id, state__in=STEP_OF)
    runs = list(under_way)
    if any(run.worker for run in runs):
        return
    if not runs:
        Batch.objects.filter(uuid=batch_id, has_queue=True).update(has_queue=False)
        return
    run = min(runs, key=_turn)
    now = timezone.now()
    if run.heartbeat and (again_after is None or run.heartbeat > now - again_after):
        return
    if not lifecycle.as_seen(run).filter(queued=run.queued).update(heartbeat=now):
        return  # Somebody else does it.
    waiting = [task_id_of(each, STEP_OF[ImportState(each.state)]) for each in runs]
    try:
        send(run, STEP_OF[ImportState(run.state)])
    except StepFailed as error:
        for state, step in STEP_OF.items():
            failed = under_way.filter(state=state, worker="").update(queued=None, **failing(step, str(error)))
            others = [each for each in runs if each.state == state and each is not run]
            signals.tell_stopped(others[:failed], step.value, reason=str(error))
        Batch.objects.filter(uuid=batch_id).update(has_queue=False)
        close_tasks(waiting, UserTaskStatus.FAILED)
        settle(batch_id)
        raise


def is_stalled(runs: Iterable[Import]) -> bool:
    """Whether imports of a batch wait, none is at work, and nobody was told that it is their turn, or long ago."""
    runs = [run for run in runs if ImportState(run.state) in STEP_OF]
    if not runs or any(run.worker for run in runs):
        return False
    told = min(runs, key=_turn).heartbeat
    return told is None or told <= timezone.now() - SEND_AGAIN_AFTER


def _turn(run: Import) -> tuple[Any, int]:
    """In which order imports of a batch have their turn: those asked for at once as they stand, undos backward."""
    return run.queued or run.created, -run.pk if run.state == ImportState.UNDOING else run.pk


def send(run: Import, step: Step, *, countdown: float | None = None) -> None:
    """
    Send the message, to be acted on after so many seconds. It carries the import's ID alone, and may arrive twice, or
    for nothing.

    Sent again, it is the same one among the user's tasks.

    Raises ``StepFailed``, with the import where a failure of the step leaves it, where that cannot be done: mostly, the
    broker cannot be reached.
    """
    queue = getattr(settings, "IMPORT_FROM_MODULESTORE_QUEUE", None)
    task_id = task_id_of(run, step)
    task = import_string(
        TASK_NAMES[step] if are_wanted() else PLAIN_TASK
    )  # By name: tasks stand upon the API, and so upon this.
    try:
        task.apply_async((str(run.uuid),), task_id=task_id, queue=queue, countdown=countdown)
    except Exception as error:
        is_of_broker = _is_of_broker(error)
        ImportLog(log, run).warning(
            "the message to the workers could not be sent: %s", error, exc_info=not is_of_broker
        )
        reason = (
            _("The work could not be handed to a worker: the message broker cannot be reached. Try again later.")
            if is_of_broker
            else _("The work could not be handed to a worker; the log of this site says why. Ask those who run it.")
        )
        give_up(run, step, reason)
        run.refresh_from_db(fields=["state", "error"])
        for status in UserTaskStatus.objects.filter(task_id=task_id):
            status.fail(for_column(reason))
        raise StepFailed(reason) from error


def give_up(run: Import, step: Step, reason: str) -> None:
    """Have an import say that a step which waits for a worker has failed; nothing where one has taken it up."""
    waiting = Import.objects.filter(pk=run.pk, state=STATES[step].running, worker="", asked=run.asked)
    if waiting.update(queued=None, **failing(step, reason)):
        signals.tell_stopped([run], step.value, reason=reason)


def _is_of_broker(error: Exception) -> bool:
    """Whether the broker cannot be reached, which passes; it may also be set up wrongly, or the user's tasks fail."""
    if isinstance(error, KombuError | OSError):
        return True
    with suppress(Exception):  # Where the transport is one that nobody knows.
        return isinstance(error, current_app.connection_for_write().connection_errors)
    return False
