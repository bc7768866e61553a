"""The project as a person runs it: real processes on a database file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

MANAGE = Path(__file__).parents[1] / "manage.py"


class Project:
    """A folder with a database, courses and a command line of its own."""

    def __init__(self, folder: Path) -> None:
        self.courses = folder / "exports"
        self.database = folder / "db.sqlite3"
        self.courses.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": f"sqlite:///{self.database}",
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
