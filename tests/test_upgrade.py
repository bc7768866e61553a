"""What an earlier version has stored is there after an upgrade, and goes on."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from import_from_modulestore import api
from import_from_modulestore.data import Action, ConflictState, ImportData, ImportState, Outcome, RecordData
from import_from_modulestore.models import Import
from import_from_modulestore_standalone.models import StepTime

from .builders import KEY, LIBRARY_KEY, TARGET, usage_key
from .library_state import library_state
from .upgrading import APP, FOLDER, fitting, store, store_again

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


@pytest.mark.at_gate
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


IMPORT, BLOCK, RECORD = (f"{APP}_{table}" for table in ("import", "stagedblock", "importrecord"))
STEP_TIME = "import_from_modulestore_standalone_steptime"
IMPORTED, STAGED = 1, 3
"""Primary keys of imports in the oldest file: one that was written, one that waits for its review."""
A_BLOCK = 11
"""That of a component that is staged for the latter."""


def moment(time: datetime) -> str:
    """As a database takes it."""
    return f"{time:%Y-%m-%d %H:%M:%S.%f}"


class Walk:
    """
    All migrations, each on tables in which rows were stored just before it.

    Before each, an import that was written is stored as it then was, with a record; before those that move data, or
    have a column mean something else, what they are about. That is: 0002, 0012, 0016, 0017, 0026, 0030, and those of
    the standalone project. Of the others that do something, 0004 is about Studio (tests/studio/test_plugin.py), 0009
    about MariaDB's character sets (test_databases.py), and 0011 about the way back.
    """

    def __init__(self) -> None:
        self.written: dict[str, int] = {}
        """Imports by the name of the migration before which they were stored."""
        self.special: dict[str, int] = {}

    def before(self, action: str, migration=None, fake: bool = False) -> None:
        """Store what is to be stored before a migration; called by Django."""
        if action != "apply_start":
            return
        if migration.app_label == APP:
            self.written[migration.name] = self.again(IMPORTED)
            self.a_record(self.written[migration.name])
        if make := getattr(self, f"before_{migration.app_label}_{migration.name[:4]}", None):
            make()

    def again(self, number: int, **changed: object) -> int:
        return store_again(IMPORT, number, uuid=uuid4().hex, **changed)

    def a_record(self, run: int, **changed: object) -> None:
        store_again(RECORD, 4, import_run_id=run, **changed)

    def before_modulestore_imports_0012(self) -> None:
        """A block whose ID was taken had the state ``same_key``."""
        run = self.special["taken"] = self.again(IMPORTED)
        self.a_record(run, state="same_key", outcome="skipped")

    def before_modulestore_imports_0016(self) -> None:
        """A process was at a step, and was named without a number of the attempt."""
        long_ago = moment(timezone.now() - timedelta(hours=1))
        self.special["running"] = self.again(STAGED, state="importing", worker="away:1:1.00", heartbeat=long_ago)

    def before_modulestore_imports_0017(self) -> None:
        """What is inside a component that is made of others was a list of keys; without one, numbers stay."""
        self.special["flat"] = self.again(STAGED, state="staged", error="")
        run = self.special["nested"] = self.again(STAGED, state="staged", error="")
        keys = json.dumps([usage_key("problem", "inner")])
        store_again(BLOCK, A_BLOCK, import_run_id=run, refusal="It contains other blocks.", inner_keys=keys)

    def before_modulestore_imports_0026(self) -> None:
        """The names of exports told where they came from."""
        for origin, name in {"upload": "upload:1/tides.tar.gz", "folder": "tides.tar.gz"}.items():
            self.special[f"of {origin}"] = self.again(IMPORTED, source_export=name)

    def before_modulestore_imports_0030(self) -> None:
        """A worker was asked for a step, and had not taken it up."""
        self.special["queued"] = self.again(STAGED, state="staging", error="", queued=moment(timezone.now()), worker="")

    def before_import_from_modulestore_standalone_0006(self) -> None:
        """Only steps that were done were counted."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {STEP_TIME} (step, up_to, count, seconds, blocks) VALUES ('stage', 500, 3, 0.6, 21)"
            )


@pytest.fixture
def walk(transactional_db) -> Walk:
    """All migrations are applied, one after the other, from the first one."""
    executor = MigrationExecutor(connection)
    now = executor.loader.graph.leaf_nodes()
    walk = Walk()
    executor.migrate([(APP, "0001_initial")])
    try:
        store(fitting(json.loads(_FILES[0].read_text())))
    finally:
        MigrationExecutor(connection, walk.before).migrate(now)
    return walk


@pytest.mark.slow
def test_rows_that_each_version_has_stored_outlast_each_migration_after_it(walk):
    ours = {key for key in MigrationExecutor(connection).loader.graph.nodes if key[0] == APP}
    assert set(walk.written) == {name for _app, name in ours} - {"0001_initial"}
    user = get_user_model().objects.get(username="ada")
    uuids = dict(Import.objects.values_list("pk", "uuid"))

    def told(number: int) -> ImportData:
        return api.get_import(user=user, import_id=str(uuids[number]))

    def recorded(number: int) -> RecordData:
        [record] = api.get_records(user=user, import_id=str(uuids[number]))
        return record

    for name, number in walk.written.items():
        run = told(number)
        assert (run.state, run.library_key, run.library_title, run.counts) == (
            ImportState.IMPORTED,
            TARGET,
            "Target",
            {"created": 7},
        ), name
        assert (run.options.collection.code, run.source_origin, run.username) == ("tides", "folder", "ada"), name
        record = recorded(number)
        assert (record.usage_key, record.outcome) == (usage_key("html", "t1"), Outcome.CREATED), name
        assert record.item_key == "lb:Acme:Target:html:t1", name
        assert api.list_work(user=user, import_id=run.id).total == 0, name

    old = told(STAGED)
    assert (old.state, old.error) == (
        ImportState.STAGING_FAILED,
        "This was staged by an earlier version. Try again to stage it anew.",
    )
    assert Action.RETRY in old.actions
    assert recorded(walk.special["taken"]).state is ConflictState.ID_TAKEN
    assert api.recover_imports() == 1
    stopped = told(walk.special["running"])
    assert (stopped.state, "stopped before it was done" in stopped.error) == (ImportState.IMPORT_FAILED, True)
    assert told(walk.special["flat"]).state is ImportState.STAGED
    nested = told(walk.special["nested"])
    assert (nested.state, "Stage it again" in nested.error) == (ImportState.STAGING_FAILED, True)
    assert (told(walk.special["of upload"]).source_origin, told(walk.special["of folder"]).source_origin) == (
        "upload",
        "folder",
    )
    queued = Import.objects.get(pk=walk.special["queued"])
    assert queued.asked == queued.queued
    [times] = StepTime.objects.all()
    assert (times.outcome, times.up_to, times.count, times.blocks) == ("done", 500, 3, 21)
