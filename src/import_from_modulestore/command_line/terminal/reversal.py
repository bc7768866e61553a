"""What an undo or redo does, or did, to each item of a library."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from django.utils.translation import gettext as _
from rich.console import Group, RenderableType
from rich.text import Text

from ...data import RecordData, ReversalItem, ReversalKind, ReversalOutcome, ReversalPlan
from ...quoting import joined
from .marks import MARKS, type_beside_title
from .outline import hanging
from .text import printable
from .tree import Row, in_tree_order, tree


def reversal_outline(
    title: str, items: Sequence[ReversalItem], records: Sequence[RecordData], *, everything: bool = False
) -> RenderableType:
    """
    The items as a tree; branches that are removed or restored as a whole are summed up.

    Among the import's ``records``, an item stands below the nearest one that is shown as well. With ``everything`` each
    item is shown, with its key.
    """
    shown = {item.num: item for item in items}
    rows = [_row(shown[num], depth, keys=everything) for num, depth in _depths_of(shown.keys(), records).items()]
    return tree(title, rows, everything=everything)


def kept_items(items: Sequence[ReversalItem]) -> RenderableType | None:
    """The items that stay as they are, each with the reason; ``None`` where there are none."""
    kept = [item for item in items if item.outcome is ReversalOutcome.KEPT]
    if not kept:
        return None
    lines: list[RenderableType] = [Text(_("Kept"), style="bold")]
    mark, style = MARKS[ReversalOutcome.KEPT]
    for item in kept:
        kind = f" {type_beside_title(item)}".rstrip()
        told = Text.assemble((printable(item.name), "bold"), f"{kind}: ", printable(item.reason))
        lines.append(hanging(Text(mark, style=style), told))
    return Group(*lines)


def outside_library(plan: ReversalPlan) -> Iterator[str]:
    """What becomes of blocks of the course that follow the items, and of references of courses to the source."""
    if plan.links:
        told = (
            _("Blocks of the course that follow these items, and are unlinked: {count}")
            if plan.kind is ReversalKind.UNDO
            else _("Blocks of the course that follow these items, and are linked again, as far as they can be: {count}")
        )
        yield told.format(count=plan.links)
    if plan.forwarding:
        yield printable(plan.forwarding)


def _depths_of(nums: Collection[int], records: Sequence[RecordData]) -> dict[int, int]:
    """How many of these records stand above each of them, in the order of a tree."""
    found: dict[int, int] = {}
    path: list[tuple[int, int]] = []
    for record, depth in in_tree_order(records):
        while path and path[-1][0] >= depth:
            path.pop()
        above = path[-1][1] if path else 0
        if record.num in nums:
            found[record.num] = above
        path.append((depth, above + (record.num in nums)))
    return found


def _row(item: ReversalItem, depth: int, *, keys: bool) -> Row:
    mark, style = MARKS[item.outcome]
    text = Text.assemble((f"{mark} ", style), (printable(item.name), "bold" if item.kind.is_container else ""))
    text.append(f"  {type_beside_title(item)}".rstrip(), style="dim")
    if versions := _versions(item):
        text.append(f"  {versions}", style="dim")
    if keys:
        text.append(f"  {item.item_key}", style="dim")
    return Row(
        depth=depth,
        kind=item.kind,
        mark=mark,
        style=style,
        text=text,
        noteworthy=item.outcome is ReversalOutcome.KEPT,
        quiet=item.outcome in (ReversalOutcome.REMOVED, ReversalOutcome.RESTORED),
    )


def _versions(item: ReversalItem) -> str:
    """The version that it goes back to; nothing for what is removed, restored or kept."""
    if item.outcome is not ReversalOutcome.REVERTED:
        return ""
    draft = (item.draft_before, item.draft_after)
    published = (item.published_before, item.published_after)
    if draft == published:
        return _("back to version {version}").format(version=draft[1])
    told = []
    if draft[0] != draft[1]:
        told.append(_("draft back to version {version}").format(version=draft[1]))
    if published[0] != published[1]:
        again = _("published version {version} again").format(version=published[1])
        told.append(again if published[1] else _("not published any more"))
    return joined(told)
