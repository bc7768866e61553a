"""What a review says of a block stands for the next import of its source into the library."""

import django.db.models.deletion
import openedx_django_lib.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0018_merge"),
        ("openedx_content", "0014_typed_media_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="as_last_time",
            field=models.BooleanField(
                default=True, help_text="Whether the review begins with what earlier ones have said of the blocks."
            ),
        ),
        migrations.AddField(
            model_name="reviewedblock",
            name="choices_from",
            field=models.ForeignKey(
                help_text="As with the staged block.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="modulestore_imports.import",
            ),
        ),
        migrations.AddField(
            model_name="stagedblock",
            name="choices_from",
            field=models.ForeignKey(
                help_text="The import whose review has said this of the block, for as long as it stands as it was.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="modulestore_imports.import",
            ),
        ),
        migrations.CreateModel(
            name="StandingChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source_key",
                    openedx_django_lib.fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=255
                    ),
                ),
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
                            ("merge", "Merge: put what the library and the source have changed into one version"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=20,
                    ),
                ),
                (
                    "contents",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True,
                        choices=[
                            ("leave_out", "Leave out: they go with the block"),
                            ("unit", "Unit: they stand in the block's stead"),
                            (
                                "collection",
                                "Collection: they stand on their own, in a collection that bears the block's name",
                            ),
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
                    "source_title",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_unicode_ci"},
                        default="",
                        help_text="What the source called it then.",
                        max_length=500,
                    ),
                ),
                (
                    "choices_from",
                    models.ForeignKey(
                        help_text="The import whose review has said so.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="modulestore_imports.import",
                    ),
                ),
                (
                    "learning_package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="openedx_content.learningpackage",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("learning_package", "source_key", "usage_key", "showing"),
                        name="msi_standing_choice_uniq",
                    )
                ],
            },
        ),
    ]
