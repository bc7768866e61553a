"""A root may be a part of a section: its first number counts from where the section begins."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0013_undos_and_redos"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stagedroot",
            name="first_num",
            field=models.PositiveIntegerField(
                help_text="``num`` of a block less its place in the root, both counted depth-first."
            ),
        ),
    ]
