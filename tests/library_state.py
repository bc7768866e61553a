"""A library as plain data, for comparing two moments or two libraries."""

from __future__ import annotations

from typing import Any

from openedx_content import api as content_api
from openedx_content.models_api import (
    Collection,
    Component,
    ComponentVersionMedia,
    Container,
    LearningPackage,
    Media,
    PublishableEntity,
    PublishableEntityVersion,
)


def library_state(package_ref: str) -> dict[str, Any]:
    """
    Everything that a person or a search can see of a library: items with draft and published versions, which of them
    have something to publish, and collections.

    A version is its number, title, files (OLX included) by path and content, and children by reference. Histories,
    primary keys, and items that are neither drafts nor published are left out, so that a restored library compares
    equal.
    """
    package = LearningPackage.objects.get(package_ref=package_ref)
    entities = PublishableEntity.objects.filter(learning_package=package).select_related(
        "draft__version", "published__version"
    )
    media = _media_by_version(package)
    children = _children_by_version(package)

    def version(found: PublishableEntityVersion | None) -> dict[str, Any] | None:
        if found is None:
            return None
        return {
            "num": found.version_num,
            "title": found.title,
            "files": media.get(found.pk, {}),
            "children": children.get(found.pk, []),
        }

    items = {
        entity.entity_ref: {
            "draft": version(entity.draft.version if hasattr(entity, "draft") else None),
            "published": version(entity.published.version if hasattr(entity, "published") else None),
        }
        for entity in entities
    }
    unpublished = content_api.get_entities_with_unpublished_changes(package.id, include_deleted_drafts=True)
    return {
        "items": {ref: item for ref, item in items.items() if any(item.values())},
        "unpublished": set(unpublished.values_list("entity_ref", flat=True)),
        "with unpublished children": {
            container.entity_ref
            for container in content_api.get_containers(package.id)
            if content_api.contains_unpublished_changes(container)
        },
        "collections": {
            collection.collection_code: (
                collection.title,
                sorted(collection.entities.values_list("entity_ref", flat=True)),
            )
            for collection in Collection.objects.filter(learning_package=package, enabled=True)
        },
    }


def drafts(state: dict[str, Any]) -> dict[str, Any]:
    """The live drafts of a state, by reference."""
    return {ref: item["draft"] for ref, item in state["items"].items() if item["draft"]}


def row_counts() -> dict[str, int]:
    """Rows of every table of ``openedx_content``: what must not change when nothing is written."""
    from django.apps import apps

    return {model.__name__: model.objects.count() for model in apps.get_app_config("openedx_content").get_models()}


def _media_by_version(package: LearningPackage) -> dict[int, dict[str, bytes]]:
    found: dict[int, dict[str, bytes]] = {}
    component_ids = Component.objects.filter(learning_package=package).values("publishable_entity_id")
    for row in ComponentVersionMedia.objects.filter(component_version__component_id__in=component_ids).select_related(
        "media"
    ):
        found.setdefault(row.component_version_id, {})[row.path] = _content_of(row.media)
    return found


def _content_of(media: Media) -> bytes:
    if media.text is not None:
        return media.text.encode()
    with media.read_file() as file:
        return file.read()


def _children_by_version(package: LearningPackage) -> dict[int, list[str]]:
    return {
        version.pk: [row.entity.entity_ref for row in version.entity_list.rows.select_related("entity")]
        for container in Container.objects.filter(learning_package=package)
        for version in container.versions.select_related("entity_list")
    }
