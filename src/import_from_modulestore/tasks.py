"""
Celery tasks: one for each step of an import, one for all of them, and two for keeping house.

By default a step is among the tasks of the user who asked for it. A site that does not want that
(``IMPORT_FROM_MODULESTORE_USER_TASKS``) has all steps done by :func:`do_step`.

A message carries the import's ID and nothing else; what is to be done, and for whom, stands in the import. So a message
that arrives twice, late, or for an import that somebody has dealt with meanwhile does no harm. Tasks acknowledge late,
and are sent again once when their process is killed: the step is then taken up from its beginning. Killed twice, it is
left to :func:`recover_imports`, so that what exhausts the memory does not come back for ever. A step that fails since
the database is busy or cannot be reached waits, and its message is sent again (:data:`.running.ending.PUT_OFF_FOR`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from celery.exceptions import Ignore, TaskPredicate
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.db.utils import Error
from django.utils.translation import gettext_lazy as _
from edx_django_utils.monitoring import set_code_owner_attribute, set_code_owner_attribute_from_module
from user_tasks.models import UserTaskStatus
from user_tasks.tasks import UserTask

from . import api, emails
from .data import ImportState
from .hosts import in_language_of
from .models import Import
from .running import queue
from .running.ending import PUT_OFF_FOR, reason_of
from .running.lifecycle import STATES, STEP_OF
from .running.user_tasks import TASK_NAMES, close_tasks, for_column, is_about, settle
from .trouble import in_full, trouble_of
from .waiting import at_most

_PATIENCE = 10
"""Seconds that a task which keeps house waits for somebody who writes."""

log = logging.getLogger(__name__)


class StepTask(Task):
    """A step of an import."""

    abstract = True

    def run_step(self, import_id: str) -> None:
        """
        Do what is asked for of an import, and let the user's task, if there is one, tell how it ended.

        Raises what :func:`.api.run_step` does; the task has failed then, and the import says why, also where the step
        could not be taken up. Where the database is busy or cannot be reached before that, the message is sent again.
        """
        # Not by the decorator: UserTask reads the names of the arguments off the task's own function.
        set_code_owner_attribute_from_module(__name__)
        try:
            with in_language_of(_who_asked(import_id)):  # What is noticed is for them to read.
                self._run_step(import_id)
        except TaskPredicate:
            raise
        except Exception as error:
            trouble = trouble_of(error)
            if trouble and trouble.is_passing and self.request.retries < len(PUT_OFF_FOR):
                countdown = PUT_OFF_FOR[self.request.retries]
                raise self.retry(exc=error, countdown=countdown, max_retries=len(PUT_OFF_FOR)) from error
            with suppress(Error):  # Else its message is sent again.
                self._give_up(import_id, reason_of(error, trouble))
            error.args = tuple(for_column(told) if isinstance(told, str) else told for told in error.args)
            raise  # To ``user_tasks``, which keeps what it says.

    def _give_up(self, import_id: str, reason: str) -> None:
        """Have the import say that its step failed, where this is its message and it still waits to be taken up."""
        run = Import.objects.filter(uuid=import_id, state__in=STEP_OF, queued__isnull=False).first()
        if run is None or not is_about(self.request.id, run):
            return
        queue.give_up(run, STEP_OF[ImportState(run.state)], reason)
        if run.batch_id is not None:
            with suppress(api.StepFailed):  # The others say so.
                queue.go_on(run.batch_id)

    def _run_step(self, import_id: str) -> None:
        before = _end_of(import_id)[0] if emails.are_wanted() else None
        try:
            if api.run_step(import_id=import_id, message_id=self.request.id):
                if before in (ImportState.STAGING, ImportState.IMPORTING):
                    emails.tell_of_end(import_id, alone=before is ImportState.IMPORTING)
                return
            state, reason = _end_of(import_id)
            if not self.is_last(import_id):
                self.tell_again()
                raise Ignore  # A message that came twice, or late: whoever asked was told how it ended.
        except api.StepCanceled:
            state, reason = ImportState.CANCELED, ""
            if before is not None:
                emails.tell_of_end(import_id, alone=False)
        except api.ImportFromModulestoreError:
            state, reason = _end_of(import_id)
            if before in (ImportState.STAGING, ImportState.IMPORTING) and emails.has_failed(state, reason):
                emails.tell_of_end(import_id)
            if state not in (None, ImportState.CANCELED):
                raise
        if state is not None and state.is_running:
            raise Ignore  # An earlier delivery of the same message is at it, or it was put off.
        self.ended(state, reason)

    def is_last(self, import_id: str) -> bool:
        """Whether nothing was asked for of the import since this message, as long as there is an import."""
        run = Import.objects.filter(uuid=import_id).first()
        return run is None or is_about(self.request.id, run)

    def tell_again(self) -> None:
        """The message came late, for what has ended, whatever the import is at."""

    def ended(self, state: ImportState | None, reason: str) -> None:
        """The step was not done by this message: it failed, was canceled, or another has done it."""

    def after_return(self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Once the user's task has ended, so may that of the batch."""
        with suppress(Error):
            batch_id = Import.objects.filter(uuid=args[0]).values_list("batch__uuid", flat=True).first()
            if batch_id is not None:
                settle(batch_id)


class ImportTask(StepTask, UserTask):
    """A step of an import, shown among the tasks of the user who asked for it."""

    abstract = True
    title: Any

    @classmethod
    def arguments_as_dict(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The arguments, with the import and the user whose task it is: ``None`` where their account is gone."""
        arguments = super().arguments_as_dict(*args, **kwargs)
        run = Import.objects.get(uuid=arguments["import_id"])
        accounts = get_user_model()._default_manager.in_bulk([run.actor_id, run.user_id])
        user_id = next((pk for pk in (run.actor_id, run.user_id) if pk in accounts), None)
        return {**arguments, "user_id": user_id, "run": run}

    @classmethod
    def generate_name(cls, arguments_dict: dict[str, Any]) -> str:
        """What the user's list of tasks says."""
        run = arguments_dict["run"]
        name = str(cls.title).format(source=run.source_title, library=run.library_title)
        return for_column(name)[:255]

    def is_last(self, import_id: str) -> bool:
        """The same, and that the user was not told of its end."""
        return super().is_last(import_id) and not any(map(_told, self._statuses()))

    def tell_again(self) -> None:
        """Let the user's task say again how it ended: that this message began has unsaid it."""
        for status in self._statuses():
            close_tasks([status.task_id], _told(status) or UserTaskStatus.CANCELED)

    def _statuses(self) -> QuerySet[UserTaskStatus]:
        return UserTaskStatus.objects.filter(task_id=self.request.id)

    @property
    def _if_failed(self) -> ImportState:
        """The state in which the step leaves an import where it is not done."""
        return next(STATES[step].failed for step, name in TASK_NAMES.items() if name == self.name)

    def ended(self, state: ImportState | None, reason: str) -> None:
        """Let the user's task tell of it."""
        # An undo or redo that was stopped leaves the import as it was, and no reason: it had to wait, and never began.
        is_canceled = state in (None, ImportState.CANCELED) or (state == self._if_failed and not reason)
        for status in self._statuses():
            if is_canceled:
                status.cancel()
            elif reason:
                status.fail(for_column(reason))


def _told(status: UserTaskStatus) -> str | None:
    """How a user's task ended, as what that leaves behind says; ``None`` where it has not, or was canceled."""
    if status.completed_steps >= status.total_steps:
        return UserTaskStatus.SUCCEEDED
    return UserTaskStatus.FAILED if status.artifacts.exists() else None


def _who_asked(import_id: str) -> Any:
    """The user whose step it is; ``None`` where their account is gone."""
    asked = Import.objects.filter(uuid=import_id).values("actor_id")
    return get_user_model()._default_manager.filter(pk__in=asked).first()


def _end_of(import_id: str) -> tuple[ImportState | None, str]:
    found = Import.objects.filter(uuid=import_id).values_list("state", "error").first()
    return (ImportState(found[0]), found[1]) if found else (None, "")


_OPTIONS: dict[str, Any] = {
    "bind": True,
    "acks_late": True,
    "retry_on_worker_lost": True,
    "max_retries": 1,
    "default_retry_delay": 1,
    "throws": (api.ImportFromModulestoreError,),
}


@shared_task(**_OPTIONS, base=ImportTask, title=_("Stage {source} for {library}"))
def stage_import(self: ImportTask, import_id: str) -> None:
    """Stage an import."""
    self.run_step(import_id)


@shared_task(**_OPTIONS, base=ImportTask, title=_("Import {source} into {library}"))
def complete_import(self: ImportTask, import_id: str) -> None:
    """Write an import into its library."""
    self.run_step(import_id)


@shared_task(**_OPTIONS, base=ImportTask, title=_("Undo the import of {source} into {library}"))
def undo_import(self: ImportTask, import_id: str) -> None:
    """Undo an import."""
    self.run_step(import_id)


@shared_task(**_OPTIONS, base=ImportTask, title=_("Redo the import of {source} into {library}"))
def redo_import(self: ImportTask, import_id: str) -> None:
    """Redo an import that was undone."""
    self.run_step(import_id)


@shared_task(**_OPTIONS, base=StepTask)
def do_step(self: StepTask, import_id: str) -> None:
    """Do the step that an import asks for, where it is to be no task of a user's."""
    self.run_step(import_id)


@shared_task
@set_code_owner_attribute
def recover_imports(*, send_again: bool = False) -> int:
    """
    Make imports whose worker is gone ready to be tried again; to be run every minute or so.

    ``send_again`` sends the messages of all steps that wait for a worker again, however recent they are: for a broker
    that loses messages with its workers.
    """
    with _or_another_time():
        return api.recover_imports(**({"send_again_after": timedelta(0)} if send_again else {}))
    return 0


@shared_task
@set_code_owner_attribute
def remove_old_staged_content() -> int:
    """Remove what imports staged that ended long ago, and update the users' names in the history; once a day."""
    with _or_another_time():
        return api.remove_old_staged_content()
    return 0


@contextmanager
def _or_another_time() -> Iterator[None]:
    """Leave to the next time what the database does not take now; a worker has more to do than to wait for it."""
    try:
        with at_most(_PATIENCE):
            yield
    except api.DatabaseUnavailable as error:
        log.warning("What keeps house is left to the next time: %s", in_full(error))
