"""
What others ask of where legacy content went (platform: cms/djangoapps/modulestore_migrator/api/read_api.py).

A migration is done in small: once for each library, and at once (``api/write_api.py``, ``tasks.py``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.text import slugify
from lxml import etree
from opaque_keys.edx.keys import UsageKey
from opaque_keys.edx.locator import LibraryContainerLocator, LibraryLocatorV2, LibraryUsageLocatorV2
from openedx.core.djangoapps.content_staging.api import stage_xblock_temporarily
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage
from user_tasks.models import UserTaskStatus
from xblock.core import XBlock
from xmodule.modulestore.django import modulestore

from . import models
from .data import CompositionLevel, RepeatHandlingStrategy

_KINDS = {
    "chapter": CompositionLevel.Section,
    "sequential": CompositionLevel.Subsection,
    "vertical": CompositionLevel.Unit,
}


@dataclass(frozen=True)
class ModulestoreMigration:
    pk: int
    source_key: Any
    target_key: LibraryLocatorV2
    target_title: str
    target_collection_slug: str | None
    target_collection_title: str | None
    is_failed: bool
    task_uuid: UUID


@dataclass(frozen=True)
class ModulestoreBlockMigrationSuccess:
    source_key: UsageKey
    target_entity_pk: int
    target_key: LibraryUsageLocatorV2 | LibraryContainerLocator
    target_title: str
    target_version_num: int | None
    is_failed = False


@dataclass(frozen=True)
class ModulestoreBlockMigrationFailure:
    source_key: UsageKey
    unsupported_reason: str
    is_failed = True


def is_forwarded(source_key: Any) -> bool:
    return get_forwarding(source_key) is not None


def get_forwarding(source_key: Any) -> ModulestoreMigration | None:
    source = models.ModulestoreSource.objects.filter(key=str(source_key)).first()
    if source is None or source.forwarded is None or source.forwarded.is_failed:
        return None
    return _migration(source.forwarded)


def get_forwarding_for_blocks(source_keys: Iterable[UsageKey]) -> dict[UsageKey, ModulestoreBlockMigrationSuccess]:
    sources = models.ModulestoreBlockSource.objects.filter(key__in=[str(key) for key in source_keys])
    return {
        source.key: _success(source.forwarded)
        for source in sources
        if source.forwarded is not None and source.forwarded.target is not None
    }


def get_migrations(
    source_key: Any = None, *, target_key: LibraryLocatorV2 | None = None, is_failed: bool | None = None
) -> Iterator[ModulestoreMigration]:
    migrations = models.ModulestoreMigration.objects.order_by("-id")
    if source_key:
        migrations = migrations.filter(source__key=source_key)
    if target_key:
        migrations = migrations.filter(target__package_ref=str(target_key))
    if is_failed is not None:
        migrations = migrations.filter(is_failed=is_failed)
    return (_migration(migration) for migration in migrations)


def get_migration_blocks(
    migration_pk: int,
) -> dict[UsageKey, ModulestoreBlockMigrationSuccess | ModulestoreBlockMigrationFailure]:
    return {
        found.source.key: _success(found)
        if found.target
        else ModulestoreBlockMigrationFailure(found.source.key, found.unsupported_reason or "")
        for found in models.ModulestoreBlockMigration.objects.filter(overall_migration=migration_pk)
    }


def _migration(found: models.ModulestoreMigration) -> ModulestoreMigration:
    collection = found.target_collection
    return ModulestoreMigration(
        pk=found.pk,
        source_key=found.source.key,
        target_key=LibraryLocatorV2.from_string(found.target.package_ref),
        target_title=found.target.title,
        target_collection_slug=collection.collection_code if collection else None,
        target_collection_title=collection.title if collection else None,
        is_failed=found.is_failed,
        task_uuid=found.task_status.uuid,
    )


def _success(found: models.ModulestoreBlockMigration) -> ModulestoreBlockMigrationSuccess:
    entity, record = found.target, found.change_log_record
    library_key = LibraryLocatorV2.from_string(entity.learning_package.package_ref)
    key: LibraryUsageLocatorV2 | LibraryContainerLocator
    if hasattr(entity, "component"):
        component = entity.component
        key = LibraryUsageLocatorV2(library_key, component.component_type.name, component.component_code)
    else:
        container = entity.container
        key = LibraryContainerLocator(library_key, container.container_type.type_code, container.container_code)
    version = record.new_version if record else None
    draft = content_api.get_draft_version(entity)
    return ModulestoreBlockMigrationSuccess(
        source_key=found.source.key,
        target_entity_pk=entity.id,
        target_key=key,
        target_title=version.title if version else draft.title if draft else "",
        target_version_num=version.version_num if version else None,
    )


def start_migration_to_library(
    *,
    user: Any,
    source_key: Any,
    target_library_key: LibraryLocatorV2,
    target_collection_slug: str | None = None,
    create_collection: bool = False,
    composition_level: CompositionLevel,
    repeat_handling_strategy: RepeatHandlingStrategy,
    preserve_url_slugs: bool,
    forward_source_to_target: bool | None,
) -> None:
    source, _made = models.ModulestoreSource.objects.get_or_create(key=str(source_key))
    package = LearningPackage.objects.get(package_ref=str(target_library_key))
    migration = models.ModulestoreMigration.objects.create(
        source=source,
        composition_level=composition_level.value,
        repeat_handling_strategy=repeat_handling_strategy.value,
        preserve_url_slugs=preserve_url_slugs,
        target=package,
        task_status=UserTaskStatus.objects.create(
            user=user, task_id=str(uuid4()), task_class="migrate", name="Migrate", state="Succeeded", total_steps=1
        ),
    )
    root = modulestore().get_item(source_key.make_usage_key(*_root_of(source_key)))
    staged = stage_xblock_temporarily(root, user.pk, "migrate")
    made: list[tuple[UsageKey, Any, str | None]] = []
    with content_api.bulk_draft_changes_for(package.id) as change_log:
        _migrate(etree.fromstring(staged.olx), source_key, package, composition_level, preserve_url_slugs, made)
    staged.delete()
    migration.change_log = change_log
    migration.save()
    records = dict(change_log.records.values_list("entity_id", "pk"))
    content_api.publish_from_drafts(
        package.id, draft_qset=content_api.get_all_drafts(package.id).filter(entity__in=records)
    )
    forward = forward_source_to_target or (forward_source_to_target is None and source.forwarded is None)
    for key, entity_id, reason in made:
        block_source, _made = models.ModulestoreBlockSource.objects.get_or_create(overall_source=source, key=key)
        block_migration = models.ModulestoreBlockMigration.objects.create(
            overall_migration=migration,
            source=block_source,
            target_id=entity_id,
            change_log_record_id=records.get(entity_id),
            unsupported_reason=reason,
        )
        if forward:
            block_source.forwarded = block_migration
            block_source.save()
    if forward:
        source.forwarded = migration
        source.save()


def _root_of(source_key: Any) -> tuple[str, str]:
    return ("course", "course") if source_key.is_course else ("library", "library")


def _migrate(
    element: etree._Element,
    source_key: Any,
    package: LearningPackage,
    level: CompositionLevel,
    preserve_url_slugs: bool,
    made: list[tuple[UsageKey, Any, str | None]],
) -> Any:
    kind = _KINDS.get(element.tag)
    is_root = element.tag in ("course", "library")
    children = []
    if kind or is_root:
        children = [_migrate(child, source_key, package, level, preserve_url_slugs, made) for child in element]
    if is_root or (kind and [*CompositionLevel].index(kind) > [*CompositionLevel].index(level)):
        return None
    key = source_key.make_usage_key(element.tag, element.get("url_name"))
    title = element.get("display_name", key.block_id)
    code = key.block_id if preserve_url_slugs else slugify(title)
    common = {"title": title, "created": timezone.now()}
    if not kind and XBlock.load_class(element.tag).has_children:
        made.append((key, None, f"{element.tag} blocks are not supported. It has {len(element)} children blocks."))
        return None
    if kind:
        container_class = content_api.get_container_subclass(kind.value)
        entities = [child for child in children if child is not None]
        item, _version = content_api.create_container_and_version(
            package.id, code, container_cls=container_class, entities=entities, **common
        )
    else:
        del element.attrib["url_name"]
        element.tail = None
        media_type = content_api.get_or_create_media_type(f"application/vnd.openedx.xblock.v1.{element.tag}+xml")
        olx = content_api.get_or_create_text_media(
            package.id, media_type.id, text=etree.tostring(element, encoding="unicode"), created=timezone.now()
        )
        component_type = content_api.get_or_create_component_type("xblock.v1", element.tag)
        item, _version = content_api.create_component_and_version(
            package.id, component_type, code, media={"block.xml": olx.id}, **common
        )
    made.append((key, item.publishable_entity.pk, None))
    return item.publishable_entity
