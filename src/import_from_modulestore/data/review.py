"""What a reviewer sees and chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .blocks import BlockKind
from .lists import Page
from .options import Contents, Decision, MergeSide
from .planning import ConflictState, Outcome
from .staging import MAX_OLX_CHARACTERS


class DifferenceKind(TextChoices):
    """Which two texts a :class:`Difference` compares."""

    REPLACEMENT = "replacement", _("What the library holds now → what would replace it")
    LIBRARY = "library", _("Changed in the library since the import")
    SOURCE = "source", _("Changed in the source since the import")


class Side(TextChoices):
    """What of a block is shown, as learners see it."""

    BLOCK = "block", _("What would be written")
    ITEM = "item", _("What the library holds")
    COMPARISON = "comparison", _("Both, with marks at what differs")


@dataclass(frozen=True, kw_only=True)
class BlockData:
    """
    One staged block as the review sees it.

    ``state``, ``outcome``, ``decision``, ``item_key`` and ``reason`` are what the plan makes of it now; ``None`` or
    empty for a block that is left out, that the level dissolves, or that only repeats an earlier one.
    """

    num: int
    """Place in the source, counted depth-first over everything staged."""
    parent: int | None
    """``num`` of the parent."""
    depth: int
    usage_key: str
    block_type: str
    kind: BlockKind
    title: str
    name: str
    """What people call it: its title, or where it has none, the beginning of its text."""
    child_count: int
    """Direct children."""
    repeats: int | None
    """``num`` of the first showing of a block that the source shows again here."""
    selected: bool
    edited: bool
    own_decision: Decision | None
    """The decision taken for this very block; ``None`` means the import's default."""
    own_contents: Contents | None
    """What was chosen for the blocks inside this very block; ``None`` means the import's default."""
    choices_from: str
    """ID of the earlier import whose review has said this of the block; empty where it is of this one, or nothing."""
    contents: Contents | None
    """What becomes of the blocks inside one that a library cannot hold; ``None`` for all others."""
    collection_title: str
    """Title of the collection that they go into; empty where they go into none."""
    left_with: int | None
    """``num`` of the block that it is inside of, and goes with."""
    state: ConflictState | None
    outcome: Outcome | None
    decision: Decision | None
    """The decision that led to ``outcome``; ``None`` where none was needed."""
    item_key: str
    reason: str
    warnings: tuple[str, ...]
    path: tuple[str, ...]
    """Names of the blocks that it is in, outermost first."""
    blocks_below: int
    selected_below: int
    """How many of them are selected."""
    conflicts_below: int
    """How many of them a decision settles."""
    needs_you_below: int
    """How many of them are merges that need you."""
    warnings_below: int
    """Of how many of them there is something to know."""

    @property
    def is_conflict(self) -> bool:
        """Whether a decision settles what happens."""
        return self.state is not None and self.state.is_conflict

    @property
    def all_selected(self) -> bool | None:
        """Whether it and all below it are selected, or none of it; ``None`` where some of it is."""
        count = self.selected + self.selected_below
        return None if 0 < count <= self.blocks_below else bool(count)


@dataclass(frozen=True, kw_only=True)
class BlockFilters:
    """
    Which of the staged blocks are meant: those for which all that is asked for holds. Without anything, all.

    ``parent`` (a usage key) leaves the direct children of one block, ``top`` the blocks that have no parent, and
    ``nums`` those with these numbers, 500 at most. ``as_last_time`` leaves those of which is said what an earlier
    review has said; ``files_missing`` those that name files which the source does not hold; ``warnings`` those of which
    something is worth knowing; ``conflicts`` those that a decision settles; ``search`` those whose title, name or usage
    key contains it, in any case.
    """

    parent: str | None = None
    top: bool = False
    nums: Sequence[int] = ()
    states: Sequence[ConflictState] = ()
    outcomes: Sequence[Outcome] = ()
    kind: BlockKind | None = None
    block_type: str = ""
    selected: bool | None = None
    edited: bool | None = None
    as_last_time: bool | None = None
    files_missing: bool | None = None
    warnings: bool = False
    conflicts: bool = False
    search: str = ""


@dataclass(frozen=True, kw_only=True)
class ReviewTree:
    """The tree of what is staged, partly unfolded."""

    top: Page[BlockData]
    """Blocks that have no parent."""
    below: Mapping[int, Page[BlockData]]
    """The children of the blocks that are unfolded, by ``num``."""


@dataclass(frozen=True, kw_only=True)
class ConflictPlace:
    """A conflict, and which it is of all of them; the first is number 1."""

    block: BlockData
    way: tuple[int, ...]
    """``num`` of the blocks that it is in, outermost first."""
    number: int
    total: int


@dataclass(frozen=True, kw_only=True)
class ChosenBlock:
    """
    What a review says of one block, in a form that does for other imports.

    A block is found again by its type and ID, so that in another run of a course it is the same; ``showing`` counts the
    places of one that the source shows in several.
    """

    block_type: str
    block_id: str
    showing: int = 0
    selected: bool = True
    decision: Decision | None = None
    contents: Contents | None = None
    title: str = ""
    """Of a block that holds others: the title that the review has given it."""
    olx: str = ""
    """Of a component: the OLX that the review has given it."""
    source_title: str = ""
    """With one of these: what the source called it then, and below, a hash of what it held."""
    source_digest: str = ""


@dataclass(frozen=True, kw_only=True)
class ReviewChoices:
    """
    What a review says of the blocks of a source: of those that are not named, nothing.

    ``import_id`` is the import that the review is of, ``source_key`` and ``library_key`` its source and library.
    """

    blocks: tuple[ChosenBlock, ...]
    import_id: str = ""
    source_key: str = ""
    library_key: str = ""


class WhyUnapplied(TextChoices):
    """Why what was chosen in one review does not stand in another."""

    NO_BLOCK = "no_block", _("The source has no such block.")
    SAID_HERE = "said_here", _("This review says something else of the block.")
    SOURCE_DIFFERS = "source_differs", _("The edit was made for something else than the source holds here.")
    INVALID_EDIT = "invalid_edit", _("The edit cannot be made here.")
    NO_CONFLICT = "no_conflict", _("The decision does not fit here.")
    NO_CONTENTS = "no_contents", _("The block holds nothing whose contents could be chosen.")


@dataclass(frozen=True, kw_only=True)
class UnappliedChoice:
    """What was chosen for a block and does not stand: all of it, its edit, its decision, or the choice of contents."""

    block_type: str
    block_id: str
    showing: int
    why: WhyUnapplied
    reason: str
    """The same in words, with what is the matter."""

    @property
    def told(self) -> str:
        """Which block it is, and the reason."""
        return f"{self.block_type}/{self.block_id}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class AppliedChoices:
    """What came of applying choices."""

    changed: int
    """How many blocks are other than before."""
    unapplied: tuple[UnappliedChoice, ...]


@dataclass(frozen=True, kw_only=True)
class GoneData:
    """An item of the library whose block the source does not hold any more, as the review sees it."""

    num: int
    """Place after the staged blocks."""
    item_key: str
    """``lb:…`` or ``lct:…``."""
    item_url: str = ""
    """Its page, where the host has one."""
    usage_key: str
    """Of the block that is gone."""
    block_type: str
    kind: BlockKind
    title: str
    name: str
    """What people call it: its title, or where it has none, the beginning of its text."""
    outcome: Outcome
    """``REMOVED`` or ``KEPT``."""
    edited: bool
    """Whether somebody edited it in the library since it was imported."""
    used_by: tuple[str, ...]
    """Titles of the containers that hold it and stay as they are."""
    also_from: tuple[str, ...]
    """Keys of the other sources that it was imported from as well."""
    reason: str
    warnings: tuple[str, ...]
    """What speaks against removing it."""


class DiffLine(NamedTuple):
    """One line of a difference; ``mark`` is ``" "`` (both), ``"-"`` (first only), ``"+"`` (second only) or ``"@"``."""

    mark: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A readable comparison of two states of one item; no lines where they are the same."""

    kind: DifferenceKind
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, kw_only=True)
class FileData:
    """A file that goes with a component; ``size`` in bytes."""

    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class MergeChoice:
    """What somebody has chosen for a piece of a merge; ``text`` is that of an edit."""

    take: MergeSide
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class MergePiece:
    """
    A piece of a block that the library and the source have both changed since the last import, each in another way.

    ``name`` is ``title``, ``body``, ``body:1`` for the first such place in it, ``setting:weight``,
    ``setting:data/title`` for what stands in an attribute's JSON, or ``file:photo.png``.
    """

    name: str
    base: str | None
    """What it was; ``None`` where there was none, as for the other two."""
    library: str | None
    source: str | None
    choice: MergeChoice | None = None
    """What was chosen; ``None`` while somebody has to."""


@dataclass(frozen=True, kw_only=True)
class LibraryItemData:
    """What stands in the library in a block's place."""

    key: str
    url: str = ""
    """Its page, where the host has one."""
    title: str
    draft_num: int | None
    published_num: int | None
    modified: datetime | None
    """When its draft version was made."""
    olx: str
    """Empty for containers."""
    children: tuple[str, ...]
    """Titles of a container's children, in order."""


@dataclass(frozen=True, kw_only=True)
class BlockDetails:
    """One staged block with its content, and what it meets in the library."""

    block: BlockData
    olx: str
    """What would be imported; empty for blocks that hold others."""
    staged_olx: str
    """What the source holds, empty for containers; differs from ``olx`` where the block was edited."""
    files: tuple[FileData, ...]
    missing_files: tuple[str, ...]
    library: LibraryItemData | None
    differences: tuple[Difference, ...]
    pieces: tuple[MergePiece, ...] = ()
    """Of a merge: what both sides have changed, each in another way."""
    merged_olx: str = ""
    """Of a component that is merged: what comes of it; while a piece needs somebody, with the library's there."""
    whole_body: MergePiece | None = None
    """Where parts of the body are pieces: all of it, which can be chosen in their stead."""

    @property
    def is_editable(self) -> bool:
        """Whether the block has OLX of its own, and no more of it than an edit may have."""
        return not (self.block.kind.is_container or self.block.child_count) and len(self.olx) <= MAX_OLX_CHARACTERS


@dataclass(frozen=True, kw_only=True)
class RenderedBlock:
    """A block as learners see it."""

    usage_key: str
    side: Side
    name: str
    in_library: bool
    """Whether the library holds something in its place."""
    document: str
    """A whole HTML document, which runs nothing and loads nothing but files of the block."""


@dataclass(frozen=True, kw_only=True)
class SignedFile:
    """A file of a block or an item that can be had without signing in, for some minutes."""

    name: str
    size: int
    signed: str
    """What to give to ``open_signed_file``."""
    until: datetime


@dataclass(frozen=True, kw_only=True)
class OpenedFile:
    """A file of a block or an item, open for reading; whoever has it closes it."""

    name: str
    content: IO[bytes]
    until: datetime | None = None
    """Until when its address is good, where it was signed."""


@dataclass(frozen=True, kw_only=True)
class GonePage(Page[GoneData]):
    """A part of the list of what is gone from the source."""

    removed: int
    """How many of all of it are to be removed."""
    unknown: str
    """Why it cannot be said what is gone; empty where it can."""
