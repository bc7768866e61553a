"""Settings of a hostile site: the standalone project's, with a quicker clock and a database that can be made full."""

import os
from contextlib import suppress

from django.db.backends.signals import connection_created

from import_from_modulestore_standalone.settings import *  # noqa: F403

_recovery = CELERY_BEAT_SCHEDULE["recover imports"] | {  # noqa: F405
    "schedule": float(os.environ.get("HOSTILE_RECOVER_EVERY", "60")),
    # A Redis that is killed loses the messages of its last second: otherwise they are sent again after 10 minutes.
    "kwargs": {"send_again": True},
}
CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE | {"recover imports": _recovery}  # noqa: F405
MAX_PAGES = VAR_DIR / "max_pages"  # noqa: F405
"""Holds how many pages more than it has SQLite's database may get, while there is such a file."""


def _limit(connection, **kwargs):
    if connection.vendor == "sqlite":
        with suppress(FileNotFoundError), connection.cursor() as cursor:
            more = int(MAX_PAGES.read_text())
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages + more}")


connection_created.connect(_limit, dispatch_uid="hostile")
