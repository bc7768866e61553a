"""
Imports of before exports had names say that their source came from the modulestore, which this project does not have:
it was on the shelf.
"""

from django.db import migrations


def name_the_shelf(apps, schema_editor):
    runs = apps.get_model("modulestore_imports", "Import").objects.filter(source_origin="modulestore").order_by()
    runs.update(source_origin="folder")


class Migration(migrations.Migration):
    dependencies = [
        ("import_from_modulestore_standalone", "0002_step_times"),
        ("modulestore_imports", "0026_source_origin"),
    ]

    operations = [
        migrations.RunPython(name_the_shelf, migrations.RunPython.noop),
    ]
