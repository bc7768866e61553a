"""What the standalone project does by itself, beside the app's own tasks."""

import tempfile
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from import_from_modulestore.exports.files import remove_left_over


@shared_task
def remove_expired_sessions() -> None:
    """Remove the sessions of those who are signed out by now, two weeks after they signed in; once a day."""
    call_command("clearsessions")


@shared_task
def remove_what_is_left_over() -> None:
    """
    Remove what requests had begun to write whose process was killed, a day later; once a day.

    Nothing else: where the project shares its folder, ``tmp`` may hold what is somebody's.
    """
    remove_left_over(Path(settings.FILE_UPLOAD_TEMP_DIR).glob(f"{tempfile.gettempprefix()}*"))
