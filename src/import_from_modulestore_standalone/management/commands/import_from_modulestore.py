"""The app's command line, ready for use on a new machine."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from import_from_modulestore.management.commands import import_from_modulestore as app


class Command(app.Command):
    """``manage.py import_from_modulestore``: makes the tables of the project's own database where there are none."""

    def handle(self, *args: Any, action: str | None = None, **options: Any) -> None:
        """Set up what is not there yet, then run the subcommand. One statement where all is there."""
        if action and settings.HAS_OWN_DATABASE and not connection.introspection.table_names():
            self.stderr.write(f"Setting up the database in {settings.VAR_DIR}, once…", lambda text: text)
            call_command("migrate", verbosity=0, interactive=False)
        if action == "backup":
            os.umask(settings.UMASK)  # The archive is the user's.
        super().handle(*args, action=action, **options)
