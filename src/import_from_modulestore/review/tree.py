"""The tree of what is staged, as far as it is unfolded at first; and going from one conflict to the next."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from ..data import BlockData, ConflictPlace, Page, ReviewTree
from ..models import StagedBlock
from .blocks import PlannedImport, block_page, blocks_of


def review_tree(planned: PlannedImport, at: StagedBlock | None, rows: int, limit: int) -> ReviewTree:
    """
    What stands at the top, and below it what is there at the next depth, as far as ``rows`` go; and the way to ``at``.

    Of no block are more than ``limit`` children given, or as many as it takes to get to ``at``. Six queries, and three
    for each block around ``at``.
    """
    blocks = planned.run.blocks.all()
    way = planned.outline.around(at.num) if at is not None else []
    stops = [*way, at.num] if at is not None else []

    def children(parent: int | None, stop: int | None) -> Page[BlockData]:
        found = blocks.filter(parent_num=parent)
        needed = found.filter(num__lte=stop).count() if stop is not None else 0
        taken = max(limit, -(-needed // limit) * limit)
        page, total = block_page(planned, found, None, 0, taken)
        return Page(items=tuple(page), total=total, offset=0, limit=taken)

    top = children(None, stops[0] if stops else None)
    unfolded: list[BlockData] = []
    room = rows - len(top.items)
    for block in top.items:
        if block.kind.is_container and block.repeats is None and 0 < block.child_count <= min(room, limit):
            unfolded.append(block)
            room -= block.child_count
    below: dict[int, list[BlockData]] = {block.num: [] for block in unfolded}
    for child in blocks_of(planned, blocks.filter(parent_num__in=below)) if below else ():
        assert child.parent is not None
        below[child.parent].append(child)
    pages = {num: Page(items=tuple(found), total=len(found), offset=0, limit=limit) for num, found in below.items()}
    for num, stop in zip(way, stops[1:], strict=True):
        if num not in pages:
            pages[num] = children(num, stop)
    return ReviewTree(top=top, below=pages)


def conflict_place(planned: PlannedImport, num: int | None, *, backward: bool) -> ConflictPlace | None:
    """The next conflict after the block with a number, or before it; at the end, the first again. Two queries."""
    nums = planned.outline.conflicts
    if not nums:
        return None
    if backward:
        index = (bisect_left(nums, num) if num is not None else 0) - 1
    else:
        index = bisect_right(nums, num) if num is not None else 0
    index %= len(nums)
    (block,) = blocks_of(planned, planned.run.blocks.filter(num=nums[index]))
    way = tuple(planned.outline.around(block.num))
    return ConflictPlace(block=block, way=way, number=index + 1, total=len(nums))
