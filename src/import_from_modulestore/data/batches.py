"""Several imports at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import ngettext

from .history import ReversalPlan
from .imports import Action, ImportData, ImportState


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

    def told_of(self, action: Action) -> str:
        """Of how many imports workers were asked for the action, in words; a cancel is done by then."""
        count = len(self.asked)
        if action is Action.CANCEL:
            told = ngettext("{action}: {count} import.", "{action}: {count} imports.", count)
        else:
            told = ngettext("{action}: asked of {count} import.", "{action}: asked of {count} imports.", count)
        return told.format(action=action.label, count=count)


@dataclass(frozen=True, kw_only=True)
class BatchReversal:
    """What an undo or redo of a batch would do with one of its imports; or why it cannot be done (``refusal``)."""

    run: ImportData
    plan: ReversalPlan | None
    refusal: str = ""
