"""Databases with all tables: migrating takes long, so that one is migrated, and the others are copies."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps


def digest_of_migrations() -> str:
    """What stays the same as long as the migrations of all apps do."""
    files = [file for app in apps.get_app_configs() for file in sorted(Path(app.path, "migrations").glob("[0-9]*.py"))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def connected(server_url: str, database: str = "") -> Iterator[Any]:
    """A cursor on a MySQL or MariaDB server, of a connection that stands for itself."""
    import MySQLdb

    server = urlsplit(server_url)
    connection = MySQLdb.connect(
        host=server.hostname,
        port=server.port,
        user=server.username,
        password=server.password,
        database=database,
        charset="utf8mb4",
        autocommit=True,
    )
    with closing(connection), connection.cursor() as cursor:
        yield cursor


def file_with_tables(folder: Path, migrate: Callable[[str], object]) -> Path:
    """
    An SQLite database with all tables, in this folder, where it stays as long as the migrations of all apps do.

    It is made when it is first wanted (``migrate(url)``); who comes meanwhile waits.
    """
    kept = folder / f"{digest_of_migrations()}.sqlite3"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made, own = kept.with_suffix(f".{os.getpid()}-made"), kept.with_suffix(f".{os.getpid()}")
            made.unlink(missing_ok=True)
            migrate(f"sqlite:///{made}")
            with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(own)) as copy:
                source.backup(copy)
            own.replace(kept)
            for each in folder.glob(f"{made.name}*"):
                each.unlink()
    return kept


def database_with_tables(server_url: str, migrate: Callable[[str], object]) -> str:
    """The same on a server: the name of a database there."""
    migrated = f"import_migrated_{digest_of_migrations()}"
    with connected(server_url) as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 900)", [migrated])
        cursor.execute("SHOW DATABASES LIKE %s", [f"{migrated}_done"])
        if not cursor.fetchone():
            cursor.execute(f"DROP DATABASE IF EXISTS {migrated}")
            cursor.execute(f"CREATE DATABASE {migrated}")
            migrate(urlsplit(server_url)._replace(path=f"/{migrated}").geturl())
            cursor.execute(f"CREATE DATABASE {migrated}_done")
    return migrated


def fill(server_url: str, database: str, migrate: Callable[[str], object]) -> None:
    """Give an empty database on a server all tables, by copying :func:`database_with_tables`."""
    migrated = database_with_tables(server_url, migrate)
    with connected(server_url) as cursor:
        cursor.execute(f"USE {database}")
        cursor.execute("SET FOREIGN_KEY_CHECKS = 0")
        cursor.execute(f"SHOW TABLES FROM {migrated}")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SHOW CREATE TABLE {migrated}.{table}")
            cursor.execute(cursor.fetchone()[1])
            cursor.execute(f"INSERT INTO {table} SELECT * FROM {migrated}.{table}")
