"""
An import says which message its last step is about, so that a late one of another step is told from it.

The messages that wait for a worker meanwhile are those of ``queued``, and stay what they are.
"""

from django.db import migrations, models
from django.db.models import F


def know_what_waits(apps, schema_editor):
    waiting = apps.get_model("modulestore_imports", "Import").objects.filter(queued__isnull=False)
    waiting.update(asked=F("queued"))


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0029_no_index_by_outcome"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="asked",
            field=models.DateTimeField(
                help_text="When a worker was asked for the last step; empty when that was done without one.",
                null=True,
            ),
        ),
        migrations.RunPython(know_what_waits, migrations.RunPython.noop),
    ]
