"""Single items of a library, with their content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from openedx_content.models_api import (
    ComponentVersionMedia,
    EntityListRow,
    LearningPackage,
    Media,
    PublishableEntity,
    PublishableEntityVersion,
)

from ..data import LocalKey

OLX_PATH = "block.xml"
"""Where a component version keeps its OLX (platform: ``openedx/core/djangoapps/xblock``)."""

FILES_PREFIX = "static/"


@dataclass(frozen=True)
class ItemVersion:
    """One version of an item; a component has ``olx`` and ``files`` (name, size, digest), a container ``children``."""

    num: int
    title: str
    created: datetime
    olx: str
    files: tuple[tuple[str, int, str], ...]
    children: tuple[tuple[LocalKey, str], ...]
    """Live children in order, with the titles they have now."""


@dataclass(frozen=True)
class Item:
    """An item of a library with its current versions; ``None`` where there is no such version."""

    key: LocalKey
    draft_id: int | None
    draft_num: int | None
    published_num: int | None


@dataclass(frozen=True)
class StoredComponent:
    """A version of a component with its content; of each file the name, the ID of its media, size and digest."""

    title: str
    olx: str
    files: tuple[tuple[str, int, int, str], ...]


def find_item(entity_id: int) -> Item | None:
    """The item of this entity; ``None`` where it is gone. One query."""
    row = (
        PublishableEntity.objects.filter(pk=entity_id)
        .values_list(
            "component__component_type__name",
            "component__component_code",
            "container__container_type__type_code",
            "container__container_code",
            "draft__version_id",
            "draft__version__version_num",
            "published__version__version_num",
        )
        .first()
    )
    if row is None:
        return None
    block_type, block_code, container_type, container_code, *versions = row
    return Item(LocalKey(container_type or block_type or "", container_code or block_code or ""), *versions)


def item_version(version_id: int) -> ItemVersion:
    """A version of an item with its content. Four queries at most."""
    version = PublishableEntityVersion.objects.select_related("entity").get(pk=version_id)
    olx, files = "", []
    rows = ComponentVersionMedia.objects.filter(component_version_id=version_id).select_related("media")
    for row in rows.order_by("path"):
        if row.path == OLX_PATH:
            olx = row.media.text or ""
        else:
            files.append((row.path.removeprefix(FILES_PREFIX), row.media.size, row.media.hash_digest))
    return ItemVersion(
        num=version.version_num,
        title=version.title,
        created=version.created,
        olx=olx,
        files=tuple(files),
        children=tuple(_children(version_id)),
    )


def stored_components(version_ids: Collection[int]) -> dict[int, StoredComponent]:
    """These versions of components, by ID; two queries."""
    titles = PublishableEntityVersion.objects.filter(pk__in=version_ids).values_list("pk", "title")
    olx: dict[int, str] = {}
    files: dict[int, list[tuple[str, int, int, str]]] = {}
    rows = ComponentVersionMedia.objects.filter(component_version__in=version_ids).select_related("media")
    for row in rows.order_by("path"):
        version_id = row.component_version_id
        if row.path == OLX_PATH:
            olx[version_id] = row.media.text or ""
        else:
            name = row.path.removeprefix(FILES_PREFIX)
            files.setdefault(version_id, []).append((name, row.media_id, row.media.size, row.media.hash_digest))
    return {pk: StoredComponent(title, olx.get(pk, ""), tuple(files.get(pk, ()))) for pk, title in titles}


def children_of(version_ids: Collection[int]) -> dict[int, tuple[LocalKey, ...]]:
    """What these versions of containers hold, live or not, by ID; one query."""
    found: dict[int, list[LocalKey]] = {pk: [] for pk in version_ids}
    rows = (
        EntityListRow.objects.filter(
            entity_list__container_versions__publishable_entity_version__in=version_ids,
        )
        .order_by("order_num")
        .values_list("entity_list__container_versions__publishable_entity_version_id", *_KEY)
    )
    for version_id, *key in rows:
        found[version_id].append(_local_key(*key))
    return {pk: tuple(keys) for pk, keys in found.items()}


def keys_of(entity_ids: Collection[int]) -> dict[int, LocalKey]:
    """The keys of these items, by entity ID; one query, or none."""
    if not entity_ids:
        return {}
    rows = PublishableEntity.objects.filter(pk__in=entity_ids).values_list(
        "pk", *(name.removeprefix("entity__") for name in _KEY)
    )
    return {pk: _local_key(*key) for pk, *key in rows}


def local_keys(names: Iterable[str]) -> tuple[LocalKey, ...]:
    """Local keys that were kept as texts."""
    return tuple(LocalKey(*name.split(":", 1)) for name in names)


def lost_files(package_id: LearningPackage.ID) -> list[tuple[LocalKey, str]]:
    """
    Files of drafts and published versions that the storage has lost, or has with another content: item and name.

    One query; every file is read once, in pieces. Holds a few at a time, of however many there are.
    """
    rows = (
        ComponentVersionMedia.objects.filter(
            component_version__component__learning_package_id=package_id, media__has_file=True
        )
        .filter(
            Q(component_version__publishable_entity_version__draft__isnull=False)
            | Q(component_version__publishable_entity_version__published__isnull=False)
        )
        .select_related("media__learning_package", "component_version__component__component_type")
        .order_by("pk")
    )
    sound: dict[int, bool] = {}
    lost = []
    for row in rows.iterator():
        if row.media_id not in sound:
            sound[row.media_id] = _is_sound(row.media)
        if not sound[row.media_id]:
            component = row.component_version.component
            item = LocalKey(component.component_type.name, component.component_code)
            lost.append((item, row.path.removeprefix(FILES_PREFIX)))
    return list(dict.fromkeys(lost))


def _is_sound(media: Media) -> bool:
    digest = hashlib.blake2b(digest_size=20)  # As openedx_django_lib.fields.create_hash_digest, in pieces.
    try:
        with media.read_file() as stored:
            for chunk in stored.chunks():
                digest.update(chunk)
    except OSError:
        return False
    return digest.hexdigest() == media.hash_digest


def _children(version_id: int) -> Iterable[tuple[LocalKey, str]]:
    rows = (
        EntityListRow.objects.filter(
            entity_list__container_versions__publishable_entity_version_id=version_id,
            entity__draft__version__isnull=False,
        )
        .order_by("order_num")
        .values_list("entity__draft__version__title", *_KEY)
    )
    for title, *key in rows:
        yield _local_key(*key), title


_KEY = (
    "entity__component__component_type__name",
    "entity__component__component_code",
    "entity__container__container_type__type_code",
    "entity__container__container_code",
)


def _local_key(
    block_type: str | None, block_code: str | None, container_type: str | None, container_code: str | None
) -> LocalKey:
    return LocalKey(container_type or block_type or "", container_code or block_code or "")
