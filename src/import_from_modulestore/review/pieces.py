"""The pieces of a block's merge: what both sides have changed, and what a reviewer chooses of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openedx_content.models_api import PublishableEntity, PublishableEntityVersion

from ..data import BlockKind, LocalKey, MergeChoice, MergePiece, MergeSide, PlannedItem
from ..errors import InvalidEdit
from ..merges import choices_of, container_bases, kept_choices, merged_components
from ..merging import (
    BODY,
    Choices,
    ComponentTexts,
    MergedContainer,
    UnusableChoice,
    merge_container,
    versions_digest,
    whole_body,
)
from ..models import Import, StagedBlock
from ..planning import PastImport
from ..quoting import listed
from .blocks import PlannedImport
from .changes import changing
from .edits import find_block, unknown_files


@dataclass(frozen=True)
class ReviewedMerge:
    """The merge of one block: its pieces, what it is made of (``of``), and of a component what comes of it."""

    pieces: tuple[MergePiece, ...]
    of: str
    texts: ComponentTexts | None = None
    choices: dict[str, MergeChoice | None] = field(default_factory=dict)
    """Those that hold for these versions."""
    versions: tuple[ComponentTexts, ...] = ()
    """Of a component: what is merged."""

    @cached_property
    def whole_body(self) -> MergePiece | None:
        """The body as one piece, where parts of it are pieces."""
        return whole_body(*self.versions) if any(_is_part(piece.name) for piece in self.pieces) else None


def reviewed_merge(
    run: Import, block: StagedBlock, item: PlannedItem, choices: Choices | None = None
) -> ReviewedMerge | None:
    """
    The merge of a block, as it is chosen so far, or with these choices; ``None`` where its texts are not merged.

    A fixed number of statements. Raises :class:`..merging.UnusableChoice` for choices that cannot be used.
    """
    if item.based_on is None or item.meets is None:
        return None
    if BlockKind(block.kind).is_container:
        return _container_merge(run, block, item, choices)
    merge = next(merged_components(run, {block.num: (item.meets, item.based_on)}), None)
    if merge is None:
        return None
    kept = {} if merge.is_void else choices_of(block)
    merged = merge.merged if choices is None else merge.with_choices(choices)
    return ReviewedMerge(merged.pieces, merge.of, merged.texts, {**kept}, merge.versions)


def choose_pieces(
    run: Import, usage_key: str, chosen: Mapping[str, MergeChoice | None], planned: PlannedImport
) -> None:
    """
    Keep what is chosen for pieces of a block's merge; ``None`` takes a choice back.

    The body can be chosen as a whole wherever a part of it can be: then its parts are not chosen any more. Raises
    ``NotFound``, ``InvalidEdit``.
    """
    with changing(run):
        block = find_block(run, usage_key)
        item = planned.items.get(block.num)
        merge = reviewed_merge(run, block, item) if item is not None else None
        if item is None or merge is None:
            raise InvalidEdit(
                _("There is nothing to choose: {name} is not merged.").format(name=block.title), field="pieces"
            )
        _check_names(merge, chosen)
        choices = {name: choice for name, choice in {**merge.choices, **chosen}.items() if choice is not None}
        if BODY in chosen:
            choices = {name: choice for name, choice in choices.items() if not _is_part(name)}
        elif any(map(_is_part, chosen)):
            choices.pop(BODY, None)
        try:
            tried = reviewed_merge(run, block, item, choices)
            if tried is None or choices.keys() - {piece.name for piece in tried.pieces}:
                raise UnusableChoice(BODY, _("These parts do not fit together. Choose the body as a whole."))
            _check_files(tried, chosen)
        except UnusableChoice as error:
            raise InvalidEdit(
                _("{piece} cannot be this: {reason}").format(piece=error.piece, reason=error), field="pieces"
            ) from error
        block.merge_choices = kept_choices(choices, tried.of)
        block.save(update_fields=["merge_choices"])


def _check_names(merge: ReviewedMerge, chosen: Mapping[str, MergeChoice | None]) -> None:
    names = {piece.name for piece in merge.pieces}
    if any(name.startswith(BODY) for name in names):
        names |= {BODY, *filter(_is_part, chosen if BODY in merge.choices else ())}
    if unknown := [name for name in chosen if name not in names]:
        raise InvalidEdit(
            _("No such piece needs you: {names}. There are: {known}.").format(
                names=listed(unknown), known=listed(sorted(names)) or "–"
            ),
            field="pieces",
        )


def _check_files(merge: ReviewedMerge, chosen: Mapping[str, MergeChoice | None]) -> None:
    """That what is written names no file that none of the versions has or names. Raises ``UnusableChoice``."""
    edited = [name for name, choice in chosen.items() if choice is not None and choice.take is MergeSide.EDIT]
    if not edited or merge.texts is None:
        return
    files = (file.name for file in merge.texts.files)
    if unknown := unknown_files(merge.texts.element, (each.element for each in merge.versions), files):
        raise UnusableChoice(
            listed(edited),
            ngettext(
                "It names a file that neither the library’s version nor the source’s has: {names}.",
                "It names files that neither the library’s version nor the source’s has: {names}.",
                len(unknown),
            ).format(names=listed(unknown)),
        )


def _is_part(name: str) -> bool:
    return name.startswith(f"{BODY}:")


def _container_merge(
    run: Import, block: StagedBlock, item: PlannedItem, choices: Choices | None
) -> ReviewedMerge | None:
    assert item.meets is not None and item.based_on is not None
    past = PastImport(entity_id=item.meets, source_digest="", item_digest="", record=item.based_on)
    base = container_bases(run, {block.num: past}).get(block.num)
    title = (
        PublishableEntityVersion.objects.filter(draft__entity=cast(PublishableEntity.ID, item.meets))
        .values_list("title", flat=True)
        .first()
    )
    if base is None or title is None:
        return None
    of = versions_digest(base.title, title, block.title)
    kept = base.choices if base.of == of else {}
    merged: MergedContainer[LocalKey] = merge_container(
        (base.title, ()), (title, ()), (block.title, ()), kept if choices is None else choices
    )
    return ReviewedMerge(merged.pieces, of, None, {**kept})
