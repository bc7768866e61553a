"""Completing an import: what is staged becomes a plan, the plan becomes content, and both become history."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import batched
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openedx_content.models_api import Draft, LearningPackage

from .data import (
    BlockKind,
    CollectionChoice,
    Contents,
    Decision,
    Forward,
    ForwardingData,
    LibraryData,
    Notice,
    Outcome,
    Plan,
    PlannedItem,
    Progress,
)
from .errors import AlreadyExists, NotFound, PlanBlocked, Undecided
from .garbage import no_garbage
from .history.forwarding import forward, planned_forwarding
from .history.records import versions_of, write_records
from .hosts import Host
from .imports import options_of
from .keys import library_item_key, parse_library_key
from .library import load_library_state
from .merges import merges_of
from .models import Import, StagedBlock
from .planning import SourceBlock, make_plan
from .rows import from_json, json_text
from .running import lifecycle
from .running.lifecycle import Step
from .staging.standing import keep_choices
from .writing import Written, write_plan
from .writing.collection import collect, collect_contents, collections_of
from .writing.lost_files import write_lost_files
from .writing.tags import Tags, TagsLeftOut, add_tags, staged_tags, tags_of

_BATCH_SIZE = 500
_KINDS = {kind.value: kind for kind in BlockKind}


@no_garbage()
def plan_of(run: Import, *, host: Host) -> Plan:
    """What writing the import would do now, but for :func:`with_forwarding`. No side effects."""
    staged = StagedBlock.objects.filter(import_run=run)
    blocks = [_source_block(*row) for row in staged.order_by("num").values_list(*_PLANNED, *_WARNINGS).iterator()]
    options = options_of(run)
    library = load_library_state(
        run.learning_package_id,
        library_key=run.library_key,
        source_key=run.source_key,
        blocks=blocks,
        block_ids=options.block_ids,
        normal_digests=lambda: dict(staged.exclude(olx_digest="").values_list("olx_digest", "normal_digest")),
        block_limit=host.block_limit(parse_library_key(run.library_key)),
        collections=partial(collections_of, run, options.collection),
        forwarding=host.forwarding(),
    )
    removals: dict[int, bool] = dict(run.removals.values_list("entity_id", "insisted"))
    return make_plan(blocks, library, options, removals=removals, is_partial=run.is_partial, merges=merges_of(run))


def with_forwarding(plan: Plan, run: Import, *, host: Host, user: Any) -> Plan:
    """The plan with what becomes of references of courses to the source, if this user completes the import."""
    found = planned_forwarding(run, plan, host, user)
    if found is None:
        return plan
    blockers = (*plan.blockers, *([found.blocker] if found.blocker else []))
    return replace(plan, forwarding=found, blockers=blockers)


def undecided(run: Import, plan: Plan) -> int:
    """How many conflicts of the plan nobody has decided about in the review, merges that need somebody among them."""
    decided = set(run.blocks.exclude(decision="").values_list("num", flat=True))
    conflicts = sum(
        item.outcome is Outcome.NEEDS_YOU or (item.state.is_conflict and item.num not in decided) for item in plan.items
    )
    return conflicts + bool(plan.forwarding and plan.forwarding.blocker)


def write(run: Import, *, library_key: Any, host: Host, user: Any, progress: Progress) -> None:
    """
    Plan, write and record a staged import, and move it to ``imported``. Must be inside ``all_or_nothing``.

    Makes the library first where that was asked for. Takes a lock on it, so that of two imports into it one waits for
    the other.

    Raises ``NotFound`` where the library is gone, ``AlreadyExists`` where another import is making it, ``PlanBlocked``,
    ``InvalidOption``, and ``Undecided`` where only what is decided is to be written.
    """
    if run.learning_package_id is None and run.makes_library:
        run.learning_package_id = _library_for(run, library_key, host, user).package_id
    package = LearningPackage.objects.select_for_update().filter(pk=run.learning_package_id).first()
    if package is None:
        raise NotFound(_("The library {key} is gone.").format(key=library_key))
    progress("planning", 0, 0, run.source_title)
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
    lost = write_lost_files(run, package.id)
    now = timezone.now()
    before = versions_of([item.entity_id for item in plan.everything if item.entity_id is not None])
    written = write_plan(run, plan, package_id=package.id, user_id=user.pk, now=now, progress=progress)
    collected = None
    if run.collection_wanted:
        collected = collect(
            package.id,
            CollectionChoice(code=run.collection_code, title=run.collection_title),
            [written.entity_of[item.num] for item in plan.items if item.is_collected],
            user_id=user.pk,
        )
    contents_collections = collect_contents(package.id, _contents_of(plan, written), user_id=user.pk)
    tags, tags_left_out, tag_warnings = _carry_tags(run, plan, library_key, host)
    with lifecycle.hold(run):
        write_records(
            run,
            plan,
            written,
            before,
            library_key,
            collected=collected.added if collected else frozenset(),
            tags=tags,
            tags_left_out=tags_left_out,
            tag_warnings=tag_warnings,
        )
        run.publish_logs.set(written.publish_logs)
        keep_choices(run, package.id)
        if run.batch_id and run.makes_library:  # For the others of its batch, the library is there from now on.
            others = Import.objects.filter(batch__uuid=run.batch_id, learning_package=None).exclude(pk=run.pk)
            others.update(learning_package=package)
    lifecycle.finish(
        run,
        Step.COMPLETE,
        told=(counts := plan.counts()),
        counts=counts,
        warnings=[*run.warnings, *([Notice.WRITTEN_AGAIN.sentence(lost)] if lost else [])],
        started=now,
        finished=timezone.now(),
        draft_change_log=written.draft_change_log,
        learning_package=package,
        collection_code=collected.collection.collection_code if collected else run.collection_code,
        collection=collected.collection if collected else None,
        collection_made=collected is not None and collected.made,
        contents_collections=contents_collections,
    )
    if plan.forwarding is not None:
        _forward_or_tell(run, plan.forwarding, host, user)


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


_PLANNED = (
    *("num", "parent_num", "usage_key", "block_type", "block_id", "kind", "title", "name"),
    *("digest", "source_digest", "source_title", "repeats", "problem", "refusal"),
    *("decision", "contents", "selected", "edited_olx"),
)
_WARNINGS = (json_text("reading_warnings"), json_text("warnings"))
"""Columns of staged blocks that planning knows; tens of thousands of rows are read, so that each is no instance."""


def _source_block(
    num: int,
    parent: int | None,
    usage_key: str,
    block_type: str,
    block_id: str,
    kind: str,
    title: str,
    name: str,
    digest: str,
    source_digest: str,
    source_title: str,
    repeats: int | None,
    problem: str,
    refusal: str,
    decision: str,
    contents: str,
    selected: bool,
    edited_olx: str,
    reading_warnings: str,
    warnings: str,
) -> SourceBlock:
    return SourceBlock(
        num=num,
        parent=parent,
        usage_key=usage_key,
        block_type=block_type,
        block_id=block_id,
        kind=_KINDS[kind],
        title=title,
        digest=digest,
        source_digest=source_digest,
        source_title=source_title,
        repeats=repeats,
        problem="" if edited_olx else problem,  # An edit mends what could not be read.
        refusal=refusal,
        warnings=(*from_json(reading_warnings), *from_json(warnings)),
        decision=Decision(decision) if decision else None,
        contents=Contents(contents) if contents else None,
        selected=selected,
        name=name,
    )
