"""A library small enough to hold in the hand: what planning is given, and what carrying out a plan makes of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from import_from_modulestore.data import BlockKind, LocalKey, Outcome, Plan
from import_from_modulestore.olx.normal_form import container_digest
from import_from_modulestore.planning import Holder, LibraryItem, LibraryState, PastImport, SourceBlock

TAGS = {
    BlockKind.SECTION: "chapter",
    BlockKind.SUBSECTION: "sequential",
    BlockKind.UNIT: "vertical",
    BlockKind.COMPONENT: "html",
}


def like_mysql(code: str) -> str:
    """Codes as the collations compare them that MySQL and MariaDB have by default: no case, no accents, ``ß`` is ss."""
    decomposed = unicodedata.normalize("NFD", code.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).rstrip()


def source(*specs: str | tuple, **common) -> list[SourceBlock]:
    """
    Blocks from an outline: ``source("section a", " subsection b", "  unit c", "   html d = content")``.

    Spaces are depth; ``= content`` is a component's content; a tuple adds fields.
    """
    blocks: list[SourceBlock] = []
    path: list[int] = []
    for num, spec in enumerate(specs):
        line, extra = spec if isinstance(spec, tuple) else (spec, {})
        depth = len(line) - len(line.lstrip())
        word, _, rest = line.strip().partition(" ")
        block_id, _, content = rest.partition(" = ")
        kind = BlockKind(word) if word in BlockKind.values else BlockKind.COMPONENT
        tag = TAGS[kind] if kind.is_container else word
        del path[depth:]
        blocks.append(
            SourceBlock(
                **{
                    "num": num,
                    "parent": path[-1] if path else None,
                    "usage_key": f"{tag}@{block_id}",
                    "block_type": tag,
                    "block_id": block_id,
                    "kind": kind,
                    "title": block_id,
                    "digest": "" if kind.is_container else content or f"content of {block_id}",
                }
                | common
                | extra
            )
        )
        path.append(num)
    return blocks


@dataclass
class Item:
    """One library item; a container's digest is worked out from its live children."""

    entity_id: int
    kind: BlockKind
    title: str
    digest: str = ""
    children: tuple[LocalKey, ...] = ()
    deleted: bool = False
    is_live: bool = False
    is_published: bool = True


@dataclass
class Library:
    """Items and history, and what a plan makes of them."""

    items: dict[LocalKey, Item] = field(default_factory=dict)
    history: dict[str, PastImport] = field(default_factory=dict)
    limit: int = 100_000
    same_code: Callable[[str], str] = str

    def put(
        self, key: str, digest: str = "", *, title: str | None = None, children: str = "", deleted: bool = False
    ) -> Library:
        """Add or replace an item: ``put("html:a", "content")``, ``put("unit:u", children="html:a html:b")``."""
        item_key = LocalKey(*key.split(":"))
        kind = BlockKind(item_key.type) if item_key.type in BlockKind.values else BlockKind.COMPONENT
        entity_id = self.items[item_key].entity_id if item_key in self.items else len(self.items) + 1
        child_keys = tuple(LocalKey(*child.split(":")) for child in children.split())
        self.items[item_key] = Item(entity_id, kind, title or item_key.code, digest, child_keys, deleted)
        return self

    def state(self) -> LibraryState:
        """The library as planning sees it."""
        return LibraryState(
            items={
                key: LibraryItem(
                    entity_id=item.entity_id,
                    kind=item.kind,
                    title=item.title,
                    digest=self._digest(item),
                    deleted=item.deleted,
                    children=tuple(self.items[child].entity_id for child in self._live(item)),
                    is_live=item.is_live,
                    is_published=item.is_published,
                )
                for key, item in self.items.items()
            },
            history=dict(self.history),
            live_count=sum(not item.deleted for item in self.items.values()),
            block_limit=self.limit,
            same_code=self.same_code,
            holders=self._holders,
        )

    def _holders(self, entity_ids: Collection[int]) -> dict[int, Holder]:
        """Of containers, authors and learners see the same."""
        holders = {}
        for item in self.items.values():
            if held := {self.items[child].entity_id for child in self._live(item)}.intersection(entity_ids):
                holders[item.entity_id] = Holder(item.title, held, held)
        return holders

    def after(self, plan: Plan) -> Library:
        """The library once a plan is carried out."""
        after = replace(
            self, items={key: replace(item) for key, item in self.items.items()}, history=dict(self.history)
        )
        for item in plan.items:
            if item.outcome.writes:
                old = after.items.get(item.local_key)
                was_published = old is not None and old.is_published
                after.items[item.local_key] = Item(
                    old.entity_id if old else len(after.items) + 1,
                    item.kind,
                    item.title,
                    item.item_digest,
                    item.children,
                    is_published=item.publish or was_published,
                )
        for item in plan.gone:
            after.items[item.local_key].deleted = item.is_removed
        for item in plan.items:
            if item.outcome.writes or item.outcome is Outcome.UNCHANGED:
                entity_id = after.items[item.local_key].entity_id
                after.history[item.usage_key] = PastImport(
                    entity_id=entity_id, source_digest=item.source_digest, item_digest=item.item_digest
                )
        return after

    def _digest(self, item: Item) -> str:
        if not item.kind.is_container:
            return item.digest
        return container_digest(item.title, map(str, self._live(item)))

    def _live(self, item: Item) -> list[LocalKey]:
        return [child for child in item.children if child in self.items and not self.items[child].deleted]
