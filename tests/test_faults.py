"""All or nothing: whatever breaks, wherever, the library is as it was and the import can be tried again."""

import json
import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError
from openedx_content.models_api import Container

from import_from_modulestore import api
from import_from_modulestore.actions import steps
from import_from_modulestore.data import CollectionChoice, ImportOptions, ImportState
from import_from_modulestore.models import ImportRecord

from . import gates
from .builders import KEY, TARGET, section, small_course, subsection, text, unit, write_course
from .library_state import drafts, row_counts
from .processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


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
    created = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
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
@pytest.mark.parametrize(("writer", "least"), [("bulk", 40), pytest.param("reference", 100, marks=pytest.mark.slow)])
def test_a_fault_at_any_write_changes_nothing_and_can_be_retried(staged, user, state, settings, error, writer, least):
    settings.IMPORT_FROM_MODULESTORE_WRITER = writer
    total = count_writes(staged, user)
    assert total > least
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


def test_the_reason_is_the_first_error(staged, user):
    with pytest.raises(api.StepFailed, match="Broken: at write 30"), connection.execute_wrapper(BreakingAt(30)):
        api.complete_import(user=user, import_id=staged.id)
    assert api.get_import(user=user, import_id=staged.id).error == "Broken: at write 30"


@pytest.mark.at_gate
def test_trouble_with_the_database_is_told_as_such_wherever_it_comes_up(staged, user, caplog):
    """Within a change log of ``openedx_content`` as well, which hides the errors that it is left by."""

    class Full(OperationalError):
        def __init__(self, message: str) -> None:
            super().__init__(message)
            self.__cause__ = sqlite3.OperationalError(message)
            self.__cause__.sqlite_errorcode = sqlite3.SQLITE_FULL

    for n in fractions(count_writes(staged, user)):
        with (
            pytest.raises(api.StepFailed, match="disk of the database is full"),
            connection.execute_wrapper(BreakingAt(n, Full)),
        ):
            api.complete_import(user=user, import_id=staged.id)
    assert {record.exc_info for record in caplog.records if "failed" in record.message} <= {None, False}


class Deadlock(OperationalError):
    """The database has rolled back what was done, for somebody who waits for it."""

    def __init__(self, message: str) -> None:
        super().__init__(1213, message)


def test_what_the_database_has_rolled_back_for_somebody_else_begins_again(courses, user, library, state, monkeypatch):
    monkeypatch.setattr(steps, "_AFTER_CLASHES", (0, 0))
    write_course(courses / "c1", *small_course())
    created = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    for step, tables, after in (
        (api.stage_import, STAGING, "staged"),
        (api.complete_import, LIBRARY, "imported"),
        (api.undo_import, LIBRARY, "undone"),
    ):
        with connection.execute_wrapper(BreakingAt(3, Deadlock, tables)):
            assert step(user=user, import_id=created.id).state == after
    assert not any(version for version in drafts(state()).values())


def test_not_where_somebody_has_canceled_it_meanwhile_nor_for_ever(staged, user, monkeypatch):
    monkeypatch.setattr(steps, "_AFTER_CLASHES", (0, 0))
    always = [BreakingAt(1, Deadlock) for _again in range(3)]
    with ExitStack() as broken:
        for each in always:
            broken.enter_context(connection.execute_wrapper(each))
        with pytest.raises(api.StepFailed, match="Deadlock"):
            api.complete_import(user=user, import_id=staged.id)
    monkeypatch.setattr(steps, "sleep", lambda _pause: api.cancel_import(user=user, import_id=staged.id))
    with connection.execute_wrapper(BreakingAt(1, Deadlock)), pytest.raises(api.StepFailed):
        api.complete_import(user=user, import_id=staged.id)
    assert api.get_import(user=user, import_id=staged.id).state is ImportState.CANCELED


def test_a_fault_while_staging_leaves_nothing_staged_and_can_be_retried(courses, user, library, settings):
    from import_from_modulestore.models import StagedBlock
    from import_from_modulestore_standalone.content_staging.models import StagedContent

    image = text("t9", '<img src="/static/a.png"/>')
    write_course(courses / "c1", section("s9", subsection("b9", unit("u9", image))), static={"a.png": b"PNG"})
    created = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    for n in (1, 2, 3, 4):
        with pytest.raises(api.StepFailed), connection.execute_wrapper(BreakingAt(n, tables=STAGING)):
            api.stage_import(user=user, import_id=created.id)
        assert not StagedContent.objects.exists()
        assert not list(Path(settings.MEDIA_ROOT).rglob("*.png"))
        assert not StagedBlock.objects.exists()
        assert api.get_import(user=user, import_id=created.id).state is ImportState.STAGING_FAILED
    assert api.stage_import(user=user, import_id=created.id).state is ImportState.STAGED


class TestKilled:
    """A process that dies in the middle, for real."""

    @pytest.mark.at_gate
    @pytest.mark.parametrize("phase", ["writing", pytest.param("publishing", marks=pytest.mark.slow)])
    def test_the_library_is_as_it_was_and_retry_goes_on(self, project_on, phase):
        project = project_on
        project.environment |= {"WRITER": "reference", "DJANGO_SETTINGS_MODULE": "tests.gated"}
        write_course(project.courses / "c1", *small_course())
        with gates.closed(project.environment["VAR_DIR"], phase) as is_reached:
            process = project.start("import_from_modulestore", "run", KEY, TARGET, "--create")
            wait_for(lambda: is_reached() or process.poll() is not None)
            process.kill()
            process.wait()
        assert self.state(project) == "importing"
        assert self.entities(project) == 0

        [run] = wait_for(lambda: self.recovered(project))
        assert run["state"] == "import_failed"
        assert "stopped before it was done" in run["error"]
        project.manage("import_from_modulestore", "retry", run["id"][:8])
        assert self.state(project) == "imported"
        assert self.entities(project) == 12

    def recovered(self, project):
        """The history, once it tells of what has died: a server may have to take that back first."""
        history = json.loads(project.manage("import_from_modulestore", "history", "--json").stdout)
        return history if history[0]["state"] != "importing" else None

    def state(self, project):
        rows = project.query("SELECT state FROM modulestore_imports_import")
        return rows[0][0] if rows else ""

    def entities(self, project):
        return project.query("SELECT count(*) FROM openedx_content_publishableentity")[0][0]
