"""What a container holds, merged by the keys of its children."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from difflib import SequenceMatcher


def merge_children[K: Hashable](base: Sequence[K], library: Sequence[K], source: Sequence[K]) -> tuple[K, ...]:
    """
    The children that stand, in order.

    What one side removed goes, what one side added comes. They are in the library's order; what the source alone added
    or moved stands where the source has it, after the child that it follows there, and after what the library has put
    in that very place. What both moved stays where the library has it.

    >>> merge_children("abc", "abcL", "xacb")
    ('x', 'a', 'c', 'b', 'L')
    """
    then: set[K] = set(base)
    ours, theirs = set(library), set(source)
    stays = {key for key in ours | theirs if key not in then or (key in ours and key in theirs)}
    common = {key for key in base if key in ours and key in theirs}
    moved = _moved(base, source, common) - _moved(base, library, common)
    merged = [key for key in library if key in stays and key not in moved]
    placed = set(merged)
    at = 0
    for key in source:
        if key not in stays:
            continue
        if key in placed:
            at = merged.index(key) + 1
            continue
        while at < len(merged) and merged[at] not in theirs:
            at += 1
        merged.insert(at, key)
        placed.add(key)
        at += 1
    return tuple(merged)


def _moved[K: Hashable](before: Sequence[K], after: Sequence[K], common: Iterable[K]) -> set[K]:
    """Of the children that are in both, those that have another place among the others."""
    both = set(common)
    then, now = ([key for key in order if key in both] for order in (before, after))
    blocks = SequenceMatcher(None, then, now, autojunk=False).get_matching_blocks()
    return both - {key for block in blocks for key in then[block.a : block.a + block.size]}
