"""
Forwarding by the platform's migrator, ``modulestore_migrator``: its rows say where legacy content went.

Courses that use a legacy library (``library_content``) ask it (platform: ``xmodule/library_content_block.py``): where
``is_forwarded`` says so of their library, their authors are offered to turn such a block into a problem bank, and each
child gets the item that ``get_forwarding_for_blocks`` gives for its original as its upstream; children without one get
none. It has no function that records what others have imported, so its rows are written here as its own task writes
them (platform: ``cms/djangoapps/modulestore_migrator/tasks.py``: ``_validate_input``,
``_create_migration_artifacts_incrementally``, ``_forward_content``):

* a migration needs a user's task that is done. Those of steps may be switched off, and a command has none, so that each
  has one of its own, which goes with it;
* a block that was imported names its item, and the first entry in the library's change log of the version that the item
  has, unless another migration has that: its version tells a course whether there is a newer one;
* one that could not be imported says why. It is forwarded as well, to nothing, as the platform does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db.models import Exists, Min, OuterRef, Q, Subquery
from django.utils import timezone
from opaque_keys.edx.keys import LearningContextKey, UsageKey

from ...data import BlockIds, Decision
from ..forwarding import ForwardedBlock, ForwardedSource, Forwarding, KnownItem

_APP = "cms.djangoapps.modulestore_migrator"
_BATCH_SIZE = 500

_TASK_CLASS = "import_from_modulestore.hosts.cms.forwarding"
"""What the tasks of our migrations are said to be; by that they are told from others'."""

_STRATEGIES = {Decision.SKIP: "skip", Decision.FORK: "fork"}
"""``RepeatHandlingStrategy`` (platform: ``cms/djangoapps/modulestore_migrator/data.py``); all else is ``update``."""


def forwarding_of_platform() -> Forwarding | None:
    """What forwards, where the migrator is installed."""
    return _Migrator() if apps.is_installed(_APP) else None


class _Migrator(Forwarding):
    def library_of(self, source_key: LearningContextKey) -> str:
        from cms.djangoapps.modulestore_migrator import api

        found = api.get_forwarding(source_key)
        return str(found.target_key) if found is not None else ""

    def may_forward(self, user: Any, source_key: LearningContextKey) -> bool:
        """As for a migration by the platform itself (``rest_api/v1/views.py``): who may change the source."""
        from common.djangoapps.student.auth import has_studio_write_access

        return user.is_active and has_studio_write_access(user, source_key)

    def hold(self, source_key: LearningContextKey) -> None:
        from cms.djangoapps.modulestore_migrator import models

        sources = models.ModulestoreSource.objects
        sources.get_or_create(key=str(source_key))
        sources.select_for_update().get(key=str(source_key))

    def forward(self, source: ForwardedSource, blocks: Iterable[Sequence[ForwardedBlock]]) -> dict[str, Any]:
        from cms.djangoapps.modulestore_migrator import models
        from user_tasks.models import UserTaskStatus

        source_row = models.ModulestoreSource.objects.get(key=str(source.source_key))
        task = UserTaskStatus.objects.create(
            user=source.user,
            task_id=str(uuid4()),
            task_class=_TASK_CLASS,
            name=source.name[:255],
            state=UserTaskStatus.SUCCEEDED,
            completed_steps=1,
            total_steps=1,
        )
        options = source.options
        migration = models.ModulestoreMigration.objects.create(
            source=source_row,
            source_version=source.source_version or None,
            composition_level=options.level.value,
            repeat_handling_strategy=_STRATEGIES.get(options.on_conflict, "update"),
            preserve_url_slugs=options.block_ids is BlockIds.KEEP,
            target_id=source.package_id,
            target_collection_id=source.collection_id,
            task_status=task,
            change_log_id=source.change_log_id,
        )
        blocks_before: dict[int, int] = {}
        for batch in blocks:
            blocks_before |= self._forward_blocks(migration, batch)
        before = source_row.forwarded
        stays = before is not None and before.target_id == source.package_id and not before.is_failed
        if not stays:
            source_row.forwarded = migration
            source_row.save(update_fields=["forwarded"])
        return {
            "migration": migration.pk,
            "task": task.pk,
            "source_before": before.pk if before is not None and not stays else None,
            "blocks_before": blocks_before,
        }

    def _forward_blocks(self, migration: Any, batch: Sequence[ForwardedBlock]) -> dict[int, int]:
        """Map a batch of blocks; returns to what else those were forwarded that were, by their rows."""
        from cms.djangoapps.modulestore_migrator import models

        keys = [block.usage_key for block in batch]
        of_batch = models.ModulestoreBlockSource.objects.filter(key__in=keys)
        there = {str(key) for key in of_batch.values_list("key", flat=True)}
        models.ModulestoreBlockSource.objects.bulk_create(
            models.ModulestoreBlockSource(overall_source_id=migration.source_id, key=UsageKey.from_string(key))
            for key in keys
            if key not in there
        )
        row_of = {str(key): pk for pk, key in of_batch.values_list("pk", "key")}
        logged = _first_logged(batch)
        models.ModulestoreBlockMigration.objects.bulk_create(
            models.ModulestoreBlockMigration(
                overall_migration=migration,
                source_id=row_of[block.usage_key],
                target_id=block.entity_id,
                change_log_record_id=logged.get(block.version_id),
                unsupported_reason=block.reason or None,
            )
            for block in batch
        )
        is_here = Q(forwarded__target__learning_package=migration.target_id) & Q(
            forwarded__target__draft__version__isnull=False
        )
        brought = [row_of[block.usage_key] for block in batch if block.entity_id is not None]
        rows = models.ModulestoreBlockSource.objects.filter(pk__in=row_of.values())
        moving = dict(
            rows.filter(Q(forwarded=None) | Q(pk__in=brought)).exclude(is_here).values_list("pk", "forwarded_id")
        )
        _forward_to(models.ModulestoreBlockMigration.objects.filter(overall_migration=migration), moving)
        return {pk: before for pk, before in moving.items() if before is not None}

    def withdraw(self, kept: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        from cms.djangoapps.modulestore_migrator import models
        from user_tasks.models import UserTaskStatus

        migrations, block_migrations = models.ModulestoreMigration.objects, models.ModulestoreBlockMigration.objects
        migration = migrations.select_related("source").filter(pk=kept["migration"]).first()
        if migration is None:
            return others
        number = migration.pk
        own = set(block_migrations.filter(overall_migration=migration).values_list("pk", flat=True))
        blocks = models.ModulestoreBlockSource.objects.filter(forwarded__overall_migration=migration)
        forwarded_blocks = list(blocks.values_list("pk", flat=True))
        was_forwarded = migration.source.forwarded_id == number
        migration.delete()
        UserTaskStatus.objects.filter(pk=kept["task"]).delete()

        live = block_migrations.filter(target__draft__version__isnull=False)
        of_others = migrations.filter(pk__in=[other["migration"] for other in others])
        into_the_same = of_others.filter(target_id=migration.target_id)
        later = sorted(into_the_same.filter(pk__gt=number).values_list("pk", flat=True))
        there = set(
            migrations.filter(
                Exists(live.filter(overall_migration=OuterRef("pk"))),
                pk__in=[pk for pk in (*later, kept["source_before"]) if pk is not None],
            ).values_list("pk", flat=True)
        )
        heirs = _Heirs(
            number=number,
            before=kept["source_before"],
            successors=[pk for pk in (*later, kept["source_before"]) if pk in there],
            own_blocks=own,
            blocks_before=_by_row(kept["blocks_before"]),
            block_successors={},
        )
        of_later = live.filter(overall_migration__in=later).order_by("overall_migration")
        for row, owner, pk in of_later.values_list("source_id", "overall_migration_id", "pk"):
            heirs.block_successors.setdefault(row, []).append((owner, pk))
        if was_forwarded:
            successor = next(iter(heirs.successors), None)
            models.ModulestoreSource.objects.filter(pk=migration.source_id).update(forwarded=successor)
        for pk in later:
            _forward_to(live.filter(overall_migration=pk), _unforwarded(forwarded_blocks))
        before = heirs.blocks_before
        for rows in batched(_unforwarded(before.keys() & set(forwarded_blocks)), _BATCH_SIZE):
            _forward_to(block_migrations.filter(pk__in=[before[row] for row in rows]), rows)
        return [heirs.passed_on(other) for other in others]

    def known_items(self, source_key: LearningContextKey, package_id: Any) -> dict[str, KnownItem]:
        rows = _others_rows().filter(
            overall_migration__source__key=str(source_key), target__learning_package=package_id
        )
        return {
            str(key): KnownItem(entity_id=entity_id, version_id=version_id)
            for key, entity_id, version_id in rows.order_by("pk").values_list(
                "source__key", "target_id", "change_log_record__new_version_id"
            )
        }

    def known_sources(self, entity_ids: Collection[int]) -> dict[int, set[str]]:
        rows = _others_rows().filter(target__in=entity_ids)
        found: dict[int, set[str]] = {}
        for entity_id, key in rows.values_list("target_id", "overall_migration__source__key"):
            found.setdefault(entity_id, set()).add(str(key))
        return found


@dataclass(frozen=True)
class _Heirs:
    """What takes the place of a migration that is withdrawn, and of its blocks; later ones have higher numbers."""

    number: int
    before: int | None
    successors: Sequence[int]
    """Later ones into the same library, the oldest first, and what was there before."""
    own_blocks: Collection[int]
    blocks_before: Mapping[int, int]
    block_successors: dict[int, list[tuple[int, int]]]
    """By row of a block, later migrations into the same library that have it, each with its own row for it."""

    def passed_on(self, other: Mapping[str, Any]) -> Mapping[str, Any]:
        """What another migration keeps, giving back to the heirs what it would have given to what is withdrawn."""
        of_other, source_before = other["migration"], other["source_before"]
        if source_before == self.number:
            source_before = next((pk for pk in self.successors if pk < of_other), None)
        elif source_before is None and of_other == next(iter(self.successors), None):
            source_before = self.before
        blocks: dict[int, int | None] = {
            row: self._block_before(row, of_other) if pk in self.own_blocks else pk
            for row, pk in _by_row(other["blocks_before"]).items()
        }
        for row, [(owner, _pk), *_later] in self.block_successors.items():
            if owner == of_other:
                blocks.setdefault(row, self.blocks_before.get(row))
        kept = {str(row): pk for row, pk in blocks.items() if pk is not None}
        return {**other, "source_before": source_before, "blocks_before": kept}

    def _block_before(self, row: int, of_other: int) -> int | None:
        earlier = (pk for owner, pk in self.block_successors.get(row, ()) if owner < of_other)
        return next(earlier, self.blocks_before.get(row))


def _by_row(blocks: Mapping[str, int]) -> dict[int, int]:
    return {int(row): pk for row, pk in blocks.items()}  # JSON has text for keys.


def _others_rows() -> Any:
    """What became of blocks in migrations that are not ours, and have not failed."""
    from cms.djangoapps.modulestore_migrator import models

    rows = models.ModulestoreBlockMigration.objects.filter(overall_migration__is_failed=False)
    return rows.exclude(overall_migration__task_status__task_class=_TASK_CLASS)


def _first_logged(batch: Sequence[ForwardedBlock]) -> dict[int | None, int]:
    """The first entry in the change log of each of these versions that no migration has. One query."""
    from cms.djangoapps.modulestore_migrator import models
    from openedx_content.models_api import DraftChangeLogRecord

    versions = [block.version_id for block in batch if block.version_id is not None]
    taken = models.ModulestoreBlockMigration.objects.filter(change_log_record=OuterRef("pk"))
    records = DraftChangeLogRecord.objects.filter(~Exists(taken), new_version__in=versions)
    return dict(records.order_by().values_list("new_version_id").annotate(Min("pk")))


def _unforwarded(rows: Iterable[int]) -> Iterator[int]:
    """Those of the blocks of these rows that are forwarded nowhere."""
    from cms.djangoapps.modulestore_migrator import models

    for batch in batched(rows, _BATCH_SIZE):
        blocks = models.ModulestoreBlockSource.objects.filter(pk__in=batch, forwarded=None)
        yield from list(blocks.values_list("pk", flat=True))


def _forward_to(block_migrations: Any, rows: Iterable[int]) -> None:
    """Have the blocks of these rows forwarded as these migrations of blocks say, which are one for a block at most."""
    from cms.djangoapps.modulestore_migrator import models

    found = block_migrations.order_by().filter(source=OuterRef("pk"))
    for batch in batched(rows, _BATCH_SIZE):
        blocks = models.ModulestoreBlockSource.objects.filter(Exists(found), pk__in=batch)
        blocks.update(forwarded=Subquery(found.values("pk")), modified=timezone.now())
