"""Batches: how far each of their imports is, and what an undo of all of them would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Group, RenderableType
from rich.text import Text

from ...data import BatchData, BatchDetails, BatchReversal, ImportState, tally
from ...quoting import joined
from .outline import hanging
from .reversal import kept_items, outside_library
from .tables import indented, reversal_counts, state_of, when
from .text import counted_sources, printable


def batch_table(batch: BatchDetails, left: Mapping[str, str]) -> RenderableType:
    """A batch, import by import; ``left`` says of those that a step was not done with why."""
    title = f"{counted_sources(batch.size)} → {batch.library_title}  {batch.library_key}"
    parts: list[RenderableType] = [
        Text.assemble((batch.id[:8], "cyan"), f"  {printable(title)}"),
        indented(Text(printable(f"{_states(batch)} · {batch.username}, {when(batch.created)}"), style="dim")),
    ]
    for run in batch.imports:
        told = Text.assemble(state_of(run), f"  {printable(run.source_title)}  ", (run.source_key, "dim"))
        if run.to_decide and run.state is ImportState.STAGED:
            decide = ngettext("{count:,} conflict to decide", "{count:,} conflicts to decide", run.to_decide)
            told.append("  " + decide.format(count=run.to_decide), style="yellow")
        parts.append(hanging(Text(run.id[:8], style="cyan"), told))
        if why := left.get(run.id) or run.error:
            parts.append(indented(Text(printable(why), style="red")))
    return Group(*parts)


def batches_table(batches: Sequence[BatchData], total: int) -> RenderableType:
    """Batches, newest first; ``total`` counts those not shown too."""
    if not batches:
        return Text(_("No batches."))
    parts: list[RenderableType] = []
    for batch in batches:
        way = f"{counted_sources(batch.size)} → {batch.library_title}  {batch.library_key}"
        told = f"{_states(batch)} · {batch.username}, {when(batch.created)}"
        parts += [
            Text.assemble((batch.id[:8], "cyan"), f"  {printable(way)}"),
            indented(Text(printable(told), style="dim")),
        ]
    if total > len(batches):
        more = _("… and {count:,} more; --limit shows them.").format(count=total - len(batches))
        parts.append(Text(more, style="dim"))
    return Group(*parts)


def reversals_told(told: Sequence[BatchReversal]) -> RenderableType:
    """What an undo or redo would do with each import, and what it would keep."""
    parts: list[RenderableType] = []
    for each in told:
        what = reversal_counts(each.plan.counts()) if each.plan else each.refusal
        parts.append(hanging(Text(each.run.id[:8], style="cyan"), Text(printable(f"{each.run.source_title}: {what}"))))
        parts += [indented(Text(line)) for line in outside_library(each.plan)] if each.plan else []
        if each.plan and (kept := kept_items(each.plan.kept)):
            parts.append(indented(kept))
    return Group(*parts)


def _states(batch: BatchData) -> str:
    return joined(f"{count} {str(state.label).lower()}" for state, count in tally(ImportState, batch.states))
