"""Handing steps to Celery workers."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any
from uuid import uuid5

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError
from user_tasks.models import UserTaskStatus

from ..errors import StepFailed
from ..models import Import
from . import lifecycle
from .lifecycle import STATES, Step, failing
from .logs import ImportLog

TASK_NAMES = {
    Step.STAGE: "import_from_modulestore.tasks.stage_import",
    Step.COMPLETE: "import_from_modulestore.tasks.complete_import",
    Step.UNDO: "import_from_modulestore.tasks.undo_import",
    Step.REDO: "import_from_modulestore.tasks.redo_import",
}

PLAIN_TASK = "import_from_modulestore.tasks.do_step"
"""For any of the steps, where it is to be no task of a user's (``IMPORT_FROM_MODULESTORE_USER_TASKS``)."""

log = logging.getLogger(__name__)


def request(run: Import, step: Step, *, actor: Any, force: bool = False) -> None:
    """
    Ask for a step, and send the message about it once the transaction around this, if any, is committed.

    Raises ``WrongState``, and ``StepFailed`` where the broker cannot be reached: the step can then be tried again.
    """
    lifecycle.request(run, step, actor=actor, force=force)
    transaction.on_commit(lambda: send(run, step))


def send(run: Import, step: Step, *, countdown: float | None = None) -> None:
    """
    Send the message, to be acted on after so many seconds. It carries the import's ID alone, and may arrive twice, or
    for nothing.

    Sent again, it is the same one among the user's tasks.

    Raises ``StepFailed``, with the import where a failure of the step leaves it, where that cannot be done: mostly, the
    broker cannot be reached.
    """
    queue = getattr(settings, "IMPORT_FROM_MODULESTORE_QUEUE", None)
    task_id = str(uuid5(run.uuid, f"{step} {run.queued}"))
    is_user_task = getattr(settings, "IMPORT_FROM_MODULESTORE_USER_TASKS", True)
    task = import_string(
        TASK_NAMES[step] if is_user_task else PLAIN_TASK
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
        waiting = Import.objects.filter(pk=run.pk, state=STATES[step].running, worker="")
        waiting.update(queued=None, **failing(step, reason))
        run.refresh_from_db(fields=["state", "error"])
        for status in UserTaskStatus.objects.filter(task_id=task_id):
            status.fail(reason)
        raise StepFailed(reason) from error


def _is_of_broker(error: Exception) -> bool:
    """Whether the broker cannot be reached, which passes; it may also be set up wrongly, or the user's tasks fail."""
    if isinstance(error, KombuError | OSError):
        return True
    with suppress(Exception):  # Where the transport is one that nobody knows.
        return isinstance(error, current_app.connection_for_write().connection_errors)
    return False
