"""What a review has made of blocks, kept until their source is staged again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from ..models import BlockChoices, Import, LastChange, ReviewedBlock, StagedBlock, StagedSource, StandingChoice
from ..packets import in_statements
from ..running.lifecycle import hold

_BATCH_SIZE = 500


def set_aside(run: Import) -> None:
    """
    Remove the index of an import, and keep what its review has made of the blocks.

    What is kept already stays as it is: it is from before a staging that failed. Statements grow with batches of
    blocks.
    """
    with transaction.atomic(), hold(run):
        StagedSource.forget(run)
        if not run.reviewed.exists():
            for batch in in_statements(_reviewed(run), _BATCH_SIZE):
                ReviewedBlock.objects.bulk_create(batch)
        LastChange.objects.filter(import_run=run).delete()
        StagedBlock.objects.filter(import_run=run).delete()
        run.block_count = 0  # From here on, a staging that fails has nothing to leave as it was.
        run.save(update_fields=["block_count"])


def _reviewed(run: Import) -> Iterable[ReviewedBlock]:
    """Of all showings of all blocks, those that are other than staging makes them."""
    for row, parent_selected, choices, _asked in showings(run):
        is_as_staged = row.selected and (parent_selected if row.parent_num is not None else not run.selection)
        block = ReviewedBlock(
            import_run=run, choices_from_id=row.choices_from_id, merge_choices=row.merge_choices, **choices
        )
        if not is_as_staged or block.changes_it:
            yield block


_SAID = (
    *("num", "end_num", "parent_num", "usage_key", "block_type", "block_id", "selected", "decision", "contents"),
    *("edited_title", "source_digest", "source_title", "choices_from_id"),
)
"""Columns of what is staged that :func:`choices_of` and who asks it look at."""


def showings(run: Import) -> Iterator[tuple[StagedBlock, bool, dict[str, Any], bool]]:
    """
    What is staged, in order: each row, whether its parent is selected (with none, it counts as such), what the review
    says of it, as the fields of :class:`.models.BlockChoices`, and whether the import was asked for it. Two queries;
    the OLX of edits is held in memory.
    """
    return _showings(run, run.blocks.order_by("num").defer("edited_olx", "files", "source_files", "missing_files"))


def _showings(run: Import, rows: QuerySet[Any, Any]) -> Iterator[tuple[Any, bool, dict[str, Any], bool]]:
    selection, end = frozenset(run.selection), 0
    edits = dict(run.blocks.exclude(edited_olx="").values_list("num", "edited_olx"))
    counts: Counter[str] = Counter()
    selected: dict[int | None, bool] = {None: True}
    for row in rows.iterator():
        selected[row.num] = row.selected
        choices = {
            "usage_key": row.usage_key,
            "showing": counts[row.usage_key],
            "selected": row.selected,
            "decision": row.decision,
            "contents": row.contents,
            "edited_title": row.edited_title,
            "edited_olx": edits.get(row.num, ""),
            "source_digest": row.source_digest,
        }
        if row.usage_key in selection:
            end = max(end, row.end_num)
        yield row, selected[row.parent_num], choices, not selection or row.num < end
        counts[row.usage_key] += 1


def choices_of(run: Import) -> Iterator[tuple[Any, dict[str, Any], bool]]:
    """
    The :func:`showings` of all blocks that the import was asked for, or that its review has added: each row, of which
    there is :data:`_SAID` alone, what the review says of it, and whether it is left out, or its parent is.
    """
    selection = frozenset(run.selection)
    rows = run.blocks.order_by("num").values_list(*_SAID, named=True)
    for row, parent_selected, choices, asked in _showings(run, rows):
        if asked or row.selected:
            yield row, choices, not (row.selected and (parent_selected or row.usage_key in selection))


def changes_it(choices: Mapping[str, Any]) -> bool:
    """:attr:`.models.BlockChoices.changes_it`, of its fields."""
    return any(choices[name] for name in ("decision", "contents", "edited_title", "edited_olx"))


def says_anything(run: Import) -> bool:
    """Whether :func:`choices_of` has a block that is left out, or of which :func:`changes_it` holds. One query."""
    return run.blocks.filter(SAYS_ANYTHING).exists()


SAYS_ANYTHING = Q(selected=False) | ~Q(decision="", contents="", edited_title="", edited_olx="")
"""Of rows of what is staged: that a review says something of them."""


class Reviewed:
    """What was set aside of an import, or stands for its source, given out again block by block."""

    def __init__(self, rows: QuerySet[ReviewedBlock] | QuerySet[StandingChoice]) -> None:
        """One query, and another where there is something; the OLX of edits is left for :meth:`olx_of`."""
        self._rows: QuerySet[Any] = rows
        self._blocks = {(block.usage_key, block.showing): block for block in self._rows.defer("edited_olx")}
        edited = self._rows.exclude(edited_olx="").values_list("pk", flat=True)
        self._edited: set[Any] = set(edited) if self._blocks else set()
        self._showings: Counter[str] = Counter()

    @property
    def has_any(self) -> bool:
        """Whether anything was kept, of any block."""
        return bool(self._blocks)

    def next_of(self, usage_key: str) -> BlockChoices | None:
        """What the review has made of the next showing of a block; ``None`` where nothing was kept."""
        showing = self._showings[usage_key]
        self._showings[usage_key] += 1
        return self._blocks.get((usage_key, showing))

    def olx_of(self, blocks: Iterable[BlockChoices]) -> Mapping[Any, str]:
        """The OLX that the review gave to some of these blocks, by primary key. One query, or none."""
        pks = [block.pk for block in blocks if block.pk in self._edited]
        return dict(self._rows.filter(pk__in=pks).values_list("pk", "edited_olx")) if pks else {}

    def is_edit(self, block: BlockChoices) -> bool:
        """Whether the block was given another title or other OLX."""
        return bool(block.edited_title) or block.pk in self._edited

    @property
    def edits_without_block(self) -> int:
        """How many edits are of blocks that were not asked for."""
        return sum(
            self.is_edit(block)
            for (usage_key, showing), block in self._blocks.items()
            if showing >= self._showings[usage_key]
        )
