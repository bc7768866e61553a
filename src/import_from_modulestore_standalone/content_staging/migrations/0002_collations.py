"""All columns of text take the characters of all scripts, whatever the character set of the database."""

from django.db import migrations
from openedx_django_lib import fields

from import_from_modulestore.columns import set_collations


class Migration(migrations.Migration):
    dependencies = [
        ("content_staging", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="stagedcontent",
                    name="block_type",
                    field=fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        help_text="The root tag of the OLX.",
                        max_length=100,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedcontent",
                    name="purpose",
                    field=fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=64
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedcontent",
                    name="status",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("loading", "Loading"),
                            ("ready", "Ready"),
                            ("expired", "Expired"),
                            ("error", "Error"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedcontent",
                    name="suggested_url_name",
                    field=fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=1024
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedcontentfile",
                    name="filename",
                    field=fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=255
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedcontentfile",
                    name="md5_hash",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=32
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedcontentfile",
                    name="source_key_str",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, max_length=255
                    ),
                ),
            ]
        ),
        migrations.RunPython(set_collations("content_staging"), migrations.RunPython.noop, atomic=False),
    ]
