"""An import that is completed says by what others know that they would come to the same."""

import openedx_django_lib.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0032_staged_source"),
    ]

    operations = [
        migrations.AddField(
            model_name="stagedsource",
            name="records_stamp",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                help_text="Hash of all that decides what the import has recorded, where another would record the same.",
                max_length=40,
            ),
        ),
    ]
