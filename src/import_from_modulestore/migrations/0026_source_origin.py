"""Where the sources of imports came from: until now that was to be told from the names of exports."""

import openedx_django_lib.fields
from django.db import migrations


def fill(apps, schema_editor):
    runs = apps.get_model("modulestore_imports", "Import").objects.filter(source_origin="").order_by()
    runs.filter(source_export__startswith="upload:").update(source_origin="upload")
    runs.filter(source_export="").update(source_origin="modulestore")
    runs.update(source_origin="folder")


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0025_forwarding"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="source_origin",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                help_text="Where the source comes from: the modulestore, a folder of exports, an upload.",
                max_length=50,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
