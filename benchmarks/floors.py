"""
Floors: what a step could not do without, done as plainly as Python and SQLite can.

A floor knows what came of the step, and does only the work that nobody can be spared: no review, no rights, no events.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lxml import etree

type Rows = dict[str, list[tuple[Any, ...]]]


def insert_floor(before: str, after: str) -> dict[str, Any]:
    """
    How long SQLite alone takes to insert the rows that ``after`` holds and ``before`` does not.

    In one transaction, with all indexes, without checks; rows that were only changed are not counted.
    """
    rows = _new_rows(before, after)
    with _copy(before) as database:
        started = time.process_time()
        _insert(database, rows)
        return {"cpu_seconds": time.process_time() - started, "rows": _counted(rows)}


def staging_floor(course: str, before: str, after: str) -> dict[str, Any]:
    """
    How long it takes to read each file of an export once and hash it, to parse its XML once and what is staged once,
    and to insert the rows that staging leaves behind, as :func:`insert_floor` does.
    """
    rows = _new_rows(before, after)
    with closing(sqlite3.connect(after)) as other:
        staged = [olx.encode() for (olx,) in other.execute("SELECT olx FROM content_staging_stagedcontent")]
    with _copy(before) as database:
        started = time.process_time()
        for folder, _folders, names in os.walk(course):
            for name in names:
                with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 (no path is part of the floor)
                    content = file.read()
                blake2b(content, digest_size=20).digest()
                if name.endswith(".xml"):
                    etree.fromstring(content)
        for olx in staged:
            etree.fromstring(olx)
        _insert(database, rows)
        return {"cpu_seconds": time.process_time() - started, "rows": _counted(rows)}


def _new_rows(before: str, after: str) -> Rows:
    found = {}
    with closing(sqlite3.connect(before)) as database, closing(sqlite3.connect(after)) as other:
        tables = other.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        for (table,) in tables.fetchall():
            last = database.execute(f'SELECT coalesce(max(rowid), 0) FROM "{table}"').fetchone()[0]
            if rows := other.execute(f'SELECT * FROM "{table}" WHERE rowid > ?', (last,)).fetchall():
                found[table] = rows
    return found


@contextmanager
def _copy(before: str) -> Iterator[sqlite3.Connection]:
    """A copy of a database, of which nothing stays, that takes what it is given."""
    copy = Path(f"{before}.floor")
    with closing(sqlite3.connect(before)) as known, closing(sqlite3.connect(copy)) as database:
        known.backup(database)
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON", "synchronous = NORMAL"):
            database.execute(f"PRAGMA {pragma}")
        yield database
    copy.unlink()


def _insert(database: sqlite3.Connection, rows: Rows) -> None:
    for table, values in rows.items():
        marks = ", ".join("?" * len(values[0]))
        database.executemany(f'INSERT INTO "{table}" VALUES ({marks})', values)
    database.commit()


def _counted(rows: Rows) -> dict[str, int]:
    return {table: len(values) for table, values in rows.items()}
