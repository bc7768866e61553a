"""The web application, for any WSGI server; ``manage.py serve`` brings its own."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from .public import stand_at

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "import_from_modulestore_standalone.settings")

application = stand_at(settings.PUBLIC_ADDRESS, get_wsgi_application())
