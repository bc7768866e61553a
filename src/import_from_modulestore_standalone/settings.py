"""
Settings of the standalone project. Everything that differs between machines comes from the environment.

========================== ================================================= =====================================
variable                   meaning                                           default
========================== ================================================= =====================================
``DATABASE_URL``           where data is kept: SQLite, MySQL or MariaDB      a file in ``VAR_DIR``
``DATABASE_PASSWORD``      that database's password, as it stands            the one in ``DATABASE_URL``
``COURSES_DIR``            the folder of exports                             ``courses`` in ``VAR_DIR``
``VAR_DIR``                the folder for everything that the project writes the user's own, for data
``SECRET_KEY``             Django's secret key                               made once, kept in ``VAR_DIR``
``DEBUG``                  Django's debug mode                               off
``LANGUAGE_CODE``          the language where nobody asks for another        ``en``; or ``ar``, ``es``, ``fr``
``PUBLIC_URL``             the site's address, where a proxy stands before   none; no proxy
``ALLOWED_HOSTS``          host names that the server answers to, without    ``localhost``, ``127.0.0.1``, ``::1``
``CSRF_TRUSTED_ORIGINS``   other sites whose pages may send forms here       none
``HSTS_SECONDS``           for how long browsers keep to TLS                 ``0``; they are not told to
``IMPORT_USERNAME``        who the command line acts as                      ``author``
``CELERY_BROKER_URL``      the message broker between server and workers     a folder in ``VAR_DIR``
``REDIS_URL``              the cache, for live progress among several hosts  a folder in ``VAR_DIR``
``LOG_FORMAT``             ``json``: an object a line, for programs           ``text``
``METRICS_TOKEN``          who sends it may read ``/metrics``                none; there is no such address
``EMAIL_URL``              how to send e-mails: ``smtp+tls://user:pass@host``  none; none are sent
``EMAIL_FROM``             whom they are from                                ``imports@localhost``
``MAX_UPLOAD_BYTES``       how large an export may be that is uploaded        ``2000000000``
``MAX_UPLOADS_BYTES``      how much of them is kept for one person           ``10000000000``
``RATE_SIGN_IN``           how often one name may be tried; ``off`` for ever  ``10/minute``
``RATE_UPLOAD``            how often one person may upload                   ``60/hour``
``RATE_STEP``              how often one person may ask for a step           ``120/minute``
``KEEP_STAGED_DAYS``       for how long what was staged outlives its import  ``14``
``WRITER``                 what writes to libraries: ``bulk``, ``reference`` ``bulk`` where it was proved
``JWT_ISSUER``             whose tokens the REST API takes                   none; tokens are refused
``JWT_PUBLIC_KEYS``        that issuer's public keys, as a JSON JWK set      none; tokens are refused
``JWT_AUDIENCE``           whom the tokens have to be for                    anybody
========================== ================================================= =====================================

Each may also be given in a file, which the same name with ``_FILE`` after it names.

In a checkout, ``VAR_DIR`` is its ``var``, and ``COURSES_DIR`` its ``courses``, wherever a command is called.
"""

import logging
import os
import sys
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from openedx_content.settings_api import openedx_content_backcompat_apps_to_install

from import_from_modulestore.command_line.called import CALLED, called

from .early import gettext as _
from .environment import (
    broker,
    database,
    emails,
    given,
    hosts,
    json_web_keys,
    number,
    one_of,
    rate,
    redis,
    switch,
    text,
    tls_of_redis,
    verbatim,
    words,
)
from .private import keep_to_ourselves, kept_secret_key, write_privately
from .public import PublicAddress


def _folder_of_the_user() -> Path:
    """Where programs keep the data of who uses them: on Linux below ``XDG_DATA_HOME`` or ``~/.local/share``."""
    from platformdirs import user_data_path

    return user_data_path("import-from-modulestore", appauthor=False)


UMASK = write_privately()
"""What the user has files be like: those that they ask for, and that are theirs."""

_ROOT = Path(__file__).parents[2]
CHECKOUT = _ROOT if (_ROOT / "manage.py").exists() else None
"""Where the project runs from its source; ``None`` where it is installed."""

VAR_DIR = Path(os.path.realpath(text("VAR_DIR") or (CHECKOUT / "var" if CHECKOUT else _folder_of_the_user())))
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "tmp"  # What comes is as large as that; /tmp is often a part of the memory.
try:
    FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
    keep_to_ourselves(VAR_DIR)
    SECRET_KEY = text("SECRET_KEY") or kept_secret_key(VAR_DIR)
except (OSError, ValueError) as error:
    told = _(
        "The folder for what is written, {folder}, cannot be used ({reason}). See that this account may write to it, "
        "or name another: VAR_DIR in the environment, or --data of import-from-modulestore."
    )
    reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
    sys.exit(told.format(folder=VAR_DIR, reason=reason))
DEBUG = given("DEBUG", False, switch)

# Behind a proxy, every request has come to the public address (see wsgi.py), and no header is believed.
PUBLIC_ADDRESS = given("PUBLIC_URL", None, PublicAddress.of)
ALLOWED_HOSTS = given("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], hosts)
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
SITE_PATH = ""
if PUBLIC_ADDRESS is not None:
    ALLOWED_HOSTS = [PUBLIC_ADDRESS.name]
    SITE_PATH = PUBLIC_ADDRESS.path
    FORCE_SCRIPT_NAME = SITE_PATH or None
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{SITE_PATH}/"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_ADDRESS.is_secure
SECURE_HSTS_SECONDS = given("HSTS_SECONDS", 0, number)
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for other names below this one is for their owner to decide,
    "security.W021",  # and so is a place in the browsers' own list.
    "security.W008",  # Who comes without TLS is sent on by the proxy; what passes it has come to the public address.
]

INSTALLED_APPS = [
    "import_from_modulestore_standalone.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    "user_tasks",
    "openedx_content",
    *openedx_content_backcompat_apps_to_install(),
    "import_from_modulestore_standalone",
    "import_from_modulestore_standalone.content_staging",
    "import_from_modulestore",
]

ROOT_URLCONF = "import_from_modulestore_standalone.urls"
WSGI_APPLICATION = "import_from_modulestore_standalone.wsgi.application"

MIDDLEWARE = [
    "import_from_modulestore_standalone.machines.before_all_else",
    "import_from_modulestore_standalone.logs.of_request",
    "import_from_modulestore_standalone.unavailable.waits_for_seconds",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "import_from_modulestore_standalone.public.in_no_frame",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "import_from_modulestore_standalone.limits.OnPages",
]

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # Nobody who is not signed in has rights.
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "modulestore_imports:home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
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

HAS_OWN_DATABASE = not text("DATABASE_URL")
"""Whether data is kept in a file of the project's own, which is set up on first use."""

_own: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(VAR_DIR / "db.sqlite3")}
DATABASES = {"default": given("DATABASE_URL", _own, database, is_secret=True)}
DATABASE_OPTIONS = {
    "django.db.backends.sqlite3": {
        # A write transaction takes SQLite's one write lock when it begins, so that two imports queue and neither fails.
        "transaction_mode": "IMMEDIATE",
        "timeout": 600,  # A request waits for less (see waiting.py); a command says for what it waits.
        # An import has some 200 statements of its own. With the 128 that are usual, none is kept until it comes again,
        # and SQLite prepares each anew, which takes it longer than most take to be done.
        "cached_statements": 512,
        # What is written is brought from the log into the file every 16 MB. At the usual 4 MB, each small import into a
        # large library does so, since each row goes to a page of its own there: for a fifth of what it costs.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000;",
    },
    "django.db.backends.mysql": {
        "charset": "utf8mb4",
        "isolation_level": "read committed",
        "connect_timeout": 5,  # A host that is gone does not answer at all.
    },
}
DATABASES["default"]["OPTIONS"] = {
    **DATABASE_OPTIONS.get(DATABASES["default"]["ENGINE"], {}),
    **DATABASES["default"].get("OPTIONS", {}),
}
if (_password := verbatim("DATABASE_PASSWORD")) and not HAS_OWN_DATABASE:
    if DATABASES["default"].get("PASSWORD"):
        sys.exit(_("DATABASE_PASSWORD is set, and there is a password in DATABASE_URL. Leave one of them out."))
    DATABASES["default"]["PASSWORD"] = _password
REDIS_URL = given("REDIS_URL", "", redis, is_secret=True)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR_DIR / "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# Messages carry an import's ID and come at least once; what is to be done stands in the database (see tasks.py).
CELERY_BROKER_URL = given("CELERY_BROKER_URL", "folder://localhost", broker, is_secret=True)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.4}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_LOST_WAIT = 2
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "recover imports": {
        "task": "import_from_modulestore.tasks.recover_imports",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "remove old staged content": {
        "task": "import_from_modulestore.tasks.remove_old_staged_content",
        "schedule": crontab(hour="3", minute="10"),
    },
    "remove expired sessions": {
        "task": "import_from_modulestore_standalone.tasks.remove_expired_sessions",
        "schedule": crontab(hour="3", minute="20"),
    },
    "remove what is left over": {
        "task": "import_from_modulestore_standalone.tasks.remove_what_is_left_over",
        "schedule": crontab(hour="3", minute="30"),
    },
    "purge old user tasks": {
        "task": "user_tasks.tasks.purge_old_user_tasks",
        "schedule": crontab(hour="3", minute="40"),
    },
}
if CELERY_BROKER_URL.startswith("folder:"):
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # Its messages would pile up, one for each worker that ever was.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker"),
        "polling_interval": 0.2,
    }
elif CELERY_BROKER_URL.startswith(("redis", "sentinel")):
    # Redis sends a message again when nobody has acknowledged it for so long: longer than any step takes.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 12 * 3600, "socket_connect_timeout": 4}
    if CELERY_BROKER_URL.startswith("rediss"):
        CELERY_BROKER_USE_SSL = tls_of_redis(CELERY_BROKER_URL)

DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000  # Enough for the OLX of the largest component that can be edited.

# Tokens are taken only where their issuer and its public keys are named.
JWT_PUBLIC_KEYS = given("JWT_PUBLIC_KEYS", "", json_web_keys, is_secret=True)
JWT_ISSUER = text("JWT_ISSUER")
JWT_AUDIENCE = text("JWT_AUDIENCE") or None
if JWT_PUBLIC_KEYS and not JWT_ISSUER:
    sys.exit(_("JWT_PUBLIC_KEYS is set, and JWT_ISSUER is not. Name the issuer of the tokens as well."))
JWT_AUTH = {
    "JWT_AUTH_HEADER_PREFIX": "JWT",
    "JWT_DECODE_HANDLER": "edx_rest_framework_extensions.auth.jwt.decoder.jwt_decode_handler",
    "JWT_PUBLIC_SIGNING_JWK_SET": JWT_PUBLIC_KEYS,
    "JWT_ISSUERS": [{"ISSUER": JWT_ISSUER, "AUDIENCE": JWT_AUDIENCE, "SECRET_KEY": None}],
    "JWT_VERIFY_AUDIENCE": bool(JWT_AUDIENCE),
}


RATE_LIMITS = {
    "sign_in": given("RATE_SIGN_IN", "10/minute", rate),
    "upload": given("RATE_UPLOAD", "60/hour", rate),
    "step": given("RATE_STEP", "120/minute", rate),
}
REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["import_from_modulestore_standalone.limits.Limits"]}

SPECTACULAR_SETTINGS = {
    "DEFAULT_GENERATOR_CLASS": "import_from_modulestore.rest_api.schema.ApiSchemaGenerator",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

OPENEDX_TELEMETRY: list[str] = []  # No monitoring service.

# As in Studio, for apps that do not say it: the migrations of django-user-tasks have made its tables so.
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

LANGUAGES = [("ar", "العربية"), ("en", "English"), ("es", "Español"), ("fr", "Français")]  # As their readers call them.
LANGUAGE_CODE = given("LANGUAGE_CODE", "en", one_of([code for code, _name in LANGUAGES]))
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_PATH = f"{SITE_PATH}/"
LANGUAGE_COOKIE_SECURE = bool(PUBLIC_ADDRESS and PUBLIC_ADDRESS.is_secure)
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = f"{SITE_PATH}/static/"
WHITENOISE_USE_FINDERS = True  # So that there is nothing to collect.
WHITENOISE_MAX_AGE = 24 * 3600  # Addresses of what changes name the version.
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600  # Storages set modes themselves.
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

OPENEDX_LEARNING = {
    "MEDIA": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(VAR_DIR / "library-media")},
    }
}

COURSES_DIR = Path(os.path.realpath(text("COURSES_DIR") or (CHECKOUT or VAR_DIR) / "courses"))
EXPORTS_CACHE_DIR = VAR_DIR / "exports"
UPLOADS_DIR = VAR_DIR / "uploads"
MAX_UPLOAD_BYTES = given("MAX_UPLOAD_BYTES", 2_000_000_000, number)
MAX_UPLOADS_BYTES_PER_USER = given("MAX_UPLOADS_BYTES", 10_000_000_000, number)

IMPORT_FROM_MODULESTORE_HOST = "import_from_modulestore_standalone.host.StandaloneHost"
IMPORT_FROM_MODULESTORE_MANAGE = called() if CALLED.get() else ("manage.py" if CHECKOUT else "import-from-modulestore")
IMPORT_FROM_MODULESTORE_AUTHENTICATION = ["import_from_modulestore_standalone.tokens.TokenAuthentication"]
IMPORT_FROM_MODULESTORE_USERNAME = text("IMPORT_USERNAME", "author")
IMPORT_FROM_MODULESTORE_WRITER = given("WRITER", None, one_of(("bulk", "reference")))
IMPORT_FROM_MODULESTORE_KEEP_STAGED_DAYS = given("KEEP_STAGED_DAYS", 14, number)
# E-mails about imports that are done, where it is said how to send them.
_emails = given("EMAIL_URL", None, emails, is_secret=True)
IMPORT_FROM_MODULESTORE_EMAILS = _emails is not None
if _emails is not None:
    globals().update(_emails)
    EMAIL_TIMEOUT = 30
    DEFAULT_FROM_EMAIL = text("EMAIL_FROM", "imports@localhost")
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
    "videoalpha",
    "word_cloud",
}

METRICS_TOKEN = text("METRICS_TOKEN")

LOG_FORMAT = given("LOG_FORMAT", "text", one_of(("json", "text")))
if LOG_FORMAT == "json":
    logging.captureWarnings(True)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "import_from_modulestore_standalone.logs.Context"}},
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(message)s", "datefmt": "%Y-%m-%d %H:%M:%S"},
        "json": {"()": "import_from_modulestore_standalone.logs.objects"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context"]}},
    # What imports go through is told by workers (see celery.py); a command tells its user in words of its own.
    "loggers": {
        "import_from_modulestore": {"level": "ERROR"},
        "import_from_modulestore.exports": {"level": "WARNING"},
        "import_from_modulestore_standalone.requests": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}
