"""The command that pip installs, ``import-from-modulestore``, as somebody calls it who has no checkout."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from import_from_modulestore.command_line.called import CALLED
from import_from_modulestore_standalone.console import NAME

from .builders import KEY, TARGET, small_course, write_course
from .command_line.calls import command

SAMPLE = "course-v1:Acme+Tides+2026"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("new") / "site"


@pytest.fixture
def call(data):
    """Call the command; returns what it prints, and its error output."""
    unset = {"DATABASE_URL", "VAR_DIR", "COURSES_DIR", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}

    def call(*words: str, status: int = 0, **more: str) -> tuple[str, str]:
        ended = subprocess.run(
            [Path(sys.executable).with_name(NAME), *words],
            env=environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == status, ended.stderr
        return ended.stdout, ended.stderr

    return call


@pytest.mark.slow
def test_makes_a_folder_with_a_database_and_the_sample_course(call, data):
    out, error = call("--data", str(data), "sources")
    assert SAMPLE in out
    assert f"Setting up the database in {data}" in error
    out, error = call("stage", SAMPLE, TARGET, "--create", "--data", str(data))
    assert f"  {NAME} review" in out
    assert error == ""
    assert data.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_new_version_brings_its_database_up_to_date(call, data):
    words = ("--data", str(data))
    call("migrate", "modulestore_imports", "0028", *words)
    with closing(sqlite3.connect(data / "db.sqlite3")) as database, database:
        database.execute("PRAGMA user_version = 0")  # As it was made by one that did not say so.
    assert call("sources", *words)[1] == "Bringing the database up to date…\n"
    assert "[ ]" not in call("showmigrations", *words)[0]
    assert call("sources", *words)[1] == ""


@pytest.mark.slow
def test_says_what_there_is_and_where_everything_is_kept(call, data):
    out, _error = call("help", VAR_DIR=str(data))
    assert out.startswith(f"usage: {NAME} COMMAND")
    for said in (f"{NAME} run course.tar.gz library.zip", "serve  ", f"Everything is kept in {data}"):
        assert said in out
    assert "--settings" not in out
    assert call("serve", "--help", "--data", str(data))[0].startswith(f"usage: {NAME} serve")


@pytest.mark.slow
def test_has_what_django_brings(call, data):
    out, _error = call("showmigrations", "modulestore_imports", "--data", str(data))
    assert "0001_initial" in out


@pytest.mark.slow
def test_advises_the_command_that_there_is_and_says_where_its_own_database_is(call, tmp_path):
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    told = call("sources", "--data", str(tmp_path), DATABASE_URL=url, status=1)[1]
    assert f"Bring it up to date: {NAME} migrate; " in told
    (tmp_path / "db.sqlite3").write_text("This is no database, whatever it is called: it is a text.")
    told = call("tokens", "list", "--data", str(tmp_path), status=1)[1]
    assert told.endswith(f"It is the file {tmp_path / 'db.sqlite3'}.\n")


@pytest.mark.slow
def test_says_what_is_wrong_in_words_alone(call, data):
    call("sources", "--data", str(data))
    told = "There is no import 123, or none that you may see. `history` lists those that there are.\n"
    assert call("show", "123", "--data", str(data), status=4)[1] == told


def test_lines_to_type_name_the_command_as_it_was_called(courses, db):
    write_course(courses / "c1", *small_course(), title="Tides")
    told = CALLED.set(NAME)
    try:
        assert f"\n  {NAME} review " in command("stage", KEY, TARGET, "--create")
    finally:
        CALLED.reset(told)
