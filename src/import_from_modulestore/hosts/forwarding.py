"""
Forwarding: references of courses to a source lead to the items of a library that came from it.

Courses refer to the blocks of legacy libraries (``library_content``). A host that can forward keeps for each source to
which import its references are forwarded, and for each block to which item; and it may know of imports that others have
made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opaque_keys.edx.keys import LearningContextKey

from ..data import ImportOptions


@dataclass(frozen=True, kw_only=True)
class ForwardedSource:
    """An import whose source is to be forwarded; what is called ``…_id`` is a primary key."""

    source_key: LearningContextKey
    source_version: str
    package_id: Any
    collection_id: int | None
    change_log_id: int | None
    options: ImportOptions
    user: Any
    name: str
    """The import in a line, for a list of the user's tasks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForwardedBlock:
    """What became of a block: an item of the library in this version; or why none did."""

    usage_key: str
    entity_id: int | None = None
    version_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownItem:
    """The item that somebody else has made of a block, and the version that they wrote, where that is known."""

    entity_id: int
    version_id: int | None


class Forwarding(ABC):
    """What a host does that forwards references; to be called inside the transaction of a step where it writes."""

    @abstractmethod
    def library_of(self, source_key: LearningContextKey) -> str:
        """The key of the library to which the source is forwarded; empty where it is not."""

    @abstractmethod
    def may_forward(self, user: Any, source_key: LearningContextKey) -> bool:
        """Whether the user may have references to the source forwarded."""

    @abstractmethod
    def forward(self, source: ForwardedSource, blocks: Iterable[Sequence[ForwardedBlock]]) -> dict[str, Any]:
        """
        Forward a source and its blocks, which come in batches; returns what :meth:`withdraw` needs, as JSON.

        What is forwarded into the same library already, and is there, stays as it is; what is forwarded elsewhere is
        forwarded here from now on. Nobody else changes where the source is forwarded until the transaction ends. A
        fixed number of statements for each batch.
        """

    @abstractmethod
    def hold(self, source_key: LearningContextKey) -> None:
        """Have others who would forward the source wait for the end of the transaction."""

    @abstractmethod
    def withdraw(self, kept: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """
        Take back what :meth:`forward` has done. What was forwarded into the same library after it takes its place, the
        oldest first; else what was there before, where that still is.

        ``others`` is what :meth:`forward` returned for all other imports of the source that forward it, into whatever
        library. Returns the same for each of them, as it is from now on: whoever would have given back to what is
        withdrawn, gives back to what takes its place.
        """

    @abstractmethod
    def known_items(self, source_key: LearningContextKey, package_id: Any) -> dict[str, KnownItem]:
        """By usage key, the blocks of the source that were made items of the library by whomever. One query."""

    @abstractmethod
    def known_sources(self, entity_ids: Collection[int]) -> dict[int, set[str]]:
        """The keys of the sources of whose blocks these items were made, by entity ID. One query."""
