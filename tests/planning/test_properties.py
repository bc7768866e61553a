"""What holds of every plan, whatever the source, the library and the options."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from opaque_keys.edx.locator import LibraryContainerLocator, LibraryLocatorV2, LibraryUsageLocatorV2

from import_from_modulestore.data import (
    BlockIds,
    BlockKind,
    CompositionLevel,
    Contents,
    Decision,
    ImportOptions,
    Outcome,
)
from import_from_modulestore.planning import Letters, SourceBlock, make_plan
from import_from_modulestore.planning.ids import slug_from_title, usable_code

from ..examples import examples
from .model import TAGS, Library, like_mysql

IDS = st.sampled_from(["a", "b", "c", "d", "a:b", "a%b", "a_1", "A", "Ä", "A_1"])
CONTENTS = st.sampled_from(["one", "two", "three"])


@st.composite
def sources(draw) -> list[SourceBlock]:
    """Any tree: regular, irregular, with repeats, unreadable and unsupported blocks."""
    blocks: list[SourceBlock] = []
    first: dict[str, int] = {}
    for num in range(draw(st.integers(0, 14))):
        # Depth-first order: a parent is the last block or one of its ancestors.
        open_nums = _open_containers(blocks)
        parent = draw(st.sampled_from([None, *open_nums]))
        kind = draw(st.sampled_from(list(BlockKind)))
        block_id = draw(IDS)
        usage_key = f"{TAGS[kind]}@{block_id}"
        trouble = draw(st.sampled_from(["", "", "", "", "problem", "refusal"]))
        blocks.append(
            SourceBlock(
                num=num,
                parent=parent,
                usage_key=usage_key,
                block_type=TAGS[kind],
                block_id=block_id,
                kind=kind,
                title=draw(st.sampled_from(["A", "B", "Ä"])),
                digest="" if kind.is_container else draw(CONTENTS),
                repeats=first.get(usage_key),
                problem="broken" if trouble == "problem" and usage_key not in first else "",
                refusal="refused" if trouble == "refusal" and not kind.is_container and usage_key not in first else "",
                decision=draw(st.sampled_from([None, None, *Decision])),
                contents=draw(st.sampled_from([None, None, *Contents])),
            )
        )
        first.setdefault(usage_key, num)
    return blocks


def _open_containers(blocks: list[SourceBlock]) -> list[int]:
    found = []
    num = blocks[-1].num if blocks else None
    while num is not None:
        holds = blocks[num].kind.is_container or blocks[num].refusal
        if holds and blocks[num].repeats is None and not blocks[num].problem:
            found.append(num)
        num = blocks[num].parent
    return found


@st.composite
def libraries(draw) -> Library:
    """Any library: items of all kinds, some deleted, some from earlier imports; whatever codes it tells apart."""
    library = Library(same_code=draw(st.sampled_from([str, like_mysql])))
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(list(BlockKind)))
        code = draw(st.sampled_from(["a", "b", "c", "a_b", "a_1", "A", "ä_1"]))
        taken = {library.same_code(key.code) for key in library.items if key.type in BlockKind.values}
        if kind.is_container and library.same_code(code) in taken:
            continue
        type_ = kind.value if kind.is_container else "html"
        library.put(
            f"{type_}:{code}", draw(CONTENTS), title=draw(st.sampled_from(["A", "B"])), deleted=draw(st.booleans())
        )
    if draw(st.booleans()):
        library = library.after(make_plan(draw(sources()), library.state(), draw(options())))
        for key in draw(st.lists(st.sampled_from(sorted(library.items)), max_size=3)) if library.items else []:
            library.items[key].deleted = draw(st.booleans())
            library.items[key].is_published = draw(st.booleans())
            library.items[key].digest = draw(CONTENTS)
    return library


def options() -> st.SearchStrategy[ImportOptions]:
    return st.builds(
        ImportOptions,
        level=st.sampled_from(CompositionLevel),
        on_conflict=st.sampled_from(Decision),
        publish=st.booleans(),
        block_ids=st.sampled_from(BlockIds),
        contents=st.sampled_from(Contents),
    )


def without_forks(blocks: list[SourceBlock]) -> bool:
    return all(block.decision is not Decision.FORK for block in blocks)


@settings(max_examples=examples(150))
@given(sources(), libraries(), options())
def test_every_kept_block_is_planned_once_and_in_order(blocks, library, options):
    plan = make_plan(blocks, library.state(), options)
    nums = [item.num for item in plan.items]
    assert nums == sorted(set(nums))
    components = {b.num for b in blocks if b.kind is BlockKind.COMPONENT and b.repeats is None}
    assert components - set(plan.left_with) <= set(nums)
    assert all(options.level.keeps(item.kind) or item.outcome is Outcome.FAILED for item in plan.items)


@settings(max_examples=examples(150))
@given(sources(), libraries(), options(), st.sampled_from([Contents.UNIT, Contents.COLLECTION]))
def test_whose_contents_are_taken_has_none_left_and_each_stands_in_one_place_or_on_its_own(
    blocks, library, options, contents
):
    taken = [replace(block, contents=contents) for block in blocks]
    plan = make_plan(taken, library.state(), replace(options, contents=contents))
    nums = {item.num for item in plan.items}
    refused = {block.num for block in blocks if block.refusal}
    for num, holder in plan.left_with.items():
        assert holder not in refused and blocks[holder].kind is BlockKind.COMPONENT, num
    assert not [item for item in plan.items if item.left_out and item.num in refused]
    assert {block.num for block in blocks if block.kind is BlockKind.COMPONENT and block.repeats is None} <= nums
    planned = {item.local_key for item in plan.items}
    assert all(planned.issuperset(item.inner) for item in plan.items)


@settings(max_examples=examples(150))
@given(sources(), libraries(), options())
def test_left_out_contents_are_as_if_they_were_not_there(blocks, library, options):
    left = [replace(block, contents=Contents.LEAVE_OUT) for block in blocks]
    plan = make_plan(left, library.state(), options)
    inner = plan.left_with.keys()
    assert not [item for item in plan.items if item.inner]
    shown_outside = {block.repeats for block in blocks if block.num not in inner}
    assert not {item.num for item in plan.items} & (inner - shown_outside) - _below(blocks, shown_outside & inner)


def _below(blocks: list[SourceBlock], nums: set[int]) -> set[int]:
    """These blocks with all below them, shown there or elsewhere."""
    found: set[int] = set()
    stack = list(nums)
    while stack:
        num = stack.pop()
        if num not in found:
            found.add(num)
            below = [block for block in blocks if block.parent == num]
            stack += [block.num if block.repeats is None else block.repeats for block in below]
    return found


@settings(max_examples=examples(150))
@given(sources(), libraries(), options())
def test_no_two_blocks_share_an_item_and_nothing_new_takes_a_taken_id(blocks, library, options):
    plan = make_plan(blocks, library.state(), options)
    local_keys = [item.local_key for item in plan.items if item.local_key]
    assert len(local_keys) == len(set(local_keys))
    new = [item.local_key for item in plan.items if item.outcome.writes and item.entity_id is None]
    assert not set(new) & set(library.items)
    codes = [
        library.same_code(key.code) for key in {*new, *library.items} if key.type in ("section", "subsection", "unit")
    ]
    assert len(codes) == len(set(codes))


@settings(max_examples=examples(150))
@given(sources(), libraries(), options())
def test_containers_hold_planned_items_of_the_kind_below_each_once(blocks, library, options):
    plan = make_plan(blocks, library.state(), options)
    kind_of = {item.local_key: item.kind for item in plan.items if item.local_key}
    for item in plan.items:
        assert len(item.children) == len(set(item.children))
        assert all(kind_of[child].rank == item.kind.rank - 1 for child in item.children)


@settings(max_examples=examples(150))
@given(sources(), libraries(), options())
def test_what_is_not_written_is_not_published_and_what_is_left_out_says_why(blocks, library, options):
    for item in make_plan(blocks, library.state(), options).items:
        assert item.outcome.writes or not item.publish
        assert options.publish or not item.publish
        if item.outcome in (Outcome.FAILED, Outcome.UNSUPPORTED, Outcome.SKIPPED):
            assert item.reason


@settings(max_examples=examples(150))
@given(sources(), libraries(), options())
def test_whatever_is_published_holds_nothing_that_is_not_and_what_is_held_back_for_that_says_so(
    blocks, library, options
):
    plan = make_plan(blocks, library.state(), options)
    after = library.after(plan)
    for item in plan.items:
        held = [after.items[key].is_published for key in item.children]
        assert not item.publish or all(held)
        if "It stays a draft" in item.reason:
            assert options.publish and not item.publish and not all(held)


@settings(max_examples=examples(300))
@given(sources().filter(without_forks), libraries(), options().filter(lambda o: o.on_conflict is not Decision.FORK))
def test_twice_is_once(blocks, library, options):
    first = make_plan(blocks, library.state(), options)
    second = make_plan(blocks, library.after(first).state(), options)
    assert [item for item in second.items if item.outcome.writes] == []


@settings(max_examples=examples(300))
@given(sources(), sources(), libraries(), options(), st.data())
def test_what_is_gone_was_imported_and_is_nowhere_in_the_source(then, now, library, options, data):
    library = library.after(make_plan(then, library.state(), options))
    state = library.state()
    plan = make_plan(now, state, options)
    assert not {item.local_key for item in plan.gone} & {item.local_key for item in plan.items}
    for item in plan.gone:
        assert item.usage_key not in {block.usage_key for block in now}
        assert not state.items[item.local_key].deleted
        assert item.outcome is Outcome.KEPT
    ranks = [item.kind.rank for item in plan.gone]
    assert ranks == sorted(ranks, reverse=True)

    wishes = data.draw(st.dictionaries(st.sampled_from([item.entity_id for item in plan.gone] or [0]), st.booleans()))
    chosen = make_plan(now, state, options, removals=wishes)
    removed = {item.entity_id for item in chosen.gone if item.is_removed}
    assert {pk for pk, insists in wishes.items() if insists} <= removed | {0}
    assert removed <= wishes.keys()
    assert all(item.is_untouched or wishes[item.entity_id] for item in chosen.gone if item.is_removed)
    kept = [state.items[item.local_key] for item in chosen.gone if not item.is_removed and not item.is_untouched]
    for holder in kept:  # What stays for a reason is not emptied from below, but by name.
        assert all(wishes[child] for child in holder.children if child in removed)
    after = library.after(chosen).state()
    assert not removed & {item.entity_id for item in make_plan(now, after, options).gone}


@settings(max_examples=examples(100))
@given(sources(), libraries(), options())
def test_a_plan_is_the_same_every_time(blocks, library, options):
    assert make_plan(blocks, library.state(), options) == make_plan(blocks, library.state(), options)


@settings(max_examples=examples(150))
@given(sources(), libraries(), options(), st.sets(st.integers(0, 13)))
def test_what_is_left_out_is_neither_planned_nor_held(blocks, library, options, left_out):
    def is_left_out(block: SourceBlock) -> bool:
        return block.num in left_out or block.repeats in left_out

    partly = [replace(block, selected=not is_left_out(block)) for block in blocks]
    whole = make_plan(blocks, library.state(), options)
    everything = {item.num for item in whole.items} | whole.left_with.keys()  # They stand alone where it is left out.
    plan = make_plan(partly, library.state(), options)
    planned = {item.num for item in plan.items}
    assert planned <= everything - left_out
    assert {key for item in plan.items for key in item.children} <= {item.local_key for item in plan.items}


@given(text=st.text(), letters=st.sampled_from(Letters))
def test_every_code_is_one_that_the_keys_of_a_library_take(text, letters):
    library = LibraryLocatorV2("Acme", "L")
    for code in (usable_code(text, letters), slug_from_title(text, letters)):
        assert LibraryUsageLocatorV2(library, "problem", code).usage_id == code
        assert LibraryContainerLocator(library, container_type="unit", container_id=code).container_id == code
