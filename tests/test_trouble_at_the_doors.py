"""A database that is busy, gone, full, … : what each door says, on the databases that people have."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from import_from_modulestore import api
from import_from_modulestore.models import Import
from import_from_modulestore.waiting import at_most

from .builders import KEY, TARGET, small_course, usage_key, write_course
from .command_line.calls import command, refused
from .databases import held, using
from .processes import PATIENCE, Project, ServerProject
from .rest_api.conftest import ROOT, answer
from .rights import as_others

T1 = usage_key("html", "t1")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """Where the first test leaves a copy of its database for the others."""
    return tmp_path_factory.mktemp("prepared") / "db.sqlite3"


@pytest.fixture
def file(tmp_path, prepared, _migrated, django_db_blocker, courses, settings) -> Iterator[Path]:
    """A database in a file, as the standalone project has it, with a course that is imported, and staged again."""
    settings.IMPORT_FROM_MODULESTORE_REQUEST_WAIT = 0.1
    write_course(courses / "c1", *small_course())
    file = tmp_path / "db.sqlite3"
    shutil.copy(prepared if prepared.exists() else _migrated, file)
    with django_db_blocker.unblock(), using(f"sqlite:///{file}"):
        if not prepared.exists():
            get_user_model().objects.create(username="author", is_superuser=True, is_staff=True)
            command("run", KEY, TARGET, "--create")
            command("stage", KEY, TARGET)
            connection.close()
            shutil.copy(file, prepared)
        yield file


@pytest.fixture
def author(file):
    return get_user_model().objects.get(username="author")


@pytest.fixture
def run(author) -> str:
    """The ID of the staged import."""
    return api.list_imports(user=author, limit=1).items[0].id


@pytest.fixture
def client(author):
    client = Client(raise_request_exception=False)
    client.force_login(author)
    return client


LOOKS = [
    "sources/",
    f"sources/{KEY}/",
    "libraries/",
    f"libraries/{TARGET}/",
    "imports/",
    "imports/{run}/",
    "imports/{run}/blocks/",
    "imports/{run}/blocks/" + T1 + "/",
    "imports/{run}/gone/",
    "imports/{run}/plan/",
    "imports/{run}/records/",
    "imports/{run}/reversals/",
    "where/?item_key=lb:Acme:Target:html:t1",
]

NEW = {"key": "lib:Acme:New", "title": "New"}

CHANGES = [
    ("post", "libraries/", NEW),
    ("post", "imports/", {"source_key": KEY, "library_key": TARGET}),
    ("patch", "imports/{run}/blocks/", {"usage_keys": [T1], "selected": False}),
    ("patch", "imports/{run}/blocks/" + T1 + "/", {"title": "High water"}),
    ("patch", "imports/{run}/gone/", {"remove": True}),
    ("post", "imports/{run}/complete/", {}),
    ("post", "imports/{run}/cancel/", {}),
]


PAGES = [
    *("", "import/", "imports/", "libraries/", f"libraries/{TARGET}/", "items/lb:Acme:Target:html:t1/"),
    *(f"imports/{{run}}/{part}" for part in ("", "progress/", "review/", "review/?q=t", "review/under/", "bar/")),
    *(f"imports/{{run}}/{part}" for part in ("review/conflict/", "summary/", "work/")),
    *(f"imports/{{run}}/blocks/{T1}/{part}" for part in ("", "rendered/", "?tab=edit")),
]

FORMS = [
    ("imports/{run}/review/", {"leave_out": T1}),
    ("imports/{run}/blocks/" + T1 + "/", {"do": "leave_out"}),
    ("imports/{run}/do/complete/", {}),
    ("imports/{run}/do/cancel/", {}),
    ("import/options/", {"source": KEY, "library": TARGET}),
]


def send(client, method, path, body=None, **headers):
    kwargs = {"data": body, "content_type": "application/json"} if body is not None else {}
    return getattr(client, method)(ROOT + path, headers=headers, **kwargs)


class TestSomebodyWrites:
    """SQLite, while another holds its one lock."""

    @pytest.mark.few
    @pytest.mark.parametrize("path", LOOKS)
    def test_a_look_over_rest_waits_for_nobody(self, file, client, run, path):
        with held(file):
            assert send(client, "get", path.format(run=run)).status_code == 200

    @pytest.mark.parametrize("page", ["changelist", "change", "blocks", "block", "add", "action"])
    def test_a_look_in_the_admin_waits_for_nobody(self, file, client, run, page):
        with held(file):
            assert client.get(page_of(page, run)).status_code == 200

    @pytest.mark.few
    @pytest.mark.parametrize("headers", [{}, pytest.param({"HX-Request": "true"}, marks=pytest.mark.slow)])
    @pytest.mark.parametrize("path", PAGES)
    def test_a_look_at_a_page_waits_for_nobody(self, file, client, run, path, headers):
        with held(file):
            assert client.get(f"/{path.format(run=run)}", headers=headers).status_code in (200, 302)

    @pytest.mark.few
    @pytest.mark.parametrize(("path", "form"), FORMS)
    def test_a_form_is_to_be_sent_again(self, file, client, run, path, form):
        with held(file):
            page = client.post(f"/{path.format(run=run)}", form)
        assert (page.status_code, page["Retry-After"]) == (503, "5")
        assert "somebody else is writing to it" in page.content.decode()
        assert "default-src 'none'" in page["Content-Security-Policy"]
        assert client.post(f"/{path.format(run=run)}", form).status_code == 302

    @pytest.mark.few
    @pytest.mark.parametrize(
        "words",
        [
            ("sources",),
            ("libraries",),
            ("history",),
            ("review", "last"),
            ("plan", "last"),
            ("show", "last"),
            ("where", "lb:Acme:Target:html:t1"),
        ],
    )
    def test_a_look_on_the_command_line_waits_for_nobody(self, file, words):
        with held(file):
            command(*words)

    @pytest.mark.few
    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    def test_a_change_over_rest_is_to_be_tried_again(self, file, client, run, method, path, body):
        with held(file):
            response = send(client, method, path.format(run=run), body)
        assert (answer(response)[0], response["Retry-After"]) == (503, "5")
        assert response.json()["code"] == "database_unavailable"
        assert "somebody else is writing to it" in response.json()["detail"]
        again = send(client, method, path.format(run=run), body)
        assert again.status_code < 300, again.content

    def test_a_change_in_the_admin_says_so(self, file, client, run, author):
        with held(file):
            response = client.post(page_of("action", run))
            told = client.get(response.url)
        assert "somebody else is writing to it" in told.content.decode()
        assert api.get_import(user=author, import_id=run).state == "staged"

    def test_nobody_can_sign_in_and_is_told_why(self, file, author):
        author.set_password("tides")
        author.save()
        client = Client(raise_request_exception=False)
        form = {"username": "author", "password": "tides"}
        with held(file):
            page = client.post(reverse("admin:login"), form)
        assert (page.status_code, page["Retry-After"]) == (503, "5")
        assert "somebody else is writing to it" in page.content.decode()
        assert client.post(reverse("admin:login"), form).status_code == 302

    def test_a_look_at_an_import_whose_process_is_gone_waits_for_nobody(self, file, client, run):
        Import.objects.filter(uuid=run).update(state="importing", worker="elsewhere:1:1.0", heartbeat=None)
        with held(file), at_most(0):
            assert send(client, "get", f"imports/{run}/").json()["state"] == "importing"
            command("history")
        assert send(client, "get", f"imports/{run}/").json()["state"] == "import_failed"

    def test_the_python_api_raises_an_error_of_its_own(self, file, author, run):
        with held(file), at_most(0), pytest.raises(api.DatabaseUnavailable) as raised:
            api.select_blocks(user=author, import_id=run, usage_keys=[T1], selected=False)
        assert (raised.value.kind, raised.value.is_passing) == ("busy", True)

    def test_a_key_of_a_request_that_was_not_carried_out_is_free(self, file, client, run):
        again = {"Idempotency-Key": "tides"}
        with held(file):
            assert send(client, "post", "libraries/", NEW, **again).status_code == 503
        assert send(client, "post", "libraries/", NEW, **again).status_code == 201

    @pytest.mark.at_gate
    def test_a_command_waits_and_says_for_what(self, file, run):
        first = Import.objects.earliest("pk")
        Import.objects.filter(pk=first.pk).update(state="undoing", worker="elsewhere:1:1.0", heartbeat=timezone.now())
        project = Project(file.parent / "project", f"sqlite:///{file}")
        words = project.command("import_from_modulestore", "edit", "last", "t1", "--title", "High water")
        with held(file):
            process = subprocess.Popen(words, env=project.environment, stderr=subprocess.PIPE, text=True)
            told = process.stderr.readline()
            assert process.poll() is None
        assert told.startswith(f"The database is busy: import {str(first.uuid)[:8]} is being undone.")
        assert process.communicate() and process.returncode == 0


def page_of(page: str, run: str) -> str:
    pk = Import.objects.get(uuid=run).pk
    name, args = f"admin:modulestore_imports_import_{page}", [] if page in ("changelist", "add") else [pk]
    match page:
        case "action":
            return reverse(name, args=["complete"]) + f"?ids={pk}"
        case "block":
            args.append(T1)
    return reverse(name, args=args)


def full(file: Path) -> dict[str, str]:
    return {"init_command": "PRAGMA max_page_count = 1"}


def read_only(file: Path) -> dict[str, str]:
    return {"init_command": "PRAGMA query_only = 1"}


def old(file: Path) -> dict[str, str]:
    with closing(sqlite3.connect(file)) as database:
        database.execute("ALTER TABLE modulestore_imports_import DROP COLUMN force")
    return {}


def damaged(file: Path) -> dict[str, str]:
    file.write_text("Tides and the Sea" * 1000)
    return {}


def closed(file: Path) -> dict[str, str]:
    file.unlink()
    file.mkdir()
    return {}


ADVICE = {
    full: "Make room on it",
    read_only: "Let this program write to it",
    old: "Bring it up to date: manage.py migrate",
    damaged: "restore a backup",
    closed: "See that it is there",
}


class TestTroubleThatStays:
    """Each kind has its own advice, the same at every door, and none of it names the server's files or statements."""

    @pytest.fixture(params=ADVICE)
    def spoilt(self, request, file, run, client, page_of_block) -> Iterator[str]:
        """A database with which something is wrong; the advice about it."""
        connection.close()
        options = request.param(file)
        with using(f"sqlite:///{file}", **options):
            yield ADVICE[request.param]

    OLX = f'<html url_name="t1">{"tide " * 100_000}</html>'

    def test_over_rest(self, spoilt, client, run):
        response = send(client, "patch", f"imports/{run}/blocks/{T1}/", {"olx": self.OLX})
        status, problem = answer(response)
        assert (status, problem["code"], "Retry-After" in response) == (503, "database_unavailable", False)
        assert spoilt in problem["detail"]
        assert "/" not in problem["detail"]

    def test_in_the_admin(self, spoilt, client, run, page_of_block):
        response = client.post(page_of_block, {"do": "edit", "title": "T", "olx": self.OLX})
        if response.status_code == 302:  # What can be read is shown, with a message.
            response = client.get(response.url)
        else:
            assert (response.status_code, "Retry-After" in response) == (503, False)
        assert spoilt in response.content.decode()

    @pytest.fixture
    def page_of_block(self, run):
        return page_of("block", run)

    def test_on_the_command_line(self, spoilt, tmp_path):
        (tmp_path / "new.xml").write_text(self.OLX)
        told, code = refused("edit", "last", "t1", "--olx", str(tmp_path / "new.xml"))
        assert (spoilt in told, code) == (True, 1), told

    def test_in_python(self, request, spoilt, author, run):
        with pytest.raises(api.DatabaseUnavailable, match=spoilt) as raised:
            api.edit_block(user=author, import_id=run, usage_key=T1, olx=self.OLX)
        assert (raised.value.kind in request.node.name, raised.value.is_passing) == (True, False)


def test_a_database_of_a_newer_version(file, run):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE modulestore_imports_import ADD COLUMN tomorrow TEXT NOT NULL DEFAULT ''")
        cursor.execute("ALTER TABLE modulestore_imports_import DROP COLUMN force")
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('modulestore_imports', '9999_tomorrow', %s)",
            [timezone.now()],
        )
    told, _code = refused("history")
    assert told.startswith("The database is of a newer version (modulestore_imports 9999_tomorrow) than this program.")


def not_in_wal_mode_and_read_only(project: Project) -> str:
    with closing(sqlite3.connect(project.database)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    return read_only_folder(project)


def read_only_folder(project: Project) -> str:
    project.database.chmod(0o444)
    project.database.parent.chmod(0o555)
    return "Let this program write to it"


def not_to_be_read(project: Project) -> str:
    project.database.chmod(0)
    return ADVICE[closed]


def a_folder(project: Project) -> str:
    closed(project.database)
    return ADVICE[closed]


def no_database(project: Project) -> str:
    damaged(project.database)
    return ADVICE[damaged]


def of_tomorrow(project: Project) -> str:
    with closing(sqlite3.connect(project.database)) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('modulestore_imports', '9999_t', '2026-01-01')"
        )
    return "The database is of a newer version (modulestore_imports 9999_t) than this program."


def of_yesterday(project: Project) -> str:
    with closing(sqlite3.connect(project.database)) as database, database:
        database.execute("DELETE FROM django_migrations WHERE app = 'modulestore_imports' AND name > '0013'")
    return "The database is older than this program. Bring it up to date: manage.py migrate"


SERVE, WORKER, COMMAND, MIGRATE = "serve", "worker", "command", "migrate"


class TestAtTheStart:
    """Programs end with advice and without a traceback, where the database is none that they can work with."""

    @pytest.fixture
    def project(self, tmp_path, _migrated) -> Iterator[Project]:
        project = Project(tmp_path / "project")
        folder = tmp_path / "database"
        folder.mkdir()
        project.database = folder / "db.sqlite3"
        project.environment["DATABASE_URL"] = f"sqlite:///{project.database}"
        yield project.with_database(_migrated)
        folder.chmod(0o755)

    @pytest.mark.parametrize(
        ("spoil", "door"),
        [
            pytest.param(not_in_wal_mode_and_read_only, SERVE, marks=pytest.mark.slow),
            (not_in_wal_mode_and_read_only, COMMAND),
            pytest.param(not_in_wal_mode_and_read_only, WORKER, marks=pytest.mark.slow),
            pytest.param(read_only_folder, COMMAND, marks=pytest.mark.slow),
            pytest.param(read_only_folder, SERVE, marks=pytest.mark.slow),
            pytest.param(not_to_be_read, COMMAND, marks=pytest.mark.slow),
            pytest.param(not_to_be_read, SERVE, marks=pytest.mark.slow),
            pytest.param(a_folder, COMMAND, marks=pytest.mark.slow),
            pytest.param(a_folder, MIGRATE, marks=pytest.mark.slow),
            pytest.param(no_database, SERVE, marks=pytest.mark.slow),
            pytest.param(no_database, WORKER, marks=pytest.mark.slow),
            pytest.param(of_tomorrow, SERVE, marks=pytest.mark.slow),
            pytest.param(of_tomorrow, WORKER, marks=pytest.mark.slow),
            pytest.param(of_yesterday, WORKER, marks=pytest.mark.at_gate),
        ],
    )
    def test_advice(self, project, spoil, door):
        advice = spoil(project)
        words = {
            SERVE: project.command("serve", "--port", "0"),
            WORKER: [sys.executable, "-m", "celery", "-A", "import_from_modulestore_standalone", "worker", "-c1"],
            COMMAND: project.command("import_from_modulestore", "edit", "last", "t1", "--title", "High water"),
            MIGRATE: project.command("migrate"),
        }[door]
        ended = subprocess.run(
            as_others(words), env=project.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert (advice in " ".join(ended.stderr.split()), "Traceback" in ended.stderr) == (True, False), ended.stderr
        assert ended.returncode == 1


class TestOnAServer:
    """MySQL and MariaDB: rows and tables that others hold, connections that are lost."""

    @pytest.fixture
    def server(self, tmp_path, server_url, django_db_blocker, courses, settings) -> Iterator[ServerProject]:
        settings.IMPORT_FROM_MODULESTORE_REQUEST_WAIT = 1
        write_course(courses / "c1", *small_course())
        project = ServerProject(tmp_path / "project", server_url)
        with project, django_db_blocker.unblock(), using(project.environment["DATABASE_URL"]):
            get_user_model().objects.create(username="author", is_superuser=True, is_staff=True)
            command("run", KEY, TARGET, "--create")
            command("stage", KEY, TARGET)
            yield project

    @pytest.fixture
    def author(self, server):
        return get_user_model().objects.get(username="author")

    @pytest.mark.slow
    def test_rows_and_tables_that_somebody_holds(self, server, client, run):
        with server.connected() as other:
            # An import that is being written holds its library, and whatever is to point at it waits.
            other.execute("BEGIN")
            other.execute("SELECT * FROM openedx_content_learningpackage FOR UPDATE")
            busy = send(client, "post", "imports/", {"source_key": KEY, "library_key": TARGET})
            assert (answer(busy)[0], busy["Retry-After"]) == (503, "5")
            for path in LOOKS:
                assert send(client, "get", path.format(run=run)).status_code == 200, path
            other.execute("ROLLBACK")
            other.execute("LOCK TABLES modulestore_imports_stagedblock WRITE")
            busy = send(client, "get", f"imports/{run}/blocks/")
            assert (answer(busy)[0], busy["Retry-After"]) == (503, "5")
            other.execute("UNLOCK TABLES")
        assert send(client, "post", "imports/", {"source_key": KEY, "library_key": TARGET}).status_code == 201

    @pytest.mark.slow
    def test_a_connection_that_is_lost(self, server, client, author, run):
        page = page_of("changelist", run)
        with server.connected() as other:
            for ask in (
                lambda: answer(send(client, "get", "imports/"))[0],
                lambda: client.get(page).status_code,
                lambda: told_in_python(author),
            ):
                connection.ensure_connection()
                other.execute(
                    "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
                )
                for (number,) in other.fetchall():
                    other.execute(f"KILL CONNECTION {number}")
                assert ask() in (503, "gone")
                connection.close_if_unusable_or_obsolete()

    @pytest.mark.slow
    def test_a_server_that_is_not_there(self, server, client, author, run):
        page = page_of("changelist", run)
        with using("mysql://tests:tests@127.0.0.1:1/imports"):
            response = send(client, "get", "imports/")
            assert (answer(response)[0], response["Retry-After"]) == (503, "5")
            response = client.get(page)
            assert (response.status_code, response["Retry-After"]) == (503, "5")
            assert "The database cannot be reached" in response.content.decode()
            told, _code = refused("history")
            assert "The database cannot be reached" in told
            assert told_in_python(author) == "gone"


def told_in_python(author) -> str:
    with pytest.raises(api.DatabaseUnavailable) as raised:
        api.list_imports(user=author)
    assert raised.value.is_passing
    return raised.value.kind
