"""Settings of the tests: the standalone project, in memory or on the database that ``TEST_DATABASE_URL`` names."""

import os
import tempfile

from tests.studio import ON_PLATFORM

os.environ["VAR_DIR"] = os.environ.get("TEST_VAR_DIR") or tempfile.mkdtemp(prefix="import-tests-")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "sqlite://:memory:")

from import_from_modulestore_standalone.settings import *  # noqa: F403

# What Studio has and the standalone project does without.
INSTALLED_APPS = [*INSTALLED_APPS, "openedx_tagging", "organizations", "waffle"]  # noqa: F405
if not ON_PLATFORM:  # The double of the platform has an app with tables.
    INSTALLED_APPS.append("cms.djangoapps.modulestore_migrator")

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "tests"
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
CELERY_TASK_ALWAYS_EAGER = True
RATE_LIMITS: dict[str, str] = {}
"""The tests of them have their own."""
