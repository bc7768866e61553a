"""Lists of what containers hold, which have nothing but an ID."""

from __future__ import annotations

from django.db import DatabaseError, connection
from openedx_content.models_api import EntityList


def new_entity_lists(count: int) -> list[int]:
    """
    The IDs of so many new lists. One statement, or three.

    MySQL gives only the first ID. Those of one ``INSERT`` follow upon one another there, since it knows their number
    beforehand (MySQL: "InnoDB AUTO_INCREMENT Counter Initialization", simple inserts). That they do is looked up: lists
    that others are making cannot be seen, and those that others have made are in use.
    """
    if not count:
        return []
    if connection.features.can_return_rows_from_bulk_insert:
        return sorted(made.pk for made in EntityList.objects.bulk_create([EntityList() for _ in range(count)]))
    table = connection.ops.quote_name(EntityList._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} (id) VALUES {', '.join(['(DEFAULT)'] * count)}")  # noqa: S608 (no values)
        first = cursor.lastrowid
        cursor.execute("SELECT @@auto_increment_increment")
        step = cursor.fetchone()[0]
    ids = list(range(first, first + count * step, step))
    own = EntityList.objects.filter(pk__in=ids, entitylistrow=None, container_versions=None)
    if own.count() != count:
        raise DatabaseError("The database did not number new lists one after the other.")
    return ids
