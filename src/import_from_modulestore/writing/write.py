"""Writing a plan."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from openedx_content.models_api import LearningPackage, PublishableEntity

from ..data import Plan, Progress
from ..models import Import
from .job import WriteJob, Written
from .writers import writer_for


def write_plan(
    run: Import, plan: Plan, *, package_id: LearningPackage.ID, user_id: int | None, now: datetime, progress: Progress
) -> Written:
    """
    Carry out a plan. Must be inside :func:`.change_log.all_or_nothing`.

    A plan that writes nothing leaves no trace in the library, not even an empty log. Files go to the library's storage,
    which no transaction covers: a write that is rolled back may leave content there that no row names and that the next
    write of the same content takes over.
    """
    written = Written(
        entity_of={item.num: cast(PublishableEntity.ID, item.entity_id) for item in plan.everything if item.entity_id}
    )
    job = WriteJob(
        run=run,
        plan=plan,
        package_id=package_id,
        user_id=user_id,
        now=now,
        progress=progress,
        message=f"Import from {run.source_key}"[:255],
        written=written,
    )
    if not job.total:
        return written
    writer = writer_for(job)
    written.draft_change_log = writer.write_drafts()
    to_publish = [item for item in job.changes if item.publish]
    to_publish_removed = [written.entity_of[item.num] for item in job.removed if item.publish]
    if to_publish or to_publish_removed:
        job.tell("publishing", job.total, job.total, run.library_title)
        written.publish_logs = writer.publish(to_publish) + writer.publish_removals(to_publish_removed)
    return written
