"""
Columns for text, in whatever character set a database has by default.

MySQL and MariaDB give a column the character set of its database, which may be one that lacks most of the world's
letters (``utf8mb3``, ``latin1``). As in ``openedx_content``, every column of text names its collation instead, and with
it the character set ``utf8mb4``: keys, names and words of the app are compared to the letter
(``case_sensitive_char_field``), titles and sentences as people search them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openedx_django_lib.fields import MultiCollationCharField, MultiCollationTextField

_COLLATIONS = {"mysql": "utf8mb4_unicode_ci"}

DIGEST_LENGTH = 40
"""How many characters a digest has: those of a BLAKE2b of 20 bytes, in hexadecimal."""


def title_field(**kwargs: Any) -> MultiCollationCharField:
    """A column for a title."""
    return MultiCollationCharField(db_collations=_COLLATIONS, **kwargs)


def text_field(**kwargs: Any) -> MultiCollationTextField:
    """A column for text of any length."""
    return MultiCollationTextField(db_collations=_COLLATIONS, **kwargs)


def set_collations(app_label: str) -> Callable[[Any, Any], None]:
    """
    For ``RunPython(…, atomic=False)``: give the columns of an app the collations that its models name.

    One statement a table: Django's own ``AlterField`` would copy the table once for each column. Where the database is
    none of MySQL or MariaDB, there is nothing to do.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        connection = schema_editor.connection
        if connection.vendor != "mysql":
            return
        for model in apps.get_app_config(app_label).get_models():
            changes = []
            for field in model._meta.local_concrete_fields:
                column = field.db_parameters(connection)
                if column.get("collation"):
                    name, null = schema_editor.quote_name(field.column), "NULL" if field.null else "NOT NULL"
                    changes.append(f"MODIFY {name} {column['type']} COLLATE {column['collation']} {null}")
            if changes:
                schema_editor.execute(
                    f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} {', '.join(changes)}"
                )

    return forwards
