"""What the source has lost: which items of the library a reviewer removes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0006_source_export"),
        ("openedx_content", "0014_typed_media_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="is_partial",
            field=models.BooleanField(
                default=False, help_text="Whether blocks may be missing among the staged ones that are in the source."
            ),
        ),
        migrations.AddField(
            model_name="stagedblock",
            name="inner_keys",
            field=models.JSONField(
                default=list, help_text="Usage keys of the blocks that a component is made of in the source."
            ),
        ),
        migrations.AlterField(
            model_name="importrecord",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("created", "Created"),
                    ("updated", "Updated"),
                    ("forked", "Forked"),
                    ("unchanged", "Unchanged"),
                    ("skipped", "Skipped"),
                    ("unsupported", "Unsupported"),
                    ("failed", "Failed"),
                    ("removed", "Removed"),
                    ("kept", "Kept"),
                ],
                db_index=True,
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="importrecord",
            name="state",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("unchanged", "Unchanged"),
                    ("source_changed", "Source changed"),
                    ("library_changed", "Library changed"),
                    ("both_changed", "Both changed"),
                    ("same_key", "ID taken"),
                    ("deleted", "Deleted in library"),
                    ("gone", "Gone from source"),
                    ("unsupported", "Unsupported"),
                    ("unreadable", "Unreadable"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("insisted", models.BooleanField(default=False)),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="openedx_content.publishableentity",
                    ),
                ),
                (
                    "import_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="removals",
                        to="modulestore_imports.import",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("import_run", "entity"), name="msi_removal_uniq")],
            },
        ),
    ]
