"""What a merge comes to in a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from ..data import ConflictState, LocalKey
from ..merging import UnusableChoice, merge_container, told, versions_digest
from ..olx.normal_form import container_digest
from ..quoting import listed, shortened
from .data import ComponentMerge, ContainerBase, LibraryItem, LibraryState, PastImport, SourceBlock


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """
    What becomes of a block that is to be merged.

    ``needs`` says why somebody is needed, ``stays`` why there is nothing to merge and the library's item stays. Else it
    is a version of this ``title`` and ``digest``, for containers with these children; ``based_on`` names the record
    that both sides come from, where both have a part in it; ``found`` names the files that the source alone would lack.
    """

    needs: str = ""
    stays: str = ""
    title: str = ""
    digest: str = ""
    told: str = ""
    based_on: int | None = None
    children: tuple[LocalKey, ...] = ()
    held: Mapping[LocalKey, int] = field(default_factory=dict)
    pinned: Mapping[LocalKey, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


def without_merging(
    block: SourceBlock, state: ConflictState, item: LibraryItem, past: PastImport | None, digest: str, source: str
) -> Verdict | None:
    """
    What becomes of the block where its texts need not be looked at; ``None`` where they have to.

    ``digest`` is that of what would be imported, ``source`` that of what the source holds.
    """
    if past is None or state is ConflictState.ID_TAKEN:
        return Verdict(needs=_("The library’s item does not come from this source, so there is nothing to go by."))
    if state is ConflictState.DELETED:
        if digest in (past.source_digest, past.item_digest, past.edited_digest):
            return Verdict(stays=_("It was deleted in the library and is the same in the source: it stays deleted."))
        return Verdict(needs=_("It was deleted in the library, and has changed in the source since."))
    if digest == past.source_digest:
        return Verdict(stays=_("It has not changed in the source; the library’s version stays."))
    if digest in (past.item_digest, past.edited_digest):  # What the library has changed since goes beyond it.
        return Verdict(stays=_("It is what was imported last time; the library’s version stays."))
    if item.digest == past.source_digest:
        return Verdict(title=block.title, digest=digest, told=_("The library has not changed it: it is the source’s."))
    return None


def merged_component(merge: ComponentMerge | None, past: PastImport) -> Verdict:
    """The verdict on a component whose texts were looked at."""
    if merge is None:
        return Verdict(
            needs=_("What the source held at its last import was not kept, or the library’s item cannot be read.")
        )
    if merge.trouble or merge.open:
        return Verdict(needs=merge.trouble or _asking(merge.open), warnings=merge.warnings, based_on=past.record)
    return Verdict(
        title=merge.title,
        digest=merge.digest,
        told=merge.told,
        based_on=past.record,
        warnings=merge.warnings,
        found=merge.found,
    )


def merged_container(
    block: SourceBlock,
    children: Sequence[LocalKey],
    item: LibraryItem,
    base: ContainerBase | None,
    past: PastImport,
    library: LibraryState,
) -> Verdict:
    """The verdict on a container."""
    if base is None:
        return merged_component(None, past)
    of = versions_digest(base.title, item.title, block.title)
    is_void = bool(base.choices) and base.of != of
    versions = (
        (base.title, base.children),
        (item.title, [library.key_of[entity_id] for entity_id in item.children if entity_id in library.key_of]),
        (block.title, children),
    )
    try:
        merged = merge_container(*versions, {} if is_void else base.choices)
    except UnusableChoice:
        merged = merge_container(*versions, {})
    warnings = (void_choices(),) if is_void else ()
    if open_pieces := [piece.name for piece in merged.pieces if piece.choice is None]:
        return Verdict(needs=_asking(open_pieces), warnings=warnings, based_on=past.record)
    ours = {library.key_of[entity_id]: entity_id for entity_id in item.children if entity_id in library.key_of}
    pinned = {key: item.pinned[ours[key]] for key in merged.children if ours.get(key) in item.pinned}
    names = [f"{key}@{pinned[key]}" if key in pinned else str(key) for key in merged.children]
    return Verdict(
        title=merged.title,
        digest=container_digest(merged.title, names),
        told=told(merged.taken),
        based_on=past.record,
        children=merged.children,
        held={key: ours[key] for key in merged.children if key in ours},
        pinned=pinned,
        warnings=warnings,
    )


def still_true(warnings: Iterable[str], found: Collection[str]) -> Iterator[str]:
    """The warnings about a block without those about files that it lacks, where a merge has found these."""
    names = [f" {shortened(name)} " for name in found]
    return (warning for warning in warnings if not any(name in warning for name in names))


def void_choices() -> str:
    """What to say where the texts are not those any more for which pieces were chosen."""
    return _("What was chosen for its merge is void: the library or the source has changed since. Choose again.")


def is_mergeable(block: SourceBlock) -> bool:
    """Whether there is something to merge in the block."""
    return not block.problem and not block.refusal and block.repeats is None


def _asking(pieces: Sequence[str]) -> str:
    return _("Both the library and the source have changed this, in different ways: {pieces}.").format(
        pieces=listed(pieces)
    )
