"""How long steps took, added up."""

import openedx_django_lib.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("import_from_modulestore_standalone", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="StepTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "step",
                    openedx_django_lib.fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=20
                    ),
                ),
                ("up_to", models.PositiveIntegerField(help_text="Milliseconds that each of them took at most.")),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("blocks", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "ordering": ["step", "up_to"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("step", "up_to"), name="one_row_for_each_step_and_time")
                ],
            },
        ),
    ]
