"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentStagingConfig(AppConfig):
    """The stand-in, under the platform's label."""

    name = "import_from_modulestore_standalone.content_staging"
    label = "content_staging"
    verbose_name = _("Content staging")
    default_auto_field = "django.db.models.AutoField"
