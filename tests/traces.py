"""
All that a step leaves of itself in a library, in a form in which two ways of doing it can be compared.

Every table of ``openedx_content`` and of the app, the files in the storage of libraries, and what other apps are told
after the commit. Surrogate keys are replaced by the places that their rows have in their table, UUIDs and times by what
they are: there, or new.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
from django.apps import apps
from django.db import connection
from django.test import TestCase
from openedx_content import api as content_api
from openedx_content.applets.media.models import get_storage
from openedx_content.models_api import (
    Collection,
    CollectionPublishableEntity,
    ComponentVersionMedia,
    DraftSideEffect,
    EntityListRow,
    PublishableEntity,
    PublishableEntityVersion,
    PublishableEntityVersionDependency,
    PublishSideEffect,
)

SIGNALS = [value for name, value in vars(content_api.signals).items() if name.isupper()]

UNORDERED = {
    CollectionPublishableEntity,
    ComponentVersionMedia,
    DraftSideEffect,
    EntityListRow,
    PublishableEntityVersionDependency,
    PublishSideEffect,
}
"""Tables whose rows nothing refers to, and nobody reads in the order of their keys."""

KEPT_KEYS = connection.vendor == "sqlite"
"""Whether what is rolled back gives its keys back, so that hashes of keys can be compared."""


class Traces:
    """What is in a library now, and what has been told since this was made."""

    def __init__(self) -> None:
        self.began = datetime.now(tz=UTC)
        self._told: list[tuple[str, dict[str, Any]]] = []

    def hear(self, signal: Any, **told: Any) -> None:
        self._told.append((signal.event_type, told))

    def all(self) -> dict[str, Any]:
        """Everything, by what it is of."""
        tables = {model: list(model._default_manager.order_by("pk")) for model in _models()}
        self._places = {model: {row.pk: number for number, row in enumerate(rows)} for model, rows in tables.items()}
        found: dict[str, Any] = {model.__name__: self._rows(model, rows) for model, rows in tables.items()}
        found["files"] = stored_files()
        found["told"] = [(name, self._plain(told)) for name, told in self._told]
        return found

    def _rows(self, model: Any, rows: list[Any]) -> list[Any]:
        values = [
            tuple((field.name, self._value(field, getattr(row, field.attname))) for field in _fields(model))
            for row in rows
        ]
        return sorted(values, key=repr) if model in UNORDERED or model._meta.auto_created else values

    def _value(self, field: Any, value: Any) -> Any:
        if field.is_relation and field.related_model in self._places and field.target_field.primary_key:
            return self._place(field.related_model, value)
        if field.name == "dependencies_hash_digest" and not KEPT_KEYS:
            return bool(value)
        if field.name == "contents_collections":
            return [
                each
                | {
                    "collection": self._place(Collection, each["collection"]),
                    "added": sorted(self._place(PublishableEntity, pk) for pk in each["added"]),
                }
                for each in value
            ]
        return self._known(value)

    def _place(self, model: Any, pk: Any) -> Any:
        if pk is None:
            return None
        while model._meta.pk.is_relation:
            model = model._meta.pk.related_model
        return self._places[model][pk]

    def _known(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return "now" if value >= self.began else value.isoformat()
        return "a UUID" if isinstance(value, UUID) else value

    def _plain(self, told: Any, name: str = "") -> Any:
        """What a signal tells, with places for keys."""
        if attrs.has(type(told)):
            return {
                field.name: self._plain(getattr(told, field.name), field.name) for field in attrs.fields(type(told))
            }
        if isinstance(told, dict):
            return {
                key: self._plain(value, key) for key, value in told.items() if key not in ("signal", "metadata")
            } | ({"time": self._known(told["metadata"].time)} if "metadata" in told else {})
        if isinstance(told, list):
            return [self._plain(each, name) for each in told]
        if name in ("entity_id", "entities_added", "entities_removed"):
            return self._place(PublishableEntity, told)
        if name in ("old_version_id", "new_version_id"):
            return self._place(PublishableEntityVersion, told)
        if name == "collection_id":
            return self._place(Collection, told)
        return "a log" if name in ("draft_change_log_id", "publish_log_id") else self._known(told)


@contextmanager
def traced() -> Iterator[Traces]:
    """Hear what is told; what is done within counts as committed at its end, and is told then."""
    traces = Traces()
    for signal in SIGNALS:
        signal.connect(traces.hear, weak=False)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            yield traces
    finally:
        for signal in SIGNALS:
            signal.disconnect(traces.hear)


def stored_files() -> dict[str, bytes]:
    """The files in the storage of libraries."""
    folder = Path(get_storage().location)
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@contextmanager
def given_back() -> Iterator[None]:
    """Remove the files that are written to the storage within."""
    before = stored_files()
    yield
    folder = Path(get_storage().location)
    for name in stored_files().keys() - before.keys():
        (folder / name).unlink()


def _models() -> list[Any]:
    return [
        model
        for label in ("openedx_content", "modulestore_imports")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]


def _fields(model: Any) -> list[Any]:
    """All of a row but a key that counts by itself, and of which nothing can be said."""
    return [field for field in model._meta.local_concrete_fields if not (field.primary_key and not field.is_relation)]
