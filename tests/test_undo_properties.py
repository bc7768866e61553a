"""
What holds of every undo and redo, whatever the library, the import, its decisions, and what authors do in between.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from import_from_modulestore import api
from import_from_modulestore.data import ImportData
from import_from_modulestore.models import ImportRecord

from .examples import examples
from .scenes import Scene, edits, fresh_scene, pasts, runs

quick = settings(
    max_examples=examples(7),  # Each takes half a second.
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture
def scene(courses, user, library):
    """A fresh library each time: ``with scene() as there:``; nothing of it stays."""
    return partial(fresh_scene, courses, user, library)


@pytest.mark.at_gate
@quick
@given(past=pasts, run=runs)
def test_an_undo_leaves_no_trace_and_a_redo_brings_all_back(scene, past, run):
    with scene() as there:
        for happening in past:
            there.happens(happening)
        before = there.state()
        done = there.imported(run)
        after = there.state()
        assert not api.preview_undo(user=there.user, import_id=done.id).kept
        assert there.undo(done) == before
        assert there.redo(done) == after
        assert there.undo(done) == before


@quick
@given(past=pasts, run=runs, since=st.lists(edits, min_size=1, max_size=5))
def test_an_undo_spares_what_people_did_since_and_only_that(scene, past, run, since):
    with scene() as there:
        for happening in past:
            there.happens(happening)
        before = there.state()["items"]
        done = there.imported(run)
        after = there.state()["items"]
        for step in since:
            there.work(step)
        edited = there.state()
        kept = kept_refs(there, done)
        found = there.undo(done)["items"]

        now = edited["items"]
        touched = {ref for ref in after.keys() | now.keys() if after.get(ref) != now.get(ref)}
        written = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
        assert touched & written <= kept
        for ref in before.keys() | now.keys():
            assert found.get(ref) == (now if ref in touched | kept else before).get(ref), ref

        for ref, item in now.items():
            if found.get(ref) == item != before.get(ref):  # It stays, and is not as it was before the import.
                for child in held(item):
                    assert is_live(child, found) or not is_live(child, now), f"{ref} has lost {child}"
                    if is_live(child, now) and child not in held(after.get(ref)):
                        assert found.get(child) == now.get(child), f"{child} has changed under {ref}"

        assert without_collections(there.redo(done)) == without_collections(edited)


@pytest.mark.at_gate
@quick
@given(past=pasts, run=runs, since=st.lists(edits, min_size=1, max_size=5))
def test_a_forced_undo_spares_nothing_of_the_import_and_touches_nothing_else(scene, past, run, since):
    with scene() as there:
        for happening in past:
            there.happens(happening)
        before = there.state()["items"]
        done = there.imported(run)
        after = there.state()["items"]
        for step in since:
            there.work(step)
        now = there.state()["items"]
        written = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
        expected = {ref: (before if ref in written else now).get(ref) for ref in before.keys() | now.keys()}
        assert there.undo(done, force=True)["items"] == {ref: item for ref, item in expected.items() if item}


def kept_refs(there: Scene, done: ImportData) -> set[str]:
    kept = api.preview_undo(user=there.user, import_id=done.id).kept
    assert all(item.reason for item in kept)
    records = ImportRecord.objects.filter(import_run__uuid=done.id, num__in=[item.num for item in kept])
    return set(records.values_list("entity__entity_ref", flat=True))


def held(item: dict[str, Any] | None) -> set[str]:
    return {ref for version in (item or {}).values() if version for ref in version["children"]}


def is_live(ref: str, items: dict[str, Any]) -> bool:
    return bool(items.get(ref) and items[ref]["draft"])


def without_collections(state: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in state.items() if name != "collections"}
