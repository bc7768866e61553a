"""One import: where it stands, what can be done with it, how far a step is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .options import ImportOptions


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
    seconds: float
    """How long the attempt took that has done it."""
    block_count: int
    """Blocks that are staged, or were."""


@dataclass(frozen=True, kw_only=True)
class StoppedStep:
    """A step of an import that failed or was canceled, as :mod:`.signals` tell other apps of it."""

    import_id: str
    source_key: str
    source_title: str
    library_key: str
    library_title: str
    user_id: int | None
    """Primary key of the user who asked for the step, or has canceled it."""
    action: Action
    """Which step it was: to stage, complete, undo or redo."""
    is_canceled: bool
    """Whether somebody has canceled it; else it failed."""
    reason: str
    """Why it failed, as the import tells; empty where it was canceled."""
    stopped: datetime


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
