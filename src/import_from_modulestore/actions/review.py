"""Looking through what is staged, changing it, deciding about conflicts, and seeing the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Q

from ..completion import plan_of
from ..data import (
    BlockData,
    BlockDetails,
    BlockKind,
    Branch,
    ConflictState,
    Contents,
    Decision,
    GonePage,
    ImportOptions,
    MergeChoice,
    Outcome,
    Page,
    Plan,
    PlannedItem,
    Progress,
    SourceData,
    no_progress,
)
from ..hosts import get_host
from ..imports import options_of
from ..keys import parse_library_key, parse_source_key
from ..models import Import, StagedBlock
from ..review import (
    block_details,
    block_page,
    decide,
    edit,
    find_block,
    gone_page,
    planned_import,
    revert_edit,
    select,
    with_edited,
)
from ..review import check_edit as check
from ..review import choose_contents as choose
from ..review import choose_pieces as keep_pieces
from ..review import remove_gone as choose_removals
from ..review.blocks import PlannedImport
from ..running.ending import running
from ..running.lifecycle import REVIEWABLE, Step, begin, wrong_state
from ..running.recovery import apart
from ..staging import stage
from . import access
from .records import check_page, containing
from .steps import new_run, remove_import


def preview_import(
    *,
    user: Any,
    source_key: str,
    library_key: str,
    options: ImportOptions | None = None,
    new_library_title: str | None = None,
    export: str = "",
    progress: Progress = no_progress,
) -> tuple[SourceData, Plan]:
    """
    What an import would do, without leaving anything behind: stages, plans, and removes what it staged.

    Takes and raises what :func:`create_import` does, and raises what :func:`stage_import` and :func:`plan_import` do.
    """
    run, _source = new_run(user, source_key, library_key, options, new_library_title, export, is_preview=True)
    host, key = get_host(), parse_source_key(source_key)
    try:
        begin(run, Step.STAGE, actor=user)
        with running(run, Step.STAGE):
            source = host.read_source(key, Branch(run.branch), run.source_export)
            stage(run, host=host, user=user, source_key=key, source=source, options=options_of(run), progress=progress)
        return source, _plan(run)
    finally:
        apart(run, partial(remove_import, run))  # Else it is removed by :func:`recover_imports`.


def plan_import(*, user: Any, import_id: str) -> Plan:
    """
    What completing the import would do now, block by block. No side effects.

    Raises ``NotFound``, ``NotPermitted`` (the user may not read the source), ``WrongState`` (nothing is staged).
    """
    return _plan(reviewable(user, import_id))


def list_blocks(
    *,
    user: Any,
    import_id: str,
    parent: str | None = None,
    top: bool = False,
    states: Sequence[ConflictState] = (),
    outcomes: Sequence[Outcome] = (),
    kind: BlockKind | None = None,
    block_type: str = "",
    selected: bool | None = None,
    edited: bool | None = None,
    as_last_time: bool | None = None,
    conflicts: bool = False,
    search: str = "",
    offset: int = 0,
    limit: int = 100,
) -> Page[BlockData]:
    """
    What is staged, in the order of the source, each block with what the plan makes of it now.

    Without filters it is the whole tree, flat; ``parent`` (a usage key) leaves the direct children of one block, and
    ``top`` the blocks that have no parent. ``as_last_time`` leaves those of which is said what an earlier review has
    said; ``conflicts`` those that a decision settles; ``search`` those whose title, name or usage key contains it, in
    any case. Filters add up.

    Cost: a fixed number of statements. Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``InvalidOption``.
    """
    run = reviewable(user, import_id)
    check_page(offset, limit)
    rows = StagedBlock.objects.filter(import_run=run)
    if parent is not None:
        rows = rows.filter(parent_num=find_block(run, parent).num)
    if top:
        rows = rows.filter(parent_num=None)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if block_type:
        rows = rows.filter(block_type=block_type)
    if selected is not None:
        rows = rows.filter(selected=selected)
    if edited is not None:
        unedited = Q(edited_title="", edited_olx="")
        rows = rows.filter(~unedited if edited else unedited)
    if as_last_time is not None:
        rows = rows.filter(choices_from__isnull=not as_last_time)
    if search:
        rows = rows.filter(containing(search, "title", "name", "usage_key"))

    def wanted(item: PlannedItem) -> bool:
        return (
            (not states or item.state in states)
            and (not outcomes or item.outcome in outcomes)
            and (not conflicts or item.state.is_conflict)
        )

    on_plan = wanted if states or outcomes or conflicts else None
    blocks, total = block_page(planned(run), rows, on_plan, offset, limit)
    return Page(items=tuple(blocks), total=total, offset=offset, limit=limit)


def get_block(*, user: Any, import_id: str, usage_key: str) -> BlockDetails:
    """
    One staged block: its content, its files, what stands in the library in its place, and the differences.

    For a block that was imported before, the differences also say what changed on each side since.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``.
    """
    run = reviewable(user, import_id)
    return _details(run, usage_key)


def select_blocks(*, user: Any, import_id: str, usage_keys: Sequence[str], selected: bool, below: bool = True) -> int:
    """
    Select blocks, or leave them out; with everything below them unless ``below`` is false. Returns how many changed.

    Cost: a fixed number of statements for each 500 keys. Raises ``NotFound`` (a key is not among the staged blocks;
    nothing is changed then), ``NotPermitted``, ``WrongState``.
    """
    run = _changeable(user, import_id)
    return select(run, usage_keys, selected=selected, below=below)


def decide_blocks(
    *, user: Any, import_id: str, usage_keys: Sequence[str], decision: Decision | None, below: bool = True
) -> int:
    """
    Decide what to do with conflicts; ``None`` goes back to the import's default. Returns how many changed.

    With ``below``, the decision stands for the blocks and everything below them, as the import's default does for all,
    and at least one conflict has to be among them; without, for just these blocks, and each has to have one. ``fork``
    counts an unchanged block too: it is forked where that is decided.

    Cost: a fixed number of statements for each 500 keys. Raises ``NotFound`` (a key is not among the staged blocks),
    ``InvalidEdit`` (there is nothing to decide), ``NotPermitted``, ``WrongState``; nothing is changed then.
    """
    run = _changeable(user, import_id)
    return decide(run, usage_keys, decision=decision, below=below, planned=planned(run))


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

    ``choices`` are by the names of :attr:`BlockDetails.pieces`; ``body`` is the whole body where parts of it are among
    them. ``None`` takes a choice back. They hold for the versions that they are made for: once the library or the
    source changes, they are void, and the block needs you again.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, and ``InvalidEdit`` with nothing changed.
    """
    run = _changeable(user, import_id)
    block = find_block(run, usage_key)
    if choices:
        keep_pieces(run, block, choices, planned(run))
    return _details(run, usage_key)


def revert_block(*, user: Any, import_id: str, usage_key: str) -> BlockDetails:
    """
    Take the edits of a block back; its selection and decision stay.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``InvalidEdit`` (it was not edited).
    """
    run = _changeable(user, import_id)
    revert_edit(run, usage_key, source_key=parse_source_key(run.source_key), host=get_host())
    return _details(run, usage_key)


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
    return plan_of(run, block_limit=get_host().block_limit(parse_library_key(run.library_key)))
