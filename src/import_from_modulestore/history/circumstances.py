"""Reading what a judgement has to know of the library: a fixed number of queries for each 500 items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Any

from django.db.models import F, Min, Model, Q, QuerySet
from openedx_content.models_api import DraftChangeLogRecord, EntityListRow, PublishLogRecord

from ..models import Import, ImportRecord
from .judging import Circumstances, Holder
from .records import BATCH_SIZE, WRITING, versions_of

_VERSION = "entity_list__container_versions__publishable_entity_version"


def circumstances_of(run: Import, records: Sequence[ImportRecord], *, with_holders: bool) -> Circumstances:
    """What the library holds now of the items of these records."""
    entity_ids: list[Any] = [record.entity_id for record in records if record.entity_id is not None]
    versions = versions_of(entity_ids)
    drafts = {now.draft for now in versions.values() if now.draft is not None}
    return Circumstances(
        versions=versions,
        holders=_holders(run, entity_ids) if with_holders else {},
        from_imports=_from_imports(run, drafts),
    )


def _from_imports(run: Import, version_ids: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for batch in batched(version_ids, BATCH_SIZE):
        written = ImportRecord.objects.filter(draft_after_id__in=batch, outcome__in=WRITING, undone=False)
        found.update(written.exclude(import_run=run).values_list("draft_after_id", flat=True))
    return found


def _holders(run: Import, entity_ids: Sequence[Any]) -> dict[int, list[Holder]]:
    """The containers that hold each of these entities, in their draft or their published version."""
    titles: dict[tuple[int, int], str] = {}
    for batch in batched(entity_ids, BATCH_SIZE):
        rows = EntityListRow.objects.filter(
            Q(**{f"{_VERSION}__draft__isnull": False}) | Q(**{f"{_VERSION}__published__isnull": False}),
            entity_id__in=batch,
        ).values_list(
            "entity_id",
            F(f"{_VERSION}__entity_id"),
            F(f"{_VERSION}__title"),
            F("entity_list__container_versions__container__container_code"),
        )
        for entity_id, container_id, title, code in rows.order_by(f"{_VERSION}_id"):  # The newest title counts.
            titles[entity_id, container_id] = title or code
    then = _held_then(run, list({container_id for _entity_id, container_id in titles}), set(entity_ids))
    holders: dict[int, list[Holder]] = {}
    for (entity_id, container_id), title in titles.items():
        since = entity_id not in then.get(container_id, ())
        holders.setdefault(entity_id, []).append(Holder(entity_id=container_id, title=title, since=since))
    return holders


def _held_then(run: Import, container_ids: Sequence[int], entity_ids: set[int]) -> dict[int, set[int]]:
    """
    What these containers held when the import had just been written, in their drafts and their published versions.

    The first thing that was logged of a container since tells which version it had; nothing logged, that it still has
    it. Publishing is told apart by time, since an import that publishes nothing leaves no publish log to count from.
    """
    containers_with: dict[int, int] = {}
    for batch in batched(container_ids, BATCH_SIZE):
        drafts = DraftChangeLogRecord.objects.filter(draft_change_log_id__gt=run.draft_change_log_id or 0)
        published = PublishLogRecord.objects.filter(publish_log__published_at__gt=run.started)
        versions = versions_of(batch)
        first_drafts, first_published = _first_old_versions(drafts, batch), _first_old_versions(published, batch)
        for entity_id, now in versions.items():
            for version_id in (
                first_drafts.get(entity_id, now.draft),
                first_published.get(entity_id, now.published),
            ):
                if version_id is not None:
                    containers_with[version_id] = entity_id
    held: dict[int, set[int]] = {}
    for batch in batched(containers_with, BATCH_SIZE):
        rows = EntityListRow.objects.filter(**{f"{_VERSION}_id__in": batch})
        for version_id, entity_id in rows.values_list(F(f"{_VERSION}_id"), "entity_id").iterator():
            if entity_id in entity_ids:
                held.setdefault(containers_with[version_id], set()).add(entity_id)
    return held


def _first_old_versions[Row: Model](records: QuerySet[Row], entity_ids: Sequence[int]) -> dict[int, int | None]:
    """The version before the first of these log records, for each entity that has one."""
    first = records.filter(entity_id__in=entity_ids).order_by().values("entity_id").annotate(first=Min("pk"))
    rows = records.model._default_manager.filter(pk__in=first.values("first"))
    return dict(rows.values_list("entity_id", "old_version_id"))
