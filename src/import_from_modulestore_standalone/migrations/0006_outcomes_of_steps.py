"""Steps that have failed or were canceled are counted beside those that were done."""

import openedx_django_lib.fields
from django.db import migrations, models


def forget_others(apps, schema_editor):
    apps.get_model("import_from_modulestore_standalone", "StepTime").objects.exclude(outcome="done").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("import_from_modulestore_standalone", "0005_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="steptime",
            name="outcome",
            field=openedx_django_lib.fields.MultiCollationCharField(
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="done",
                help_text="Whether they were done, have failed, or were canceled.",
                max_length=20,
            ),
        ),
        migrations.RemoveConstraint(model_name="steptime", name="one_row_for_each_step_and_time"),
        migrations.AddConstraint(
            model_name="steptime",
            constraint=models.UniqueConstraint(
                fields=("step", "outcome", "up_to"), name="one_row_for_each_step_outcome_and_time"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_others),
        migrations.AlterModelOptions(
            name="steptime",
            options={
                "default_permissions": (),
                "ordering": ["step", "outcome", "up_to"],
                "verbose_name": "time of steps",
                "verbose_name_plural": "times of steps",
            },
        ),
        migrations.AlterField(
            model_name="steptime",
            name="up_to",
            field=models.PositiveIntegerField(
                help_text="Milliseconds that each of them took at most; 0 of those that were not done."
            ),
        ),
    ]
