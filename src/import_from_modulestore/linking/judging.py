"""
What can be linked: a pure function of records, of the course as it is, and of what of the library is published.

Studio takes an update of a container from the library by making the course's block hold what the item holds, and
deletes every block in it that follows none of these (platform: ``sync_library_content`` in
``cms/djangoapps/contentstore/xblock_storage_handlers/view_handlers.py``). So a container can only be linked where all
that it holds in the course became what its item holds, and with all of that.

An update is offered where the library has published a higher version than the block says it has
(``cms/lib/xblock/upstream_sync.py``: ``UpstreamLink``). A block whose content the item's version was made from says
that it has this version; one whose item holds something else says that it has an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from ..data import BlockKind, ConflictState, LinkData, LinkState, Outcome
from ..hosts.links import CourseBlock
from ..imports import of_record
from ..models import BlockLink, ImportRecord
from ..quoting import listed

NEWER_IN_COURSE = (ConflictState.SOURCE_CHANGED, ConflictState.BOTH_CHANGED)
"""States in which a block that was skipped has content that the library does not have."""


@dataclass(frozen=True)
class PublishedItem:
    """What of an item is published: its version, and of a container, the entities in it, in order."""

    version_num: int | None
    children: tuple[int, ...] = ()
    is_deleted: bool = False
    """Its draft is: Studio then finds no item to follow, also while learners still see it."""


@dataclass(frozen=True)
class _Verdict:
    state: LinkState
    reason: str = ""
    version: int | None = None
    has_update: bool = False
    warnings: tuple[str, ...] = ()


@dataclass
class Judge:
    """
    Judges the records of an import that have an item, one for each usage key.

    ``links`` are all that the import has ever made, by usage key, the newest last.
    """

    records: Mapping[str, ImportRecord]
    blocks: Mapping[str, CourseBlock]
    items: Mapping[int, PublishedItem]
    links: Mapping[str, BlockLink]
    _known: dict[str, _Verdict] = field(default_factory=dict)

    def all(self) -> Iterable[LinkData]:
        """What can be said of each, in the order of the records."""
        return (self._told(record, self._verdict(key)) for key, record in self.records.items())

    def _told(self, record: ImportRecord, verdict: _Verdict) -> LinkData:
        link = self.links.get(record.usage_key)
        stands = link is not None and link.unlinked_id is None and verdict.state is not LinkState.MISSING
        stands = stands and self.blocks[record.usage_key].upstream == record.item_key
        return LinkData(
            **of_record(record),
            depth=record.depth,
            state=verdict.state,
            reason=verdict.reason,
            warnings=verdict.warnings,
            version=verdict.version,
            has_update=verdict.has_update,
            by_import=stands,
            linked_by=link.change.username if link is not None and stands else "",
            linked=link.change.made if link is not None and stands else None,
        )

    def _verdict(self, usage_key: str) -> _Verdict:
        if usage_key not in self._known:
            self._known[usage_key] = self._judged(self.records[usage_key])
        return self._known[usage_key]

    def _judged(self, record: ImportRecord) -> _Verdict:
        block = self.blocks.get(record.usage_key)
        published = self.items.get(record.entity_id or 0, PublishedItem(None))
        if block is None:
            return _Verdict(LinkState.MISSING)
        follows = block.upstream == record.item_key
        version = self._version(record, block, published)
        newest = published.version_num or 0
        if follows and (self._is_changed(record, block) or version <= (block.upstream_version or 0)):
            has = block.upstream_version
            told = _(
                "Its item is deleted in the library, so there are no updates for it. Restore the item there, or unlink "
                "the block."
            )
            reason = told if published.is_deleted else ""
            return _Verdict(LinkState.LINKED, reason, version=has, has_update=newest > (has or 0) and not reason)
        if block.upstream and not follows:
            told = _("It follows {key}. Unlink it in Studio first, if it is to follow this item.")
            return _Verdict(LinkState.ELSEWHERE, told.format(key=block.upstream))
        if published.is_deleted:
            return _Verdict(LinkState.UNPUBLISHED, _("It is deleted in the library. Restore it there first."))
        if published.version_num is None:
            return _Verdict(LinkState.UNPUBLISHED, _("Publish it in the library, and look here again."))
        state, reason = self._of_children(record, block, published)
        if not state:
            state, reason = self._of_its_own(record, block, version)
        is_linkable = state.can_be_linked
        return _Verdict(
            state,
            reason or (self._told_of_update(newest > version, follows) if is_linkable else ""),
            version if is_linkable else None,
            is_linkable and newest > version,
            block.warnings if is_linkable else (),
        )

    def _of_its_own(self, record: ImportRecord, block: CourseBlock, version: int) -> tuple[LinkState, str]:
        if self._is_changed(record, block):
            return LinkState.CHANGED, _(
                "The course has changed it since it was imported, and an update from the library may take that back. "
                "Choose it by name to have it linked all the same."
            )
        if record.outcome == Outcome.SKIPPED and record.state in NEWER_IN_COURSE:
            return LinkState.CHANGED, _(
                "The import has left its item as it was, and an update from the library would bring that here. Choose "
                "it by name to have it linked all the same."
            )
        return LinkState.READY, ""

    def _of_children(
        self, record: ImportRecord, block: CourseBlock, published: PublishedItem
    ) -> tuple[LinkState | None, str]:
        """What its children make of a container; nothing where they leave it as it is."""
        if not BlockKind(record.kind).is_container:
            return None, ""
        strange = []
        changed = []
        for key in block.children:
            child = self.records.get(key)
            state = self._verdict(key).state if child else LinkState.MISSING
            if child is None or child.entity_id not in published.children:
                strange.append(child.called if child else key)
            elif state is LinkState.CHANGED:
                changed.append(child.called)
            elif state not in (LinkState.READY, LinkState.LINKED):
                strange.append(child.called)
        if strange:
            return LinkState.INCOMPLETE, _(
                "An update from the library would delete what its item does not hold, or what does not follow it: "
                "{names}. What can be linked in it can be linked by itself."
            ).format(names=listed(strange))
        if changed:
            return LinkState.CHANGED, _(
                "The course has changed what is in it since it was imported: {names}. Choose it by name to have all of "
                "it linked."
            ).format(names=listed(changed))
        return None, ""

    def _version(self, record: ImportRecord, block: CourseBlock, published: PublishedItem) -> int:
        """The item's version that the block has the content of; an earlier one where the item holds something else."""
        num = record.draft_after_num or 0
        if self._is_changed(record, block) or self._holds_the_same(record, block, published):
            return num
        if record.outcome == Outcome.SKIPPED and record.state in NEWER_IN_COURSE:
            return num
        return max(num - 1, 0)

    def _holds_the_same(self, record: ImportRecord, block: CourseBlock, published: PublishedItem) -> bool:
        if record.outcome == Outcome.SKIPPED or record.source_digest != record.item_digest:
            return False
        if not BlockKind(record.kind).is_container:
            return True
        entities = [child.entity_id if (child := self.records.get(key)) else None for key in block.children]
        return entities == list(published.children)

    def _is_changed(self, record: ImportRecord, block: CourseBlock) -> bool:
        """Whether authors of the course have changed it since; a link that was made or taken off is no change."""
        link = self.links.get(record.usage_key)
        if link is not None and link.block_version == block.version:
            return link.was_changed
        return block.is_changed

    def _told_of_update(self, has_update: bool, follows: bool) -> str:
        if follows:
            return _("It follows its item already, and the course has a newer version of it than the link says.")
        if has_update:
            return _("Its item holds something else than the course does: an update will be offered at once.")
        return ""


def first_of_each(records: Iterable[Any]) -> dict[str, Any]:
    """By usage key: of a block that the source shows in several places, the first."""
    found: dict[str, Any] = {}
    for record in records:
        found.setdefault(record.usage_key, record)
    return found
