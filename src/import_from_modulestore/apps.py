"""App configuration, and what makes the app a plugin of Studio."""

from typing import Any, ClassVar

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

_SETTINGS = {"relative_path": "settings"}


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

    # Read by edx-django-utils, for the entry point ``cms.djangoapp`` (see pyproject.toml).
    plugin_app: ClassVar[dict[str, Any]] = {
        # Two rooms of addresses in one file, each with a namespace of its own, so that this one has none.
        "url_config": {"cms.djangoapp": {"namespace": None, "regex": "", "relative_path": "urls"}},
        # Before and after an operator's own settings are read: both only fill in what is missing.
        "settings_config": {
            "cms.djangoapp": {
                "common": _SETTINGS,
                "production": _SETTINGS,
                "devstack": _SETTINGS,
                "test": _SETTINGS,
            }
        },
    }

    def ready(self) -> None:
        """Have ``check`` say where imports are not written in bulk."""
        from .proved import check_writer

        checks.register(check_writer)
