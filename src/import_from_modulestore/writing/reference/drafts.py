"""Writing a plan through the public API of ``openedx_content``."""

from __future__ import annotations

from typing import Any, override

from openedx_content import api as content_api
from openedx_content.models_api import (
    Container,
    DraftChangeLog,
    PublishableEntity,
    PublishableEntityVersion,
)

from ...data import PlannedItem
from ...olx.normal_form import component_olx
from ...packets import measured
from ..change_log import one_change_log
from ..job import WriteJob
from ..writer import Writer
from .media import ComponentMedia
from .setting import ReferenceSetter, set_drafts


class ReferenceWriter(Writer):
    """The :class:`..writer.Writer` that the other is measured by."""

    def __init__(self, job: WriteJob) -> None:
        super().__init__(job, ReferenceSetter(job))

    @override
    def write_drafts(self) -> DraftChangeLog:
        job = self._job
        with one_change_log(job.package_id, changed_by=job.user_id, changed_at=job.now) as change_log:
            self._write_components()
            for item in job.containers:
                self._write_container(item)
            self._remove()
        return change_log

    def _write_components(self) -> None:
        job = self._job
        media = ComponentMedia(job.package_id, job.now)
        for item, element, files in job.component_contents():
            assert item.local_key is not None
            with measured(item.name):
                contents = media.of(item.local_key, component_olx(element), files)
            entity_id: Any = item.entity_id
            if entity_id is None:
                component, _version = content_api.create_component_and_version(
                    job.package_id,
                    component_type=media.component_type(item.local_key.type),
                    component_code=item.local_key.code,
                    title=item.title,
                    created=job.now,
                    created_by=job.user_id,
                    media=contents,
                )
                entity_id = component.id
            else:
                content_api.create_next_component_version(
                    entity_id,
                    media_to_replace=contents,
                    created=job.now,
                    title=item.title,
                    created_by=job.user_id,
                    ignore_previous_media=True,
                )
            self._note(item, entity_id)

    def _write_container(self, item: PlannedItem) -> None:
        assert item.local_key is not None
        job = self._job
        entities = self._children_of(item)
        entity_id: Any = item.entity_id
        if entity_id is None:
            container, _version = content_api.create_container_and_version(
                job.package_id,
                item.local_key.code,
                title=item.title,
                container_cls=content_api.get_container_subclass(item.kind.value),
                entities=entities,
                created=job.now,
                created_by=job.user_id,
            )
            entity_id = container.id
        else:
            content_api.create_next_container_version(
                Container.objects.get(pk=entity_id),
                title=item.title,
                entities=entities,
                created=job.now,
                created_by=job.user_id,
            )
        self._note(item, entity_id)

    def _children_of(self, item: PlannedItem) -> list[PublishableEntity | PublishableEntityVersion]:
        ids = self._job.children_of(item)
        by_id = PublishableEntity.objects.in_bulk(ids.values())
        versions = PublishableEntityVersion.objects.in_bulk(item.pinned.values()) if item.pinned else {}
        return [versions[item.pinned[key]] if key in item.pinned else by_id[pk] for key, pk in ids.items()]

    def _remove(self) -> None:
        removed = {self._job.written.entity_of[item.num]: item for item in self._job.removed}
        set_drafts(dict.fromkeys(removed), lambda entity_id: self._job.tell_item(removed[entity_id]))

    def _note(self, item: PlannedItem, entity_id: PublishableEntity.ID) -> None:
        self._job.written.entity_of[item.num] = entity_id
        self._job.tell_item(item)
