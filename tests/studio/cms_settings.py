"""
The settings of a Studio that has little more than this app as a plugin.

They are read in Studio's order, and have what is different there from the standalone project.
"""

import os
from pathlib import Path
from typing import Any

from edx_django_utils.plugins import add_plugins, get_plugin_apps
from openedx_content.settings_api import openedx_content_backcompat_apps_to_install

_CMS = "cms.djangoapp"

SECRET_KEY = "studio"
ROOT_URLCONF = "tests.studio.cms_urls"
USE_TZ = True
STATIC_URL = "/static/studio/"
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_filters",
    "drf_spectacular",
    "openedx_content",
    *openedx_content_backcompat_apps_to_install(),
    "openedx_tagging",
    "organizations",
    "user_tasks",
    "waffle",
    "import_from_modulestore_standalone.content_staging",  # For the platform's app of the same label.
]
INSTALLED_APPS.extend(get_plugin_apps(_CMS))

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "edx_rest_framework_extensions.auth.jwt.middleware.JwtAuthCookieMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "waffle.middleware.WaffleMiddleware",
    "edx_rest_framework_extensions.auth.jwt.middleware.EnsureJWTAuthSettingsMiddleware",
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

_FOLDER = Path(os.environ["STUDIO_FOLDER"]) if "STUDIO_FOLDER" in os.environ else Path(os.devnull)
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(_FOLDER / "studio.sqlite3"),
        "ATOMIC_REQUESTS": True,
    }
}
MEDIA_ROOT = str(_FOLDER / "media")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
    "DEFAULT_PAGINATION_CLASS": "edx_rest_framework_extensions.paginators.DefaultPagination",
    "DEFAULT_RENDERER_CLASSES": ("rest_framework.renderers.JSONRenderer",),
    "EXCEPTION_HANDLER": "openedx.core.lib.request_utils.ignored_error_exception_handler",
    "PAGE_SIZE": 10,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_THROTTLE_RATES": {"user": "60/minute"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
JWT_AUTH: dict[str, Any] = {"JWT_PUBLIC_SIGNING_JWK_SET": "", "JWT_ISSUERS": []}

LOW_PRIORITY_QUEUE = "edx.cms.core.low"
DEFAULT_PRIORITY_QUEUE = "edx.cms.core.default"
# Their old names; Celery refuses to see new ones among them.
CELERY_ALWAYS_EAGER = False
CELERY_DEFAULT_QUEUE = DEFAULT_PRIORITY_QUEUE
CELERY_IGNORE_RESULT = False
CELERY_MESSAGE_COMPRESSION = "gzip"
CELERY_RESULT_BACKEND = "django-cache"
CELERY_TASK_SERIALIZER = "json"
BROKER_URL = "memory://"

OPENEDX_TELEMETRY: list[str] = []
MAX_BLOCKS_PER_CONTENT_LIBRARY = 100_000

add_plugins(__name__, _CMS, "common")

# What an operator sets, in a file that is read between the two.
IMPORT_FROM_MODULESTORE_QUEUE = LOW_PRIORITY_QUEUE

add_plugins(__name__, _CMS, "production")

SPECTACULAR_SETTINGS = {
    "TITLE": "Authoring API",
    "PREPROCESSING_HOOKS": ["tests.studio.cms_settings.authoring_api_alone"],
    "SCHEMA_PATH_PREFIX": "/api/contentstore",
    "SCHEMA_PATH_PREFIX_TRIM": "/api/contentstore",
    "SERVERS": [{"url": "https://studio.example.com/api/contentstore", "description": "Public"}],
}


def authoring_api_alone(endpoints: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Leave everything out that is not Studio's own, as Studio does."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/contentstore/v0/")]
