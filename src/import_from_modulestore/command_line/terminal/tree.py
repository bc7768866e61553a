"""A tree of blocks that fits a terminal: long ones are summed up from the bottom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from django.utils.translation import npgettext
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from ...data import BlockKind
from .text import printable

MAX_LINES = 130
"""Lines that a tree may have before the lowest blocks are summed up."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a tree."""

    depth: int
    kind: BlockKind
    mark: str
    style: str
    """Of the mark."""
    text: Text
    noteworthy: bool = False
    """Whether it is shown whatever the length of the tree."""
    quiet: bool = False
    """Whether it is summed up with its siblings where all of them, and all below, are quiet."""


class Placed(Protocol):
    """An item of a library that knows how deep it lies: in a container of the next higher kind, or on its own."""

    @property
    def depth(self) -> int:
        """Levels below one that stands on its own."""

    @property
    def kind(self) -> BlockKind:
        """Which kind of item it is."""


@dataclass
class _Node:
    row: Row
    children: list[_Node] = field(default_factory=list)


def tree(title: str, rows: Sequence[Row], *, everything: bool = False) -> RenderableType:
    """
    The rows as a tree under a title; their order and depth say what is below what.

    Quiet branches are summed up on the line of their parent. Long trees are cut from the bottom: components are summed
    up on the line of their unit, then units on that of their subsection, and so on. ``everything`` shows each row.
    """
    hidden = -1 if everything else _highest_hidden_rank(rows)
    top = Tree(Text(printable(title), style="bold"), guide_style="dim")
    _grow(top, _nest(rows), hidden, everything=everything)
    return top


def in_tree_order[T: Placed](items: Iterable[T]) -> list[tuple[T, int]]:
    """
    Items of a library, given in the order of the source, each after what holds it, with its depth.

    In the source, one that stands on its own may come between a container and what that holds; here it comes after.
    """
    children: dict[int | None, list[int]] = {}
    latest: dict[tuple[int, int], int] = {}
    placed = list(items)
    for index, item in enumerate(placed):
        holder = latest.get((item.depth - 1, item.kind.rank + 1))
        children.setdefault(holder, []).append(index)
        latest[item.depth, item.kind.rank] = index
    ordered = []
    stack = [(index, 0) for index in reversed(children.get(None, ()))]
    while stack:
        index, depth = stack.pop()
        ordered.append((placed[index], depth))
        stack += [(child, depth + 1) for child in reversed(children.get(index, ()))]
    return ordered


def _nest(rows: Sequence[Row]) -> list[_Node]:
    roots: list[_Node] = []
    path: list[_Node] = []
    for row in rows:
        node = _Node(row)
        while path and path[-1].row.depth >= row.depth:
            path.pop()
        (path[-1].children if path else roots).append(node)
        path.append(node)
    return roots


def _highest_hidden_rank(rows: Sequence[Row]) -> int:
    """The rank up to which blocks are summed up, so that the rest fits."""
    for hidden in range(-1, BlockKind.SECTION.rank):
        if sum(row.kind.rank > hidden for row in rows) <= MAX_LINES:
            return hidden
    return BlockKind.SECTION.rank - 1


def _grow(branch: Tree, nodes: Sequence[_Node], hidden: int, *, everything: bool) -> None:
    for shown, run in groupby(nodes, key=lambda node: node.row.kind.rank > hidden or _is_noteworthy(node)):
        group = list(run)
        if not shown:
            branch.add(_sum_of(group))
            continue
        for node in group:
            line = node.row.text.copy()
            line.no_wrap, line.overflow = True, "ellipsis"
            children = node.children
            if children and not everything and all(_is_quiet(child, hidden) for child in children):
                line.append("  ").append_text(_sum_of(children))
                children = []
            _grow(branch.add(line), children, hidden, everything=everything)


def _is_noteworthy(node: _Node) -> bool:
    return node.row.noteworthy or any(map(_is_noteworthy, node.children))


def _is_quiet(node: _Node, hidden: int) -> bool:
    """Whether the block and all below it can be summed up: too low to show, or quiet altogether."""
    if node.row.kind.rank <= hidden:
        return not _is_noteworthy(node)
    return node.row.quiet and all(_is_quiet(child, hidden) for child in node.children)


def _sum_of(nodes: Sequence[_Node]) -> Text:
    """Blocks that are not shown one by one, with all below them, counted by mark."""
    rows = [node.row for node in _with_descendants(nodes)]
    sum_of = Text()
    for (mark, style), count in Counter((row.mark, row.style) for row in rows).items():
        sum_of.append(f"{mark} {count} ", style=style)
    kinds = {row.kind for row in rows}
    noun = (
        _noun(kinds.pop(), len(rows))
        if len(kinds) == 1
        else npgettext("after its number", "block", "blocks", len(rows))
    )
    return sum_of.append(noun, style="dim")


def _noun(kind: BlockKind, count: int) -> str:
    """What so many of a kind are called, after their number."""
    return {
        BlockKind.SECTION: npgettext("after its number", "section", "sections", count),
        BlockKind.SUBSECTION: npgettext("after its number", "subsection", "subsections", count),
        BlockKind.UNIT: npgettext("after its number", "unit", "units", count),
        BlockKind.COMPONENT: npgettext("after its number", "component", "components", count),
    }[kind]


def _with_descendants(nodes: Sequence[_Node]) -> Iterator[_Node]:
    for node in nodes:
        yield node
        yield from _with_descendants(node.children)
