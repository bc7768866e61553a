"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportFromModulestoreConfig(AppConfig):
    """
    The app under its own label.

    The label is not the package name: early Open edX releases carried an app with the label
    ``import_from_modulestore`` whose migrations stand as applied in many databases (docs/decisions/0001).
    """

    name = "import_from_modulestore"
    label = "modulestore_imports"
    verbose_name = _("Import from modulestore")
    default_auto_field = "django.db.models.BigAutoField"
