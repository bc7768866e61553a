"""The command that pip installs, ``import-from-modulestore``, as somebody calls it who has no checkout."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from resource import RLIMIT_FSIZE, setrlimit
from typing import Any

import pytest

from import_from_modulestore import __version__
from import_from_modulestore.command_line.called import CALLED
from import_from_modulestore_standalone.console import NAME

from .builders import KEY, TARGET, small_course, write_course
from .command_line.calls import command

SAMPLE = "course-v1:Acme+Tides+2026"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("new") / "site"


@pytest.fixture
def begin():
    """Start the command."""
    unset = {"DATABASE_URL", "VAR_DIR", "COURSES_DIR", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}

    def begin(*words: str, **options: Any) -> subprocess.Popen[str]:
        command = [Path(sys.executable).with_name(NAME), *words]
        options["env"] = environment | options.pop("environment", {})
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)

    return begin


@pytest.fixture
def call(begin):
    """Call the command; returns what it prints, and its error output."""

    def call(*words: str, status: int = 0, **more: str) -> tuple[str, str]:
        called = begin(*words, environment=more)
        out, error = called.communicate()
        assert called.returncode == status, error
        return out, error

    return call


@pytest.mark.slow
def test_a_first_use_for_which_the_disk_has_no_room_leaves_nothing_half_made(begin, data):
    broken = begin("--data", str(data), "sources", preexec_fn=lambda: setrlimit(RLIMIT_FSIZE, (600_000, 600_000)))
    _out, error = broken.communicate()
    assert (broken.returncode, f"It is the file {data / 'db.sqlite3'}." in error, "Traceback" in error) == (
        1,
        True,
        False,
    ), error


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("tokens", "list"), ("grants", "list"), ("createsuperuser", "--noinput", "--username=ada", "--email=")]
)
def test_whatever_is_done_first_finds_a_database(call, tmp_path, words):
    _out, error = call(*words, "--data", str(tmp_path))
    assert error == f"Setting up the database in {tmp_path}, once…\n"


@pytest.mark.slow
def test_whoever_serves_first_is_told_that_it_sets_up(begin, tmp_path):
    serving = begin("serve", "--port", "0", "--no-worker", "--data", str(tmp_path))
    first = serving.stdout.readline()
    serving.terminate()
    serving.communicate()
    assert first == f"Setting up the database in {tmp_path}, once…\n"


@pytest.mark.slow
def test_two_at_once_make_a_folder_with_one_database_and_the_sample_course(begin, data):
    both = [begin("--data", str(data), "sources") for _ in range(2)]
    told = [one.communicate() for one in both]
    assert [(one.returncode, SAMPLE in out) for one, (out, _error) in zip(both, told, strict=True)] == [
        (0, True)
    ] * 2, told
    # Whoever came when all was done had nothing to tell of it.
    assert {error for _out, error in told} <= {"", f"Setting up the database in {data}, once…\n"}
    assert any(error for _out, error in told)


@pytest.mark.slow
def test_all_that_follows_finds_it(call, data):
    out, error = call("stage", SAMPLE, TARGET, "--create", "--data", str(data))
    assert f"  {NAME} --data {data} review" in out
    assert error == ""
    assert data.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_new_version_brings_its_database_up_to_date(call, data):
    words = ("--data", str(data))
    call("migrate", "modulestore_imports", "0028", *words)
    with closing(sqlite3.connect(data / "db.sqlite3")) as database, database:
        database.execute("PRAGMA user_version = 1000000")  # As version 1.0.0 said, also where a checkout is newer.
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
    for option in ("--data DIR", "--version"):
        assert f"\n  {option}  " in out
    assert "--skip-checks" not in call("serve", "--help", "--data", str(data))[0]


@pytest.mark.slow
def test_has_what_django_brings(call, data):
    out, _error = call("showmigrations", "modulestore_imports", "--data", str(data))
    assert "0001_initial" in out


@pytest.mark.slow
def test_advises_the_command_that_there_is_and_says_where_its_own_database_is(call, tmp_path):
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    told = call("sources", "--data", str(tmp_path), DATABASE_URL=url, status=1)[1]
    assert f"Bring it up to date: {NAME} --data {tmp_path} migrate; " in told
    (tmp_path / "db.sqlite3").write_text("This is no database, whatever it is called: it is a text.")
    told = call("tokens", "list", "--data", str(tmp_path), status=1)[1]
    assert told.endswith(f"It is the file {tmp_path / 'db.sqlite3'}.\n")


@pytest.mark.slow
def test_says_what_is_wrong_in_words_alone(call, data):
    call("sources", "--data", str(data))
    told = "There is no import 123, or none that you may see. `history` lists those that there are.\n"
    assert call("show", "123", "--data", str(data), status=4)[1] == told


@pytest.mark.parametrize("name", ["tmp", "secret_key", "loop"])
def test_a_folder_that_it_cannot_use_is_named_with_the_reason(begin, tmp_path, name):
    (tmp_path / "secret_key").write_bytes(b"\xff")
    (tmp_path / "loop").symlink_to("loop")
    if name == "tmp":
        (tmp_path / "tmp").touch()
    folder = tmp_path / "loop" if name == "loop" else tmp_path
    called = begin("sources", "--data", str(folder))
    _out, error = called.communicate()
    assert called.returncode == 1
    assert error.startswith(f"The folder for what is written, {folder}, cannot be used ({tmp_path / name}")
    assert "--data" in error
    assert "Traceback" not in error


def test_a_folder_without_a_name_is_not_the_one_that_one_is_in(begin, courses):
    called = begin("sources", "--data", "", cwd=courses)
    assert "argument --data: it is empty" in called.communicate()[1]
    assert (called.returncode, list(courses.iterdir())) == (2, [])


@pytest.mark.slow
def test_without_an_output_it_does_its_work_and_on_a_full_disk_it_says_so(begin, data):
    words = ("--data", str(data))
    silent = begin("sources", *words, preexec_fn=lambda: os.closerange(0, 3))
    assert (silent.wait(), silent.communicate()) == (0, ("", ""))
    for subcommand in (("sources",), ("grants", "list")):
        with Path("/dev/full").open("wb") as full:
            told = begin(*subcommand, *words, stdout=full).communicate()[1]
        assert told == "No space left on device.\n"


@pytest.mark.at_gate
def test_its_version_is_its_own_however_one_asks(call, tmp_path):
    assert {call(word, "--data", str(tmp_path))[0] for word in ("version", "--version")} == {f"{__version__}\n"}


def test_lines_to_type_name_the_command_as_it_was_called(courses, db):
    write_course(courses / "c1", *small_course(), title="Tides")
    told = CALLED.set(NAME)
    try:
        assert f"\n  {NAME} review " in command("stage", KEY, TARGET, "--create")
    finally:
        CALLED.reset(told)
