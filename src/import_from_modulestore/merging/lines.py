"""
Merging texts line by line.

*merge3* finds what all three texts have in common: the three-way merge of Breezy, which is kept by its developers (1.0
of October 2026), under the GPL from version 2 on, which the AGPL of this app allows. It takes what stands between two
common lines for one change. Here, changes of neighbouring lines are still two: paragraphs of a text stand one below the
other, and so do the choices of a problem.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any

from merge3 import Merge3

MAX_LINES = 4_000
"""Lines of a text that are merged one by one; of a longer one, only one side as a whole can be taken."""

_MAX_COMPARISONS = 2_000_000
"""Pairs of equal lines that are looked at; beyond, lines that come again and again are not."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands, and what it says: lines of one ``key`` differ in layout only."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Clash:
    """What both sides have changed, each in another way."""

    base: str
    library: str
    source: str


type Lines = Sequence[Line]
type Region = tuple[Lines, Lines, Lines]
"""The lines of base, library and source at one place."""


def merge_lines(base: Lines, library: Lines, source: Lines) -> list[str | Clash]:
    """
    The merged text in parts, and the clashes in it, in order.

    Time is that of two comparisons by *difflib*. It does not matter which side is which, where nothing clashes.
    """
    if max(len(base), len(library), len(source)) > MAX_LINES:
        whole = base, library, source
        return [_clash(whole) if (taken := _taken_whole(whole)) is None else taken]
    return [part for region in _regions(base, library, source) for part in _settled(region)]


def _regions(base: Lines, library: Lines, source: Lines) -> Iterator[Region]:
    """Regions of lines that all three have, and what stands between them, in turn."""
    then, ours, theirs = ([line.key for line in lines] for lines in (base, library, source))
    at = (0, 0, 0)
    matcher = _matcher(then, ours, theirs)
    for starts_and_ends in Merge3(then, ours, theirs, sequence_matcher=matcher).find_sync_regions():
        starts, ends = starts_and_ends[::2], starts_and_ends[1::2]
        for begin, end in ((at, starts), (starts, ends)):
            yield tuple(lines[a:b] for lines, a, b in zip((base, library, source), begin, end, strict=True))  # type: ignore[misc]
        at = ends


def _matcher(base: Sequence[str], *sides: Sequence[str]) -> Any:
    counts = Counter(base)
    junk = any(sum(counts[key] for key in side) > _MAX_COMPARISONS for side in sides)

    class Matcher(difflib.SequenceMatcher[str]):
        def __init__(self, isjunk: Callable[[str], bool] | None, a: Sequence[str], b: Sequence[str]) -> None:
            super().__init__(isjunk, a, b, autojunk=junk)

    return Matcher


def _settled(region: Region) -> Iterator[str | Clash]:
    """What a region comes to."""
    if (taken := _taken_whole(region)) is not None:
        yield taken
    elif (inner := _without_common_ends(region)) is not None:
        before, rest, after = inner
        yield before
        yield from _settled(rest)
        yield after
    elif (merged := _one_by_one(region)) is not None:
        yield merged
    else:
        yield _clash(region)


def _taken_whole(region: Region) -> str | None:
    """The side that has changed, where only one has, or both alike."""
    base, library, source = region
    if _says_the_same(library, source):
        return _either(base, library, source)
    if _says_the_same(library, base):
        return _text(source)
    return _text(library) if _says_the_same(source, base) else None


def _clash(region: Region) -> Clash:
    return Clash(*map(_text, region))


def _says_the_same(one: Lines, other: Lines) -> bool:
    return [line.key for line in one] == [line.key for line in other]


def _text(lines: Lines) -> str:
    return "".join(line.text for line in lines)


def _either(base: Lines, library: Lines, source: Lines) -> str:
    """
    The text of two sides that say the same: in the layout that one of them has changed.

    Where both have, either would do; it has to be the same one whichever side is called the library.
    """
    if not _says_the_same(base, library):
        return min(_text(library), _text(source))
    return "".join(
        ours.text
        if theirs.text == then.text
        else theirs.text
        if ours.text == then.text
        else min(ours.text, theirs.text)
        for then, ours, theirs in zip(base, library, source, strict=True)
    )


def _without_common_ends(region: Region) -> tuple[str, Region, str] | None:
    """
    What both sides begin and end with alike, and the region between; ``None`` where they have no such ends.

    As many lines of the base count as replaced by these ends, but for those that a side has kept: beside these, the
    ends were added.
    """
    base, library, source = region
    before = _common(library, source)
    after = _common(library[before:][::-1], source[before:][::-1])
    if not before and not after:
        return None
    kept = {*_kept(base, library), *_kept(base, source)}
    begin = min(before, *kept, len(base))
    end = max(begin, len(base) - after, *(number + 1 for number in kept))
    rest = (base[begin:end], library[before : len(library) - after], source[before : len(source) - after])
    ends = (
        _either((), library[:before], source[:before]),
        _either((), library[len(library) - after :], source[len(source) - after :]),
    )
    return ends[0], rest, ends[1]


def _kept(base: Lines, side: Lines) -> Iterator[int]:
    """The numbers of the base's lines that a side still has."""
    for tag, start, end, _begin, _stop in _opcodes(base, side):
        if tag == "equal":
            yield from range(start, end)


def _common(one: Lines, other: Lines) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0].key == pair[1].key, zip(one, other, strict=False)))


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines ``start`` to ``end`` of the base become ``lines``."""

    start: int
    end: int
    lines: Lines

    @property
    def adds_alone(self) -> bool:
        return self.start == self.end

    @property
    def keeps_its_size(self) -> bool:
        return len(self.lines) == self.end - self.start


def _one_by_one(region: Region) -> str | None:
    """The region with the changes of both sides, where they are of different lines; ``None`` where they are not."""
    base, library, source = region
    changes = sorted((*_changes(base, library), *_changes(base, source)), key=lambda change: (change.start, change.end))
    for before, after in pairwise(changes):
        if after.start < before.end or (before.adds_alone and after.adds_alone and before.start == after.start):
            return None
        touch = after.start == before.end
        if touch and any(
            one.adds_alone and not other.keeps_its_size for one, other in ((before, after), (after, before))
        ):
            return None  # Which of the added lines comes first, or does it go with those that were taken out?
    merged: list[str] = []
    at = 0
    for change in changes:
        merged += [_text(base[at : change.start]), _text(change.lines)]
        at = change.end
    return "".join((*merged, _text(base[at:])))


def _changes(base: Lines, side: Lines) -> Iterator[_Change]:
    for tag, start, end, begin, stop in _opcodes(base, side):
        if tag != "equal":
            yield _Change(start, end, side[begin:stop])


def _opcodes(base: Lines, side: Lines) -> list[tuple[str, int, int, int, int]]:
    keys = [line.key for line in base], [line.key for line in side]
    opcodes: list[tuple[str, int, int, int, int]] = _matcher(*keys)(None, *keys).get_opcodes()
    return opcodes
