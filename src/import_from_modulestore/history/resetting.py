"""Setting items of a library to versions that they have had, drafts and published ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from openedx_content.models_api import Draft, DraftChangeLog, PublishableEntity, PublishLog

from ..rows import in_batches
from ..writing import Job, VersionOf, setter_for
from .records import Versions


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

    def __init__(self, job: Job) -> None:
        self._job = job
        self._setter = setter_for(job)
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
        never_published = _never_published(published.values(), self._job.tell_again)
        now = {**never_published, **now}
        final = {**never_published, **drafts}
        first = {**final, **dict.fromkeys(never_published), **published}

        changes = _differences(now, first)
        changes_after = _differences(first, final)
        self._job.tell_again()
        self._titles = {reset.entity_id: reset.title for reset in resets}
        self._total = len(changes) + len(changes_after)
        self._set_drafts(changes)
        self.publish_logs += self._setter.publish(list(never_published))
        self.publish_logs += self._setter.publish(list(published))
        self._set_drafts(changes_after)

    def _set_drafts(self, versions: VersionOf) -> None:
        if versions:
            self.draft_change_logs.append(self._setter.set_drafts(versions, self._tell))

    def _tell(self, entity_id: PublishableEntity.ID) -> None:
        self._done += 1
        self._job.tell("reverting", self._done, self._total, self._titles.get(entity_id, ""))


def _never_published(version_ids: Iterable[int | None], pause: Callable[[], None]) -> VersionOf:
    """The draft versions of the items that these versions hold and that have never been published, by entity."""
    found: dict[PublishableEntity.ID, int | None] = {}
    for batch in in_batches((pk for pk in version_ids if pk is not None), pause):
        drafts = Draft.objects.filter(entity__affects__in=batch, entity__published=None)
        found.update(drafts.values_list("entity_id", "version_id"))
    return found


def _differences(now: VersionOf, then: VersionOf) -> VersionOf:
    return {entity_id: version for entity_id, version in then.items() if version != now[entity_id]}
