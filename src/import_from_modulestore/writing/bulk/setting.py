"""Setting drafts and publishing them in batches, as ``set_draft_version`` and ``publish_from_drafts`` leave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import batched
from typing import override

from django.core.exceptions import ValidationError
from openedx_content.models_api import (
    Draft,
    DraftChangeLog,
    LearningPackage,
    PublishableEntity,
    PublishableEntityVersion,
    Published,
    PublishLog,
)

from ...rows import in_batches
from ..job import Job
from ..setter import LOG_SIZE, Setter, VersionOf
from .changes import DRAFTS, PUBLISHED, Change, Changes, Dependencies, log_changes
from .events import tell_of_drafts, tell_of_published


class BulkSetter(Setter):
    """The :class:`..setter.Setter` for versions of ``openedx_content`` that it was compared with the reference on."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.package = LearningPackage.objects.get(pk=job.package_id)
        self.dependencies = Dependencies()
        self._published: set[PublishableEntity.ID] = set()

    @override
    def set_drafts(self, versions: VersionOf, tell: Callable[[PublishableEntity.ID], None]) -> DraftChangeLog:
        changes: Changes = {}
        for batch in in_batches(versions):
            drafts = Draft.objects.filter(pk__in=batch).values_list("pk", "version_id", "version__version_num")
            now: dict[int, tuple[int | None, int | None]] = {pk: (version, num) for pk, version, num in drafts}
            new = [version for entity in batch if (version := versions[entity]) is not None]
            found = PublishableEntityVersion.objects.filter(pk__in=new).values_list("entity_id", "pk", "version_num")
            num_of: dict[tuple[int, int | None], int] = {(entity, pk): num for entity, pk, num in found}
            for entity in batch:
                version = versions[entity]
                if version is not None and (entity, version) not in num_of:
                    raise ValidationError(f"Version {version} is none of entity {entity}.")
                if now[entity][0] != version:
                    changes[entity] = Change(*now[entity], version, num_of.get((entity, version)))
                tell(entity)
        return self.log_drafts(changes)

    def log_drafts(self, changes: Changes) -> DraftChangeLog:
        """Have drafts be changed, and tell of it: as a change log does of which the last change has been made."""
        job = self._job
        log = DraftChangeLog.objects.create(
            learning_package_id=job.package_id, changed_by_id=job.user_id, changed_at=job.now
        )
        log_changes(DRAFTS, log.pk, changes, self.dependencies, job.tell_again)
        tell_of_drafts(log, changes, self.package)
        if not changes:
            log.delete()
        return log

    @override
    def publish(self, entity_ids: Sequence[PublishableEntity.ID], *, only_published: bool = False) -> list[PublishLog]:
        logs = []
        for batch in batched(entity_ids, LOG_SIZE):
            changes = self._changes(batch, only_published=only_published)
            if changes or not only_published:
                logs.append(self._publish(changes))
        return logs

    def _publish(self, changes: Changes) -> PublishLog:
        job = self._job
        log = PublishLog.objects.create(
            learning_package_id=job.package_id,
            message=job.message,
            published_at=job.now,
            published_by_id=job.user_id,
        )
        direct = len(changes)
        log_changes(PUBLISHED, log.pk, changes, self.dependencies, job.tell_again)
        tell_of_published(log, changes, direct, self.package)
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
                if package != self.package.id:
                    raise ValidationError(f"Draft entity (id={entity}) is from learning package {package}.")
                changes[entity] = Change(old, old_num, new, new_num)
            self._job.tell_again()
        self._refuse_unpublished(changes)
        return changes

    def _refuse_unpublished(self, changes: Changes) -> None:
        self.dependencies.load(change.new for change in changes.values())
        held = {entity for change in changes.values() for entity in self.dependencies.of(change.new)}
        for batch in in_batches(sorted(held - self._published)):
            published = set(Published.objects.filter(pk__in=batch).values_list("pk", flat=True))
            unpublished = set(batch) - published
            if unpublished and Draft.objects.filter(pk__in=unpublished).exists():
                raise ValidationError("Cannot publish entities that have unpublished dependencies.")
