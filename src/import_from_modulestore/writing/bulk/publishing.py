"""Publishing in batches, as ``publish_from_drafts`` of ``openedx_content`` does without dependencies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import batched

from django.core.exceptions import ValidationError
from openedx_content.models_api import Draft, LearningPackage, PublishableEntity, Published, PublishLog

from ...rows import in_batches
from .changes import PUBLISHED, Change, Changes, Dependencies, log_changes
from .events import tell_of_published

_LOG_SIZE = 5_000
"""Items in one publish log, as the reference has them."""


class Publisher:
    """Publishes drafts of one library."""

    def __init__(
        self,
        package: LearningPackage,
        dependencies: Dependencies,
        *,
        message: str,
        published_by: int | None,
        published_at: datetime,
        pause: Callable[[], None],
    ) -> None:
        self._package = package
        self._dependencies = dependencies
        self._message = message
        self._published_by = published_by
        self._published_at = published_at
        self._pause = pause
        self._published: set[PublishableEntity.ID] = set()

    def publish(self, entity_ids: Sequence[PublishableEntity.ID], *, only_published: bool = False) -> list[PublishLog]:
        """
        Publish the drafts of these items; with ``only_published``, of those alone that learners see.

        Raises ``ValidationError`` where one depends on what was never published.
        """
        logs = []
        for batch in batched(entity_ids, _LOG_SIZE):
            changes = self._changes(batch, only_published=only_published)
            if changes or not only_published:
                logs.append(self._publish(changes))
        return logs

    def _publish(self, changes: Changes) -> PublishLog:
        log = PublishLog.objects.create(
            learning_package_id=self._package.id,
            message=self._message,
            published_at=self._published_at,
            published_by_id=self._published_by,
        )
        direct = len(changes)
        log_changes(PUBLISHED, log.pk, changes, self._dependencies, self._pause)
        tell_of_published(log, changes, direct, self._package)
        self._published.update(changes)
        return log

    def _changes(self, entity_ids: Sequence[PublishableEntity.ID], *, only_published: bool) -> Changes:
        changes: Changes = {}
        for batch in in_batches(sorted(entity_ids)):
            drafts = Draft.objects.filter(entity_id__in=batch).order_by("pk")
            if only_published:
                drafts = drafts.filter(entity__published__version__isnull=False)
            for entity, new, new_num, old, old_num, package in drafts.values_list(
                "entity_id",
                "version_id",
                "version__version_num",
                "entity__published__version_id",
                "entity__published__version__version_num",
                "entity__learning_package_id",
            ):
                if package != self._package.id:
                    raise ValidationError(f"Draft entity (id={entity}) is from learning package {package}.")
                changes[entity] = Change(old, old_num, new, new_num)
            self._pause()
        self._refuse_unpublished(changes)
        return changes

    def _refuse_unpublished(self, changes: Changes) -> None:
        self._dependencies.load(change.new for change in changes.values())
        held = {entity for change in changes.values() for entity in self._dependencies.of(change.new)}
        for batch in in_batches(sorted(held - self._published)):
            published = set(Published.objects.filter(pk__in=batch).values_list("pk", flat=True))
            unpublished = set(batch) - published
            if unpublished and Draft.objects.filter(pk__in=unpublished).exists():
                raise ValidationError("Cannot publish entities that have unpublished dependencies.")
