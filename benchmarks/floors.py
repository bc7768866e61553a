"""
Floors: what a step could not do without, done as plainly as Python and SQLite can.

A floor knows what came of the step, and does only the work that nobody can be spared: no review, no rights, no events.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b, md5
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False)

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
    What staging cannot do without, in seconds for each part.

    Looking at all files before and after, to know whether the export was changed meanwhile; reading each once; parsing
    its XML once, and hashing what components use as it is; writing the staged text of each section; searching each
    component for what it names, and hashing its text and its canonical form, which are columns of the index; copying
    the files that components name, with their MD5, which is another; and inserting the rows that staging leaves behind,
    as :func:`insert_floor` does. The blocks are found and put together without cost.
    """
    rows = _new_rows(before, after)
    with closing(sqlite3.connect(after)) as other:
        sections = [etree.fromstring(olx) for (olx,) in other.execute("SELECT olx FROM content_staging_stagedcontent")]
        staged = {name for (name,) in other.execute("SELECT filename FROM content_staging_stagedcontentfile")}
    components = [each for section in sections for each in section.iter("html", "problem", "video")]
    seconds = {}
    with _copy(before) as database, TemporaryDirectory() as folder:
        for part, work in (
            ("look at files", lambda: (_look(course), _look(course))),
            ("read, hash, parse", lambda: _read(course)),
            ("write sections", lambda: [etree.tostring(section, encoding="unicode") for section in sections]),
            ("search, hash components", lambda: [_digests(component) for component in components]),
            ("copy files", lambda: _copy_files(f"{course}/static", staged, folder)),
            ("insert", lambda: _insert(database, rows)),
        ):
            started = time.process_time()
            work()
            seconds[part] = time.process_time() - started
        return {"cpu_seconds": sum(seconds.values()), "parts": seconds, "rows": _counted(rows)}


def _look(folder: str) -> tuple[int, float]:
    """The bytes of all files, and when one was changed last."""
    size, changed = 0, 0.0
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            found = _look(entry.path)
        else:
            stat = entry.stat(follow_symlinks=False)
            found = (stat.st_size, stat.st_mtime)
        size, changed = size + found[0], max(changed, found[1])
    return size, changed


def _read(course: str) -> None:
    static = f"{course}/static"
    for folder, _folders, names in os.walk(course):
        for name in names:
            with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 (no path is part of the floor)
                content = file.read()
            if name.endswith(".xml"):
                etree.fromstring(content, _PARSER)
            elif folder.startswith(static):
                blake2b(content, digest_size=20).digest()


def _digests(component: etree._Element) -> str:
    olx = etree.tostring(component, encoding="unicode", with_tail=False)
    for word in ("static", "asset-v1", "c4x", "jump_to", "course"):
        olx.rfind(word)
    canonical = etree.tostring(component, method="c14n", with_comments=False)
    digests = [blake2b(text, digest_size=20).hexdigest() for text in (olx.encode(), canonical)]
    return blake2b("".join(digests).encode(), digest_size=20).hexdigest()


def _copy_files(folder: str, names: Iterable[str], to: str) -> None:
    for name in names:
        content = Path(folder, name).read_bytes()
        md5(content, usedforsecurity=False).hexdigest()
        Path(to, name).write_bytes(content)


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
