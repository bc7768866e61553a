"""Django's command line for the standalone project: ``python -m import_from_modulestore_standalone``."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db.utils import Error

from import_from_modulestore.errors import DatabaseUnavailable


def main() -> None:
    """Run a management command with the standalone settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "import_from_modulestore_standalone.settings")
    try:
        execute_from_command_line(sys.argv)
    except (Error, DatabaseUnavailable) as error:  # Whatever the command: Django's own have no words for it.
        from import_from_modulestore.trouble import in_full, unavailable

        told = unavailable(error)
        if told is None or "--traceback" in sys.argv:
            raise
        sys.exit(f"{in_full(told)}\nIts address is in DATABASE_URL.")


if __name__ == "__main__":
    main()
