"""One name for one thing: columns are called as the Python API and the REST API call them (see docs/glossary.md)."""

import openedx_django_lib.fields
from django.db import migrations, models


def rename_state(apps, schema_editor, old="same_key", new="id_taken"):
    """Records say of a block whose ID was taken what the API says."""
    apps.get_model("modulestore_imports", "ImportRecord").objects.filter(state=old).update(state=new)


def rename_state_back(apps, schema_editor):
    """The other way round."""
    rename_state(apps, schema_editor, old="id_taken", new="same_key")


class Migration(migrations.Migration):
    dependencies = [("modulestore_imports", "0011_hold_no_accounts")]

    operations = [
        migrations.RenameField("import", "target_key", "library_key"),
        migrations.RenameField("import", "target_title", "library_title"),
        migrations.RenameField("import", "makes_target", "makes_library"),
        migrations.RenameField("importrecord", "source_key", "usage_key"),
        migrations.RenameField("importrecord", "target_key", "item_key"),
        migrations.RenameField("importrecord", "target_digest", "item_digest"),
        migrations.RunPython(rename_state, rename_state_back),
        migrations.AlterField(
            model_name="import",
            name="makes_library",
            field=models.BooleanField(
                default=False, help_text="Whether the library is to be made when the import is written."
            ),
        ),
        migrations.AlterField(
            model_name="importrecord",
            name="state",
            field=openedx_django_lib.fields.MultiCollationCharField(
                choices=[
                    ("new", "New"),
                    ("unchanged", "Unchanged"),
                    ("source_changed", "Source changed"),
                    ("library_changed", "Library changed"),
                    ("both_changed", "Both changed"),
                    ("id_taken", "ID taken"),
                    ("deleted", "Deleted in library"),
                    ("gone", "Gone from source"),
                    ("unsupported", "Unsupported"),
                    ("unreadable", "Unreadable"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                max_length=20,
            ),
        ),
    ]
