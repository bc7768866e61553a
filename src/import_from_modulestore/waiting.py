"""
Waiting: for a database that somebody else writes to, and for sources that are to be read first.

SQLite lets one connection write at a time; MySQL and MariaDB lock rows, and those that rows point at. How long one
waits is a matter of who waits: a request for seconds, so that people are answered and servers keep threads for others;
a command for as long as the database's own settings say, but it says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.utils import Error

SECONDS_FOR_SOURCES = 2.0
"""How long a request waits for sources that were not read before; most are, by then."""

_limit: ContextVar[float | None] = ContextVar("limit", default=None)
_patience: ContextVar[float | None] = ContextVar("patience", default=None)


def request_limit() -> float:
    """For how many seconds a request waits for others (``IMPORT_FROM_MODULESTORE_REQUEST_WAIT``)."""
    return getattr(settings, "IMPORT_FROM_MODULESTORE_REQUEST_WAIT", 5)


@contextmanager
def as_a_request() -> Iterator[None]:
    """Wait no longer than somebody who asks for a page: neither for the database, nor for what is to be read first."""
    before = _patience.set(SECONDS_FOR_SOURCES)
    try:
        with at_most(request_limit()):
            yield
    finally:
        _patience.reset(before)


def patience() -> float | None:
    """For how many seconds sources are waited for that were not read before; ``None`` for as long as it takes."""
    return _patience.get()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """
    Wait no longer than this for what others hold, in any statement within; the database raises an error then.

    Within another, the shorter one counts. On SQLite this costs nothing; on MySQL and MariaDB, where 1 second is the
    least, a short statement before the first one: a table that is altered makes readers wait, too.
    """
    outer = _limit.get()
    inner = seconds if outer is None else min(seconds, outer)
    token = _limit.set(inner)
    set_on: list[Any] = []

    def limited(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        raw = connection.connection
        if not any(raw is one for one in set_on):
            set_on[:] = [raw]
            _set_limit(inner)
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(limited):
            yield
    finally:
        _limit.reset(token)
        if set_on and connection.connection is set_on[0]:
            with suppress(Error):  # A connection that is gone limits nothing any more.
                _set_limit(outer)


@contextmanager
def watched(tell: Callable[[], None], *, after: float = 3) -> Iterator[None]:
    """Call ``tell``, in a thread of its own, whenever a statement that writes or locks takes longer than ``after``."""
    began: list[float] = []
    ended = Event()

    def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # Within a transaction that writes, SQLite has given the one lock that it has.
        holds = connection.vendor == "sqlite" and connection.in_atomic_block
        if holds or not _locks(sql):
            return execute(sql, params, many, context)
        began[:] = [monotonic()]
        try:
            return execute(sql, params, many, context)
        finally:
            began.clear()

    def watch() -> None:
        told = 0.0
        while not ended.wait(after / 10):
            for time in tuple(began):
                if time != told and monotonic() - time > after:
                    told = time
                    tell()
        connection.close()

    thread = Thread(target=watch, name="who waits", daemon=True)
    thread.start()
    try:
        with connection.execute_wrapper(timed):
            yield
    finally:
        ended.set()
        thread.join(timeout=after)


def patiently[T](what: Callable[[], T], pauses: Sequence[float]) -> T:
    """
    Do something with the database, again after each pause where that fails, each time on a fresh connection.

    Must not be inside a transaction. Raises the last error.
    """
    for pause in pauses:
        try:
            return what()
        except Error:
            let_go()
            sleep(pause)
    return what()


def let_go() -> None:
    """Close this thread's connection, whatever has become of it; the next statement opens another."""
    with suppress(Error):
        connection.close()


def _locks(sql: str) -> bool:
    """Whether a statement takes locks: all that write, and those that begin a transaction of SQLite which will."""
    return not sql.startswith("SELECT") or "FOR UPDATE" in sql


def _set_limit(seconds: float | None) -> None:
    """On the driver's own connection, beside Django's log and wrappers; ``None`` for what its settings say."""
    with connection.wrap_database_errors:
        match connection.vendor:
            case "sqlite":
                wait = seconds if seconds is not None else connection.settings_dict["OPTIONS"].get("timeout", 5)
                connection.connection.execute(f"PRAGMA busy_timeout = {int(wait * 1000)}")
            case "mysql":
                wait = "DEFAULT" if seconds is None else str(max(1, math.ceil(seconds)))
                with connection.connection.cursor() as cursor:
                    cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {wait}, lock_wait_timeout = {wait}")
