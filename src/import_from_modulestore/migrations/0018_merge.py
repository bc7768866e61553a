"""Merging: what is chosen for pieces, and for those that nobody has chosen; the words for it."""

import openedx_django_lib.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0017_contents"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="unmerged",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                choices=[
                    ("skip", "Skip: leave the library's item as it is"),
                    ("overwrite", "Overwrite: make this the item's next version, live at once"),
                    ("new_version", "New version: make this the item's next draft, to be published by an author"),
                    ("fork", "Fork: create a separate item under the next free ID"),
                    ("merge", "Merge: put what the library and the source have changed into one version"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                help_text="For merges that need somebody; empty where the import waits for that.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="stagedblock",
            name="merge_choices",
            field=models.JSONField(
                default=dict,
                help_text="What is chosen for the pieces of a merge, and a digest of the versions that it is for.",
            ),
        ),
        migrations.AlterField(
            model_name="import",
            name="on_conflict",
            field=openedx_django_lib.fields.MultiCollationCharField(
                choices=[
                    ("skip", "Skip: leave the library's item as it is"),
                    ("overwrite", "Overwrite: make this the item's next version, live at once"),
                    ("new_version", "New version: make this the item's next draft, to be published by an author"),
                    ("fork", "Fork: create a separate item under the next free ID"),
                    ("merge", "Merge: put what the library and the source have changed into one version"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="skip",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="importrecord",
            name="decision",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                choices=[
                    ("skip", "Skip: leave the library's item as it is"),
                    ("overwrite", "Overwrite: make this the item's next version, live at once"),
                    ("new_version", "New version: make this the item's next draft, to be published by an author"),
                    ("fork", "Fork: create a separate item under the next free ID"),
                    ("merge", "Merge: put what the library and the source have changed into one version"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="importrecord",
            name="outcome",
            field=openedx_django_lib.fields.MultiCollationCharField(
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
                    ("needs_you", "Merge needs you"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                db_index=True,
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="reviewedblock",
            name="decision",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                choices=[
                    ("skip", "Skip: leave the library's item as it is"),
                    ("overwrite", "Overwrite: make this the item's next version, live at once"),
                    ("new_version", "New version: make this the item's next draft, to be published by an author"),
                    ("fork", "Fork: create a separate item under the next free ID"),
                    ("merge", "Merge: put what the library and the source have changed into one version"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="stagedblock",
            name="decision",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                choices=[
                    ("skip", "Skip: leave the library's item as it is"),
                    ("overwrite", "Overwrite: make this the item's next version, live at once"),
                    ("new_version", "New version: make this the item's next draft, to be published by an author"),
                    ("fork", "Fork: create a separate item under the next free ID"),
                    ("merge", "Merge: put what the library and the source have changed into one version"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                help_text="For this very block; else the import's.",
                max_length=20,
            ),
        ),
    ]
