"""
A whole site, as docs/how-to/running.md has it: each of its processes ends when it is hit, and is started again, as by
systemd.

On SQLite it is ``manage.py serve`` and no more, with a folder for a broker; with servers of its own it is MariaDB,
Redis, a web server, two workers, and a clock.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import requests

from ..processes import MANAGE, free_port, kill, wait_for
from .servers import MariaDB, Redis

ROOT = "/api/modulestore_imports/v1/"


class Service:
    """A process of the site."""

    def __init__(self, name: str, words: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.log = name, log
        self.starts = 0
        self.held = False
        """Whether it is not to be started again for now."""
        self._words, self._environment = words, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, where it does not run."""
        if self.runs:
            return
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self._words, cwd=MANAGE.parent, env=self._environment, stdout=out, stderr=out, start_new_session=True
            )
        self.starts += 1

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The main process of it, the last one that was."""
        assert self._process is not None
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """It and all that it has started."""
        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(self.pid)
            return [main, *main.children(recursive=True)]
        return []

    def kill(self) -> None:
        """Kill it with all that it has started."""
        started = self.processes()
        if self._process:
            kill(self._process)
        for process in started:  # Of a session of their own, as a worker of `serve`.
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def stop(self, seconds: float = 90) -> bool:
        """Have it end what it does; ``False`` where it takes longer than so many seconds, and was killed."""
        if self.runs:
            os.kill(self.pid, signal.SIGTERM)
            try:
                self._process.wait(seconds)  # type: ignore[union-attr]
            except subprocess.TimeoutExpired:
                self.kill()
                return False
        return True


class Site:
    """Started on entering, and gone on leaving: ``with Site(folder) as site:``."""

    def __init__(self, folder: Path, *, with_servers: bool = False, recover_every: float = 60, **more: str) -> None:
        self.folder, self.var, self.courses = folder, folder / "var", folder / "courses"
        self.logs = folder / "logs"
        temporary = folder / "tmp"
        for made in (self.var, self.courses, self.logs, temporary):
            made.mkdir(parents=True, exist_ok=True)
        self.database_file = self.var / "db.sqlite3"
        self.max_pages = self.var / "max_pages"  # See settings.py.
        self.database = MariaDB(folder / "mariadb") if with_servers else None
        self.redis = Redis(folder / "redis") if with_servers else None
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}{ROOT}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("TEST_", "PYTEST_"))},
            "DJANGO_SETTINGS_MODULE": "tests.hostile.settings",
            "TMPDIR": str(temporary),  # A worker that is killed leaves a folder there.
            "VAR_DIR": str(self.var),
            "COURSES_DIR": str(self.courses),
            "DATABASE_URL": self.database.url if self.database else f"sqlite:///{self.database_file}",
            "HOSTILE_RECOVER_EVERY": str(recover_every),
            **{f"RATE_{what}": "off" for what in ("SIGN_IN", "UPLOAD", "STEP")},  # Refusals try nothing.
            **more,
        }
        if self.redis:
            self.environment |= {"CELERY_BROKER_URL": f"{self.redis.url}/0", "REDIS_URL": f"{self.redis.url}/1"}
        self.services = {service.name: service for service in self._services()}
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._open = ExitStack()

    def _services(self) -> Iterator[Service]:
        serve = [sys.executable, str(MANAGE), "serve", "--port", str(self.port)]
        if self.database is None:
            yield self._service("serve", serve)
            return
        yield self._service("web", [*serve, "--no-worker"])
        celery = [sys.executable, "-m", "celery", "-q", "-A", "import_from_modulestore_standalone"]
        for number in (1, 2):
            name = f"worker-{number}"
            yield self._service(name, [*celery, "worker", "-c2", f"-n{name}@%h", "-lWARNING"])
        schedule = str(self.var / "schedule")
        yield self._service("beat", [*celery, "beat", f"-s{schedule}", "--pidfile=", "-lWARNING"])

    def _service(self, name: str, words: list[str]) -> Service:
        return Service(name, words, self.environment, self.logs / f"{name}.log")

    def __enter__(self) -> Site:
        with ExitStack() as started:
            for server in filter(None, (self.database, self.redis)):
                started.callback(server.stop)
                server.start()
            self.run("migrate", "--verbosity", "0")
            for service in self.services.values():
                started.callback(service.kill)
                service.start()
            wait_for(self.answers)
            self._keeper.start()
            started.callback(self._keeper.join)
            started.callback(self._over.set)
            self._open = started.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open.close()

    @property
    def web(self) -> Service:
        """Who answers requests."""
        return self.services.get("web") or self.services["serve"]

    @property
    def workers(self) -> list[Service]:
        """Who does steps; the worker of ``serve`` goes with it."""
        return [service for name, service in self.services.items() if name.startswith("worker")] or [self.web]

    def answers(self) -> bool:
        """Whether the web server takes requests."""
        with suppress(requests.RequestException):
            return requests.get(f"{self.api}imports/", timeout=5).status_code == 401
        return False

    def run(self, *words: str) -> str:
        """Run a management command to its end, and return what it wrote."""
        done = subprocess.run(
            [sys.executable, str(MANAGE), *words],
            cwd=MANAGE.parent,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def module(self, name: str, *words: str) -> str:
        """Run a module of this room within the site, and return what it wrote."""
        done = subprocess.run(
            [sys.executable, "-m", f"tests.hostile.{name}", *words],
            cwd=MANAGE.parent,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
        return done.stdout

    @contextmanager
    def held_down(self, service: Service) -> Iterator[None]:
        """Do not start a service again meanwhile."""
        service.held = True
        try:
            yield
        finally:
            service.held = False

    def all_run(self) -> bool:
        """Whether every process of the site is there, and the web server answers."""
        return all(service.runs for service in self.services.values()) and self.answers()

    def processes(self) -> Iterator[tuple[str, psutil.Process]]:
        """All that runs, with the name of its service."""
        for service in self.services.values():
            for process in service.processes():
                yield service.name, process

    def _keep(self) -> None:
        while not self._over.wait(0.5):
            for service in self.services.values():
                if not service.held:
                    service.start()


def memory_of(process: psutil.Process) -> int | None:
    """Megabytes that are its own; ``None`` where it is gone."""
    with suppress(psutil.Error):
        found: Any = process.memory_full_info()
        return found.uss // 1_000_000
    return None


def pause(seconds: float, over: threading.Event | None = None) -> None:
    """Wait, unless all is over before."""
    if over is None:
        time.sleep(seconds)
    else:
        over.wait(seconds)
