"""
Steps among the tasks of the users who ask for them (``django-user-tasks``).

What is asked for of a batch at once is one task that contains those of its imports, as Celery's groups are there:
whoever looks at the list sees all of it from the beginning, also what waits for its turn, and the platform tells of the
end once (platform: cms/djangoapps/cms_user_tasks/signals.py sends a message for tasks that have no parent). One import
that fails stops none of the others, so that, unlike a group, it has not failed before all of them have ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string
from user_tasks import user_task_stopped
from user_tasks.models import UserTaskStatus

from ..models import Batch, Import
from ..texts import frequent
from .lifecycle import Step

TASK_NAMES = {
    Step.STAGE: "import_from_modulestore.tasks.stage_import",
    Step.COMPLETE: "import_from_modulestore.tasks.complete_import",
    Step.UNDO: "import_from_modulestore.tasks.undo_import",
    Step.REDO: "import_from_modulestore.tasks.redo_import",
}

_BATCH = "import_from_modulestore.batch"
_ENDED = (UserTaskStatus.SUCCEEDED, UserTaskStatus.FAILED, UserTaskStatus.CANCELED)


def are_wanted() -> bool:
    """Whether this site has steps among the users' tasks."""
    return bool(getattr(settings, "IMPORT_FROM_MODULESTORE_USER_TASKS", True))


def for_column(text: str) -> str:
    """
    A text for a column of ``user_tasks``, which takes what the database does by default: rare characters may be none of
    that, and have the row refused.
    """
    return frequent(text)


def task_id_of(run: Import, step: Step) -> str:
    """The ID of the message, and of the user's task, about a step that was asked for: the same whenever it is sent."""
    return str(uuid5(run.uuid, f"{step} {run.asked}"))


def is_about(task_id: str, run: Import) -> bool:
    """Whether a message is the one about the last step of an import, and not of an earlier one, come late."""
    return run.asked is not None and any(task_id == task_id_of(run, step) for step in Step)


def open_task(batch: Batch, name: str, asked: Sequence[tuple[Import, Step]], user_id: int) -> None:
    """List what was asked for of a batch, with what is queued of its imports. Four statements."""
    if not are_wanted() or not get_user_model()._default_manager.filter(pk=user_id).exists():
        return
    whole = UserTaskStatus.objects.create(
        user_id=user_id,
        task_id=str(uuid4()),
        is_container=True,
        task_class=_BATCH,
        name=for_column(name)[:255],
        total_steps=len(asked),
    )
    tasks = {step: import_string(path) for step, path in TASK_NAMES.items()}
    UserTaskStatus.objects.bulk_create(
        UserTaskStatus(
            user_id=user_id,
            task_id=task_id_of(run, step),
            parent=whole,
            task_class=TASK_NAMES[step],
            name=tasks[step].generate_name({"run": run}),
            total_steps=1,
        )
        for run, step in asked
    )
    Batch.objects.filter(pk=batch.pk).update(task_id=whole.task_id)


def close_tasks(task_ids: Collection[str], state: str) -> None:
    """Say of the tasks of steps that waited for their turn how they ended: no message will. One statement."""
    UserTaskStatus.objects.filter(task_id__in=task_ids).exclude(state__in=_ENDED).update(state=state)


def settle(batch_id: UUID) -> None:
    """Bring a batch's task to its end, if those of all its imports have ended. A few statements, where there is one."""
    task_id = Batch.objects.filter(uuid=batch_id).exclude(task_id="").values_list("task_id", flat=True).first()
    whole = UserTaskStatus.objects.filter(task_id=task_id).first() if task_id else None
    if whole is None:
        return
    states = Counter(UserTaskStatus.objects.filter(parent=whole).values_list("state", flat=True))
    if states.keys() - set(_ENDED):
        UserTaskStatus.objects.filter(pk=whole.pk).update(state=UserTaskStatus.IN_PROGRESS)
    elif Batch.objects.filter(uuid=batch_id, task_id=task_id).update(task_id=""):
        whole.state = next((state for state in (whole.FAILED, whole.SUCCEEDED) if states[state]), whole.CANCELED)
        whole.save(update_fields={"state", "modified"})
        user_task_stopped.send_robust(UserTaskStatus, status=whole)
