"""Writing a plan through the public API of ``openedx_content``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any, cast

from django.utils.translation import gettext as _
from lxml import etree
from openedx_content import api as content_api
from openedx_content.models_api import (
    Container,
    Draft,
    DraftChangeLog,
    LearningPackage,
    PublishableEntity,
    PublishableEntityVersion,
    PublishLog,
)

from ..data import BlockKind, Decision, Plan, PlannedItem, Progress
from ..errors import PlanBlocked
from ..merges import merged_components, stored_file
from ..models import Import
from ..olx.normal_form import component_olx
from ..packets import measured
from ..staging.content import staged_components
from .change_log import one_change_log
from .components import ComponentMedia
from .publishing import publish, publish_removals

_BATCH_SIZE = 500


@dataclass
class Written:
    """What a write did: the entity of every planned item that has one, by ``num``, and the logs."""

    entity_of: dict[int, PublishableEntity.ID] = field(default_factory=dict)
    draft_change_log: DraftChangeLog | None = None
    publish_logs: list[PublishLog] = field(default_factory=list)
    merged_files: dict[int, list[str]] = field(default_factory=dict)
    """The names of the files of components that were merged, by ``num``."""


def write_plan(
    run: Import, plan: Plan, *, package_id: LearningPackage.ID, user_id: int | None, now: datetime, progress: Progress
) -> Written:
    """
    Carry out a plan. Must be inside :func:`.change_log.all_or_nothing`.

    A plan that writes nothing leaves no trace in the library, not even an empty log. Files go to the library's storage,
    which no transaction covers: a write that is rolled back may leave content there that no row names and that the next
    write of the same content takes over.
    """
    written = Written(
        entity_of={item.num: cast(PublishableEntity.ID, item.entity_id) for item in plan.everything if item.entity_id}
    )
    changes = [item for item in plan.items if item.outcome.writes]
    removed = [item for item in plan.gone if item.is_removed]
    if not changes and not removed:
        return written
    with one_change_log(package_id, changed_by=user_id, changed_at=now) as change_log:
        _Writer(run, package_id, user_id, now, progress, plan, written).write(changes, removed)
    written.draft_change_log = change_log
    to_publish = [item for item in changes if item.publish]
    to_publish_removed = [written.entity_of[item.num] for item in removed if item.publish]
    if to_publish or to_publish_removed:
        total = len(changes) + len(removed)
        progress("publishing", total, total, run.library_title)
        how: dict[str, Any] = {
            "message": f"Import from {run.source_key}"[:255],
            "published_by": user_id,
            "published_at": now,
        }
        written.publish_logs = publish(package_id, to_publish, written.entity_of, **how)
        written.publish_logs += publish_removals(package_id, to_publish_removed, **how)
    return written


class _Writer:
    def __init__(
        self,
        run: Import,
        package_id: LearningPackage.ID,
        user_id: int | None,
        now: datetime,
        progress: Progress,
        plan: Plan,
        written: Written,
    ) -> None:
        self._run = run
        self._package_id = package_id
        self._user_id = user_id
        self._now = now
        self._progress = progress
        self._written = written
        self._num_of = {item.local_key: item.num for item in plan.items if item.local_key is not None}
        self._done = 0

    def write(self, changes: list[PlannedItem], removed: Sequence[PlannedItem]) -> None:
        """
        Components first, then containers from the smallest up: a container needs its children. Removals come last,
        when nothing that is written holds them any more.
        """
        self._total = len(changes) + len(removed)
        self._write_components({item.num: item for item in changes if item.kind is BlockKind.COMPONENT})
        containers = [item for item in changes if item.kind.is_container]
        for item in sorted(containers, key=lambda item: (item.kind.rank, item.num)):
            self._write_container(item)
        self._remove(removed)

    def _write_components(self, items: Mapping[int, PlannedItem]) -> None:
        media = ComponentMedia(self._package_id, self._now)
        for num, element, files in self._contents(items):
            item = items[num]
            assert item.local_key is not None
            with measured(item.name):
                contents = media.of(item.local_key, component_olx(element), files)
            entity_id: Any = item.entity_id
            if entity_id is None:
                component, _version = content_api.create_component_and_version(
                    self._package_id,
                    component_type=media.component_type(item.local_key.type),
                    component_code=item.local_key.code,
                    title=item.title,
                    created=self._now,
                    created_by=self._user_id,
                    media=contents,
                )
                entity_id = component.id
            else:
                content_api.create_next_component_version(
                    entity_id,
                    media_to_replace=contents,
                    created=self._now,
                    title=item.title,
                    created_by=self._user_id,
                    ignore_previous_media=True,
                )
            self._note(item, entity_id)

    def _contents(self, items: Mapping[int, PlannedItem]) -> Iterator[tuple[int, etree._Element, list[dict[str, Any]]]]:
        """What components are to hold, and their files, by ``num``: as it is staged, or merged."""
        merged = {
            num: (item.entity_id, item.based_on)
            for num, item in items.items()
            if item.decision is Decision.MERGE and item.based_on is not None and item.entity_id is not None
        }
        for block, element in staged_components(self._run, items.keys() - merged.keys()):
            yield block.num, element, block.files
        found = 0
        for merge in merged_components(self._run, merged) if merged else ():
            texts, item = merge.merged.texts, items[merge.block.num]
            if texts.digest != item.item_digest or merge.merged.open:
                break
            found += 1
            self._written.merged_files[item.num] = [file.name for file in texts.files]
            yield item.num, texts.element, [stored_file(file) for file in texts.files]
        if found < len(merged):
            raise PlanBlocked((_("Somebody has changed the library while this was being merged. Complete it again."),))

    def _write_container(self, item: PlannedItem) -> None:
        assert item.local_key is not None
        entities = self._children_of(item)
        entity_id: Any = item.entity_id
        if entity_id is None:
            container, _version = content_api.create_container_and_version(
                self._package_id,
                item.local_key.code,
                title=item.title,
                container_cls=content_api.get_container_subclass(item.kind.value),
                entities=entities,
                created=self._now,
                created_by=self._user_id,
            )
            entity_id = container.id
        else:
            content_api.create_next_container_version(
                Container.objects.get(pk=entity_id),
                title=item.title,
                entities=entities,
                created=self._now,
                created_by=self._user_id,
            )
        self._note(item, entity_id)

    def _children_of(self, item: PlannedItem) -> list[PublishableEntity | PublishableEntityVersion]:
        ids = {
            key: item.held[key] if key in item.held else self._written.entity_of[self._num_of[key]]
            for key in item.children
        }
        by_id = PublishableEntity.objects.in_bulk(ids.values())
        versions = PublishableEntityVersion.objects.in_bulk(item.pinned.values()) if item.pinned else {}
        return [versions[item.pinned[key]] if key in item.pinned else by_id[pk] for key, pk in ids.items()]

    def _remove(self, items: Sequence[PlannedItem]) -> None:
        for batch in batched(items, _BATCH_SIZE):
            ids = [self._written.entity_of[item.num] for item in batch]
            drafts = Draft.objects.filter(pk__in=ids).prefetch_related("entity").in_bulk()
            for item, entity_id in zip(batch, ids, strict=True):
                content_api.set_draft_version(drafts[entity_id], None)  # As soft_delete_draft, with fewer queries.
                self._note(item, entity_id)

    def _note(self, item: PlannedItem, entity_id: PublishableEntity.ID) -> None:
        self._written.entity_of[item.num] = entity_id
        self._done += 1
        self._progress("writing", self._done, self._total, item.name)
