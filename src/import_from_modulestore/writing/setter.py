"""Setting a library to versions that it holds: its drafts, and from these, what learners see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from openedx_content.models_api import DraftChangeLog, PublishableEntity, PublishLog

from .job import Job

LOG_SIZE = 5_000
"""Items in one publish log."""

type VersionOf = Mapping[PublishableEntity.ID, int | None]
"""The version that each entity is to have; ``None`` is to be deleted."""


class Setter(ABC):
    """
    Sets the drafts of one library, and publishes them. Must be inside :func:`.change_log.all_or_nothing`.

    There are two, which leave the same behind, as with :class:`.writer.Writer`.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    @abstractmethod
    def set_drafts(self, versions: VersionOf, tell: Callable[[PublishableEntity.ID], None]) -> DraftChangeLog:
        """
        Set these drafts, in this order and in one change log; ``tell`` is called for each, and may raise.

        Each must be another version than the draft has, and one of its own.
        """

    @abstractmethod
    def publish(self, entity_ids: Sequence[PublishableEntity.ID], *, only_published: bool = False) -> list[PublishLog]:
        """
        Publish the drafts of these items, and nothing else; with ``only_published``, of those alone that learners see.

        One log for :data:`LOG_SIZE` of them. Raises ``ValidationError`` where one depends on what was never published.
        """
