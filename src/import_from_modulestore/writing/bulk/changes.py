"""
What a change log says: what was changed, what that has changed in turn, and hashes of what items depend on.

Drafts and published states have logs of the same form. Side effects and hashes are worked out in memory, before the
records are written, in the order in which ``openedx_content`` comes to them (``publishing/api.py``,
``_create_side_effects_for_change_log``, ``update_dependencies_hash_digests_for_log``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db.models import Model
from openedx_content.models_api import (
    Draft,
    DraftChangeLogRecord,
    DraftSideEffect,
    PublishableEntity,
    PublishableEntityVersionDependency,
    Published,
    PublishLogRecord,
    PublishSideEffect,
)
from openedx_django_lib.fields import create_hash_digest

from ...rows import Row, in_batches, insert

_ROWS_AT_ONCE = 5_000
"""Rows between two looks at whether to stop: they take less than a tenth of a second."""


@dataclass(slots=True)
class Change:
    """
    From which version to which an item has changed, with their numbers; the same twice, where only what it depends on
    has. ``None`` is none: not yet there, or deleted.
    """

    old: int | None
    old_num: int | None
    new: int | None
    new_num: int | None
    is_new: bool = False
    """Whether the item was made in this transaction."""


type Changes = dict[PublishableEntity.ID, Change]
"""By entity, in the order of their records."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a log and its effects are kept."""

    model: type[Any]
    record: type[Model]
    side_effect: type[Model]
    log: str
    """The record's field for its log."""
    pointer: str
    """The model's field for the record of its last change."""
    of_version: str
    """The name of the model, seen from a version."""

    def record_rows(
        self, log_id: int, changes: Changes, digests: Mapping[PublishableEntity.ID, str], direct: int
    ) -> list[Row]:
        """The records' rows; the first ``direct`` of them tell of what was asked for."""
        with_direct = self.record is PublishLogRecord
        return [
            (log_id, entity, change.old, change.new, digests[entity], *((number < direct,) if with_direct else ()))
            for number, (entity, change) in enumerate(changes.items())
        ]

    @property
    def record_columns(self) -> tuple[str, ...]:
        """Their columns."""
        columns = (self.log, "entity", "old_version", "new_version", "dependencies_hash_digest")
        return (*columns, "direct") if self.record is PublishLogRecord else columns


DRAFTS = Branch(Draft, DraftChangeLogRecord, DraftSideEffect, "draft_change_log", "draft_log_record", "draft")
PUBLISHED = Branch(Published, PublishLogRecord, PublishSideEffect, "publish_log", "publish_log_record", "published")


class Dependencies:
    """What versions depend on: the items that they hold, unless in one version alone."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[tuple[int, PublishableEntity.ID], ...]] = {}
        self._next = 1 << 62  # New rows come after all that are there.

    def add(self, version: int, entities: Iterable[PublishableEntity.ID]) -> None:
        """What a new version depends on. Versions of components are added as well, with nothing."""
        rows = []
        for entity in entities:
            rows.append((self._next, entity))
            self._next += 1
        self._of[version] = tuple(rows)

    def load(self, versions: Iterable[int | None]) -> None:
        """Read those that are not known. One query for each thousand."""
        unknown = {version for version in versions if version is not None} - self._of.keys()
        found: defaultdict[int, list[tuple[int, PublishableEntity.ID]]] = defaultdict(list)
        for batch in in_batches(sorted(unknown)):
            rows = PublishableEntityVersionDependency.objects.filter(referring_version_id__in=batch).order_by("pk")
            for version, pk, entity in rows.values_list("referring_version_id", "pk", "referenced_entity_id"):
                found[version].append((pk, entity))
        for version in unknown:
            self._of[version] = tuple(found[version])

    def rows(self, version: int) -> tuple[tuple[int, PublishableEntity.ID], ...]:
        """Dependencies of a version that is known, each with what orders them."""
        return self._of[version]

    def of(self, version: int | None) -> list[PublishableEntity.ID]:
        """The entities that a version that is known depends on."""
        return [] if version is None else [entity for _order, entity in self._of[version]]


def log_changes(
    branch: Branch, log_id: int, changes: Changes, dependencies: Dependencies, pause: Callable[[], None]
) -> None:
    """
    Write the records of a log, its side effects, and the states that it leaves; adds to ``changes`` what is changed by
    side effects alone.

    Must be called before the branch's rows are changed. ``pause`` is called amid longer work, and may raise.
    """
    direct = len(changes)
    if not direct:
        return
    dependencies.load(change.new for change in changes.values())
    effects = _side_effects(changes, _Holders(branch, changes, dependencies, pause))
    dependencies.load(change.new for change in changes.values())
    digests = _digests(branch, changes, dependencies)
    pause()
    rows = branch.record_rows(log_id, changes, digests, direct)
    for batch in batched(rows, _ROWS_AT_ONCE):
        insert(branch.record, branch.record_columns, batch)
        pause()
    records = branch.record._default_manager.filter(**{branch.log: log_id})
    record_of: dict[PublishableEntity.ID, int] = dict(records.values_list("entity_id", "pk"))
    states = [(entity, change.new, record_of[entity]) for entity, change in changes.items()]
    columns = ("entity", "version", branch.pointer)
    for batch in batched(states[:direct], _ROWS_AT_ONCE):
        insert(branch.model, columns, batch, updating=("version", branch.pointer))
        pause()
    for batch in batched(states[direct:], _ROWS_AT_ONCE):
        insert(branch.model, columns, batch, updating=(branch.pointer,))
    for batch in batched(((record_of[cause], record_of[effect]) for cause, effect in effects), _ROWS_AT_ONCE):
        insert(branch.side_effect, ("cause", "effect"), batch)
        pause()


class _Holders:
    """What holds an item in its current version: who is changed with it. In the order of the rows that say so."""

    def __init__(self, branch: Branch, changes: Changes, dependencies: Dependencies, pause: Callable[[], None]) -> None:
        self._of: defaultdict[int, list[tuple[int, PublishableEntity.ID]]] = defaultdict(list)
        self.versions: dict[int, tuple[int, int]] = {}
        """The versions of holders that are not among the changes themselves, and their numbers."""
        for entity, change in changes.items():
            if change.new is not None:
                for order, held in dependencies.rows(change.new):
                    self._of[held].append((order, entity))
        known = set(changes)
        layer = [entity for entity, change in changes.items() if not change.is_new]
        while layer:
            above: dict[PublishableEntity.ID, None] = {}
            for batch in in_batches(layer):
                for order, held, holder, version, num in self._rows(branch, batch):
                    if holder not in changes:  # What it held is no longer its version.
                        self._of[held].append((order, holder))
                        self.versions[holder] = version, num
                        above[holder] = None
                pause()
            layer = [holder for holder in above if holder not in known]
            known.update(layer)
        for holders in self._of.values():
            holders.sort()

    def of(self, entity: PublishableEntity.ID) -> list[PublishableEntity.ID]:
        return [holder for _order, holder in self._of.get(entity, ())]

    @staticmethod
    def _rows(branch: Branch, entities: Sequence[PublishableEntity.ID]) -> Any:
        name = f"referring_version__{branch.of_version}"
        held = PublishableEntityVersionDependency.objects.filter(
            referenced_entity_id__in=entities, **{f"{name}__isnull": False}
        )
        return held.values_list(
            "pk",
            "referenced_entity_id",
            f"{name}__entity_id",
            "referring_version_id",
            "referring_version__version_num",
        )


def _side_effects(changes: Changes, holders: _Holders) -> list[tuple[PublishableEntity.ID, PublishableEntity.ID]]:
    """
    Causes and effects, by entity; adds to the changes what is changed by side effects alone.

    An item that was the cause of something once is not gone up to again, except from what was changed itself. So where
    several ways lead up, it is the order that decides which of them are told of.
    """
    effects: dict[tuple[PublishableEntity.ID, PublishableEntity.ID], None] = {}
    processed: set[PublishableEntity.ID] = set()
    for original in list(changes):
        todo = [(original, holder) for holder in holders.of(original)]
        while todo:
            cause, affected = todo.pop()
            if affected not in changes:
                version, num = holders.versions[affected]
                changes[affected] = Change(version, num, version, num)
            effects[cause, affected] = None
            processed.add(cause)
            todo += [(affected, holder) for holder in holders.of(affected) if holder not in processed]
    return list(effects)


def _digests(branch: Branch, changes: Changes, dependencies: Dependencies) -> dict[PublishableEntity.ID, str]:
    """Hashes of what the changed items now depend on, by entity; empty where that is nothing."""
    others = {entity for change in changes.values() for entity in dependencies.of(change.new) if entity not in changes}
    known: dict[PublishableEntity.ID, tuple[int, str]] = {}
    for batch in in_batches(sorted(others)):
        live = branch.model.objects.filter(entity_id__in=batch, version__isnull=False)
        for entity, version, digest in live.values_list(
            "entity_id", f"{branch.pointer}__new_version_id", f"{branch.pointer}__dependencies_hash_digest"
        ):
            known[entity] = version, digest
    digests: dict[PublishableEntity.ID, str] = {}

    def state_of(entity: PublishableEntity.ID) -> tuple[int, str] | None:
        if entity not in changes:
            return known.get(entity)
        version = changes[entity].new
        return None if version is None else (version, digest_of(entity))

    def digest_of(entity: PublishableEntity.ID) -> str:
        if entity not in digests:
            states = sorted(filter(None, map(state_of, dependencies.of(changes[entity].new))))
            text = "\n".join(f"{version}:{digest}" for version, digest in states)
            digests[entity] = create_hash_digest(text.encode(), num_bytes=4) if states else ""
        return digests[entity]

    for entity in changes:
        digest_of(entity)
    return digests
