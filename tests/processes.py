"""The project as a person runs it: real processes on a database file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

MANAGE = Path(__file__).parents[1] / "manage.py"


class Project:
    """A folder with a database, courses and a command line of its own."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.courses = folder / "exports"
        self.database = folder / "db.sqlite3"
        self.courses.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database_url or f"sqlite:///{self.database}",
            "COURSES_DIR": str(self.courses),
            "DJANGO_SETTINGS_MODULE": "import_from_modulestore_standalone.settings",
        }

    def manage(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(self._command(*words), env=self.environment, capture_output=True, text=True, check=False)

    def start(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """Start a management command and go on."""
        return subprocess.Popen(
            self._command(*words), env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def query(self, sql: str) -> list[tuple]:
        """Look into the database from outside."""
        with sqlite3.connect(self.database, timeout=30) as database:
            return database.execute(sql).fetchall()

    def with_database_of(self, other: Project) -> Project:
        """Take over a copy of another project's database; quicker than migrating again."""
        shutil.copy(other.database, self.database)
        return self

    def _command(self, *words: str | Path) -> list[str]:
        return [sys.executable, str(MANAGE), *map(str, words)]


class ServerProject(Project):
    """The same with a database of its own on a MySQL or MariaDB server: made on entering, dropped on leaving."""

    def __init__(self, folder: Path, server_url: str) -> None:
        self.name = f"import_processes_{os.getpid()}"
        self._server = urlsplit(server_url)
        super().__init__(folder, self._server._replace(path=f"/{self.name}").geturl())

    def __enter__(self) -> ServerProject:
        self._execute(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4", database="")
        self.manage("migrate", "--verbosity", "0")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._execute(f"DROP DATABASE {self.name}", database="")

    def query(self, sql: str) -> list[tuple]:
        return self._execute(sql, database=self.name)

    def _execute(self, sql: str, *, database: str) -> list[tuple]:
        import MySQLdb

        server = self._server
        connection = MySQLdb.connect(
            host=server.hostname,
            port=server.port,
            user=server.username,
            password=server.password,
            database=database,
        )
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())
