"""
What happened, as sentences: of a library, import by import, and of one of its items.

One wording for all doors, in the language that is active. Each is whole in itself, so that it can be translated as it
is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..data import BlockKind, HistoryEntry, HistoryKind, ImportState, Outcome, ReversalKind, ReversalOutcome, tally
from ..models import Import, ImportRecord, Reversal, ReversalRecord
from ..quoting import joined
from ..running.lifecycle import actions_in

_OF_OUTCOME = {
    Outcome.CREATED: gettext_lazy("Created by the import of {source} by {user} on {date}, from {block}."),
    Outcome.UPDATED: gettext_lazy("Updated by the import of {source} by {user} on {date}, from {block}."),
    Outcome.FORKED: gettext_lazy(
        "Created beside another item, as a fork, by the import of {source} by {user} on {date}, from {block}."
    ),
    Outcome.UNCHANGED: gettext_lazy(
        "Found unchanged by the import of {source} by {user} on {date}: it is as {block} has it."
    ),
    Outcome.SKIPPED: gettext_lazy("Left as it was by the import of {source} by {user} on {date}: {block} was skipped."),
    Outcome.REMOVED: gettext_lazy(
        "Taken out of the library by the import of {source} by {user} on {date}: {block} is gone from the source."
    ),
    Outcome.KEPT: gettext_lazy(
        "Kept by the import of {source} by {user} on {date}, although {block} is gone from the source."
    ),
}
_UPDATED_AS_DRAFT = gettext_lazy(
    "Given a new draft by the import of {source} by {user} on {date}, from {block}. It was not published."
)
_NOT_BROUGHT = gettext_lazy("Left as it was by the import of {source} by {user} on {date}: {block} could not go.")

_IN = {
    BlockKind.SECTION: gettext_lazy("“{name}” in section “{parent}”"),
    BlockKind.SUBSECTION: gettext_lazy("“{name}” in subsection “{parent}”"),
    BlockKind.UNIT: gettext_lazy("“{name}” in unit “{parent}”"),
}

_OF_REVERSAL = {
    (ReversalKind.UNDO, ReversalOutcome.REMOVED): gettext_lazy(
        "Taken out of the library when {user} undid the import of {source} on {date}."
    ),
    (ReversalKind.UNDO, ReversalOutcome.RESTORED): gettext_lazy(
        "Restored when {user} undid the import of {source} on {date}."
    ),
    (ReversalKind.UNDO, ReversalOutcome.REVERTED): gettext_lazy(
        "Set back to version {version} when {user} undid the import of {source} on {date}."
    ),
    (ReversalKind.UNDO, ReversalOutcome.KEPT): gettext_lazy(
        "Kept as it was when {user} undid the import of {source} on {date}. {reason}"
    ),
    (ReversalKind.REDO, ReversalOutcome.REMOVED): gettext_lazy(
        "Taken out of the library when {user} redid the import of {source} on {date}."
    ),
    (ReversalKind.REDO, ReversalOutcome.RESTORED): gettext_lazy(
        "Restored when {user} redid the import of {source} on {date}."
    ),
    (ReversalKind.REDO, ReversalOutcome.REVERTED): gettext_lazy(
        "Set to version {version} again when {user} redid the import of {source} on {date}."
    ),
    (ReversalKind.REDO, ReversalOutcome.KEPT): gettext_lazy(
        "Kept as it was when {user} redid the import of {source} on {date}. {reason}"
    ),
}


def of_import(run: Import) -> HistoryEntry:
    """That an import was written into the library."""
    told = _("{user} imported {source} on {date}.").format(**_who(run.username, run, run.finished))
    told += _counts(Outcome, run.counts)
    return _entry(HistoryKind.IMPORT, run, run.username, run.finished, told, counts=run.counts)


def of_reversal(reversal: Reversal) -> HistoryEntry:
    """That an import was undone or redone; reads ``reversal.import_run``."""
    run = reversal.import_run
    told = {
        (ReversalKind.UNDO, False): _("{user} undid the import of {source} on {date}."),
        (ReversalKind.UNDO, True): _("{user} undid the import of {source} on {date}, with what was changed since."),
        (ReversalKind.REDO, False): _("{user} redid the import of {source} on {date}."),
        (ReversalKind.REDO, True): _("{user} redid the import of {source} on {date}, with what was changed since."),
    }[ReversalKind(reversal.kind), reversal.forced].format(**_who(reversal.username, run, reversal.finished))
    return _entry(
        HistoryKind(reversal.kind),
        run,
        reversal.username,
        reversal.finished,
        told + _counts(ReversalOutcome, reversal.counts),
        counts=reversal.counts,
        forced=reversal.forced,
    )


def of_record(record: ImportRecord, parent: ImportRecord | None) -> HistoryEntry:
    """What an import did with an item; ``parent`` is the record of what holds the block. Reads the record's import."""
    run, outcome = record.import_run, Outcome(record.outcome)
    template = _OF_OUTCOME.get(outcome, _NOT_BROUGHT)
    if outcome is Outcome.UPDATED and record.draft_after_num != record.published_after_num:
        template = _UPDATED_AS_DRAFT
    block = _block(record, None if outcome.is_of_gone else parent)
    told = str(template).format(**_who(run.username, run, run.finished), block=block)
    if record.inside:
        told += " " + _("It was inside {blocks}.").format(blocks=joined(f"“{name}”" for name in record.inside))
    return _entry(HistoryKind.IMPORT, run, run.username, run.finished, told, outcome=outcome, num=record.num)


def of_reversal_record(done: ReversalRecord) -> HistoryEntry:
    """What an undo or redo did with an item; reads ``done.reversal`` and ``done.record.import_run``."""
    reversal, run = done.reversal, done.record.import_run
    kind, outcome = ReversalKind(reversal.kind), ReversalOutcome(done.outcome)
    told = str(_OF_REVERSAL[kind, outcome]).format(
        **_who(reversal.username, run, reversal.finished),
        version=done.draft_after_num or done.published_after_num or "–",
        reason=done.reason,
    )
    return _entry(
        HistoryKind(kind),
        run,
        reversal.username,
        reversal.finished,
        told.strip(),
        outcome=outcome,
        num=done.record.num,
        forced=reversal.forced,
    )


def _counts(outcomes: type[Outcome | ReversalOutcome], counts: Mapping[str, int]) -> str:
    return "".join(f" {outcome.label}: {count}." for outcome, count in tally(outcomes, counts))


def _who(username: str, run: Import, moment: datetime | None) -> dict[str, str]:
    return {
        "user": username or _("somebody"),
        "source": f"“{run.source_title}”" if run.source_title else run.source_key,
        "date": date_format(localtime(moment), "DATE_FORMAT") if moment else "–",
    }


def _block(record: ImportRecord, parent: ImportRecord | None) -> str:
    name = record.called or record.usage_key
    if parent is None or parent.kind not in _IN:
        return f"“{name}”"
    return str(_IN[BlockKind(parent.kind)]).format(name=name, parent=parent.called or parent.usage_key)


def _entry(
    kind: HistoryKind, run: Import, username: str, moment: datetime | None, sentence: str, **more: Any
) -> HistoryEntry:
    return HistoryEntry(
        kind=kind,
        import_id=str(run.uuid),
        source_key=run.source_key,
        source_title=run.source_title,
        library_key=run.library_key,
        username=username,
        time=moment or run.created,
        sentence=sentence,
        actions=actions_in(ImportState(run.state)),
        **more,
    )
