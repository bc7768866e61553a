"""
The two writers leave the same: every row, every file, every signal, whatever the library and the plan.

``BULK_EXAMPLES`` says how many libraries are tried, forty unless told; each sees some imports.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openedx_content.models_api import Component, Container

from import_from_modulestore import api, proved
from import_from_modulestore.data import Decision, ImportOptions
from import_from_modulestore.writing import writers

from .builders import section, subsection, text, unit, write_course
from .examples import examples, size
from .library_state import row_counts
from .scenes import Back, Run, Scene, backs, edits, fresh_scene, pasts, runs, work
from .traces import given_back, traced

many = settings(
    max_examples=int(os.environ.get("BULK_EXAMPLES") or examples(40)),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


few = settings(many, max_examples=max(3, many.max_examples // 4))


def done(act: Callable[[], object], writer: str) -> dict[str, Any]:
    """Do something by a writer, and tell what that left."""
    with override_settings(IMPORT_FROM_MODULESTORE_WRITER=writer), traced() as traces:
        act()
    return traces.all()


def assert_same(act: Callable[[], object]) -> None:
    """Do something by the bulk writer, which leaves what the reference leaves."""
    with given_back(), transaction.atomic():
        left = done(act, "reference")
        transaction.set_rollback(True)
    Container.reset_cache()
    found = done(act, "bulk")
    for name in left:
        assert found[name] == left[name], name


def assert_imports_the_same(there: Scene, run: Run) -> None:
    assert_same(partial(api.complete_import, user=there.user, import_id=there.staged(run)))


@many
@given(happenings=st.lists(runs | work, min_size=1, max_size=7), last=runs)
def test_both_writers_leave_the_same(courses, user, library, happenings, last):
    with fresh_scene(courses, user, library) as there:
        for happening in (*happenings, last):
            if isinstance(happening, Run):
                assert_imports_the_same(there, happening)
            else:
                there.work(happening)


@pytest.mark.at_gate
@many
@given(past=pasts, run=runs, since=st.lists(runs | edits | backs, max_size=6), last=backs)
def test_both_leave_the_same_of_undos_and_redos(courses, user, library, past, run, since, last):
    with fresh_scene(courses, user, library) as there:
        for happening in (*past, run):
            there.happens(happening)
        for happening in (*since, last):
            if not isinstance(happening, Back):
                there.happens(happening)
            elif act := there.back(happening):
                assert_same(act)


@pytest.mark.at_gate
@few
@given(changed=st.lists(st.sets(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=3), data=st.data())
def test_what_is_held_in_several_places_changes_all_that_hold_it(courses, user, library, changed, data):
    """Containers that stay as they are, and are changed by what they hold: on several ways up, level by level."""
    holds = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True)
    units = {f"u{n}": data.draw(holds) for n in range(4)}
    options = ImportOptions(on_conflict=Decision.OVERWRITE, publish=data.draw(st.booleans()))
    with fresh_scene(courses, user, library) as there:
        for names in (set(), *changed):
            bodies = {name: f"<p>{name} {name in names and len(there.refs(Component))}</p>" for name in "abcdef"}
            made = [unit(code, *(text(name, bodies[name]) for name in held)) for code, held in units.items()]
            course = section("s0", subsection("b0", *made[:3]), subsection("b1", *made[1:])), section("s1", made[0])
            assert_imports_the_same(there, Run(course, options, (), ()))


class TestSafetyCatch:
    """The bulk writer writes where it was proved, and nowhere else."""

    @pytest.fixture
    def differing(self, tmp_path, monkeypatch):
        """Have these parts be other ones than those that the proof was run against."""

        def differ(*names: str) -> None:
            parts = proved.fingerprint() | dict.fromkeys(names, "other")
            shutil.copytree(proved._FOLDER / "tags", tmp_path / "proved" / "tags")
            (tmp_path / "proved" / "1.0.0.json").write_text(json.dumps(parts))
            monkeypatch.setattr(proved, "_FOLDER", tmp_path / "proved")
            proved.proof.cache_clear()
            writers._say_why.cache_clear()

        yield differ
        proved.proof.cache_clear()
        writers._say_why.cache_clear()

    def test_it_was_proved_on_what_is_installed(self):
        assert proved.proof().differing == (), "Run `make prove`, see docs/decisions/0021."
        assert proved.is_bulk()
        assert proved.check_writer(None) == []

    @pytest.mark.few
    @pytest.mark.parametrize(
        "part",
        [
            "openedx_content/applets/publishing/api.py:set_draft_version",
            "openedx_content/applets/media/models.py",
            "openedx_content/migrations/*.py",
            "a function that is new",
        ],
    )
    def test_where_a_part_is_another_the_reference_writes_and_one_warning_says_so(
        self, differing, course, run_import, state, caplog, part
    ):
        differing(part)
        caplog.set_level("WARNING", logger="import_from_modulestore")
        assert not proved.is_bulk()
        [warning] = proved.check_writer(None)
        assert (warning.id, part in warning.msg) == ("modulestore_imports.W001", True)
        for _ in range(2):
            run_import(on_conflict=Decision.FORK)
        assert len(state()["items"]) == 14
        assert [record.levelname for record in caplog.records if part in record.message] == ["WARNING"]

    def test_where_an_app_listens_to_single_rows_the_reference_writes(self):
        def listen(**kwargs: Any) -> None: ...

        post_save.connect(listen, sender=Component)
        try:
            assert not proved.is_bulk()
            assert "Component" in proved.check_writer(None)[0].msg
        finally:
            post_save.disconnect(listen, sender=Component)
        assert proved.is_bulk()

    def test_a_setting_forces_either(self, differing, settings):
        settings.IMPORT_FROM_MODULESTORE_WRITER = "reference"
        assert not proved.is_bulk()
        assert proved.check_writer(None) == []
        differing("a function that is new")
        settings.IMPORT_FROM_MODULESTORE_WRITER = "bulk"
        assert proved.is_bulk()
        assert [message.id for message in proved.check_writer(None)] == ["modulestore_imports.W002"]
        settings.IMPORT_FROM_MODULESTORE_WRITER = "fast"
        assert [message.id for message in proved.check_writer(None)] == ["modulestore_imports.E001"]

    def test_the_proof_is_renewed_by_a_command(self, differing, capsys):
        differing("a function that is new")
        call_command("prove_bulk_writer")
        assert proved.proof().holds
        assert "a function that is new" in capsys.readouterr().out


@pytest.mark.at_gate
def test_an_import_of_a_thousand_components_takes_statements_by_batch(courses, stage, user):
    def count(units: int) -> int:
        write_course(
            courses / "c1",
            section(
                "s", subsection("b", *(unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(10))) for n in range(units)))
            ),
        )
        import_id = stage()
        seen: list[str] = []
        with connection.execute_wrapper(lambda execute, sql, *rest: (seen.append(sql), execute(sql, *rest))[1]):
            api.complete_import(user=user, import_id=import_id)
        return len(seen)

    small = count(10)
    assert count(size(110, 40)) - small <= 20
    assert small <= 130


@pytest.mark.few
@pytest.mark.parametrize("call", [1, 4, 7, 8, 12, 15, 20])
def test_it_stops_wherever_it_is_asked_to_also_within_a_batch(course, stage, user, call):
    import_id, seen = stage(), []
    before = row_counts()

    def stop(phase: str, done: int, total: int, title: str = "") -> None:
        seen.append(phase)
        if len(seen) == call:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.complete_import(user=user, import_id=import_id, progress=stop)
    assert row_counts() == before
    assert api.complete_import(user=user, import_id=import_id).counts == {"created": 7}


@pytest.mark.at_gate
@pytest.mark.parametrize("act", [api.undo_import, api.redo_import])
def test_an_undo_and_a_redo_stop_wherever_they_are_asked_to(course, run_import, user, state, act):
    run, _records = run_import()
    if act is api.redo_import:
        api.undo_import(user=user, import_id=run.id)
    there, before = state(), row_counts()
    looks = 0
    last = sys.maxsize

    def stop(phase: str, done: int, total: int, title: str = "") -> None:
        nonlocal looks
        looks += 1
        if looks == last:
            raise KeyboardInterrupt

    with transaction.atomic():
        act(user=user, import_id=run.id, progress=stop)
        transaction.set_rollback(True)
    Container.reset_cache()
    assert looks > 20
    for last in range(1, looks + 1, 4):
        looks = 0
        with pytest.raises(KeyboardInterrupt):
            act(user=user, import_id=run.id, progress=stop)
        assert (looks, row_counts(), state()) == (last, before, there)
    act(user=user, import_id=run.id)
    assert state() != there


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite returns the keys of all rows")
def test_keys_of_lists_are_right_where_the_database_returns_the_first_alone(course, run_import, state, monkeypatch):
    monkeypatch.setattr(type(connection.features), "can_return_rows_from_bulk_insert", False)
    run_import()
    children = {ref: item["draft"]["children"] for ref, item in state()["items"].items()}
    assert (children["s"], children["b"], children["u2"]) == (["b"], ["u1", "u2"], ["xblock.v1:html:t2"])
