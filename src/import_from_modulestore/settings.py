"""
What the app adds to the settings of Studio, where it is installed there as a plugin.

An operator's own values win, wherever they are set.
"""

from typing import Any

# .. setting_name: IMPORT_FROM_MODULESTORE_HOST
# .. setting_default: "import_from_modulestore.hosts.cms.StudioHost"
# .. setting_description: Dotted path of the class that tells the app about sources, libraries and permissions.

# .. setting_name: IMPORT_FROM_MODULESTORE_MANAGE
# .. setting_default: "manage.py cms"
# .. setting_description: What one types before the name of one of Django's commands; messages that advise one name it.

# .. setting_name: IMPORT_FROM_MODULESTORE_QUEUE
# .. setting_default: None
# .. setting_description: Celery queue of the steps of imports, "edx.cms.core.low" for example; None is the queue that
#   other tasks go to. Workers have to listen to it.

# .. setting_name: IMPORT_FROM_MODULESTORE_CACHE
# .. setting_default: "default"
# .. setting_description: Alias of the cache (CACHES) for live progress and for block counts of courses. It has to be
#   one that web servers and workers share.

# .. setting_name: IMPORT_FROM_MODULESTORE_EXPORTS_DIR
# .. setting_default: None
# .. setting_description: A folder for exports that authors upload, and for what is unpacked of them. Web servers and
#   workers have to share it, at the same path. Nobody can upload where it is not set.

# .. setting_name: IMPORT_FROM_MODULESTORE_MAX_UPLOAD_BYTES
# .. setting_default: 2000000000
# .. setting_description: How large an export may be that is uploaded.

# .. setting_name: IMPORT_FROM_MODULESTORE_MAX_UPLOADS_BYTES_PER_USER
# .. setting_default: 10000000000
# .. setting_description: How much of what is uploaded is kept for one person.

# .. setting_name: IMPORT_FROM_MODULESTORE_KEEP_STAGED_DAYS
# .. setting_default: 14
# .. setting_description: For how many days what was staged outlives the end of its import.

# .. setting_name: IMPORT_FROM_MODULESTORE_MAX_STATEMENT
# .. setting_default: None
# .. setting_description: How many bytes the database takes in one statement, where something before it takes less than
#   it says itself; None is what it says (max_allowed_packet of MySQL and MariaDB). Larger sections go in pieces.

# .. setting_name: IMPORT_FROM_MODULESTORE_REQUEST_WAIT
# .. setting_default: 5
# .. setting_description: For how many seconds a request waits for what others hold in the database, an import that is
#   being written for example, before it is answered with 503. On MySQL and MariaDB whole seconds, at least 1.

# .. setting_name: IMPORT_FROM_MODULESTORE_USER_TASKS
# .. setting_default: True
# .. setting_description: Whether each step that a worker does is among the tasks of the user who asked for it
#   (user_tasks). Studio sends an e-mail at the end of each of these.

# .. setting_name: IMPORT_FROM_MODULESTORE_EMAILS
# .. setting_default: False
# .. setting_description: Whether who asked for an import gets one e-mail, with a link, once a worker has written it, or
#   has failed to stage or write it. To be sent in place of Studio's own, with IMPORT_FROM_MODULESTORE_USER_TASKS off.

# .. setting_name: IMPORT_FROM_MODULESTORE_WRITER
# .. setting_default: None
# .. setting_description: What writes to libraries: "bulk" does so in batches, into the tables of openedx-core,
#   "reference" item by item, through its public API. Both leave the same. None is "bulk" on versions that this was
#   proved on.

DEFAULTS: dict[str, Any] = {
    "IMPORT_FROM_MODULESTORE_HOST": "import_from_modulestore.hosts.cms.StudioHost",
    "IMPORT_FROM_MODULESTORE_MANAGE": "manage.py cms",
    "IMPORT_FROM_MODULESTORE_QUEUE": None,
    "IMPORT_FROM_MODULESTORE_CACHE": "default",
    "IMPORT_FROM_MODULESTORE_EXPORTS_DIR": None,
    "IMPORT_FROM_MODULESTORE_MAX_UPLOAD_BYTES": 2_000_000_000,
    "IMPORT_FROM_MODULESTORE_MAX_UPLOADS_BYTES_PER_USER": 10_000_000_000,
    "IMPORT_FROM_MODULESTORE_KEEP_STAGED_DAYS": 14,
    "IMPORT_FROM_MODULESTORE_MAX_STATEMENT": None,
    "IMPORT_FROM_MODULESTORE_REQUEST_WAIT": 5,
    "IMPORT_FROM_MODULESTORE_WRITER": None,
    "IMPORT_FROM_MODULESTORE_USER_TASKS": True,
    "IMPORT_FROM_MODULESTORE_EMAILS": False,
}


def plugin_settings(settings: Any) -> None:
    """Fill in the settings that are missing; called by edx-django-utils with the settings module."""
    for name, value in DEFAULTS.items():
        if not hasattr(settings, name):
            setattr(settings, name, value)
    if "django_htmx" not in settings.INSTALLED_APPS:
        settings.INSTALLED_APPS.append("django_htmx")  # For its static files, which the pages load.
