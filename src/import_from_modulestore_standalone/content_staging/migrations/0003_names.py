"""What models and fields are called on pages, in the language of the reader; no table changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("content_staging", "0002_collations"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="stagedcontent",
            options={"verbose_name": "staged content", "verbose_name_plural": "staged content"},
        ),
        migrations.AlterModelOptions(
            name="stagedcontentfile",
            options={"verbose_name": "file of staged content", "verbose_name_plural": "files of staged content"},
        ),
    ]
