"""
What fixtures make, kept: an import that many tests begin with is made once in a process, and then put in its place.

A fixture that is to be kept writes into the database, below ``tmp_path``, or both, and gives plain data or rows::

    @pytest.fixture
    @kept
    def imported(course, run_import) -> str:
        return run_import()[0].id

Each test still has all of it to itself, in its own transaction and its own folder, and finds nothing else. What was
made is put where the same fixtures stood before, with the same parameters, in the same order, and left rows of the same
numbers; elsewhere it is made anew. Those do not count that only give something, as a function. So a fixture is kept
only where nothing but fixtures decides what it makes: not what asks ``request`` for others. At the gate (``CI``)
nothing is kept: there, everything is really done, each time.
"""

from __future__ import annotations

import functools
import inspect
import os
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from import_from_modulestore.review import blocks


class Table(dict[Any, tuple]):
    """The rows of a table, by what SQLite numbers them by."""

    def __init__(self, name: str, rows: Iterable[tuple[Any, tuple]]) -> None:
        super().__init__(rows)
        self._name = name

    def changed(self, gone: Iterable[tuple[Any]], new: Iterable[tuple[Any, tuple]]) -> Table:
        """With these rows gone, and these there."""
        numbers = {number for (number,) in gone}
        left = (row for row in self.items() if row[0] not in numbers)
        return Table(self._name, sorted(chain(left, new), key=itemgetter(0)))

    @functools.cached_property
    def numbers(self) -> int:
        """
        What tells which row has which number: what is put in their place refers to them.

        What is done anew need not write its rows in the same order again. Times and UUIDs are others each time.
        """
        told = _telling().get(self._name, ())
        return hash(tuple((number, *(row[at] for at in told)) for number, row in self.items())) if told else 0


type Rows = dict[str, Table]
"""The rows of each table."""


class File(NamedTuple):
    """A file or a folder (which has no content), as it lay in a test's own folder."""

    content: bytes | None
    mode: int
    changed: int


@dataclass
class Made:
    """What a fixture has made, and what it gave, pickled."""

    result: bytes
    gone: dict[str, list[tuple]]
    new: dict[str, list[tuple[Any, tuple]]]
    files: dict[str, File]


_NUMBERS = "sqlite_sequence"
"""Where SQLite has the last number of each table."""

_OTHERS = {"worker", "session_key", "source_version", "task_id"}
"""Columns with short texts that are others each time, and that no row refers to."""

_made: dict[Any, Made] = {}
_before: pytest.StashKey[list[Any]] = pytest.StashKey()
_now: pytest.StashKey[Any] = pytest.StashKey()
_began: pytest.StashKey[Any] = pytest.StashKey()
_known: pytest.StashKey[tuple[Any, Rows]] = pytest.StashKey()
_at_first: list[Rows] = []
"""The rows that every test begins with, once they were read."""
_requests: list[pytest.FixtureRequest] = []


def kept[**P, R](fixture: Callable[P, R]) -> Callable[P, R]:
    """Have what the fixture makes be kept; see above. Stands below ``@pytest.fixture``."""

    @functools.wraps(fixture)
    def found(*args: P.args, **kwargs: P.kwargs) -> R:
        request = _requests[-1]
        key = fixture, _parameters(request, request.fixturename), *request.node.stash[_before]
        return _kept(request, key, lambda: fixture(*args, **kwargs))

    return found


def kept_at_first[**P, R](function: Callable[P, R], request: pytest.FixtureRequest) -> Callable[P, R]:
    """
    Have what the function does be kept where a test, or a fixture of it, begins with it: ``run_import()``.

    That is where it is called with the same on the same files, and nothing has been done since the same fixtures were
    made. Where a test looks at what is going on in between, or patches something, it is always called.
    """

    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        call = functools.partial(function, *args, **kwargs)
        if _looks_into(request) or request.node.stash[_now] != _at_present():
            return call()
        try:
            files = [(name, content, mode) for name, (content, mode, _) in _files(request.getfixturevalue("tmp_path"))]
        except OSError:
            return call()  # Something there is forbidden, or leads nowhere.
        key = function.__qualname__, repr((args, kwargs)), pickle.dumps(files)
        result = _kept(request, (key, *request.node.stash[_before]), call)
        _went_on(request, key)  # What comes next may begin where this has ended.
        return result

    return called


_LOOKS_INTO = {
    *("monkeypatch", "caplog", "mailoutbox", "django_capture_on_commit_callbacks"),
    *("django_assert_num_queries", "django_assert_max_num_queries"),
}
"""Fixtures of tests that want to see a function at work."""


def _looks_into(request: pytest.FixtureRequest) -> bool:
    """Whether the test, or one of our fixtures for it, asks for one of these."""
    known = request.node._fixtureinfo
    own = [each for name in known.names_closure for each in known.name2fixturedefs.get(name, ()) if _is_own(each)]
    return not _LOOKS_INTO.isdisjoint([*known.argnames, *(name for each in own for name in each.argnames)])


def _is_own(fixturedef: pytest.FixtureDef) -> bool:
    return fixturedef.func.__module__.startswith(__package__)


def is_kept() -> bool:
    """Whether anything is: not on servers, where rows have other numbers each time."""
    return connection.vendor == "sqlite" and not os.environ.get("CI")


def _at_present() -> Any:
    """What is another once something was written into the database, settings were changed, or somebody listens."""
    changes = _changes()
    listeners = connection.force_debug_cursor, *connection.execute_wrappers
    return changes and (changes, settings._wrapped, listeners)


def _kept[R](request: pytest.FixtureRequest, key: Any, make: Callable[[], R]) -> R:
    if not is_kept() or not connection.in_atomic_block or "once" in request.fixturenames:
        return make()  # Where a scene is made once, files lie elsewhere.
    folder, rows = request.getfixturevalue("tmp_path"), _rows_of(request.node)
    key = key, hash(tuple(table.numbers for table in rows.values()))
    if key in _made:
        result = _put(_made[key], folder)
        _learn(request.node, _changed(rows, _made[key]))
        return result
    files = dict(_files(folder))
    result = make()
    made = _compared(result, rows, _rows_of(request.node), files, dict(_files(folder)))
    assert str(folder).encode() not in pickle.dumps(made), "what is kept may not name the test's folder"
    _made[key] = made
    return result


def recorded(fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest) -> Iterator[None]:
    """Note which fixture is made, for those that are made after it; to be had around each."""
    _requests.append(request)
    if fixturedef.scope == "function" and _before not in request.node.stash and not connection.in_atomic_block:
        request.node.stash[_began] = _changes()
    before = _at_present()
    try:
        result = yield
    finally:
        _requests.pop()
    if fixturedef.scope == "function":
        has_done = _is_own(fixturedef) and not (before and before == _at_present() and _only_gives(fixturedef, result))
        _went_on(request, *[(fixturedef.func, _parameters(request, fixturedef.argname))] * has_done)
    return result


def _only_gives(fixturedef: pytest.FixtureDef, result: Any) -> bool:
    """Whether a fixture that wrote no rows has only given something, as a function: nothing else depends on it then."""
    does_more = {*fixturedef.argnames} & {*_LOOKS_INTO, "settings", "tmp_path", "courses"}
    is_around = inspect.isgeneratorfunction(fixturedef.func)
    return not (does_more or is_around or result is None or isinstance(result, Path))


def _went_on(request: pytest.FixtureRequest, *done: Any) -> None:
    request.node.stash.setdefault(_before, []).extend(done)
    request.node.stash[_now] = _at_present()


def _parameters(request: pytest.FixtureRequest, name: str) -> str:
    """The parameters that the fixture of this name, and those that it stands on, are made with."""
    given = getattr(request.node, "callspec", None)
    if given is None:
        return ""
    definitions, names, left = request.node._fixtureinfo.name2fixturedefs, {name}, [name]
    while left:
        further = {argument for each in definitions.get(left.pop(), ()) for argument in each.argnames} - names
        names |= further
        left += further
    return repr([(each, value) for each, value in given.params.items() if each in names])


def _changes() -> tuple[int, int] | None:
    """How many rows were written on this connection, taken back or not; nothing where that is not known."""
    database = connection.connection
    return None if database is None or not is_kept() else (id(database), database.total_changes)


def _rows_of(test: pytest.Item) -> Rows:
    """The rows that there are: read where something has written since this was known last."""
    changes, rows = test.stash.get(_known, (None, {}))
    if changes != _changes():
        is_first = test.stash.get(_began, None) == _changes()
        rows = _at_first[0] if is_first and _at_first else {table: _table(table) for table in _selects()}
        if is_first and not _at_first:
            _at_first.append(rows)
        _learn(test, rows)
    return rows


def _learn(test: pytest.Item, rows: Rows) -> None:
    test.stash[_known] = _changes(), rows


def _table(name: str) -> Table:
    return Table(name, ((row[0], row[1:]) for row in connection.connection.execute(_selects()[name])))


def _changed(rows: Rows, made: Made) -> Rows:
    """The rows after what was made was put there."""
    tables = (made.gone.keys() | made.new.keys()) - {_NUMBERS}
    changed = {name: rows[name].changed(made.gone.get(name, ()), made.new.get(name, ())) for name in tables}
    return rows | changed | {_NUMBERS: _table(_NUMBERS)}


@functools.cache
def _columns() -> dict[str, list[str]]:
    """The columns of each table, in quotes."""
    read = connection.connection.execute
    tables = [table for (table,) in read("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: [f'"{name}"' for _num, name, *_rest in read(f'PRAGMA table_info("{table}")')] for table in tables}


@functools.cache
def _selects() -> dict[str, str]:
    """How all of each table is read, as it is stored: where a column does not stand alone, nothing is converted."""
    return {
        table: f'SELECT rowid, {", ".join(f"+{column}" for column in columns)} FROM "{table}"'
        for table, columns in _columns().items()
    }


@functools.cache
def _telling() -> dict[str, list[int]]:
    """Where in the rows of each table numbers and short texts are."""
    read = connection.connection.execute
    return {
        table: [
            at
            for at, name, kind, *_rest in read(f'PRAGMA table_info("{table}")')
            if re.match("integer|bigint|smallint|bool|varchar", kind.lower()) and name not in _OTHERS
        ]
        for table in _selects()
        if table != _NUMBERS
    }


def _files(folder: Path) -> Iterator[tuple[str, File]]:
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        content = None if path.is_dir() else path.read_bytes()
        yield str(path.relative_to(folder)), File(content, stat.st_mode & 0o7777, stat.st_mtime_ns)


def _compared(result: Any, rows: Rows, now: Rows, files: dict[str, File], there: dict[str, File]) -> Made:
    assert files.keys() <= there.keys(), "what is kept may not remove files"
    gone = {table: rows[table].items() - now[table].items() for table in now}
    new = {table: sorted(now[table].items() - rows[table].items()) for table in now}
    return Made(
        pickle.dumps(result),
        {table: [(number,) for number, _row in found] for table, found in gone.items() if found and table != _NUMBERS},
        {table: found for table, found in new.items() if found},
        {name: file for name, file in there.items() if files.get(name) != file},
    )


def _put(made: Made, folder: Path) -> Any:
    """Have the rows and the files be there, and give what the fixture gave."""
    cache.clear()  # Other tests may have left something in these about imports of the same IDs.
    blocks._plans = blocks.Plans()
    database = connection.connection
    for table, gone in made.gone.items():
        database.executemany(f'DELETE FROM "{table}" WHERE rowid = ?', gone)
    for table, new in made.new.items():
        if table != _NUMBERS:
            columns = ", ".join(["rowid", *_columns()[table]])
            rows = [(number, *row) for number, row in new]
            database.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join("?" * len(rows[0]))})', rows)
    for _number, (name, number) in made.new.get(_NUMBERS, ()):  # Which the rows that were put in have changed.
        database.execute(f"DELETE FROM {_NUMBERS} WHERE name = ?", [name])
        database.execute(f"INSERT INTO {_NUMBERS} VALUES (?, ?)", [name, number])
    for name, (content, mode, _changed) in made.files.items():
        path = folder / name
        if content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(content)
        path.chmod(mode)
    for name, file in reversed(made.files.items()):  # A folder after what is in it.
        os.utime(folder / name, ns=(file.changed, file.changed))
    return pickle.loads(made.result)
