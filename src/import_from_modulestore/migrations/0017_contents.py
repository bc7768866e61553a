"""What is inside components that a library cannot hold has rows of its own, and a choice of what becomes of it."""

import openedx_django_lib.fields
from django.db import migrations, models

_STAGED_ANEW = (
    "This import was staged by an earlier version, which did not look into components that are made of other blocks. "
    "Stage it again; what its review had chosen, edited and decided stands again then."
)


def stage_anew(apps, schema_editor):
    """
    Have imports staged once more that are not written yet and hold such components: the blocks inside count among the
    others now, so that the numbers by which what is staged is found are not those of before.
    """
    imports = apps.get_model("modulestore_imports", "Import")
    blocks = apps.get_model("modulestore_imports", "StagedBlock")
    for run in imports.objects.filter(state__in=("staging", "staged", "importing", "import_failed")).only("pk"):
        inner_keys = blocks.objects.filter(import_run=run).exclude(refusal="").values_list("inner_keys", flat=True)
        if any(inner_keys):
            imports.objects.filter(pk=run.pk).update(
                state="staging_failed", error=_STAGED_ANEW, worker="", queued=None, heartbeat=None, put_off=0
            )


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0016_attempts"),
    ]

    operations = [
        migrations.RunPython(stage_anew, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="stagedblock",
            name="inner_keys",
        ),
        migrations.RemoveField(
            model_name="stagedblock",
            name="left_out",
        ),
        migrations.AddField(
            model_name="import",
            name="contents",
            field=openedx_django_lib.fields.MultiCollationCharField(
                choices=[
                    ("leave_out", "Leave out: they go with the block"),
                    ("unit", "Unit: they stand in the block's stead"),
                    ("collection", "Collection: they stand on their own, in a collection that bears the block's name"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="leave_out",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="contents_collections",
            field=models.JSONField(
                default=list,
                help_text="The collections of what is inside components that a library cannot hold: of each, the number and key of the component, the collection's primary key and code, the title under which it was made, if it was, and the entities that were not in it before.",
            ),
        ),
        migrations.AddField(
            model_name="importrecord",
            name="contents",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                choices=[
                    ("leave_out", "Leave out: they go with the block"),
                    ("unit", "Unit: they stand in the block's stead"),
                    ("collection", "Collection: they stand on their own, in a collection that bears the block's name"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                help_text="What became of the blocks inside one that a library cannot hold.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="importrecord",
            name="inside",
            field=models.JSONField(
                default=list, help_text="What is around a block that is inside such a block, from that one down."
            ),
        ),
        migrations.AddField(
            model_name="importrecord",
            name="name",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                db_collations={"mysql": "utf8mb4_unicode_ci"},
                default="",
                help_text="What people call it, where it has no title of its own.",
                max_length=500,
            ),
        ),
        migrations.AddField(
            model_name="reviewedblock",
            name="contents",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                choices=[
                    ("leave_out", "Leave out: they go with the block"),
                    ("unit", "Unit: they stand in the block's stead"),
                    ("collection", "Collection: they stand on their own, in a collection that bears the block's name"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="stagedblock",
            name="contents",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                choices=[
                    ("leave_out", "Leave out: they go with the block"),
                    ("unit", "Unit: they stand in the block's stead"),
                    ("collection", "Collection: they stand on their own, in a collection that bears the block's name"),
                ],
                db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                default="",
                help_text="For what is inside this very block, where a library cannot hold it; else the import's.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="stagedblock",
            name="name",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                db_collations={"mysql": "utf8mb4_unicode_ci"},
                default="",
                help_text="What people call it, where it has no title of its own.",
                max_length=500,
            ),
        ),
        migrations.AlterField(
            model_name="stagedblock",
            name="edited_title",
            field=openedx_django_lib.fields.MultiCollationCharField(
                blank=True,
                db_collations={"mysql": "utf8mb4_unicode_ci"},
                default="",
                help_text="For blocks that hold others.",
                max_length=500,
            ),
        ),
    ]
