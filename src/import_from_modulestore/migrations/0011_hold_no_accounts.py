"""No account is held by what is linked to it; see ``account`` in import_from_modulestore/models.py."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef

LINKS = (("Import", "user"), ("Import", "actor"), ("Reversal", "user"), ("IdempotentRequest", "user"))


def let_go(apps, schema_editor):
    """Before the database checks the links again: take off those that lead nowhere."""
    app, _, model = settings.AUTH_USER_MODEL.rpartition(".")
    accounts = apps.get_model(app, model)._base_manager.all()
    for name, link in LINKS:
        rows = apps.get_model("modulestore_imports", name).objects.order_by()
        linked = rows.filter(**{f"{link}__isnull": False})
        led = linked.exclude(Exists(accounts.filter(pk=OuterRef(f"{link}_id"))))
        gone = set(led.values_list(f"{link}_id", flat=True))
        of_them = rows.filter(**{f"{link}_id__in": gone})
        if name == "IdempotentRequest":
            of_them.delete()
        else:
            of_them.update(**{link: None})


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("modulestore_imports", "0010_former_version"),
    ]

    operations = [
        migrations.AlterField(
            model_name="idempotentrequest",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="import",
            name="actor",
            field=models.ForeignKey(
                db_constraint=False,
                help_text="Who asked for the step that runs or is queued.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="import",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="reversal",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, let_go),
    ]
