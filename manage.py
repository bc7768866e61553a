#!/usr/bin/env python3
"""Django's command line for the standalone project; `make install` puts what it needs into .venv."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

OWN_PYTHON = Path(__file__).parent / ".venv" / "bin" / "python"


def main() -> None:
    """Run a management command with the standalone settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "import_from_modulestore_standalone.settings")
    if find_spec("django") is None or find_spec("import_from_modulestore_standalone") is None:
        if OWN_PYTHON.exists() and Path(sys.prefix) != OWN_PYTHON.parents[1]:
            os.execv(OWN_PYTHON, [str(OWN_PYTHON), *sys.argv])  # noqa: S606
        sys.exit("Nothing is installed here yet. Run `make install` first.")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
