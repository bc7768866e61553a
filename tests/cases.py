"""
Which cases of a test that is marked ``few`` are run by default.

Whoever breaks what it is about sees it by one of them nearly always, in a part of the time; the gate runs them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest

FEW = 2
"""So many are run of one list of cases: its ends."""


def leave_further_cases(items: Iterable[pytest.Item]) -> None:
    """Mark the further cases as left ``at_gate``."""
    tests: dict[tuple[object, ...], list[pytest.Function]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("few") and not item.get_closest_marker("slow"):
            tests[item.path, item.cls, item.originalname].append(item)
    for cases in tests.values():
        told = _telling(cases)
        for case in cases:
            if case not in told:
                case.add_marker("at_gate")


def _telling(cases: Sequence[pytest.Function]) -> list[pytest.Function]:
    """Of one list of cases, a few; where several lists meet, so many that each entry of each list is among them."""
    lists = [
        entries for entries in zip(*(case.callspec._idlist for case in cases), strict=True) if len(set(entries)) > 1
    ]
    if len(lists) < 2:
        return [cases[n * (len(cases) - 1) // (FEW - 1)] for n in range(FEW)]
    entries_of = {case: {*enumerate(entries)} for case, entries in zip(cases, zip(*lists, strict=True), strict=True)}
    left, told = set().union(*entries_of.values()), []
    while left:
        told.append(max(cases, key=lambda case: len(entries_of[case] & left)))
        left -= entries_of[told[-1]]
    return told
