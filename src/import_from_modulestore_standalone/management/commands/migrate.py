"""``migrate``: Django's, by one process at a time, and on SQLite all or nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from ...database import changing_tables


class Command(migrate.Command):
    """As the base class."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the tables up to date, or back; who only looks waits for nobody."""
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        with changing_tables(connections[options["database"]]):
            super().handle(*args, **options)
