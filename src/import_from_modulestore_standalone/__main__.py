"""Django's command line for the standalone project: ``python -m import_from_modulestore_standalone``."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run a management command with the standalone settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "import_from_modulestore_standalone.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
