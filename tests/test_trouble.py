"""Errors of databases, as real databases report them, and what people can do about each."""

import sqlite3
from contextlib import closing

import pytest
from django.db import DataError, IntegrityError, connection
from django.db.utils import OperationalError

from import_from_modulestore import api
from import_from_modulestore.trouble import Trouble, recognized, trouble_of, unavailable


@pytest.fixture
def file(tmp_path):
    """An SQLite database with a table and a row."""
    path = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)")
    return path


def said_by(path, *statements: str, uri: str = "") -> sqlite3.Error:
    """What SQLite raises at the last of some statements."""
    with pytest.raises(sqlite3.Error) as raised, closing(sqlite3.connect(uri or path, timeout=0, uri=bool(uri))) as one:
        for statement in statements:
            one.execute(statement)
    return raised.value


WRITING = "INSERT INTO t VALUES (zeroblob(100000))"


class TestSQLite:
    def test_locked_by_somebody_who_writes(self, file):
        with closing(sqlite3.connect(file)) as other:
            other.execute("BEGIN IMMEDIATE")
            for statement in ("BEGIN IMMEDIATE", WRITING):
                assert trouble_of(said_by(file, statement)) is Trouble.BUSY

    def test_written_since_it_was_read_within_a_transaction(self, file):
        with closing(sqlite3.connect(file, timeout=0)) as one:
            one.execute("BEGIN")
            one.execute("SELECT * FROM t").fetchall()
            with closing(sqlite3.connect(file)) as other, other:
                other.execute("INSERT INTO t VALUES (2)")
            with pytest.raises(sqlite3.Error) as raised:
                one.execute(WRITING)
        assert trouble_of(raised.value) is Trouble.BUSY

    def test_full(self, file):
        assert trouble_of(said_by(file, "PRAGMA max_page_count=1", WRITING)) is Trouble.FULL

    @pytest.mark.parametrize("uri", ["file:{}?mode=ro", "file:{}?immutable=1"])
    def test_only_to_be_read(self, file, uri):
        assert trouble_of(said_by(file, WRITING, uri=uri.format(file))) is Trouble.READ_ONLY

    def test_without_the_log_that_other_processes_need(self, file):
        with closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
        told = said_by(file, "PRAGMA journal_mode=WAL", uri=f"file:{file}?mode=ro")
        assert trouble_of(told) is Trouble.READ_ONLY

    @pytest.mark.parametrize(
        "statement",
        ["SELECT * FROM u", "SELECT b FROM t", "INSERT INTO t (b) VALUES (1)", "UPDATE t SET b = 1", "DELETE FROM u"],
    )
    def test_of_another_version(self, file, statement):
        assert trouble_of(said_by(file, statement)) is Trouble.OLD

    def test_no_database(self, tmp_path):
        (tmp_path / "text").write_text("Tides and the Sea" * 100)
        assert trouble_of(said_by(tmp_path / "text", "SELECT * FROM t")) is Trouble.DAMAGED

    def test_with_pages_that_were_written_over(self, file):
        with closing(sqlite3.connect(file)) as database, database:
            database.executemany("INSERT INTO t VALUES (?)", [(f"{n:0500}",) for n in range(1000)])
        whole = file.read_bytes()
        file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
        assert trouble_of(said_by(file, "SELECT sum(length(a)) FROM t")) is Trouble.DAMAGED

    def test_a_folder_or_nothing_in_its_place(self, tmp_path):
        assert trouble_of(said_by(tmp_path, "SELECT 1")) is Trouble.CLOSED
        assert trouble_of(said_by(tmp_path / "none" / "db", "SELECT 1")) is Trouble.CLOSED

    @pytest.mark.parametrize("statement", ["SELEC", "INSERT INTO t VALUES (1)", "SELECT ?"])
    def test_a_statement_that_is_wrong_is_no_trouble_with_the_database(self, file, statement):
        assert trouble_of(said_by(file, statement)) is None


class Server:
    """Errors as drivers of MySQL and MariaDB raise them."""

    @staticmethod
    def error(code: int, text: str = "…"):
        mysql = pytest.importorskip("MySQLdb")
        return mysql.OperationalError(code, text)


@pytest.mark.parametrize(
    ("trouble", "codes"),
    [
        (Trouble.BUSY, [1205, 1213, 1020, 1040]),
        (Trouble.GONE, [2002, 2003, 2006, 2013, 1053, 1927]),
        (Trouble.FULL, [1021, 1114]),
        (Trouble.READ_ONLY, [1290, 1836]),
        (Trouble.OLD, [1146, 1054]),
        (Trouble.CLOSED, [1044, 1045, 1049]),
        (Trouble.OTHER, [1105]),
    ],
)
def test_codes_of_servers(trouble, codes):
    assert {trouble_of(Server.error(code)) for code in codes} == {trouble}


def test_a_storage_engine_that_has_no_room():
    assert trouble_of(Server.error(1030, 'Got error 28 "No space left on device" from storage engine')) is Trouble.FULL
    assert trouble_of(Server.error(1030, "Got error 5 from storage engine")) is Trouble.DAMAGED


class TestOnThisDatabase:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_a_table_that_is_not_there(self):
        with pytest.raises(api.DatabaseUnavailable, match="manage.py migrate") as raised, recognized():
            connection.cursor().execute("SELECT * FROM modulestore_imports_import_of_tomorrow")
        assert (raised.value.kind, raised.value.is_passing) == ("old", False)
        assert raised.value.__cause__ is not None

    @pytest.mark.parametrize("manage", ["manage.py cms", "import-from-modulestore"])
    def test_the_command_that_is_advised_is_the_one_that_there_is(self, settings, manage):
        settings.IMPORT_FROM_MODULESTORE_MANAGE = manage
        with pytest.raises(api.DatabaseUnavailable, match=f"up to date: {manage} migrate; "), recognized():
            connection.cursor().execute("SELECT * FROM modulestore_imports_import_of_tomorrow")

    @pytest.mark.parametrize("error", [IntegrityError("UNIQUE constraint failed"), DataError("too long")])
    def test_rows_that_cannot_be_are_no_trouble_with_the_database(self, error):
        assert trouble_of(error) is None
        with pytest.raises(type(error)), recognized():
            raise error


def test_what_is_no_error_of_a_database():
    assert trouble_of(ValueError("database is locked")) is None
    assert unavailable(api.NotFound("no")) is None
    assert trouble_of(OperationalError("database is locked")) is Trouble.OTHER, "texts are not gone by"


@pytest.mark.parametrize("trouble", Trouble)
def test_each_has_its_own_advice(trouble):
    told = str(trouble.label)
    assert told.count(". ") >= 1
    assert [other for other in Trouble if str(other.label) == told] == [trouble]


def test_an_error_of_the_app_keeps_its_kind():
    error = api.DatabaseUnavailable("…", kind="gone", is_passing=True)
    assert (trouble_of(error), unavailable(error)) == (Trouble.GONE, error)
