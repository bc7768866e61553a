"""Tests have room on the stack: see :mod:`.stack`."""

from pathlib import PurePath
from resource import RUSAGE_SELF, getrusage

TIMES = 100


def pages_for_calls(depth: int) -> int:
    """How many pages of memory the system gives while something calls functions again and again, so deep."""
    if depth:
        return pages_for_calls(depth - 1)
    before = getrusage(RUSAGE_SELF).ru_minflt
    for _ in range(TIMES):
        PurePath("static", "tides.png")
    return getrusage(RUSAGE_SELF).ru_minflt - before


def test_calls_cost_the_same_however_deep_they_are_made():
    assert max(map(pages_for_calls, range(300))) < TIMES
