"""Changes of a review: who makes one has the import to itself, and the last one can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from itertools import batched
from typing import Any, Self

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from ..errors import WrongState
from ..models import Import, LastChange, Removal, StagedBlock
from ..running.lifecycle import REVIEWABLE, wrong_state
from .blocks import plans

_BATCH_SIZE = 500

_SAID = ("selected", "decision", "contents", "choices_from_id")

type _Said = tuple[bool, str, str, int | None]


class NotedChange:
    """
    Notes the change of a review that is made within, for who then offers to take it back.

    To ask afterwards could find somebody else's; to ask in a transaction would have others wait for what a change takes
    to be looked up, a plan say.
    """

    number: int | None = None
    """By which it can be taken back; ``None`` where it cannot be."""

    def __enter__(self) -> Self:
        self._before: Token[NotedChange | None] = _noted.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _noted.reset(self._before)


_noted: ContextVar[NotedChange | None] = ContextVar("noted", default=None)


class Change:
    """A change under way; notes how what it changes has been."""

    def __init__(self, run: Import) -> None:
        self._run = run
        self._blocks: dict[_Said, list[int]] = {}
        self._removals: dict[int, bool | None] = {}

    def say(self, rows: QuerySet[StagedBlock], **said: Any) -> int:
        """Say something of the blocks of which it is not said yet; returns how many they are. Two statements."""
        others = rows.exclude(**said)
        return self._update(others, {**said, "choices_from": None})

    def said_before(self, before: LastChange) -> int:
        """Say of blocks what was said of them before a change; returns how many they are. By batch."""
        known = set(Import.objects.filter(pk__in={said[3] for said, _ in _groups(before)}).values_list("pk", flat=True))
        changed = 0
        for (selected, decision, contents, choices_from), ranges in _groups(before):
            said = {"selected": selected, "decision": decision, "contents": contents}
            said["choices_from"] = choices_from if choices_from in known else None
            for batch in batched(ranges, _BATCH_SIZE):
                condition = Q()
                for first, last in batch:
                    condition |= Q(num__gte=first, num__lte=last)
                changed += self._update(self._run.blocks.filter(condition), said)
        return changed

    def remove(self, entity_ids: Iterable[Any], insisted: bool | None) -> None:
        """Have the import remove these entities, insisting or not; with ``None``, keep them. By batch."""
        for batch in batched(entity_ids, _BATCH_SIZE):
            removals = self._run.removals.filter(entity_id__in=batch)
            before: dict[int, bool] = dict(removals.values_list("entity_id", "insisted"))
            self._removals.update({entity_id: before.get(entity_id) for entity_id in batch})
            removals.delete()
            if insisted is not None:
                Removal.objects.bulk_create(
                    Removal(import_run=self._run, entity_id=entity_id, insisted=insisted) for entity_id in batch
                )

    def keep(self) -> None:
        """Have it be the change that can be taken back; where it has changed nothing, none can be. Two statements."""
        LastChange.objects.filter(import_run=self._run).delete()
        is_kept = bool(self._blocks or self._removals)
        if noted := _noted.get():
            noted.number = self._run.revision if is_kept else None
        if is_kept:
            blocks = [[*said, *_ranges(sorted(nums))] for said, nums in self._blocks.items()]
            LastChange.objects.create(
                import_run=self._run, number=self._run.revision, blocks=blocks, removals=self._removals
            )

    def _update(self, rows: QuerySet[StagedBlock], said: dict[str, Any]) -> int:
        for num, *before in rows.values_list("num", *_SAID):
            self._blocks.setdefault(tuple(before), []).append(num)
        return rows.update(**said)


@contextmanager
def changing(run: Import) -> Iterator[Change]:
    """
    A transaction that changes what is staged or chosen, and only while that may be changed.

    The update of the import comes first: a completion that begins at the same time waits for it, or makes this fail.
    Who else changes something waits, too: so read what is changed within.
    """
    with transaction.atomic():
        if not Import.objects.filter(pk=run.pk, state__in=REVIEWABLE).update(
            revision=F("revision") + 1, to_decide=None
        ):
            run.refresh_from_db(fields=["state"])
            raise wrong_state(run)
        run.refresh_from_db(fields=["revision"])
        plans.forget(run)
        change = Change(run)
        yield change
        change.keep()


def last_change(run: Import) -> int | None:
    """The number of the last change, where it can be taken back. One query."""
    return LastChange.objects.filter(import_run=run, number=run.revision).values_list("number", flat=True).first()


def take_back(run: Import, number: int) -> int:
    """
    Take the last change back; returns how many blocks and removals are as they were.

    That is a change as well, and can be taken back. Raises ``WrongState`` where that was not the last one.
    """
    with changing(run) as change:
        before = LastChange.objects.filter(import_run=run, number=number).first()
        if before is None or number != run.revision - 1:
            raise WrongState(
                _("This cannot be taken back in one go any more: something else was changed since."), state=run.state
            )
        changed = change.said_before(before)
        by_wish: dict[bool | None, list[int]] = {}
        for entity_id, insisted in before.removals.items():
            by_wish.setdefault(insisted, []).append(int(entity_id))
        for insisted, entity_ids in by_wish.items():
            change.remove(entity_ids, insisted)
        return changed + len(before.removals)


def _groups(before: LastChange) -> Iterator[tuple[_Said, list[tuple[int, int]]]]:
    for selected, decision, contents, choices_from, *ranges in before.blocks:
        yield (selected, decision, contents, choices_from), ranges


def _ranges(nums: list[int]) -> list[tuple[int, int]]:
    """The first and last of each run of numbers without a gap."""
    ranges: list[tuple[int, int]] = []
    for num in nums:
        if ranges and ranges[-1][1] == num - 1:
            ranges[-1] = (ranges[-1][0], num)
        else:
            ranges.append((num, num))
    return ranges
