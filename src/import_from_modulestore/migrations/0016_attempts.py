"""What is at a step is an attempt, and one that the database has stopped is put off."""

import openedx_django_lib.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0015_staged_anew"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="put_off",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="How often the step was put off, since the database was busy or could not be reached.",
            ),
        ),
        migrations.AlterField(
            model_name="import",
            name="worker",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                help_text="The attempt at the current step, as host:pid:start:number; empty when none is at it.",
                max_length=255,
            ),
        ),
    ]
