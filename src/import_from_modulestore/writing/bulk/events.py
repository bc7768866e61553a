"""What other apps are told after the commit, as ``_emit_event_for_change_log`` of ``openedx_content`` tells it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.db.transaction import on_commit
from openedx_content.api import signals
from openedx_content.models_api import DraftChangeLog, DraftChangeLogRecord, LearningPackage, PublishLog

from ...rows import in_batches
from .changes import Changes


def tell_of_drafts(log: DraftChangeLog, changes: Changes, package: LearningPackage) -> None:
    """Tell of changed drafts. One query for each thousand items that had none."""
    restored: set[int] = set()
    for batch in in_batches(
        entity
        for entity, change in changes.items()
        if change.old is None and change.new is not None and not change.is_new
    ):
        before = DraftChangeLogRecord.objects.filter(entity_id__in=batch).exclude(draft_change_log_id=log.pk)
        restored.update(before.values_list("entity_id", flat=True).distinct())
    data = signals.DraftChangeLogEventData(
        draft_change_log_id=log.pk, changes=_changes(changes, direct=None, restored=restored)
    )
    _tell(signals.ENTITIES_DRAFT_CHANGED, data, package, log.changed_at, log.changed_by_id)


def tell_of_published(log: PublishLog, changes: Changes, direct: int, package: LearningPackage) -> None:
    """Tell of what was published; the first ``direct`` changes were asked for."""
    data = signals.PublishLogEventData(publish_log_id=log.pk, changes=_changes(changes, direct=direct))
    _tell(signals.ENTITIES_PUBLISHED, data, package, log.published_at, log.published_by_id)


def _changes(
    changes: Changes, *, direct: int | None, restored: Collection[int] = ()
) -> list[signals.ChangeLogRecordData]:
    return [
        signals.ChangeLogRecordData(
            entity_id=entity,
            old_version=change.old_num,
            old_version_id=change.old,
            new_version=change.new_num,
            new_version_id=change.new,
            direct=None if direct is None else number < direct,
            restored=entity in restored,
        )
        for number, (entity, change) in enumerate(changes.items())
    ]


def _tell(
    signal: signals.OpenEdxPublicSignal,  # type: ignore[name-defined]
    data: object,
    package: LearningPackage,
    time: datetime,
    user_id: int | None,
) -> None:
    on_commit(
        partial(
            signal.send_event,
            time=time,
            learning_package=signals.LearningPackageEventData(id=package.id, title=package.title),
            changed_by=signals.UserAttributionEventData(user_id=user_id),
            change_log=data,
        )
    )
