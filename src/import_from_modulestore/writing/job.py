"""What is to be written, where, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.utils.translation import gettext as _
from lxml import etree
from openedx_content.models_api import DraftChangeLog, LearningPackage, PublishableEntity, PublishLog

from ..data import BlockKind, Decision, LocalKey, Plan, PlannedItem, Progress
from ..errors import PlanBlocked
from ..merges import merged_components, stored_file
from ..models import Import
from ..staging.content import staged_components


@dataclass
class Written:
    """What a write did: the entity of every planned item that has one, by ``num``, and the logs."""

    entity_of: dict[int, PublishableEntity.ID] = field(default_factory=dict)
    draft_change_log: DraftChangeLog | None = None
    publish_logs: list[PublishLog] = field(default_factory=list)
    merged_files: dict[int, list[str]] = field(default_factory=dict)
    """The names of the files of components that were merged, by ``num``."""


@dataclass(kw_only=True)
class Job:
    """What is to be done to a library: to which one, on whose behalf, when, and whom to tell how far it is."""

    package_id: LearningPackage.ID
    user_id: int | None
    now: datetime
    progress: Progress
    message: str
    """What publish logs say of it."""
    _told: tuple[str, int, int, str] = ("writing", 0, 0, "")

    def tell(self, phase: str, done: int, total: int, title: str) -> None:
        """Say how far it is; raises where it is to stop."""
        self._told = phase, done, total, title
        self.progress(*self._told)

    def tell_again(self) -> None:
        """Say the same once more, amid longer work: raises where it is to stop."""
        self.progress(*self._told)


@dataclass(kw_only=True)
class WriteJob(Job):
    """A plan to be carried out; ``written`` says what has been so far."""

    run: Import
    plan: Plan
    written: Written
    _done: int = 0

    @cached_property
    def changes(self) -> list[PlannedItem]:
        """What gets a new version, in the order of the plan."""
        return [item for item in self.plan.items if item.outcome.writes]

    @cached_property
    def removed(self) -> list[PlannedItem]:
        """What is taken out of the library."""
        return [item for item in self.plan.gone if item.is_removed]

    @cached_property
    def total(self) -> int:
        """How many items that are."""
        return len(self.changes) + len(self.removed)

    @cached_property
    def containers(self) -> list[PlannedItem]:
        """The containers among the changes, the smallest first."""
        containers = [item for item in self.changes if item.kind.is_container]
        return sorted(containers, key=lambda item: (item.kind.rank, item.num))

    @cached_property
    def _num_of(self) -> dict[LocalKey, int]:
        return {item.local_key: item.num for item in self.plan.items if item.local_key is not None}

    def tell_item(self, item: PlannedItem) -> None:
        """Say that the next item is being done."""
        self._done += 1
        self.tell("writing", self._done, self.total, item.name)

    def component_contents(self) -> Iterator[tuple[PlannedItem, etree._Element, list[dict[str, Any]]]]:
        """The components that are written, with what they are to hold and their files: as staged, then as merged."""
        items = {item.num: item for item in self.changes if item.kind is BlockKind.COMPONENT}
        merged = {
            num: (item.entity_id, item.based_on)
            for num, item in items.items()
            if item.decision is Decision.MERGE and item.based_on is not None and item.entity_id is not None
        }
        for block, element in staged_components(self.run, items.keys() - merged.keys()):
            yield items[block.num], element, block.files
        found = 0
        for merge in merged_components(self.run, merged) if merged else ():
            texts, item = merge.merged.texts, items[merge.block.num]
            if texts.digest != item.item_digest or merge.merged.open:
                break
            found += 1
            self.written.merged_files[item.num] = [file.name for file in texts.files]
            yield item, texts.element, [stored_file(file) for file in texts.files]
        if found < len(merged):
            raise PlanBlocked((_("Somebody has changed the library while this was being merged. Complete it again."),))

    def children_of(self, item: PlannedItem) -> Mapping[LocalKey, PublishableEntity.ID]:
        """The entities that a container is to hold, in order. What it holds of this plan must be written."""
        return {
            key: cast(PublishableEntity.ID, item.held[key])
            if key in item.held
            else self.written.entity_of[self._num_of[key]]
            for key in item.children
        }
