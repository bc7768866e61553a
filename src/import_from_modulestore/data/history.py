"""What happened, and what taking it back would do."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .blocks import BlockKind
from .imports import Action, ReversalKind
from .lists import Page, counts_of
from .options import Contents, Decision
from .planning import PLANNED_LABELS, ConflictState, Outcome


class HistoryKind(TextChoices):
    """What an entry of a history tells of."""

    IMPORT = "import", _("Import")
    UNDO = "undo", _("Undo")
    REDO = "redo", _("Redo")


class ReversalOutcome(TextChoices):
    """What an undo or redo does with one item of the library."""

    REMOVED = "removed", _("Removed")
    RESTORED = "restored", _("Restored")
    REVERTED = "reverted", _("Back to the former version")
    KEPT = "kept", _("Kept")

    @property
    def planned(self) -> Any:
        """What a preview says of it: nothing has happened yet."""
        return PLANNED_LABELS[self.value]


class Work(TextChoices):
    """Why something is on an import's work list."""

    UNSUPPORTED = "unsupported", _("A library cannot hold it")
    FAILED = "failed", _("It could not be read")
    FILES_MISSING = "files_missing", _("Files are missing")
    HELD_BACK = "held_back", _("It stayed a draft")


@dataclass(frozen=True, kw_only=True)
class ReversalItem:
    """What an undo or redo does, or did, with one item. Version numbers are ``None`` where there is no such version."""

    num: int
    usage_key: str
    block_type: str
    kind: BlockKind
    title: str
    name: str
    """What people call it: its title, or where it has none, the beginning of its text."""
    item_key: str
    item_url: str = ""
    """The item's page, where the host has one."""
    outcome: ReversalOutcome
    reason: str = ""
    """Why it is kept."""
    draft_before: int | None = None
    draft_after: int | None = None
    published_before: int | None = None
    published_after: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReversalPlan:
    """The complete list of what an undo or redo would do, in the order of the source. Made without side effects."""

    kind: ReversalKind
    items: tuple[ReversalItem, ...]
    links: int = 0
    """How many blocks of the course it unlinks, or links again as far as they can be."""
    forwarding: str = ""
    """What becomes of references of courses to the source, in words; empty where nothing does."""

    def counts(self) -> dict[str, int]:
        """Items by :class:`ReversalOutcome` value."""
        return counts_of(item.outcome for item in self.items)

    @property
    def kept(self) -> tuple[ReversalItem, ...]:
        """Items that stay as they are, each with its ``reason``."""
        return tuple(item for item in self.items if item.outcome is ReversalOutcome.KEPT)


@dataclass(frozen=True, kw_only=True)
class RecordData:
    """What happened to one source block. Version numbers are ``None`` where there was no such version."""

    import_id: str
    num: int
    depth: int
    usage_key: str
    """Usage key of the source block."""
    block_type: str
    kind: BlockKind
    title: str
    name: str
    """What people call it: its title, or where it has none, the beginning of its text."""
    state: ConflictState
    outcome: Outcome
    decision: Decision | None
    item_key: str
    item_url: str = ""
    """The item's page, where the host has one."""
    draft_before: int | None
    draft_after: int | None
    published_before: int | None
    published_after: int | None
    reason: str
    warnings: tuple[str, ...]
    files: tuple[str, ...]
    missing_files: tuple[str, ...]
    left_out: tuple[str, ...]
    """Names of the blocks inside one that a library cannot hold that went with it."""
    contents: Contents | None
    """What became of the others; ``None`` where it is no such block."""
    contents_collection: str
    """Code of the collection that they were put into; empty where there is none."""
    contents_collection_url: str = ""
    """That collection's page, where the host has one."""
    inside: tuple[str, ...]
    """Of a block that came from inside such a block: what was around it, that one first; groups, say."""
    tags: tuple[str, ...]
    """Tags of the source block that the import gave the item; of an item that it removed, those that it had."""
    tags_left_out: tuple[str, ...]
    """Tags of the source block whose taxonomy is not here, each after the name of that."""
    choices_from: str
    """ID of the earlier import whose review has said this of the block; empty where it is of this one, or nothing."""
    undone: bool
    """Whether what this tells of was taken back since."""


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One thing that happened to a library, or to an item of it."""

    kind: HistoryKind
    import_id: str
    """The import that it was, or that was undone or redone."""
    source_key: str
    source_title: str
    library_key: str
    username: str
    """Who did it."""
    time: datetime
    sentence: str
    """What happened, in the language that was active."""
    actions: tuple[Action, ...]
    """What the import's state allows now: to undo it, say."""
    forced: bool = False
    """Whether an undo or redo also took what was changed since."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Of a library's history: blocks or items by outcome."""
    outcome: Outcome | ReversalOutcome | None = None
    """Of an item's history: what came of it."""
    num: int | None = None
    """Of an item's history: ``num`` of the import's record of it."""


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """An entry of an import's work list: a block that could not go, or not as it should."""

    record: RecordData
    reasons: tuple[Work, ...]
    """Why it is on the list; :attr:`RecordData.reason` and :attr:`RecordData.missing_files` say more."""
    done: datetime | None
    """When somebody marked it as done."""
    done_by: str
    """Their username; empty where nobody did."""
    brought_by: str
    """ID of the later import that has brought the block whole; empty where none did."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.done is None and not self.brought_by


@dataclass(frozen=True, kw_only=True)
class WorkPage(Page[WorkItem]):
    """A part of a work list."""

    open: int
    """How many entries of all of it are open."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an import did, as a table; each of the iterators can be gone through once."""

    file_name: str
    """What a file of it is called."""
    rows: Iterator[tuple[str, ...]]
    """The headings, then one row for each record."""
    lines: Iterator[str]
    """The same as lines of CSV, in which no cell is a formula."""

    @property
    def chunks(self) -> Iterator[bytes]:
        """The same as a file: UTF-8, with the mark at its beginning by which spreadsheets know it."""
        yield BOM_UTF8
        for line in self.lines:
            yield line.encode()
