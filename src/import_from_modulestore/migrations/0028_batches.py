"""Several sources at once are a batch of imports."""

import uuid

import django.db.models.deletion
import openedx_django_lib.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0027_links_of_blocks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="if_decided",
            field=models.BooleanField(
                default=False,
                help_text="Whether the completion writes nothing where nobody has decided about a conflict.",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="to_decide",
            field=models.PositiveIntegerField(
                help_text="Of a batch: how many conflicts nobody has decided about, where nothing has changed since.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "library_key",
                    openedx_django_lib.fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"}, db_index=True, max_length=255
                    ),
                ),
                (
                    "library_title",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default="", max_length=500
                    ),
                ),
                (
                    "username",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=150,
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "has_queue",
                    models.BooleanField(
                        db_index=True,
                        default=False,
                        help_text="Whether steps of its imports were asked for that are not all done.",
                    ),
                ),
                (
                    "task_id",
                    openedx_django_lib.fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        help_text="The user's task that stands for all that was asked for last, until that has ended.",
                        max_length=36,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="import",
            name="batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="imports",
                to="modulestore_imports.batch",
                to_field="uuid",
            ),
        ),
    ]
