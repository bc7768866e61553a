"""Publishing just what an import made live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched

from openedx_content import api as content_api
from openedx_content.models_api import Draft, LearningPackage, PublishableEntity, PublishLog

from ...data import BlockKind, PlannedItem

_BATCH_SIZE = 5_000


def publish(
    package_id: LearningPackage.ID,
    items: Sequence[PlannedItem],
    entity_of: Mapping[int, PublishableEntity.ID],
    *,
    message: str,
    published_by: int | None,
    published_at: datetime,
) -> list[PublishLog]:
    """
    Publish the drafts of these items, and nothing else.

    From the components up, one publish log a level: published all at once, ``openedx_content`` would take along every
    child with unpublished changes, also those that the plan leaves as drafts (``new_version``, ``skip``). None of these
    items may hold one that was never published and is not among them: the plan leaves such as drafts.
    """
    logs: list[PublishLog] = []
    for kind in (BlockKind.COMPONENT, BlockKind.UNIT, BlockKind.SUBSECTION, BlockKind.SECTION):
        entity_ids = [entity_of[item.num] for item in items if item.kind is kind]
        logs += [
            content_api.publish_from_drafts(
                package_id,
                Draft.objects.filter(entity_id__in=batch).order_by("pk"),
                message=message,
                published_at=published_at,
                published_by=published_by,
                publish_dependencies=False,
            )
            for batch in batched(entity_ids, _BATCH_SIZE)
        ]
    return logs


def publish_removals(
    package_id: LearningPackage.ID,
    entity_ids: Sequence[PublishableEntity.ID],
    *,
    message: str,
    published_by: int | None,
    published_at: datetime,
) -> list[PublishLog]:
    """Publish that these items are deleted, as far as learners see them."""
    logs = []
    for batch in batched(entity_ids, _BATCH_SIZE):
        drafts = Draft.objects.filter(entity_id__in=batch, entity__published__version__isnull=False).order_by("pk")
        if drafts.exists():
            logs.append(
                content_api.publish_from_drafts(
                    package_id,
                    drafts,
                    message=message,
                    published_at=published_at,
                    published_by=published_by,
                    publish_dependencies=False,
                )
            )
    return logs
