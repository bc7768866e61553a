"""What an import would do: states, outcomes, plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .blocks import BlockKind, LocalKey
from .lists import counts_of
from .options import Contents, Decision, Forward


class ConflictState(TextChoices):
    """How a source block stands to the library; docs/explanation/concepts.md has the table of states and outcomes."""

    NEW = "new", _("New")
    UNCHANGED = "unchanged", _("Unchanged")
    SOURCE_CHANGED = "source_changed", _("Source changed")
    LIBRARY_CHANGED = "library_changed", _("Library changed")
    BOTH_CHANGED = "both_changed", _("Both changed")
    ID_TAKEN = "id_taken", _("ID taken")
    DELETED = "deleted", _("Deleted in library")
    GONE = "gone", _("Gone from source")
    UNSUPPORTED = "unsupported", _("Unsupported")
    UNREADABLE = "unreadable", _("Unreadable")

    @property
    def is_conflict(self) -> bool:
        """Whether a :class:`Decision` settles what happens."""
        return self in _CONFLICTS


_CONFLICTS = frozenset(
    (
        ConflictState.SOURCE_CHANGED,
        ConflictState.LIBRARY_CHANGED,
        ConflictState.BOTH_CHANGED,
        ConflictState.ID_TAKEN,
        ConflictState.DELETED,
    )
)


class Outcome(TextChoices):
    """What happens, or happened, to one source block."""

    CREATED = "created", _("Created")
    UPDATED = "updated", _("Updated")
    FORKED = "forked", _("Forked")
    UNCHANGED = "unchanged", _("Unchanged")
    SKIPPED = "skipped", _("Skipped")
    UNSUPPORTED = "unsupported", _("Unsupported")
    FAILED = "failed", _("Failed")
    REMOVED = "removed", _("Removed")
    KEPT = "kept", _("Kept")
    NEEDS_YOU = "needs_you", _("Merge needs you")
    """Of plans only: nothing of such a plan can be written."""

    @property
    def writes(self) -> bool:
        """Whether the library gets a new version of something."""
        return self in (Outcome.CREATED, Outcome.UPDATED, Outcome.FORKED)

    @property
    def changes(self) -> bool:
        """Whether an item of the library is not what it was: an undo has something to take back."""
        return self.writes or self is Outcome.REMOVED

    @property
    def is_of_gone(self) -> bool:
        """Whether it is about a block that the source does not hold any more (:attr:`ConflictState.GONE`)."""
        return self in (Outcome.REMOVED, Outcome.KEPT)

    @property
    def planned(self) -> Any:
        """What a plan says of it: nothing has happened yet."""
        return PLANNED_LABELS[self.value]


BLOCK_STATES = tuple(state for state in ConflictState if state is not ConflictState.GONE)
"""The states that a staged block can have."""


BLOCK_OUTCOMES = tuple(outcome for outcome in Outcome if not outcome.is_of_gone)
"""What can become of a staged block."""


PLANNED_LABELS = {
    "created": _("Create"),
    "updated": _("Update"),
    "forked": _("Fork"),
    "unchanged": _("Unchanged"),
    "skipped": _("Skip"),
    "unsupported": _("Unsupported"),
    "failed": _("Cannot be read"),
    "removed": _("Remove"),
    "needs_you": _("Merge needs you"),
    "restored": _("Restore"),
    "reverted": _("Back to the former version"),
    "kept": _("Keep"),
}
"""Labels of :class:`Outcome` and :class:`ReversalOutcome` before it has happened, by value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedItem:
    """What an import does with one source block. The same object is shown by a preview and executed by a write."""

    num: int
    """Place in the source, counted depth-first over everything staged."""
    depth: int
    """Levels below the top of what the library will hold: 0 stands on its own."""
    usage_key: str
    block_type: str
    kind: BlockKind
    title: str
    name: str
    """What people call it: its title, or where it has none, the beginning of its text."""
    state: ConflictState
    outcome: Outcome
    decision: Decision | None = None
    """The decision that led to ``outcome``; ``None`` where none was needed."""
    local_key: LocalKey | None = None
    entity_id: int | None = None
    """The existing item that gets a new version or is left alone; ``None`` where one is created."""
    meets: int | None = None
    """
    The existing item in the block's place, whatever is decided: ``entity_id``, or what is forked from; ``None`` of one
    that could not be read, of which there is nothing to compare.
    """
    children: tuple[LocalKey, ...] = ()
    """For containers: what they will hold, in order."""
    publish: bool = False
    top_level: bool = True
    """Whether no other planned container holds it."""
    reason: str = ""
    warnings: tuple[str, ...] = ()
    source_digest: str = ""
    item_digest: str = ""
    contents: Contents | None = None
    """What becomes of the blocks inside one that a library cannot hold; ``None`` for all others."""
    inner: tuple[LocalKey, ...] = ()
    """What these blocks become, in order; or those of them that are not left out."""
    collection_title: str = ""
    """Title of the collection that they go into; empty where they go into none."""
    collection_id: int | None = None
    """That collection; ``None`` where it is to be made."""
    left_out: tuple[str, ...] = ()
    """Names of the blocks inside an unsupported one that go with it."""
    refusal: str = ""
    """Why a library cannot hold an unsupported one, whatever becomes of what is inside it."""
    inside: tuple[str, ...] = ()
    """Of a block that comes from inside an unsupported one: what is around it, that one first; groups, say."""
    based_on: int | None = None
    """Of what is merged, or was to be: the record of the import that both sides come from."""
    held: Mapping[LocalKey, int] = field(default_factory=dict)
    """Of ``children``, those that the library's item holds already, blocks of this plan or not: their entities."""
    source_children: tuple[LocalKey, ...] = ()
    """Of a container that is merged: what it would hold without the library's part."""
    in_source: tuple[LocalKey, ...] = ()
    """Of a container: what the source holds there, also what is left out or unreadable, or deleted in the library."""
    pinned: Mapping[LocalKey, int] = field(default_factory=dict)
    """Of ``children``, those of which the library has one version there, whatever becomes of them: that version."""

    @property
    def is_collected(self) -> bool:
        """Whether it goes into the import's own collection, where that has one: it stands on its own, and is there."""
        stays_deleted = self.outcome is Outcome.SKIPPED and self.state is ConflictState.DELETED
        return self.top_level and self.local_key is not None and not stays_deleted


@dataclass(frozen=True, kw_only=True, slots=True)
class GoneItem(PlannedItem):
    """
    An item of the library whose block the source does not hold any more: ``kept``, unless a reviewer removes it.

    ``num`` counts on after the last staged block, and ``usage_key`` is that of the block. ``warnings`` say what speaks
    against removing it.
    """

    local_key: LocalKey
    entity_id: int
    edited: bool = False
    """Whether somebody edited it in the library since it was imported."""
    used_by: tuple[str, ...] = ()
    """Titles of the containers that hold it and stay as they are."""
    also_from: tuple[str, ...] = ()
    """Keys of the other sources that it was imported from as well."""

    @property
    def is_untouched(self) -> bool:
        """
        Whether nothing speaks against removing it. What is edited, in use, or of another source too goes only where it
        is named itself.
        """
        return not (self.edited or self.used_by or self.also_from)

    @property
    def is_removed(self) -> bool:
        """Whether the import takes it out of the library."""
        return self.outcome is Outcome.REMOVED


@dataclass(frozen=True, kw_only=True)
class ForwardingData:
    """What completing an import would do to the references of courses to its source: library_content blocks, say."""

    forwards: bool
    """Whether they are forwarded to items of this import."""
    reason: str
    """The same in words, and why."""
    elsewhere: str = ""
    """Key of the other library to which they are forwarded now; empty where there is none."""
    without_item: int = 0
    """Of how many components of the source no item comes, so that references to these are forwarded nowhere."""
    blocker: str = ""
    """Why the import cannot be completed before somebody has said something else of it; empty where it can."""
    choices: tuple[Forward, ...] = ()
    """What else the user can say of it: see :func:`.api.choose_forward`."""

    @property
    def is_conflict(self) -> bool:
        """Whether somebody has to say which library it is to be."""
        return bool(self.elsewhere) and not self.forwards


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The complete list of changes that an import would make, in the order of the source."""

    items: tuple[PlannedItem, ...]
    blockers: tuple[str, ...] = ()
    """Reasons why nothing of this can be written (the library's block limit, say)."""
    gone: tuple[GoneItem, ...] = ()
    """What earlier imports brought and the source does not hold any more, larger items first."""
    gone_unknown: str = ""
    """Why it cannot be said what is gone; empty where it can."""
    left_with: Mapping[int, int] = field(default_factory=dict)
    """Numbers of blocks that go with one that a library cannot hold, and of that one."""
    forwarding: ForwardingData | None = None
    """What becomes of the references of courses to the source; ``None`` where that is not in question."""

    @property
    def everything(self) -> tuple[PlannedItem, ...]:
        """What becomes of each staged block, and of each item whose block is gone."""
        return (*self.items, *self.gone)

    def counts(self) -> dict[str, int]:
        """All of it, by :class:`Outcome` value."""
        return counts_of(item.outcome for item in self.everything)

    @property
    def writes(self) -> int:
        """How many items get a new version."""
        return sum(item.outcome.writes for item in self.items)

    @property
    def removes(self) -> int:
        """How many items are taken out of the library."""
        return sum(item.is_removed for item in self.gone)


@dataclass(frozen=True, kw_only=True)
class CannotGo:
    """Blocks of one type that cannot be imported, all for the same reason."""

    block_type: str
    kind: BlockKind
    outcome: Outcome
    """``UNSUPPORTED`` or ``FAILED``."""
    reason: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What completing a staged import would do now, in numbers; blocks that are left out are counted as that alone."""

    blocks: int
    """How many would be imported, if a library could hold everything."""
    held: int
    """How many of these a library can hold."""
    outcomes: Mapping[str, int]
    """Blocks by :class:`Outcome` value, and items whose blocks are gone; as :meth:`Plan.counts`."""
    states: Mapping[str, int]
    """The same by :class:`ConflictState` value."""
    conflicts: int
    """How many blocks a decision settles."""
    cannot_go: tuple[CannotGo, ...]
    """What cannot be imported, and why; the most frequent first."""
    goes_with: int
    """How many blocks go with one that a library cannot hold, since they are inside it."""
    missing_files: int
    """How many blocks name files that the source does not hold."""
    warnings: int
    """Of how many blocks there is something to know."""
    left_out: int
    edited: int
    as_last_time: int
    """Of how many blocks the review says what an earlier one has said."""
    gone: int
    """How many items of the library came from blocks that the source does not hold any more."""
    gone_unknown: str
    """Why that cannot be said; empty where it can."""
    writes: int
    """How many items get a new version."""
    removes: int
    """How many items are taken out of the library."""
    blockers: tuple[str, ...]
    """Reasons why nothing of this can be written."""
    forwarding: ForwardingData | None
    """As :attr:`Plan.forwarding`."""

    @property
    def percent(self) -> int:
        """How much of it a library can hold; 100 only where it is everything."""
        return self.held * 100 // self.blocks if self.blocks else 100
