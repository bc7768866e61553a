"""App configuration."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class AdminConfig(SimpleAdminConfig):
    """Django's admin, whose pages are loaded by those who show or check them (see urls.py), not by every command."""

    def ready(self) -> None:
        """As the base class, with checks that load what they check."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_admin, checks.Tags.admin)


class StandaloneConfig(AppConfig):
    """The standalone project as an app: commands, grants and their admin pages."""

    default = True  # There are two in this module.
    name = "import_from_modulestore_standalone"
    label = "import_from_modulestore_standalone"
    verbose_name = _("Standalone project")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the grants on a library go with it, and have steps counted where somebody wants to know."""
        from openedx_content.models_api import LearningPackage

        from .grants import remove_grants

        post_delete.connect(remove_grants, sender=LearningPackage, dispatch_uid="remove_grants")
        if settings.METRICS_TOKEN:
            from .metrics import listen

            listen()


def _check_admin(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    autodiscover()
    return check_admin_app(app_configs, **kwargs)
