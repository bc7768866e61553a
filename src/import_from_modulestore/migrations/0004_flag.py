"""The waffle flag, switched on: whoever installs the app wants it. See FLAG in import_from_modulestore/hosts/cms/."""

from django.apps import apps as installed_apps
from django.db import migrations, transaction

FLAG = "modulestore_imports.enabled"
NOTE = (
    "Lets courses and legacy libraries be imported into content libraries. For some organizations only: set this to "
    '"No" for everyone, and add waffle flag org overrides.'
)
# Standalone, nothing is switched, and there is no waffle.
HAS_WAFFLE = installed_apps.is_installed("waffle")


def add_flag(apps, schema_editor):
    if HAS_WAFFLE:
        apps.get_model("waffle", "Flag").objects.get_or_create(name=FLAG, defaults={"everyone": True, "note": NOTE})
        transaction.on_commit(forget_flag)


def remove_flag(apps, schema_editor):
    if HAS_WAFFLE:
        apps.get_model("waffle", "Flag").objects.filter(name=FLAG).delete()
        transaction.on_commit(forget_flag)


def forget_flag():
    """Have no process go on with what the cache says of the flag, or of there being none."""
    from waffle import get_waffle_flag_model

    get_waffle_flag_model()(name=FLAG).flush()


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0003_tags"),
        *([("waffle", "0004_update_everyone_nullbooleanfield")] if HAS_WAFFLE else []),
    ]

    operations = [migrations.RunPython(add_flag, remove_flag)]
