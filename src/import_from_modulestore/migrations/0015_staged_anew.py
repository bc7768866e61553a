"""What a review had made of blocks outlasts a staging anew."""

import django.db.models.deletion
import openedx_django_lib.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0014_staged_in_pieces"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewedBlock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "usage_key",
                    openedx_django_lib.fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=255
                    ),
                ),
                ("showing", models.PositiveIntegerField()),
                ("selected", models.BooleanField()),
                (
                    "decision",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True,
                        choices=[
                            ("skip", "Skip: leave the library's item as it is"),
                            ("overwrite", "Overwrite: make this the item's next version, live at once"),
                            (
                                "new_version",
                                "New version: make this the item's next draft, to be published by an author",
                            ),
                            ("fork", "Fork: create a separate item under the next free ID"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=20,
                    ),
                ),
                (
                    "edited_title",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default="", max_length=500
                    ),
                ),
                (
                    "edited_olx",
                    openedx_django_lib.fields.MultiCollationTextField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default=""
                    ),
                ),
                (
                    "source_digest",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        help_text="Of what the source held then.",
                        max_length=40,
                    ),
                ),
                (
                    "import_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviewed",
                        to="modulestore_imports.import",
                    ),
                ),
            ],
        ),
    ]
