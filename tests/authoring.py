"""What authors do in a library, in one line each; items are named by their references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from openedx_content import api as content_api
from openedx_content.models_api import Component, Container, Draft, PublishableEntity


class Author:
    """Somebody at work in a library."""

    def __init__(self, package_id: Any, user_id: int | None = None) -> None:
        self.package_id = package_id
        self.user_id = user_id

    def component(self, code: str, body: str = "<p>Mine.</p>", *, block_type: str = "html") -> str:
        """Make a component; gives its reference."""
        media_type = content_api.get_or_create_media_type(f"application/vnd.openedx.xblock.v1.{block_type}+xml")
        olx = content_api.get_or_create_text_media(
            self.package_id, media_type.id, text=f"<{block_type}>{body}</{block_type}>", created=_now()
        )
        component, _version = content_api.create_component_and_version(
            self.package_id,
            content_api.get_or_create_component_type("xblock.v1", block_type),
            code,
            title=f"Mine {code}",
            media={"block.xml": olx.id},
            created=_now(),
            created_by=self.user_id,
        )
        return component.entity_ref

    def container(self, code: str, *refs: str, kind: str = "unit", pinned: bool = False) -> str:
        """Make a container that holds these items; gives its reference."""
        container, _version = content_api.create_container_and_version(
            self.package_id,
            code,
            title=f"Mine {code}",
            container_cls=content_api.get_container_subclass(kind),
            entities=self._entities(refs, pinned=pinned),
            created=_now(),
            created_by=self.user_id,
        )
        return container.entity_ref

    def edit(self, ref: str, title: str = "Edited") -> None:
        """Make the item's next draft version."""
        pk = self.entity(ref).pk
        common: dict[str, Any] = {"title": title, "created": _now(), "created_by": self.user_id}
        if Component.objects.filter(pk=pk).exists():
            content_api.create_next_component_version(Component.objects.get(pk=pk).id, {}, **common)
        else:
            content_api.create_next_container_version(Container.objects.get(pk=pk), **common)

    def write(self, ref: str, olx: str, title: str | None = None) -> None:
        """Give a component other content, and another title where one is named."""
        component = Component.objects.get(pk=self.entity(ref).pk)
        media_type = content_api.get_or_create_media_type(
            f"application/vnd.openedx.xblock.v1.{component.component_type.name}+xml"
        )
        media = content_api.get_or_create_text_media(self.package_id, media_type.id, text=olx, created=_now())
        content_api.create_next_component_version(
            component.id, {"block.xml": media.id}, title=title, created=_now(), created_by=self.user_id
        )

    def add_file(self, ref: str, name: str, data: bytes) -> None:
        """Give a component a file."""
        content_api.create_next_component_version(
            Component.objects.get(pk=self.entity(ref).pk).id,
            {f"static/{name}": data},
            created=_now(),
            created_by=self.user_id,
        )

    def drop_files(self, ref: str) -> None:
        """Take all files off a component."""
        component = Component.objects.get(pk=self.entity(ref).pk)
        media = component.versioning.draft.media.filter(componentversionmedia__path="block.xml").get()
        content_api.create_next_component_version(
            component.id, {"block.xml": media.id}, created=_now(), created_by=self.user_id, ignore_previous_media=True
        )

    def hold(self, ref: str, *refs: str, pinned: bool = False) -> None:
        """Let a container hold just these items from now on."""
        content_api.create_next_container_version(
            Container.objects.get(pk=self.entity(ref).pk),
            entities=self._entities(refs, pinned=pinned),
            created=_now(),
            created_by=self.user_id,
        )

    def delete(self, *refs: str) -> None:
        for ref in refs:
            content_api.soft_delete_draft(self.entity(ref).id)

    def set_back(self, ref: str, num: int) -> None:
        """Make this version the draft again."""
        entity = self.entity(ref)
        content_api.set_draft_version(entity.id, entity.versions.get(version_num=num).pk)

    def publish(self, *refs: str) -> None:
        """Publish these items, and what they hold; everything where none is named."""
        if refs:
            drafts = Draft.objects.filter(entity__in=[self.entity(ref) for ref in refs])
            content_api.publish_from_drafts(self.package_id, drafts)
        else:
            content_api.publish_all_drafts(self.package_id)

    def discard(self) -> None:
        """Discard all unpublished changes."""
        content_api.reset_drafts_to_published(self.package_id)

    def collection(self, code: str, *refs: str) -> None:
        """Make a collection with these items."""
        content_api.create_collection(self.package_id, code, title=code.title(), created_by=self.user_id)
        entities = PublishableEntity.objects.filter(learning_package=self.package_id, entity_ref__in=refs)
        content_api.add_to_collection(self.package_id, code, entities)

    def entity(self, ref: str) -> PublishableEntity:
        return content_api.get_publishable_entity_by_ref(self.package_id, ref)

    def _entities(self, refs: tuple[str, ...], *, pinned: bool = False) -> list[Any]:
        entities = [self.entity(ref) for ref in refs]
        return [entity.draft.version for entity in entities] if pinned else entities


def _now() -> datetime:
    return datetime.now(tz=UTC)
