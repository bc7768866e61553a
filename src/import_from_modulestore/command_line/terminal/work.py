"""What could not go, as a list to work off."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from rich.console import Group, RenderableType
from rich.text import Text

from ...data import Work, WorkItem
from .marks import type_beside_title
from .outline import hanging
from .text import printable


def work_list(items: Sequence[WorkItem]) -> RenderableType | None:
    """The entries, each with why it is on the list, and whether it is done; ``None`` where there are none."""
    if not items:
        return None
    return Group(
        *(
            hanging(Text("☐ " if item.is_open else "☑ ", "yellow" if item.is_open else "green"), _told(item))
            for item in items
        )
    )


def _told(item: WorkItem) -> Text:
    record = item.record
    text = Text.assemble((f"{record.num}  ", "dim"), printable(record.name))
    text.append(f"  {type_beside_title(record)}".rstrip(), style="dim")
    for reason in item.reasons:
        told = str(reason.label) if reason is Work.FILES_MISSING else record.reason or str(reason.label)
        text.append(printable(f"  {told}"), style="yellow")
        if reason is Work.FILES_MISSING:
            text.append(printable(f": {', '.join(record.missing_files)}"))
    if item.done:
        text.append("  " + printable(_("done, {name}").format(name=item.done_by)), style="green")
    elif item.brought_by:
        text.append("  " + printable(_("done by import {id}").format(id=item.brought_by[:8])), style="green")
    return text
