"""
Statements that are larger than the database takes.

MySQL and MariaDB take a statement only up to ``max_allowed_packet`` (MariaDB: 16 MB by default, MySQL: 64 MB), and
close the connection where one is larger. So large ones are measured before they are sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from .errors import StepFailed

_MEASURED_FROM = 500_000
"""Characters in a statement from which on it is measured: no server takes less than four times as many bytes."""

_ESCAPED = str.maketrans(dict.fromkeys("\0\n\r\x1a\"'\\", "  "))
"""The characters that go to the server as two (MySQL: ``mysql_real_escape_string``)."""

_MB = 1_048_576


_what: ContextVar[str] = ContextVar("what", default="")


@contextmanager
def measured(what: str) -> Iterator[None]:
    """
    Raise ``StepFailed`` before a statement is sent that is larger than the database takes; ``what`` is what is in it.

    Where two are within each other, the inner one names it. Costs one query a process, for the limit.
    """
    within = bool(_what.get())
    token = _what.set(what)
    try:
        if within or connection.vendor != "mysql":
            yield
        else:
            with connection.execute_wrapper(_measure):
                yield
    finally:
        _what.reset(token)


def _measure(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    texts = [value for value in params or () if isinstance(value, str)]
    if sum(map(len, texts)) > _MEASURED_FROM:
        size = len(sql) + sum(len(text.translate(_ESCAPED).encode()) for text in texts)
        limit = _limit(connection.settings_dict["NAME"])
        if size >= limit:
            raise StepFailed(
                _(
                    "{what} is too large for the database: {size:.1f} MB in one statement, of which it takes "
                    "{limit:.1f} MB. Raise its setting max_allowed_packet, or divide this in the source."
                ).format(what=_what.get(), size=size / _MB, limit=limit / _MB)
            )
    return execute(sql, params, many, context)


@cache
def _limit(_database: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet")
        return int(cursor.fetchone()[0])
