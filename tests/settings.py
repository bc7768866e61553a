"""Settings of the tests: the standalone project, in memory or on the database that ``TEST_DATABASE_URL`` names."""

import atexit
import os
import shutil
import tempfile

from tests.studio import ON_PLATFORM

if "TEST_VAR_DIR" in os.environ:
    os.environ["VAR_DIR"] = os.environ["TEST_VAR_DIR"]
else:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="import-tests-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
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
WHITENOISE_AUTOREFRESH = True  # Files are looked for when they are asked for, not all of them by each client.
RATE_LIMITS: dict[str, str] = {}
"""The tests of them have their own."""
