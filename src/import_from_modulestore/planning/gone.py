"""What the source has lost: items of the library whose blocks were imported before and are nowhere in it any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from ..data import Branch, ConflictState, GoneItem, ImportOptions, LocalKey, Outcome, PlannedItem
from ..olx.blocks import default_title
from ..quoting import joined
from .data import LibraryItem, LibraryState, PastImport, SourceBlock

_NAMED = 3
"""How many containers a warning names."""

type _Lost = tuple[str, PastImport, LocalKey, LibraryItem]
"""The usage key of a block, what became of it, and the item, which is still there."""


def gone_unknown(blocks: Sequence[SourceBlock], library: LibraryState, *, is_partial: bool) -> str:
    """
    Why it cannot be said what is gone; empty where it can, and where nothing was imported before.

    What a container holds that cannot be read is nowhere among the blocks, and may be in the source all the same.
    """
    if not library.history:
        return ""
    if is_partial or any(block.problem and block.kind.is_container for block in blocks):
        return _("Parts of the source could not be read, so it is not known what it has lost since the last import.")
    return ""


def gone_items(
    blocks: Sequence[SourceBlock],
    planned: Sequence[PlannedItem],
    claimed: Callable[[], Collection[LocalKey]],
    library: LibraryState,
    options: ImportOptions,
    removals: Mapping[int, bool],
) -> tuple[GoneItem, ...]:
    """
    The items whose blocks are gone, larger ones first, then by usage key.

    ``claimed`` gives the keys that staged blocks have to themselves, whether they are selected or not; it is asked
    where the source lacks something, and once. ``removals`` are the entity IDs of the items that a reviewer removes,
    and whether in spite of what speaks against it. Linear in blocks, history and library items.
    """
    lost = sorted(_lost(blocks, claimed, library, options), key=lambda found: (-found[3].kind.rank, found[0]))
    if not lost:
        return ()
    holders = _holders(lost, planned, library, options)
    other_sources = library.other_sources([item.entity_id for _usage_key, _past, _key, item in lost])
    first_num = max((block.num for block in blocks), default=-1) + 1
    going: set[int] = set()
    gone = []
    for num, (usage_key, past, key, item) in enumerate(lost, first_num):
        edited = past.item_digest != item.digest
        # What holds it is larger, and so was settled before.
        used_by = tuple(title for holder, title in holders.get(item.entity_id, ()) if holder not in going)
        also_from = other_sources.get(item.entity_id, ())
        spared = bool(edited or used_by or also_from)
        removed = item.entity_id in removals and (removals[item.entity_id] or not spared)
        if removed or not spared:
            going.add(item.entity_id)
        gone.append(
            GoneItem(
                num=num,
                depth=0,
                usage_key=usage_key,
                block_type=past.block_type,
                kind=item.kind,
                title=item.title,
                name=past.name if past.name and item.title == default_title(past.block_type) else item.title,
                state=ConflictState.GONE,
                outcome=Outcome.REMOVED if removed else Outcome.KEPT,
                local_key=key,
                entity_id=item.entity_id,
                meets=item.entity_id,
                publish=removed and options.publish,
                reason=_reason(removed=removed, wanted=item.entity_id in removals),
                warnings=tuple(_warnings(edited=edited, used_by=used_by, also_from=also_from)),
                edited=edited,
                used_by=used_by,
                also_from=also_from,
            )
        )
    return tuple(gone)


def _lost(
    blocks: Sequence[SourceBlock],
    claimed: Callable[[], Collection[LocalKey]],
    library: LibraryState,
    options: ImportOptions,
) -> Iterator[_Lost]:
    in_source = {block.usage_key for block in blocks}
    missing = [each for each in library.history.items() if each[0] not in in_source]
    if not missing:
        return
    taken = {library.history[key].entity_id for key in in_source if key in library.history}
    met = claimed()
    for usage_key, past in missing:
        key = library.key_of.get(past.entity_id)
        if key is None or key in met or past.entity_id in taken:
            continue
        # What is not published may still stand among the drafts, which were read then and are not read now.
        if options.branch is Branch.PUBLISHED and past.branch is not Branch.PUBLISHED:
            continue
        item = library.items[key]
        if not item.deleted:
            taken.add(past.entity_id)
            yield usage_key, past, key, item


def _holders(
    lost: Sequence[_Lost], planned: Sequence[PlannedItem], library: LibraryState, options: ImportOptions
) -> dict[int, list[tuple[int, str]]]:
    """
    The containers that still hold each lost item once the import is written: entity ID and title.

    What the import writes holds none that is gone, but where authors of the library have put it. Where learners see
    the removal at once, what they see counts too.
    """
    written = {item.entity_id: item.publish for item in planned if item.outcome.writes}
    merged = {item.entity_id: set(item.held.values()) for item in planned if item.held}
    holders: dict[int, list[tuple[int, str]]] = {}
    for holder, holding in library.holders([item.entity_id for _usage_key, _past, _key, item in lost]).items():
        held = merged.get(holder, set()) if holder in written else set(holding.draft)
        if options.publish and not written.get(holder):
            held.update(holding.published)
        for child in held:
            holders.setdefault(child, []).append((holder, holding.title))
    return holders


def _reason(*, removed: bool, wanted: bool) -> str:
    if removed:
        return _("The source does not hold it any more.")
    if wanted:
        return _("The source does not hold it any more. It was to be removed, but was edited or put to use since.")
    return _("The source does not hold it any more; the library's item stays.")


def _warnings(*, edited: bool, used_by: Sequence[str], also_from: Sequence[str]) -> Iterator[str]:
    if edited:
        yield _("It was edited in the library since it was imported.")
    if used_by:
        names = joined(used_by[:_NAMED])
        if len(used_by) > _NAMED:
            yield _("It is in use: {names} and {count} more hold it.").format(names=names, count=len(used_by) - _NAMED)
        else:
            yield _("It is in use by {names}.").format(names=names)
    if also_from:
        yield _("It is in use by another source: it was imported from {sources} as well.").format(
            sources=joined(also_from)
        )
