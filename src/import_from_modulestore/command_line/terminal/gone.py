"""What the source has lost: items of the library whose blocks are nowhere in it any more."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Group, RenderableType
from rich.text import Text

from ...data import GoneData, RecordData
from .marks import MARKS, type_beside_title
from .outline import Item, hanging
from .text import printable

MAX_GONE = 10
"""Items that are shown before the rest is only counted."""


def gone_list(
    items: Sequence[GoneData | Item],
    unknown: str = "",
    *,
    total: int | None = None,
    more: str = "",
    everything: bool = False,
) -> RenderableType | None:
    """
    The items, each with what becomes, or became, of it; ``None`` where there are none.

    ``unknown`` is why it cannot be said what is gone. ``total`` counts all, where these are only the first; ``more``
    says how to see and remove them. With ``everything`` all of these are shown, with the keys of their blocks.
    """
    if unknown:
        return hanging(Text("⚠"), Text(printable(unknown)))
    if not items:
        return None
    total = len(items) if total is None else total
    told = ngettext("Gone from the source: {count:,} item", "Gone from the source: {count:,} items", total)
    lines: list[RenderableType] = [Text(told.format(count=total), style="bold")]
    shown = items if everything else items[:MAX_GONE]
    lines += [hanging(Text(*MARKS[item.outcome]), _told(item, keys=everything)) for item in shown]
    if total > len(shown):
        lines.append(Text(_("… and {count:,} more").format(count=total - len(shown)), style="dim"))
    if more:
        how = _("See all, keep or remove them: {command}").format(command=more)
        lines.append(Text(printable(how), style="dim"))
    return Group(*lines)


def _told(item: GoneData | Item, *, keys: bool) -> Text:
    text = Text()
    if isinstance(item, GoneData):
        text.append(f"{item.num}  ", style="dim")
    text.append(printable(item.name), "bold" if item.kind.is_container else "")
    text.append(f"  {type_beside_title(item)}".rstrip(), style="dim")
    if isinstance(item, RecordData) and item.undone:
        text.append("  " + _("undone"), style="yellow")
    if item.warnings:
        text.append(f"  ⚠ {printable(' '.join(item.warnings))}", style="yellow")
    if keys:
        text.append(f"  {item.usage_key}", style="dim")
    return text
