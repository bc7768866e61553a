"""Records are never looked up by outcome alone: an index by it leads databases without statistics through all of them."""

import openedx_django_lib.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0028_batches"),
    ]

    operations = [
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
                max_length=20,
            ),
        ),
    ]
