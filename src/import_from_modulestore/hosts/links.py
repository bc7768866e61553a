"""
Links: blocks of a course follow the items of a library that they became.

An origin whose courses can be changed may have them follow a library, as courses do in Studio: authors are offered what
the library publishes, and take it or not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opaque_keys.edx.keys import LearningContextKey

from ..data import Branch


@dataclass(frozen=True, kw_only=True)
class CourseBlock:
    """A block of a course as authors have it now."""

    usage_key: str
    children: tuple[str, ...]
    """Usage keys of the blocks in it."""
    upstream: str
    """Key of the item that it follows; empty where it follows none."""
    upstream_version: int | None
    version: str
    """Changes with every change of the block."""
    is_changed: bool
    """Whether it is other than when the import has read it."""
    warnings: tuple[str, ...] = ()
    """What an update from the library will do to it."""


@dataclass(frozen=True, kw_only=True)
class WantedLink:
    """That a block is to follow an item, and counts as having this version of it."""

    usage_key: str
    item_key: str
    version: int
    is_changed: bool = False
    """Whether the course's own titles and texts are to stay, where they are other than the item's."""


@dataclass(frozen=True, kw_only=True)
class MadeLink:
    """What a block said of links before it was linked, for taking the link off again."""

    usage_key: str
    item_key: str
    before: Mapping[str, Any]
    version: str = ""
    """The version of the block with the link (:attr:`CourseBlock.version`)."""


class CourseLinks(ABC):
    """What an origin does that has blocks of its courses follow items; they do not check permissions."""

    @abstractmethod
    def refusal_of(self, key: LearningContextKey) -> str:
        """Why no blocks of this source can follow items of a library; empty where they can."""

    @abstractmethod
    def can_edit(self, user: Any, key: LearningContextKey) -> bool:
        """Whether the user may change the course."""

    @abstractmethod
    def read(
        self, key: LearningContextKey, *, version: str = "", branch: Branch = Branch.DRAFT
    ) -> Mapping[str, CourseBlock]:
        """
        The blocks of a course, by usage key.

        ``version`` and ``branch`` are those that an import has read; they say which blocks are changed since. Raises
        ``NotFound`` where the course is gone, and ``SourceError``.
        """

    @abstractmethod
    def link(self, key: LearningContextKey, wanted: Sequence[WantedLink], user: Any) -> Sequence[MadeLink]:
        """
        Have these blocks follow their items: as drafts, with nothing published. All, or none.

        Raises ``InvalidOption`` where the platform refuses one. Must be inside a transaction.
        """

    @abstractmethod
    def unlink(self, key: LearningContextKey, links: Sequence[MadeLink], user: Any) -> Mapping[str, str]:
        """
        Have these blocks say again what they said before; those that follow something else by now stay as they are.

        Returns the versions of those that were changed, by usage key. Must be inside a transaction.
        """
