"""The outline of an import: what happens, or happened, to each block."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...data import BlockData, Outcome, PlannedItem, RecordData
from .marks import MARKS, as_in, in_short, type_beside_title
from .text import printable
from .tree import Row, in_tree_order, tree

MAX_NOTES = 25
"""Notes that are shown before the rest is only counted."""

type Item = PlannedItem | RecordData


def outline(title: str, items: Sequence[Item], *, everything: bool = False) -> RenderableType:
    """The items as a tree; what did not change is summed up. With ``everything`` each block is shown, with its key."""
    rows = [_row(item, depth, keys=everything) for item, depth in in_tree_order(items)]
    return tree(title, rows, everything=everything)


def notes(
    items: Sequence[Item | BlockData], warnings: Sequence[str], *, everything: bool = False
) -> RenderableType | None:
    """
    What a person should know: warnings about the source, then reasons and warnings by block, the worst first.

    ``None`` where there is nothing.
    """
    noted = [item for item in items if item.outcome and (item.reason or item.warnings)]
    if not noted and not warnings:
        return None
    order = [Outcome.FAILED, Outcome.UNSUPPORTED]
    noted.sort(key=lambda item: (order.index(item.outcome) if item.outcome in order else len(order), item.num))
    shown = noted if everything else noted[:MAX_NOTES]
    lines: list[RenderableType] = [Text(_("Worth knowing"), style="bold")]
    lines += [Text(f"⚠ {printable(warning)}") for warning in warnings]
    for item in shown:
        mark, style = MARKS[item.outcome]  # type: ignore[index]  # Those without an outcome are not noted.
        texts = " ".join(text for text in (item.reason, *item.warnings) if text)
        kind = f" {type_beside_title(item)}".rstrip()
        heading = Text.assemble((printable(item.name), "bold"), f"{kind}: ", printable(texts))
        lines.append(hanging(Text(mark, style=style), heading))
    if len(noted) > len(shown):
        more = _("… and {count:,} more; --all shows them.").format(count=len(noted) - len(shown))
        lines.append(Text(more, style="dim"))
    return Group(*lines)


def hanging(mark: Text, text: Text) -> RenderableType:
    """A paragraph with its mark in the margin."""
    line = Table.grid(padding=(0, 1))
    line.add_column(no_wrap=True)
    line.add_column(overflow="fold")
    line.add_row(mark, text)
    return line


def _row(item: Item, depth: int, *, keys: bool) -> Row:
    mark, style = MARKS[item.outcome]
    is_loss = item.outcome in (Outcome.FAILED, Outcome.UNSUPPORTED)
    text = Text.assemble((f"{mark} ", style), (printable(item.name), "bold" if item.kind.is_container else ""))
    text.append(f"  {type_beside_title(item)}".rstrip(), style="dim")
    if item.state.is_conflict:
        text.append(f"  {str(item.state.label).lower()}", style="yellow")
    if item.outcome.writes and item.decision:
        text.append(f"  {in_short(item.decision)}", style="cyan")
    if item.warnings and not is_loss:
        text.append("  ⚠", style="yellow")
    if isinstance(item, RecordData) and item.choices_from:
        text.append(f"  {as_in(item)}", style="cyan")
    if isinstance(item, RecordData) and item.undone:
        text.append("  " + _("undone"), style="yellow")
    if keys:
        text.append(f"  {item.usage_key}", style="dim")
    return Row(
        depth=depth,
        kind=item.kind,
        mark=mark,
        style=style,
        text=text,
        noteworthy=is_loss,
        quiet=item.outcome is Outcome.UNCHANGED,
    )
