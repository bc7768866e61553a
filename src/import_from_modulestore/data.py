"""
The words of this app as plain data.

Everything that crosses :mod:`import_from_modulestore.api` is defined here: no model instance, no XML element. Keys are
strings (``course-v1:…``, ``block-v1:…``, ``lib:…``, ``lb:…``, ``lct:…``), times are aware UTC datetimes, sizes are
bytes.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import IO, Any, NamedTuple, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

MAX_OLX_CHARACTERS = 1_000_000
"""Length of the longest OLX that an edit may give a component."""


class BlockKind(TextChoices):
    """What a source block becomes in a library."""

    SECTION = "section", _("Section")
    SUBSECTION = "subsection", _("Subsection")
    UNIT = "unit", _("Unit")
    COMPONENT = "component", _("Component")

    @property
    def rank(self) -> int:
        """Height in the hierarchy: 0 for a component, 3 for a section."""
        return _RANKS[self.value]

    @property
    def is_container(self) -> bool:
        """Whether an item of this kind holds other items."""
        return self.rank > 0


_RANKS = {"component": 0, "unit": 1, "subsection": 2, "section": 3}


class CompositionLevel(TextChoices):
    """The highest container that an import keeps; what lies above it is dissolved."""

    SECTION = "section", _("Sections, subsections, units and components")
    SUBSECTION = "subsection", _("Subsections, units and components")
    UNIT = "unit", _("Units and components")
    COMPONENT = "component", _("Components only")

    def keeps(self, kind: BlockKind) -> bool:
        """Whether blocks of this kind become items of their own at this level."""
        return kind.rank <= _RANKS[self.value]


class Decision(TextChoices):
    """What to do with a block whose place in the library is taken by something else."""

    SKIP = "skip", _("Skip: leave the library's item as it is")
    OVERWRITE = "overwrite", _("Overwrite: make this the item's next version, live at once")
    NEW_VERSION = "new_version", _("New version: make this the item's next draft, to be published by an author")
    FORK = "fork", _("Fork: create a separate item under the next free ID")
    MERGE = "merge", _("Merge: put what the library and the source have changed into one version")


class MergeSide(TextChoices):
    """Whose version of a piece stands, where both sides have changed it."""

    LIBRARY = "library", _("The library’s")
    SOURCE = "source", _("The source’s")
    EDIT = "edit", _("Another text")


class Contents(TextChoices):
    """What becomes of the blocks inside a component that a library cannot hold: an experiment, a bank of questions."""

    LEAVE_OUT = "leave_out", _("Leave out: they go with the block")
    UNIT = "unit", _("Unit: they stand in the block's stead")
    COLLECTION = "collection", _("Collection: they stand on their own, in a collection that bears the block's name")


class Forward(TextChoices):
    """Whether references of courses to a source are forwarded to the items of an import."""

    YES = "yes", _("Yes, unless it is forwarded to another library")
    INSTEAD = "instead", _("Yes, also instead of to another library")
    NO = "no", _("No")


class ConflictState(TextChoices):
    """How a source block stands to the library; see docs/concepts.md for the table of states and outcomes."""

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
        return _PLANNED[self.value]


BLOCK_STATES = tuple(state for state in ConflictState if state is not ConflictState.GONE)
"""The states that a staged block can have."""

BLOCK_OUTCOMES = tuple(outcome for outcome in Outcome if not outcome.is_of_gone)
"""What can become of a staged block."""

_PLANNED = {
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


class ImportState(TextChoices):
    """Where an import stands; every change of state is one conditional UPDATE (see :mod:`.running.lifecycle`)."""

    CREATED = "created", _("Created")
    STAGING = "staging", _("Staging")
    STAGING_FAILED = "staging_failed", _("Staging failed")
    STAGED = "staged", _("Staged")
    IMPORTING = "importing", _("Importing")
    IMPORT_FAILED = "import_failed", _("Import failed")
    IMPORTED = "imported", _("Imported")
    UNDOING = "undoing", _("Undoing")
    UNDONE = "undone", _("Undone")
    REDOING = "redoing", _("Redoing")
    CANCELED = "canceled", _("Canceled")

    @property
    def is_running(self) -> bool:
        """Whether a step is under way, or queued."""
        return self in _RUNNING

    @property
    def told(self) -> Any:
        """The same in a sentence, after “the import”."""
        return _TOLD[self.value]


_TOLD = {
    "created": _("has not been staged yet"),
    "staging": _("is being staged"),
    "staging_failed": _("could not be staged"),
    "staged": _("is staged, and not completed yet"),
    "importing": _("is being completed"),
    "import_failed": _("could not be completed"),
    "imported": _("is completed"),
    "undoing": _("is being undone"),
    "undone": _("is undone"),
    "redoing": _("is being redone"),
    "canceled": _("is canceled"),
}

_RUNNING = frozenset((ImportState.STAGING, ImportState.IMPORTING, ImportState.UNDOING, ImportState.REDOING))

_ENDED = frozenset((ImportState.IMPORTED, ImportState.UNDONE, ImportState.CANCELED))


class StateGroup(TextChoices):
    """Import states, by who has to do something next."""

    RUNNING = "running", _("Running: a step is under way, or waits for a worker")
    WAITING = "waiting", _("Waiting for somebody: to stage, review, complete or retry it")
    ENDED = "ended", _("Ended: imported, undone or canceled")

    @property
    def states(self) -> tuple[ImportState, ...]:
        """The states of the group; each state is in one."""
        return tuple(state for state in ImportState if _group_of(state) == self.value)


def _group_of(state: ImportState) -> str:
    return "running" if state.is_running else "ended" if state in _ENDED else "waiting"


class ImportOrder(TextChoices):
    """What a list of imports is in the order of; with a hyphen, the other way round."""

    CREATED = "created", _("Oldest first")
    CREATED_LAST = "-created", _("Newest first")
    FINISHED = "finished", _("Finished first; before them those that are not finished")
    FINISHED_LAST = "-finished", _("Finished last; after them those that are not finished")
    SOURCE = "source", _("By source key")
    SOURCE_BACKWARD = "-source", _("By source key, backward")
    LIBRARY = "library", _("By library key")
    LIBRARY_BACKWARD = "-library", _("By library key, backward")


class Action(TextChoices):
    """What a user can do with an import; which state allows which is in :data:`.running.lifecycle.ALLOWED`."""

    STAGE = "stage", _("Stage")
    REVIEW = "review", _("Review and edit")
    COMPLETE = "complete", _("Complete")
    CANCEL = "cancel", _("Cancel")
    RETRY = "retry", _("Retry")
    UNDO = "undo", _("Undo")
    REDO = "redo", _("Redo")

    def label_in(self, state: ImportState) -> Any:
        """The label, as it stands on a button: a cancel of an import that is being undone or redone stops that."""
        return _STOPS.get(state.value, self.label) if self is Action.CANCEL else self.label


_STOPS = {"undoing": _("Stop the undo"), "redoing": _("Stop the redo")}


class ReversalKind(TextChoices):
    """The two ways to go through an import's history."""

    UNDO = "undo", _("Undo")
    REDO = "redo", _("Redo")


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
        return _PLANNED[self.value]


class Work(TextChoices):
    """Why something is on an import's work list."""

    UNSUPPORTED = "unsupported", _("A library cannot hold it")
    FAILED = "failed", _("It could not be read")
    FILES_MISSING = "files_missing", _("Files are missing")
    HELD_BACK = "held_back", _("It stayed a draft")


class LinkState(TextChoices):
    """How a block of a course stands to the item that it became: whether it can follow it."""

    READY = "ready", _("Can be linked")
    LINKED = "linked", _("Linked")
    CHANGED = "changed", _("Changed in the course since")
    ELSEWHERE = "elsewhere", _("Linked to something else")
    UNPUBLISHED = "unpublished", _("Its item is not published")
    INCOMPLETE = "incomplete", _("Holds what its item does not")
    MISSING = "missing", _("Not in the course any more")

    @property
    def can_be_linked(self) -> bool:
        """Whether it is linked where somebody asks for it by name; of all, only those that are ready are."""
        return self in (LinkState.READY, LinkState.CHANGED)


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


class BlockIds(TextChoices):
    """Where the IDs of new library items come from."""

    KEEP = "keep", _("The source's block IDs")
    FROM_TITLES = "from_titles", _("Slugs made from titles")


class Branch(TextChoices):
    """Which side of the source is read."""

    DRAFT = "draft", _("What authors see: drafts over published content")
    PUBLISHED = "published", _("What learners see: published content only")


class SourceKind(TextChoices):
    """The two kinds of modulestore content."""

    COURSE = "course", _("Course")
    LIBRARY = "library", _("Legacy library")


@dataclass(frozen=True, kw_only=True)
class CollectionChoice:
    """
    Which collection of the library gets the imported top-level items: an existing one, or one with this title, which is
    made where there is none. Without either, it has the title of the source.
    """

    code: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """
    How to import.

    * ``level``: the highest container kept.
    * ``on_conflict``: the decision for every conflict that has none of its own.
    * ``unmerged``: the decision for conflicts that are to be merged and need somebody, while nobody has chosen; without
      it, the import waits for that.
    * ``publish``: make created, overwritten and forked items live at once (``new_version`` never publishes).
    * ``block_ids``: where IDs of new items come from.
    * ``branch``: which side of the source is read.
    * ``selection``: usage keys of the blocks to import, each with everything below it; empty means all.
    * ``collection``: put the top-level items into this collection of the library; ``None`` for none.
    * ``contents``: what becomes of the blocks inside components that a library cannot hold, where a review says nothing
      else of such a component.
    * ``as_last_time``: begin the review with what was left out, edited and decided the last time that this source was
      imported into this library.
    * ``forward``: forward the references of courses to the source to the items of this import, where the host can.
      ``None`` does so for a legacy library of this site that is imported whole, by somebody who may, and is not
      forwarded to another library.
    """

    level: CompositionLevel = CompositionLevel.SECTION
    on_conflict: Decision = Decision.SKIP
    unmerged: Decision | None = None
    publish: bool = True
    block_ids: BlockIds = BlockIds.KEEP
    branch: Branch = Branch.DRAFT
    selection: tuple[str, ...] = ()
    collection: CollectionChoice | None = CollectionChoice()
    contents: Contents = Contents.LEAVE_OUT
    as_last_time: bool = True
    forward: Forward | None = None


@dataclass(frozen=True, kw_only=True)
class LastImport:
    """The last import of a source that is written: which, into what, and when."""

    id: str
    library_key: str
    library_title: str
    finished: datetime | None


class SourceReference(NamedTuple):
    """What names a source among all; without an origin the first that has it is meant, of exports the newest."""

    key: str
    origin: str = ""
    export: str = ""

    def __str__(self) -> str:
        return " ".join(self).rstrip()

    @classmethod
    def of(cls, text: str) -> SourceReference:
        """
        From the text that it becomes in forms and addresses: neither a key nor an origin holds a space.

        >>> SourceReference.of("library-v1:Acme+Sea upload upload:7/the sea.zip")
        SourceReference(key='library-v1:Acme+Sea', origin='upload', export='upload:7/the sea.zip')
        """
        return cls(*text.split(" ", 2))


@dataclass(frozen=True, kw_only=True)
class SourceData:
    """
    One course or legacy library that can be imported; or what lies among them and cannot, and why (``problem``): it has
    a key only where the key could be read.
    """

    key: str
    title: str
    kind: SourceKind
    location: str = ""
    """Where the source lies, for people: a file name, a Studio address."""
    origin: str = ""
    """Where it comes from: ``modulestore``, ``folder`` (of exports), ``upload``, or what else a site has."""
    export: str = ""
    """Name of the export that holds it, which is chosen by that where there are several; empty where there are none."""
    modified: datetime | None = None
    """When the export was made or changed; ``None`` where unknown."""
    version: str = ""
    """What identifies the state that was read; empty where the source has no versions."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Blocks by :class:`BlockKind` value."""
    types: Mapping[str, int] = field(default_factory=dict)
    """Components by block type."""
    size: int = 0
    """Bytes on disk; 0 where unknown."""
    warnings: tuple[str, ...] = ()
    """What could not be read and belongs to no block."""
    problem: str = ""
    """Why it cannot be imported; empty where it can."""
    is_partial: bool = False
    """Whether blocks may be missing that are in the source: ``warnings`` say why."""
    uploaded: datetime | None = None
    """When the export was uploaded; ``None`` where it was not."""
    uploaded_by: str = ""
    """Who uploaded it; empty where nobody did, or the account is gone."""
    removable: bool = False
    """Whether the user may remove the export (:func:`.api.remove_export`)."""
    is_being_read: bool = False
    """Whether ``problem`` says no more than that it is not known yet what lies there."""
    last_import: LastImport | None = None
    """The last import of it that is written, of those that the user may know of; told where sources are listed."""

    org: str = field(init=False)
    """The organization's short name; empty for an export without a readable key."""
    run: str = field(init=False)
    """The course's run; empty for a legacy library."""

    def __post_init__(self) -> None:
        org, _course, run, *_rest = (*self.key.partition(":")[2].split("+"), "", "")
        object.__setattr__(self, "org", org)
        object.__setattr__(self, "run", run)

    @property
    def reference(self) -> SourceReference:
        """What names it."""
        return SourceReference(self.key, self.origin, self.export)

    @property
    def block_count(self) -> int:
        """All blocks, containers included."""
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class LibraryData:
    """One content library; ``package_id`` is the primary key of its learning package, 0 while it is to be made."""

    key: str
    title: str
    package_id: Any
    url: str = ""
    """Its page, where the host has one."""


class Notice(Enum):
    """
    What may be met at many blocks of a source, and is said of the source once, with how often.

    Each is told by its sentence, with ``%(count)d`` in it; lazy ones are equal to each other, and so no values.
    """

    def __new__(cls, text: Any) -> Notice:
        """Numbered in their order."""
        member = object.__new__(cls)
        member._value_ = len(cls.__members__)
        return member

    def __init__(self, text: Any) -> None:
        self._text = text

    PYTHON_LIBRARY_LEFT_OUT = ngettext_lazy(
        "python_lib.zip was left out, and %(count)d problem that runs Python may need it.",
        "python_lib.zip was left out, and %(count)d problems that run Python may need it.",
        "count",
    )
    UNNAMED_BLOCKS = ngettext_lazy(
        "Studio did not say which blocks are which (copied_from_block) in %(count)d section, so each was read by "
        "itself. Ask those who run this site for a version of the import that is made for this Studio.",
        "Studio did not say which blocks are which (copied_from_block) in %(count)d sections, so each was read by "
        "itself. Ask those who run this site for a version of the import that is made for this Studio.",
        "count",
    )
    TAGS_WITHOUT_TAXONOMY = ngettext_lazy(
        "%(count)d block has tags of a taxonomy that is not here. They are put on record, and not carried over.",
        "%(count)d blocks have tags of a taxonomy that is not here. They are put on record, and not carried over.",
        "count",
    )
    KNOWN_BY_CONTENT = ngettext_lazy(
        "%(count)d block has no name of its own, or shares it with another. It is known by its content: once that is "
        "changed in the source, it counts as new.",
        "%(count)d blocks have no name of their own, or share it with another. They are known by their content: once "
        "that is changed in the source, they count as new.",
        "count",
    )
    UNITS_MADE = ngettext_lazy(
        "%(count)d unit was made for components that stand in none. It is named after the first of them.",
        "%(count)d units were made for components that stand in none. Each is named after the first of them.",
        "count",
    )

    EDITS_WITHOUT_BLOCK = ngettext_lazy(
        "%(count)d block that was edited in the review is not in the source any more, and so is its edit.",
        "%(count)d blocks that were edited in the review are not in the source any more, and so are their edits.",
        "count",
    )
    AS_LAST_TIME = ngettext_lazy(
        "As last time: of %(count)d block, the review has begun with what the last one had said.",
        "As last time: of %(count)d blocks, the review has begun with what the last one had said.",
        "count",
    )
    WRITTEN_AGAIN = ngettext_lazy(
        "%(count)d file of the library was gone from its storage, and was written again.",
        "%(count)d files of the library were gone from its storage, and were written again.",
        "count",
    )

    def sentence(self, count: int) -> str:
        """What to say of a source in which it was met so often."""
        return str(self._text % {"count": count})


@dataclass(frozen=True, kw_only=True)
class StagedRoot:
    """
    One root that a host has put into ``content_staging``, in the order of the source.

    ``problems`` names the blocks below it whose own content could not be read, by usage key: each stands in the OLX as
    an empty element, and is reported, not imported. ``warnings`` are about blocks that were read after a repair.
    ``notices`` counts what was met in this root and is said once for the whole source.
    """

    staged_content_id: int
    usage_key: str
    problems: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: Mapping[Notice, int] = field(default_factory=dict)
    continues: int = 0
    """
    How many blocks at its beginning, each in the one before, the roots before it have already: what is in them goes on
    here, and of themselves nothing is staged again but attributes. See :mod:`.olx.pieces`.
    """


class LocalKey(NamedTuple):
    """What is unique in a library: the component type or container type, and the local code."""

    type: str
    code: str

    def __str__(self) -> str:
        return f"{self.type}:{self.code}"


@dataclass(frozen=True, kw_only=True)
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
    """The existing item in the block's place, whatever is decided: ``entity_id``, or what is forked from."""
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


@dataclass(frozen=True, kw_only=True)
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
        return _count(item.outcome for item in self.everything)

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


@dataclass(frozen=True, kw_only=True)
class ProgressData:
    """How far a running step is. ``total`` of 0 means unknown; see :class:`Progress` for the phases."""

    phase: str
    done: int
    total: int
    title: str
    seconds_left: float | None
    """Estimated from the pace of this phase so far; ``None`` before anything can be said."""
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class ReversalData:
    """One undo or redo of an import that was carried out."""

    kind: ReversalKind
    username: str
    forced: bool
    """Whether items that were edited or used meanwhile were reverted too."""
    counts: Mapping[str, int]
    """Items by :class:`ReversalOutcome` value."""
    finished: datetime


@dataclass(frozen=True, kw_only=True)
class FinishedStep:
    """A step of an import that is done, as :mod:`.signals` tell other apps of it."""

    import_id: str
    source_key: str
    source_title: str
    library_key: str
    library_title: str
    user_id: int | None
    """Primary key of the user who asked for the step; their name is the account's to tell."""
    state: ImportState
    """Where the import has come to stand."""
    counts: Mapping[str, int]
    """Source blocks by :class:`Outcome` value; of an undo or redo, items by :class:`ReversalOutcome` value; empty
    after a staging: nothing has happened to them yet."""
    forced: bool
    """Whether an undo or redo also took what was changed since."""
    finished: datetime


@dataclass(frozen=True, kw_only=True)
class ImportData:
    """One import: who, what, how, when and with which result."""

    id: str
    source_key: str
    source_title: str
    source_url: str = ""
    """The source's page, where the host has one; so for the library."""
    source_version: str
    source_origin: str = ""
    """Where the source comes from, as :attr:`SourceData.origin`."""
    source_export: str = ""
    """The export that it is read from; empty where sources are no exports."""
    library_key: str
    library_title: str
    library_url: str = ""
    collection_url: str = ""
    """The page of the collection that its items were put into, where the host has one."""
    state: ImportState
    actions: tuple[Action, ...]
    """What the state allows now; whether the user may is checked when it is asked for."""
    options: ImportOptions
    username: str
    error: str
    warnings: tuple[str, ...]
    block_count: int
    """Blocks that are staged, or were."""
    counts: Mapping[str, int]
    """Source blocks by :class:`Outcome` value, once imported."""
    batch_id: str = ""
    """The batch that it is one of; empty where it stands alone."""
    to_decide: int | None = None
    """Of a batch: how many conflicts nobody has decided about; ``None`` where that is not known."""
    created: datetime
    staged: datetime | None
    started: datetime | None
    finished: datetime | None
    queued: bool
    """Whether a step was asked for and no worker has taken it up yet."""
    progress: ProgressData | None
    """Of the step that runs; ``None`` where none does."""
    forwards: bool
    """Whether references of courses to the source are forwarded to what this import has brought."""

    @property
    def is_put_off(self) -> bool:
        """Whether the step that is queued waits for the database, as ``error`` says."""
        return self.queued and bool(self.error)


@dataclass(frozen=True, kw_only=True)
class BatchData:
    """Several sources that are imported into one library, and how far that is."""

    id: str
    library_key: str
    library_title: str
    library_url: str = ""
    """Its page, where the host has one and it is made."""
    username: str
    created: datetime
    states: Mapping[str, int]
    """Its imports by :class:`ImportState` value."""

    @property
    def size(self) -> int:
        """How many imports it has."""
        return sum(self.states.values())

    @property
    def is_running(self) -> bool:
        """Whether a step of one of its imports is under way, or queued."""
        return any(ImportState(state).is_running for state in self.states)

    @property
    def done(self) -> int:
        """How many of its imports are at rest."""
        return sum(count for state, count in self.states.items() if not ImportState(state).is_running)


@dataclass(frozen=True, kw_only=True)
class BatchDetails(BatchData):
    """A batch with its imports, in the order of their sources."""

    imports: tuple[ImportData, ...]
    permitted: Mapping[Action, tuple[str, ...]]
    """What the user may do with all of it now: of each action, the IDs of the imports that it is about."""


@dataclass(frozen=True, kw_only=True)
class LeftImport:
    """An import of a batch that an action was not done with, or not asked of, and why."""

    import_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BatchStep:
    """What came of an action with a batch."""

    batch: BatchDetails
    asked: tuple[str, ...]
    """IDs of the imports that it was done with, or asked of, in that order."""
    left: tuple[LeftImport, ...]


@dataclass(frozen=True, kw_only=True)
class BatchReversal:
    """What an undo or redo of a batch would do with one of its imports; or why it cannot be done (``refusal``)."""

    run: ImportData
    plan: ReversalPlan | None
    refusal: str = ""


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
    review has said; ``files_missing`` those that name files which the source does not hold; ``conflicts`` those that a
    decision settles; ``search`` those whose title, name or usage key contains it, in any case.
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
class Page[T]:
    """A part of a list; ``total`` counts all of it."""

    items: tuple[T, ...]
    total: int
    offset: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class GonePage(Page[GoneData]):
    """A part of the list of what is gone from the source."""

    removed: int
    """How many of all of it are to be removed."""
    unknown: str
    """Why it cannot be said what is gone; empty where it can."""


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
        return _count(item.outcome for item in self.items)

    @property
    def kept(self) -> tuple[ReversalItem, ...]:
        """Items that stay as they are, each with its ``reason``."""
        return tuple(item for item in self.items if item.outcome is ReversalOutcome.KEPT)


@dataclass(frozen=True, kw_only=True)
class LinkData:
    """A block of a course, the item that it became, and whether it follows that, or can."""

    num: int
    depth: int
    usage_key: str
    block_type: str
    kind: BlockKind
    title: str
    name: str
    """What people call it: its title, or where it has none, the beginning of its text."""
    item_key: str
    item_url: str = ""
    """The item's page, where the host has one."""
    state: LinkState
    reason: str = ""
    """Why it cannot be linked, or not without being asked for; what to know of a link that is there."""
    warnings: tuple[str, ...] = ()
    """What a later update from the library will do to it."""
    version: int | None = None
    """The item's version that the block counts as having, once it is linked."""
    has_update: bool = False
    """Whether the library has a newer version than that, so that an update will be offered at once."""
    by_import: bool = False
    """Whether it was this import's blocks that were linked, and can be unlinked."""
    linked_by: str = ""
    """Of a link of this import: who has made it."""
    linked: datetime | None = None
    """And when."""


@dataclass(frozen=True, kw_only=True)
class LinkPlan:
    """All blocks of an import that became items, in the order of the source, and how they stand to these now."""

    source_key: str
    items: tuple[LinkData, ...]

    def counts(self) -> dict[str, int]:
        """Blocks by :class:`LinkState` value."""
        return _count(item.state for item in self.items)

    @property
    def ready(self) -> int:
        """How many are linked where all are asked for."""
        return sum(item.state is LinkState.READY for item in self.items)

    @property
    def by_import(self) -> int:
        """How many links of this import stand."""
        return sum(item.by_import for item in self.items)


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


class Progress(Protocol):
    """
    Called as work goes on; ``total`` of 0 means unknown.

    ``phase`` is ``"staging"``, ``"planning"``, ``"writing"``, ``"publishing"`` or ``"reverting"``; ``title`` names what
    is being done. May raise, to stop the work: what was done is then rolled back.
    """

    def __call__(self, phase: str, done: int, total: int, title: str = "") -> None:
        """Be told how far it is."""


def no_progress(phase: str, done: int, total: int, title: str = "") -> None:
    """A :class:`Progress` for callers who do not watch."""


def tally[Choice: TextChoices](choices: type[Choice], counts: Mapping[str, int]) -> list[tuple[Choice, int]]:
    """Numbers by value that are not zero, in the order of the choices: those of outcomes, say."""
    return [(choice, counts[choice.value]) for choice in choices if counts.get(choice.value)]


def _count(values: Iterable[TextChoices]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value.value] = counts.get(value.value, 0) + 1
    return counts
