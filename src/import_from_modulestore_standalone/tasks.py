"""What the standalone project does by itself, beside the app's own tasks."""

import time
from contextlib import suppress
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from .exports.files import remove
from .host import uploads

_LEFT_OVER_AFTER = 24 * 3600


@shared_task
def remove_expired_sessions() -> None:
    """Remove the sessions of those who are signed out by now, two weeks after they signed in; once a day."""
    call_command("clearsessions")


@shared_task
def remove_what_is_left_over() -> None:
    """Remove what requests had begun to write whose process was killed, a day later; once a day."""
    uploads().remove_left_over()
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _LEFT_OVER_AFTER:
                remove(path) if path.is_dir() else path.unlink()
