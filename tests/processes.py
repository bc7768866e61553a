"""The project as a person runs it: real processes on a database file."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from email.message import Message
from http.cookiejar import CookieJar
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import BaseHandler, HTTPCookieProcessor, Request, build_opener

import psutil

from .migrated import connected, fill

MANAGE = Path(__file__).parents[1] / "manage.py"
PATIENCE = 300
"""Seconds that one waits for what has to come: nothing is slow because of them, and machines are shared."""


class Project:
    """A folder with a database, courses and a command line of its own."""

    def __init__(self, folder: Path, database_url: str = "", **environment: str) -> None:
        self.courses = folder / "exports"
        self.database = folder / "db.sqlite3"
        temporary = folder / "tmp"
        for made in (self.courses, temporary):
            made.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "TMPDIR": str(temporary),  # A worker that is killed leaves a folder there.
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database_url or f"sqlite:///{self.database}",
            "COURSES_DIR": str(self.courses),
            "DJANGO_SETTINGS_MODULE": "import_from_modulestore_standalone.settings",
            **environment,
        }

    def manage(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(self.command(*words), env=self.environment, capture_output=True, text=True, check=False)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run some lines with the project's settings."""
        words = [sys.executable, "-c", code]
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False)

    def start(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """Start a management command and go on."""
        return subprocess.Popen(
            self.command(*words), env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @contextmanager
    def worker(self, *, processes: int = 2) -> Iterator[subprocess.Popen[bytes]]:
        """A Celery worker, killed with its processes on leaving."""
        words = ["-m", "celery", "-A", "import_from_modulestore_standalone", "-q", "worker", f"-c{processes}"]
        log = Path(self.environment["VAR_DIR"]).parent / "worker.log"
        with log.open("ab") as out:
            worker = subprocess.Popen(
                [sys.executable, *words], env=self.environment, stdout=out, stderr=out, start_new_session=True
            )
        try:
            yield worker
        finally:
            kill(worker)

    @contextmanager
    def serving(self, *words: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """``manage.py serve``, and its greeting; killed with its processes on leaving, where it has not ended."""
        process = subprocess.Popen(
            [*self.command("serve", "--port", "0"), *words],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            said = ""
            while "Ctrl-C" not in said and (line := process.stdout.readline()):
                said += line
            yield process, said
        finally:
            kill(process)
            process.stdout.close()

    @contextmanager
    def caller(self, **environment: str) -> Iterator[Caller]:
        """A process that calls the API."""
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env={**self.environment, **environment},
            cwd=MANAGE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Caller(process)
        finally:
            process.communicate()

    def query(self, sql: str) -> list[tuple]:
        """Look into the database from outside."""
        with closing(sqlite3.connect(self.database, timeout=PATIENCE)) as database, database:
            return database.execute(sql).fetchall()

    def with_database(self, database: Path) -> Project:
        """Take over a copy of a database; quicker than migrating again."""
        shutil.copy(database, self.database)
        return self

    def command(self, *words: str | Path) -> list[str]:
        """The words that start a management command."""
        return [sys.executable, str(MANAGE), *map(str, words)]


def migrate(folder: Path, url: str) -> None:
    """Give a database all tables, those of the tests' settings."""
    project = Project(folder, DJANGO_SETTINGS_MODULE="tests.settings", TEST_DATABASE_URL=url)
    assert project.manage("migrate", "--verbosity", "0").returncode == 0


class ServerProject(Project):
    """
    The same with a database of its own on a MySQL or MariaDB server: made on entering, dropped on leaving.

    ``charset`` is what the database has by default; ``migrated_to`` names the last migrations of some apps, where
    others are not wanted yet.
    """

    def __init__(
        self,
        folder: Path,
        server_url: str,
        *,
        charset: str = "utf8mb4",
        migrated_to: Mapping[str, str] | None = None,
        **environment: str,
    ) -> None:
        self._charset, self._migrated_to = charset, migrated_to
        self.name = f"import_processes_{os.getpid()}"
        self._server = urlsplit(server_url)
        super().__init__(folder, self._server._replace(path=f"/{self.name}").geturl(), **environment)

    def __enter__(self) -> ServerProject:
        self._execute(f"CREATE DATABASE {self.name} CHARACTER SET {self._charset}", database="")
        if self._migrated_to:
            for migration in self._migrated_to.items():
                self.manage("migrate", *migration, "--verbosity", "0")
        else:
            fill(self._server.geturl(), self.name, lambda url: migrate(self.courses.parent / "migrated", url))
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._execute(f"DROP DATABASE {self.name}", database="")

    def query(self, sql: str) -> list[tuple]:
        return self._execute(sql, database=self.name)

    def _execute(self, sql: str, *, database: str) -> list[tuple]:
        with self.connected(database) as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    @contextmanager
    def connected(self, database: str | None = None) -> Iterator[Any]:
        """A cursor of a connection that stands for itself."""
        with connected(self._server.geturl(), self.name if database is None else database) as cursor:
            yield cursor


class Refused(Exception):
    """What a called function raised: ``kind`` is the name of its class."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Caller:
    """A process that calls functions of the API, one at a time: ``caller("get_import", import_id=…)``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, name: str, **arguments: Any) -> Any:
        """Call a function, and return what it returns, as JSON; raises :class:`Refused`."""
        self.begin(name, **arguments)
        return self.end()

    def begin(self, name: str, **arguments: Any) -> None:
        """Call a function, and go on."""
        assert self._process.stdin is not None
        print(json.dumps([name, arguments]), file=self._process.stdin, flush=True)

    def end(self) -> Any:
        """What the function returned."""
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise Refused(*answer["error"])
        return answer["result"]


def wait_for[T](what: Callable[[], T], *, seconds: float = PATIENCE) -> T:
    """Ask until the answer is true, and return it; patiently, since machines are shared."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.05)
    return answer


class Answer(NamedTuple):
    """What a server has answered."""

    status: int
    headers: Message
    text: str


class Browser:
    """What keeps cookies, and tells where a form was, as browsers do; ``handlers`` are urllib's."""

    def __init__(self, *handlers: BaseHandler) -> None:
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies), *handlers)

    def open(self, address: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Get a page, or send a form."""
        if form:
            headers |= {"Origin": urlsplit(address)._replace(path="").geturl(), "Referer": address}
        request = Request(address, urlencode(form).encode() if form else None, headers)
        try:
            with self._opener.open(request) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except HTTPError as answer:
            with answer:
                return Answer(answer.code, answer.headers, answer.read().decode())

    def sign_in(self, admin: str, password: str) -> str:
        """Sign in at the admin with this address: the page that comes then."""
        here = urlsplit(admin).path
        page = self.open(f"{admin}login/?next={here}").text
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = {"csrfmiddlewaretoken": token, "username": "author", "password": password, "next": here}
        return self.open(f"{admin}login/", form).text


def free_port() -> int:
    """
    A port that nobody listens at, for who listens at it later, or again.

    It is none of those that the system gives to whoever asks for any, or to connections: it would not stay free. Those
    who test side by side have ports of their own, and get none twice.
    """
    for port in _ports:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("there is always another")


def _own_ports() -> Iterator[int]:
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10
    own = range(10_000 + number * 2_200, 10_000 + (number + 1) * 2_200)
    at = secrets.randbelow(len(own))
    return cycle([*own[at:], *own[:at]])


_ports = _own_ports()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it has started, in sessions of their own, too; all are gone then."""
    if process.poll() is None:
        started = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for each in started:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        wait_for(lambda: not any(map(_is_there, started)))


def _is_there(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _answer_calls() -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import close_old_connections

    from import_from_modulestore import api
    from import_from_modulestore.running import queue

    sent: dict[str, tuple[Any, Any]] = {}
    send = queue.send

    def send_and_remember(run: Any, step: Any) -> None:
        sent[str(run.uuid)] = (run, step)
        send(run, step)

    def send_again(import_id: str) -> None:
        """The very message of before, whatever has become of the import since."""
        send(*sent[import_id])

    queue.send = send_and_remember

    user, _made = get_user_model().objects.get_or_create(username="author", is_superuser=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        close_old_connections()  # As at the beginning of a request: the server may have been started again since.
        function = send_again if name == "send_again" else getattr(api, name)
        if "user" in inspect.signature(function).parameters:
            arguments["user"] = user
        try:
            result = function(**arguments)
            answer = {"result": dataclasses.asdict(result) if dataclasses.is_dataclass(result) else result}
        except api.ImportFromModulestoreError as error:
            answer = {"error": [type(error).__name__, str(error)]}
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _answer_calls()
