"""What an earlier version has stored is there after an upgrade, and goes on."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from import_from_modulestore import api
from import_from_modulestore.data import ImportState, Outcome

from .builders import KEY, LIBRARY_KEY, TARGET, usage_key
from .library_state import library_state
from .upgrading import APP, FOLDER, store

_FILES = sorted(FOLDER.glob("*.json"))


@pytest.fixture(
    params=[
        *(pytest.param(file, marks=pytest.mark.slow, id=file.stem) for file in _FILES[:-1]),
        pytest.param(_FILES[-1], id=_FILES[-1].stem),
    ]
)
def user(request, transactional_db):
    """Who had stored it, on a database that was as the file says, and was migrated."""
    now = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate([(APP, request.param.stem)])
    try:
        store(json.loads(request.param.read_text()))
    finally:
        MigrationExecutor(connection).migrate(now)
    return get_user_model().objects.get(username="ada")


def test_imports_are_there_and_each_goes_on(user):
    page = api.list_imports(user=user)
    runs = {run.state: run for run in page.items}
    assert {state: run.source_key for state, run in runs.items()} == {
        ImportState.IMPORTED: KEY,
        ImportState.UNDONE: LIBRARY_KEY,
        ImportState.STAGED: KEY,
        ImportState.CANCELED: LIBRARY_KEY,
    }
    assert {run.source_origin for run in page.items} == {"folder"}
    before = library_state(TARGET)

    staged = runs[ImportState.STAGED].id
    api.complete_import(user=user, import_id=staged)
    records = {record.usage_key: record for record in api.get_records(user=user, import_id=staged)}
    t1, t2 = (records[usage_key("html", name)] for name in ("t1", "t2"))
    assert (t1.outcome, t2.outcome, t2.title) == (Outcome.UPDATED, Outcome.UPDATED, "Second text")

    api.undo_import(user=user, import_id=staged)
    assert library_state(TARGET) == before
    assert api.redo_import(user=user, import_id=runs[ImportState.UNDONE].id).state is ImportState.IMPORTED
    api.undo_import(user=user, import_id=runs[ImportState.IMPORTED].id, force=True)
    assert list(library_state(TARGET)["items"]) == ["xblock.v1:problem:p9"]
