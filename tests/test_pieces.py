"""A section that is larger than what the database takes in one statement is staged in pieces, and nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import ImportOptions, RecordData
from import_from_modulestore.models import StagedBlock, StagedRoot
from import_from_modulestore.packets import in_statements
from import_from_modulestore_standalone.content_staging.models import StagedContent

from .builders import (
    KEY,
    LIBRARY_KEY,
    TARGET,
    block,
    problem,
    section,
    subsection,
    text,
    unit,
    usage_key,
    write_course,
    write_library,
)

OTHER = "lib:Acme:Other"
NOT_COMPARED = {"id", "import_run_id", "root_id"}
BODY = "<p>It's \\the\\ 'moon' that pulls.</p>\n" * 15
CDATA = "<script>if (a[b[0]]>5) { c(); }</script>" + BODY


def long(name: str, body: str = BODY):
    return text(name, body + f'<a href="/jump_to_id/u{name[-1]}">there</a> <img src="/static/{name}.png"/>')


@pytest.fixture
def course(courses):
    """Two sections: one of many blocks with all that is told of them, and a small one."""
    units = [unit(f"u{n}", *(long(f"t{n}x{m}") for m in range(n % 4 + 1)), problem(f"p{n}")) for n in range(8)]
    shared = unit("shared", long("only"), long("cdata", CDATA))
    write_course(
        courses / "c1",
        section(
            "s",
            subsection("b1", *units[:5], shared),
            subsection("empty"),
            subsection("b2", shared, block("vertical", "hollow"), long("loose1"), long("loose2"), unit("v", long("w"))),
            subsection("b3", *units[5:], unit("bad", text("broken"), long("after"))),
            long("loose3"),
        ),
        section("s2", subsection("b4", unit("u9", text("t9"), long("t1x0")))),
        static={f"t1x{n}.png": b"PNG" * n for n in range(3)},
        files={"html/broken.xml": "<html", "tags.csv": '"Name","Type","ID","topics"\n"T","html","t1x0","Moon"\n'},
    )


@pytest.fixture
def limited(settings):
    """Let the database take no more than so many bytes in a statement."""

    def limit(size: int | None) -> None:
        settings.IMPORT_FROM_MODULESTORE_MAX_STATEMENT = size

    return limit


@pytest.fixture
def staged(user, library, limited):
    """Stage a source with this limit: ``staged(4_000)`` gives the import."""
    api.create_library(user=user, library_key=OTHER, title="Other")

    def stage(size: int | None, *, source: str = KEY, library_key: str = TARGET, **options):
        limited(size)
        run = api.create_import(user=user, source_key=source, library_key=library_key, options=ImportOptions(**options))
        return api.stage_import(user=user, import_id=run.id)

    return stage


def index_of(run) -> list[dict]:
    rows = list(StagedBlock.objects.filter(import_run__uuid=run.id).order_by("num").values())
    for row in rows:
        row["files"] = [{**file, "staged_file": None} for file in row["files"]]
    return [{name: value for name, value in row.items() if name not in NOT_COMPARED} for row in rows]


def sizes(run) -> list[int]:
    roots = StagedRoot.objects.filter(import_run__uuid=run.id)
    return [len(olx) for olx in roots.values_list("staged_content__olx", flat=True)]


def same_but_for_ids(run) -> dict:
    return {name: getattr(run, name) for name in ("state", "block_count", "warnings", "source_title", "library_key")}


def told(record: RecordData) -> RecordData:
    return replace(record, import_id="", item_key=record.item_key.replace("Other", "Target"))


LIMITS = [3_000, 4_000, 7_500, 12_000]


@pytest.mark.parametrize("limit", [LIMITS[0], *(pytest.param(limit, marks=pytest.mark.slow) for limit in LIMITS[1:])])
class TestInPiecesAsInOne:
    def test_index_and_plan(self, course, user, staged, limit):
        whole, pieces = staged(None), staged(limit)
        assert (len(sizes(whole)), max(sizes(pieces)) < limit) == (2, True)
        assert len(sizes(pieces)) > sum(sizes(whole)) / limit
        assert index_of(pieces) == index_of(whole)
        assert same_but_for_ids(pieces) == same_but_for_ids(whole)
        plans = [api.plan_import(user=user, import_id=run.id) for run in (pieces, whole)]
        assert plans[0] == plans[1]

    @pytest.mark.parametrize("selection", [("vertical", "u3"), ("chapter", "s"), ("html", "w"), ("sequential", "b2")])
    def test_what_is_selected(self, course, staged, limit, selection):
        options = {"selection": (usage_key(*selection),)}
        assert index_of(staged(limit, **options)) == index_of(staged(None, **options))

    @pytest.mark.at_gate
    def test_library_and_records(self, course, user, staged, limit, state):
        states, records = [], []
        for size, library_key in ((limit, TARGET), (None, OTHER)):
            run = staged(size, library_key=library_key)
            edit = {"user": user, "import_id": run.id}
            api.edit_block(**edit, usage_key=usage_key("html", "w"), olx="<html>edited</html>")
            api.edit_block(**edit, usage_key=usage_key("sequential", "b3"), title="Edited")
            api.revert_block(**edit, usage_key=usage_key("html", "w"))
            api.complete_import(user=user, import_id=run.id)
            states.append(state(library_key))
            records.append([told(record) for record in api.get_records(user=user, import_id=run.id)])
            again = staged(limit, library_key=library_key)
            assert api.plan_import(user=user, import_id=again.id).counts() == {"unchanged": 58, "failed": 1}
        assert states[0] == states[1]
        assert records[0] == records[1]

    @pytest.mark.at_gate
    def test_content_of_each_block(self, course, user, staged, limit):
        whole, pieces = staged(None), staged(limit)
        for row in index_of(whole):
            if row["repeats"] is None:
                one, other = (
                    api.get_block(user=user, import_id=run.id, usage_key=row["usage_key"]) for run in (whole, pieces)
                )
                assert one == other

    def test_a_legacy_library(self, courses, staged, limit):
        write_library(courses / "l", *(long(f"t{n}") for n in range(20)))
        whole, pieces = (staged(size, source=LIBRARY_KEY) for size in (None, limit))
        assert len(sizes(pieces)) > 1
        assert index_of(pieces) == index_of(whole)


def test_what_was_staged_goes_with_the_end_of_the_import(course, user, staged):
    run = staged(4_000)
    api.complete_import(user=user, import_id=run.id)
    api.remove_old_staged_content(days=0)
    assert (StagedContent.objects.count(), StagedRoot.objects.count(), StagedBlock.objects.count()) == (0, 0, 0)


def test_a_component_that_does_not_fit_is_named_and_nothing_is_left(courses, staged):
    large = text("large", "long 'text' " * 50_000, title="Large text")
    write_course(courses / "c1", section("s", subsection("b", unit("u", long("t1"), large, long("t2"))), title="S"))
    with pytest.raises(api.StepFailed, match=r"Large text \(in S\) is too large for the database: 0\.7 MB .* 0\.4 MB"):
        staged(400_000)
    assert (StagedContent.objects.count(), StagedRoot.objects.count(), StagedBlock.objects.count()) == (0, 0, 0)


def test_rows_are_written_in_statements_that_the_database_takes(limited):
    rows = [StagedBlock(title="x" * 2_000, warnings=["y" * 2_000]) for _ in range(20)]
    sizes = {}
    for limit in (None, 1_000_000, 12_000, 1_000):
        limited(limit)
        batches = list(in_statements(rows, 16))
        assert [row for batch in batches for row in batch] == rows
        sizes[limit] = [len(batch) for batch in batches]
    assert sizes == {None: [16, 4], 1_000_000: [16, 4], 12_000: [2] * 10, 1_000: [1] * 20}
