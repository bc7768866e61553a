"""
Statements that are larger than the database takes.

MySQL and MariaDB take a statement only up to ``max_allowed_packet`` (MariaDB: 16 MB by default, MySQL: 64 MB), and
close the connection where one is larger. So large ones are measured before they are sent, and what can be sent in
several is divided. The setting ``IMPORT_FROM_MODULESTORE_MAX_STATEMENT`` gives another limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import batched
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from .errors import StepFailed

_MEASURED_FROM = 500_000
"""Characters in a statement from which on it is measured: no server takes less than four times as many bytes."""

_SQL = 1_000
"""Bytes of a statement that writes one row, without its texts; no row of ours takes more."""

_ESCAPED = str.maketrans(dict.fromkeys("\0\n\r\x1a\"'\\", "  "))
"""The characters that go to the server as two (MySQL: ``mysql_real_escape_string``)."""

_MB = 1_048_576


_what: ContextVar[str] = ContextVar("what", default="")


class StatementTooLarge(StepFailed):
    """A statement that was not sent, since the database would not take it."""


@contextmanager
def measured(what: str) -> Iterator[None]:
    """
    Raise ``StatementTooLarge`` before a statement is sent that is larger than the database takes; ``what`` is what is
    in it.

    Where two are within each other, the inner one names it. Costs one query a process, for the limit.
    """
    within = bool(_what.get())
    token = _what.set(what)
    try:
        if within or (_own_limit() is None and connection.vendor != "mysql"):
            yield
        else:
            with connection.execute_wrapper(_measure):
                yield
    finally:
        _what.reset(token)


def size_of(text: str) -> int:
    """Bytes of a text in a statement."""
    return len(text.translate(_ESCAPED).encode())


def room_in_statement(characters: int, beside: Iterable[str]) -> int | None:
    """
    Bytes that a text may have in a statement that writes one row with these others; ``None`` where as many characters
    are no matter.
    """
    limit = _limit_for(characters)
    return None if limit is None else limit - _SQL - sum(map(size_of, beside))


def in_statements[T: Model](rows: Iterable[T], most: int) -> Iterator[Sequence[T]]:
    """The rows in batches of ``most``, or less where the database would not take these in one statement."""
    for batch in batched(rows, most):
        yield from _halved(batch)


def _halved[T: Model](rows: Sequence[T]) -> Iterator[Sequence[T]]:
    texts = [text for row in rows for text in _texts(row)]
    limit = _limit_for(sum(map(len, texts)))
    if limit is None or len(rows) == 1 or _SQL * len(rows) + sum(map(size_of, texts)) < limit:
        yield rows
    else:
        half = len(rows) // 2
        yield from _halved(rows[:half])
        yield from _halved(rows[half:])


def _texts(row: Model) -> Iterator[str]:
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, list | dict):
            yield json.dumps(value)
        elif isinstance(value, str):
            yield value


def _measure(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    texts = [value for value in params or () if isinstance(value, str)]
    characters = sum(map(len, texts))
    if characters > _MEASURED_FROM and (limit := _limit_for(characters)) is not None:
        size = len(sql) + sum(map(size_of, texts))
        if size >= limit:
            raise StatementTooLarge(
                _(
                    "{what} is too large for the database: {size:.1f} MB in one statement, of which it takes "
                    "{limit:.1f} MB. Raise its setting max_allowed_packet, or divide this in the source."
                ).format(what=_what.get(), size=size / _MB, limit=limit / _MB)
            )
    return execute(sql, params, many, context)


def _limit_for(characters: int) -> int | None:
    """Bytes that the database takes in a statement; ``None`` where it takes as many characters, whatever they are."""
    own = _own_limit()
    if own is not None or connection.vendor != "mysql" or characters <= _MEASURED_FROM:
        return own
    return _limit(connection.settings_dict["NAME"])


def _own_limit() -> int | None:
    return getattr(settings, "IMPORT_FROM_MODULESTORE_MAX_STATEMENT", None)


@cache
def _limit(_database: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet")
        return int(cursor.fetchone()[0])
