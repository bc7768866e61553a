"""Django's command line for the standalone project: ``python -m import_from_modulestore_standalone``."""

import gc
import os
import sys
from typing import Any

from django.core.management import ManagementUtility
from django.db.utils import Error

from import_from_modulestore.errors import DatabaseUnavailable

INTERRUPTED = 130


class Commands(ManagementUtility):
    """Django's, without looking for garbage among what is only being loaded: that took a sixth of a start."""

    def execute(self) -> None:
        """Run the command that is asked for."""
        gc.disable()
        super().execute()

    def fetch_command(self, subcommand: str) -> Any:
        """Load a command."""
        command = super().fetch_command(subcommand)
        gc.freeze()
        gc.enable()
        return command


def main() -> None:
    """Run a management command with the standalone settings."""
    run(Commands(sys.argv))


def run(commands: Commands) -> None:
    """Run the one that is asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "import_from_modulestore_standalone.settings")
    try:
        commands.execute()
    except (Error, DatabaseUnavailable) as error:  # Whatever the command: Django's own have no words for it.
        from django.conf import settings
        from django.utils.translation import gettext as _

        from import_from_modulestore.trouble import in_full, unavailable

        told = unavailable(error)
        if told is None or "--traceback" in commands.argv:
            raise
        where = _("Its address is in DATABASE_URL.")
        if settings.HAS_OWN_DATABASE:
            where = _("It is the file {file}.").format(file=settings.DATABASES["default"]["NAME"])
        sys.exit(f"{in_full(told)}\n{where}")
    except KeyboardInterrupt:  # Those of the app say more.
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
