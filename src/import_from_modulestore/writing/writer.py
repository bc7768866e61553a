"""Carrying out a plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from openedx_content.models_api import DraftChangeLog, PublishableEntity, PublishLog

from ..data import BlockKind, PlannedItem
from .job import WriteJob
from .setter import Setter

_LEVELS = sorted(BlockKind, key=lambda kind: kind.rank)


class Writer(ABC):
    """
    Carries out one job. Must be inside :func:`.change_log.all_or_nothing`.

    There are two, which leave the same behind: rows, logs, files, and what is told to others once it is committed.
    """

    def __init__(self, job: WriteJob, setter: Setter) -> None:
        self._job = job
        self._setter = setter

    @abstractmethod
    def write_drafts(self) -> DraftChangeLog:
        """
        Give every item that is written its next version, and delete those that are removed, in one change log.

        Components first, then containers from the smallest up: a container needs its children. Removals come last,
        when nothing that is written holds them any more.
        """

    def publish(self, items: Sequence[PlannedItem]) -> list[PublishLog]:
        """
        Publish the drafts of these items, and nothing else.

        From the components up, one publish log a level: published all at once, ``openedx_content`` would take along
        every child with unpublished changes, also those that the plan leaves as drafts (``new_version``, ``skip``).
        None of these items may hold one that was never published and is not among them: the plan leaves such as drafts.
        """
        entity_of = self._job.written.entity_of
        logs: list[PublishLog] = []
        for kind in _LEVELS:
            logs += self._setter.publish([entity_of[item.num] for item in items if item.kind is kind])
        return logs

    def publish_removals(self, entity_ids: Sequence[PublishableEntity.ID]) -> list[PublishLog]:
        """Publish that these items are deleted, as far as learners see them."""
        return self._setter.publish(entity_ids, only_published=True)
