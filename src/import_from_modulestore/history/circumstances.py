"""Reading what a judgement has to know of the library: a fixed number of queries for each thousand items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max, Min, Model, Q, QuerySet
from openedx_content.models_api import DraftChangeLogRecord, EntityListRow, PublishLogRecord

from ..data import Outcome, ReversalKind
from ..models import Import, ImportRecord
from ..rows import in_batches
from .judging import Circumstances, Holder
from .records import WRITING, Changed, Versions, versions_of

_VERSION = "entity_list__container_versions__publishable_entity_version"


@dataclass(frozen=True, slots=True)
class _Moment:
    """When an import or an undo had just been written: its last log of drafts, and the time of its publishing."""

    draft_change_log: int
    published: datetime | None


def circumstances_of(
    run: Import,
    records: Sequence[Changed],
    kind: ReversalKind,
    *,
    with_holders: bool,
    before: Mapping[int, Versions],
    pause: Callable[[], None],
) -> Circumstances:
    """
    What the library holds now of the items of these records; or will, once entities have the versions ``before``.

    ``pause`` is called amid longer work, and may raise.
    """
    entity_ids: list[Any] = [record.entity_id for record in records if record.entity_id is not None]
    versions = {pk: before.get(pk, now) for pk, now in versions_of(entity_ids, pause).items()}
    drafts = {now.draft for now in versions.values() if now.draft is not None}
    deleted = [pk for pk, now in versions.items() if now.draft is None]
    holders: dict[int, list[Holder]] = {}
    if with_holders and kind is ReversalKind.UNDO:
        holders = _holders(_Moment(run.draft_change_log_id or 0, run.started), entity_ids, pause)
    elif with_holders:  # A redo takes out of the library what the import had removed, and nothing else.
        removed = [record.entity_id for record in records if record.outcome is Outcome.REMOVED]
        holders = _holders(_last_undo(run), removed, pause) if removed else {}
    gone = {pk for pk, then in before.items() if then.draft is None and then.published is None}
    holders = {pk: [each for each in found if each.entity_id not in gone] for pk, found in holders.items()}
    return Circumstances(
        versions=versions,
        holders=holders,
        from_imports=_from_imports(run, drafts, pause),
        removed_by_imports=_removed_by_imports(run, deleted, pause),
    )


def _last_undo(run: Import) -> _Moment:
    last = run.reversals.filter(kind=ReversalKind.UNDO).annotate(log=Max("draft_change_logs")).latest("pk")
    return _Moment(last.log or 0, last.finished)


def _removed_by_imports(run: Import, entity_ids: Iterable[Any], pause: Callable[[], None]) -> set[int]:
    found: set[int] = set()
    for batch in in_batches(entity_ids, pause):
        removals = ImportRecord.objects.filter(entity_id__in=batch, outcome=Outcome.REMOVED, undone=False)
        found.update(removals.exclude(import_run=run).values_list("entity_id", flat=True))
    return found


def _from_imports(run: Import, version_ids: Iterable[int], pause: Callable[[], None]) -> set[int]:
    found: set[int] = set()
    for batch in in_batches(version_ids, pause):
        written = ImportRecord.objects.filter(draft_after_id__in=batch, outcome__in=WRITING, undone=False)
        found.update(written.exclude(import_run=run).values_list("draft_after_id", flat=True))
    return found


def _holders(moment: _Moment, entity_ids: Sequence[Any], pause: Callable[[], None]) -> dict[int, list[Holder]]:
    """The containers that hold each of these entities, in their draft or their published version."""
    titles: dict[tuple[int, int], str] = {}
    for batch in in_batches(entity_ids, pause):
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
    then = _held_then(moment, list({container_id for _entity_id, container_id in titles}), set(entity_ids), pause)
    holders: dict[int, list[Holder]] = {}
    for (entity_id, container_id), title in titles.items():
        since = entity_id not in then.get(container_id, ())
        holders.setdefault(entity_id, []).append(Holder(entity_id=container_id, title=title, since=since))
    return holders


def _held_then(
    moment: _Moment, container_ids: Sequence[int], entity_ids: set[int], pause: Callable[[], None]
) -> dict[int, set[int]]:
    """
    What these containers held at a moment, in their drafts and their published versions.

    The first thing that was logged of a container since tells which version it had; nothing logged, that it still has
    it. Publishing is told apart by time, since an import that publishes nothing leaves no publish log to count from.
    """
    containers_with: dict[int, int] = {}
    for batch in in_batches(container_ids, pause):
        drafts = DraftChangeLogRecord.objects.filter(draft_change_log_id__gt=moment.draft_change_log)
        published = PublishLogRecord.objects.filter(publish_log__published_at__gt=moment.published)
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
    for batch in in_batches(containers_with, pause):
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
