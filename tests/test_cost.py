"""Cost, counted in statements: it grows with batches and roots, not with blocks."""

import shutil
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from import_from_modulestore import api
from import_from_modulestore.data import Decision
from import_from_modulestore.models import Import, ImportRecord
from import_from_modulestore.olx.files.references import names_in
from import_from_modulestore.olx.normal_form import component_digest
from import_from_modulestore.olx.parsing import parse_xml

from .admin.test_cost import copies
from .builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from .command_line.calls import command
from .counting import calls_of
from .examples import size

ITEM = "lb:Acme:Target:html:t"

BY_ID = 2
"""Statements more where items of a library that holds much are met by their ID: of components, and of containers."""


@pytest.fixture
def statements(courses, user, library):
    """The statements of one call on a freshly written course of so many components."""

    def count(components: int, call, *, sections: int = 1) -> int:
        units = [unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(10))) for n in range(components // 10)]
        share = len(units) // sections
        parts = [section(f"s{n}", subsection(f"b{n}", *units[n * share : (n + 1) * share])) for n in range(sections)]
        write_course(courses / "c1", *parts)
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        return call(user, run.id)

    return count


def counted(function):
    def call(user, import_id) -> int:
        seen = []
        with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):
            function(user=user, import_id=import_id)
        return len(seen)

    return call


staging = counted(api.stage_import)


def planning(user, import_id) -> int:
    api.stage_import(user=user, import_id=import_id)
    return counted(api.plan_import)(user, import_id)


def completing_again(user, import_id) -> int:
    api.stage_import(user=user, import_id=import_id)
    api.complete_import(user=user, import_id=import_id)
    again = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    api.stage_import(user=user, import_id=again.id)
    return counted(api.complete_import)(user, again.id)


def test_staging_takes_statements_by_batch(statements):
    assert statements(620, staging) == statements(20, staging) <= 50


def test_staging_takes_a_fixed_number_of_statements_a_root(statements):
    one, six = statements(60, staging), statements(60, staging, sections=6)
    assert (six - one) / 5 <= 4  # Its content, in a transaction of its own, and the keys of its files.


@pytest.mark.parametrize("function", [names_in, component_digest, parse_xml])
def test_staging_looks_at_each_component_once(courses, user, library, function):
    def times(components: int) -> int:
        texts = (text(f"t{n}", '<img src="/static/a.png"/>') for n in range(components))
        write_course(courses / "c1", section("s", subsection("b", unit("u", *texts))), static={"a.png": b"A"})
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        with calls_of(function) as calls:
            api.stage_import(user=user, import_id=run.id)
        return len(calls)

    assert times(30) - times(10) == 20


def test_planning_takes_a_fixed_number_of_statements(statements):
    assert statements(20, planning) == statements(400, planning) <= 12


def reviewing(**filters):
    def call(user, import_id) -> int:
        api.stage_import(user=user, import_id=import_id)
        return counted(partial(api.list_blocks, limit=20, **filters))(user, import_id)

    return call


@pytest.mark.at_gate
@pytest.mark.parametrize(
    "filters",
    [{}, {"parent": usage_key("vertical", "u0")}, {"conflicts": True}, {"search": "t1"}],
    ids=["flat", "children", "conflicts", "search"],
)
def test_a_page_of_a_review_takes_a_fixed_number_of_statements(statements, filters):
    assert statements(20, reviewing(**filters)) == statements(400, reviewing(**filters)) <= 17


def changing(change):
    def call(user, import_id) -> int:
        api.stage_import(user=user, import_id=import_id)
        api.complete_import(user=user, import_id=import_id)
        again = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=again.id)
        return counted(partial(change, usage_keys=[usage_key("chapter", "s0")]))(user, again.id)

    return call


@pytest.mark.at_gate
@pytest.mark.parametrize(
    "change",
    [partial(api.select_blocks, selected=False), partial(api.decide_blocks, decision=Decision.FORK)],
    ids=["select", "decide"],
)
def test_changing_a_subtree_takes_a_fixed_number_of_statements(statements, change):
    small = statements(20, changing(change))
    Import.objects.all().delete()
    assert statements(100, changing(change)) - small <= BY_ID
    assert small <= 24


def removing(components: int, user, courses, call) -> int:
    """The statements of a call on an import of a course that has lost so many components."""
    kept = section("s", subsection("b", unit("u", text("t"))))
    write_course(courses / "c1", kept, section("lost", *(text(f"t{n}") for n in range(components))))
    for again in (False, True):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        if again:
            return counted(call)(user, run.id)
        api.complete_import(user=user, import_id=run.id)
        shutil.rmtree(courses / "c1")
        write_course(courses / "c1", kept)
    raise AssertionError


@pytest.mark.at_gate
@pytest.mark.parametrize("call", [api.list_gone, api.remove_gone], ids=["listing", "choosing"])
def test_what_is_gone_takes_statements_by_batch(courses, user, library, call):
    small = removing(10, user, courses, call)
    Import.objects.all().delete()
    large = removing(size(310, 110), user, courses, call)
    assert large - small <= 300 // 25  # SQLite takes some hundred rows in one statement


def test_an_import_that_changes_nothing_takes_statements_by_batch(statements):
    small = statements(20, completing_again)
    Import.objects.all().delete()
    assert statements(200, completing_again) - small <= BY_ID


@pytest.mark.parametrize("components", [20, 200])
def test_what_was_imported_before_is_recorded_again_in_a_few_statements(components, statements, settled):
    assert statements(components, completing_again) == 26


@pytest.mark.at_gate
def test_a_small_import_takes_as_many_statements_in_a_library_that_holds_much(courses, user, library, run_import):
    units = [unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(10))) for n in range(size(110, 30))]

    def counts(name: str) -> list[int]:
        texts = (text(f"{name}{n}") for n in range(5))
        write_course(courses / name, section(f"{name}s", subsection(f"{name}b", unit(f"{name}u", *texts))), run="R2")
        run = api.create_import(user=user, source_key=KEY.replace("R1", "R2"), library_key=TARGET)
        steps = (api.stage_import, api.list_blocks, api.complete_import, api.preview_undo, api.undo_import)
        found = [counted(step)(user, run.id) for step in (*steps, api.redo_import)]
        Import.objects.all().delete()
        shutil.rmtree(courses / name)
        return found

    counts("first")  # What a site has once is made.
    few = counts("small")
    write_course(courses / "c1", section("much", subsection("b", *units)))
    run_import()
    assert all(many <= at_first for many, at_first in zip(counts("other"), few, strict=True))


def undoing(user, import_id) -> int:
    api.stage_import(user=user, import_id=import_id)
    api.complete_import(user=user, import_id=import_id)
    return counted(api.undo_import)(user, import_id)


def redoing(user, import_id) -> int:
    undoing(user, import_id)
    return counted(api.redo_import)(user, import_id)


@pytest.mark.at_gate
@pytest.mark.parametrize("call", [undoing, redoing])
def test_an_undo_and_a_redo_take_statements_by_batch(statements, call):
    small = statements(20, call)
    Import.objects.all().delete()
    assert statements(size(1020, 220), call) - small <= 12
    assert small <= 80


def test_a_list_of_imports_takes_a_fixed_number_of_statements(statements, user):
    seen = []
    for _ in range(3):
        statements(20, lambda *_: 0)
    with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):
        assert api.list_imports(user=user).total == 3
    assert len(seen) == 3  # the libraries' keys, the page, the number of all


@pytest.mark.few
@pytest.mark.parametrize(
    "words",
    [("history",), ("history", "--search", "c1"), ("show", "last"), ("where", usage_key("html", "t")), ("where", ITEM)],
    ids=" ".join,
)
def test_a_command_takes_as_many_statements_for_many_imports_as_for_few(courses, run_import, words):
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t")))))
    run_import()
    records = ImportRecord.objects.filter(import_run=Import.objects.get())

    def count() -> int:
        for run in copies(Import.objects.all()[:1], 20, uuid=uuid4):
            copies(records.filter(usage_key=usage_key("html", "t")), 1, import_run_id=run.pk)
        seen = []
        with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):
            command(*words, "--user", "ada")
        return len(seen)

    assert count() == count()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite tells what it will do; it has no statistics to go by")
def test_no_step_goes_through_all_records_that_there_are(statements):
    """But for the columns of its own records: however long the history is, a step costs what it costs in a new one."""
    plans: dict[str, str] = {}

    def explain(execute, sql, params, many, context):
        if "importrecord" in sql and not many and sql.startswith(("SELECT", "UPDATE", "DELETE")):
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN QUERY PLAN {sql}".replace("%s", "?"), params or ())
                plans[sql] = "; ".join(row[3] for row in cursor.cursor.fetchall())
        return execute(sql, params, many, context)

    def whole(user, import_id) -> int:
        steps = (api.stage_import, api.complete_import, api.preview_undo, api.undo_import, api.redo_import)
        with connection.execute_wrapper(explain):
            for step in steps:
                step(user=user, import_id=import_id)
        return 0

    statements(size(400, 100), whole)
    assert len(plans) > 5
    assert [sql for sql, plan in plans.items() if "SCAN modulestore_imports_importrecord" in plan] == []
    assert [sql for sql, plan in plans.items() if "outcome" in plan] == []
