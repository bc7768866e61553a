"""A database that fails while a step runs: no import is stuck, and every library is what its history says."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.utils import OperationalError
from openedx_content.models_api import Container

from import_from_modulestore import api, tasks
from import_from_modulestore.data import ImportState
from import_from_modulestore.models import Import
from import_from_modulestore.running import attempts, ending, lifecycle, recovery
from import_from_modulestore.running.lifecycle import Step
from import_from_modulestore.waiting import at_most

from .builders import KEY, TARGET, section, small_course, subsection, text, unit, write_course
from .databases import held, using
from .hostile.servers import MariaDB, OwnServer
from .library_state import library_state
from .processes import Caller, Project, wait_for


@pytest.fixture
def file(tmp_path, _migrated, django_db_blocker, courses, monkeypatch) -> Iterator[Path]:
    """A database in a file that one waits for but a moment, with a course that is imported, and staged again."""
    monkeypatch.setattr(ending, "_HERE", (0.05, 0.05))
    monkeypatch.setattr(ending, "_BESIDE", (0.05,))
    write_course(courses / "c1", *small_course())
    shutil.copy(_migrated, tmp_path / "db.sqlite3")
    with django_db_blocker.unblock(), using(f"sqlite:///{tmp_path / 'db.sqlite3'}"), at_most(0.05):
        Container.reset_cache()
        user = get_user_model().objects.create(username="ada", is_superuser=True)
        api.create_library(user=user, library_key=TARGET, title="Target")
        for steps in ((api.stage_import, api.complete_import), (api.stage_import,)):
            made = api.create_import(user=user, source_key=KEY, library_key=TARGET)
            for step in steps:
                step(user=user, import_id=made.id)
        yield tmp_path / "db.sqlite3"
        Container.reset_cache()


@pytest.fixture
def ada(file):
    return get_user_model().objects.get()


@pytest.fixture
def done(file) -> Import:
    return Import.objects.get(state="imported")


@pytest.fixture
def staged(file) -> Import:
    return Import.objects.get(state="staged")


@pytest.mark.at_gate
class TestRecord:
    """How a step ended is recorded, although the database has just failed."""

    def test_of_a_connection_that_is_lost(self, done, ada):
        before = library_state(TARGET)

        def lose(phase, count, total, title=""):
            if count == 3:
                connection.connection.close()  # As the driver has it where the server has gone.

        with pytest.raises(api.StepFailed):
            api.undo_import(user=ada, import_id=str(done.uuid), progress=lose)
        assert api.get_import(user=ada, import_id=str(done.uuid)).state is ImportState.IMPORTED
        assert library_state(TARGET) == before
        assert api.undo_import(user=ada, import_id=str(done.uuid)).state is ImportState.UNDONE

    def test_goes_on_while_the_database_stays_locked(self, file, staged, ada):
        run = Import.objects.get(pk=staged.pk)
        lifecycle.begin(run, Step.COMPLETE, actor=ada)
        with held(file):
            with pytest.raises(api.StepFailed, match="The database is busy"), ending.running(run, Step.COMPLETE):
                Import.objects.update(error="…")
            assert Import.objects.get(pk=run.pk).state == "importing"
            assert run.worker in attempts.own_attempts(), "this process is at it still"
            assert recovery.recover() == 0
        wait_for(lambda: Import.objects.get(pk=run.pk).state == "import_failed")
        assert "The database is busy" in Import.objects.get(pk=run.pk).error
        wait_for(lambda: run.worker not in attempts.own_attempts())

    def test_is_void_where_somebody_else_has_moved_the_import(self, file, staged, ada):
        run = Import.objects.get(pk=staged.pk)
        lifecycle.begin(run, Step.COMPLETE, actor=ada)
        with pytest.raises(api.StepFailed), ending.running(run, Step.COMPLETE):
            api.cancel_import(user=ada, import_id=str(staged.uuid))
            with held(file):
                Import.objects.update(error="…")
        assert Import.objects.get(pk=run.pk).state == "canceled"
        assert run.worker not in attempts.own_attempts()

    def test_of_a_disk_that_is_full(self, file, done, ada):
        before = library_state(TARGET)
        pages = connection.cursor().execute("PRAGMA page_count").fetchone()[0]
        connection.cursor().execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(api.StepFailed, match="The disk of the database is full"):
            for _each in range(50):
                api.undo_import(user=ada, import_id=str(done.uuid))
                api.redo_import(user=ada, import_id=str(done.uuid))
        connection.close()
        run = Import.objects.get(pk=done.pk)
        assert (run.state, run.worker) in (("imported", ""), ("undone", ""))
        if run.state == "undone":
            api.redo_import(user=ada, import_id=str(done.uuid))
        assert library_state(TARGET)["items"].keys() == before["items"].keys()


class TestWorker:
    """Workers wait, and try again."""

    @pytest.fixture
    def sent(self, monkeypatch):
        """Messages, as ``(task's ID, countdown)``."""
        sent: list[tuple[str, float]] = []
        for task in (tasks.complete_import, tasks.undo_import):
            send = lambda *_args, task_id, countdown, **_options: sent.append((task_id, countdown))  # noqa: E731
            monkeypatch.setattr(task, "apply_async", send)
        return sent

    @pytest.fixture
    def busy(self, file, monkeypatch):
        """Somebody else holds the database whenever a step begins to write."""

        @contextmanager
        def while_held():
            with held(file), transaction.atomic():
                yield

        monkeypatch.setattr("import_from_modulestore.actions.steps.all_or_nothing", while_held)

    def test_three_times_and_then_the_step_fails(self, staged, ada, busy, sent):
        api.start_completion(user=ada, import_id=str(staged.uuid))
        for _time in range(3):
            assert api.run_step(import_id=str(staged.uuid)) is False
            waiting = api.get_import(user=ada, import_id=str(staged.uuid))
            assert (waiting.state, waiting.queued, waiting.is_put_off) == (ImportState.IMPORTING, True, True)
            assert "tried again by itself" in waiting.error
        with pytest.raises(api.StepFailed, match="The database is busy"):
            api.run_step(import_id=str(staged.uuid))
        failed = api.get_import(user=ada, import_id=str(staged.uuid))
        assert (failed.state, failed.queued) == (ImportState.IMPORT_FAILED, False)
        assert "The database is busy" in failed.error
        assert [countdown for _id, countdown in sent] == [None, 5, 20, 60]
        assert len({task_id for task_id, _countdown in sent}) == 1, "one task of the user's"

    def test_and_goes_on_where_the_database_is_back(self, staged, ada, busy, sent, monkeypatch):
        api.start_completion(user=ada, import_id=str(staged.uuid))
        assert api.run_step(import_id=str(staged.uuid)) is False
        monkeypatch.undo()
        assert api.run_step(import_id=str(staged.uuid)) is True
        assert api.run_step(import_id=str(staged.uuid)) is False, "a message that comes twice"
        done = api.get_import(user=ada, import_id=str(staged.uuid))
        assert (done.state, done.error) == (ImportState.IMPORTED, "")

    def test_a_message_that_is_lost_meanwhile_is_sent_again(self, staged, ada, busy, sent):
        api.start_completion(user=ada, import_id=str(staged.uuid))
        api.run_step(import_id=str(staged.uuid))
        api.recover_imports()
        assert len(sent) == 2
        Import.objects.filter(pk=staged.pk).update(queued="2026-01-01T00:00Z", heartbeat="2026-01-01T00:00Z")
        api.recover_imports()
        assert len(sent) == 3

    def test_one_that_is_put_off_can_be_canceled(self, staged, ada, busy, sent):
        api.start_completion(user=ada, import_id=str(staged.uuid))
        api.run_step(import_id=str(staged.uuid))
        canceled = api.cancel_import(user=ada, import_id=str(staged.uuid))
        assert (canceled.state, canceled.error) == (ImportState.CANCELED, "")

    def test_what_fails_between_taking_a_step_up_and_doing_it_is_put_off_as_well(self, staged, ada, sent):
        def fail(execute, sql, params, many, context):
            if "auth_user" in sql:
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise OperationalError from error
            return execute(sql, params, many, context)

        api.start_completion(user=ada, import_id=str(staged.uuid))
        with connection.execute_wrapper(fail):
            assert api.run_step(import_id=str(staged.uuid)) is False
        assert api.get_import(user=ada, import_id=str(staged.uuid)).is_put_off
        assert api.run_step(import_id=str(staged.uuid)) is True

    def test_an_error_that_does_not_pass_fails_at_once(self, staged, ada, sent, monkeypatch):
        def write(*_args, **_more):
            connection.cursor().execute("SELECT * FROM modulestore_imports_of_tomorrow")

        monkeypatch.setattr("import_from_modulestore.actions.steps.write", write)
        api.start_completion(user=ada, import_id=str(staged.uuid))
        with pytest.raises(api.StepFailed, match="manage.py migrate"):
            api.run_step(import_id=str(staged.uuid))
        assert api.get_import(user=ada, import_id=str(staged.uuid)).state is ImportState.IMPORT_FAILED


class TestRecovery:
    """It waits for nobody, and takes no live step's place."""

    def test_while_somebody_writes_it_is_left_for_the_next_time(self, file, staged):
        Import.objects.filter(pk=staged.pk).update(state="importing", worker="elsewhere:1:1:0", heartbeat=None)
        with held(file):
            assert recovery.recover() == 0
        assert recovery.recover() == 1

    def test_a_transaction_that_takes_long_ends_with_a_fresh_heartbeat(self, staged, ada, monkeypatch):
        run = Import.objects.get(pk=staged.pk)
        lifecycle.begin(run, Step.COMPLETE, actor=ada)
        long_ago = run.heartbeat - 2 * attempts.STALE_AFTER
        with lifecycle.hold(run):
            Import.objects.update(heartbeat=long_ago)
            monkeypatch.setattr(lifecycle, "HEARTBEAT_EVERY", attempts.HEARTBEAT_EVERY * 0)
        assert Import.objects.get(pk=run.pk).heartbeat > long_ago
        attempts.leave(run.worker)

    def test_a_heart_beats_on_sqlite_too(self, staged, ada, monkeypatch):
        monkeypatch.setattr(attempts, "HEARTBEAT_EVERY", attempts.HEARTBEAT_EVERY / 1000)
        run = Import.objects.get(pk=staged.pk)
        lifecycle.begin(run, Step.COMPLETE, actor=ada)
        with attempts.heart(run):
            wait_for(lambda: Import.objects.get(pk=run.pk).heartbeat > run.heartbeat)
        attempts.leave(run.worker)


class TestCancel:
    def test_of_a_step_that_writes_asks_it_to_stop_first_and_answers(self, file, staged, ada, monkeypatch):
        asked = []
        monkeypatch.setattr("import_from_modulestore.actions.steps.ask_to_stop", lambda run: asked.append(run.worker))
        worker = "elsewhere:1:1.00:0"
        Import.objects.filter(pk=staged.pk).update(state="importing", worker=worker, heartbeat=staged.created)
        Import.objects.filter(pk=staged.pk).update(heartbeat="2100-01-01T00:00Z")
        with held(file), pytest.raises(api.DatabaseUnavailable, match="busy"):
            api.cancel_import(user=ada, import_id=str(staged.uuid))
        assert set(asked) == {worker}
        assert api.cancel_import(user=ada, import_id=str(staged.uuid)).state is ImportState.CANCELED


SECTIONS, TEXTS = 4, 30
COURSE = [
    section(f"s{n}", subsection(f"b{n}", unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(TEXTS)))))
    for n in range(SECTIONS)
]
ITEMS = SECTIONS * (3 + TEXTS)
RUNNING = {str(state) for state in ImportState if state.is_running}
ENDS = {
    "staging": {"staged", "staging_failed"},
    "importing": {"imported", "import_failed"},
    "undoing": {"undone", "imported"},
}


@pytest.fixture
def site(tmp_path, own_server) -> OwnServer:
    quick = {"DJANGO_SETTINGS_MODULE": "tests.hostile.settings", "HOSTILE_RECOVER_EVERY": "3"}
    project = OwnServer(tmp_path / "project", own_server, **quick)
    write_course(project.courses / "c1", *COURSE)
    return project


@contextmanager
def beat(project: Project) -> Iterator[None]:
    """Celery's beat, which sees to it that imports are recovered."""
    words = ["-m", "celery", "-A", "import_from_modulestore_standalone", "-q", "beat"]
    log = Path(project.environment["VAR_DIR"]).parent / "beat.log"
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, *words], env=project.environment, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def restart(server: MariaDB, chance: random.Random) -> None:
    server.kill()
    time.sleep(chance.uniform(0.5, 4))
    server.start()


def kill_connections(server: MariaDB, _chance: random.Random) -> None:
    for (number,) in server.ask("SELECT id FROM information_schema.processlist WHERE user = 'imports'"):
        with suppress(Exception):  # It ended by itself.
            server.ask(f"KILL CONNECTION {number}")


@pytest.mark.slow
@pytest.mark.parametrize("blow", [restart, kill_connections])
def test_a_server_that_fails_at_random_moments_leaves_nothing_stuck(site, blow):
    chance = random.Random(blow.__name__)
    with site.caller() as call:
        asked = [(each, *_prepared(call, each, number)) for number in range(2) for each in ENDS]
        with site.worker(), beat(site):
            for _state, start, run in asked:
                call(start, import_id=run)
            for _blow in range(4):
                time.sleep(chance.uniform(0.2, 2))
                blow(site.server, chance)
            wait_for(lambda: not any(_state_of(site, run) in RUNNING for _each, _start, run in asked), seconds=900)
            for each, _start, run in asked:
                _judge(site, call, each, run)


def _prepared(call: Caller, state: str, number: int) -> tuple[str, str]:
    """The name of what starts the step that leads to this state, and an import that waits for it."""
    target = f"lib:Acme:{state}{number}"
    run = call("create_import", source_key=KEY, library_key=target, new_library_title=target)["id"]
    if state != "staging":
        call("stage_import", import_id=run)
    if state == "undoing":
        call("complete_import", import_id=run)
    return {"staging": "start_staging", "importing": "start_completion", "undoing": "start_undo"}[state], run


def _state_of(site: OwnServer, run: str) -> str:
    uuid = run.replace("-", "")
    sql = f"SELECT state FROM modulestore_imports_import WHERE replace(uuid, '-', '') = '{uuid}'"
    return site.query(sql)[0][0]


def _judge(site: OwnServer, call: Caller, each: str, run: str) -> None:
    """The library is what the import's state says, and the step can be done now, if it was not."""
    now = call("get_import", import_id=run)
    assert (now["state"] in ENDS[each], now["queued"]) == (True, False)
    assert _live_items(site, now["library_key"]) == (ITEMS if now["state"] == "imported" else 0)
    again = {"staging_failed": "retry_import", "import_failed": "retry_import"}
    if each == "undoing" and now["state"] == "imported":
        again = {"imported": "undo_import"}
    if step := again.get(now["state"]):
        call(step, import_id=run)
        assert _live_items(site, now["library_key"]) == (ITEMS if each == "importing" else 0)


def _live_items(site: OwnServer, library_key: str) -> int:
    return site.query(
        "SELECT count(*) FROM openedx_content_draft d "
        "JOIN openedx_content_publishableentity e ON d.entity_id = e.id "
        "JOIN openedx_content_learningpackage p ON e.learning_package_id = p.id "
        f"WHERE d.version_id IS NOT NULL AND p.package_ref = '{library_key}'"
    )[0][0]
