"""What models and fields are called on pages, in the language of the reader; no table changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("import_from_modulestore_standalone", "0004_user_language"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="shelf",
            options={
                "default_permissions": (),
                "managed": False,
                "permissions": [("read_shelf", "Can read the courses on the shelf")],
                "verbose_name": "folder of exports",
                "verbose_name_plural": "folders of exports",
            },
        ),
        migrations.AlterModelOptions(
            name="steptime",
            options={
                "default_permissions": (),
                "ordering": ["step", "up_to"],
                "verbose_name": "time of steps",
                "verbose_name_plural": "times of steps",
            },
        ),
        migrations.AlterModelOptions(
            name="token",
            options={
                "default_permissions": (),
                "ordering": ["id"],
                "verbose_name": "token",
                "verbose_name_plural": "tokens",
            },
        ),
        migrations.AlterModelOptions(
            name="userlanguage",
            options={
                "default_permissions": (),
                "verbose_name": "language of a user",
                "verbose_name_plural": "languages of users",
            },
        ),
    ]
