"""
What an earlier version has stored, as rows: ``tests/upgrades/NAME.json``, where the name is that of its last migration.

``python -m tests.upgrading`` writes such a file with what this version stores, for versions to come. What versions
before that have stored was made through their command lines, in the same order.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

FOLDER = Path(__file__).parent / "upgrades"
APP = "modulestore_imports"
LABELS = ("auth", "contenttypes", "content_staging", APP, "openedx_content")
"""Apps whose rows are kept: this one, and what its rows lead to."""
_KEPT_BY_MIGRATIONS = ("django_content_type", "auth_permission")


def tables() -> list[str]:
    """The tables of these apps that have more than what migrations put in."""
    models = (model for label in LABELS for model in apps.get_app_config(label).get_models(include_auto_created=True))
    return [model._meta.db_table for model in models if model._meta.db_table not in _KEPT_BY_MIGRATIONS]


def stored() -> dict[str, list[dict[str, Any]]]:
    """All rows by table, each by column."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description]
            if rows := [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]:
                found[table] = rows
    return found


def store(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Put rows into tables that have the columns of then, in place of what is in them."""
    quoted = connection.ops.quote_name
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table, records in rows.items():
            cursor.execute(f"DELETE FROM {table}")
            columns = list(records[0])
            names, places = ", ".join(map(quoted, columns)), ", ".join(["%s"] * len(columns))
            values = [[record[column] for column in columns] for record in records]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)


def fitting(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What of these rows the tables have room for that there are now: for a version from before the one that stored."""
    with connection.cursor() as cursor:
        there = connection.introspection.table_names(cursor)
        columns = {
            table: {column.name for column in connection.introspection.get_table_description(cursor, table)}
            for table in rows
            if table in there
        }
    return {
        table: [{name: value for name, value in row.items() if name in known} for row in rows[table]]
        for table, known in columns.items()
    }


def store_again(table: str, number: int, **changed: Any) -> int:
    """Store a row once more, with other values in some columns; returns its primary key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE id = %s", [number])
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, cursor.fetchone(), strict=True)) | changed
        assert set(row) == set(names), f"{table} has no {set(row) - set(names)}"
        del row["id"]
        places = ", ".join(["%s"] * len(row))
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(connection.ops.quote_name, row))}) VALUES ({places})",
            list(row.values()),
        )
        return cursor.lastrowid


def _make() -> None:
    """Imports in every state that lasts."""
    from import_from_modulestore import api
    from import_from_modulestore.data import CollectionChoice, Decision, ImportOptions

    from .authoring import Author
    from .builders import (
        KEY,
        LIBRARY_KEY,
        TARGET,
        problem,
        section,
        subsection,
        text,
        unit,
        usage_key,
        write_course,
        write_library,
    )

    courses = Path(os.environ["COURSES_DIR"])
    user = apps.get_model("auth", "User").objects.create(username="ada", is_superuser=True)
    package = api.create_library(user=user, library_key=TARGET, title="Target")

    def stage(source: str, **options: Any) -> str:
        run = api.create_import(user=user, source_key=source, library_key=TARGET, options=ImportOptions(**options))
        return api.stage_import(user=user, import_id=run.id).id

    def course(body: str) -> None:
        parts = unit("u1", text("t1", body), problem("p1")), unit("u2", text("t2", f"{body} More."))
        write_course(courses / "c1", section("s", subsection("b", *parts)), title="Tides")

    course("<p>At first.</p>")
    imported = stage(KEY, collection=CollectionChoice(title="Tides"))
    api.complete_import(user=user, import_id=imported)
    write_library(courses / "l1", problem("p9"), title="Questions")
    undone = stage(LIBRARY_KEY)
    api.complete_import(user=user, import_id=undone)
    api.undo_import(user=user, import_id=undone)
    Author(package.package_id).write(
        "xblock.v1:html:t1", '<html display_name="Text t1"><![CDATA[<p>Mine.</p>]]></html>', "Text t1"
    )
    course("<p>Changed.</p>")
    staged = stage(KEY)
    t1, t2 = usage_key("html", "t1"), usage_key("html", "t2")
    api.edit_block(user=user, import_id=staged, usage_key=t2, title="Second text")
    api.decide_blocks(user=user, import_id=staged, usage_keys=[t1, t2], decision=Decision.OVERWRITE, below=False)
    canceled = api.create_import(user=user, source_key=LIBRARY_KEY, library_key=TARGET).id
    api.cancel_import(user=user, import_id=canceled)


def main() -> None:
    """Write what this version stores."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _make()
    applied = MigrationRecorder(connection).migration_qs.filter(app=APP).values_list("name", flat=True)
    file = FOLDER / f"{max(applied)}.json"
    FOLDER.mkdir(exist_ok=True)
    rows = {table: ",\n".join(json.dumps(row, default=str) for row in rows) for table, rows in stored().items()}
    file.write_text("{\n" + ",\n".join(f'"{table}": [\n{lines}\n]' for table, lines in rows.items()) + "\n}\n")


if __name__ == "__main__":
    main()
