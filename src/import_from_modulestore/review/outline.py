"""The tree of what is staged in numbers: what is below each block, counted once for a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from ..data import Outcome, Plan
from ..models import Import

type _Row = tuple[int, int, int | None, bool]


class Outline:
    """
    How many blocks below each are selected, are conflicts, need somebody, or have something that is worth knowing.

    What is below a block are the numbers up to its ``end_num``: sums up to each number tell all of it at once. Some
    60 bytes a block.
    """

    def __init__(self, rows: Sequence[_Row], plan: Plan) -> None:
        """``rows`` are ``num``, ``end_num``, ``parent_num`` and ``selected``, in order."""
        size = max((row[0] for row in rows), default=-1) + 1
        self._ends = {num: end for num, end, _parent, _selected in rows}
        self._parents = {num: parent for num, _end, parent, _selected in rows}
        self._blocks = _sums(size, self._ends)
        self._selected = _sums(size, (num for num, _end, _parent, selected in rows if selected))
        items = plan.items
        self.conflicts = [item.num for item in items if item.state.is_conflict]
        self._conflicts = _sums(size, self.conflicts)
        self._waiting = _sums(size, (item.num for item in items if item.outcome is Outcome.NEEDS_YOU))
        self._warnings = _sums(size, (item.num for item in items if item.warnings))

    @classmethod
    def of(cls, run: Import, plan: Plan) -> Outline:
        """That of an import. One query."""
        rows = run.blocks.order_by("num").values_list("num", "end_num", "parent_num", "selected")
        return cls(list(rows), plan)

    def below(self, num: int) -> Mapping[str, int]:
        """The counts of :class:`..data.BlockData` about what is below a block."""
        first, end = num + 1, min(self._ends.get(num, 0), len(self._blocks) - 1)
        sums = {
            "blocks_below": self._blocks,
            "selected_below": self._selected,
            "conflicts_below": self._conflicts,
            "needs_you_below": self._waiting,
            "warnings_below": self._warnings,
        }
        return {name: counts[end] - counts[first] if end > first else 0 for name, counts in sums.items()}

    def around(self, num: int) -> list[int]:
        """The numbers of the blocks that a block is in, outermost first."""
        found = []
        parent = self._parents.get(num)
        while parent is not None:
            found.append(parent)
            parent = self._parents.get(parent)
        return found[::-1]


def _sums(size: int, nums: Iterable[int]) -> list[int]:
    """
    How many of these numbers are lower than each one, up to ``size`` itself.

    There may be higher ones: between a plan and this, its source was staged anew. The next who looks has a new plan.
    """
    marks = [0] * (size + 1)
    for num in nums:
        if num < size:
            marks[num + 1] = 1
    return list(accumulate(marks))
