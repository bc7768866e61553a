"""Tables of sources, libraries and imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.timezone import localtime
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..data import BlockKind, ImportData, ImportState, LibraryData, Outcome, SourceData
from .text import printable

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
            parts += [
                Text.assemble(("✗ ", "bold red"), (printable(source.title), "bold")),
                _indented(Text(printable(source.problem))),
                "",
            ]
            continue
        contents = ", ".join(
            f"{source.counts[kind.value]:,} {kind.label.lower()}{'s' if source.counts[kind.value] != 1 else ''}"
            for kind in BlockKind
            if source.counts.get(kind.value)
        )
        facts = f"{source.kind.label} of {contents or 'nothing'} · {source.location} · {_size(source.size)}"
        parts += [
            Text.assemble((printable(source.title), "bold"), "  ", (source.key, "cyan")),
            _indented(Text(printable(facts), style="dim")),
            *(_indented(Text(f"⚠ {printable(warning)}", style="yellow")) for warning in source.warnings),
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
    return Group(*(Text.assemble((printable(library.title), "bold"), f"  {library.key}") for library in libraries))


def imports_table(imports: Sequence[ImportData]) -> RenderableType:
    """Imports, newest first: a few lines each, since keys and titles are long."""
    if not imports:
        return Text("No imports yet.")
    parts: list[RenderableType] = []
    for run in imports:
        way = f"{run.source_title} → {run.target_key} · {run.options.level.value} level"
        parts += [
            Text.assemble((run.id[:8], "cyan"), "  ", _state(run), (f"  {_when(run.created)}, {run.username}", "dim")),
            _indented(Text(printable(way))),
        ]
        if result := _counts(run.counts) or run.error:
            parts.append(_indented(Text(printable(result), style="dim")))
        parts.append("")
    return Group(*parts[:-1])


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
    table.add_row("From", Text(printable(f"{run.source_title}  {run.source_key}")))
    table.add_row("Into", Text(printable(f"{run.target_title}  {run.target_key}")))
    table.add_row("How", Text(printable(" · ".join(how))))
    table.add_row("Who", Text(printable(f"{run.username}, {_when(run.created)}{_took(run)}")))
    table.add_row("State", _state(run))
    if run.error:
        table.add_row("Error", Text(printable(run.error), style="red"))
    for warning in run.warnings:
        table.add_row("", Text(f"⚠ {printable(warning)}", style="yellow"))
    return table


def _state(run: ImportData) -> Text:
    return Text(str(run.state.label), style=_STATE_STYLES.get(run.state, "yellow"))


def _indented(text: Text) -> RenderableType:
    return Padding(text, (0, 0, 0, 2), expand=False)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{counts[outcome.value]:,} {outcome.label.lower()}" for outcome in Outcome if counts.get(outcome.value)
    )


def _when(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M %Z}"


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
