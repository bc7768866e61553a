"""Another database for this process, for as long as a test lasts: a file, or one on a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import environ
from django.contrib.contenttypes.models import ContentType
from django.db import connections

from import_from_modulestore_standalone.settings import DATABASE_OPTIONS

from .processes import PATIENCE


@contextmanager
def using(url: str, **options: Any) -> Iterator[None]:
    """
    Have Django use the database of this address, with the project's options for its kind, and these.

    What Django remembers of content types is another database's, before and after.
    """
    before = connections["default"], connections.settings["default"]
    config = environ.Env.db_url_config(url)
    config["OPTIONS"] = {**DATABASE_OPTIONS[config["ENGINE"]], **options}
    connections.settings["default"] = connections.configure_settings({"default": config})["default"]
    connections["default"] = connections.create_connection("default")
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        ContentType.objects.clear_cache()
        connections["default"].close()
        connections["default"], connections.settings["default"] = before


@contextmanager
def held(file: Path) -> Iterator[sqlite3.Connection]:
    """Hold the one lock that SQLite has, as an import does that is being written."""
    with closing(sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield holder
        holder.execute("ROLLBACK")
