"""Tables of sources, libraries and imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...data import (
    BlockKind,
    Branch,
    Contents,
    HistoryEntry,
    ImportData,
    ImportState,
    LibraryData,
    Outcome,
    RecordData,
    ReversalData,
    ReversalOutcome,
    SourceData,
    tally,
)
from ...quoting import joined
from ...sizes import size_told
from .marks import MARKS, as_in, counted_kind, in_short, type_beside_title
from .outline import hanging
from .progress import PHASES
from .text import counted_blocks, printable

_STATE_STYLES = {
    ImportState.IMPORTED: "green",
    ImportState.CANCELED: "dim",
    ImportState.IMPORT_FAILED: "bold red",
    ImportState.STAGING_FAILED: "bold red",
}


def sources_table(sources: Sequence[SourceData], *, more: int = 0, none: str = "") -> RenderableType:
    """
    What can be imported: one block of two lines each, since keys are long.

    Their origins are told where there are several. ``more`` counts those that are left out; ``none`` is said of an
    empty list.
    """
    parts: list[RenderableType] = []
    several = len({source.origin for source in sources}) > 1
    for source in sources:
        if source.problem:
            parts += [
                Text.assemble(("✗ ", "bold red"), (printable(source.title), "bold")),
                indented(Text(printable(source.problem))),
                "",
            ]
            continue
        contents = joined(
            counted_kind(source.counts[kind.value], kind) for kind in BlockKind if source.counts.get(kind.value)
        )
        facts = " · ".join(
            part
            for part in (
                _("{source} of {contents}").format(source=source.kind.label, contents=contents or _("nothing")),
                source.location,
                source.origin if several else "",
                size_told(source.size) if source.size else "",
                when(source.modified) if source.modified else "",
            )
            if part
        )
        parts += [
            Text.assemble((printable(source.title), "bold"), "  ", (source.key, "cyan")),
            indented(Text(printable(facts), style="dim")),
            *(indented(Text(f"⚠ {printable(warning)}", style="yellow")) for warning in source.warnings),
            "",
        ]
    if not parts:
        return Text(printable(none))
    if more:
        told = _("… and {count:,} more; find them with --search, or raise --limit.").format(count=more)
        return Group(*parts, Text(told, style="dim"))
    return Group(*parts[:-1])


def libraries_table(libraries: Sequence[LibraryData]) -> RenderableType:
    """The libraries of this site."""
    if not libraries:
        return Text(_("No libraries yet. `run … --create` makes one."))
    return Group(*(Text.assemble((printable(library.title), "bold"), f"  {library.key}") for library in libraries))


def imports_table(imports: Sequence[ImportData], total: int) -> RenderableType:
    """Imports, newest first: a few lines each, since keys and titles are long. ``total`` counts those not shown too."""
    if not imports:
        return Text(_("No imports."))
    parts: list[RenderableType] = []
    for run in imports:
        way = f"{run.source_title} → {run.library_key} · {_level(run)}"
        parts += [
            Text.assemble((run.id[:8], "cyan"), "  ", state_of(run), (f"  {when(run.created)}, {run.username}", "dim")),
            indented(Text(printable(way))),
            indented(Text(printable(run.source_key), style="dim")),
        ]
        if result := _counts(run.counts) or run.error:
            parts.append(indented(Text(printable(result), style="dim")))
        parts.append("")
    if total > len(imports):
        more = _("… and {count:,} more; --limit shows them.").format(count=total - len(imports))
        parts += [Text(more, style="dim"), ""]
    return Group(*parts[:-1])


def import_facts(run: ImportData, reversals: Sequence[ReversalData] = ()) -> RenderableType:
    """Everything about one import but its blocks: with the undos and redos since, oldest first."""
    options = run.options
    how = [
        _level(run),
        _("conflicts: {decision}").format(decision=in_short(options.on_conflict)),
        *(
            [_("merges that need you: {decision}").format(decision=in_short(options.unmerged))]
            if options.unmerged
            else []
        ),
        _("published") if options.publish else _("left as drafts"),
        _("draft branch") if options.branch is Branch.DRAFT else _("published branch"),
    ]
    if options.contents is not Contents.LEAVE_OUT:
        how.append(_("contents: {choice}").format(choice=in_short(options.contents)))
    if not options.as_last_time:
        how.append(_("not as last time"))
    if options.forward:
        how.append(_("forward: {choice}").format(choice=options.forward.value))
    if options.selection:
        how.append(_("{count:,} selected").format(count=len(options.selection)))
    if options.collection:
        how.append(_("collection {name}").format(name=options.collection.code or options.collection.title))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row(_("Import"), Text(run.id))
    table.add_row(_("From"), Text(printable(f"{run.source_title}  {run.source_key}")))
    where = (run.source_origin, run.source_version if run.source_export else "")
    table.add_row("", Text(printable(" · ".join(filter(None, where))), style="dim"))
    if run.source_url:
        table.add_row("", Text(printable(run.source_url), style="dim"))
    table.add_row(_("Into"), Text(printable(f"{run.library_title}  {run.library_key}")))
    if run.library_url:
        table.add_row("", Text(printable(run.library_url), style="dim"))
    if run.collection_url:
        table.add_row("", Text(printable(run.collection_url), style="dim"))
    table.add_row(_("How"), Text(printable(" · ".join(how))))
    if run.batch_id:
        table.add_row(_("Batch"), Text(run.batch_id))
    table.add_row(_("Who"), Text(printable(f"{run.username}, {when(run.created)}{_took(run)}")))
    if run.forwards:
        table.add_row(
            "", Text(_("references of courses to the source are forwarded to what it has brought"), style="dim")
        )
    if run.block_count:
        table.add_row(_("Staged"), Text(counted_blocks(run.block_count)))
    for reversal in reversals:
        table.add_row(str(reversal.kind.label), Text(printable(_reversal(reversal))))
    table.add_row(_("State"), state_of(run))
    if run.error:
        table.add_row(_("Error"), Text(printable(run.error), style="red"))
    for warning in run.warnings:
        table.add_row("", Text(f"⚠ {printable(warning)}", style="yellow"))
    return table


def places_table(records: Sequence[RecordData], imports: Mapping[str, ImportData], *, to: bool) -> RenderableType:
    """
    What became of one block, or where one item came from: a few lines for each import, newest first.

    ``imports`` are those that the records belong to, by ID; ``to`` says that the records are about one source block.
    """
    if not records:
        return Text(_("No import that you may see knows of it."))
    parts: list[RenderableType] = []
    for record in records:
        run, (mark, style) = imports[record.import_id], MARKS[record.outcome]
        heading = Text.assemble((f"{mark} {record.outcome.label}", style), f"  {printable(record.name)}")
        heading.append(f"  {type_beside_title(record)}".rstrip(), style="dim")
        if record.undone:
            heading.append("  " + _("undone"), style="yellow")
        if record.choices_from:
            heading.append(f"  {as_in(record)}", style="cyan")
        place = (record.item_key if to else record.usage_key) or record.reason
        if record.inside:
            inside = _("inside {names}").format(names=": ".join(record.inside))
            heading.append(f"  {printable(inside)}", style="dim")
        told = _("import {id}, {moment}, {name}").format(
            id=run.id[:8], moment=when(run.finished or run.created), name=run.username
        )
        way = printable(_("to {key}") if to else _("from {key}")).partition("{key}")
        parts += [
            heading,
            indented(Text.assemble(way[0], (printable(place), "cyan"), way[2])),
            indented(Text(printable(told), style="dim")),
            "",
        ]
    return Group(*parts[:-1])


def story_lines(entries: Sequence[HistoryEntry]) -> RenderableType:
    """What happened to a library or an item of it: a line for each, with the import to be named to other commands."""
    if not entries:
        return Text(_("No import that you may see knows of it."))
    return Group(
        *(
            hanging(
                Text(entry.import_id[:8], style="cyan"),
                Text.assemble(printable(entry.sentence), "  ", (printable(entry.source_key), "dim")),
            )
            for entry in entries
        )
    )


def reversal_counts(counts: Mapping[str, int]) -> str:
    """What an undo or redo did, in one line; ``counts`` are items by outcome."""
    return _counts(counts, ReversalOutcome) or _("nothing to change")


def state_of(run: ImportData) -> Text:
    """The import's state, and how far the step is that runs."""
    state = Text(str(run.state.label), style=_STATE_STYLES.get(run.state, "yellow"))
    if run.queued:
        told = _("waiting for the database") if run.is_put_off else _("waiting for a worker")
        state.append(f"  {told}", style="dim")
    elif run.progress is not None:
        progress = run.progress
        told = str(PHASES.get(progress.phase, progress.phase)).lower()
        if progress.total:
            told += _(", {done:,} of {total:,}").format(done=progress.done, total=progress.total)
        if progress.seconds_left is not None:
            told += _(", about {seconds:.0f} s left").format(seconds=progress.seconds_left)
        state.append(printable(f"  {told}  {progress.title}".rstrip()), style="dim")
    return state


def _reversal(reversal: ReversalData) -> str:
    forced = _(", with what was changed since") if reversal.forced else ""
    return f"{when(reversal.finished)}, {reversal.username}{forced}: {reversal_counts(reversal.counts)}"


def indented(text: RenderableType) -> RenderableType:
    """Below, and a little to the right."""
    return Padding(text, (0, 0, 0, 2), expand=False)


def _counts(counts: Mapping[str, int], outcomes: type[Outcome | ReversalOutcome] = Outcome) -> str:
    return joined(f"{count:,} {str(outcome.label).lower()}" for outcome, count in tally(outcomes, counts))


def when(moment: datetime) -> str:
    """A moment with its time zone."""
    return f"{localtime(moment):%Y-%m-%d %H:%M %Z}"


def _took(run: ImportData) -> str:
    if run.finished is None or run.started is None:
        return ""
    return _(", written in {seconds:.1f} s").format(seconds=(run.finished - run.started).total_seconds())


def _level(run: ImportData) -> str:
    """The highest container that is kept."""
    return _("{kind} level").format(kind=str(BlockKind(run.options.level.value).label).lower())
