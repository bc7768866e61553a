"""Plans that are kept for showing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from import_from_modulestore.data import Plan
from import_from_modulestore.models import Import
from import_from_modulestore.review.blocks import PlannedImport, Plans

from ..processes import wait_for


def test_of_many_that_ask_at_once_one_makes_the_plan():
    plans, made, go_on = Plans(), [], Event()

    def make() -> PlannedImport:
        made.append(1)
        go_on.wait()
        return PlannedImport(Import(), Plan(items=()))

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(plans.of, (1,), make) for _each in range(4)]
        wait_for(lambda: made)
        go_on.set()
        found = [each.result() for each in asked]
    assert len(made) == 1
    assert all(each is found[0] for each in found)


def test_where_one_fails_another_makes_it():
    plans = Plans()

    def fail() -> PlannedImport:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        plans.of((1,), fail)
    planned = PlannedImport(Import(), Plan(items=()))
    assert plans.of((1,), lambda: planned) is planned
    assert plans.of((1,), fail) is planned
