"""
Settings of the standalone project. Everything that differs between machines comes from the environment.

========================== ================================================= =====================================
variable                   meaning                                           default
========================== ================================================= =====================================
``DATABASE_URL``           where data is kept: SQLite, MySQL or MariaDB      ``sqlite:///var/db.sqlite3``
``COURSES_DIR``            the folder of exports                             ``courses``
``VAR_DIR``                the folder for everything that the project writes ``var``
``SECRET_KEY``             Django's secret key                               made once, kept in ``VAR_DIR``
``DEBUG``                  Django's debug mode                               off
``ALLOWED_HOSTS``          host names that the server answers to             ``localhost``, ``127.0.0.1``
``IMPORT_USERNAME``        who the command line acts as                      ``author``
========================== ================================================= =====================================
"""

import os
import sys
from pathlib import Path

import environ
from django.core.management.utils import get_random_secret_key

env = environ.Env()

VAR_DIR = Path(env("VAR_DIR", default="var")).resolve()
try:
    VAR_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    sys.exit(f"The folder for what is written, {VAR_DIR}, cannot be made: {error.strerror}. Set VAR_DIR to another.")


def _kept_secret_key() -> str:
    file = VAR_DIR / "secret_key"
    if not file.exists() or not file.read_text():
        new = VAR_DIR / f"secret_key.{os.getpid()}"
        new.touch(mode=0o600)
        new.write_text(get_random_secret_key())
        new.replace(file)
    return file.read_text()


SECRET_KEY = env("SECRET_KEY", default="") or _kept_secret_key()
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "openedx_content",
    "openedx_content.backcompat.backup_restore",
    "openedx_content.backcompat.collections",
    "openedx_content.backcompat.components",
    "openedx_content.backcompat.contents",
    "openedx_content.backcompat.publishing",
    "openedx_content.backcompat.sections",
    "openedx_content.backcompat.subsections",
    "openedx_content.backcompat.units",
    "import_from_modulestore_standalone.content_staging",
    "import_from_modulestore",
]

ROOT_URLCONF = "import_from_modulestore_standalone.urls"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A write transaction takes SQLite's one write lock when it begins, so that two imports queue and neither fails.
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["OPTIONS"] = {"charset": "utf8mb4", "isolation_level": "read committed"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
MEDIA_ROOT = VAR_DIR / "media"

OPENEDX_LEARNING = {
    "MEDIA": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(VAR_DIR / "library-media")},
    }
}

COURSES_DIR = Path(env("COURSES_DIR", default="courses")).resolve()
EXPORTS_CACHE_DIR = VAR_DIR / "exports"

IMPORT_FROM_MODULESTORE_HOST = "import_from_modulestore_standalone.host.StandaloneHost"
IMPORT_FROM_MODULESTORE_USERNAME = env("IMPORT_USERNAME", default="author")
MAX_BLOCKS_PER_CONTENT_LIBRARY = 100_000

# Component types of a stock platform (openedx-platform: setup.py and requirements/edx/kernel.in). Others are imported
# with a warning.
STOCK_BLOCK_TYPES = {
    "annotatable",
    "discussion",
    "done",
    "drag-and-drop-v2",
    "edx_sga",
    "html",
    "lti",
    "lti_consumer",
    "openassessment",
    "poll",
    "poll_question",
    "problem",
    "recommender",
    "scorm",
    "staffgradedxblock",
    "survey",
    "video",
    "word_cloud",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
