"""
What is made when the project, or a new version of it, is first used: its database, and a folder for exports with the
sample course in it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext as _

from import_from_modulestore import __version__

_SAMPLE = (settings.CHECKOUT or Path(__file__).parent) / "courses" / "sample-course"

_VERSION = int("".join(f"{int(part):03}" for part in re.findall(r"\d+", __version__)[:3]))
"""This version as a number, as SQLite keeps one in its file for who writes it (``PRAGMA user_version``)."""


def set_up(say: Callable[[str], object]) -> None:
    """
    Make what is not there yet, where it is the project's own; one statement where all is.

    A database that ``DATABASE_URL`` names, and a folder that does not lie in ``VAR_DIR``, are left to who named them.
    """
    if settings.HAS_OWN_DATABASE and _version_of_database() < _VERSION:
        if connection.introspection.table_names():
            say(_("Bringing the database up to date…"))
        else:
            say(_("Setting up the database in {folder}, once…").format(folder=settings.VAR_DIR))
        call_command("migrate", verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA user_version = {_VERSION}")
    make_courses_folder()


def _version_of_database() -> int:
    """The version that has last brought the tables up to date; 0 where there is none, or it did not say so."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        return cursor.fetchone()[0]


def make_courses_folder() -> None:
    """
    Make the folder of exports, with the sample course in it; where the folder is there, it is as its owner wants.

    It appears as a whole, whoever else makes it, and whatever becomes of this process.
    """
    folder = settings.COURSES_DIR
    if not folder.is_relative_to(settings.VAR_DIR) or folder.exists():
        return
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as made:
        part = Path(made, folder.name)
        shutil.copytree(_SAMPLE, part / _SAMPLE.name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # Another was quicker.
            part.rename(folder)
