"""Tables of sources, libraries and imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.timezone import localtime
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..data import BlockKind, ImportData, ImportState, LibraryData, Outcome, SourceData

_STATE_STYLES = {
    ImportState.IMPORTED: "green",
    ImportState.IMPORT_FAILED: "bold red",
    ImportState.STAGING_FAILED: "bold red",
}


def sources_table(sources: Sequence[SourceData]) -> RenderableType:
    """What can be imported: one block of two lines each, since keys are long."""
    parts: list[RenderableType] = []
    for source in sources:
        if source.problem:
            parts += [Text.assemble(("✗ ", "bold red"), (source.title, "bold")), _indented(Text(source.problem)), ""]
            continue
        contents = ", ".join(
            f"{source.counts[kind.value]:,} {kind.label.lower()}{'s' if source.counts[kind.value] != 1 else ''}"
            for kind in BlockKind
            if source.counts.get(kind.value)
        )
        facts = f"{source.kind.label} of {contents or 'nothing'} · {source.location} · {_size(source.size)}"
        parts += [
            Text.assemble((source.title, "bold"), "  ", (source.key, "cyan")),
            _indented(Text(facts, style="dim")),
            *(_indented(Text(f"⚠ {warning}", style="yellow")) for warning in source.warnings),
            "",
        ]
    return (
        Group(*parts[:-1])
        if parts
        else Text("Nothing here yet. Put a Studio export (.tar.gz or a folder) into the courses folder.")
    )


def libraries_table(libraries: Sequence[LibraryData]) -> RenderableType:
    """The libraries of this site."""
    if not libraries:
        return Text("No libraries yet. `run … --create` makes one.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Library", style="cyan", no_wrap=True)
    table.add_column("Title")
    for library in libraries:
        table.add_row(library.key, escape(library.title))
    return table


def imports_table(imports: Sequence[ImportData]) -> RenderableType:
    """Imports, newest first, one line each."""
    if not imports:
        return Text("No imports yet.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Import", style="cyan", no_wrap=True)
    table.add_column("When", no_wrap=True)
    table.add_column("From", overflow="ellipsis", no_wrap=True, ratio=2)
    table.add_column("Into", overflow="ellipsis", no_wrap=True, ratio=2)
    table.add_column("Level", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("Result", ratio=3)
    for run in imports:
        table.add_row(
            run.id[:8],
            _when(run.created),
            escape(run.source_title),
            run.target_key,
            run.options.level.value,
            Text(str(run.state.label), style=_STATE_STYLES.get(run.state, "yellow")),
            _counts(run.counts) if run.counts else escape(run.error),
        )
    return table


def import_facts(run: ImportData) -> RenderableType:
    """Everything about one import but its blocks."""
    options = run.options
    how = [
        f"{options.level.value} level",
        f"conflicts: {options.on_conflict.value.replace('_', ' ')}",
        "published" if options.publish else "left as drafts",
        f"{options.branch.value} branch",
    ]
    if options.selection:
        how.append(f"{len(options.selection)} selected")
    if options.collection:
        how.append(f"collection {options.collection.code or options.collection.title}")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("Import", Text(run.id))
    table.add_row("From", Text(f"{run.source_title}  {run.source_key}"))
    table.add_row("Into", Text(f"{run.target_title}  {run.target_key}"))
    table.add_row("How", Text(" · ".join(how)))
    table.add_row("Who", Text(f"{run.username}, {_when(run.created)}{_took(run)}"))
    table.add_row("State", Text(str(run.state.label), style=_STATE_STYLES.get(run.state, "yellow")))
    if run.error:
        table.add_row("Error", Text(run.error, style="red"))
    for warning in run.warnings:
        table.add_row("", Text(f"⚠ {warning}", style="yellow"))
    return table


def _indented(text: Text) -> RenderableType:
    return Padding(text, (0, 0, 0, 2))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{counts[outcome.value]:,} {outcome.label.lower()}" for outcome in Outcome if counts.get(outcome.value)
    )


def _when(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}"


def _took(run: ImportData) -> str:
    if run.finished is None or run.started is None:
        return ""
    return f", written in {(run.finished - run.started).total_seconds():.1f} s"


def _size(size: int) -> str:
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit in ("B", "kB") else f"{value:.1f} {unit}"
