#!/usr/bin/env python3
"""Django's command line for the standalone project; `make install` puts what it needs into .venv."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
OWN_PYTHON = HERE / ".venv" / "bin" / "python"


def main() -> None:
    """Run a management command, with the project's own Python where this one lacks what is needed."""
    if find_spec("django") is None or find_spec("import_from_modulestore_standalone") is None:
        if OWN_PYTHON.exists() and Path(sys.prefix) != OWN_PYTHON.parents[1]:
            os.execv(OWN_PYTHON, [str(OWN_PYTHON), *sys.argv])  # noqa: S606
        sys.exit("Nothing is installed here yet. Run `make install` first.")
    from import_from_modulestore_standalone.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
