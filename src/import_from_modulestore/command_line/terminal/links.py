"""How blocks of a course stand to the items that they became."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from rich.console import Group, RenderableType
from rich.text import Text

from ...data import LinkData, LinkPlan, LinkState, tally
from ...quoting import joined
from .marks import type_beside_title
from .outline import hanging
from .text import counted_blocks, printable

_MARKS = {
    LinkState.READY: ("○", "green"),
    LinkState.LINKED: ("●", "dim"),
    LinkState.CHANGED: ("○", "yellow"),
    LinkState.ELSEWHERE: ("⊘", "magenta"),
    LinkState.UNPUBLISHED: ("⊘", "yellow"),
    LinkState.INCOMPLETE: ("⊘", "yellow"),
    LinkState.MISSING: ("–", "dim"),
}


def links_list(items: Sequence[LinkData], *, everything: bool) -> RenderableType | None:
    """The blocks as a tree, each with its state; with ``everything``, also with its key and that of its item."""
    if not items:
        return None
    return Group(*(hanging(Text(*_MARKS[item.state]), _told(item, keys=everything)) for item in items))


def links_counts(plan: LinkPlan) -> str:
    """Blocks by state, in a line."""
    return joined(f"{counted_blocks(count)}: {state.label}" for state, count in tally(LinkState, plan.counts()))


def _told(item: LinkData, *, keys: bool) -> Text:
    text = Text("  " * item.depth)
    text.append(f"{item.num}  ", style="dim")
    text.append(printable(item.name), "bold" if item.kind.is_container else "")
    text.append(f"  {type_beside_title(item)}".rstrip(), style="dim")
    if item.state is not LinkState.READY:
        text.append(f"  {item.state.label}", style=_MARKS[item.state][1])
    for told in (item.reason, *item.warnings):
        if told:
            text.append(f"  {printable(told)}", style="yellow")
    if item.state is LinkState.LINKED and item.has_update:
        text.append("  " + _("an update is offered"), style="cyan")
    if keys:
        text.append(f"  {item.usage_key} → {item.item_key}", style="dim")
    return text
