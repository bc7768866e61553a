"""
Trouble with the database, told apart by what can be done about it.

Drivers name their errors by codes: SQLite by its result codes (sqlite.org/rescode.html), MySQL and MariaDB by numbers
(MySQL: "Server Error Message Reference" and "Client Error Message Reference"; MariaDB: "Error Codes"). Texts are looked
at only where a code stands for many things: SQLite has one for all that is wrong with a statement, and the servers one
for all that a storage engine reports.
"""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import TextChoices
from django.db.utils import Error
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .errors import DatabaseUnavailable

RETRY_AFTER = 5
"""Seconds after which a client may ask again where that may help: the header ``Retry-After``."""


def _manage() -> str:
    return getattr(settings, "IMPORT_FROM_MODULESTORE_MANAGE", "manage.py")


class Trouble(TextChoices):
    """What can be wrong with a database: a word for programs, and what to do about it, for people."""

    BUSY = "busy", _("The database is busy: somebody else is writing to it, or too many are at it. Try again soon.")
    GONE = (
        "gone",
        _("The database cannot be reached. Try again soon; if this lasts, its server has to be looked after."),
    )
    FULL = "full", _("The disk of the database is full. Make room on it, then try again.")
    READ_ONLY = "read_only", _("The database can only be read. Let this program write to it, or use another.")
    OLD = (
        "old",
        format_lazy(
            _(
                "The database does not fit this version of the program. Bring it up to date: {manage} migrate; "
                "or update the program, if that is the older one."
            ),
            manage=lazy(_manage, str)(),
        ),
    )
    DAMAGED = (
        "damaged",
        _("The database is damaged, or is none, or its disk fails. Look at the disk, and restore a backup."),
    )
    CLOSED = (
        "closed",
        _("The database cannot be opened. See that it is there, and that this program may read and write it."),
    )
    OTHER = "other", _("The database reports an error that this program does not know. Its log says more.")

    @property
    def is_passing(self) -> bool:
        """Whether the same is worth another try without anybody doing something about it."""
        return self in (Trouble.BUSY, Trouble.GONE)


def trouble_of(error: BaseException) -> Trouble | None:
    """
    What is wrong with the database; ``None`` where it is none of its errors, or the statement alone was at fault.

    Takes errors of Django, of the drivers, and :class:`.errors.DatabaseUnavailable`.
    """
    if isinstance(error, DatabaseUnavailable):
        return Trouble(error.kind)
    cause = error.__cause__ if isinstance(error, Error) and error.__cause__ is not None else error
    if isinstance(cause, sqlite3.Error) and hasattr(cause, "sqlite_errorcode"):  # Those of Python's own have none.
        return _of_sqlite(cause.sqlite_errorcode, str(cause))
    package = type(cause).__module__.partition(".")[0]
    if package in ("MySQLdb", "pymysql") and cause.args and (found := _of_server(cause.args[0], cause.args[1:])):
        return found
    # Other kinds of errors are about a statement: what it says, or the row that it would write.
    is_of_driver = isinstance(error, Error) or package in ("sqlite3", "MySQLdb", "pymysql")
    return Trouble.OTHER if is_of_driver and type(error).__name__ in ("OperationalError", "InterfaceError") else None


def unavailable(error: BaseException) -> DatabaseUnavailable | None:
    """The error as the app's own, with this as its cause; ``None`` where :func:`trouble_of` knows none."""
    if isinstance(error, DatabaseUnavailable):
        return error
    trouble = trouble_of(error)
    if trouble is None:
        return None
    told = DatabaseUnavailable(str(trouble.label), kind=trouble.value, is_passing=trouble.is_passing)
    told.__cause__ = error
    return told


def in_full(error: DatabaseUnavailable) -> str:
    """What is wrong, for those who run the program: with what the database itself says, which may name its server."""
    told, said = str(error), str(error.__cause__ or "").strip()
    if error.kind == Trouble.OLD:
        told = of_newer_version() or told
    return f"{told} ({said})" if said else told


def of_newer_version() -> str:
    """What to say of a database that a newer version of this app has brought up to date; empty where none has."""
    newer: list[str] = []
    with suppress(Error):
        applied = MigrationRecorder(connection).applied_migrations()
        for app in apps.get_app_configs():
            if app.name.partition(".")[0].startswith(__package__) and (folder := Path(app.path, "migrations")).is_dir():
                last = max((file.stem for file in folder.glob("[0-9]*.py")), default="")
                newer += sorted(f"{app.label} {name}" for label, name in applied if label == app.label and name > last)
    if not newer:
        return ""
    return _("The database is of a newer version ({migration}) than this program. Update the program.").format(
        migration=newer[-1]
    )


@contextmanager
def recognized() -> Iterator[None]:
    """Raise trouble with the database as :class:`.errors.DatabaseUnavailable`; also that of a commit within."""
    try:
        yield
    except Error as error:
        if (told := unavailable(error)) is None:
            raise
        raise told from error


# SQLite

_SQLITE: dict[int, Trouble] = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_PROTOCOL: Trouble.BUSY,  # Too many at once at the locks of its log.
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: Trouble.FULL,  # No room for the index of its log.
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_IOERR: Trouble.DAMAGED,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_CANTOPEN: Trouble.CLOSED,
    sqlite3.SQLITE_PERM: Trouble.CLOSED,
    sqlite3.SQLITE_AUTH: Trouble.CLOSED,
}

_NOT_THERE = re.compile(r"no such (table|column)|has no column named|no such index")


def _of_sqlite(code: int, text: str) -> Trouble | None:
    primary = code & 0xFF  # Of an extended code.
    if primary == sqlite3.SQLITE_ERROR:
        return Trouble.OLD if _NOT_THERE.search(text) else None
    if primary in (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE):
        return None  # The row that was to be written is at fault.
    return _SQLITE.get(code) or _SQLITE.get(primary) or Trouble.OTHER


# MySQL and MariaDB

_SERVER: dict[int, Trouble] = {
    code: trouble
    for trouble, codes in {
        # Lock wait timeout, deadlock, row changed meanwhile (MariaDB), NOWAIT; too many connections, transactions;
        # interrupted, or longer than a statement may take.
        Trouble.BUSY: (1205, 1213, 1020, 3572, 1040, 1203, 1226, 1637, 1317, 1969, 3024),
        # Client: no socket, no server, no host, gone, lost. Server: shutting down, connection killed or broken, a node
        # of a cluster that is not ready.
        Trouble.GONE: (
            *(0, 2002, 2003, 2005, 2006, 2011, 2012, 2013, 2055),
            *(1047, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 4031),
        ),
        Trouble.FULL: (1021, 1114, 1878),
        Trouble.READ_ONLY: (1036, 1290, 1792, 1836),
        Trouble.OLD: (1051, 1054, 1091, 1146),
        # Wrong or old information, a wrong key file, a crashed table, corrupt index or page, no tablespace.
        Trouble.DAMAGED: (126, 127, 134, 144, 145, 1033, 1034, 1035, 1194, 1195, 1712, 1812, 1932),
        # Access denied (to the database, the server, a table, a column, by socket), no such database, host refused.
        Trouble.CLOSED: (1044, 1045, 1049, 1129, 1130, 1142, 1143, 1227, 1698, 2054, 2059),
    }.items()
    for code in codes
}

_CLASHES = (1213, 1020)

_OF_THE_SYSTEM = (3, 1026, 1030)
"""Codes of a file that could not be written, and of what a storage engine met; their text has the system's number."""

_NO_ROOM = re.compile(r"\b(28|122)\b")
"""ENOSPC and EDQUOT."""


def is_disk_full(error: BaseException) -> bool:
    """Whether a file could not be written since a disk, or somebody's share of it, is full."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_clash(error: BaseException) -> bool:
    """
    Whether the database has rolled a transaction back since another was at the same rows, and that one has gone on: a
    deadlock, or rows that were changed since they were read. The same may be done again at once.
    """
    return isinstance(error, Error) and bool(error.args) and error.args[0] in _CLASHES


def _of_server(code: object, texts: tuple[object, ...]) -> Trouble | None:
    if code in _OF_THE_SYSTEM:
        return Trouble.FULL if _NO_ROOM.search(" ".join(map(str, texts))) else Trouble.DAMAGED
    return _SERVER.get(code) if isinstance(code, int) else None
