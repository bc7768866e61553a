"""What a reviewer changes: which blocks are selected, what is decided about them, what they are called and hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from lxml import etree

from ..data import MAX_OLX_CHARACTERS, BlockKind, ConflictState, Contents, Decision, PlannedItem
from ..errors import InvalidEdit, NotFound
from ..hosts import Host
from ..models import Import, StagedBlock, StagedSource
from ..olx.files.references import is_of_platform, references
from ..olx.parsing import UnreadableXML, parse_xml
from ..quoting import listed
from ..staging.content import current_element, staged_element, staged_files
from ..staging.index import Indexer, holds_blocks
from ..texts import MAX_TITLE_LENGTH, clean_title
from .blocks import PlannedImport
from .changes import changing

_BATCH_SIZE = 500

type Place = tuple[int, int]
"""``num`` and ``end_num`` of a block where the source shows it."""

type FindPlaces = Callable[[Import], list[Place]]
"""Finds blocks, within the change that is made of them."""


def find_block(run: Import, usage_key: str) -> StagedBlock:
    """The first showing of a staged block. Raises ``NotFound``."""
    block = run.blocks.filter(usage_key=usage_key).order_by("num").first()
    if block is None:
        raise _not_staged([usage_key])
    return block


def select(run: Import, find: FindPlaces, *, selected: bool, below: bool) -> int:
    """Select blocks or leave them out, wherever the source shows them; returns how many rows changed."""
    with changing(run) as change:
        return sum(change.say(rows, selected=selected) for rows in _rows_of(run, find(run), below=below))


def decide(
    run: Import,
    find: FindPlaces,
    *,
    decision: Decision | None,
    below: bool,
    only_conflicts: bool,
    planned: PlannedImport,
) -> int:
    """
    Set the decision of blocks; returns how many changed. Raises ``InvalidEdit`` where there is nothing to decide.

    With ``only_conflicts``, those that are none are left alone.
    """
    with changing(run) as change:
        places = find(run)
        if only_conflicts:
            places = [place for place in places if _is_decidable(planned.items.get(place[0]), decision)]
        if decision is not None:
            _check_decidable(places, decision, below=below or only_conflicts, planned=planned)
        value = decision.value if decision else ""
        return sum(change.say(rows, decision=value) for rows in _rows_of(run, places, below=below))


def edit(run: Import, usage_key: str, *, title: str | None, olx: str | None, source_key: Any, host: Host) -> None:
    """Give a block another title or other OLX. Raises ``NotFound``, ``InvalidEdit``."""
    if title is None and olx is None:
        raise InvalidEdit(_("Give a title or OLX."), field="title")
    if title is not None:
        check_title(title)
    with changing(run):
        block = find_block(run, usage_key)
        if holds_blocks(block):
            if olx is not None:
                raise has_no_olx(block)
            block.edited_title = block.title = clean_title(title or "")
        else:
            if olx is not None:
                check_length(olx)
                staged, files = staged_element(block), staged_files(block)
                element = checked_edit(block, olx, staged, files)
            elif block.problem and not block.edited_olx:
                told = _("{name} could not be read, and a title alone does not mend it. Give it OLX.")
                raise InvalidEdit(told.format(name=block.called), field="title")
            else:
                element, files = current_element(block), staged_files(block)
            if title is not None:
                element.set("display_name", clean_title(title))
            if not block.edited_olx:
                block.source_files = block.files
            block.edited_olx = as_text(element)
            indexer = Indexer(run, source_key, host)
            indexer.describe(block, element, files)
            indexer.name_targets([block])
        block.choices_from = None
        block.save()


def check_edit(run: Import, usage_key: str, olx: str) -> None:
    """What :func:`edit` would say of this OLX, without doing it. Raises ``NotFound``, ``InvalidEdit``."""
    block = find_block(run, usage_key)
    if holds_blocks(block):
        raise has_no_olx(block)
    check_length(olx)
    checked_edit(block, olx, staged_element(block), staged_files(block))


def revert_edit(run: Import, usage_key: str, *, source_key: Any, host: Host) -> None:
    """Take the edits of a block back. Raises ``NotFound``, and ``InvalidEdit`` where it has none."""
    with changing(run):
        block = find_block(run, usage_key)
        if not (block.edited_title or block.edited_olx):
            raise InvalidEdit(_("{title} was not edited.").format(title=block.called))
        indexer = Indexer(run, source_key, host)
        element = None if holds_blocks(block) else staged_element(block)
        indexer.make_as_staged(block, element, staged_files)
        StagedSource.forget(run)  # It may be described by other rules than it was.
        indexer.name_targets([block])
        block.choices_from = None
        block.save()


def choose_contents(run: Import, usage_keys: Sequence[str], *, contents: Contents | None, below: bool) -> int:
    """
    Set what becomes of what is inside blocks that a library cannot hold; returns how many changed.

    Raises ``InvalidEdit`` where no such block is among them.
    """
    with changing(run) as change:
        nums: set[int] = set()
        for rows in _rows_of(run, places_of(usage_keys)(run), below=below):
            components = rows.filter(kind=BlockKind.COMPONENT)
            # What is shown again has its choice where it stands first.
            nums.update(components.annotate(first=Coalesce("repeats", "num")).values_list("first", flat=True))
        changed = found = 0
        value = contents.value if contents else ""
        for batch in batched(sorted(nums), _BATCH_SIZE):
            holding = run.blocks.filter(num__in=batch, child_count__gt=0).exclude(refusal="")
            found += holding.count()
            changed += change.say(holding, contents=value)
        if not found:
            raise InvalidEdit(
                _("None of these blocks is a component that is made of other blocks, or holds one."), field="contents"
            )
        return changed


def as_text(element: etree._Element) -> str:
    """Edited OLX as it is kept."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


def has_no_olx(block: StagedBlock) -> InvalidEdit:
    """What to say of OLX that is to be given to a block that is made of others."""
    kind = BlockKind(block.kind)
    return InvalidEdit(
        _("Only components have OLX of their own. Edit the blocks in this {kind}, or leave some out.").format(
            kind=kind.label.lower() if kind.is_container else block.block_type
        ),
        field="olx",
    )


def check_title(title: str) -> None:
    """Raise ``InvalidEdit`` for a title that a block cannot have."""
    if not clean_title(title) or len(title) > MAX_TITLE_LENGTH:
        raise InvalidEdit(_("A title has 1 to {max} characters.").format(max=MAX_TITLE_LENGTH), field="title")


def places_of(usage_keys: Sequence[str]) -> FindPlaces:
    """Finds every showing of these blocks. Raises ``NotFound`` where one is not staged, ``InvalidEdit`` for none."""

    def find(run: Import) -> list[Place]:
        if not usage_keys:
            raise InvalidEdit(_("Name at least one block."), field="usage_keys")
        places: list[Place] = []
        found: set[str] = set()
        for batch in batched(dict.fromkeys(usage_keys), _BATCH_SIZE):
            for num, end_num, usage_key in run.blocks.filter(usage_key__in=batch).values_list(
                "num", "end_num", "usage_key"
            ):
                places.append((num, end_num))
                found.add(usage_key)
        if missing := [key for key in usage_keys if key not in found]:
            raise _not_staged(missing)
        return sorted(places)

    return find


def places_matching(nums_of: Callable[[], Iterable[int]]) -> FindPlaces:
    """Finds every showing of the blocks with these numbers. Two queries."""

    def find(run: Import) -> list[Place]:
        wanted = set(nums_of())
        rows = list(run.blocks.order_by("num").values_list("num", "end_num", "repeats"))
        first = {num if repeats is None else repeats for num, _end, repeats in rows if num in wanted}
        return [(num, end) for num, end, repeats in rows if num in first or repeats in first]

    return find


def _rows_of(run: Import, places: Sequence[Place], *, below: bool) -> Iterable[QuerySet[StagedBlock]]:
    """The rows at these places, with all below them if so wanted, in batches."""
    if not below:
        for batch in batched([num for num, _end in places], _BATCH_SIZE):
            yield run.blocks.filter(num__in=batch)
        return
    outermost: list[Place] = []
    for num, end_num in places:
        if not outermost or num >= outermost[-1][1]:
            outermost.append((num, end_num))
    for ranges in batched(outermost, _BATCH_SIZE):
        condition = Q()
        for num, end_num in ranges:
            condition |= Q(num__gte=num, num__lt=end_num)
        yield run.blocks.filter(condition)


def _check_decidable(places: Sequence[Place], decision: Decision, *, below: bool, planned: PlannedImport) -> None:
    if below:
        nums = (num for first, end_num in places for num in range(first, end_num))
        conflicts = [item for num in nums if (item := planned.items.get(num)) and _is_decidable(item, decision)]
        if not conflicts:
            raise InvalidEdit(
                _("There is no conflict to decide: nothing else stands in the place of these blocks, or below them."),
                field="decision",
            )
        reasons = [unfit_decision(item, decision) for item in conflicts]
        if all(reasons):
            raise InvalidEdit(reasons[0], field="decision")
        return
    for num, _end in places:
        item = planned.items.get(num)
        if item is None:
            raise InvalidEdit(
                _("Block {num} is not imported, so there is nothing to decide.").format(num=num), field="decision"
            )
        if unfit := unfit_decision(item, decision):
            raise InvalidEdit(unfit, field="decision")


def unfit_decision(item: PlannedItem, decision: Decision) -> str:
    """Why this cannot be decided about an item; empty where it can."""
    if decision is Decision.MERGE and item.state is ConflictState.ID_TAKEN:
        return _("{name} ({key}) cannot be merged: the library’s item does not come from this source.").format(
            name=item.name, key=item.usage_key
        )
    if _is_decidable(item, decision):
        return ""
    return _("{title} ({key}) is {state}: there is no conflict to decide.").format(
        title=item.name, key=item.usage_key, state=str(item.state.label).lower()
    )


def _is_decidable(item: PlannedItem | None, decision: Decision | None) -> bool:
    if item is None:
        return False
    return item.state.is_conflict or (decision is Decision.FORK and item.state is ConflictState.UNCHANGED)


def check_length(olx: str) -> None:
    """Raise ``InvalidEdit`` for more OLX than somebody may write."""
    if len(olx) > MAX_OLX_CHARACTERS:
        raise InvalidEdit(
            _("The OLX has more than the {max:,} characters that are allowed.").format(max=MAX_OLX_CHARACTERS),
            field="olx",
        )


def checked_edit(block: StagedBlock, olx: str, staged: etree._Element, files: Mapping[str, Any]) -> etree._Element:
    """
    The edited OLX, parsed. Raises ``InvalidEdit`` that says what is wrong with it.

    ``staged`` is the block's element as it was staged, ``files`` are those that can be named. It may be longer than
    :func:`check_length` has it: a block that is as long in the source can be given another title.
    """
    try:
        element = parse_xml(olx)
    except UnreadableXML as error:
        told = _("The OLX cannot be used: {reason}.").format(reason=error)
        raise InvalidEdit(told, field="olx", line=error.line) from error
    if element.tag != block.block_type:
        raise InvalidEdit(
            _("The OLX is a <{found}>, but this block is a <{wanted}>. A block cannot change its type.").format(
                found=element.tag, wanted=block.block_type
            ),
            field="olx",
        )
    if element.get("url_name", block.block_id) != block.block_id:
        raise InvalidEdit(
            _('The OLX has url_name="{found}", but this block is "{wanted}". Leave it as it was.').format(
                found=element.get("url_name"), wanted=block.block_id
            ),
            field="olx",
        )
    element.set("url_name", block.block_id)
    _check_files(element, staged, files)
    return element


def _check_files(element: etree._Element, staged: etree._Element, files: Iterable[str]) -> None:
    """That every file the edit names is staged, or was missing before the edit already."""
    if unknown := unknown_files(element, (staged,), files):
        raise InvalidEdit(
            ngettext(
                "The OLX names a file that is not staged: {names}. Only files that came with the source can be used.",
                "The OLX names files that are not staged: {names}. Only files that came with the source can be used.",
                len(unknown),
            ).format(names=listed(unknown)),
            field="olx",
        )


def unknown_files(element: etree._Element, others: Iterable[etree._Element], files: Iterable[str]) -> list[str]:
    """The names of files that an element needs, which are none of these, and are not named by others either."""
    known = set(files)
    known.update(name for other in others for reference in references(other) for name in reference.names)
    return [
        reference.name
        for reference in references(element)
        if reference.is_needed and known.isdisjoint(reference.names) and not is_of_platform(reference.name)
    ]


def _not_staged(usage_keys: Sequence[str]) -> NotFound:
    return NotFound(_("Not among the blocks of this import: {keys}.").format(keys=some(usage_keys)), field="usage_keys")


def some(keys: Sequence[str]) -> str:
    """The first of these keys, for an error."""
    return listed(keys, 5)
