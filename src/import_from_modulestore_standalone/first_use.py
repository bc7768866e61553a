"""What is made when the project is first used: its database, and a folder for exports with the sample course in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext as _

_SAMPLE = (settings.CHECKOUT or Path(__file__).parent) / "courses" / "sample-course"


def set_up(say: Callable[[str], object]) -> None:
    """
    Make what is not there yet, where it is the project's own; one statement where all is.

    A database that ``DATABASE_URL`` names, and a folder that does not lie in ``VAR_DIR``, are left to who named them.
    """
    if settings.HAS_OWN_DATABASE and not connection.introspection.table_names():
        say(_("Setting up the database in {folder}, once…").format(folder=settings.VAR_DIR))
        call_command("migrate", verbosity=0, interactive=False)
    make_courses_folder()


def make_courses_folder() -> None:
    """Make the folder of exports, with the sample course in it; where the folder is there, it is as its owner wants."""
    folder = settings.COURSES_DIR
    if folder.is_relative_to(settings.VAR_DIR) and not folder.exists():
        shutil.copytree(_SAMPLE, folder / _SAMPLE.name)
