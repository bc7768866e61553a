"""The outline of an import: what happens to each block, as a tree that fits a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from ..data import BlockKind, Outcome, PlannedItem, RecordData
from .text import printable

MAX_LINES = 130
"""Lines that an outline may have before the lowest blocks are summed up."""

MAX_NOTES = 25
"""Notes that are shown before the rest is only counted."""

_MARKS: dict[Outcome, tuple[str, str]] = {
    Outcome.CREATED: ("+", "green"),
    Outcome.UPDATED: ("↑", "cyan"),
    Outcome.FORKED: ("⑂", "cyan"),
    Outcome.UNCHANGED: ("=", "dim"),
    Outcome.SKIPPED: ("–", "yellow"),
    Outcome.UNSUPPORTED: ("⊘", "magenta"),
    Outcome.FAILED: ("✗", "bold red"),
}

_PLURALS = {
    BlockKind.SECTION: "Sections",
    BlockKind.SUBSECTION: "Subsections",
    BlockKind.UNIT: "Units",
    BlockKind.COMPONENT: "Components",
}

type Item = PlannedItem | RecordData


@dataclass
class _Node:
    item: Item
    children: list[_Node] = field(default_factory=list)


def outline(title: str, items: Sequence[Item], *, everything: bool = False) -> RenderableType:
    """
    The items as a tree.

    What did not change is summed up. Long trees are cut from the bottom: components are summed up on the line of their
    unit, then units on that of their subsection, and so on. With ``everything`` each block is shown, with its key.
    """
    roots = _nest(items)
    hidden = -1 if everything else _highest_hidden_rank(items)
    tree = Tree(Text(printable(title), style="bold"), guide_style="dim")
    _grow(tree, roots, hidden, keys=everything)
    return tree


def summary(items: Sequence[Item]) -> RenderableType:
    """A table of kinds by outcomes."""
    outcomes = [outcome for outcome in Outcome if any(item.outcome is outcome for item in items)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for outcome in outcomes:
        mark, style = _MARKS[outcome]
        table.add_column(f"{mark} {outcome.label}", justify="right", style=style)
    table.add_column("All", justify="right")
    for kind in BlockKind:
        counts = Counter(item.outcome for item in items if item.kind is kind)
        if counts:
            table.add_row(
                _PLURALS[kind],
                *(f"{counts[outcome]:,}" if counts[outcome] else "·" for outcome in outcomes),
                f"{counts.total():,}",
            )
    return table


def notes(items: Sequence[Item], warnings: Sequence[str], *, everything: bool = False) -> RenderableType | None:
    """
    What a person should know: warnings about the source, then reasons and warnings by block, the worst first.

    ``None`` where there is nothing.
    """
    noted = [item for item in items if item.reason or item.warnings]
    if not noted and not warnings:
        return None
    order = [Outcome.FAILED, Outcome.UNSUPPORTED]
    noted.sort(key=lambda item: (order.index(item.outcome) if item.outcome in order else len(order), item.num))
    shown = noted if everything else noted[:MAX_NOTES]
    lines: list[RenderableType] = [Text("Worth knowing", style="bold")]
    lines += [Text(f"⚠ {printable(warning)}") for warning in warnings]
    for item in shown:
        mark, style = _MARKS[item.outcome]
        texts = [text for text in (item.reason, *item.warnings) if text]
        line = Table.grid(padding=(0, 1))
        line.add_column(no_wrap=True)
        line.add_column()
        line.add_row(
            Text(mark, style=style),
            Text.assemble((printable(item.title), "bold"), f" {_type_of(item)}: ", printable(" ".join(texts))),
        )
        lines.append(line)
    if len(noted) > len(shown):
        lines.append(Text(f"… and {len(noted) - len(shown)} more; --all shows them.", style="dim"))
    return Group(*lines)


def _nest(items: Sequence[Item]) -> list[_Node]:
    roots: list[_Node] = []
    path: list[_Node] = []
    for item in items:
        node = _Node(item)
        while path and path[-1].item.depth >= item.depth:
            path.pop()
        (path[-1].children if path else roots).append(node)
        path.append(node)
    return roots


def _highest_hidden_rank(items: Sequence[Item]) -> int:
    """The rank up to which blocks are summed up, so that the rest fits."""
    for hidden in range(-1, BlockKind.SECTION.rank):
        if sum(item.kind.rank > hidden for item in items) <= MAX_LINES:
            return hidden
    return BlockKind.SECTION.rank - 1


def _grow(tree: Tree, nodes: Sequence[_Node], hidden: int, *, keys: bool) -> None:
    for shown, run in groupby(nodes, key=lambda node: node.item.kind.rank > hidden or _is_noteworthy(node)):
        group = list(run)
        if not shown:
            tree.add(_sum_of(group))
            continue
        for node in group:
            line = _line(node.item, keys=keys)
            children = node.children
            if children and not keys and all(_is_quiet(child, hidden) for child in children):
                line.append("  ").append_text(_sum_of(children))
                children = []
            _grow(tree.add(line), children, hidden, keys=keys)


def _is_noteworthy(node: _Node) -> bool:
    return node.item.outcome in (Outcome.FAILED, Outcome.UNSUPPORTED) or any(map(_is_noteworthy, node.children))


def _is_quiet(node: _Node, hidden: int) -> bool:
    """Whether the block and all below it can be summed up: too low to show, or unchanged altogether."""
    if node.item.kind.rank <= hidden:
        return not _is_noteworthy(node)
    return node.item.outcome is Outcome.UNCHANGED and all(_is_quiet(child, hidden) for child in node.children)


def _sum_of(nodes: Sequence[_Node]) -> Text:
    """Blocks that are not shown one by one, with all below them, counted by outcome."""
    blocks = list(_with_descendants(nodes))
    sum_of = Text()
    for outcome, count in Counter(node.item.outcome for node in blocks).items():
        mark, style = _MARKS[outcome]
        sum_of.append(f"{mark} {count} ", style=style)
    kinds = {node.item.kind for node in blocks}
    label = kinds.pop().label.lower() if len(kinds) == 1 else "block"
    return sum_of.append(f"{label}{'s' if len(blocks) > 1 else ''}", style="dim")


def _with_descendants(nodes: Sequence[_Node]) -> Iterator[_Node]:
    for node in nodes:
        yield node
        yield from _with_descendants(node.children)


def _line(item: Item, *, keys: bool) -> Text:
    mark, style = _MARKS[item.outcome]
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{mark} ", style=style)
    line.append(printable(item.title), style="bold" if item.kind.is_container else "")
    line.append(f"  {_type_of(item)}", style="dim")
    if item.state.is_conflict:
        line.append(f"  {item.state.label.lower()}", style="yellow")
    if item.outcome.writes and item.decision:
        line.append(f"  {item.decision.value.replace('_', ' ')}", style="cyan")
    if item.warnings and item.outcome not in (Outcome.FAILED, Outcome.UNSUPPORTED):
        line.append("  ⚠", style="yellow")
    if keys:
        line.append(f"  {item.usage_key if isinstance(item, PlannedItem) else item.source_key}", style="dim")
    return line


def _type_of(item: Item) -> str:
    return item.kind.label.lower() if item.kind.is_container else item.block_type
