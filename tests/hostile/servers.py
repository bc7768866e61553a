"""Servers of a site's own that can be killed and started again on what they had written: MariaDB, Redis."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..processes import PATIENCE, ServerProject, free_port, kill, wait_for

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def can_run(program: str) -> bool:
    """Whether a program is installed."""
    return shutil.which(program, path=_PATH) is not None


class Server:
    """One program that listens at a port of the loopback address."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_port()
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def words(self) -> list[str]:
        """The command that runs it."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it can be worked with."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.words(), stdout=out, stderr=out, start_new_session=True, env={**os.environ, "PATH": _PATH}
            )
        wait_for(self._is_there)

    def _is_there(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text(errors="replace")[-2000:]
        return self.answers()

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process:
            kill(self._process)

    def stop(self) -> None:
        """End it as one should."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE)


class MariaDB(Server):
    """A MariaDB server with one database, ``imports``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._data, self._socket = folder / "data", Path(f"/tmp/hostile-{os.getpid()}-{self.port}.sock")
        self.url = f"mysql://imports:imports@127.0.0.1:{self.port}/imports"
        # A server that starts clears away the temporary tables that lie there, those of all others as well.
        self._temporary = folder / "tmp"
        self._temporary.mkdir(exist_ok=True)
        subprocess.run(
            [
                *("mariadb-install-db", "--no-defaults", f"--user={getpass.getuser()}", f"--datadir={self._data}"),
                *("--auth-root-authentication-method=normal", "--skip-test-db", f"--tmpdir={self._temporary}"),
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "PATH": _PATH},
        )

    def words(self) -> list[str]:
        return [
            *("mariadbd", "--no-defaults", f"--user={getpass.getuser()}", f"--datadir={self._data}"),
            *(f"--socket={self._socket}", "--bind-address=127.0.0.1", f"--port={self.port}"),
            f"--tmpdir={self._temporary}",
            *("--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci"),
            # What is committed survives the server's end, not the machine's: that is enough here, and quicker.
            *("--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M", "--max-allowed-packet=64M"),
            "--innodb-print-all-deadlocks",
        ]

    def start(self) -> None:
        super().start()
        if not self.ask("SELECT 1 FROM mysql.user WHERE user = 'imports'"):
            self.ask("CREATE DATABASE imports CHARACTER SET utf8mb4")
            self.ask("CREATE USER 'imports'@'127.0.0.1' IDENTIFIED BY 'imports'")
            self.ask("GRANT ALL ON imports.* TO 'imports'@'127.0.0.1'")

    def set_password(self, password: str) -> None:
        """Give the site's account another, whatever is in it."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET PASSWORD FOR 'imports'@'127.0.0.1' = PASSWORD(%s)", [password])

    def stop(self) -> None:
        super().stop()
        self._socket.unlink(missing_ok=True)

    def answers(self) -> bool:
        import MySQLdb

        with suppress(MySQLdb.Error):
            return bool(self.ask("SELECT 1"))
        return False

    def connect(self) -> Any:
        """A connection of whoever administers the server."""
        import MySQLdb

        return MySQLdb.connect(unix_socket=str(self._socket), user="root", charset="utf8mb4", autocommit=True)

    def ask(self, sql: str) -> list[tuple]:
        """What the server answers."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


class Redis(Server):
    """A Redis that writes down what it is told, as one that brokers messages should."""

    def __init__(self, folder: Path, password: str = "", *more: str) -> None:
        super().__init__(folder)
        self._more = [*(["--requirepass", password] if password else []), *more]
        self.account = f":{quote(password, safe='')}@" if password else ""
        self.url = f"redis://{self.account}127.0.0.1:{self.port}"

    def words(self) -> list[str]:
        return [
            *("redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
            *self._more,
        ]

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        time.sleep(0.05)
        return False


class OwnServer(ServerProject):
    """A project on a MariaDB of its own, with all tables: one that can be killed, or set up otherwise."""

    def __init__(self, folder: Path, server: MariaDB, **environment: str) -> None:
        self.server = server
        super().__init__(folder, server.url, **environment)
        self.name, self.environment["DATABASE_URL"] = "imports", server.url
        assert self.manage("migrate", "--verbosity", "0").returncode == 0
