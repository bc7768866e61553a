"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class StandaloneConfig(AppConfig):
    """The standalone project as an app: commands, grants and their admin pages."""

    name = "import_from_modulestore_standalone"
    label = "import_from_modulestore_standalone"
    verbose_name = _("Standalone project")

    def ready(self) -> None:
        """Let the grants on a library go with it."""
        from openedx_content.models_api import LearningPackage

        from .grants import remove_grants

        post_delete.connect(remove_grants, sender=LearningPackage, dispatch_uid="remove_grants")
