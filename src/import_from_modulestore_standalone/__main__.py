"""Django's command line for the standalone project: ``python -m import_from_modulestore_standalone``."""

import gc
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management import ManagementUtility
from django.db.utils import Error

from import_from_modulestore.errors import DatabaseUnavailable

INTERRUPTED = 130
NO_READER = 141


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
    _have_streams()
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
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python would complain when it closes the output.
        sys.exit(NO_READER)
    except OSError as error:
        if "--traceback" in commands.argv:
            raise
        sys.exit(f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}.")


def _have_streams() -> None:
    """
    Give a process that was started without an input or an output, as ``>&-`` does, one that leads nowhere.

    Else the database would be the file of that number, and whatever is printed below Python would be written into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - as long as the process lives


if __name__ == "__main__":
    main()
