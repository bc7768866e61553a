"""
A library and a history of any size, made by multiplying what an import has left: SQL alone, one statement a table.

Every row is repeated, with keys, UUIDs and names of its own, and refers to what was repeated with it. On SQLite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import AutoField, Model, UUIDField
from openedx_content import models_api as content

from import_from_modulestore.models import Import, ImportRecord

_TYPES = {content.ComponentType, content.MediaType, content.Container._meta.get_field("container_type").related_model}
_ONCE = {content.LearningPackage, content.DraftChangeLog, content.PublishLog, content.Collection, *_TYPES}
"""What all of a library share."""

_NAMES = {"entity_ref", "component_code", "container_code"}


def multiply_library(times: int) -> None:
    """Have so many of each item of the only library that is there."""
    models = _library_models()
    shifts = _shifts(models, "n")
    own = {name: f"{name} || '_' || n" for name in _NAMES}
    own["hash_digest"] = "printf('%08x', n) || substr(hash_digest, 9)"
    _repeat_all(models, times, shifts, own)


def multiply_history(times: int, copies: int) -> None:
    """
    Have so many of each import that is there, with their records. Each is of one of ``copies`` sources, and about the
    items of one of the ``copies`` of the library; the first of a source has made these, the later ones have met them.
    """
    copy = f"(n % {copies})"
    shifts = _shifts(_library_models(), copy, copies) | _shifts([Import, ImportRecord], "n")
    named = f"CASE WHEN {copy} THEN '_' || {copy} ELSE '' END"
    own = {
        "source_key": f"source_key || {named}",
        "usage_key": f"replace(usage_key, '+type@', {named} || '+type@')",
        "item_key": f"CASE WHEN item_key = '' THEN '' ELSE item_key || {named} END",
    }
    _repeat_all([Import], times, shifts, own)
    met = {name: f"CASE WHEN n < {copies} THEN {name} ELSE 'unchanged' END" for name in ("state", "outcome")}
    _repeat_all([ImportRecord], times, shifts, own | met)


def _library_models() -> list[type[Model]]:
    return [model for model in apps.get_app_config("openedx_content").get_models() if model not in _ONCE]


def _repeat_all(
    models: Iterable[type[Model]], times: int, shifts: Mapping[type[Model], str], own: Mapping[str, str]
) -> None:
    with connection.constraint_checks_disabled(), transaction.atomic():
        for model in models:
            _repeat(model, times, shifts, own)


def _repeat(model: type[Model], times: int, shifts: Mapping[type[Model], str], own: Mapping[str, str]) -> None:
    """Repeat the rows of a table; ``shifts`` is added to keys, by model, and ``own`` is SQL for other columns."""
    quoted = connection.ops.quote_name
    fields: Any = model._meta.local_concrete_fields
    table = quoted(model._meta.db_table)
    columns, values = [], []
    for field in fields:
        of = field.related_model if field.is_relation else model if isinstance(field, AutoField) else None
        columns.append(quoted(field.column))
        if of is not None:
            values.append(f"{columns[-1]}{shifts.get(_root(of), '')}")
        elif isinstance(field, UUIDField):
            values.append("lower(hex(randomblob(16)))")
        else:
            values.append(own.get(field.column, columns[-1]))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {times - 1})"
            f" INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table}, numbers"
        )


def _shifts(models: Iterable[type[Model]], number: str, among: int = 1) -> dict[type[Model], str]:
    """SQL that makes keys those of repetition ``number``, by model; ``among`` are there already."""
    shifts = {}
    for model in {_root(model) for model in models} - _ONCE:
        last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        if last:
            shifts[model] = f" + {number} * {last // among}"
    return shifts


def _root(model: Any) -> type[Model]:
    """The model whose numbers are the keys of this one."""
    while model._meta.pk.is_relation:
        model = model._meta.pk.related_model
    return model
