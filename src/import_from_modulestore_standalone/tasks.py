"""What the standalone project does by itself, beside the app's own tasks."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def remove_expired_sessions() -> None:
    """Remove the sessions of those who are signed out by now, two weeks after they signed in; once a day."""
    call_command("clearsessions")
