"""
The command that pip installs: ``import-from-modulestore``.

It has the subcommands of the app, those of the project (``serve``, ``grants``, ``tokens``) and Django's own
(``migrate``, ``changepassword`` …), under one name. ``--data DIR`` says where everything is kept, wherever it stands.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from django.core.management import get_commands

from import_from_modulestore.command_line.called import CALLED, WITH

from .__main__ import Commands, run

NAME = "import-from-modulestore"
_APP = "import_from_modulestore"


_ABOUT_USERS = ("changepassword", "createsuperuser")


class _Commands(Commands):
    """Django's commands, and below them, where there is none of that name, the app's subcommands."""

    def fetch_command(self, subcommand: str) -> Any:
        """Load a command, Django's or the app's."""
        if subcommand not in get_commands():
            self.argv.insert(1, _APP)
            subcommand = _APP
        if subcommand in _ABOUT_USERS and not {"-h", "--help"} & set(self.argv):  # The first that one does, perhaps.
            from .first_use import set_up

            set_up(lambda told: print(told, file=sys.stderr))  # noqa: T201
        return super().fetch_command(subcommand)


def main() -> None:
    """Run one subcommand, of what was typed."""
    parser = argparse.ArgumentParser(NAME, add_help=False, allow_abbrev=False)
    parser.add_argument("--data", type=_folder, metavar="DIR")
    options, words = parser.parse_known_args()
    if options.data is not None:
        os.environ["VAR_DIR"] = str(options.data)
        os.environ.setdefault("COURSES_DIR", str(options.data / "courses"))
        WITH.set(f"--data {shlex.quote(str(options.data))}")
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if words[:1] == ["version"]:
        words = ["--version"]
    if not words or words[0].startswith("-"):  # Django would answer for itself.
        words = [_APP, *words]
    CALLED.set(NAME)
    run(_Commands([NAME, *words]))


def _folder(text: str) -> Path:
    if not text:  # A variable of a script that is not set; it would be the folder that one is in.
        raise argparse.ArgumentTypeError("it is empty; name a folder")
    return Path(text)


if __name__ == "__main__":
    main()
