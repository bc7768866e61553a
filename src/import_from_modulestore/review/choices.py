"""
What a review says as a whole: all of last time's choices or none of them, and choices that go from one to another.

A block of which this review has said something itself keeps that, whatever another says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import batched
from typing import Any

from django.utils.translation import gettext as _

from ..data import (
    AppliedChoices,
    ChosenBlock,
    Contents,
    Decision,
    Plan,
    ReviewChoices,
    UnappliedChoice,
    WhyUnapplied,
)
from ..errors import InvalidEdit, InvalidOption
from ..hosts import Host
from ..models import BlockChoices, Import, ReviewedBlock, StagedBlock, StagedSource, StandingChoice
from ..packets import in_statements
from ..quoting import shortened
from ..staging.content import StagedFiles, as_staged
from ..staging.index import Indexer, holds_blocks
from ..staging.reviewed import Reviewed, changes_it, choices_of, showings
from ..staging.standing import standing_choices
from ..texts import clean_title
from .changes import changing
from .edits import (
    as_text,
    check_title,
    checked_edit,
    has_no_olx,
    unfit_decision,
)

_BATCH_SIZE = 500

_OF_CONTENT = (
    "title",
    "name",
    "olx_digest",
    "normal_digest",
    "digest",
    "refusal",
    "files",
    "source_files",
    "missing_files",
    "reading_warnings",
    "warnings",
    "edited_title",
    "edited_olx",
)
"""What of a block is other once it is edited, or its edits are taken back."""


def choose_as_last_time(run: Import, *, as_last_time: bool, source_key: Any, host: Host) -> int:
    """
    Take all that earlier reviews have said, for the library, of blocks of which this one says nothing; or nothing of
    what others have said. Returns how many blocks changed.
    """
    with changing(run):
        review = _Review(run, source_key, host)
        if as_last_time:
            standing = Reviewed(standing_choices(run))
            review.choose(standing, last_time=standing)
        else:
            review.forget({num for num, row in review.rows.items() if row.choices_from_id})
        review.write()
        return review.changed


def chosen_blocks(run: Import) -> tuple[ChosenBlock, ...]:
    """
    What an import's review says, also of what it has left as others had it.

    Two queries; of what the import was not asked for, nothing is said.
    """
    return tuple(
        _chosen(row, choices) for row, choices, is_left_out in choices_of(run) if is_left_out or changes_it(choices)
    )


def apply_choices(
    run: Import,
    choices: ReviewChoices,
    *,
    made_in: Import | None,
    source_key: Any,
    host: Host,
    make_plan: Callable[[Import], Plan],
) -> AppliedChoices:
    """
    Have the blocks of an import be as another review has them, by type and ID; ``made_in`` is the import that this was,
    where it is known. What stands of still others is replaced where that one says something.

    Cost: a fixed number of statements, two queries for each root with an edit, and those of a plan where something is
    decided. Raises ``InvalidOption`` where a block is named twice, with nothing changed.
    """
    with changing(run):
        review = _Review(run, source_key, host)
        given = _Given(review, choices.blocks)
        given.check_contents()
        given.check_edits()
        review.forget({num for num in given.wanted if review.rows[num].choices_from_id})
        review.choose(given.but_decisions(made_in))
        review.write()
        if any(chosen.decision for chosen in given.wanted.values()):
            given.decide(make_plan(run), made_in)
            review.write()
        return AppliedChoices(changed=review.changed, unapplied=tuple(given.unapplied))


class _Review:
    """All staged blocks of an import, and what is said of them: changed here, and then written at once."""

    def __init__(self, run: Import, source_key: Any, host: Host) -> None:
        """Two queries; the OLX of edits is held in memory."""
        self.run, self._source_key, self._host = run, source_key, host
        self.rows: dict[int, StagedBlock] = {}
        self.places: dict[tuple[str, str, int], int] = {}
        """Numbers of the blocks, by type, ID and showing."""
        self.own: set[int] = set()
        """Numbers of the blocks of which this review says something itself."""
        self.olx: dict[int, str] = {}
        """The OLX of edits, by number."""
        self._asked: set[int] = set()
        self._described: dict[int, StagedBlock] = {}
        self._files: StagedFiles | None = None
        for row, parent_selected, choices, asked in showings(run):
            if asked:
                self._asked.add(row.num)
            self.rows[row.num] = row
            self.places[row.block_type, row.block_id, choices["showing"]] = row.num
            if choices["edited_olx"]:
                self.olx[row.num] = choices["edited_olx"]
            is_as_asked = row.selected == asked and (
                not row.selected or parent_selected or row.parent_num not in self._asked
            )
            block = ReviewedBlock(merge_choices=row.merge_choices, **choices)
            if row.choices_from_id is None and (block.changes_it or not is_as_asked):
                self.own.add(row.num)
        self._were = {num: self._said(num) for num in self.rows}
        self._written = dict(self._were)
        self._warnings = {num: row.reading_warnings for num, row in self.rows.items()}

    @property
    def changed(self) -> int:
        """How many blocks are other than before."""
        return sum(self._said(num) != were for num, were in self._were.items())

    def forget(self, nums: Collection[int]) -> None:
        """Have nothing be said of these blocks: those that were asked for are selected where their parent is."""
        for num, row in self.rows.items():
            if num in nums:
                parent = self.rows.get(row.parent_num) if row.parent_num is not None else None
                within = parent is None or parent.selected or parent.num not in self._asked
                row.selected = num in self._asked and within
                row.decision = row.contents = ""
                row.choices_from_id = None
        indexer = Indexer(self.run, self._source_key, self._host)
        edited = [num for num in nums if num in self.olx or self.rows[num].edited_title]
        if edited:  # They may be described by other rules than they were.
            StagedSource.forget(self.run)
        for block, element in as_staged(self.run, edited):
            indexer.make_as_staged(block, element, self.files_of)
            self._described[block.num] = block
            self.rows[block.num].edited_title, self.rows[block.num].title = "", block.title
            self.olx.pop(block.num, None)
        indexer.name_targets(self._described.values())

    def choose(self, reviewed: Reviewed, last_time: Reviewed | None = None) -> None:
        """Have the blocks be as a review had them, but those of which something is said; as the index takes both."""
        indexer = Indexer(self.run, self._source_key, self._host, self.run.selection, reviewed, last_time)
        said = self.own | {num for num, row in self.rows.items() if row.choices_from_id}
        edits = {row.num: (made, olx) for row, made, olx in indexer.choose(list(self.rows.values()), leave=said)}
        for batch in batched(edits, _BATCH_SIZE):
            rows = self.run.blocks.filter(num__in=batch).select_related("root")
            for num, block in {row.num: self._described.get(row.num, row) for row in rows}.items():
                made, olx = edits[num]
                indexer.edit_again(block, made, olx, self.files_of(block) if olx else {})
                self._described[num] = block
                self.rows[num].edited_title, self.rows[num].title = block.edited_title, block.title
                if olx:
                    self.olx[num] = olx
        indexer.name_targets(self._described.values())

    def files_of(self, block: StagedBlock) -> Mapping[str, Any]:
        """The files that a block can name, by name; one query for all."""
        if self._files is None:
            self._files = StagedFiles(self.run)
        return self._files.of(block)

    def write(self) -> None:
        """Write what has changed: a statement for each 500 blocks of which the same is said, and for few edits."""
        alike: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for num, written in self._written.items():
            said = self._said(num)
            if said != written:
                alike[said[:4]].append(num)
                self._written[num] = said
        for (selected, decision, contents, choices_from), nums in alike.items():
            for batch in batched(nums, _BATCH_SIZE):
                self.run.blocks.filter(num__in=batch).update(
                    selected=selected, decision=decision, contents=contents, choices_from=choices_from
                )
        for num, block in self._described.items():
            self.rows[num].reading_warnings = block.reading_warnings
        for blocks in in_statements(self._described.values(), _BATCH_SIZE):
            StagedBlock.objects.bulk_update(blocks, _OF_CONTENT)
        warned = [row for num, row in self.rows.items() if row.reading_warnings != self._warnings[num]]
        if warned:  # What was known before is not.
            StagedSource.forget(self.run)
        warned = [row for row in warned if row.num not in self._described]
        StagedBlock.objects.bulk_update(warned, ["reading_warnings"], batch_size=_BATCH_SIZE)
        self._described.clear()
        self._warnings = {num: row.reading_warnings for num, row in self.rows.items()}

    def says(self, num: int, block: ChosenBlock) -> bool:
        """Whether the very same is said of a block here."""
        selected, decision, contents, _choices_from, title, olx = self._said(num)
        return (selected, decision, contents, title, olx) == (
            block.selected,
            block.decision or "",
            block.contents or "",
            block.title,
            block.olx,
        )

    def _said(self, num: int) -> tuple[Any, ...]:
        row = self.rows[num]
        olx = self.olx.get(num, "")
        return row.selected, row.decision, row.contents, row.choices_from_id, row.edited_title, olx


class _Given:
    """The choices that are to be applied, by the blocks that they are for; and those that cannot be, with reasons."""

    def __init__(self, review: _Review, blocks: Iterable[ChosenBlock]) -> None:
        """Raises ``InvalidOption`` where a block is named twice."""
        self._review = review
        self.wanted: dict[int, ChosenBlock] = {}
        self.unapplied: list[UnappliedChoice] = []
        self._edits: dict[int, tuple[str, str]] = {}
        """Titles and OLX that can be given."""
        self._contents: dict[int, Contents] = {}
        met: set[tuple[str, str, int]] = set()
        for number, block in enumerate(blocks):
            place = block.block_type, block.block_id, block.showing
            if place in met:
                raise InvalidOption(
                    _("{block} is named twice.").format(block=shortened(f"{block.block_type}/{block.block_id}")),
                    field=f"blocks.{number}",
                )
            met.add(place)
            num = review.places.get(place)
            if num is None:
                self._refuse(block, WhyUnapplied.NO_BLOCK)
            elif num not in review.own:
                self.wanted[num] = block
            elif not review.says(num, block):
                self._refuse(block, WhyUnapplied.SAID_HERE)

    def check_contents(self) -> None:
        """See which blocks hold something whose contents can be chosen."""
        for num, block in self.wanted.items():
            row = self._review.rows[num]
            if block.contents and row.child_count and row.refusal and row.repeats is None:
                self._contents[num] = block.contents
            elif block.contents:
                self._refuse(block, WhyUnapplied.NO_CONTENTS)

    def check_edits(self) -> None:
        """See which edits can be made here."""
        of_components: dict[int, ChosenBlock] = {}
        for num, block in self.wanted.items():
            row = self._review.rows[num]
            if not (block.title or block.olx):
                continue
            if row.repeats is not None:
                self._refuse(block, WhyUnapplied.INVALID_EDIT, _("A block is edited where the source shows it first."))
            elif (block.source_digest, block.source_title) != (row.source_digest, row.source_title):
                self._refuse(block, WhyUnapplied.SOURCE_DIFFERS)
            elif not holds_blocks(row):
                of_components[num] = block
            elif block.olx:
                self._refuse(block, WhyUnapplied.INVALID_EDIT, has_no_olx(row))
            else:
                try:
                    check_title(block.title)
                except InvalidEdit as error:
                    self._refuse(block, WhyUnapplied.INVALID_EDIT, error)
                else:
                    self._edits[num] = clean_title(block.title), ""
        for row, element in as_staged(self._review.run, of_components):
            block = of_components[row.num]
            assert element is not None
            try:
                edited = checked_edit(row, block.olx, element, self._review.files_of(row))
            except InvalidEdit as error:
                self._refuse(block, WhyUnapplied.INVALID_EDIT, error)
            else:
                self._edits[row.num] = "", as_text(edited)

    def but_decisions(self, made_in: Import | None) -> Reviewed:
        """What is wanted but the decisions, as the index takes it."""
        return _AsReviewed(
            StandingChoice(
                pk=num,
                usage_key=self._review.rows[num].usage_key,
                showing=block.showing,
                selected=block.selected,
                contents=self._contents.get(num, ""),
                edited_title=self._edits.get(num, ("", ""))[0],
                edited_olx=self._edits.get(num, ("", ""))[1],
                source_digest=block.source_digest,
                source_title=block.source_title,
                choices_from=made_in,
            )
            for num, block in self.wanted.items()
        )

    def decide(self, plan: Plan, made_in: Import | None) -> None:
        """Take the decisions that fit what the plan makes of the blocks; where it makes nothing of one, they wait."""
        items = {item.num: item for item in plan.items}
        for num, block in self.wanted.items():
            if block.decision is None:
                continue
            if num in items and (unfit := unfit_decision(items[num], block.decision)):
                self._refuse(block, WhyUnapplied.NO_CONFLICT, unfit)
                continue
            row = self._review.rows[num]
            row.decision, row.choices_from = block.decision.value, made_in

    def _refuse(self, block: ChosenBlock, why: WhyUnapplied, reason: object = "") -> None:
        self.unapplied.append(
            UnappliedChoice(
                block_type=block.block_type,
                block_id=block.block_id,
                showing=block.showing,
                why=why,
                reason=str(reason or why.label),
            )
        )


class _AsReviewed(Reviewed):
    """Choices that are not kept yet, as those that are."""

    def __init__(self, choices: Iterable[StandingChoice]) -> None:
        """No query."""
        self._blocks = {(choice.usage_key, choice.showing): choice for choice in choices}
        self._edited = {choice.pk for choice in self._blocks.values() if choice.edited_olx}
        self._showings = Counter()

    def olx_of(self, blocks: Iterable[BlockChoices]) -> Mapping[Any, str]:
        """The OLX that is to be given to these blocks."""
        return {block.pk: block.edited_olx for block in blocks if block.edited_olx}


def _chosen(row: StagedBlock, choices: Mapping[str, Any]) -> ChosenBlock:
    title, olx = choices["edited_title"], choices["edited_olx"]
    return ChosenBlock(
        block_type=row.block_type,
        block_id=row.block_id,
        showing=choices["showing"],
        selected=row.selected,
        decision=Decision(row.decision) if row.decision else None,
        contents=Contents(row.contents) if row.contents else None,
        title=title,
        olx=olx,
        source_title=row.source_title if title or olx else "",
        source_digest=row.source_digest if title or olx else "",
    )
