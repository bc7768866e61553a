"""All or nothing: whatever breaks, wherever, the library is as it was and the import can be tried again."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from openedx_content.models_api import Container

from import_from_modulestore import api
from import_from_modulestore.data import CollectionChoice, ImportOptions, ImportState
from import_from_modulestore.models import ImportRecord

from .builders import KEY, TARGET, section, small_course, subsection, text, unit, write_course
from .library_state import drafts, row_counts

pytestmark = pytest.mark.django_db(transaction=True)


MANAGE = str(Path(__file__).parents[1] / "manage.py")


class Broken(Exception):
    """The fault."""


LIBRARY = ("openedx_content_", "modulestore_imports_importrecord", "publish_logs")
STAGING = ("content_staging_", "modulestore_imports_staged")


class BreakingAt:
    """Raises at the n-th statement that writes to one of these tables; only counts them when ``n`` is 0."""

    def __init__(self, n: int = 0, error: type[BaseException] = Broken, tables: tuple[str, ...] = LIBRARY) -> None:
        self.n, self.error, self.tables, self.seen = n, error, tables, 0

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and any(table in sql for table in self.tables):
            self.seen += 1
            if self.seen == self.n:
                raise self.error(f"at write {self.n}")
        return execute(sql, params, many, context)


@pytest.fixture
def staged(courses, user, library):
    write_course(courses / "c1", *small_course(), static={"a.png": b"PNG"})
    options = ImportOptions(collection=CollectionChoice(title="Course"))
    created = api.create_import(user=user, source_key=KEY, target_key=TARGET, options=options)
    return api.stage_import(user=user, import_id=created.id)


def count_writes(staged, user) -> int:
    counter = BreakingAt()
    try:
        with transaction.atomic(), connection.execute_wrapper(counter):
            api.complete_import(user=user, import_id=staged.id)
            raise Broken
    except Broken:
        Container.reset_cache()
        return counter.seen


def fractions(total: int, parts: int = 14) -> list[int]:
    return sorted({1, 2, total, *(1 + total * part // parts for part in range(parts))})


@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt], ids=["error", "interrupt"])
def test_a_fault_at_any_write_changes_nothing_and_can_be_retried(staged, user, state, error):
    total = count_writes(staged, user)
    assert total > 100
    before = row_counts()
    for n in fractions(total):
        with pytest.raises((api.StepFailed, error)), connection.execute_wrapper(BreakingAt(n, error)):
            api.complete_import(user=user, import_id=staged.id)
        assert not connection.in_atomic_block, f"write {n} left the connection in a transaction"
        assert row_counts() == before, f"write {n} left something behind"
        assert not ImportRecord.objects.exists()
        failed = api.get_import(user=user, import_id=staged.id)
        assert (failed.state, bool(failed.error)) == (ImportState.IMPORT_FAILED, True)

    done = api.complete_import(user=user, import_id=staged.id)
    assert (done.state, len(drafts(state()))) == (ImportState.IMPORTED, 12)


def test_an_import_is_done_even_where_cleaning_up_fails(staged, user, caplog):
    with connection.execute_wrapper(BreakingAt(1, tables=STAGING)):
        assert api.complete_import(user=user, import_id=staged.id).state is ImportState.IMPORTED
    assert "could not be removed" in caplog.text


def test_the_reason_is_the_first_error(staged, user):
    with pytest.raises(api.StepFailed, match="Broken: at write 30"), connection.execute_wrapper(BreakingAt(30)):
        api.complete_import(user=user, import_id=staged.id)
    assert api.get_import(user=user, import_id=staged.id).error == "Broken: at write 30"


def test_a_fault_while_staging_leaves_nothing_staged_and_can_be_retried(courses, user, library):
    from import_from_modulestore.models import StagedBlock
    from import_from_modulestore_standalone.content_staging.models import StagedContent

    write_course(courses / "c1", *small_course())
    created = api.create_import(user=user, source_key=KEY, target_key=TARGET)
    for n in (1, 3, 5, 7):
        with pytest.raises(api.StepFailed), connection.execute_wrapper(BreakingAt(n, tables=STAGING)):
            api.stage_import(user=user, import_id=created.id)
        assert not StagedContent.objects.exists()
        assert not StagedBlock.objects.exists()
        assert api.get_import(user=user, import_id=created.id).state is ImportState.STAGING_FAILED
    assert api.stage_import(user=user, import_id=created.id).state is ImportState.STAGED


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory) -> Path:
    """An empty database file with all tables, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    environment = {**os.environ, "VAR_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}
    environment["DJANGO_SETTINGS_MODULE"] = "import_from_modulestore_standalone.settings"
    subprocess.run([sys.executable, MANAGE, "migrate", "--verbosity", "0"], env=environment, check=True)
    return folder / "db.sqlite3"


SLOW_COURSE = [section(f"s{n}", subsection(f"b{n}", unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(12))))) for n in range(4)]


class TestKilled:
    """A process that dies in the middle, for real, on a database file."""

    @pytest.fixture
    def project(self, tmp_path, migrated_database):
        write_course(tmp_path / "exports" / "c1", *SLOW_COURSE)
        self.environment = {
            **os.environ,
            "VAR_DIR": str(tmp_path / "var"),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
            "COURSES_DIR": str(tmp_path / "exports"),
            "DJANGO_SETTINGS_MODULE": "import_from_modulestore_standalone.settings",
        }
        self.database = tmp_path / "db.sqlite3"
        shutil.copy(migrated_database, self.database)
        return self

    def command(self, *words: str) -> list[str]:
        return [sys.executable, MANAGE, *words]

    def manage(self, *words: str) -> str:
        done = subprocess.run(self.command(*words), env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def state_of_import(self) -> str:
        with sqlite3.connect(self.database, timeout=30) as database:
            rows = database.execute("SELECT state FROM modulestore_imports_import").fetchall()
        return rows[0][0] if rows else ""

    def rows(self, table: str) -> int:
        with sqlite3.connect(self.database, timeout=30) as database:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    @pytest.mark.parametrize("delay", [0.02, 0.3])
    def test_the_library_is_as_it_was_and_retry_goes_on(self, project, delay):
        process = subprocess.Popen(
            self.command("import_from_modulestore", "run", KEY, TARGET, "--create"),
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while self.state_of_import() != "importing" and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.005)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert self.state_of_import() == "importing"
        assert self.rows("openedx_content_publishableentity") == 0

        history = self.manage("import_from_modulestore", "history", "--json")
        assert '"state": "import_failed"' in history
        assert "stopped before it was done" in history
        with sqlite3.connect(self.database) as database:
            import_id = database.execute("SELECT uuid FROM modulestore_imports_import").fetchone()[0]
        self.manage("import_from_modulestore", "retry", import_id[:8])
        assert self.state_of_import() == "imported"
        assert self.rows("openedx_content_publishableentity") == 4 * (3 + 12)
