"""Settings of a site that has time: the standalone project's, with waits that no machine is too slow for."""

from import_from_modulestore_standalone.settings import *  # noqa: F403
from tests.processes import PATIENCE

IMPORT_FROM_MODULESTORE_REQUEST_WAIT = PATIENCE
if REDIS_URL:  # noqa: F405
    CACHES = {"default": CACHES["default"] | {"OPTIONS": {}}}  # noqa: F405
    CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_connect_timeout": PATIENCE}  # noqa: F405
_options = DATABASES["default"]["OPTIONS"]  # noqa: F405
if "connect_timeout" in _options:
    DATABASES = {"default": DATABASES["default"] | {"OPTIONS": _options | {"connect_timeout": PATIENCE}}}  # noqa: F405
