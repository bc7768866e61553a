"""The Celery application of the standalone project."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from celery import Celery, platforms
from celery.signals import worker_init, worker_ready
from kombu.transport import TRANSPORT_ALIASES

from import_from_modulestore.errors import DatabaseUnavailable

from . import logs  # noqa: F401 - it listens to Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "import_from_modulestore_standalone.settings")
TRANSPORT_ALIASES["folder"] = "import_from_modulestore_standalone.broker:Transport"

app = Celery("import_from_modulestore_standalone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

SERVED = "IMPORT_FROM_MODULESTORE_SERVED"
"""Set in the environment of a worker that ``manage.py serve`` has started: to the ID of the server's process."""


@worker_init.connect
def _tell_what_is_done(**kwargs: Any) -> None:
    logging.getLogger("import_from_modulestore").setLevel(logging.INFO)


@worker_init.connect
def _see_to_the_database(**kwargs: Any) -> None:
    """End with advice where this worker could do nothing; a database that is busy or away comes back."""
    from django.conf import settings
    from django.db import connections
    from django.utils.translation import gettext as _

    from import_from_modulestore.trouble import in_full

    from .database import is_up_to_date

    try:
        if not is_up_to_date():
            told = _("The database is older than this program. Bring it up to date: {manage} migrate")
            sys.exit(told.format(manage=settings.IMPORT_FROM_MODULESTORE_MANAGE))
    except DatabaseUnavailable as error:
        if not error.is_passing:
            sys.exit(in_full(error))
        logging.getLogger("import_from_modulestore").warning(in_full(error))
    finally:
        connections.close_all()


@worker_init.connect
def _go_with_the_server(**kwargs: Any) -> None:
    if server := os.environ.get(SERVED):
        platforms.set_pdeathsig("SIGKILL")  # On Linux: no worker is left behind when the server is killed.
        if server != str(os.getppid()):  # It has been already.
            sys.exit(1)


@worker_ready.connect
def _recover(**kwargs: Any) -> None:
    """See to what an earlier worker left behind; the folder also loses the messages that it had taken."""
    lossy = app.conf.broker_url.startswith("folder:")
    app.send_task("import_from_modulestore.tasks.recover_imports", kwargs={"send_again": lossy}, expires=60)
