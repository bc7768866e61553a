"""
What happens to a site: each disturbance does one harm, and has put it right again when it returns, as whoever looks
after a site would. It returns what it did, for the tally.
"""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import ClassVar

import psutil

from ..builders import KEY
from ..processes import MANAGE, PATIENCE, wait_for
from .people import LIBRARIES
from .site import Site


class Disturbance:
    """One kind of harm; ``pause`` is about how many seconds the site is left in peace between two."""

    pause: ClassVar[float] = 4

    def __init__(self, site: Site, random: Random, pace: float = 1) -> None:
        """``pace`` is how much longer or shorter all lasts: a short run has to be quick."""
        self.site, self.random, self.pace = site, random, pace

    def possible(self) -> bool:
        """Whether it can be done to this site, on this machine."""
        return True

    def strike(self) -> str:
        """Do it, and put it right."""
        raise NotImplementedError

    def lasting(self, least: float, most: float) -> float:
        """Wait between so many seconds and so many, and return how many it were."""
        seconds = self.random.uniform(least, most) * self.pace
        time.sleep(seconds)
        return seconds

    def after(self) -> None:
        """Wait until all runs again."""
        wait_for(self.site.all_run)


# The killer


class KillProcess(Disturbance):
    """Some process is out of memory: any of a worker's, or of the server's."""

    def strike(self) -> str:
        name, process = self.random.choice(list(self.site.processes()))
        with suppress(psutil.NoSuchProcess):
            process.kill()
        self.after()
        return f"killed a process of {name.rstrip('-12')}"


class KillService(Disturbance):
    """A service is gone with all its processes, at once, and is down for a moment."""

    def strike(self) -> str:
        service = self.random.choice(list(self.site.services.values()))
        with self.site.held_down(service):
            service.kill()
            self.lasting(0, 3)
        self.after()
        return f"killed {service.name.rstrip('-12')}"


class KillStep(Disturbance):
    """The process that does a step right now is killed, a random moment after it began."""

    pause = 1

    def strike(self) -> str:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for _name, process in self.site.processes():
                if self._works(process):
                    self.lasting(0, 0.8)
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                    self.after()
                    return "killed a process that worked"
            time.sleep(0.1)
        return "found nobody at work"

    def _works(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return process.parent() is not None and not process.children() and process.cpu_percent(0.05) > 50
        return False


class StopService(Disturbance):
    """A service is stopped as one should, ends what it does, and comes again, as at an upgrade."""

    pause = 8

    def strike(self) -> str:
        service = self.random.choice(list(self.site.services.values()))
        with self.site.held_down(service):
            ended = service.stop()
        self.after()
        return f"stopped {service.name.rstrip('-12')}{'' if ended else ', which did not end'}"


class Freeze(Disturbance):
    """A worker's processes stand still, as on a machine that swaps or is moved, and go on."""

    def strike(self) -> str:
        service = self.random.choice(self.site.workers)
        held = [process for process in service.processes() if self.random.random() < 0.5]
        for process in held:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            self.lasting(0.5, 6)
        finally:
            for process in held:
                with suppress(psutil.NoSuchProcess):
                    process.resume()
        self.after()
        return f"froze {service.name.rstrip('-12')}"


class KillCommand(Disturbance):
    """Somebody imports on the command line, and the terminal is closed, or the process killed."""

    def strike(self) -> str:
        words = ["import_from_modulestore", "run", KEY, self.random.choice(LIBRARIES), "--user", "ada"]
        with (self.site.logs / "command.log").open("ab") as out:
            command = subprocess.Popen(
                [sys.executable, str(MANAGE), *words], env=self.site.environment, stdout=out, stderr=out
            )
        with suppress(subprocess.TimeoutExpired):
            command.wait(self.random.uniform(1, 8))
        how = self.random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
        if command.poll() is not None:
            return f"ran a command, which ended with {command.returncode}"
        command.send_signal(how)
        command.wait(PATIENCE)
        return f"sent {how.name} to a command"


# The filler of disks


class FillDisk(Disturbance):
    """The disk that holds ``VAR_DIR`` is full to the last byte, or nearly."""

    pause = 8

    def possible(self) -> bool:
        return os.path.ismount(self.site.var)

    def strike(self) -> str:
        left, ballast = self.random.choice([0, 0, 4_096, 100_000, 1_000_000]), self.site.var / "ballast"
        try:
            self._fill(ballast, left)
            self.lasting(2, 8)
        finally:
            ballast.unlink(missing_ok=True)
        self.after()
        return "filled the disk"

    def _fill(self, file: Path, left: int) -> None:
        with file.open("wb", buffering=0) as ballast:
            for size in (1_000_000, 4_096, 1):
                try:
                    while True:
                        ballast.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
            ballast.truncate(max(ballast.tell() - left, 0))


class FillDatabase(Disturbance):
    """SQLite's database takes no more pages, or few: for whoever connects meanwhile."""

    pause = 8

    def possible(self) -> bool:
        return self.site.database is None

    def strike(self) -> str:
        limit = self.site.max_pages
        made = limit.with_suffix(".new")
        made.write_text(str(self.random.choice([0, 0, 1, 20, 100])))
        made.replace(limit)
        try:
            self.lasting(2, 8)
        finally:
            limit.unlink()
        self.after()
        return "filled the database"


class LimitFiles(Disturbance):
    """Files cannot grow beyond some size: those that processes write by themselves, SQLite's, logs, media."""

    pause = 8

    def strike(self) -> str:
        limit = self.random.choice([0, 0, 1_000, 100_000, 1_000_000])
        limited = [process for _name, process in self.site.processes()]
        self._limit(limited, limit)
        try:
            self.lasting(2, 6)
        finally:
            # Those too that were started meanwhile, which have it from who started them.
            self._limit([*limited, *(process for _name, process in self.site.processes())], -1)
        self.after()
        return "limited the size of files"

    def _limit(self, processes: list[psutil.Process], limit: int) -> None:
        for process in processes:
            with suppress(psutil.Error):
                process.rlimit(psutil.RLIMIT_FSIZE, (limit, -1))


# The restarter of databases


class OfTheServer(Disturbance):
    """Something about MariaDB."""

    pause = 6

    def possible(self) -> bool:
        return self.site.database is not None


class KillDatabase(OfTheServer):
    """MariaDB is killed, and started again."""

    def strike(self) -> str:
        assert self.site.database
        self.site.database.kill()
        self.lasting(0, 10)
        self.site.database.start()
        self.after()
        return "killed MariaDB"


class RestartDatabase(OfTheServer):
    """MariaDB is stopped as one should, and started again."""

    def strike(self) -> str:
        assert self.site.database
        self.site.database.stop()
        self.lasting(0, 5)
        self.site.database.start()
        self.after()
        return "restarted MariaDB"


class KillConnections(OfTheServer):
    """An administrator ends connections, some or all."""

    pause = 2

    def strike(self) -> str:
        import MySQLdb

        assert self.site.database
        ended = 0
        for number, user in self.site.database.ask("SELECT id, user FROM information_schema.processlist"):
            if user == "imports" and self.random.random() < 0.7:
                with suppress(MySQLdb.Error):
                    self.site.database.ask(f"KILL CONNECTION {number}")
                    ended += 1
        return "ended connections" if ended else "found no connection to end"


class HoldTables(OfTheServer):
    """A backup holds a lock on all tables."""

    pause = 8

    def strike(self) -> str:
        assert self.site.database
        with closing(self.site.database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET lock_wait_timeout = {PATIENCE}")
            cursor.execute("FLUSH TABLES WITH READ LOCK")
            self.lasting(2, 25)
        return "held all tables"


class HoldDatabase(Disturbance):
    """Somebody looks at SQLite's database from outside, has begun to write, and gone for a coffee."""

    pause = 8

    def possible(self) -> bool:
        return self.site.database is None

    def strike(self) -> str:
        with closing(sqlite3.connect(self.site.database_file, timeout=PATIENCE, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            long = self.pace == 1 and self.random.random() < 0.2
            self.lasting(*((70, 80) if long else (2, 25)))
            database.execute("ROLLBACK")
        return f"held the database {'longer than anybody waits' if long else 'for a while'}"


class RestartRedis(Disturbance):
    """Redis is killed, or stopped as one should, and started again."""

    pause = 6

    def possible(self) -> bool:
        return self.site.redis is not None

    def strike(self) -> str:
        assert self.site.redis
        how = self.random.choice(["kill", "stop"])
        getattr(self.site.redis, how)()
        self.lasting(0, 6)
        self.site.redis.start()
        self.after()
        return f"{'killed' if how == 'kill' else 'restarted'} Redis"


KINDS: dict[str, tuple[type[Disturbance], ...]] = {
    "killer": (KillProcess, KillService, KillStep, KillStep, StopService, Freeze, KillCommand),
    "filler": (FillDisk, FillDatabase, LimitFiles),
    "restarter": (KillDatabase, RestartDatabase, KillConnections, HoldTables, HoldDatabase, RestartRedis),
    "rest": (),
}
"""The programs, by what they do; that of REST is :mod:`.rest`, and without any there are histories alone."""


def mounted(folder: Path, megabytes: int) -> bool:
    """Put a small disk of its own there; ``False`` where this machine does not let us."""
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    return False


def unmount(folder: Path) -> None:
    """Take it away again, with all that is on it."""
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
