"""Whether the database is one that this program can work with; looked at when something starts."""

from __future__ import annotations

from django.db import connection
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
