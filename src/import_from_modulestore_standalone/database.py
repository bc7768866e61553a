"""Whether the database is one that this program can work with, looked at when something starts; and making it so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from import_from_modulestore.errors import DatabaseUnavailable
from import_from_modulestore.trouble import Trouble, of_newer_version, recognized


def is_up_to_date() -> bool:
    """
    Whether all migrations are applied.

    Raises ``DatabaseUnavailable`` where it cannot be read at all, or is of a newer version than this program.
    """
    with recognized():
        executor = MigrationExecutor(connection)
        if newer := of_newer_version():
            raise DatabaseUnavailable(newer, kind=Trouble.OLD)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())


_PATIENCE = 3600
"""Seconds for which one waits on a server for somebody who changes the tables."""


@contextmanager
def changing_tables(connection: Any) -> Iterator[None]:
    """
    While tables are made or changed: one process does at a time, and others wait until it is done.

    On SQLite all of it is one transaction, so that a process which is killed, or whose disk is full, leaves what it
    found. MySQL and MariaDB commit each change to a table by itself.
    """
    if connection.vendor == "sqlite":
        with connection.constraint_checks_disabled(), transaction.atomic(using=connection.alias):
            yield
        return
    name = f"{connection.settings_dict['NAME']:.50}.migrate"
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [name, _PATIENCE])
        try:
            yield
        finally:
            cursor.execute("DO RELEASE_LOCK(%s)", [name])
