"""Fixtures: a folder of courses, a user who may do everything, an import in one call, a library as plain data."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import pytest
from _pytest.doctest import DoctestModule
from celery import Task
from celery.result import EagerResult
from django.db import connection, transaction
from django.test import override_settings
from openedx_content.applets.media import models as media_models
from openedx_content.models_api import Container, LearningPackage

from import_from_modulestore import api, waiting
from import_from_modulestore.data import ImportData, ImportOptions, ImportState, RecordData
from import_from_modulestore.exports import looks
from import_from_modulestore.models import Import
from import_from_modulestore.running.lifecycle import STEP_OF
from import_from_modulestore.running.user_tasks import task_id_of
from import_from_modulestore_standalone.grants import Role, give

from .authoring import Author
from .builders import KEY, TARGET, pack, problem, section, small_course, subsection, text, unit, write_course
from .cases import leave_further_cases
from .examples import use_examples
from .gates import NEVER
from .hostile.servers import MariaDB, can_run
from .keeping import kept, kept_at_first, recorded
from .library_state import library_state
from .migrated import connected, database_with_tables, file_with_tables, fill
from .processes import PATIENCE, Project, ServerProject, migrate
from .rights import without_override
from .stack import with_room

REAL_EXPORTS = Path(os.environ.get("REAL_EXPORTS_DIR") or Path(__file__).parents[2] / "shared" / "courses")


use_examples()

waiting.SECONDS_FOR_SOURCES = PATIENCE
# What was staged is taken over once a source is at rest for two seconds: how quick the machine is must not decide that.
looks._SETTLED_AFTER = NEVER

MIGRATED = pytest.StashKey[Path]()

LONG = (
    "test_concurrency.py",
    "test_container.py",
    "test_soak.py",
    "test_trouble_at_the_doors.py",
    "test_browser.py",
    "test_lost_database.py",
    "test_contract.py",
    "test_plugin.py",
    "test_review_in_browser.py",
    "test_databases.py",
    "test_schema.py",
)
"""Files that take minutes at the gate."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where workers have the tests, migrate the database that all have copies of while they begin."""
    if session.config.pluginmanager.has_plugin("dsession"):
        Thread(target=_migrate_ahead, args=[session.config], name="migrates").start()


def _migrate_ahead(config: pytest.Config) -> None:
    with TemporaryDirectory() as folder:
        if connection.vendor == "mysql":
            database_with_tables(os.environ["TEST_DATABASE_URL"], lambda url: migrate(Path(folder), url))
        _have_migrated(config, Path(folder))


_IN_MEMORY = Path("/dev/shm")
"""Where Linux has files that no disk keeps."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> object:
    """
    Do all that others do for it, with room on the stack, here and in the processes that xdist starts.

    Where there is some, also with room in memory for what tests write: 80,000 small files, which go with each test that
    passes; on a disk they take a twelfth of the time.
    """
    if _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > 2**31:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_IN_MEMORY))
    others = config.pluginmanager.subset_hook_caller("pytest_cmdline_main", [sys.modules[__name__]])
    return with_room(lambda: others(config=config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Begin with what needs no database while that is migrated, and then with what takes long: each file is one worker's,
    who would else be at the last when the others are done. And say what is left to the gate.
    """
    leave_further_cases(items)
    waiting = {item.path for item in items if _needs_database(item)}

    def rank(item: pytest.Item) -> tuple[bool, int]:
        return item.path in waiting, LONG.index(item.path.name) if item.path.name in LONG else len(LONG)

    items.sort(key=rank)


def _needs_database(item: pytest.Item) -> bool:
    return bool({"db", "transactional_db", "_migrated"} & {*item.fixturenames} or item.get_closest_marker("django_db"))


def pytest_collection_finish() -> None:
    """Look for garbage among what tests leave behind, and seldom: what is loaded and collected by now stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path):
    """There are no examples in the tests' own docstrings: looking for them takes a second for each worker."""
    return [each for each in (yield) if not isinstance(each, DoctestModule)]


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    return (yield from recorded(fixturedef, request))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """
    After a test that commits, the database is again as the migrations make it, with all their rows and no others, and
    rows have the numbers that they have in other tests: Django empties all tables, and goes on counting.
    """
    yield
    marked = item.get_closest_marker("django_db")
    is_committing = "transactional_db" in item.fixturenames or (marked and marked.kwargs.get("transaction"))
    if is_committing and (migrated := item.config.stash.get(MIGRATED, None)):
        with closing(sqlite3.connect(migrated)) as source:
            source.backup(connection.connection)


def folders_in(place: Path) -> dict[str, Any]:
    """Settings that have everything written in one place."""
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    return {
        "COURSES_DIR": place / "courses",
        "EXPORTS_CACHE_DIR": place / "cache",
        "UPLOADS_DIR": place / "uploads",
        "MEDIA_ROOT": place / "media",
        "OPENEDX_LEARNING": {"MEDIA": {**storage, "OPTIONS": {"location": str(place / "library-media")}}},
    }


@pytest.fixture(autouse=True)
def _own_folders(request, tmp_path, settings):
    """Every test has its own courses, cache and storages; those that look at the same have the same."""
    place = request.getfixturevalue("once") if "once" in request.fixturenames else tmp_path
    for name, value in folders_in(place).items():
        setattr(settings, name, value)
    settings.COURSES_DIR.mkdir(exist_ok=True)
    media_models.get_storage.cache_clear()
    Container.reset_cache()


@pytest.fixture(scope="module")
def once(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[Path]:
    """
    A place for what the tests of a module look at, which is made once: by fixtures of the module that ask for this.

    All happens in one transaction. Each test is in a savepoint of its own, as always; in the database, it finds what
    was made and leaves nothing behind. Files are common, so none of the tests may change what others look at.
    """
    place = tmp_path_factory.mktemp("once")
    (place / "courses").mkdir()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, override_settings(**folders_in(place)):
        patch.setattr(connection, "close", lambda: None)  # Django does at the end of a test.
        media_models.get_storage.cache_clear()
        Container.reset_cache()
        whole = transaction.atomic()
        whole._from_testcase = True
        with whole:
            yield place
            transaction.set_rollback(True)


@pytest.fixture
def courses(settings) -> Path:
    """The folder of exports."""
    return settings.COURSES_DIR


@pytest.fixture
def forbid() -> Iterator[Callable[[Path], None]]:
    """Let nobody read a file or folder, as long as the test lasts: ``forbid(path)``."""
    forbidden: dict[Path, int] = {}

    def forbid(path: Path) -> None:
        forbidden[path] = path.stat().st_mode
        path.chmod(0)

    with without_override():
        yield forbid
        for path, mode in reversed(forbidden.items()):
            path.chmod(mode)


@pytest.fixture
@kept
def user(db, django_user_model):
    return django_user_model.objects.create(username="ada", is_superuser=True)


@pytest.fixture
def person(db, django_user_model, library):
    """Make a user with these roles, those of a library being of ``library``: ``person("bob", Role.EDITOR)``."""

    def make(username: str, *roles: Role, **fields):
        made = django_user_model.objects.create(username=username, **fields)
        for role in roles:
            give(made, role, LearningPackage.objects.get(package_ref=library.key) if role.is_of_library else None)
        return made

    return make


@pytest.fixture
def editor(person):
    """May change the target, and read the sources."""
    return person("bob", Role.EDITOR, Role.READER)


@pytest.fixture
def outsider_editor(person):
    """May change the target, but not read the sources."""
    return person("olga", Role.EDITOR)


@pytest.fixture
def viewer(person):
    """May see the target and its history, and no more."""
    return person("vera", Role.VIEWER)


@pytest.fixture
def superuser(user):
    """May do everything; the name that tables of roles use."""
    return user


@pytest.fixture
def reviewer(person):
    """May see the target and its history, and read the sources."""
    return person("rita", Role.VIEWER, Role.READER)


@pytest.fixture
def outsider(outsider_editor):
    """The same as ``outsider_editor``, as tables of roles call them."""
    return outsider_editor


@pytest.fixture
def stranger(person):
    """May do nothing, and is told of nothing."""
    return person("eve")


@pytest.fixture
@kept
def library(user):
    """An empty library, :data:`.builders.TARGET`."""
    return api.create_library(user=user, library_key=TARGET, title="Target")


@pytest.fixture
@kept
def course(courses, library):
    """A course of seven blocks on the shelf, and the library for it."""
    units = unit("u1", text("t1"), problem("p1")), unit("u2", text("t2"))
    write_course(courses / "c1", section("s", subsection("b", *units)), title="Tides")


@pytest.fixture
def export(tmp_path) -> Path:
    """An export of the small course, outside the shelf."""
    return pack(write_course(tmp_path / "mine" / "c1", *small_course(), title="Mine"), tmp_path / "mine.tar.gz")


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled as soon as they are written: a test does not wait for that."""
    monkeypatch.setattr(looks, "_SETTLED_AFTER", -(10**12))


@pytest.fixture
def stage(user, library, request):
    """Stage the course on the shelf: ``stage(level=…)`` gives the import's ID."""

    def staged(**options) -> str:
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=ImportOptions(**options))
        return api.stage_import(user=user, import_id=run.id).id

    return kept_at_first(staged, request)


@pytest.fixture
def run_import(user, library, request):
    """Run a whole import of the course on the shelf: ``run_import(level=…)`` gives its data and its records."""

    def run(source: str = KEY, target: str = TARGET, **options) -> tuple[ImportData, list[RecordData]]:
        created = api.create_import(user=user, source_key=source, library_key=target, options=ImportOptions(**options))
        api.stage_import(user=user, import_id=created.id)
        done = api.complete_import(user=user, import_id=created.id)
        return done, api.get_records(user=user, import_id=created.id)

    return kept_at_first(run, request)


@pytest.fixture
def worked(django_capture_on_commit_callbacks):
    """Messages are sent when the transaction is committed; here, a worker then does the work at once."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def deliver():
    """Have a worker get a message, by default the one that waits: ``deliver(tasks.undo_import, import_id)``."""

    def delivered(task: Task, import_id: str, message_id: str | None = None) -> EagerResult:
        run = Import.objects.get(uuid=import_id)
        return task.apply((import_id,), task_id=message_id or task_id_of(run, STEP_OF[ImportState(run.state)]))

    return delivered


@pytest.fixture
def edit_in_library(library, request):
    """Give a text in the library another body, as its editor would: ``edit_in_library("t1", "<p>Mine.</p>")``."""
    author = Author(library.package_id)

    def edit(code: str, body: str, title: str | None = None) -> None:
        ref = f"xblock.v1:html:{code}"
        title = title or author.entity(ref).draft.version.title
        author.write(ref, f'<html display_name="{title}"><![CDATA[{body}]]></html>', title)

    return kept_at_first(edit, request)


@pytest.fixture
def state(library):
    """The library's whole content as plain data: ``state()``."""
    return lambda target=TARGET: library_state(target)


@pytest.fixture
def real_exports() -> Path:
    """The folder with the real exports; the test is skipped where it is not there."""
    if not (REAL_EXPORTS / "openedx-demo-course.tar.gz").is_file():
        pytest.skip("the real exports are not here; set REAL_EXPORTS_DIR")
    return REAL_EXPORTS


@pytest.fixture(scope="session")
def _migrated(request, tmp_path_factory) -> Path:
    """An SQLite database with all tables, as the migrations make it."""
    migrated = _have_migrated(request.config, tmp_path_factory.mktemp("migrated"))
    if connection.vendor == "sqlite":
        request.config.stash[MIGRATED] = migrated
    return migrated


def _have_migrated(config: pytest.Config, folder: Path) -> Path:
    return file_with_tables(config.cache.mkdir("databases"), lambda url: migrate(folder, url))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request, tmp_path_factory, django_db_modify_db_settings_parallel_suffix):
    """Have the test database be a copy of one that was migrated before: of :func:`_migrated`, or one on its server."""
    creation = connection.creation
    name = creation._get_test_db_name()
    migrated = request.getfixturevalue("_migrated") if connection.vendor == "sqlite" else None

    def copied(*args, **kwargs) -> str:
        connection.close()
        if migrated:
            connection.settings_dict["NAME"] = name
            connection.ensure_connection()
            with closing(sqlite3.connect(migrated)) as source:
                source.backup(connection.connection)
            return name
        address = os.environ["TEST_DATABASE_URL"]
        with connected(address) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name}")
            server.execute(f"CREATE DATABASE {name}")
        fill(address, name, lambda url: migrate(tmp_path_factory.mktemp("migrated"), url))
        connection.settings_dict["NAME"] = name
        return name

    creation.create_test_db = copied


@pytest.fixture
def project(tmp_path, _migrated) -> Project:
    """The project in processes of its own, on a database file with all tables."""
    return Project(tmp_path / "project").with_database(_migrated)


@pytest.fixture
def serve(project) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start ``manage.py serve``, and read its greeting: ``serve("--no-worker")``."""
    with ExitStack() as started:
        yield lambda *words, **environment: started.enter_context(project.serving(*words, **environment))


@pytest.fixture
def server_url() -> str:
    """The address of a MySQL or MariaDB server; the test is skipped where there is none."""
    address = os.environ.get("TEST_MYSQL_URL", "")
    if not address:
        missing = "no MySQL or MariaDB server is named in TEST_MYSQL_URL; `.ci/mariadb make test` starts one"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return address


@pytest.fixture
def own_server(tmp_path) -> Iterator[MariaDB]:
    """A MariaDB server of the test's own; the test is skipped where that is not installed."""
    if not can_run("mariadbd"):
        pytest.fail("MariaDB is not installed") if os.environ.get("CI") else pytest.skip("MariaDB is not installed")
    pytest.importorskip("MySQLdb")
    server = MariaDB(tmp_path / "server")
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "mysql"])
def project_on(request, tmp_path) -> Iterator[Project]:
    """The project in processes of its own, on each kind of database in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("project")
        return
    with ServerProject(tmp_path / "project", request.getfixturevalue("server_url")) as project:
        yield project
