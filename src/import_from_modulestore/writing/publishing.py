"""Publishing just what an import made live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched

from openedx_content import api as content_api
from openedx_content.models_api import Draft, LearningPackage, PublishableEntity, PublishLog

from ..data import BlockKind, PlannedItem

_BATCH_SIZE = 5_000


def publish(
    package_id: LearningPackage.ID,
    items: Sequence[PlannedItem],
    entity_of: Mapping[int, PublishableEntity.ID],
    *,
    message: str,
    published_by: int | None,
    published_at: datetime,
) -> tuple[list[PublishLog], list[int]]:
    """
    Publish the drafts of these items, and nothing else.

    From the components up, one publish log a level: published all at once, ``openedx_content`` would take along every
    child with unpublished changes, also those that the plan leaves as drafts (``new_version``, ``skip``).

    Returns the publish logs, and the ``num`` of containers that stay drafts because they hold an item that was never
    published and is not to be.
    """
    logs: list[PublishLog] = []
    held_back: list[int] = []
    for kind in (BlockKind.COMPONENT, BlockKind.UNIT, BlockKind.SUBSECTION, BlockKind.SECTION):
        level = {entity_of[item.num]: item.num for item in items if item.kind is kind}
        unready = _with_unpublished_children(level) if kind.is_container else set()
        held_back += [level[entity_id] for entity_id in unready]
        entity_ids = [entity_id for entity_id in level if entity_id not in unready]
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
    return logs, held_back


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


def _with_unpublished_children(entities: Mapping[PublishableEntity.ID, int]) -> set[PublishableEntity.ID]:
    """Of these containers, those whose draft has a child that was never published."""
    found: set[PublishableEntity.ID] = set()
    for batch in batched(entities, _BATCH_SIZE):
        found.update(
            Draft.objects.filter(
                entity_id__in=batch,
                # No published version: never published, or published as deleted.
                version__dependencies__published__version__isnull=True,
                version__dependencies__isnull=False,
            ).values_list("entity_id", flat=True)
        )
    return found
