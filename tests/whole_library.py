"""What planning has to know of a library, read as plainly as can be: all of it, every content hashed, row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from openedx_content.models_api import ComponentVersionMedia, PublishableEntity, PublishableEntityVersion

from import_from_modulestore.data import BlockKind, LocalKey, Outcome
from import_from_modulestore.library import load_library_state
from import_from_modulestore.models import ImportRecord
from import_from_modulestore.olx.normal_form import component_digest, container_digest, normal_digest
from import_from_modulestore.planning import Holder, LibraryItem, LibraryState, PastImport

MET = (Outcome.CREATED, Outcome.UPDATED, Outcome.FORKED, Outcome.UNCHANGED)


def load_whole_library(package_id: Any, *, library_key: str, source_key: str, **rest: Any) -> LibraryState:
    """As ``load_library_state``, which is asked for what has nothing to do with items and history."""
    state = load_library_state(package_id, library_key=library_key, source_key=source_key, **rest)
    entities = PublishableEntity.objects.filter(learning_package_id=package_id).order_by("pk")
    items = {key: _item(entity) for entity in entities if (key := _key(entity)) is not None}
    return replace(
        state,
        items=items,
        history=_history(library_key, source_key),
        live_count=sum(not item.deleted for item in items.values()),
        is_taken=lambda _key: False,
        holders=lambda entity_ids: {
            entity.pk: Holder(_title(entity) or entity.container.container_code, *held)
            for entity in entities
            if hasattr(entity, "container")
            and any(held := [_held(_draft(entity)) & {*entity_ids}, _held(_published(entity)) & {*entity_ids}])
        },
    )


def _key(entity: PublishableEntity) -> LocalKey | None:
    if hasattr(entity, "component"):
        return LocalKey(entity.component.component_type.name, entity.component.component_code)
    return LocalKey(entity.container.container_type.type_code, entity.container.container_code)


def _item(entity: PublishableEntity) -> LibraryItem:
    key, draft, published = _key(entity), _draft(entity), _published(entity)
    children = [row for row in _rows(draft) if _draft(row.entity)] if hasattr(entity, "container") else []
    names = [
        f"{_key(row.entity)}@{row.entity_version_id}" if row.entity_version_id else str(_key(row.entity))
        for row in children
    ]
    return LibraryItem(
        entity_id=entity.pk,
        kind=BlockKind(key.type) if hasattr(entity, "container") else BlockKind.COMPONENT,
        title=_title(entity),
        digest=container_digest(_title(entity), names) if hasattr(entity, "container") else _digest(draft),
        deleted=draft is None,
        children=tuple(row.entity_id for row in children),
        pinned={row.entity_id: row.entity_version_id for row in children if row.entity_version_id},
        is_live=draft == published,
        is_published=published is not None,
    )


def _draft(entity: PublishableEntity) -> PublishableEntityVersion | None:
    return entity.draft.version


def _published(entity: PublishableEntity) -> PublishableEntityVersion | None:
    return entity.published.version if hasattr(entity, "published") else None


def _title(entity: PublishableEntity) -> str:
    return entity.draft.version.title if entity.draft.version else ""


def _rows(version: PublishableEntityVersion | None) -> list[Any]:
    return list(version.containerversion.entity_list.entitylistrow_set.order_by("order_num")) if version else []


def _held(version: PublishableEntityVersion | None) -> set[int]:
    return {row.entity_id for row in _rows(version)}


def _digest(version: PublishableEntityVersion | None) -> str:
    if version is None:
        return ""
    media = {row.path: row.media for row in ComponentVersionMedia.objects.filter(component_version__pk=version.pk)}
    olx = normal_digest(media.pop("block.xml").text)
    files = [(path.removeprefix("static/"), each.hash_digest) for path, each in media.items()]
    return component_digest(olx, version.title, files)


def _history(library_key: str, source_key: str) -> dict[str, PastImport]:
    records = ImportRecord.objects.filter(
        import_run__library_key=library_key, import_run__source_key=source_key, undone=False, outcome__in=MET
    )
    return {
        record.usage_key: PastImport(
            entity_id=record.entity_id,
            source_digest=record.source_digest,
            item_digest=record.item_digest,
            block_type=record.block_type,
            branch=record.import_run.branch,
            name=record.name,
            record=record.pk,
            edited_digest=record.source_content.get("edited_digest", ""),
        )
        for record in records.exclude(entity=None).order_by("pk")
    }
