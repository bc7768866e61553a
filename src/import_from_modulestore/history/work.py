"""
The work list of an import: what could not go, for somebody to see to.

What is on it follows from the records, and nothing is kept of that. An entry is done where somebody has said so
(:class:`..models.DoneMark`), or where a later import has brought the block whole.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from ..data import BlockKind, Contents, Decision, ImportState, Outcome, Work, WorkItem
from ..models import DoneMark, Import, ImportRecord
from .records import BATCH_SIZE, WRITING, record_data, with_imports

HAS_WORK = (ImportState.IMPORTED, ImportState.UNDOING)
"""States in which an import has something to work off: one that is undone has left nothing to be mended."""

_LEAVES_OUT = ("", Contents.LEAVE_OUT.value)
"""Of a component that a library cannot hold: nobody has chosen what becomes of what is inside it."""

_DRAFTS = (Decision.NEW_VERSION.value, Decision.MERGE.value)
"""Decisions that may leave a draft on purpose."""


def with_later(records: QuerySet[ImportRecord]) -> QuerySet[ImportRecord]:
    """
    The records with ``brought_by``, the import that has brought the block whole since.

    The first that did: of the same block, into the same library, not undone, with all files, and finished later.
    """
    later = ImportRecord.objects.filter(
        usage_key=OuterRef("usage_key"),
        import_run__library_key=OuterRef("import_run__library_key"),
        import_run__finished__gt=OuterRef("import_run__finished"),
        outcome__in=(*WRITING, Outcome.UNCHANGED),
        undone=False,
        missing_files=[],
    )
    first = later.order_by("import_run__finished", "num").values("import_run__uuid")[:1]
    return records.annotate(brought_by=Subquery(first))


def on_work_list() -> Q:
    """
    That a record is on its import's work list; :func:`_reasons` says why.

    What was skipped is not: that was decided, and the next review shows it again.
    """
    written = Q(outcome__in=WRITING)
    is_current = Q(published_after_num__isnull=False, published_after_num=F("draft_after_num"))
    held_back = (
        written & Q(import_run__publish=True) & ~Q(kind=BlockKind.COMPONENT) & ~Q(decision__in=_DRAFTS) & ~is_current
    )
    return Q(import_run__state__in=HAS_WORK) & (
        Q(outcome=Outcome.FAILED)
        | Q(outcome=Outcome.UNSUPPORTED, contents__in=_LEAVES_OUT)
        | (written & ~Q(missing_files=[]))
        | held_back
    )


OPEN = Q(done_mark=None, brought_by=None)
"""Of records :func:`with_later`: that nothing was done about it yet."""


def with_work(records: QuerySet[ImportRecord]) -> QuerySet[ImportRecord]:
    """Records :func:`with_later`, with what :func:`work_item` reads besides."""
    return with_imports(records).select_related("done_mark")


def work_item(record: ImportRecord) -> WorkItem:
    """An entry of the work list as plain data; of a record :func:`with_work`."""
    mark: DoneMark | None = getattr(record, "done_mark", None)
    brought_by: Any = record.brought_by  # type: ignore[attr-defined]
    return WorkItem(
        record=record_data(record),
        reasons=_reasons(record),
        done=mark.marked if mark else None,
        done_by=mark.username if mark else "",
        brought_by=str(brought_by) if brought_by else "",
    )


def mark(run: Import, nums: Collection[int], user: Any, *, done: bool) -> int:
    """Mark these entries as done, or as open; returns how many were not. Of two who do so at once, one has done it."""
    marks = DoneMark.objects.filter(record__import_run=run, record__num__in=nums)
    if not done:
        return marks.delete()[0]
    marked = set(marks.values_list("record__num", flat=True))
    records = run.records.filter(num__in=set(nums) - marked).only("pk")
    new = [DoneMark(record=record, user=user, username=user.get_username()) for record in records]
    DoneMark.objects.bulk_create(new, batch_size=BATCH_SIZE, ignore_conflicts=True)
    return len(new)


def _reasons(record: ImportRecord) -> tuple[Work, ...]:
    if record.outcome == Outcome.FAILED:
        return (Work.FAILED,)
    if record.outcome == Outcome.UNSUPPORTED:
        return (Work.UNSUPPORTED,)
    reasons = []
    if record.missing_files:
        reasons.append(Work.FILES_MISSING)
    is_container = BlockKind(record.kind).is_container
    if is_container and record.decision not in _DRAFTS and record.published_after_num != record.draft_after_num:
        reasons.append(Work.HELD_BACK)
    return tuple(reasons)
