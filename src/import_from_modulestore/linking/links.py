"""Reading what there is to link, linking it, and taking links off again, each with its record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from openedx_content.models_api import EntityListRow, PublishableEntity

from ..data import Branch, ConflictState, LinkData, LinkPlan, LinkState, Outcome, ReversalKind
from ..errors import NotFound
from ..hosts import Host
from ..hosts.links import CourseBlock, CourseLinks, MadeLink, WantedLink
from ..keys import parse_source_key
from ..models import BlockLink, Import, ImportRecord, LinkChange, Reversal
from .judging import Judge, PublishedItem, first_of_each

_BATCH_SIZE = 500
_MADE_OR_MET = (Outcome.CREATED, Outcome.UPDATED, Outcome.FORKED, Outcome.UNCHANGED)
_SKIPPED = (ConflictState.SOURCE_CHANGED, ConflictState.LIBRARY_CHANGED, ConflictState.BOTH_CHANGED)
"""States of skipped blocks whose item is theirs all the same."""
_DEFERRED = ("source_content", "warnings", "files", "missing_files", "left_out", "inside", "tags", "tags_left_out")


def links_of(run: Import) -> QuerySet[BlockLink]:
    """The links that the import has made and that were not taken off by it."""
    return BlockLink.objects.filter(record__import_run=run, unlinked=None).select_related("record", "change")


def to_be_changed(runs: Collection[Import], kind: ReversalKind) -> QuerySet[BlockLink]:
    """
    The links that an undo or redo of these imports may take off or make again: all but those of items that an import
    has changed and that stay as they are.
    """
    links = BlockLink.objects.filter(record__import_run__in=runs).select_related("record", "change")
    if kind is ReversalKind.UNDO:
        return links.filter(unlinked=None)
    undos = Reversal.objects.filter(import_run=OuterRef("record__import_run"), kind=ReversalKind.UNDO)
    return links.filter(unlinked__reversal=Subquery(undos.order_by("-pk").values("pk")[:1]))


def of_others(run: Import, kind: ReversalKind, removed: Collection[Any]) -> list[BlockLink]:
    """
    The links that other imports of the same source have made, and that an undo takes off since it removes their items
    (``removed`` are their entity IDs), or a redo makes again. Two queries at most.
    """
    links = BlockLink.objects.exclude(record__import_run=run).select_related("record__import_run", "change")
    if kind is ReversalKind.REDO:
        undo = run.reversals.filter(kind=ReversalKind.UNDO).order_by("-pk").first()
        return list(links.filter(unlinked__reversal=undo)) if undo else []
    return [row for row in links.filter(_standing([run])) if row.record.entity_id in removed]


def changing_links(runs: Collection[Import], kind: ReversalKind) -> set[int]:
    """The primary keys of those of these imports of which an undo or redo may change links. One query."""
    if kind is ReversalKind.REDO:
        undos = Reversal.objects.filter(import_run=OuterRef("unlinked__reversal__import_run"), kind=ReversalKind.UNDO)
        last = Subquery(undos.order_by("-pk").values("pk")[:1])
        links = BlockLink.objects.filter(unlinked__reversal__import_run__in=runs, unlinked__reversal=last)
        return set(links.order_by().values_list("unlinked__reversal__import_run", flat=True).distinct())
    own = to_be_changed(runs, kind).order_by().values_list("record__import_run", flat=True)
    standing = BlockLink.objects.filter(_standing(runs)).order_by()
    of_source = standing.filter(
        record__entity=OuterRef("entity"), record__import_run__source_key=OuterRef("import_run__source_key")
    )
    # The first condition says it all; the second is asked once, and leaves next to nothing to be asked the first about.
    made = ImportRecord.objects.filter(
        Exists(of_source), entity__in=standing.values("record__entity"), import_run__in=runs, draft_before=None
    )
    return set(own.union(made.order_by().values_list("import_run", flat=True)))


def _standing(runs: Collection[Import]) -> Q:
    """Of links: that they stand, and were made by imports of the same sources into the same libraries."""
    return Q(
        unlinked=None,
        record__import_run__source_key__in={run.source_key for run in runs},
        record__import_run__source_origin__in={run.source_origin for run in runs},
        record__import_run__library_key__in={run.library_key for run in runs},
    )


def links_at(run: Import, host: Host) -> CourseLinks | None:
    """What has blocks of the import's source follow items; ``None`` where nothing does."""
    try:
        links = host.sources.of(run.source_origin).links()
    except NotFound:  # The site has that origin no more.
        return None
    return links if links is not None and not links.refusal_of(parse_source_key(run.source_key)) else None


def course_is_there(run: Import, course: CourseLinks) -> bool:
    """Whether the course is not deleted."""
    return _course(run, course) is not None


def plan_links(run: Import, course: CourseLinks) -> LinkPlan:
    """
    What of the import can be linked, and what is. No side effects.

    One reading of the course's structure, and a fixed number of queries for each 500 blocks. Raises ``NotFound`` where
    the course is gone, and ``SourceError``.
    """
    return _planned(run, _read(run, course))


def link(
    run: Import,
    course: CourseLinks,
    user: Any,
    chosen: Callable[[LinkPlan, Mapping[str, CourseBlock]], Collection[str]],
) -> int:
    """
    Link the blocks that are chosen from the plan, and record it; returns how many. Must be inside a transaction.

    Raises ``InvalidOption`` where the platform refuses one of them: none is linked then.
    """
    blocks = _read(run, course)
    plan = _planned(run, blocks)
    return _link(run, course, user, plan, chosen(plan, blocks))


def unlink(
    run: Import, course: CourseLinks, user: Any, usage_keys: Collection[str] | None, *, reversal: Reversal | None = None
) -> int:
    """
    Take links of the import off, each with all around it and in it; returns how many. Must be inside a transaction.

    ``None`` means all. Nothing is done where the course is gone. Raises ``NotFound`` for a block that the import has
    not linked.
    """
    rows = {row.record.usage_key: row for row in links_of(run)}
    blocks = _course(run, course) if rows else None
    if blocks is None:
        return 0
    wanted = rows.keys() if usage_keys is None else _with_their_trees(usage_keys, rows.keys(), blocks)
    taken_off = [rows[key] for key in rows if key in wanted]
    if not taken_off:
        return 0
    versions = course.unlink(parse_source_key(run.source_key), [_made(row) for row in taken_off], user)
    change = _new_change(run, user, reversal)
    for row in taken_off:
        row.unlinked = change
        row.block_version = versions.get(row.record.usage_key, row.block_version)
    BlockLink.objects.bulk_update(taken_off, ["unlinked", "block_version"], batch_size=_BATCH_SIZE)
    return len(versions)


def revert_links(
    run: Import, host: Host, user: Any, reversal: Reversal, *, kept: Collection[int], removed: Collection[Any]
) -> int:
    """
    With an undo, take the links off, but those of items that it leaves as the import has made them (``kept`` are
    primary keys of records); and those that other imports have made to items that it removes (``removed`` are entity
    IDs). With a redo, link what the undo has unlinked, as far as that can be now. Returns how many. Must be inside a
    transaction.
    """
    course = links_at(run, host)
    if course is None:
        return 0
    kind = ReversalKind(reversal.kind)
    rows = [row for row in to_be_changed([run], kind) if row.record_id not in kept]
    by_import: dict[Import, list[BlockLink]] = {run: rows} if rows else {}
    for row in of_others(run, kind, removed):
        by_import.setdefault(row.record.import_run, []).append(row)
    if kind is ReversalKind.REDO:
        return sum(_link_again(each, course, user, links, reversal) for each, links in by_import.items())
    if not by_import or not course_is_there(run, course):
        return 0
    return sum(
        unlink(each, course, user, [row.record.usage_key for row in links], reversal=reversal)
        for each, links in by_import.items()
    )


def _link_again(run: Import, course: CourseLinks, user: Any, rows: Iterable[BlockLink], reversal: Reversal) -> int:
    blocks = _course(run, course)
    if blocks is None:
        return 0
    were_changed = {row.record.usage_key: row.was_changed for row in rows}
    plan = _planned(run, blocks)
    keys = [
        item.usage_key
        for item in plan.items
        if (item.state is LinkState.READY and item.usage_key in were_changed)
        or (item.state is LinkState.CHANGED and were_changed.get(item.usage_key, False))
    ]
    return _link(run, course, user, plan, keys, reversal=reversal)


def _link(
    run: Import,
    course: CourseLinks,
    user: Any,
    plan: LinkPlan,
    keys: Collection[str],
    *,
    reversal: Reversal | None = None,
) -> int:
    items = {item.usage_key: item for item in plan.items if item.usage_key in keys}
    if not items:
        return 0
    wanted = [_wanted(item) for item in items.values()]
    made = {link.usage_key: link for link in course.link(parse_source_key(run.source_key), wanted, user)}
    change = _new_change(run, user, reversal)
    records = run.records.filter(num__in=[item.num for item in items.values()]).only("pk", "num", "usage_key")
    links_of(run).filter(record__in=[record.pk for record in records]).update(unlinked=change)
    BlockLink.objects.bulk_create(
        [
            BlockLink(
                record=record,
                change=change,
                before=dict(made[record.usage_key].before),
                block_version=made[record.usage_key].version,
                was_changed=items[record.usage_key].state is LinkState.CHANGED,
            )
            for record in records
        ],
        batch_size=_BATCH_SIZE,
    )
    return len(made)


def _wanted(item: LinkData) -> WantedLink:
    return WantedLink(
        usage_key=item.usage_key,
        item_key=item.item_key,
        version=item.version or 0,
        is_changed=item.state is LinkState.CHANGED,
    )


def _made(row: BlockLink) -> MadeLink:
    return MadeLink(usage_key=row.record.usage_key, item_key=row.record.item_key, before=row.before)


def _new_change(run: Import, user: Any, reversal: Reversal | None) -> LinkChange:
    return LinkChange.objects.create(import_run=run, user=user, username=user.get_username(), reversal=reversal)


def _read(run: Import, course: CourseLinks) -> Mapping[str, CourseBlock]:
    return course.read(parse_source_key(run.source_key), version=run.source_version, branch=Branch(run.branch))


def _course(run: Import, course: CourseLinks) -> Mapping[str, CourseBlock] | None:
    """The course, where it is there still."""
    try:
        return _read(run, course)
    except NotFound:
        return None


def _planned(run: Import, blocks: Mapping[str, CourseBlock]) -> LinkPlan:
    found = run.records.filter(outcome__in=(*_MADE_OR_MET, Outcome.SKIPPED), entity__isnull=False, undone=False)
    records = first_of_each(
        record
        for record in found.order_by("num").defer(*_DEFERRED)
        if record.outcome != Outcome.SKIPPED or record.state in _SKIPPED
    )
    links = BlockLink.objects.filter(record__import_run=run).select_related("record", "change").order_by("pk")
    judge = Judge(
        records=records,
        blocks=blocks,
        items=_published([record.entity_id for record in records.values()]),
        links={row.record.usage_key: row for row in links},
    )
    return LinkPlan(source_key=run.source_key, items=tuple(judge.all()))


def _published(entity_ids: Sequence[Any]) -> dict[int, PublishedItem]:
    """What of these items is published; two queries for each 500."""
    found: dict[int, PublishedItem] = {}
    for batch in batched(entity_ids, _BATCH_SIZE):
        children: dict[int, list[int]] = {}
        held = EntityListRow.objects.filter(
            entity_list__container_versions__publishable_entity_version__published__entity_id__in=batch,
            entity__published__version__isnull=False,
        )
        owner = F("entity_list__container_versions__publishable_entity_version__entity_id")
        current = F("entity_list__container_versions__publishable_entity_version__published__entity_id")
        for container_id, _current, entity_id in held.order_by("order_num").values_list(owner, current, "entity_id"):
            children.setdefault(container_id, []).append(entity_id)
        versions = PublishableEntity.objects.filter(pk__in=batch).values_list(
            "pk", "published__version__version_num", "draft__version"
        )
        for pk, num, draft in versions:
            found[pk] = PublishedItem(num, tuple(children.get(pk, ())), is_deleted=draft is None)
    return found


def _with_their_trees(keys: Iterable[str], linked: Collection[str], blocks: Mapping[str, CourseBlock]) -> set[str]:
    """
    These blocks, and those of the ``linked`` that are around them and in what is around them.

    A container that follows the library with something in it that does not would lose that to the next update.
    """
    parents = {child: key for key, block in blocks.items() for child in block.children}
    found: set[str] = set()
    for key in keys:
        if key not in linked:
            told = _("This import has not linked {key}, or it is unlinked already.").format(key=key)
            raise NotFound(told, field="usage_keys")
        top = key
        while (parent := parents.get(top, "")) in linked:
            top = parent
        found |= {below for below in tree_of(top, blocks) if below in linked}
    return found


def tree_of(usage_key: str, blocks: Mapping[str, CourseBlock]) -> Iterator[str]:
    """A block and all in it, outermost first."""
    yield usage_key
    for child in blocks[usage_key].children if usage_key in blocks else ():
        yield from tree_of(child, blocks)
