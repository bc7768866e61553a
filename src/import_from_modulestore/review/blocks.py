"""Staged blocks in pages, each with what the plan makes of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language
from openedx_content.models_api import Collection, DraftChangeLog, LearningPackage, PublishLog

from ..data import BlockData, BlockKind, Contents, Decision, LocalKey, Plan, PlannedItem
from ..keys import library_item_key, parse_library_key
from ..models import Import, StagedBlock
from ..running.lifecycle import WRITTEN
from .outline import Outline

EDITED = ~Q(edited_title="", edited_olx="")
"""Of staged blocks: which have another title or other OLX than they came with."""

_KEPT_PLANS = 4
_PATIENCE = 30
"""Seconds that a thread waits for another to make a plan, before it makes it itself."""

_KEPT_ITEMS = 50_000
"""Planned items that are kept in all, some 2 kB each; the newest plan always is."""


@dataclass(frozen=True)
class PlannedImport:
    """An import with its plan, for showing its blocks."""

    run: Import
    plan: Plan

    @cached_property
    def items(self) -> Mapping[int, PlannedItem]:
        """Planned items by ``num``."""
        return {item.num: item for item in self.plan.items}

    @cached_property
    def names(self) -> Mapping[LocalKey, str]:
        """What people call the blocks that have items, by the keys of these."""
        return {item.local_key: item.name for item in self.plan.items if item.local_key}

    @cached_property
    def outline(self) -> Outline:
        """The tree in numbers. One query, the first time."""
        return Outline.of(self.run, self.plan)

    @cached_property
    def library_key(self) -> Any:
        """The library's key."""
        return parse_library_key(self.run.library_key)


class Plans:
    """
    The last few plans of this process, so that paging through a review does not plan anew for each page.

    A plan is used again only while nothing changed that it was made from: the import's revision, the library's change
    logs and collections, the imports into it, their undos and redos. Showing uses these; writing always plans anew. One
    of a change that is rolled back goes with the next, which has its revision.
    """

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[Any, ...], PlannedImport] = OrderedDict()
        self._turns: WeakValueDictionary[tuple[Any, ...], Lock] = WeakValueDictionary()
        """Whose turn it is to make a plan; forgotten when nobody waits."""
        self._lock = Lock()

    def of(self, stamp: tuple[Any, ...], make: Callable[[], PlannedImport]) -> PlannedImport:
        """
        What is kept under a stamp, or made now. Of several threads that ask at once, as the parts of a page do after a
        change, one makes it and the others wait for that, though not for longer than a plan should ever take.
        """
        with self._lock:
            planned = self._plans.get(stamp)
            turn = self._turns.setdefault(stamp, Lock())
        if planned is not None:
            return planned
        is_mine = turn.acquire(timeout=_PATIENCE)
        try:
            with self._lock:
                planned = self._plans.get(stamp)
            if planned is None:
                planned = make()
                self._put(stamp, planned)
            return planned
        finally:
            if is_mine:
                turn.release()

    def forget(self, run: Import) -> None:
        """Forget the plans of an import that is being changed: what they are kept under may come to mean another."""
        with self._lock:
            for stamp in [stamp for stamp, planned in self._plans.items() if planned.run == run]:
                del self._plans[stamp]

    def _put(self, stamp: tuple[Any, ...], planned: PlannedImport) -> None:
        with self._lock:
            self._plans[stamp] = planned
            while len(self._plans) > 1 and (len(self._plans) > _KEPT_PLANS or self._size() > _KEPT_ITEMS):
                self._plans.popitem(last=False)

    def _size(self) -> int:
        return sum(len(planned.plan.items) for planned in self._plans.values())


plans = Plans()


def planned_import(run: Import, make_plan: Any) -> PlannedImport:
    """The import with its plan, made by ``make_plan(run)`` unless it is known. Two queries where it is."""
    return plans.of(_stamp(run), lambda: PlannedImport(run, make_plan(run)))


def block_page(
    planned: PlannedImport, rows: QuerySet[StagedBlock], wanted: Any, offset: int, limit: int
) -> tuple[list[BlockData], int]:
    """
    A page of these rows, and how many there are in all.

    ``wanted`` is a condition on planned items, or ``None``; rows without a planned item do not meet it. Four queries.
    """
    if wanted is None:
        return blocks_of(planned, rows, offset, limit), rows.count()
    nums = matching_nums(planned, rows, wanted)
    page = nums[offset : offset + limit]
    return blocks_of(planned, rows.filter(num__in=page)) if page else [], len(nums)


def blocks_of(
    planned: PlannedImport, rows: QuerySet[StagedBlock], offset: int = 0, limit: int | None = None
) -> list[BlockData]:
    """These rows as plain data, in order. Two queries, and one for the outline where it is not known yet."""
    end = None if limit is None else offset + limit
    found = list(with_edited(rows.order_by("num").defer("files", "missing_files", "edited_olx"))[offset:end])
    names = names_around(planned, [row.num for row in found])
    return [block_data(row, planned, names) for row in found]


def names_around(planned: PlannedImport, nums: Iterable[int]) -> Mapping[int, str]:
    """The names of all blocks that these are in, by number. One query, or none."""
    wanted = {around for num in nums for around in planned.outline.around(num)}
    rows = planned.run.blocks.filter(num__in=wanted).values_list("num", "name", "title") if wanted else ()
    return {num: name or title for num, name, title in rows}


def matching_nums(planned: PlannedImport | None, rows: QuerySet[StagedBlock], wanted: Any) -> list[int]:
    """
    The numbers of the rows whose planned items meet a condition; or of all rows where there is none, which takes no
    plan. One query.
    """
    nums = list(rows.order_by("num").values_list("num", flat=True))
    if wanted is None:
        return nums
    assert planned is not None
    return [num for num in nums if (item := planned.items.get(num)) is not None and wanted(item)]


def with_edited(rows: QuerySet[StagedBlock]) -> QuerySet[StagedBlock]:
    """The rows with ``is_edited`` and the ID of ``choices_from``, without reading the edits."""
    return rows.annotate(is_edited=EDITED, choices_from_uuid=F("choices_from__uuid"))


def block_data(row: Any, planned: PlannedImport, names: Mapping[int, str]) -> BlockData:
    """A staged block, from :func:`with_edited`, as plain data, with :func:`names_around` it."""
    item = planned.items.get(row.num)
    kind = BlockKind(row.kind)
    return BlockData(
        num=row.num,
        parent=row.parent_num,
        depth=row.depth,
        usage_key=row.usage_key,
        block_type=row.block_type,
        kind=kind,
        title=row.title,
        name=row.called,
        child_count=row.child_count,
        repeats=row.repeats,
        selected=row.selected,
        edited=row.is_edited,
        own_decision=Decision(row.decision) if row.decision else None,
        own_contents=Contents(row.contents) if row.contents else None,
        choices_from=str(row.choices_from_uuid or ""),
        contents=item.contents if item else None,
        collection_title=item.collection_title if item else "",
        left_with=planned.plan.left_with.get(row.num),
        state=item.state if item else None,
        outcome=item.outcome if item else None,
        decision=item.decision if item else None,
        item_key=library_item_key(planned.library_key, kind, item.local_key) if item and item.local_key else "",
        reason=item.reason if item else "",
        warnings=item.warnings if item else (*row.reading_warnings, *row.warnings),
        path=tuple(names[num] for num in planned.outline.around(row.num) if num in names),
        **planned.outline.below(row.num),
    )


def _stamp(run: Import) -> tuple[Any, ...]:
    # Of two changes under way at once the later log may be committed first: the count tells where the newest does not.
    parts = ((DraftChangeLog, "pk"), (PublishLog, "pk"), (Collection, "modified"))
    library = LearningPackage.objects.filter(pk=run.learning_package_id)
    changes = library.values_list(
        *(
            Subquery(
                model._default_manager.filter(learning_package=OuterRef("pk"))
                .order_by()
                .values("learning_package")
                .values_list(aggregate(field))
            )
            for model, field in parts
            for aggregate in (Max, Count)
        )
    ).first()
    # Records come with imports, and are changed by undos and redos; they are too many to be asked at each page.
    history = Import.objects.filter(library_key=run.library_key).aggregate(
        written=Count("pk", filter=Q(state__in=WRITTEN), distinct=True), reversals=Max("reversals")
    )
    return (
        run.uuid,
        run.revision,
        run.staged,
        run.learning_package_id,
        changes,
        *history.values(),
        get_language(),
    )
