"""What is staged says what its source was, so that who stages that again knows whether it still is."""

import django.db.models.deletion
import openedx_django_lib.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0031_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="StagedSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stamp",
                    openedx_django_lib.fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        help_text="Hash of all that decides what is staged of the source.",
                        max_length=40,
                    ),
                ),
                (
                    "facts",
                    models.JSONField(
                        default=dict,
                        help_text="What was said of the source, and what of its blocks is not in their rows.",
                    ),
                ),
                (
                    "import_run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staged_source",
                        to="modulestore_imports.import",
                    ),
                ),
            ],
            options={"verbose_name": "staged source", "verbose_name_plural": "staged sources"},
        ),
    ]
