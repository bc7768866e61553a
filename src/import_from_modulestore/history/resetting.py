"""Setting items of a library to versions that they have had, drafts and published ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from openedx_content import api as content_api
from openedx_content.models_api import Draft, DraftChangeLog, LearningPackage, PublishableEntity, PublishLog

from ..data import Progress
from ..writing.change_log import one_change_log
from .records import BATCH_SIZE, Versions

_PUBLISH_BATCH_SIZE = 5_000

type _VersionOf = dict[PublishableEntity.ID, int | None]


@dataclass(frozen=True, slots=True)
class Reset:
    """An item to be set from the versions that it has ``now`` to those of ``goal``."""

    entity_id: PublishableEntity.ID
    title: str
    now: Versions
    goal: Versions

    @property
    def publishes(self) -> bool:
        """Whether what learners see changes."""
        return self.now.published != self.goal.published


class Resetter:
    """
    Sets items of one library; its logs are in ``draft_change_logs`` and ``publish_logs`` afterwards.

    To be used once, inside :func:`..writing.change_log.all_or_nothing`.
    """

    def __init__(
        self, package_id: LearningPackage.ID, *, message: str, user_id: int | None, now: datetime, progress: Progress
    ) -> None:
        self._package_id = package_id
        self._message = message
        self._user_id = user_id
        self._now = now
        self._progress = progress
        self._done = self._total = 0
        self._titles: dict[int, str] = {}
        self.draft_change_logs: list[DraftChangeLog] = []
        self.publish_logs: list[PublishLog] = []

    def reset(self, resets: Sequence[Reset]) -> None:
        """
        Set the items, in this order where order matters: what is held comes before what holds it.

        ``openedx_content`` publishes drafts. So the drafts are set to what is to be published, published, and those
        that are to differ from that are set to their own version, in a change log of their own. An item is published
        only where its published version changes.

        It also refuses to publish a container as long as one of its items never was published, not even as deleted. A
        library can get there all the same, by publishing a container from which an item was deleted. Such items are
        published as deleted, which shows nowhere, and get their draft back where they have one.
        """
        published = {reset.entity_id: reset.goal.published for reset in resets if reset.publishes}
        drafts = {reset.entity_id: reset.goal.draft for reset in resets}
        now = {reset.entity_id: reset.now.draft for reset in resets}
        never_published = _never_published(published.values())
        now = never_published | now
        final = never_published | drafts
        first = final | dict.fromkeys(never_published) | published

        changes = _differences(now, first)
        changes_after = _differences(first, final)
        self._titles = {reset.entity_id: reset.title for reset in resets}
        self._total = len(changes) + len(changes_after)
        self._set_drafts(changes)
        self._publish(list(never_published))
        self._publish(list(published))
        self._set_drafts(changes_after)

    def _set_drafts(self, versions: _VersionOf) -> None:
        if not versions:
            return
        with one_change_log(self._package_id, changed_by=self._user_id, changed_at=self._now) as change_log:
            for batch in batched(versions, BATCH_SIZE):
                drafts = Draft.objects.filter(pk__in=batch).prefetch_related("entity").in_bulk()
                for entity_id in batch:
                    self._done += 1
                    self._progress("reverting", self._done, self._total, self._titles.get(entity_id, ""))
                    content_api.set_draft_version(drafts[entity_id], versions[entity_id])
        self.draft_change_logs.append(change_log)

    def _publish(self, entity_ids: Sequence[PublishableEntity.ID]) -> None:
        for batch in batched(entity_ids, _PUBLISH_BATCH_SIZE):
            log = content_api.publish_from_drafts(
                self._package_id,
                Draft.objects.filter(pk__in=batch).order_by("pk"),
                message=self._message,
                published_at=self._now,
                published_by=self._user_id,
                publish_dependencies=False,
            )
            self.publish_logs.append(log)


def _never_published(version_ids: Iterable[int | None]) -> _VersionOf:
    """The draft versions of the items that these versions hold and that have never been published, by entity."""
    found: _VersionOf = {}
    for batch in batched((pk for pk in version_ids if pk is not None), BATCH_SIZE):
        drafts = Draft.objects.filter(entity__affects__in=batch, entity__published=None)
        found.update(drafts.values_list("entity_id", "version_id"))
    return found


def _differences(now: _VersionOf, then: _VersionOf) -> _VersionOf:
    return {entity_id: version for entity_id, version in then.items() if version != now[entity_id]}
