"""Blocks of a course that follow what they became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .blocks import BlockKind
from .lists import counts_of


class LinkState(TextChoices):
    """How a block of a course stands to the item that it became: whether it can follow it."""

    READY = "ready", _("Can be linked")
    LINKED = "linked", _("Linked")
    CHANGED = "changed", _("Changed in the course since")
    ELSEWHERE = "elsewhere", _("Linked to something else")
    UNPUBLISHED = "unpublished", _("Its item is not published")
    INCOMPLETE = "incomplete", _("Holds what its item does not")
    MISSING = "missing", _("Not in the course any more")

    @property
    def can_be_linked(self) -> bool:
        """Whether it is linked where somebody asks for it by name; of all, only those that are ready are."""
        return self in (LinkState.READY, LinkState.CHANGED)


@dataclass(frozen=True, kw_only=True)
class LinkData:
    """A block of a course, the item that it became, and whether it follows that, or can."""

    num: int
    depth: int
    usage_key: str
    block_type: str
    kind: BlockKind
    title: str
    name: str
    """What people call it: its title, or where it has none, the beginning of its text."""
    item_key: str
    item_url: str = ""
    """The item's page, where the host has one."""
    state: LinkState
    reason: str = ""
    """Why it cannot be linked, or not without being asked for; what to know of a link that is there."""
    warnings: tuple[str, ...] = ()
    """What a later update from the library will do to it."""
    version: int | None = None
    """The item's version that the block counts as having, once it is linked."""
    has_update: bool = False
    """Whether the library has a newer version than that, so that an update will be offered at once."""
    by_import: bool = False
    """Whether it was this import's blocks that were linked, and can be unlinked."""
    linked_by: str = ""
    """Of a link of this import: who has made it."""
    linked: datetime | None = None
    """And when."""


@dataclass(frozen=True, kw_only=True)
class LinkPlan:
    """All blocks of an import that became items, in the order of the source, and how they stand to these now."""

    source_key: str
    items: tuple[LinkData, ...]

    def counts(self) -> dict[str, int]:
        """Blocks by :class:`LinkState` value."""
        return counts_of(item.state for item in self.items)

    @property
    def ready(self) -> int:
        """How many are linked where all are asked for."""
        return sum(item.state is LinkState.READY for item in self.items)

    @property
    def by_import(self) -> int:
        """How many links of this import stand."""
        return sum(item.by_import for item in self.items)
