"""Looking through what is staged, changing it, deciding about conflicts, and seeing the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..completion import plan_of, with_forwarding
from ..data import (
    AppliedChoices,
    BlockData,
    BlockDetails,
    BlockFilters,
    BlockKind,
    Branch,
    ConflictPlace,
    ConflictState,
    Contents,
    Decision,
    Forward,
    ForwardingData,
    GonePage,
    ImportOptions,
    ImportState,
    ImportSummary,
    MergeChoice,
    Outcome,
    Page,
    Plan,
    PlannedItem,
    Progress,
    ReviewChoices,
    ReviewTree,
    SourceData,
    no_progress,
)
from ..errors import InvalidOption, NotFound, WrongState
from ..hosts import get_host
from ..imports import is_whole_id, options_of
from ..keys import parse_source_key
from ..models import Import, StagedBlock
from ..review import apply_choices as apply
from ..review import (
    block_details,
    block_page,
    chosen_blocks,
    conflict_place,
    decide,
    edit,
    find_block,
    gone_page,
    last_change,
    matching_nums,
    places_matching,
    places_of,
    planned_import,
    revert_edit,
    review_tree,
    select,
    summary_of,
    with_edited,
)
from ..review import check_edit as check
from ..review import choose_as_last_time as choose_all
from ..review import choose_contents as choose
from ..review import choose_pieces as keep_pieces
from ..review import remove_gone as choose_removals
from ..review import take_back as take_last_back
from ..review.blocks import EDITED, PlannedImport
from ..review.changes import changing
from ..review.edits import FindPlaces
from ..running.ending import running
from ..running.lifecycle import REVIEWABLE, Step, begin, wrong_state
from ..running.recovery import apart
from ..staging import stage
from . import access
from .records import check_page, containing
from .steps import new_run, remove_import

MAX_BLOCKS_SOON = 2_000
"""How many blocks a source may have that is previewed while somebody waits; the largest takes some ten seconds."""

MAX_BYTES_SOON = 200_000_000


def preview_import(
    *,
    user: Any,
    source_key: str,
    library_key: str,
    options: ImportOptions | None = None,
    new_library_title: str | None = None,
    origin: str = "",
    export: str = "",
    soon: bool = False,
    progress: Progress = no_progress,
) -> tuple[SourceData, Plan]:
    """
    What an import would do, without leaving anything behind: stages, plans, and removes what it staged.

    Where somebody waits for a page, ``soon`` refuses (``InvalidOption``) what is too large to be staged while they do:
    more than :data:`.MAX_BLOCKS_SOON` or :data:`.MAX_BYTES_SOON`, or of which that is not known.

    Takes and raises what :func:`create_import` does, and raises what :func:`stage_import` and :func:`plan_import` do.
    """
    run, found = new_run(user, source_key, library_key, options, new_library_title, origin, export, is_preview=True)
    host, key = get_host(), parse_source_key(source_key)
    try:
        if soon and not (0 < found.block_count <= MAX_BLOCKS_SOON and found.size <= MAX_BYTES_SOON):
            raise InvalidOption(
                _(
                    "{title} is too large to be previewed while you wait: that goes up to {blocks:,} blocks and "
                    "{megabytes:,} MB. Make an import of it, have it staged, and look at its plan; nothing is written "
                    "before you complete it."
                ).format(title=found.title, blocks=MAX_BLOCKS_SOON, megabytes=MAX_BYTES_SOON // 1_000_000),
                field="source_key",
            )
        begin(run, Step.STAGE, actor=user)
        with running(run, Step.STAGE):
            source = host.sources.read(run.source_origin, key, Branch(run.branch), run.source_export)
            stage(
                run,
                host=host,
                user=user,
                source_key=key,
                read=lambda: source,
                options=options_of(run),
                progress=progress,
            )
        return source, with_forwarding(_plan(run), run, host=host, user=user)
    finally:
        apart(run, partial(remove_import, run))  # Else it is removed by :func:`recover_imports`.


def plan_import(*, user: Any, import_id: str) -> Plan:
    """
    What completing the import would do now, block by block. No side effects.

    Raises ``NotFound``, ``NotPermitted`` (the user may not read the source), ``WrongState`` (nothing is staged).
    """
    run = reviewable(user, import_id)
    return with_forwarding(_plan(run), run, host=get_host(), user=user)


def get_summary(*, user: Any, import_id: str) -> ImportSummary:
    """
    What completing the import would do now, in numbers: how much of it a library can hold, what cannot go and why.

    A fixed number of statements. Raises what :func:`plan_import` does.
    """
    run = reviewable(user, import_id)
    found = planned(run)
    return summary_of(replace(found, plan=with_forwarding(found.plan, run, host=get_host(), user=user)))


def list_blocks(
    *,
    user: Any,
    import_id: str,
    parent: str | None = None,
    top: bool = False,
    nums: Sequence[int] = (),
    states: Sequence[ConflictState] = (),
    outcomes: Sequence[Outcome] = (),
    kind: BlockKind | None = None,
    block_type: str = "",
    selected: bool | None = None,
    edited: bool | None = None,
    as_last_time: bool | None = None,
    files_missing: bool | None = None,
    warnings: bool = False,
    conflicts: bool = False,
    search: str = "",
    offset: int = 0,
    limit: int = 100,
) -> Page[BlockData]:
    """
    What is staged, in the order of the source, each block with what the plan makes of it now.

    Without filters it is the whole tree, flat; ``parent`` (a usage key) leaves the direct children of one block, and
    ``top`` the blocks that have no parent; ``nums`` those with these numbers. ``as_last_time`` leaves those of which is
    said what an earlier review has said; ``files_missing`` those that name files which the source does not hold;
    ``warnings`` those of which something is worth knowing; ``conflicts`` those that a decision settles; ``search``
    those whose title, name or usage key contains it, in any case. Filters add up.

    Cost: a fixed number of statements. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``InvalidOption``.
    """
    run = reviewable(user, import_id)
    check_page(offset, limit)
    filters = BlockFilters(
        parent=parent,
        top=top,
        nums=nums,
        states=states,
        outcomes=outcomes,
        kind=kind,
        block_type=block_type,
        selected=selected,
        edited=edited,
        as_last_time=as_last_time,
        files_missing=files_missing,
        warnings=warnings,
        conflicts=conflicts,
        search=search,
    )
    rows, on_plan = _matching(run, filters)
    blocks, total = block_page(planned(run), rows, on_plan, offset, limit)
    return Page(items=tuple(blocks), total=total, offset=offset, limit=limit)


def get_tree(*, user: Any, import_id: str, at: str = "", rows: int = 100, limit: int = 200) -> ReviewTree:
    """
    The tree of what is staged, as it is shown first: what stands at the top, and what is in that, block after block,
    as far as ``rows`` go; and all that is around the block ``at``, if one is named. At most ``limit`` children of a
    block are given, or as many as it takes to get to that; :func:`list_blocks` with ``parent`` gives more.

    Cost: a fixed number of statements, and some for each block around ``at``. Raises ``NotFound``, ``NotPermitted``,
    ``WrongState``, ``InvalidOption``.
    """
    run = reviewable(user, import_id)
    check_page(0, limit)
    return review_tree(planned(run), find_block(run, at) if at else None, rows, limit)


def find_conflict(*, user: Any, import_id: str, after: str = "", before: str = "") -> ConflictPlace | None:
    """
    The first conflict that comes after a block in the source, or the last before it; at the end, it begins again.

    Without a block, the first of all; ``None`` where there is none. Raises ``NotFound``, ``NotPermitted``,
    ``WrongState``.
    """
    run = reviewable(user, import_id)
    beside = find_block(run, after or before).num if after or before else None
    return conflict_place(planned(run), beside, backward=bool(before))


def get_block(*, user: Any, import_id: str, usage_key: str) -> BlockDetails:
    """
    One staged block: its content, its files, what stands in the library in its place, and the differences.

    For a block that was imported before, the differences also say what changed on each side since.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``.
    """
    run = reviewable(user, import_id)
    return _details(run, usage_key)


def select_blocks(
    *,
    user: Any,
    import_id: str,
    usage_keys: Sequence[str] = (),
    matching: BlockFilters | None = None,
    selected: bool,
    below: bool = True,
) -> int:
    """
    Select blocks, or leave them out; with everything below them unless ``below`` is false. Returns how many changed.

    They are named by ``usage_keys``, or are those ``matching`` filters as :func:`list_blocks` has them.

    Cost: a fixed number of statements for each 500 blocks. Raises ``NotFound`` (a key is not among the staged blocks;
    nothing is changed then), ``InvalidEdit`` (no block is named), ``NotPermitted``, ``WrongState``.
    """
    run = _changeable(user, import_id)
    return select(run, _find(run, usage_keys, matching), selected=selected, below=below)


def decide_blocks(
    *,
    user: Any,
    import_id: str,
    usage_keys: Sequence[str] = (),
    matching: BlockFilters | None = None,
    decision: Decision | None,
    below: bool = True,
) -> int:
    """
    Decide what to do with conflicts; ``None`` goes back to the import's default. Returns how many changed.

    With ``below``, the decision stands for the blocks and everything below them, as the import's default does for all,
    and at least one conflict has to be among them; without, for just these blocks, and each has to have one. ``fork``
    counts an unchanged block too: it is forked where that is decided.

    The blocks are named by ``usage_keys``, or are those ``matching`` filters as :func:`list_blocks` has them; of these,
    without ``below``, those that are no conflict are left alone.

    Cost: a fixed number of statements for each 500 blocks. Raises ``NotFound`` (a key is not among the staged blocks),
    ``InvalidEdit`` (there is nothing to decide), ``NotPermitted``, ``WrongState``; nothing is changed then.
    """
    run = _changeable(user, import_id)
    return decide(
        run,
        _find(run, usage_keys, matching),
        decision=decision,
        below=below,
        only_conflicts=matching is not None and not below and decision is not None,
        planned=planned(run),
    )


def choose_contents(
    *, user: Any, import_id: str, usage_keys: Sequence[str], contents: Contents | None, below: bool = True
) -> int:
    """
    Choose what becomes of the blocks inside components that a library cannot hold; ``None`` goes back to the import's
    option. Returns how many such components changed.

    The choice stands for those of them that are named, and with ``below`` for those that are inside the named blocks.
    What is inside is listed, selected, edited and decided about like all other blocks; this says where it goes.

    Cost: a fixed number of statements for each 500 components. Raises ``NotFound`` (a key is not among the staged
    blocks), ``InvalidEdit`` (no such component is among them), ``NotPermitted``, ``WrongState``; nothing is changed
    then.
    """
    run = _changeable(user, import_id)
    return choose(run, usage_keys, contents=contents, below=below)


def edit_block(
    *, user: Any, import_id: str, usage_key: str, title: str | None = None, olx: str | None = None
) -> BlockDetails:
    """
    Give a block another title, a component also other OLX. What the source holds stays staged.

    OLX has to be well-formed, to have the block's own root tag and ``url_name``, and to name only files that are
    staged; a title given with it takes the place of its ``display_name``.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, and ``InvalidEdit`` with nothing changed.
    """
    run = _changeable(user, import_id)
    edit(run, usage_key, title=title, olx=olx, source_key=parse_source_key(run.source_key), host=get_host())
    return _details(run, usage_key)


def check_edit(*, user: Any, import_id: str, usage_key: str, olx: str) -> None:
    """
    Whether :func:`edit_block` would take this OLX, for who is still writing it. No side effects.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, and ``InvalidEdit`` with what is wrong and its line.
    """
    check(_changeable(user, import_id), usage_key, olx)


def choose_pieces(
    *, user: Any, import_id: str, usage_key: str, choices: Mapping[str, MergeChoice | None]
) -> BlockDetails:
    """
    Choose what stands where both the library and the source have changed a piece of a block that is merged.

    ``choices`` are by the names of :attr:`.data.BlockDetails.pieces`; ``body`` is the whole body where parts of it are
    among them. ``None`` takes a choice back. They hold for the versions that they are made for: once the library or the
    source changes, they are void, and the block needs you again.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, and ``InvalidEdit`` with nothing changed.
    """
    run = _changeable(user, import_id)
    if choices:
        keep_pieces(run, usage_key, choices, planned(run))
    return _details(run, usage_key)


def revert_block(*, user: Any, import_id: str, usage_key: str) -> BlockDetails:
    """
    Take the edits of a block back; its selection and decision stay.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``InvalidEdit`` (it was not edited).
    """
    run = _changeable(user, import_id)
    revert_edit(run, usage_key, source_key=parse_source_key(run.source_key), host=get_host())
    return _details(run, usage_key)


def choose_as_last_time(*, user: Any, import_id: str, as_last_time: bool = True) -> int:
    """
    Take all that the last reviews of the source have said, for the library, or nothing of it; returns how many blocks
    changed.

    With ``as_last_time``, what they have said of blocks of which this review says nothing, whether the import began
    with it or not. Without, all that other reviews have said is taken back: these blocks are as the import was asked
    for, by its options. What this review has said itself stays, either way; a block that it has taken back to how the
    source has it is one of which it says nothing.

    Cost: a fixed number of statements, a few for each 500 blocks that change, and two for each root with an edit.
    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StagedContentGone``.
    """
    run = _changeable(user, import_id)
    return choose_all(run, as_last_time=as_last_time, source_key=parse_source_key(run.source_key), host=get_host())


def get_forwarding(*, user: Any, import_id: str) -> ForwardingData | None:
    """
    What completing the import would do to references of courses to its source; ``None`` where that is not in question.

    As :attr:`.data.Plan.forwarding`. Raises what :func:`plan_import` does.
    """
    run = reviewable(user, import_id)
    if get_host().forwarding() is None and not run.forward:
        return None
    return with_forwarding(planned(run).plan, run, host=get_host(), user=user).forwarding


def choose_forward(*, user: Any, import_id: str, forward: Forward | None) -> ForwardingData | None:
    """
    Say whether references of courses to the source are forwarded; ``None`` goes back to what the option's default does.

    Returns what completing the import would do to them. Raises ``NotFound``, ``NotPermitted`` (to have them forwarded
    takes the right to change the source), ``WrongState``, and ``InvalidOption`` where this site forwards none.
    """
    run = _changeable(user, import_id)
    access.require_forwarding(user, parse_source_key(run.source_key), forward)
    with changing(run):
        run.forward = forward or ""
        run.save(update_fields=["forward"])
    return get_forwarding(user=user, import_id=import_id)


def export_choices(*, user: Any, import_id: str) -> ReviewChoices:
    """
    What the review of an import says of the blocks, for :func:`apply_choices`: what is left out, decided, edited, and
    what becomes of contents. What is chosen for pieces of a merge holds for the versions that are merged, and is not
    among it.

    As long as what was staged is kept, also of an import that is completed. :mod:`import_from_modulestore.choices`
    makes JSON of it. Two queries. Raises ``NotFound``, ``NotPermitted``, ``WrongState`` (nothing is staged).
    """
    run = access.visible_import(user, import_id)
    access.require_reading(user, run)
    if run.state == ImportState.STAGING or not run.blocks.exists():
        raise WrongState(_("Nothing is staged for this import, or not any more."), state=run.state)
    return ReviewChoices(
        blocks=chosen_blocks(run),
        import_id=str(run.uuid),
        source_key=run.source_key,
        library_key=run.library_key,
    )


def apply_choices(*, user: Any, import_id: str, choices: ReviewChoices) -> AppliedChoices:
    """
    Have the review of an import say what another says: of another run of the course, or for another library.

    Blocks are found by type and ID. An edit is made where the source holds what it was made for, a decision is taken
    where there is something to decide; what does not stand is named, with the reason. Of blocks of which this review
    says something itself, that stays. Where the import that the choices come from is one that the user may see, the
    blocks name it as ``choices_from``.

    All of it is done, or nothing. Cost: a fixed number of statements, a few for each 500 blocks that change, two for
    each root with an edit, and those of a plan. Raises ``NotFound``, ``NotPermitted``, ``WrongState``,
    ``StagedContentGone``, ``InvalidOption`` (a block is named twice).
    """
    run = _changeable(user, import_id)
    return apply(
        run,
        choices,
        made_in=_made_in(user, choices, run),
        source_key=parse_source_key(run.source_key),
        host=get_host(),
        make_plan=_plan,
    )


def list_gone(*, user: Any, import_id: str, offset: int = 0, limit: int = 100) -> GonePage:
    """
    What the source has lost: the library's items that came from it, whose blocks are nowhere in it any more.

    Larger items come first. They stay in the library, unless :func:`remove_gone` says otherwise. Blocks that are only
    left out are not among them, nor those that could not be read; where that leaves it open what is gone, the page says
    so. Once the import is written, :func:`list_records` lists them, with the outcomes ``removed`` and ``kept``.

    Cost: a fixed number of statements. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``InvalidOption``.
    """
    run = reviewable(user, import_id)
    check_page(offset, limit)
    return gone_page(planned(run), offset, limit)


def remove_gone(*, user: Any, import_id: str, item_keys: Sequence[str] | None = None, remove: bool = True) -> int:
    """
    Have the import take items of :func:`list_gone` out of the library; without ``remove``, keep them after all.

    ``item_keys`` are ``lb:…`` or ``lct:…``. Without them, all are meant; to be removed, all that nobody has edited in
    the library since, and that are not in use, by other items or sources. Those others have to be named. What is edited
    or put to use after this choice stays, and says why. Returns how many choices changed.

    Cost: a fixed number of statements, and some for each 500 items. Raises ``NotFound`` (an item is not among those
    that are gone; nothing is changed then), ``InvalidEdit`` (no item is named), ``NotPermitted``, ``WrongState``.
    """
    run = _changeable(user, import_id)
    return choose_removals(run, item_keys, remove=remove, planned=planned(run))


def get_last_change(*, user: Any, import_id: str) -> int | None:
    """
    The number of the last change of a review that :func:`take_back` takes back; ``None`` where there is none.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``.
    """
    return last_change(reviewable(user, import_id))


def take_back(*, user: Any, import_id: str, change: int) -> int:
    """
    Take the last change back, be it a selection, a decision, a choice of contents or of what is removed: of each block
    or item, it says again what it said before. Returns how many these are. To take back again is to change it again.

    Edits have :func:`revert_block`.

    Cost: a fixed number of statements, and some for each 500 pieces of the tree. Raises ``NotFound``,
    ``NotPermitted``, ``WrongState`` (something else was changed since, too).
    """
    return take_last_back(_changeable(user, import_id), change)


def _matching(run: Import, filters: BlockFilters) -> tuple[QuerySet[StagedBlock], Callable[[PlannedItem], bool] | None]:
    """The rows that meet filters, and the condition that their planned items have to meet, if there is one."""
    rows = StagedBlock.objects.filter(import_run=run)
    if filters.parent is not None:
        rows = rows.filter(parent_num=find_block(run, filters.parent).num)
    if filters.top:
        rows = rows.filter(parent_num=None)
    if filters.nums:
        rows = rows.filter(num__in=filters.nums)
    if filters.kind is not None:
        rows = rows.filter(kind=filters.kind)
    if filters.block_type:
        rows = rows.filter(block_type=filters.block_type)
    if filters.selected is not None:
        rows = rows.filter(selected=filters.selected)
    if filters.edited is not None:
        rows = rows.filter(EDITED if filters.edited else ~EDITED)
    if filters.as_last_time is not None:
        rows = rows.filter(choices_from__isnull=not filters.as_last_time)
    if filters.files_missing is not None:
        rows = rows.exclude(missing_files=[]) if filters.files_missing else rows.filter(missing_files=[])
    if filters.search:
        rows = rows.filter(containing(filters.search, "title", "name", "usage_key"))

    def wanted(item: PlannedItem) -> bool:
        return (
            (not filters.states or item.state in filters.states)
            and (not filters.outcomes or item.outcome in filters.outcomes)
            and (not filters.warnings or bool(item.warnings))
            and (not filters.conflicts or item.state.is_conflict)
        )

    on_plan = filters.states or filters.outcomes or filters.warnings or filters.conflicts
    return rows, wanted if on_plan else None


def _find(run: Import, usage_keys: Sequence[str], matching: BlockFilters | None) -> FindPlaces:
    if matching is None:
        return places_of(usage_keys)
    if usage_keys:
        raise InvalidOption(_("Name blocks, or say which are meant: one of the two."), field="usage_keys")
    rows, on_plan = _matching(run, matching)
    plan = planned(run) if on_plan is not None else None
    return places_matching(lambda: matching_nums(plan, rows, on_plan))


def _made_in(user: Any, choices: ReviewChoices, to: Import) -> Import | None:
    """The import that choices come from, where that is another, and the user may see one that is as they say."""
    if not is_whole_id(choices.import_id):
        return None
    with suppress(NotFound):
        run = access.visible_import(user, choices.import_id)
        if run != to and (run.source_key, run.library_key) == (choices.source_key, choices.library_key):
            return run
    return None


def reviewable(user: Any, import_id: str) -> Import:
    """The import, for a user who may read its source, in a state that allows a review."""
    return _in_review(access.visible_import(user, import_id), partial(access.require_reading, user))


def _changeable(user: Any, import_id: str) -> Import:
    return _in_review(access.visible_import(user, import_id), partial(access.require_rights, user))


def _in_review(run: Import, require: Callable[[Import], None]) -> Import:
    """The import, once the right is there and then its state is one that allows a review."""
    require(run)
    if run.state not in REVIEWABLE:
        raise wrong_state(run)
    return run


def _details(run: Import, usage_key: str) -> BlockDetails:
    plan = planned(run)
    num = find_block(run, usage_key).num
    return block_details(with_edited(run.blocks.filter(num=num)).select_related("root").get(), plan)


def planned(run: Import) -> PlannedImport:
    """The import with its plan, which is made anew only where something has changed."""
    return planned_import(run, _plan)


def _plan(run: Import) -> Plan:
    return plan_of(run, host=get_host())
