"""
Undo and redo: the items of an import go back to the versions before it, or forth again.

What is to happen is judged in :mod:`.judging` from what :mod:`.circumstances` reads, and done in :mod:`.resetting`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from openedx_content.models_api import Collection as LibraryCollection
from openedx_content.models_api import Draft, LearningPackage

from ..data import (
    Outcome,
    Progress,
    ReversalData,
    ReversalItem,
    ReversalKind,
    ReversalOutcome,
    ReversalPlan,
)
from ..errors import NotFound
from ..hosts import Host
from ..imports import of_record
from ..linking import of_others, revert_links, to_be_changed
from ..models import Import, ImportRecord, Reversal, ReversalRecord
from ..rows import Row, in_batches, insert, no_pause
from ..running import lifecycle
from ..running.lifecycle import Step
from ..writing import Job
from ..writing.collection import put_back, take_out
from ..writing.tags import Tags, add_tags, remove_tags
from .circumstances import circumstances_of
from .forwarding import forward_again_or_not, reversed_forwarding
from .judging import Verdict, judge
from .records import CHANGING, WRITING, Changed, Versions, changed
from .resetting import Reset, Resetter

_REVERTED = [outcome for outcome in ReversalOutcome if outcome is not ReversalOutcome.KEPT]


def plan_reversal(
    run: Import, kind: ReversalKind, *, force: bool, before: Mapping[int, Versions] | None = None
) -> tuple[ReversalPlan, dict[int, Versions]]:
    """
    What undoing or redoing the import would do now, and the versions that entities would then have. No side effects; a
    fixed number of queries for each thousand items.

    ``before`` are the versions that others will have set entities to by then. Raises ``NotFound`` where the library is
    gone.
    """
    if run.learning_package_id is None:
        raise _library_is_gone(run)
    verdicts = _judged(run, kind, _considered(run, kind), force=force, before=before)
    after = {verdict.record.entity_id: verdict.goal for verdict in verdicts if not verdict.kept}
    kept = _kept(verdicts)
    links = sum(pk not in kept for pk in to_be_changed([run], kind).values_list("record_id", flat=True))
    links += len(of_others(run, kind, _removed(verdicts)))
    plan = replace(_as_plan(kind, verdicts), links=links, forwarding=reversed_forwarding(run, kind))
    return plan, {entity_id: goal for entity_id, goal in after.items() if entity_id is not None}


def revert(
    run: Import, kind: ReversalKind, *, library_key: Any, force: bool, host: Host, user: Any, progress: Progress
) -> None:
    """
    Undo or redo an import, record it, and move the import to ``undone`` or ``imported``. Must be inside
    ``all_or_nothing``.

    Does what :func:`plan_reversal` says, made under a lock on the library and on the drafts of the items, so that no
    other import or undo, and no author, comes in between. Where nothing is reverted, nothing is logged in the library.

    Raises ``NotFound`` where the library is gone.
    """
    package = LearningPackage.objects.select_for_update().filter(pk=run.learning_package_id).first()
    if package is None:
        raise _library_is_gone(run)
    job = Job(
        package_id=package.id,
        user_id=user.pk,
        now=timezone.now(),
        progress=progress,
        message=f"{kind.value.capitalize()} of the import from {run.source_key}"[:500],
    )
    job.tell("reverting", 0, 0, run.library_title)
    records = _considered(run, kind, job.tell_again)
    _lock_drafts(records, job.tell_again)
    verdicts = _judged(run, kind, records, force=force, pause=job.tell_again)
    job.tell_again()
    reverted = [verdict for verdict in verdicts if not verdict.kept]

    resetter = Resetter(job)
    resetter.reset([_as_reset(verdict) for verdict in sorted(reverted, key=_rank)])
    _collect_or_not(run, kind, verdicts, user)
    _tag_or_not(kind, reverted, partial(host.permitted_taxonomies, library_key))
    _mark_records(kind, verdicts, job.tell_again)
    forward_again_or_not(run, host, user, undone=kind is ReversalKind.UNDO)

    with lifecycle.hold(run):
        reversal = Reversal.objects.create(
            import_run=run,
            kind=kind,
            user=user,
            username=user.get_username(),
            forced=force,
            counts=(counts := dict(Counter(verdict.outcome.value for verdict in verdicts))),
            finished=job.now,
        )
        reversal.draft_change_logs.set(resetter.draft_change_logs)
        reversal.publish_logs.set(resetter.publish_logs)
        _write_records(reversal, verdicts, job.tell_again)
        revert_links(run, host, user, reversal, kept=_kept(verdicts), removed=_removed(verdicts))
    lifecycle.finish(run, Step.UNDO if kind is ReversalKind.UNDO else Step.REDO, told=counts)


def reversal_data(reversal: Reversal) -> ReversalData:
    """The undo or redo as plain data."""
    return ReversalData(
        kind=ReversalKind(reversal.kind),
        username=reversal.username,
        forced=reversal.forced,
        counts=reversal.counts,
        finished=reversal.finished,
    )


def reversal_item(done: ReversalRecord) -> ReversalItem:
    """What an undo or redo did with one item, as plain data; reads ``done.record``."""
    return ReversalItem(
        **of_record(done.record),
        outcome=ReversalOutcome(done.outcome),
        reason=done.reason,
        draft_before=done.draft_before_num,
        draft_after=done.draft_after_num,
        published_before=done.published_before_num,
        published_after=done.published_after_num,
    )


def _library_is_gone(run: Import) -> NotFound:
    return NotFound(_("The library {key} is gone.").format(key=run.library_key))


def _considered(run: Import, kind: ReversalKind, pause: Callable[[], None] = no_pause) -> list[Changed]:
    """An undo is about all that the import changed; a redo about what the last undo took back. Two queries at most."""
    records = run.records.filter(outcome__in=CHANGING)
    if kind is ReversalKind.REDO:
        last_undo = run.reversals.filter(kind=ReversalKind.UNDO).order_by("-pk").first()
        records = records.filter(reversal_records__reversal=last_undo, reversal_records__outcome__in=_REVERTED)
    return [record for batch in in_batches(changed(records.order_by("num")), pause) for record in batch]


def _judged(
    run: Import,
    kind: ReversalKind,
    records: Sequence[Changed],
    *,
    force: bool,
    before: Mapping[int, Versions] | None = None,
    pause: Callable[[], None] = no_pause,
) -> tuple[Verdict, ...]:
    there = circumstances_of(run, records, kind, with_holders=not force, before=before or {}, pause=pause)
    return judge(records, there, kind, force=force)


def _kept(verdicts: Iterable[Verdict]) -> set[int]:
    """The records of the items that stay as they are, and are not where they were to go."""
    return {verdict.record.pk for verdict in verdicts if verdict.kept and not verdict.settled}


def _removed(verdicts: Iterable[Verdict]) -> set[Any]:
    """The entity IDs of the items that go."""
    return {verdict.record.entity_id for verdict in verdicts if verdict.outcome is ReversalOutcome.REMOVED}


def _lock_drafts(records: Sequence[Changed], pause: Callable[[], None]) -> None:
    """Make authors who are about to change one of these items wait. One statement for each thousand."""
    for batch in in_batches((record.entity_id for record in records if record.entity_id is not None), pause):
        list(Draft.objects.select_for_update().filter(pk__in=batch).order_by("pk").values_list("pk"))


def _collect_or_not(run: Import, kind: ReversalKind, verdicts: Iterable[Verdict], user: Any) -> None:
    """Take out of the import's collections what it put there, or put it back; what is kept stays where it is."""
    if run.collection_id is None and not run.contents_collections:
        return
    # While this waited for the library, an undo may have passed on to it that it is a maker of them (see _pass_on).
    run.refresh_from_db(fields=["collection", "collection_made", "collection_title", "contents_collections"])
    records = list(run.records.filter(entity__isnull=False).values_list("entity_id", "outcome", "collected"))
    written: set[int] = {entity_id for entity_id, outcome, _collected in records if outcome in WRITING}
    moved = {verdict.record.entity_id for verdict in verdicts if verdict.settled or not verdict.kept}

    def apply(collection: LibraryCollection, added: set[int], made_as: str) -> None:
        leaving = added - written | added & moved
        if kind is ReversalKind.UNDO:
            take_out(collection, leaving, made_as=made_as or None)
        else:
            put_back(collection, leaving, made=bool(made_as), user_id=user.pk)

    made: dict[int, str] = {each["collection"]: each["made_as"] for each in run.contents_collections if each["made_as"]}
    if run.collection is not None:
        added: set[int] = {entity_id for entity_id, _outcome, collected in records if collected}
        apply(run.collection, added, run.collection_title if run.collection_made else "")
        made.update({run.collection.pk: run.collection_title} if run.collection_made else {})
    there = LibraryCollection.objects.filter(learning_package=run.learning_package_id).in_bulk(
        [each["collection"] for each in run.contents_collections]
    )
    for each in run.contents_collections:
        if each["collection"] in there:
            apply(there[each["collection"]], set(each["added"]), each["made_as"])
    if made and kind is ReversalKind.UNDO:
        _pass_on(run, made)


def _pass_on(run: Import, made: Mapping[int, str]) -> None:
    """
    Have the other imports that use these collections count as makers of them, too: by primary key, the titles under
    which this import has made them.

    The last of them to be undone then takes a collection along, and the first to be redone brings it back, in whatever
    order they are. One query, and one statement for each other import that uses one.
    """
    others = Import.objects.filter(library_key=run.library_key).exclude(pk=run.pk)
    others = others.filter(Q(collection__in=made.keys()) | ~Q(contents_collections=[]))
    for other in others.only("collection_id", "collection_made", "collection_title", "contents_collections"):
        changed = False
        if other.collection_id is not None and other.collection_id in made and not other.collection_made:
            other.collection_made, other.collection_title = True, made[other.collection_id]
            changed = True
        for each in other.contents_collections:
            if each["collection"] in made and not each["made_as"]:
                each["made_as"] = made[each["collection"]]
                changed = True
        if changed:
            other.save(update_fields=["collection_made", "collection_title", "contents_collections"])


def _tag_or_not(
    kind: ReversalKind, reverted: Iterable[Verdict], permitted: Callable[[Collection[int]], set[int]]
) -> None:
    """Take the tags away that the import gave the items, or give them again; the other way round where it removed."""
    gives_back = {Outcome.REMOVED} if kind is ReversalKind.UNDO else set(WRITING)
    taken: dict[str, Tags] = {}
    given: dict[str, Tags] = {}
    for record in (verdict.record for verdict in reverted if verdict.record.tags):
        (given if record.outcome in gives_back else taken)[record.item_key] = record.tags
    remove_tags(taken)
    add_tags(given, permitted)


def _mark_records(kind: ReversalKind, verdicts: Iterable[Verdict], pause: Callable[[], None]) -> None:
    """
    Keep ``undone`` true of the records of any import that tell of versions that were taken back, and of no others.

    Records that found such a version in the library are among them: an import that would still know of it would take
    the item for deleted. What is kept is in force as well: somebody may have restored it before the redo.
    """
    reverted = [verdict for verdict in verdicts if not verdict.kept]
    taken_back: set[int | None] = set()
    in_force = {verdict.after.draft for verdict in verdicts}
    if kind is ReversalKind.UNDO:
        for verdict in reverted:
            taken_back |= {verdict.record.after.draft, verdict.now.draft}
    _set_undone(taken_back - in_force, True, pause)
    _set_undone(in_force, False, pause)
    # A removal has no version to be known by, and is known to no other import.
    removals = [verdict.record.pk for verdict in reverted if verdict.record.outcome is Outcome.REMOVED]
    for batch in in_batches(removals, pause):
        ImportRecord.objects.filter(pk__in=batch).update(undone=kind is ReversalKind.UNDO)


def _set_undone(version_ids: Collection[int | None], undone: bool, pause: Callable[[], None]) -> None:
    known = [*WRITING, Outcome.UNCHANGED]
    for batch in in_batches((pk for pk in version_ids if pk is not None), pause):
        ImportRecord.objects.filter(draft_after_id__in=batch, outcome__in=known).update(undone=undone)


def _as_plan(kind: ReversalKind, verdicts: Iterable[Verdict]) -> ReversalPlan:
    return ReversalPlan(kind=kind, items=tuple(map(_as_item, verdicts)))


def _as_item(verdict: Verdict) -> ReversalItem:
    return ReversalItem(
        **of_record(verdict.record),
        outcome=verdict.outcome,
        reason=verdict.reason,
        draft_before=verdict.now.draft_num,
        draft_after=verdict.after.draft_num,
        published_before=verdict.now.published_num,
        published_after=verdict.after.published_num,
    )


def _as_reset(verdict: Verdict) -> Reset:
    assert verdict.record.entity_id is not None
    return Reset(verdict.record.entity_id, verdict.record.called, verdict.now, verdict.goal)


def _rank(verdict: Verdict) -> int:
    return verdict.record.kind.rank


def _write_records(reversal: Reversal, verdicts: Iterable[Verdict], pause: Callable[[], None]) -> None:
    """One record for every item; a statement for each batch."""
    for batch in in_batches(verdicts, pause):
        insert(ReversalRecord, _COLUMNS, [_row(reversal, verdict) for verdict in batch])


_COLUMNS = (
    *("reversal", "record", "outcome", "reason"),
    *("draft_before_num", "draft_after_num", "published_before_num", "published_after_num"),
)


def _row(reversal: Reversal, verdict: Verdict) -> Row:
    """A record as a row of :data:`_COLUMNS`."""
    now, after = verdict.now, verdict.after
    return (
        reversal.pk,
        verdict.record.pk,
        verdict.outcome.value,
        verdict.reason,
        now.draft_num,
        after.draft_num,
        now.published_num,
        after.published_num,
    )
