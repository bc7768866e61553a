"""Plans that are kept for showing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from import_from_modulestore import api
from import_from_modulestore.actions import review
from import_from_modulestore.data import Plan
from import_from_modulestore.models import Import
from import_from_modulestore.review.blocks import PlannedImport, Plans

from ..processes import wait_for
from .conftest import key


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


def test_one_of_a_change_that_was_rolled_back_is_not_shown_for_the_next(user, write, stage, blocks):
    write()
    run_id = stage()
    common = {"user": user, "import_id": run_id}
    with transaction.atomic():
        api.edit_block(**common, usage_key=key("t1"), title="Never")
        transaction.set_rollback(True)
    api.select_blocks(**common, usage_keys=[key("t2")], selected=False)
    assert (blocks(run_id)["t1"].name, blocks(run_id)["t2"].outcome) == ("Text t1", None)
    assert "Never" not in {item.name for item in api.list_blocks(**common).items}
    assert api.get_summary(**common).left_out == 1
    assert key("t2") in {each.usage_key for each in api.list_blocks(**common, selected=False).items}


def test_one_that_is_known_is_so_without_a_look_at_records(user, write, stage, run_import):
    """Of a course that is imported each week, they are half a million in a year."""
    write()
    run_import()
    run = Import.objects.get(uuid=stage())
    planned = review.planned(run)
    with CaptureQueriesContext(connection) as asked:
        assert review.planned(run) is planned
    assert len(asked) == 2
    assert not any("importrecord" in query["sql"] for query in asked)


def test_one_that_meets_what_was_staged_meanwhile_tells_what_there_is(user, write, stage):
    """A page reads the plan, then the blocks: a worker may have staged fewer in between."""
    write()
    run = Import.objects.get(uuid=stage())
    planned = review.planned(run)
    assert len(planned.plan.items) > 2
    run.blocks.filter(num__gt=1).delete()
    assert planned.outline.below(0)["blocks_below"] == 1
