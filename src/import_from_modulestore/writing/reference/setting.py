"""Setting drafts and publishing them through the public API of ``openedx_content``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import batched
from typing import override

from openedx_content import api as content_api
from openedx_content.models_api import Draft, DraftChangeLog, PublishableEntity, PublishLog

from ..change_log import one_change_log
from ..setter import LOG_SIZE, Setter, VersionOf

_BATCH_SIZE = 500


class ReferenceSetter(Setter):
    """The :class:`..setter.Setter` that the other is measured by."""

    @override
    def set_drafts(self, versions: VersionOf, tell: Callable[[PublishableEntity.ID], None]) -> DraftChangeLog:
        job = self._job
        with one_change_log(job.package_id, changed_by=job.user_id, changed_at=job.now) as change_log:
            set_drafts(versions, tell)
        return change_log

    @override
    def publish(self, entity_ids: Sequence[PublishableEntity.ID], *, only_published: bool = False) -> list[PublishLog]:
        logs = []
        for batch in batched(entity_ids, LOG_SIZE):
            drafts = Draft.objects.filter(entity_id__in=batch).order_by("pk")
            if only_published:
                drafts = drafts.filter(entity__published__version__isnull=False)
                if not drafts.exists():
                    continue
            logs.append(
                content_api.publish_from_drafts(
                    self._job.package_id,
                    drafts,
                    message=self._job.message,
                    published_at=self._job.now,
                    published_by=self._job.user_id,
                    publish_dependencies=False,
                )
            )
        return logs


def set_drafts(versions: VersionOf, tell: Callable[[PublishableEntity.ID], None]) -> None:
    """Set these drafts, in the change log that is open; ``tell`` is called for each."""
    for batch in batched(versions, _BATCH_SIZE):
        drafts = Draft.objects.filter(pk__in=batch).prefetch_related("entity").in_bulk()
        for entity_id in batch:
            content_api.set_draft_version(drafts[entity_id], versions[entity_id])
            tell(entity_id)
