"""
Making the plan.

The blocks are taken in two passes. The first settles which library item each block meets: by history (an earlier import
wrote this very block there), else by key. The second goes through the tree from the leaves up, since what a container
will hold depends on what becomes of its children.

What is inside a component that a library cannot hold goes with it, or its components are planned like all others, and
the containers around them, the groups of an experiment, say, are dissolved. See :class:`..data.Contents`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..data import (
    BlockIds,
    ConflictState,
    Contents,
    Decision,
    GoneItem,
    ImportOptions,
    LocalKey,
    Outcome,
    Plan,
    PlannedItem,
)
from ..olx.blocks import default_title
from ..olx.normal_form import container_digest
from ..quoting import MAX_LENGTH, bounded, listed, shortened
from .data import ComponentMerge, ContainerBase, LibraryItem, LibraryState, Merges, PastImport, SourceBlock
from .gone import gone_items, gone_unknown
from .ids import numbered, wanted_code
from .merged import Verdict, is_mergeable, merged_component, merged_container, still_true, without_merging

_LOST_EDITS = {
    ConflictState.LIBRARY_CHANGED: gettext_lazy(
        "The library's item was edited since it was imported; its edits would no longer be the current version."
    ),
    ConflictState.BOTH_CHANGED: gettext_lazy(
        "Both the source and the library's item were edited since; "
        "the library's edits would no longer be the current version."
    ),
    ConflictState.ID_TAKEN: gettext_lazy(
        "The library holds another item of this type and ID, which does not come from this source."
    ),
}

_TAKEN = (Contents.UNIT, Contents.COLLECTION)

_NAMED = 5
"""How many blocks a blocker names."""

_MAX_COLLECTION_TITLE = 500
"""Characters (platform: ``openedx_content/applets/collections/models.py``)."""

_CHANGED = (ConflictState.SOURCE_CHANGED, ConflictState.LIBRARY_CHANGED, ConflictState.BOTH_CHANGED)
_EDITED_BEFORE = gettext_lazy(
    "It was edited in the review of an earlier import, or merged there; the source's version does not have that."
)


def make_plan(
    blocks: Sequence[SourceBlock],
    library: LibraryState,
    options: ImportOptions,
    *,
    removals: Mapping[int, bool] | None = None,
    is_partial: bool = False,
    merges: Merges | None = None,
) -> Plan:
    """
    Work out everything that an import would do, without doing it.

    ``blocks`` are in the order of their ``num``. ``removals`` are the entity IDs of items to remove if their blocks
    are gone, and whether in spite of what speaks against it; ``is_partial`` says that there may be blocks in the
    source that are not among these; ``merges`` knows of the blocks that are to be merged. Time and memory are linear
    in blocks and library items.
    """
    return _Planner(blocks, library, options, merges or Merges()).plan(removals or {}, is_partial=is_partial)


class _Planner:
    def __init__(
        self, blocks: Sequence[SourceBlock], library: LibraryState, options: ImportOptions, merges: Merges
    ) -> None:
        self._blocks = {block.num: block for block in blocks}
        self._children: dict[int | None, list[int]] = {}
        self._inner: set[int] = set()
        self._outer_parents: dict[int, int | None] = {}
        for block in blocks:
            self._children.setdefault(block.parent, []).append(block.num)
            if block.parent is not None and (block.parent in self._inner or self._is_component(block.parent)):
                self._inner.add(block.num)
            elif block.repeats in self._inner:
                self._outer_parents.setdefault(block.repeats, block.parent)
        self._library = library
        self._options = options
        self._claimed: dict[LocalKey, int] = {}
        self._names: dict[tuple[str, str], Iterator[str]] = {}
        self._forked: dict[LocalKey, LocalKey] = {}
        self._new_container_codes: set[str] = set()
        self._items: dict[int, PlannedItem] = {}
        self._contributions: dict[int, tuple[LocalKey, ...]] = {}
        self._brought: set[int] = set()
        self._left_with: dict[int, int] = {}
        self._fates: dict[int, tuple[list[str], list[str]]] = {}
        self._considered_nums: frozenset[int] = frozenset()
        self._merges = merges
        self._merged: Mapping[int, ComponentMerge] = {}
        self._bases: Mapping[int, ContainerBase] = {}

    def plan(self, removals: Mapping[int, bool], *, is_partial: bool) -> Plan:
        considered = self._considered()
        self._considered_nums = frozenset(considered)
        for num in considered:
            self._claim_by_history(self._blocks[num])
        self._look_at_merges([self._blocks[num] for num in considered])
        for num in self._leaves_first(considered):
            self._settle(self._blocks[num])
        self._leave_drafts()
        items = self._with_places([self._items[num] for num in considered if num in self._items])
        items = self._with_fates(items)
        blocks = list(self._blocks.values())
        unknown = gone_unknown(blocks, self._library, is_partial=is_partial)
        gone = () if unknown else gone_items(blocks, items, self._met_keys, self._library, self._options, removals)
        return Plan(
            items=items,
            blockers=self._blockers(items, gone),
            gone=gone,
            gone_unknown=unknown,
            left_with=self._left_with,
        )

    # Which blocks

    def _considered(self) -> list[int]:
        """
        First showings of all blocks that are selected, in order.

        A block that is left out where it stands first, and selected where it is shown again, comes with all below it.
        One that is inside a component goes with that, where its contents are left out; where the component itself is
        left out, and not the block, it stands on its own, as below any other block that is left out.
        """
        self._leave_contents({self._first(num) for num, block in self._blocks.items() if block.selected})
        shown = [block for block in self._blocks.values() if block.selected and block.num not in self._left_with]
        considered = {block.num for block in shown if block.repeats is None}
        stack = list({block.repeats for block in shown if block.repeats is not None} - considered)
        while stack:
            num = stack.pop()
            if num not in considered:
                considered.add(num)
                if not self._leaves_contents(self._blocks[num]):
                    stack.extend(self._first(child) for child in self._children.get(num, ()))
                    self._brought.update(self._children.get(num, ()))
        return sorted(considered)

    def _leave_contents(self, selected: set[int]) -> None:
        """Note what goes with the components that are selected."""
        for num in sorted(self._inner):
            parent = self._blocks[num].parent
            assert parent is not None
            holder = self._first(parent)
            if parent in self._left_with:
                self._left_with[num] = self._left_with[parent]
            elif holder in selected and self._leaves_contents(self._blocks[holder]):
                self._left_with[num] = holder

    def _leaves_contents(self, block: SourceBlock) -> bool:
        """Whether the block is a component, and what is inside it goes with it. An edit may have emptied it."""
        return not block.kind.is_container and not (block.refusal and self._contents_of(block) in _TAKEN)

    def _contents_of(self, block: SourceBlock) -> Contents:
        return block.contents or self._options.contents

    def _is_component(self, num: int) -> bool:
        return not self._blocks[num].kind.is_container

    def _leaves_first(self, considered: Sequence[int]) -> Iterator[int]:
        """Each block after all below it, siblings in order, so that of two equal IDs the first stays as it is."""
        open_blocks: list[int] = []
        for num in considered:
            while open_blocks and not self._is_below(num, open_blocks[-1]):
                yield open_blocks.pop()
            open_blocks.append(num)
        yield from reversed(open_blocks)

    def _is_below(self, num: int, ancestor: int) -> bool:
        parent = self._blocks[num].parent
        while parent is not None and parent > ancestor:
            parent = self._blocks[parent].parent
        return parent == ancestor

    def _first(self, num: int) -> int:
        repeats = self._blocks[num].repeats
        return num if repeats is None else repeats

    def _becomes_item(self, block: SourceBlock) -> bool:
        """
        Whether the block becomes an item of its own at this level.

        A container directly inside one of its own or a lower kind cannot be held by it: its children take its place.
        So it is with one that is inside a component, unless it is shown elsewhere too.
        """
        if not self._options.level.keeps(block.kind):
            return False
        if not block.kind.is_container:
            return True
        if block.num in self._inner and block.num not in self._outer_parents:
            return False
        parent = self._outer_parents.get(block.num, block.parent)
        return parent is None or self._blocks[parent].kind.rank > block.kind.rank

    # Which items

    def _claim_by_history(self, block: SourceBlock) -> None:
        past = self._library.history.get(block.usage_key)
        if past and self._becomes_item(block) and not block.refusal:
            key = self._library.key_of.get(past.entity_id)
            if key is not None and self._library.items[key].kind is block.kind:
                self._claimed.setdefault(key, block.num)

    def _met_by_history(self, block: SourceBlock) -> tuple[LocalKey, LibraryItem, PastImport] | None:
        past = self._library.history.get(block.usage_key)
        key = self._library.key_of.get(past.entity_id) if past else None
        if past is None or key is None or self._claimed.get(key) != block.num:
            return None
        return key, self._library.items[key], past

    def _was_edited_in_review(self, block: SourceBlock) -> bool:
        past = self._library.history.get(block.usage_key)
        return past is not None and past.source_digest != past.item_digest

    def _source_has_changed(self, block: SourceBlock, source: str) -> bool:
        past = self._library.history.get(block.usage_key)
        return past is None or past.source_digest != source

    def _met_by_key(self, block: SourceBlock) -> tuple[LocalKey, LibraryItem] | None:
        if self._options.block_ids is BlockIds.FROM_TITLES:
            return None  # A slug that is taken says nothing about where the item came from.
        code = self._wanted_code(block)
        if block.kind.is_container:
            key = self._library.containers.get(self._library.same_code(code))
        else:
            key = LocalKey(block.block_type, code)
        item = self._library.items.get(key) if key else None
        if key is None or item is None or self._claimed.get(key, block.num) != block.num or item.kind is not block.kind:
            return None
        return key, item

    def _wanted_code(self, block: SourceBlock) -> str:
        return wanted_code(block, self._options.block_ids, self._library.letters)

    def _met_keys(self) -> set[LocalKey]:
        """The keys of all items that staged blocks claim, or would if they were selected."""
        met = (self._met_by_key(block) for block in self._blocks.values() if block.repeats is None)
        return {*self._claimed, *(found[0] for found in met if found)}

    def _type_of(self, block: SourceBlock) -> str:
        return block.kind.value if block.kind.is_container else block.block_type

    def _free_key(self, block: SourceBlock) -> LocalKey:
        code = self._wanted_code(block)
        names = self._names.setdefault((self._type_of(block), code), numbered(code))
        for candidate in names:
            key = LocalKey(self._type_of(block), candidate)
            if key in self._library.items or key in self._claimed:
                continue
            if block.kind.is_container:
                code = self._library.same_code(candidate)
                if code in self._library.containers or code in self._new_container_codes:
                    continue
            if self._library.is_taken(key):
                continue
            return key
        raise AssertionError("numbered() never ends")

    def _claim(self, key: LocalKey, block: SourceBlock) -> None:
        self._claimed[key] = block.num
        if block.kind.is_container:
            self._new_container_codes.add(self._library.same_code(key.code))

    # What happens

    def _settle(self, block: SourceBlock) -> None:
        if block.problem:
            self._settle_unreadable(block)
        elif not self._becomes_item(block):
            # Above the level there is nothing to hold the children; inside another block they take this one's place.
            self._contributions[block.num] = self._held_by(block)
        elif block.refusal:
            self._settle_refused(block)
        else:
            children, warnings = self._children_for(block)
            self._settle_item(block, children, (*block.warnings, *warnings))

    def _settle_unreadable(self, block: SourceBlock) -> None:
        """What it became before stays as it is, and where it is: nobody has taken it out of the source."""
        met = self._met_by_history(block)
        key, item = met[:2] if met and not met[1].deleted else (None, None)
        self._put(block, ConflictState.UNREADABLE, Outcome.FAILED, key, item, meets=None, reason=block.problem)

    def _settle_refused(self, block: SourceBlock) -> None:
        common: dict[str, Any] = {"refusal": block.refusal}
        if innermost := self._innermost(block):
            contents = self._contents_of(block)
            names = {num: self._name_inside(num, block.num) for num in innermost}
            gone = [names[num] for num in innermost if self._first(num) not in self._considered_nums]
            taken = [names[num] for num in innermost if self._first(num) in self._considered_nums]
            common |= {
                "contents": contents,
                "inner": self._held_by(block) if contents in _TAKEN else (),
                "left_out": tuple(bounded(gone, length=MAX_LENGTH)),
            }
            self._fates[block.num] = (taken, gone)
        self._put(block, ConflictState.UNSUPPORTED, Outcome.UNSUPPORTED, reason=block.refusal, **common)
        if common.get("contents") is Contents.UNIT:
            self._contributions[block.num] = common["inner"]

    def _settle_item(
        self,
        block: SourceBlock,
        children: tuple[LocalKey, ...],
        warnings: tuple[str, ...],
        decision: Decision | None = None,
    ) -> None:
        digest, source = self._digests(block, children)
        decision = decision or self._decision(block)
        if decision is Decision.FORK:  # A container is not changed by its own and its children's being forked.
            unforked = tuple(self._forked.get(child, child) for child in children)
            key, item, state = self._compare(block, *self._digests(block, unforked))
        else:
            key, item, state = self._compare(block, digest, source)
        if decision is Decision.MERGE and state.is_conflict:
            assert key is not None and item is not None
            self._settle_merge(block, key, item, state, children, warnings)
            return
        if state in _CHANGED and self._was_edited_in_review(block):
            warnings = (*warnings, str(_EDITED_BEFORE))
        common: dict[str, Any] = {"children": children, "source_digest": source, "item_digest": digest}

        if item is None or key is None:
            key = self._free_key(block)
            self._put(
                block,
                ConflictState.NEW,
                Outcome.CREATED,
                key,
                publish=self._options.publish,
                warnings=warnings,
                **common,
            )
        elif decision is Decision.FORK and state is not ConflictState.NEW:
            original, key = key, self._free_key(block)
            self._forked[key] = original
            self._put(
                block,
                state,
                Outcome.FORKED,
                key,
                meets=item.entity_id,
                decision=decision,
                publish=self._options.publish,
                warnings=warnings,
                **common,
            )
        elif (
            state is ConflictState.NEW
        ):  # Its ID belongs to an item that was deleted: it becomes that item's next version.
            self._put(
                block, state, Outcome.CREATED, key, item, publish=self._options.publish, warnings=warnings, **common
            )
        elif state is ConflictState.UNCHANGED:
            self._put(
                block, state, Outcome.UNCHANGED, key, item, warnings=warnings, **common | {"item_digest": item.digest}
            )
        elif decision is Decision.SKIP:
            self._put(
                block,
                state,
                Outcome.SKIPPED,
                key,
                item,
                decision=decision,
                reason=_("It was edited in this review; the library's version stays.")
                if state is ConflictState.SOURCE_CHANGED and not self._source_has_changed(block, source)
                else _skip_reason(state) + self._note_on_contents(block, state),
                warnings=warnings,
                contributes=not item.deleted,
                **common,
            )
        else:
            if state in _LOST_EDITS:
                warnings = (*warnings, str(_LOST_EDITS[state]))
            self._put(
                block,
                state,
                Outcome.UPDATED,
                key,
                item,
                decision=decision,
                publish=self._options.publish and decision is Decision.OVERWRITE,
                warnings=warnings,
                **common,
            )

    def _decision(self, block: SourceBlock) -> Decision:
        return block.decision or self._options.on_conflict

    # What is merged

    def _look_at_merges(self, blocks: Sequence[SourceBlock]) -> None:
        """Have the texts of all that is to be merged looked at, at once; of none whose texts need not be."""
        components: dict[int, PastImport] = {}
        containers: dict[int, PastImport] = {}
        for block in blocks:
            if self._decision(block) is not Decision.MERGE or not is_mergeable(block) or not self._becomes_item(block):
                continue
            met = self._met_by_history(block)
            if met is None or met[1].deleted:
                continue
            if block.kind.is_container:
                containers[block.num] = met[2]
            else:
                digest, source = self._digests(block, ())
                _key, item, state = self._compare(block, digest, source)
                if item and state in _CHANGED and not without_merging(block, state, item, met[2], digest, source):
                    components[block.num] = met[2]
        if components:
            self._merged = self._merges.components(components)
        if containers:
            self._bases = self._merges.containers(containers)

    def _settle_merge(
        self,
        block: SourceBlock,
        key: LocalKey,
        item: LibraryItem,
        state: ConflictState,
        children: tuple[LocalKey, ...],
        warnings: tuple[str, ...],
    ) -> None:
        digest, source = self._digests(block, children)
        past = self._library.history.get(block.usage_key)
        verdict = without_merging(block, state, item, past, digest, source)
        if verdict is None and past is not None:
            verdict = self._verdict(block, item, past, children)
        assert verdict is not None
        fields: dict[str, Any] = {"decision": Decision.MERGE, "source_digest": source, "children": children}
        warnings = (*still_true(warnings, verdict.found), *verdict.warnings)
        if verdict.needs and (instead := self._options.unmerged):
            note = _("It cannot be merged without you, so it is decided otherwise. {why}").format(why=verdict.needs)
            self._settle_item(block, children, (*warnings, note), instead)
            self._items[block.num] = replace(self._items[block.num], based_on=verdict.based_on)
        elif verdict.needs:
            is_to_be_chosen = verdict.based_on is not None  # Else there are no pieces to choose from.
            told = (
                _("Choose in the review, or decide otherwise. {why}")
                if is_to_be_chosen
                else _("Decide otherwise. {why}")
            )
            reason = told.format(why=verdict.needs)
            outcome, contributes = Outcome.NEEDS_YOU, not item.deleted
            self._put(
                block, state, outcome, key, item, reason=reason, warnings=warnings, contributes=contributes,
                item_digest=digest, based_on=verdict.based_on, **fields,
            )  # fmt: skip
        elif verdict.stays:
            self._put(
                block, state, Outcome.SKIPPED, key, item, reason=verdict.stays, warnings=warnings,
                contributes=not item.deleted, item_digest=digest, **fields,
            )  # fmt: skip
        else:
            fields |= {"item_digest": verdict.digest, "reason": verdict.told}
            if verdict.title != block.title:
                fields |= {"title": verdict.title, "name": verdict.title}
            if verdict.based_on is not None:
                fields |= {"based_on": verdict.based_on, "held": verdict.held, "pinned": verdict.pinned}
                fields |= {"children": verdict.children, "source_children": children}
            changes = verdict.digest != item.digest
            # What authors of the library have not published yet is theirs to publish.
            publish = changes and self._options.publish and (item.is_live or verdict.based_on is None)
            outcome = Outcome.UPDATED if changes else Outcome.UNCHANGED
            self._put(block, state, outcome, key, item, publish=publish, warnings=warnings, **fields)

    def _verdict(
        self, block: SourceBlock, item: LibraryItem, past: PastImport, children: tuple[LocalKey, ...]
    ) -> Verdict:
        if not block.kind.is_container:
            return merged_component(self._merged.get(block.num), past)
        base = self._bases.get(block.num)
        return merged_container(block, children, item, base, past, self._library)

    def _digests(self, block: SourceBlock, children: Sequence[LocalKey]) -> tuple[str, str]:
        """The digests of what would be written, and of what the source holds: they differ where it was edited."""
        if block.kind.is_container:
            names = [str(child) for child in children]
            digest, source_title = container_digest(block.title, names), block.source_title or block.title
            return digest, digest if source_title == block.title else container_digest(source_title, names)
        return block.digest, block.source_digest or block.digest

    def _compare(
        self, block: SourceBlock, digest: str, source: str
    ) -> tuple[LocalKey | None, LibraryItem | None, ConflictState]:
        """
        Three-way: what the source held then, what it holds now, what the library holds now.

        Where nothing else has changed, an edit in the review counts as a change of the source in the import that it is
        made for, and in no later one.
        """
        if met := self._met_by_history(block):
            key, item, past = met
            if item.deleted:
                return key, item, ConflictState.DELETED
            source_changed, edited = past.source_digest != source, digest != source
            library_changed = past.item_digest != item.digest
            if item.digest == digest or not (source_changed or edited or library_changed):
                return key, item, ConflictState.UNCHANGED
            if source_changed and library_changed:
                return key, item, ConflictState.BOTH_CHANGED
            return key, item, ConflictState.LIBRARY_CHANGED if library_changed else ConflictState.SOURCE_CHANGED
        if found := self._met_by_key(block):
            key, item = found
            if item.deleted:
                return key, item, ConflictState.NEW
            return key, item, ConflictState.UNCHANGED if item.digest == digest else ConflictState.ID_TAKEN
        return None, None, ConflictState.NEW

    def _put(
        self,
        block: SourceBlock,
        state: ConflictState,
        outcome: Outcome,
        key: LocalKey | None = None,
        item: LibraryItem | None = None,
        *,
        contributes: bool = True,
        **fields: Any,
    ) -> None:
        if key is not None:
            self._claim(key, block)
        self._items[block.num] = PlannedItem(
            num=block.num,
            depth=0,
            usage_key=block.usage_key,
            block_type=block.block_type,
            kind=block.kind,
            state=state,
            outcome=outcome,
            local_key=key,
            entity_id=item.entity_id if item else None,
            inside=self._inside(block.num),
            **(
                {
                    "title": block.title,
                    "name": block.called,
                    "warnings": block.warnings,
                    "meets": item.entity_id if item else None,
                }
                | fields
            ),
        )
        self._contributions[block.num] = (key,) if key is not None and contributes else ()

    # Children

    def _children_for(self, block: SourceBlock) -> tuple[tuple[LocalKey, ...], tuple[str, ...]]:
        """What the block's children put into it, in order and each once, and what to warn of."""
        if not block.kind.is_container:
            return (), ()
        keys: dict[LocalKey, None] = {}
        warnings: list[str] = []
        for key in self._shown_in(block):
            child = self._blocks[self._claimed[key]]
            if not self._fits(block, key):
                warnings.append(
                    _("{child} cannot stand directly in a {kind} of a library; it is imported on its own.").format(
                        child=child.called, kind=block.kind.label.lower()
                    )
                )
            elif key in keys:
                warnings.append(
                    _("{child} stands here twice in the source; a library holds it once.").format(child=child.called)
                )
            else:
                keys[key] = None
        return tuple(keys), tuple(bounded(warnings))

    def _held_by(self, block: SourceBlock) -> tuple[LocalKey, ...]:
        """What the block's children would put in its place, in order and each once."""
        return tuple(dict.fromkeys(self._shown_in(block)))

    def _shown_in(self, block: SourceBlock) -> Iterator[LocalKey]:
        for child in self._children.get(block.num, ()):
            if self._blocks[child].selected or child in self._brought:
                yield from self._contributions.get(self._first(child), ())

    def _in_source(self, item: PlannedItem) -> tuple[LocalKey, ...]:
        """What the source holds in a container, in order and each once, whatever the review has made of it."""
        if not item.kind.is_container:
            return ()
        keys: dict[LocalKey, None] = {}
        met: set[int] = set()
        stack = list(reversed(self._children.get(item.num, ())))
        while stack:
            num = self._first(stack.pop())
            if num in met:
                continue
            met.add(num)
            key = self._key_in_source(self._blocks[num])
            if key is None:
                stack.extend(reversed(self._children.get(num, ())))
            elif self._blocks[num].kind.rank == item.kind.rank - 1:
                keys[key] = None
        found = tuple(keys)
        return item.children if found == item.children else found

    def _key_in_source(self, block: SourceBlock) -> LocalKey | None:
        """The key of the block's item; where it becomes none now, the one that it had, or would have."""
        item = self._items.get(block.num)
        if item is not None and item.local_key is not None:
            return item.local_key
        if not self._becomes_item(block) or block.refusal:
            return None
        past = self._library.history.get(block.usage_key)
        key = self._library.key_of.get(past.entity_id) if past else None
        return key or LocalKey(self._type_of(block), self._wanted_code(block))

    def _fits(self, block: SourceBlock, key: LocalKey) -> bool:
        return self._blocks[self._claimed[key]].kind.rank == block.kind.rank - 1

    # What is inside components

    def _note_on_contents(self, block: SourceBlock, state: ConflictState) -> str:
        """That something else than the source may have changed what a container holds: what is chosen of contents."""
        children = (self._items.get(self._first(child)) for child in self._children.get(block.num, ()))
        if state is ConflictState.SOURCE_CHANGED and any(child and child.contents for child in children):
            return " " + _("Another choice of what becomes of the contents in it counts as a change, too.")
        return ""

    def _innermost(self, block: SourceBlock) -> list[int]:
        """The blocks below one that hold no others, in order."""
        found = []
        stack = list(reversed(self._children.get(block.num, ())))
        while stack:
            num = stack.pop()
            below = self._children.get(num)
            stack.extend(reversed(below or ()))
            if not below:
                found.append(num)
        return found

    def _name_inside(self, num: int, holder: int) -> str:
        """A block inside another in a few words: the groups that it is in, its name and type."""
        block = self._blocks[num]
        groups = [around for around in self._around(num, holder) if around.kind.is_container]
        titles = [group.title for group in groups if group.title != default_title(group.block_type)]
        return ": ".join((*titles, f"{block.called} ({block.block_type})"))

    def _inside(self, num: int) -> tuple[str, ...]:
        """What is around a block that comes from inside a component, that component first."""
        if num not in self._inner or num in self._left_with:
            return ()
        around = self._around(num, None)
        return tuple(each.called for each in around if each.num in self._inner or not each.kind.is_container)

    def _around(self, num: int, holder: int | None) -> list[SourceBlock]:
        """The blocks around a block, outermost first, those that are in ``holder``, or all."""
        around = []
        parent = self._blocks[num].parent
        while parent is not None and parent != holder:
            around.append(self._blocks[parent])
            parent = self._blocks[parent].parent
        return around[::-1]

    def _with_fates(self, items: Sequence[PlannedItem]) -> tuple[PlannedItem, ...]:
        """Say of each component what becomes of the blocks inside it; and into which collection they go."""
        collections = self._collections_for(items)
        settled = []
        for item in items:
            if item.num in self._fates:
                title, pk = collections.get(item.num, ("", None))
                said = _fates(item.contents, *self._fates[item.num], title, is_there=pk is not None)
                item = replace(item, reason=" ".join((item.reason, *said)), collection_title=title, collection_id=pk)
            settled.append(item)
        return tuple(settled)

    def _collections_for(self, items: Sequence[PlannedItem]) -> dict[int, tuple[str, int | None]]:
        """
        The collections into which contents go, by ``num``: title, and which one where it is there.

        A component has the one that an earlier import of the source gave it, or else the one of its name, unless that
        is another component's or the import's own: then one with a number.
        """
        wanted = [item for item in items if item.contents is Contents.COLLECTION and item.inner]
        if not wanted:
            return {}
        there = self._library.collections()
        of_title = {title: pk for pk, title in reversed(list(there.titles.items()))}
        taken: set[int | None] = set(there.of_blocks.values())
        made: set[str] = set()
        if self._options.collection and any(item.is_collected for item in items):
            taken.add(there.own)
            made.update({self._options.collection.title} if there.own is None else ())
        found: dict[int, tuple[str, int | None]] = {}
        for item in wanted:
            pk = there.of_blocks.get(item.usage_key)
            if pk is None or pk not in there.titles:
                for title in _numbered_titles(self._title_for_collection(item.num)):
                    pk = of_title.get(title)
                    if title not in made and (pk is None or pk not in taken):
                        break
            found[item.num] = (title if pk is None else there.titles[pk], pk)
            made.update({title} if pk is None else ())
            taken.add(pk)
        return found

    def _title_for_collection(self, num: int) -> str:
        """
        The title of a component; of one that has none, after that of what it stands in: a library may come to have many
        that are called “Problem Bank”.
        """
        block = self._blocks[num]
        if block.title != default_title(block.block_type):
            return block.title
        around = (
            each.title for each in reversed(self._around(num, None)) if each.title != default_title(each.block_type)
        )
        return ": ".join((*islice(around, 1), block.title))

    # The whole

    def _leave_drafts(self) -> None:
        """
        Publish no container that holds an item that is not published then: ``openedx_content`` refuses to, and learners
        would miss the item.

        What is published goes from the components up, so that of a container that stays a draft for the first time the
        ones around it do as well. An item that is held in one version counts for nothing, whatever becomes of it.
        """
        there, live = self._library.items, set[LocalKey]()

        def is_live(key: LocalKey) -> bool:
            return key in live or (key in there and there[key].is_published)

        published = [item for item in self._items.values() if item.publish]
        for item in sorted(published, key=lambda item: item.kind.rank):
            missing = [key for key in item.children if key not in item.pinned and not is_live(key)]
            if not missing and item.local_key is not None:
                live.add(item.local_key)
            elif missing:
                draft = ngettext(
                    "It stays a draft: it holds an item that was never published: {names}.",
                    "It stays a draft: it holds items that were never published: {names}.",
                    len(missing),
                ).format(names=listed([self._name_of(key) for key in missing]))
                reason = " ".join(part for part in (item.reason, draft) if part)
                self._items[item.num] = replace(item, publish=False, reason=reason)

    def _name_of(self, key: LocalKey) -> str:
        if key in self._claimed:
            return self._items[self._claimed[key]].name
        return self._library.items[key].title or key.code

    def _with_places(self, items: list[PlannedItem]) -> tuple[PlannedItem, ...]:
        """
        Tell each item how deep it will lie: below the first planned container that holds it.

        What comes to nothing has the place that it would have: in the nearest item around it, if that could hold it.
        The items change in place, since nobody else has seen them yet: copies would take a third of all planning.
        """
        depths: dict[LocalKey, int] = {}
        placed: dict[int, PlannedItem] = {}
        for item in items:
            if item.local_key:
                depth = depths.get(item.local_key, 0)
            else:
                around = placed.get(self._item_around(item))
                depth = around.depth + 1 if around and around.kind.rank == item.kind.rank + 1 else 0
            for child in item.children:
                depths.setdefault(child, depth + 1)
            object.__setattr__(item, "depth", depth)
            object.__setattr__(item, "top_level", depth == 0)
            object.__setattr__(item, "in_source", self._in_source(item))
            placed[item.num] = item
        return tuple(placed.values())

    def _item_around(self, item: PlannedItem) -> int:
        """The number of the nearest item around it in the source that can hold others; -1 where there is none."""
        parent = self._blocks[item.num].parent
        while parent is not None and not self._holds_others(parent):
            if parent in self._items and self._items[parent].contents is Contents.COLLECTION:
                return -1
            parent = self._blocks[parent].parent
        return -1 if parent is None else parent

    def _holds_others(self, num: int) -> bool:
        return num in self._items and self._items[num].kind.is_container

    def _blockers(self, items: Sequence[PlannedItem], gone: Sequence[GoneItem]) -> tuple[str, ...]:
        waiting = [f"{item.name} ({item.usage_key})" for item in items if item.outcome is Outcome.NEEDS_YOU]
        needs_you = ngettext(
            "{count} merge needs you: {names}. Choose in the review what is to stand, or decide otherwise.",
            "{count} merges need you: {names}. Choose in the review what is to stand, or decide otherwise.",
            len(waiting),
        ).format(count=len(waiting), names=listed(waiting, _NAMED))
        return (*self._limit_blockers(items, gone), *([needs_you] if waiting else []))

    def _limit_blockers(self, items: Sequence[PlannedItem], gone: Sequence[GoneItem]) -> tuple[str, ...]:
        added = sum(1 for item in items if item.outcome.writes and self._adds(item))
        total = self._library.live_count + added - sum(item.is_removed for item in gone)
        if total > self._library.block_limit:
            return (
                _("The library would hold {total:,} items, {over:,} more than its limit of {limit:,}.").format(
                    total=total, over=total - self._library.block_limit, limit=self._library.block_limit
                )
                + " "
                + _("Select fewer blocks, choose a lower level, or another library."),
            )
        return ()

    def _adds(self, item: PlannedItem) -> bool:
        if item.entity_id is None:
            return True
        assert item.local_key is not None
        return self._library.items[item.local_key].deleted


def _numbered_titles(title: str) -> Iterator[str]:
    """The title, then the same with a number; never longer than that of a collection may be."""
    yield title[:_MAX_COLLECTION_TITLE]
    for number in count(2):
        suffix = f" ({number})"
        yield title[: _MAX_COLLECTION_TITLE - len(suffix)] + suffix


def _fates(
    contents: Contents | None, taken: Sequence[str], gone: Sequence[str], collection: str, *, is_there: bool
) -> Iterator[str]:
    """
    Sentences that say what becomes of the blocks inside a component: of those that are taken, and of the others.

    ``collection`` is the title of the one that they go into, ``is_there`` whether it is not to be made.
    """
    if taken and contents is Contents.UNIT:
        yield ngettext(
            "{count} block is imported in its stead: {names}.",
            "{count} blocks are imported in its stead: {names}.",
            len(taken),
        ).format(count=len(taken), names=listed(taken))
    elif taken and collection and is_there:
        yield ngettext(
            "{count} block is put into the collection “{collection}”: {names}.",
            "{count} blocks are put into the collection “{collection}”: {names}.",
            len(taken),
        ).format(count=len(taken), collection=shortened(collection), names=listed(taken))
    elif taken and collection:
        yield ngettext(
            "{count} block is put into a new collection, “{collection}”: {names}.",
            "{count} blocks are put into a new collection, “{collection}”: {names}.",
            len(taken),
        ).format(count=len(taken), collection=shortened(collection), names=listed(taken))
    if gone:
        yield ngettext("{count} block goes with it: {names}.", "{count} blocks go with it: {names}.", len(gone)).format(
            count=len(gone), names=listed(gone)
        )


def _skip_reason(state: ConflictState) -> str:
    reasons: dict[ConflictState, str] = {
        ConflictState.SOURCE_CHANGED: _("The source has changed since it was imported; the library's version stays."),
        ConflictState.LIBRARY_CHANGED: _("The library's item was edited since it was imported; its edits stay."),
        ConflictState.BOTH_CHANGED: _("Source and library were both edited since; the library's version stays."),
        ConflictState.ID_TAKEN: _("The library holds another item of this type and ID; it stays."),
        ConflictState.DELETED: _("It was imported before and deleted in the library since; it stays deleted."),
    }
    return reasons[state]
