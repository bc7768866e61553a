"""
Completing what was completed before: where neither the source nor the library has changed since an earlier import, what
that one has recorded is recorded again, and nothing is planned.

That an import would come to the same is known by a stamp: a hash of all that decides what planning makes of it, but for
the library. The library is looked at: each item still has to be what the earlier import has left or found.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q
from django.utils.translation import get_language
from openedx_content.models_api import PublishableEntity

from ..data import Decision, ImportState, Outcome, Plan, PlannedItem, Progress
from ..history.records import repeat_records
from ..hosts import Host
from ..imports import options_of
from ..keys import parse_library_key
from ..library import MET
from ..models import Import, ImportRecord, StagedSource
from ..rows import in_batches
from ..staging.again import code
from ..staging.reviewed import SAYS_ANYTHING
from ..stamps import stamp_of

_NOTHING = (Outcome.UNSUPPORTED, Outcome.FAILED)
"""Outcomes of what becomes no item."""


@dataclass(frozen=True)
class CompletedBefore:
    """An import that has brought, or found, all that another would; its ``counts`` are what that other comes to."""

    run: Import
    counts: dict[str, int]

    @property
    def top_level(self) -> list[int]:
        """The entity IDs of what goes into the collection of an import. One query."""
        return list(_items(self.run).filter(depth=0).order_by().values_list("entity_id", flat=True))

    def record_again(self, run: Import, progress: Progress, *, collected: Collection[Any]) -> None:
        """Give the other import its records; ``collected`` are the entity IDs that it has put into its collection."""
        repeat_records(self.run, run, lambda done: progress("planning", done, run.block_count, run.source_title))
        for batch in in_batches(sorted(collected)):
            ImportRecord.objects.filter(import_run=run, entity_id__in=batch).update(collected=True)


def circumstances(run: Import, host: Host) -> str:
    """
    Hash of all that decides what becomes of a staged import, but for the library.

    What is staged, which the stamp of its source tells and the facts that were told of it; the options; the language
    that is spoken; the app as this process has loaded it. Empty where a review has said anything, where all is forked
    each time, where references of courses are forwarded here, and where nothing tells for certain what the source was.
    Three queries at most.
    """
    source = StagedSource.objects.filter(import_run=run).first()
    if source is None or not code() or source.facts["warned"] or host.forwarding() is not None:
        return ""
    if run.on_conflict == Decision.FORK:
        return ""
    if run.removals.exists() or run.blocks.filter(SAYS_ANYTHING | Q(choices_from__isnull=False)).exists():
        return ""
    return stamp_of(source.stamp, sorted(source.facts.items()), options_of(run), get_language(), code())


def completed_before(run: Import, stamp: str, host: Host) -> CompletedBefore | None:
    """
    The import that this one would only repeat, if there is one: it had the same ``stamp``, all of its items are still
    as it has left them, and no other import of the source has brought anything since, or anything else.

    One query where there is none; else three more, and the keys of what imports under other circumstances have brought.
    """
    earlier = Import.objects.filter(
        state=ImportState.IMPORTED,
        source_key=run.source_key,
        library_key=run.library_key,
        learning_package_id=run.learning_package_id,
        staged_source__records_stamp=stamp,
    )
    before = earlier.exclude(pk=run.pk).order_by("-finished").first() if stamp else None
    if before is None:
        return None
    counts = {outcome.value: Q(outcome=outcome, entity=None) for outcome in _NOTHING}
    counts[Outcome.UNCHANGED] = Q(
        undone=False,
        outcome__in=MET,
        entity__learning_package_id=run.learning_package_id,
        entity__draft__version_id=F("draft_after_id"),
    )
    found = before.records.aggregate(
        records=Count("pk"), **{name: Count("pk", filter=those) for name, those in counts.items()}
    )
    if found.pop("records") != sum(found.values()) or _is_too_full(run, host) or _has_other_history(before, stamp):
        return None
    return CompletedBefore(before, {name: count for name, count in found.items() if count})


def says_it_again(plan: Plan) -> bool:
    """
    Whether another import that finds everything as this plan leaves it would come to the same records, but for what is
    told of a change.
    """
    return not plan.gone and all(map(_says_it_again, plan.items))


def _says_it_again(item: PlannedItem) -> bool:
    if item.outcome in _NOTHING:
        return item.entity_id is None and not item.collection_title
    if item.source_digest != item.item_digest or item.decision is Decision.MERGE or item.outcome not in MET:
        return False
    # What replaces something else is warned of that.
    return item.outcome in (Outcome.CREATED, Outcome.UNCHANGED) or not item.warnings


def keep_known(run: Import, stamp: str) -> None:
    """Have others know what the import has recorded, by its :func:`circumstances`. One statement, or none."""
    if stamp:
        StagedSource.objects.filter(import_run=run).update(records_stamp=stamp)


def _items(run: Import) -> Any:
    return run.records.filter(outcome__in=MET, undone=False, entity__isnull=False)


def _is_too_full(run: Import, host: Host) -> bool:
    """Whether the library holds more than it may, so that nothing can be completed: planning says so."""
    live = PublishableEntity.objects.filter(learning_package_id=run.learning_package_id, draft__version__isnull=False)
    return live.count() > host.block_limit(parse_library_key(run.library_key))


def _has_other_history(before: Import, stamp: str) -> bool:
    """
    Whether other imports of the source have brought blocks that it did not, or have been at the same ones since.

    Those with the same ``stamp`` were of the same blocks.
    """
    others = Import.objects.filter(source_key=before.source_key, library_key=before.library_key).exclude(pk=before.pk)
    others = others.exclude(staged_source__records_stamp=stamp)
    theirs = ImportRecord.objects.filter(
        import_run__in=others, undone=False, outcome__in=MET, entity__isnull=False
    ).order_by()
    if not theirs.exists():
        return False
    own = dict(_items(before).order_by().values_list("usage_key", "pk"))
    return any(pk > own.get(key, 0) for key, pk in theirs.values_list("usage_key", "pk").iterator())
