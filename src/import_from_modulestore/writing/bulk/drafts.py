"""Writing a plan in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, override

from django.core.exceptions import ValidationError
from django.db.models import Max
from openedx_content import api as content_api
from openedx_content.models_api import (
    Component,
    ComponentVersion,
    ComponentVersionMedia,
    Container,
    ContainerVersion,
    Draft,
    DraftChangeLog,
    EntityListRow,
    PublishableContentModelRegistry,
    PublishableEntity,
    PublishableEntityVersion,
    PublishableEntityVersionDependency,
)

from ...data import BlockKind, PlannedItem
from ...library.items import FILES_PREFIX, OLX_PATH
from ...olx.normal_form import component_olx
from ...rows import Row, in_batches, insert, new_uuids, stored
from ..job import WriteJob
from ..names import NAMESPACE
from ..writer import Writer
from .changes import Change, Changes
from .lists import new_entity_lists
from .media import BulkMedia, Wanted
from .setting import BulkSetter


@dataclass(frozen=True, slots=True)
class _Before:
    """An item as it is found: its draft version, and the number of its last one."""

    version: int | None
    num: int | None
    last: int


_NOT_THERE = _Before(None, None, 0)


class BulkWriter(Writer):
    """The :class:`..writer.Writer` for versions of ``openedx_content`` that it was compared with the reference on."""

    def __init__(self, job: WriteJob) -> None:
        self._bulk = BulkSetter(job)
        super().__init__(job, self._bulk)
        self._package = self._bulk.package
        self._dependencies = self._bulk.dependencies
        self._changes: Changes = {}
        self._kinds: dict[PublishableEntity.ID, BlockKind] = {}
        self._before: dict[PublishableEntity.ID, _Before] = {}
        self._new_uuid = new_uuids()
        self._created = stored(PublishableEntity, "created", job.now)

    @override
    def write_drafts(self) -> DraftChangeLog:
        self._before = self._found()
        self._write_components()
        self._write_containers()
        self._remove()
        return self._bulk.log_drafts(self._changes)

    # What is there

    def _found(self) -> dict[PublishableEntity.ID, _Before]:
        """The items that get another version, or none, as they are. Two queries for each thousand."""
        there = [self._entity(item) for item in (*self._job.changes, *self._job.removed) if item.entity_id is not None]
        found: dict[PublishableEntity.ID, _Before] = {}
        for batch in in_batches(there):
            drafts = Draft.objects.filter(pk__in=batch).values_list("pk", "version_id", "version__version_num")
            versions = PublishableEntityVersion.objects.filter(entity_id__in=batch).order_by()
            last: dict[PublishableEntity.ID, int] = dict(versions.values_list("entity_id").annotate(Max("version_num")))
            draft_of: dict[int, tuple[int | None, int | None]] = {pk: (version, num) for pk, version, num in drafts}
            for pk in batch:
                found[pk] = _Before(*draft_of.get(pk, (None, None)), last.get(pk, 0))
        return found

    # Components

    def _write_components(self) -> None:
        media = BulkMedia(self._job, self._package)
        for batch in in_batches(self._prepared(media)):
            wanted = [each for _item, contents in batch for each in contents.values() if isinstance(each, Wanted)]
            media_ids = media.ids_of(wanted)
            items = [item for item, _contents in batch]
            self._make_entities(items)
            self._make_components([item for item in items if item.entity_id is None], media)
            version_of = self._make_versions(items)
            insert(
                ComponentVersion,
                ("publishable_entity_version", "component"),
                [(version_of[item.num], self._entity(item)) for item in items],
            )
            insert(
                ComponentVersionMedia,
                ("component_version", "media", "path"),
                [
                    (version_of[item.num], media_ids[each.key] if isinstance(each, Wanted) else each, path)
                    for item, contents in batch
                    for path, each in contents.items()
                ],
            )
            for version in version_of.values():
                self._dependencies.add(version, ())

    def _prepared(self, media: BulkMedia) -> Iterator[tuple[PlannedItem, Mapping[str, Wanted | int]]]:
        """The components, each with its contents by path."""
        for item, element, files in self._job.component_contents():
            assert item.local_key is not None
            contents: dict[str, Wanted | int] = {
                OLX_PATH: media.olx(item.local_key.type, component_olx(element), item.name)
            }
            for file in files:
                path = FILES_PREFIX + file["name"]
                if path != path.strip() or "\\" in path:  # As _set_component_version_media refuses it.
                    raise ValueError(f"{path!r} is an invalid media path")
                contents[path] = media.file(file)
            self._job.tell_item(item)
            yield item, contents

    def _make_components(self, items: Sequence[PlannedItem], media: BulkMedia) -> None:
        rows = []
        for item in items:
            assert item.local_key is not None
            key = item.local_key
            rows.append((self._entity(item), self._package.id, media.component_type(key.type), key.code))
        insert(Component, ("publishable_entity", "learning_package", "component_type", "component_code"), rows)

    # Containers

    def _write_containers(self) -> None:
        containers = self._job.containers
        for batch in in_batches(containers):
            self._make_entities(batch)
            self._make_containers([item for item in batch if item.entity_id is None])
            self._job.tell_again()
        types = self._container_types(containers)
        for batch in in_batches(containers):
            children = {item.num: self._children_of(item) for item in batch}
            self._check_children(batch, types, children)
            version_of = self._make_versions(batch)
            lists = new_entity_lists(len(batch))
            list_rows: list[Row] = []
            dependency_rows: list[Row] = []
            for item, entity_list in zip(batch, lists, strict=True):
                held = children[item.num]
                list_rows += [(entity_list, order, entity, version) for order, (entity, version) in enumerate(held)]
                depends_on = {entity for entity, version in held if version is None}
                dependency_rows += [(version_of[item.num], entity) for entity in depends_on]
                self._dependencies.add(version_of[item.num], depends_on)
                self._job.tell_item(item)
            insert(EntityListRow, ("entity_list", "order_num", "entity", "entity_version"), list_rows)
            insert(PublishableEntityVersionDependency, ("referring_version", "referenced_entity"), dependency_rows)
            insert(
                ContainerVersion,
                ("publishable_entity_version", "container", "entity_list"),
                [
                    (version_of[item.num], self._entity(item), entity_list)
                    for item, entity_list in zip(batch, lists, strict=True)
                ],
            )
            for cls in dict.fromkeys(types.values()):
                model = PublishableContentModelRegistry.get_versioned_model_cls(cls)
                versions = [version_of[item.num] for item in batch if types[item.num] is cls]
                insert(model, (model._meta.pk.name,), [(version,) for version in versions])

    def _make_containers(self, items: Sequence[PlannedItem]) -> None:
        by_kind: dict[BlockKind, list[Row]] = {}
        rows: list[Row] = []
        for item in items:
            assert item.local_key is not None
            cls = content_api.get_container_subclass(item.kind.value)
            pk = self._entity(item)
            rows.append((pk, self._package.id, cls.get_container_type().pk, item.local_key.code))
            by_kind.setdefault(item.kind, []).append((pk,))
        insert(Container, ("publishable_entity", "learning_package", "container_type", "container_code"), rows)
        for kind, keys in by_kind.items():
            model = content_api.get_container_subclass(kind.value)
            insert(model, (model._meta.pk.name,), keys)

    def _container_types(self, items: Sequence[PlannedItem]) -> dict[int, Any]:
        """What the containers are, by ``num``: new ones as planned, others as the library has them."""
        codes: dict[int, str] = {}
        for batch in in_batches(self._entity(item) for item in items if item.entity_id is not None):
            found = Container.objects.filter(pk__in=batch).select_related(None)
            codes.update(found.values_list("pk", "container_type__type_code"))
        return {
            item.num: content_api.get_container_subclass(
                item.kind.value if item.entity_id is None else codes[item.entity_id]
            )
            for item in items
        }

    def _children_of(self, item: PlannedItem) -> list[tuple[PublishableEntity.ID, int | None]]:
        """The entities that a container is to hold, each with the version that it is to have there."""
        return [(entity, item.pinned.get(key)) for key, entity in self._job.children_of(item).items()]

    def _check_children(
        self,
        items: Sequence[PlannedItem],
        types: Mapping[int, Any],
        children: Mapping[int, list[tuple[PublishableEntity.ID, int | None]]],
    ) -> None:
        """Have ``openedx_content`` judge what containers are to hold. One query for each thousand that are there."""
        there: dict[int, PublishableEntity] = {}
        asked = {entity for held in children.values() for entity, _version in held if entity not in self._kinds}
        for batch in in_batches(asked):
            there |= PublishableEntity.objects.select_related("component", "container__container_type").in_bulk(batch)
        for item in items:
            for entity, _version in children[item.num]:
                if entity in self._kinds:
                    fits = self._kinds[entity].rank == item.kind.rank - 1
                else:
                    if there[entity].learning_package_id != self._package.id:
                        raise ValidationError("Container entities must be from the same learning package.")
                    fits = _may_hold(types[item.num], there[entity])
                if not fits:
                    raise ValidationError(
                        f'The entity "{entity}" cannot be added to a "{types[item.num].type_code}" container.'
                    )

    # Both

    def _make_entities(self, items: Sequence[PlannedItem]) -> None:
        """Make the entities of those that are not there yet."""
        new = {_ref(item): item for item in items if item.entity_id is None}
        insert(
            PublishableEntity,
            ("uuid", "learning_package", "entity_ref", "created", "created_by", "can_stand_alone"),
            [(self._new_uuid(), self._package.id, ref, self._created, self._job.user_id, True) for ref in new],
        )
        if not new:
            return
        made = PublishableEntity.objects.filter(learning_package_id=self._package.id, entity_ref__in=list(new))
        for ref, pk in made.values_list("entity_ref", "pk"):
            item = new[ref]
            self._job.written.entity_of[item.num] = pk
            self._kinds[pk] = item.kind

    def _make_versions(self, items: Sequence[PlannedItem]) -> dict[int, int]:
        """The next version of each item, by ``num``."""
        columns = ("uuid", "entity", "title", "version_num", "created", "created_by")
        before = {self._entity(item): self._before.get(self._entity(item), _NOT_THERE) for item in items}
        insert(
            PublishableEntityVersion,
            columns,
            [
                (
                    self._new_uuid(),
                    (entity := self._entity(item)),
                    item.title,
                    before[entity].last + 1,
                    self._created,
                    self._job.user_id,
                )
                for item in items
            ],
        )
        numbers = {found.last + 1 for found in before.values()}
        made = PublishableEntityVersion.objects.filter(entity_id__in=list(before), version_num__in=numbers)
        ids = {(entity, num): pk for entity, num, pk in made.values_list("entity_id", "version_num", "pk")}
        version_of = {}
        for item in items:
            entity = self._entity(item)
            found = before[entity]
            version = version_of[item.num] = ids[entity, found.last + 1]
            self._changes[entity] = Change(
                found.version, found.num, version, found.last + 1, is_new=item.entity_id is None
            )
        return version_of

    def _entity(self, item: PlannedItem) -> PublishableEntity.ID:
        return self._job.written.entity_of[item.num]

    # Removals

    def _remove(self) -> None:
        for item in self._job.removed:
            entity = self._entity(item)
            found = self._before[entity]
            if found.version is not None:
                self._changes[entity] = Change(found.version, found.num, None, None)
            self._job.tell_item(item)


def _ref(item: PlannedItem) -> str:
    assert item.local_key is not None
    code = item.local_key.code
    return code if item.kind.is_container else f"{NAMESPACE}:{item.local_key.type}:{code}"


def _may_hold(container_cls: Any, entity: PublishableEntity) -> bool:
    try:
        container_cls.validate_entity(entity)
    except ValidationError:
        return False
    return True
