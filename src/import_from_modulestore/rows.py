"""
Rows by the hundred, without an instance of a model for each.

Values are given as the database takes them: numbers and texts as they are, others through :func:`stored`,
:func:`as_json` and :func:`new_uuids`. IDs are never taken from an ``INSERT``, which MySQL does not give for several
rows: they are read back by what else is unique, so that it does not matter who else writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import batched
from operator import attrgetter
from typing import Any
from uuid import uuid4

from django.db import DatabaseError, connection
from django.db.models import AutoField, BigAutoField, JSONField, Model, QuerySet, TextField
from django.db.models.constants import OnConflict
from django.db.models.functions import Cast

BATCH_SIZE = 1_000
"""Rows that are asked for at once, and items between two looks at whether to stop."""

type Row = tuple[Any, ...]


def insert(model: type[Model], columns: Sequence[str], rows: Sequence[Row], *, updating: Sequence[str] = ()) -> None:
    """
    Insert rows; ``columns`` are the names of all fields of the model's own table, less a number that counts by itself.

    Where ``updating`` names some, rows that are there already, by their primary key, get the new values of these
    columns. One statement.
    """
    if not rows:
        return
    sql = _insert_sql(model, tuple(columns), tuple(updating), connection.vendor)
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(sql, rows[0])  # Can be measured before it is sent, see ``packets``.
        else:
            cursor.executemany(sql, rows)


def select(model: type[Model], columns: Sequence[str], by: str, value: Any) -> list[Row]:
    """
    The rows in which ``by`` has this value, in no order. The columns are numbers and texts.

    One statement, without the making of a query, which takes as long as to read a hundred rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(_select_sql(model, tuple(columns), by, connection.vendor), (value,))
        return cursor.fetchall()


def insert_objects(model: type[Model], objects: Sequence[Any]) -> None:
    """
    Insert what has the attributes of a model's instances, whatever it is. The columns are numbers, texts and JSON.

    One statement. The objects get no keys.
    """
    columns = _columns(model)
    read = attrgetter(*(field.attname for field in columns))
    json_at = [at for at, field in enumerate(columns) if isinstance(field, JSONField)]
    insert(model, [field.name for field in columns], [_row(read(each), json_at) for each in objects])


def insert_from(rows: QuerySet[Any], model: type[Model], columns: Mapping[str, Any]) -> None:
    """
    Insert what a query finds: the expressions of ``columns``, by the names of all fields as :func:`insert` has them.

    One statement, which brings no row here.
    """
    # Annotations alone: else Django may select them in another order.
    named = {f"new_{name}": value for name, value in columns.items()}
    sql, params = rows.annotate(**named).values_list(*named).query.get_compiler(connection.alias).as_sql()
    names = _names(model, tuple(columns))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) {sql}", params)


def _row(values: Row, json_at: Sequence[int]) -> Row:
    row = list(values)
    for at in json_at:
        row[at] = as_json(row[at])
    return tuple(row)


def _columns(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not isinstance(field, AutoField | BigAutoField)]


@cache
def _select_sql(model: type[Model], columns: tuple[str, ...], by: str, _vendor: str) -> str:
    meta: Any = model._meta
    quoted = connection.ops.quote_name
    names = ", ".join(quoted(meta.get_field(name).column) for name in columns)
    return f"SELECT {names} FROM {quoted(meta.db_table)} WHERE {quoted(meta.get_field(by).column)} = %s"  # noqa: S608


@cache
def _insert_sql(model: type[Model], columns: tuple[str, ...], updating: tuple[str, ...], _vendor: str) -> str:
    meta: Any = model._meta
    quoted = connection.ops.quote_name
    names = _names(model, columns)
    values = ", ".join(["%s"] * len(columns))
    sql = f"INSERT INTO {quoted(meta.db_table)} ({names}) VALUES ({values})"  # noqa: S608 (names of models alone)
    if not updating:
        return sql
    key = [meta.pk] if connection.features.supports_update_conflicts_with_target else []
    suffix = connection.ops.on_conflict_suffix_sql(
        [meta.get_field(name) for name in columns],
        OnConflict.UPDATE,
        [meta.get_field(name).column for name in updating],
        [field.column for field in key],
    )
    return f"{sql} {suffix}"


def _names(model: type[Model], columns: tuple[str, ...]) -> str:
    meta: Any = model._meta
    known = {field.name for field in _columns(model)}
    if known != set(columns):
        raise DatabaseError(f"{meta.label} has the columns {sorted(known)}, and {sorted(columns)} are to be written.")
    return ", ".join(connection.ops.quote_name(meta.get_field(name).column) for name in columns)


def stored(model: type[Model], name: str, value: Any) -> Any:
    """A value as the database takes it."""
    field: Any = model._meta.get_field(name)
    return field.get_db_prep_save(value, connection)


def as_json(value: Any) -> str:
    """A list or dictionary as a ``JSONField`` keeps it."""
    return json.dumps(value) if value else "{}" if isinstance(value, dict) else "[]"


def json_text(name: str) -> Cast:
    """
    The text of a ``JSONField``, for :func:`from_json`: the field itself decodes every value, and nearly all of some
    columns are empty lists.
    """
    return Cast(name, TextField())


def from_json(text: str) -> Any:
    """What :func:`json_text` has read."""
    return [] if text == "[]" else json.loads(text)


def new_uuids() -> Callable[[], Any]:
    """What makes UUIDs, as the database takes them."""
    if connection.features.has_native_uuid_field:
        return lambda: str(uuid4())
    return lambda: uuid4().hex


def no_pause() -> None:
    """Between batches of what does not take long, or is not to be stopped."""


def in_batches[T](values: Iterable[T], pause: Callable[[], None] = no_pause) -> Iterator[tuple[T, ...]]:
    """The values in batches of :data:`BATCH_SIZE`; after each, ``pause`` is called, which may raise to stop."""
    for batch in batched(values, BATCH_SIZE):
        yield batch
        pause()
