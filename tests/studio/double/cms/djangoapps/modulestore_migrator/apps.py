"""Platform: cms/djangoapps/modulestore_migrator/apps.py."""

from django.apps import AppConfig


class ModulestoreMigratorConfig(AppConfig):
    name = "cms.djangoapps.modulestore_migrator"
    label = "modulestore_migrator"
    default_auto_field = "django.db.models.AutoField"
