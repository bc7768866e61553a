"""Merging a container: its title, and what it holds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from ..data import MergePiece, MergeSide
from .children import merge_children
from .pieces import TITLE, Choices, Ledger, usable_title


@dataclass(frozen=True)
class MergedContainer[K: Hashable]:
    """What a container comes to; while a piece is open, with the library's title."""

    title: str
    children: tuple[K, ...]
    pieces: tuple[MergePiece, ...]
    taken: dict[MergeSide, list[str]]


def merge_container[K: Hashable](
    base: tuple[str, Sequence[K]],
    library: tuple[str, Sequence[K]],
    source: tuple[str, Sequence[K]],
    choices: Choices,
) -> MergedContainer[K]:
    """Merge three versions of a container, each a title and children; see :func:`.children.merge_children`."""
    ledger = Ledger(choices)
    title = ledger.text(TITLE, base[0], library[0], source[0]) or ""
    if title not in (base[0], library[0], source[0]):
        title = usable_title(title)
    for side, (_title, children) in ((MergeSide.LIBRARY, library), (MergeSide.SOURCE, source)):
        if tuple(children) != tuple(base[1]):
            ledger.note("children", side)
    return MergedContainer(title, merge_children(base[1], library[1], source[1]), tuple(ledger.pieces), ledger.taken)
