"""What planning works on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import NamedTuple

from ..data import BlockKind, Branch, Contents, Decision, LocalKey
from ..merging import Choices


class Letters(Enum):
    """Which letters a library takes in IDs."""

    ANY = auto()
    BASIC = auto()
    """Those of Unicode's first 65,536 characters."""
    ASCII = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceBlock:
    """
    One staged block.

    ``num`` orders blocks depth-first; ``parent`` is the parent's ``num``. A block that the source shows again has
    ``repeats``, the ``num`` of its first showing, and of its own only whether it is ``selected`` there. ``digest``
    stands for a component's whole content; containers have none, since theirs depends on what becomes of their
    children. ``source_digest`` and ``source_title`` are what the source holds, where a reviewer has edited the block.
    ``contents`` is what becomes of the blocks inside one with a ``refusal``; ``None`` is for the import's default.
    """

    num: int
    parent: int | None
    usage_key: str
    block_type: str
    block_id: str
    kind: BlockKind
    title: str
    digest: str = ""
    source_digest: str = ""
    source_title: str = ""
    repeats: int | None = None
    problem: str = ""
    refusal: str = ""
    warnings: tuple[str, ...] = ()
    decision: Decision | None = None
    contents: Contents | None = None
    selected: bool = True
    name: str = ""
    """What people call it, where it has no title."""

    @property
    def called(self) -> str:
        """What people call it."""
        return self.name or self.title


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryItem:
    """
    One item of the library, live or ``deleted``; ``digest`` stands for the content of its draft.

    ``children`` are the entity IDs of what a container's draft holds.
    """

    entity_id: int
    kind: BlockKind
    title: str
    digest: str
    deleted: bool = False
    children: tuple[int, ...] = ()
    pinned: Mapping[int, int] = field(default_factory=dict)
    """Of ``children``, those of which it holds one version, whatever becomes of them: that version."""
    is_live: bool = False
    """Whether learners see just what its draft holds."""
    is_published: bool = False
    """Whether learners see any version of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastImport:
    """
    What an earlier import did with a source block: where it went, what the source held, what was written.

    ``block_type`` is the block's OLX tag, ``branch`` the side of the source that was read, ``name`` what people called
    the block where it had no title.
    """

    entity_id: int
    source_digest: str
    item_digest: str
    block_type: str = ""
    branch: Branch = Branch.DRAFT
    name: str = ""
    record: int = 0
    """The import record that tells of it."""
    edited_digest: str = ""
    """What the source held with the edit of that import's review, which may have been merged: of components."""


@dataclass(frozen=True, kw_only=True)
class Collections:
    """The collections of a library by ``titles``, oldest first, by primary key."""

    titles: Mapping[int, str] = field(default_factory=dict)
    of_blocks: Mapping[str, int] = field(default_factory=dict)
    """Those that earlier imports of the source gave to components, by usage key; also such as are gone since."""
    own: int | None = None
    """The one that the import puts all of it into, where that is there already."""


class Holder(NamedTuple):
    """A container of the library that holds what was asked for: its title, and which of these its versions hold."""

    title: str
    draft: set[int]
    published: set[int]


@dataclass(frozen=True, kw_only=True)
class LibraryState:
    """
    The library as planning sees it: the ``items`` that the import can meet, and what these hold; ``history`` is by
    usage key of the source block.
    """

    items: Mapping[LocalKey, LibraryItem]
    history: Mapping[str, PastImport]
    live_count: int = 0
    """How many items of the library count towards the limit."""
    block_limit: int = 100_000
    letters: Letters = Letters.ANY
    same_code: Callable[[str], str] = str
    """Gives the same for two codes of containers that the library takes for the same. A pure function."""
    other_codes: frozenset[str] = frozenset()
    """Codes of containers that are no ``items``, since imports make none of their type."""
    is_taken: Callable[[LocalKey], bool] = lambda _key: False
    """Whether an item that is none of ``items`` has this key; of containers, a code that counts as the same."""
    holders: Callable[[Collection[int]], Mapping[int, Holder]] = field(default=lambda _entity_ids: {})
    """Gives the containers that hold some of these entities, by entity ID."""
    other_sources: Callable[[Collection[int]], Mapping[int, tuple[str, ...]]] = field(default=lambda _entity_ids: {})
    """Gives the keys of the other sources whose blocks these entities stand for too, by entity ID."""
    collections: Callable[[], Collections] = Collections
    """Gives the library's collections; asked once at most, and only where contents go into some."""

    @cached_property
    def key_of(self) -> Mapping[int, LocalKey]:
        """Keys by entity ID."""
        return {item.entity_id: key for key, item in self.items.items()}

    @cached_property
    def containers(self) -> Mapping[str, LocalKey | None]:
        """
        Keys of the containers by what :attr:`same_code` makes of their code, ``None`` for one that is no item.

        A library allows each code only once, whatever the container's type.
        """
        others = {self.same_code(code): None for code in self.other_codes}
        component = BlockKind.COMPONENT  # Asked of each item that there is.
        return others | {
            self.same_code(key.code): key for key, item in self.items.items() if item.kind is not component
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentMerge:
    """
    What merging a component comes to.

    ``open`` names the pieces that somebody has to choose. ``told`` says what was taken from which side, ``trouble`` why
    the merge cannot be made at all, ``warnings`` what there is to know of it; ``found`` names the files that the source
    lacks, and the merged component has from the library.
    """

    title: str = ""
    digest: str = ""
    open: tuple[str, ...] = ()
    told: str = ""
    trouble: str = ""
    warnings: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerBase:
    """What the source held of a container when it was last imported, and what was chosen for ``of`` in the review."""

    title: str
    children: tuple[LocalKey, ...]
    choices: Choices = field(default_factory=dict)
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class Merges:
    """
    Gives what planning has to know of blocks that are to be merged, which have met the item of an earlier import.

    Both are asked once at most, for all of these, by ``num``. A component that is not among the answers cannot be
    merged, since nobody knows what it was; so a container.
    """

    components: Callable[[Mapping[int, PastImport]], Mapping[int, ComponentMerge]] = lambda _asked: {}
    containers: Callable[[Mapping[int, PastImport]], Mapping[int, ContainerBase]] = lambda _asked: {}
