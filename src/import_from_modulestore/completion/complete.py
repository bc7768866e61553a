"""Completing an import: what is staged becomes content of the library, and history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openedx_content.models_api import Draft, LearningPackage

from ..data import CollectionChoice, Forward, ForwardingData, LibraryData, Notice, Plan, PlannedItem, Progress
from ..errors import AlreadyExists, InvalidOption, NotFound, PlanBlocked, Undecided
from ..history.forwarding import forward
from ..history.records import versions_of, write_records
from ..hosts import Host
from ..keys import library_item_key
from ..models import Import
from ..running import lifecycle
from ..running.lifecycle import Step
from ..staging.standing import keep_choices
from ..writing import Written, write_plan
from ..writing.collection import Collected, collect, collect_contents
from ..writing.lost_files import write_lost_files
from ..writing.tags import Tags, TagsLeftOut, add_tags, staged_tags, tags_of
from .again import CompletedBefore, circumstances, completed_before, keep_known, says_it_again
from .plans import plan_of, undecided, with_forwarding

_BATCH_SIZE = 500


def write(run: Import, *, library_key: Any, host: Host, user: Any, progress: Progress) -> None:
    """
    Plan, write and record a staged import, and move it to ``imported``. Must be inside ``all_or_nothing``.

    Makes the library first where that was asked for. Takes a lock on it, so that of two imports into it one waits for
    the other. Where neither source nor library has changed since an earlier import, nothing is planned: what that one
    has recorded is recorded again (:mod:`.again`).

    Raises ``NotFound`` where the library is gone, ``AlreadyExists`` where another import is making it, ``PlanBlocked``,
    and ``Undecided`` where only what is decided is to be written.
    """
    if run.learning_package_id is None and run.makes_library:
        run.learning_package_id = _library_for(run, library_key, host, user).package_id
    package = LearningPackage.objects.select_for_update().filter(pk=run.learning_package_id).first()
    if package is None:
        raise NotFound(_("The library {key} is gone.").format(key=library_key))
    progress("planning", 0, 0, run.source_title)
    completion = _Completion(run, library_key, package, host, user, progress, stamp=circumstances(run, host))
    if before := completed_before(run, completion.stamp, host):
        completion.repeat(before)
    else:
        completion.carry_out(_plan(run, host, user))


@dataclass(frozen=True)
class _Completion:
    """Brings the library to what a plan says, or finds it so, and has the import tell of it."""

    run: Import
    library_key: Any
    package: LearningPackage
    host: Host
    user: Any
    progress: Progress
    stamp: str
    started: datetime = field(default_factory=timezone.now)
    notes: list[str] = field(default_factory=list)
    """What there is to say of the whole, for the import's warnings."""

    def carry_out(self, plan: Plan) -> None:
        """Write what is planned, and record what became of each block."""
        run, package_id = self.run, self.package.id
        lost = write_lost_files(run, package_id)
        before = versions_of([item.entity_id for item in plan.everything if item.entity_id is not None])
        written = write_plan(
            run, plan, package_id=package_id, user_id=self.user.pk, now=self.started, progress=self.progress
        )
        collected = self._collect(written.entity_of[item.num] for item in plan.items if item.is_collected)
        contents_collections = collect_contents(package_id, _contents_of(plan, written), user_id=self.user.pk)
        tags, tags_left_out, tag_warnings = _carry_tags(run, plan, self.library_key, self.host)
        with lifecycle.hold(run):
            write_records(
                run,
                plan,
                written,
                before,
                self.library_key,
                collected=collected.added if collected else frozenset(),
                tags=tags,
                tags_left_out=tags_left_out,
                tag_warnings=tag_warnings,
            )
            run.publish_logs.set(written.publish_logs)
            if says_it_again(plan) and not tag_warnings:
                keep_known(run, self.stamp)
            self._leave_behind()
        self._finish(
            plan.counts(),
            lost,
            collected,
            draft_change_log=written.draft_change_log,
            contents_collections=contents_collections,
        )
        if plan.forwarding is not None:
            _forward_or_tell(run, plan.forwarding, self.host, self.user)

    def repeat(self, before: CompletedBefore) -> None:
        """Record of each block that nothing has changed."""
        run = self.run
        lost = write_lost_files(run, self.package.id)
        collected = self._collect(before.top_level)
        with lifecycle.hold(run):
            before.record_again(run, self.progress, collected=collected.added if collected else frozenset())
            keep_known(run, self.stamp)
            self._leave_behind()
        self._finish(before.counts, lost, collected)

    def _collect(self, entity_ids: Iterable[int]) -> Collected | None:
        run = self.run
        if not run.collection_wanted:
            return None
        choice = CollectionChoice(code=run.collection_code, title=run.collection_title)
        try:
            return collect(self.package.id, choice, entity_ids, user_id=self.user.pk)
        except InvalidOption:  # It was there when the import was asked for, and no other can be chosen.
            gone = _("The collection {code} is not in the library any more: what was imported is in none.")
            self.notes.append(gone.format(code=choice.code))
            return None

    def _leave_behind(self) -> None:
        """What others begin with: what the review has said, and, in a batch, the library."""
        run = self.run
        keep_choices(run, self.package.id)
        if run.batch_id and run.makes_library:  # For the others of its batch, the library is there from now on.
            others = Import.objects.filter(batch__uuid=run.batch_id, learning_package=None).exclude(pk=run.pk)
            others.update(learning_package=self.package)

    def _finish(self, counts: dict[str, int], lost: int, collected: Collected | None, **fields: Any) -> None:
        run = self.run
        lifecycle.finish(
            run,
            Step.COMPLETE,
            told=counts,
            counts=counts,
            warnings=[*run.warnings, *self.notes, *([Notice.WRITTEN_AGAIN.sentence(lost)] if lost else [])],
            started=self.started,
            finished=timezone.now(),
            learning_package=self.package,
            collection_code=collected.collection.collection_code if collected else run.collection_code,
            collection=collected.collection if collected else None,
            collection_made=collected is not None and collected.made,
            **fields,
        )


def _plan(run: Import, host: Host, user: Any) -> Plan:
    """What is to be written. Raises ``PlanBlocked`` and ``Undecided``."""
    _lock_removals(run)
    plan = with_forwarding(plan_of(run, host=host), run, host=host, user=user)
    if run.if_decided and (count := undecided(run, plan)):
        told = ngettext(
            "{count} conflict is not decided. Decide in the review, or complete the import as it is.",
            "{count} conflicts are not decided. Decide in the review, or complete the import as it is.",
            count,
        )
        raise Undecided(told.format(count=count), count=count)
    if plan.blockers:
        raise PlanBlocked(plan.blockers)
    return plan


def _forward_or_tell(run: Import, planned: ForwardingData, host: Host, user: Any) -> None:
    """Forward references to the source; where that is not to be, the import says why."""
    is_done = planned.forwards and forward(run, host, user, instead=run.forward == Forward.INSTEAD)
    if not is_done and run.forward != Forward.NO:
        run.warnings = [*run.warnings, planned.reason]
        run.save(update_fields=["warnings"])


def _lock_removals(run: Import) -> None:
    """Make authors who are about to change an item that goes wait, and those who just did count."""
    for batch in batched(run.removals.values_list("entity_id", flat=True), _BATCH_SIZE):
        list(Draft.objects.select_for_update().filter(pk__in=batch).order_by("pk").values_list("pk"))


def _library_for(run: Import, library_key: Any, host: Host, user: Any) -> LibraryData:
    """
    The new library, or the one that somebody has made meanwhile, where the user may change it.

    Raises ``NotFound`` where the user may not, and ``AlreadyExists`` where somebody else is still at it.
    """
    try:
        return host.make_library(library_key, title=run.library_title, user=user)
    except AlreadyExists as exists:
        try:
            library = host.get_library(library_key)
        except NotFound:
            raise exists from None
    if not host.can_edit_library(user, library_key):
        raise host.no_such_library(library_key)
    return library


def _carry_tags(
    run: Import, plan: Plan, library_key: Any, host: Host
) -> tuple[dict[str, Tags], dict[str, TagsLeftOut], dict[str, list[str]]]:
    """
    Give every item that was written the tags of its source block.

    Returns by the items' keys what was added, or lost by what was removed; what has no taxonomy here; and warnings.
    """
    written = {
        item.usage_key: library_item_key(library_key, item.kind, item.local_key)
        for item in plan.items
        if item.outcome.writes and item.local_key is not None
    }
    staged = staged_tags(run, written.keys())
    wanted = {written[usage_key]: tags for usage_key, (tags, _left_out) in staged.items() if tags}
    left_out = {written[usage_key]: without for usage_key, (_tags, without) in staged.items() if without}
    added, warnings = add_tags(wanted, partial(host.permitted_taxonomies, library_key))
    removed = [library_item_key(library_key, item.kind, item.local_key) for item in plan.gone if item.is_removed]
    return added | tags_of(removed), left_out, warnings


def _contents_of(plan: Plan, written: Written) -> list[tuple[PlannedItem, list[int]]]:
    """The components whose contents are to be in collections, each with the entity IDs of these."""
    components = [item for item in plan.items if item.collection_title]
    if not components:
        return []
    entity_of = {item.local_key: written.entity_of[item.num] for item in plan.items if item.num in written.entity_of}
    return [(item, [entity_of[key] for key in item.inner]) for item in components]
