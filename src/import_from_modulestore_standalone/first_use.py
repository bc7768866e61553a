"""
What is made when the project, or a new version of it, is first used: its database, and a folder for exports with the
sample course in it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext as _

from .database import is_up_to_date

_SAMPLE = (settings.CHECKOUT or Path(__file__).parent) / "courses" / "sample-course"


def set_up(say: Callable[[str], object]) -> None:
    """
    Make what is not there yet, where it is the project's own; one statement where all is.

    A database that ``DATABASE_URL`` names, and a folder that does not lie in ``VAR_DIR``, are left to who named them.
    """
    if settings.HAS_OWN_DATABASE and _mark_of_database() != (mark := _mark()):
        if not connection.introspection.table_names():
            say(_("Setting up the database in {folder}, once…").format(folder=settings.VAR_DIR))
            call_command("migrate", verbosity=0, interactive=False)
        elif not is_up_to_date():
            say(_("Bringing the database up to date…"))
            call_command("migrate", verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA user_version = {mark}")
    make_courses_folder()


def _mark() -> int:
    """
    The migrations that there are, of this version and of all that it stands on, as a number.

    SQLite keeps one in its file for who writes it (``PRAGMA user_version``).
    """
    folders = {app.label: Path(app.path, "migrations") for app in apps.get_app_configs()}
    names = [f"{label} {file.name}" for label, folder in folders.items() for file in folder.glob("[0-9]*.py")]
    return crc32("\n".join(sorted(names)).encode()) & 0x7FFFFFFF


def _mark_of_database() -> int:
    """Those that were last brought to it; 0 where there were none yet."""
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
