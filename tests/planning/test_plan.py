"""What a plan says, case by case."""

from dataclasses import replace

import pytest

from import_from_modulestore.data import (
    BlockIds,
    CompositionLevel,
    ConflictState,
    Contents,
    Decision,
    ImportOptions,
    LocalKey,
    MergeChoice,
    MergeSide,
    Outcome,
)
from import_from_modulestore.merging import versions_digest
from import_from_modulestore.planning import ComponentMerge, ContainerBase, Letters, Merges, make_plan

from .model import Library, like_mysql, source

UNCHANGED = ConflictState.UNCHANGED
COURSE = ("section a", " subsection b", "  unit c", "   html d", "   problem e")


def plan(blocks, library=None, merges=None, **options):
    return make_plan(blocks, (library or Library()).state(), ImportOptions(**options), merges=merges)


def merging(**merge):
    """All components come to this."""
    return Merges(components=lambda asked: {num: ComponentMerge(**merge) for num in asked})


def outcomes(found):
    return {item.usage_key.partition("@")[2]: item.outcome.value for item in found.items}


def local_keys(found):
    return [str(item.local_key) for item in found.items]


class TestLevels:
    """The highest container that is kept."""

    @pytest.mark.parametrize(
        ("level", "kept"),
        [
            ("section", ["section:a", "subsection:b", "unit:c", "html:d", "problem:e"]),
            ("subsection", ["subsection:b", "unit:c", "html:d", "problem:e"]),
            ("unit", ["unit:c", "html:d", "problem:e"]),
            ("component", ["html:d", "problem:e"]),
        ],
    )
    def test_what_lies_above_is_dissolved(self, level, kept):
        assert local_keys(plan(source(*COURSE), level=CompositionLevel(level))) == kept

    def test_children_are_in_order(self):
        unit = plan(source(*COURSE)).items[2]
        assert unit.children == (LocalKey("html", "d"), LocalKey("problem", "e"))

    def test_top_level_items_have_depth_0(self):
        assert [item.depth for item in plan(source(*COURSE)).items] == [0, 1, 2, 3, 3]
        assert [item.depth for item in plan(source(*COURSE), level=CompositionLevel.UNIT).items] == [0, 1, 1]


class TestIrregularTrees:
    def test_a_unit_inside_a_unit_gives_it_its_components(self):
        found = plan(source("unit a", " html b", " unit c", "  html d", " html e"))
        assert found.items[0].children == (LocalKey("html", "b"), LocalKey("html", "d"), LocalKey("html", "e"))
        assert "unit:c" not in local_keys(found)

    def test_a_component_straight_in_a_subsection_is_imported_on_its_own(self):
        found = plan(source("subsection a", " html b"))
        assert found.items[0].children == ()
        assert outcomes(found)["b"] == "created"
        assert "b cannot stand directly in a subsection" in found.items[0].warnings[0]

    def test_a_block_shown_twice_is_one_item_in_two_places(self):
        found = plan(source("unit a", " html x", "unit b", (" html x", {"repeats": 1})))
        assert [item.children for item in found.items if item.kind.is_container] == [(LocalKey("html", "x"),)] * 2
        assert local_keys(found).count("html:x") == 1

    def test_a_block_shown_twice_in_one_unit_stands_there_once(self):
        found = plan(source("unit a", " html x", (" html x", {"repeats": 1})))
        assert found.items[0].children == (LocalKey("html", "x"),)
        assert "twice" in found.items[0].warnings[0]

    def test_a_section_and_a_unit_of_one_id_get_two_codes(self):
        found = plan(source("section x", " subsection y", "  unit x"))
        assert sorted(local_keys(found)) == ["section:x_1", "subsection:y", "unit:x"]


class TestLeftOut:
    def test_an_unsupported_block_is_not_in_its_unit_and_says_why(self):
        found = plan(source("unit a", (" pdf b", {"refusal": "It is not installed."})))
        assert found.items[0].children == ()
        assert found.items[1].outcome is Outcome.UNSUPPORTED
        assert (found.items[1].reason, found.items[1].contents) == ("It is not installed.", None)

    def test_an_unreadable_block_fails_alone(self):
        found = plan(source("unit a", (" html b", {"problem": "html/b.xml is broken"}), " html c"))
        assert outcomes(found) == {"a": "created", "b": "failed", "c": "created"}

    def test_an_unreadable_block_that_was_imported_before_stays_in_its_unit(self):
        library = Library().after(plan(source("unit a", " html b", " html c")))
        broken = source("unit a", (" html b", {"problem": "html/b.xml is broken"}), " html c")
        found = plan(broken, library, on_conflict=Decision.OVERWRITE)
        assert outcomes(found) == {"a": "unchanged", "b": "failed", "c": "unchanged"}
        assert not found.gone

    def test_an_unreadable_container_above_the_level_is_told(self):
        found = plan(source(("section a", {"problem": "chapter/a.xml is broken"})), level=CompositionLevel.UNIT)
        assert outcomes(found) == {"a": "failed"}


REFUSED = {"refusal": "It holds others."}
EXPERIMENT = (
    "unit a",
    " html b",
    (" split_test x", {"refusal": "It holds others.", "title": "Pictures?"}),
    ("  unit g1", {"title": "Group A"}),
    "   html c",
    ("  unit g2", {"title": "Group B"}),
    "   problem d",
    " html e",
)
UNIT, COLLECTION = Contents.UNIT, Contents.COLLECTION


def children(found, num=0):
    return " ".join(map(str, found.items[num].children))


LEFT_OUT = {"selected": False}


class TestContents:
    """What becomes of the blocks inside components that a library cannot hold."""

    def test_they_go_with_the_component_unless_it_is_said_otherwise(self):
        found = plan(source(*EXPERIMENT))
        assert (local_keys(found), children(found)) == (["unit:a", "html:b", "None", "html:e"], "html:b html:e")
        refused = found.items[2]
        assert refused.left_out == ("Group A: c (html)", "Group B: d (problem)")
        assert refused.reason == ("It holds others. 2 blocks go with it: Group A: c (html), Group B: d (problem).")
        assert (refused.contents, dict(found.left_with)) == (Contents.LEAVE_OUT, {3: 2, 4: 2, 5: 2, 6: 2})

    def test_in_the_unit_they_stand_in_its_stead_and_the_groups_are_dissolved(self):
        found = plan(source(*EXPERIMENT), contents=UNIT)
        assert children(found) == "html:b html:c problem:d html:e"
        assert [item.depth for item in found.items] == [0, 1, 1, 1, 1, 1]
        assert found.items[3].inside == ("Pictures?", "Group A")
        refused = found.items[2]
        assert (refused.outcome, refused.contents, refused.left_out) == (Outcome.UNSUPPORTED, UNIT, ())
        assert refused.inner == (LocalKey("html", "c"), LocalKey("problem", "d"))
        assert refused.reason == (
            "It holds others. 2 blocks are imported in its stead: Group A: c (html), Group B: d (problem)."
        )

    def test_in_a_collection_they_stand_on_their_own(self):
        found = plan(source(*EXPERIMENT), contents=COLLECTION)
        assert children(found) == "html:b html:e"
        assert [item.top_level for item in found.items] == [True, False, False, True, True, False]
        assert found.items[2].inner == (LocalKey("html", "c"), LocalKey("problem", "d"))
        assert "2 blocks are put into a new collection, “Pictures?”: Group A: c" in found.items[2].reason

    def test_a_block_can_have_a_choice_of_its_own(self):
        bank = (" itembank y", REFUSED | {"contents": COLLECTION}), "  problem q"
        found = plan(source(*EXPERIMENT, *bank), contents=UNIT)
        assert children(found) == "html:b html:c problem:d html:e"
        assert outcomes(found)["q"] == "created"
        kept_out = plan(
            source("unit a", (" itembank y", REFUSED | {"contents": Contents.LEAVE_OUT}), "  problem q"), contents=UNIT
        )
        assert local_keys(kept_out) == ["unit:a", "None"]

    def test_nested_ones_are_taken_each_as_it_says(self):
        nested = (
            "unit a",
            (" conditional x", REFUSED),
            ("  split_test y", REFUSED),
            "   unit g",
            "    html c",
            "  html d",
        )
        assert children(plan(source(*nested), contents=UNIT)) == "html:c html:d"
        inner = (("  split_test y", REFUSED | {"contents": COLLECTION}), "   unit g", "    html c")
        found = plan(source(*nested[:2], *inner, "  html d"), contents=UNIT)
        assert (children(found), found.items[2].inner) == ("html:d", (LocalKey("html", "c"),))
        outer = (" conditional x", REFUSED | {"contents": Contents.LEAVE_OUT})
        assert local_keys(plan(source("unit a", outer, *nested[2:]), contents=UNIT)) == ["unit:a", "None"]

    def test_what_cannot_be_read_or_held_inside_says_so_itself(self):
        troubled = (
            ("  html c", {"problem": "html/c.xml is broken"}),
            ("  pdf d", {"refusal": "Not installed."}),
            "  html e",
        )
        found = plan(source("unit a", (" split_test x", REFUSED), *troubled), contents=UNIT)
        assert outcomes(found) == {
            "a": "created",
            "x": "unsupported",
            "c": "failed",
            "d": "unsupported",
            "e": "created",
        }
        assert [item.depth for item in found.items] == [0, 1, 1, 1, 1]
        assert outcomes(plan(source("unit a", (" split_test x", REFUSED), *troubled))) == {
            "a": "created",
            "x": "unsupported",
        }

    def test_without_a_unit_around_they_stand_on_their_own(self):
        found = plan(source("subsection a", (" split_test x", REFUSED), "  html c"), contents=UNIT)
        assert (found.items[0].children, found.items[2].top_level) == ((), True)
        assert "c cannot stand directly in a subsection" in found.items[0].warnings[0]
        assert local_keys(plan(source(("split_test x", REFUSED), " html c"), contents=UNIT)) == ["None", "html:c"]

    def test_sections_and_subsections_inside_are_dissolved_too(self):
        deep = ("unit a", (" randomize x", REFUSED), "  subsection s", "   unit u", "    html c", "   html d")
        found = plan(source(*deep), contents=UNIT)
        assert (children(found), local_keys(found)) == ("html:c html:d", ["unit:a", "None", "html:c", "html:d"])

    @pytest.mark.parametrize("contents", Contents)
    def test_where_the_component_is_left_out_they_are_too(self, contents):
        blocks = source("unit a", (" split_test x", REFUSED | LEFT_OUT), ("  html c", LEFT_OUT))
        assert local_keys(plan(blocks, contents=contents)) == ["unit:a"]

    @pytest.mark.parametrize("contents", Contents)
    def test_one_that_is_selected_in_a_component_that_is_left_out_stands_on_its_own(self, contents):
        blocks = source(
            ("unit a", LEFT_OUT), (" itembank x", REFUSED | LEFT_OUT), "  problem c", ("  problem d", LEFT_OUT)
        )
        found = plan(blocks, contents=contents)
        assert (local_keys(found), found.items[0].top_level) == (["problem:c"], True)

    def test_one_of_them_can_be_left_out(self):
        blocks = source("unit a", (" itembank x", REFUSED), "  problem c", ("  problem d", LEFT_OUT))
        found = plan(blocks, contents=UNIT)
        assert (children(found), found.items[1].left_out) == ("problem:c", ("d (problem)",))
        assert (
            "1 block is imported in its stead: c (problem). 1 block goes with it: d (problem)." in found.items[1].reason
        )

    def test_a_component_that_is_shown_twice_gives_its_contents_to_both_units(self):
        blocks = source(
            "unit a", (" itembank x", REFUSED), "  problem c", "unit b", (" itembank x", REFUSED | {"repeats": 1})
        )
        found = plan(blocks, contents=UNIT)
        assert [children(found, num) for num in (0, 3)] == ["problem:c"] * 2
        elsewhere = [replace(block, selected=block.num > 2) for block in blocks]
        assert local_keys(plan(elsewhere, contents=UNIT)) == ["None", "problem:c", "unit:b"]
        assert local_keys(plan(elsewhere)) == ["None", "unit:b"]

    def test_what_is_shown_outside_as_well_is_imported_whatever_becomes_of_the_component(self):
        blocks = source("unit a", (" itembank x", REFUSED), "  problem c", "unit b", (" problem c", {"repeats": 2}))
        found = plan(blocks)
        assert (local_keys(found), children(found, 3)) == (["unit:a", "None", "problem:c", "unit:b"], "problem:c")
        assert (found.items[1].left_out, found.items[2].inside) == ((), ())

    def test_a_unit_that_is_shown_outside_as_well_stays_a_unit(self):
        blocks = source(
            "subsection a",
            " unit b",
            ("  split_test x", REFUSED),
            "   unit g",
            "    html c",
            (" unit g", {"repeats": 3}),
            ("  html c", {"repeats": 4}),
        )
        found = plan(blocks)
        assert local_keys(found) == ["subsection:a", "unit:b", "None", "unit:g", "html:c"]
        assert children(found) == "unit:b unit:g"

    def test_ids_that_clash_are_numbered(self):
        blocks = source("unit a", " problem q", (" itembank x", REFUSED), ("  problem q", {"usage_key": "problem@q~2"}))
        assert children(plan(blocks, contents=UNIT)) == "problem:q problem:q_1"

    def test_they_count_towards_the_limit(self):
        blocks = source(*EXPERIMENT)
        library = Library(limit=4)
        assert not plan(blocks, library).blockers
        assert "would hold 5 items" in plan(blocks, library, contents=UNIT).blockers[0]

    def test_they_are_known_again_whatever_is_chosen_then_and_moved_nowhere_unasked(self):
        blocks = source(*EXPERIMENT)
        library = Library()
        library = library.after(plan(blocks, library, contents=UNIT))
        assert set(outcomes(plan(blocks, library, contents=UNIT)).values()) == {"unchanged", "unsupported"}
        for contents in (Contents.LEAVE_OUT, COLLECTION):
            again = plan(blocks, library, contents=contents)
            assert again.gone == ()
            unit, *others = again.items
            assert (unit.state, unit.outcome) == (ConflictState.SOURCE_CHANGED, Outcome.SKIPPED)
            assert "Another choice of what becomes of the contents in it counts as a change" in unit.reason
            assert {item.outcome for item in others} == {Outcome.UNCHANGED, Outcome.UNSUPPORTED}

    def test_one_that_was_edited_into_a_component_without_blocks_is_imported_without_them(self):
        found = plan(source("unit a", " custom x", "  html c"), contents=UNIT)
        assert local_keys(found) == ["unit:a", "custom:x"]


class TestSelection:
    def test_what_is_left_out_is_in_no_container(self):
        found = plan(source("unit a", (" html b", LEFT_OUT), " html c"))
        assert local_keys(found) == ["unit:a", "html:c"]
        assert found.items[0].children == (LocalKey("html", "c"),)

    def test_what_is_taken_in_below_a_block_that_is_left_out_stands_on_its_own(self):
        found = plan(source(("section a", LEFT_OUT), (" subsection b", LEFT_OUT), "  unit c", "   html d"))
        assert local_keys(found) == ["unit:c", "html:d"]
        assert found.items[0].top_level

    def test_a_repeated_block_comes_with_the_place_that_was_selected(self):
        blocks = source(("unit a", LEFT_OUT), (" html x", LEFT_OUT), "unit b", (" html x", {"repeats": 1}))
        assert local_keys(plan(blocks)) == ["html:x", "unit:b"]

    def test_a_repeated_container_that_is_left_out_elsewhere_comes_with_all_below_it(self):
        blocks = source(
            ("subsection a", LEFT_OUT),
            (" unit x", LEFT_OUT),
            ("  html y", LEFT_OUT),
            "subsection b",
            (" unit x", {"repeats": 1}),
        )
        found = plan(blocks)
        assert local_keys(found) == ["unit:x", "html:y", "subsection:b"]
        assert [item.children for item in found.items] == [(LocalKey("html", "y"),), (), (LocalKey("unit", "x"),)]

    def test_a_repeat_that_is_left_out_is_not_in_its_container(self):
        blocks = source("unit a", " html x", "unit b", (" html x", {"repeats": 1} | LEFT_OUT))
        assert [item.children for item in plan(blocks).items] == [(LocalKey("html", "x"),), (), ()]


class TestIds:
    def test_characters_that_a_library_does_not_take_are_replaced(self):
        assert local_keys(plan(source("html week%1:intro"))) == ["html:week_1_intro"]

    def test_where_a_library_takes_ascii_only_other_scripts_are_replaced(self):
        state = replace(Library().state(), letters=Letters.ASCII)
        blocks = source(("html 潮汐", {"title": "潮汐"}), ("html marée", {"title": "Marée haute"}))
        assert local_keys(make_plan(blocks, state, ImportOptions())) == ["html:block__", "html:mar_e"]
        by_title = ImportOptions(block_ids=BlockIds.FROM_TITLES)
        assert local_keys(make_plan(blocks, state, by_title)) == ["html:block", "html:maree-haute"]

    def test_where_a_library_takes_basic_letters_only_rarer_ones_are_replaced(self):
        state = replace(Library().state(), letters=Letters.BASIC)
        assert local_keys(make_plan(source("html 潮𠀀"), state, ImportOptions())) == ["html:潮_"]

    def test_two_blocks_that_come_to_one_code_are_numbered_in_order(self):
        assert local_keys(plan(source("html a:b", "html a%b"))) == ["html:a_b", "html:a_b_1"]

    def test_slugs_from_titles(self):
        blocks = source(("html 0f3", {"title": "Why tides happen?"}), ("html 0f4", {"title": "Why tides happen?"}))
        found = plan(blocks, block_ids=BlockIds.FROM_TITLES)
        assert local_keys(found) == ["html:why-tides-happen", "html:why-tides-happen_1"]

    def test_a_slug_that_is_taken_is_no_conflict(self):
        library = Library().put("html:intro", "something else")
        found = plan(source(("html 0f3", {"title": "Intro"})), library, block_ids=BlockIds.FROM_TITLES)
        assert local_keys(found) == ["html:intro_1"]
        assert outcomes(found) == {"0f3": "created"}

    def test_a_unit_does_not_become_a_version_of_a_section_of_its_id(self):
        found = plan(source("unit x"), Library().put("section:x"))
        assert local_keys(found) == ["unit:x_1"]

    def test_nor_of_another_container_whose_type_no_import_makes(self):
        state = replace(Library().state(), other_codes=frozenset({"x"}))
        assert local_keys(make_plan(source("unit x"), state, ImportOptions())) == ["unit:x_1"]


@pytest.mark.parametrize(("one", "other"), [("Intro", "intro"), ("ï", "i"), ("Straße", "strasse"), ("i", "Ï")])
class TestCodesThatTheLibraryTakesForTheSame:
    """A collation without case and accents: of two such codes of containers, no two may be in a library."""

    def library(self) -> Library:
        return Library(same_code=like_mysql)

    def test_the_second_is_numbered(self, one, other):
        found = plan(source(f"section {one}", f" unit {other}"), self.library())
        assert local_keys(found) == [f"section:{one}_1", f"unit:{other}"]

    def test_they_are_two_where_it_tells_them_apart(self, one, other):
        assert local_keys(plan(source(f"section {one}", f" unit {other}"))) == [f"section:{one}", f"unit:{other}"]

    def test_components_are_two(self, one, other):
        assert local_keys(plan(source(f"html {one}", f"html {other}"), self.library())) == [
            f"html:{one}",
            f"html:{other}",
        ]

    def test_so_are_titles(self, one, other):
        blocks = source(("unit 1", {"title": f"{one}潮"}), ("unit 2", {"title": f"{other}潮"}))
        first, second = local_keys(plan(blocks, self.library(), block_ids=BlockIds.FROM_TITLES))
        assert like_mysql(second) == like_mysql(f"{first}_1")

    def test_one_meets_the_other_by_key(self, one, other):
        library = self.library().put(f"unit:{one}")
        item = plan(source(f"unit {other}", " html x"), library).items[0]
        assert (str(item.local_key), item.state) == (f"unit:{one}", ConflictState.ID_TAKEN)

    def test_but_none_of_another_type(self, one, other):
        library = self.library().put(f"section:{one}").put(f"unit:{other}_1")
        assert local_keys(plan(source(f"unit {other}"), library)) == [f"unit:{other}_2"]

    def test_a_number_is_taken_in_either_spelling(self, one, other):
        library = self.library().put(f"unit:{one}").put(f"section:{other}_1")
        assert local_keys(plan(source(f"unit {one}"), library, on_conflict=Decision.FORK)) == [f"unit:{one}_2"]

    def test_in_the_next_import_each_finds_its_own(self, one, other):
        blocks = source(f"unit {one}", f"unit {other}")
        library = self.library().after(plan(blocks, self.library()))
        assert local_keys(plan(blocks, library)) == [f"unit:{one}", f"unit:{other}_1"]
        assert set(outcomes(plan(blocks, library)).values()) == {"unchanged"}


IMPORTED = Library().after(plan(source("html x = one")))


def changed_library(content=None, *, deleted=False):
    library = Library().after(plan(source("html x = one")))
    return library.put("html:x", content or "one", deleted=deleted)


SITUATIONS = {
    # situation: (source now, library now), and the state that it is
    "new": (source("html x = one"), Library(), ConflictState.NEW),
    "unchanged": (source("html x = one"), changed_library(), ConflictState.UNCHANGED),
    "same change on both sides": (source("html x = two"), changed_library("two"), ConflictState.UNCHANGED),
    "same content, never imported": (source("html x = one"), Library().put("html:x", "one"), ConflictState.UNCHANGED),
    "source changed": (source("html x = two"), changed_library(), ConflictState.SOURCE_CHANGED),
    "library changed": (source("html x = one"), changed_library("edited"), ConflictState.LIBRARY_CHANGED),
    "both changed": (source("html x = two"), changed_library("edited"), ConflictState.BOTH_CHANGED),
    "id taken": (source("html x = one"), Library().put("html:x", "another"), ConflictState.ID_TAKEN),
    "deleted": (source("html x = one"), changed_library(deleted=True), ConflictState.DELETED),
    "deleted, never imported": (
        source("html x = one"),
        Library().put("html:x", "one", deleted=True),
        ConflictState.NEW,
    ),
}

OUTCOMES = {
    # state: outcome under skip, overwrite, new_version, fork, merge; and whether the outcome is published
    ConflictState.NEW: ("created+", "created+", "created+", "created+", "created+"),
    ConflictState.UNCHANGED: ("unchanged", "unchanged", "unchanged", "forked+", "unchanged"),
    ConflictState.SOURCE_CHANGED: ("skipped", "updated+", "updated", "forked+", "updated+"),
    ConflictState.LIBRARY_CHANGED: ("skipped", "updated+", "updated", "forked+", "skipped"),
    ConflictState.BOTH_CHANGED: ("skipped", "updated+", "updated", "forked+", "updated"),
    ConflictState.ID_TAKEN: ("skipped", "updated+", "updated", "forked+", "needs_you"),
    ConflictState.DELETED: ("skipped", "updated+", "updated", "forked+", "skipped"),
}


class TestStatesAndDecisions:
    """The table of docs/explanation/concepts.md, one test a cell."""

    @pytest.mark.parametrize("situation", SITUATIONS)
    def test_the_state_is_told_from_three_versions(self, situation):
        blocks, library, state = SITUATIONS[situation]
        assert plan(blocks, library).items[0].state is state

    @pytest.mark.parametrize("situation", SITUATIONS)
    @pytest.mark.parametrize("column", range(5), ids=Decision.values)
    def test_the_decision_settles_the_outcome(self, situation, column):
        blocks, library, state = SITUATIONS[situation]
        merges = merging(title="x", digest="merged", told="From both.")
        item = plan(blocks, library, merges, on_conflict=Decision(Decision.values[column])).items[0]
        assert f"{item.outcome.value}{'+' * item.publish}" == OUTCOMES[state][column]

    def test_a_block_can_have_its_own_decision(self):
        blocks, library, _state = SITUATIONS["source changed"]
        own = source(("html x = two", {"decision": Decision.FORK}))
        assert plan(blocks, library).items[0].outcome is Outcome.SKIPPED
        assert plan(own, library).items[0].outcome is Outcome.FORKED

    def test_a_fork_takes_the_next_free_id(self):
        library = Library().put("html:x", "another").put("html:x_1", "taken too")
        assert local_keys(plan(source("html x"), library, on_conflict=Decision.FORK)) == ["html:x_2"]

    def test_nothing_is_published_where_that_is_not_wanted(self):
        blocks, library, _state = SITUATIONS["source changed"]
        for decision in Decision:
            assert not plan(blocks, library, on_conflict=decision, publish=False).items[0].publish

    @pytest.mark.parametrize("situation", ["library changed", "both changed", "id taken"])
    def test_overwriting_another_persons_work_is_warned_of(self, situation):
        blocks, library, _state = SITUATIONS[situation]
        assert plan(blocks, library, on_conflict=Decision.OVERWRITE).items[0].warnings
        assert not plan(blocks, library, on_conflict=Decision.SKIP).items[0].warnings


EDITED = {"digest": "edited", "source_digest": "one"}


class TestEditedInReview:
    """What the source holds and what is imported are two things then."""

    def test_it_is_imported_as_edited(self):
        item = plan(source(("html x", EDITED))).items[0]
        assert (item.source_digest, item.item_digest) == ("one", "edited")

    def test_another_import_without_the_edit_leaves_it_alone(self):
        library = Library().after(plan(source(("html x", EDITED))))
        assert plan(source("html x = one"), library, on_conflict=Decision.OVERWRITE).items[0].state is UNCHANGED

    def test_and_so_does_the_one_after_that(self):
        library = Library().after(plan(source(("html x", EDITED))))
        library = library.after(plan(source("html x = one"), library))
        assert plan(source("html x = one"), library).items[0].state is UNCHANGED

    def test_an_edit_of_what_was_imported_before_is_a_change(self):
        library = Library().after(plan(source("html x = one")))
        assert plan(source(("html x", EDITED)), library).items[0].state is ConflictState.SOURCE_CHANGED

    def test_the_same_edit_again_is_none(self):
        library = Library().after(plan(source(("html x", EDITED))))
        assert plan(source(("html x", EDITED)), library).items[0].state is UNCHANGED

    def test_of_what_was_edited_in_the_library_it_is_no_change_of_the_source(self):
        library = Library().after(plan(source("html x = one"))).put("html:x", "theirs")
        assert plan(source(("html x", EDITED)), library).items[0].state is ConflictState.LIBRARY_CHANGED

    def test_what_is_skipped_says_which_of_the_two_has_changed(self):
        library = Library().after(plan(source("html x = one")))
        assert "edited in this review" in plan(source(("html x", EDITED)), library).items[0].reason
        assert "source has changed" in plan(source("html x = two"), library).items[0].reason

    @pytest.mark.parametrize("decision", [each for each in Decision if each is not Decision.MERGE])
    @pytest.mark.parametrize(
        ("now", "theirs", "state"),
        [
            ("two", "", ConflictState.SOURCE_CHANGED),
            ("one", "theirs", ConflictState.LIBRARY_CHANGED),
            ("two", "theirs", ConflictState.BOTH_CHANGED),
        ],
    )
    def test_a_conflict_warns_of_an_earlier_edit_whatever_is_decided(self, now, theirs, state, decision):
        library = Library().after(plan(source(("html x", EDITED))))
        if theirs:
            library.put("html:x", theirs)
        item = plan(source(f"html x = {now}"), library, on_conflict=decision).items[0]
        assert item.state is state
        assert sum("edited in the review of an earlier import" in warning for warning in item.warnings) == 1

    def test_so_it_is_with_the_title_of_a_container(self):
        retitled = source(("unit u", {"title": "Mine", "source_title": "u"}), " html x")
        library = Library().after(plan(retitled))
        assert plan(source("unit u", " html x"), library).items[0].state is UNCHANGED
        assert plan(source("unit u", " html x", " html y"), library).items[0].state is ConflictState.SOURCE_CHANGED


class TestContainers:
    def test_a_container_is_unchanged_when_only_its_childrens_content_changed(self):
        library = Library().after(plan(source("unit u", " html x = one")))
        found = plan(source("unit u", " html x = two"), library, on_conflict=Decision.OVERWRITE)
        assert outcomes(found) == {"u": "unchanged", "x": "updated"}

    def test_containers_still_hold_what_is_skipped(self):
        library = Library().put("html:x", "another")
        assert plan(source("unit u", " html x"), library).items[0].children == (LocalKey("html", "x"),)

    def test_containers_hold_the_fork_in_place_of_what_was_forked(self):
        library = Library().put("html:x", "another")
        found = plan(source("unit u", " html x"), library, on_conflict=Decision.FORK)
        assert found.items[0].children == (LocalKey("html", "x_1"),)

    def test_a_container_is_not_changed_by_its_childrens_being_forked(self):
        library = Library().after(plan(source("unit u", " html x = one")))
        found = plan(source("unit u", " html x = two"), library, on_conflict=Decision.FORK)
        assert [(item.state, item.outcome) for item in found.items] == [
            (ConflictState.UNCHANGED, Outcome.FORKED),
            (ConflictState.SOURCE_CHANGED, Outcome.FORKED),
        ]
        assert found.items[0].children == (LocalKey("html", "x_1"),)

    def test_what_stays_deleted_is_not_put_back_through_its_container(self):
        library = Library().after(plan(source("unit u", " html x", " html y"))).put("html:x", "x", deleted=True)
        found = plan(source("unit u", " html x", " html y"), library)
        assert outcomes(found) == {"u": "unchanged", "x": "skipped", "y": "unchanged"}

    def test_a_new_child_changes_its_container(self):
        library = Library().after(plan(source("unit u", " html x")))
        found = plan(source("unit u", " html x", " html y"), library, on_conflict=Decision.OVERWRITE)
        assert outcomes(found) == {"u": "updated", "x": "unchanged", "y": "created"}
        assert found.items[0].state is ConflictState.SOURCE_CHANGED

    def test_reordering_in_the_library_is_a_change_of_the_library(self):
        library = Library().after(plan(source("unit u", " html x", " html y"))).put("unit:u", children="html:y html:x")
        assert plan(source("unit u", " html x", " html y"), library).items[0].state is ConflictState.LIBRARY_CHANGED


class TestHistory:
    def test_a_block_finds_the_item_that_it_went_to_whatever_its_id(self):
        blocks = source(("html 0f3", {"title": "Intro"}))
        library = Library().after(plan(blocks, block_ids=BlockIds.FROM_TITLES))
        assert local_keys(plan(blocks, library)) == ["html:intro"]
        assert outcomes(plan(blocks, library)) == {"0f3": "unchanged"}

    def test_an_item_that_came_from_one_block_is_not_taken_for_another(self):
        library = Library().after(plan(source(("html b", {"title": "a"})), block_ids=BlockIds.FROM_TITLES))
        found = plan(source("html a = other", "html b"), library, on_conflict=Decision.OVERWRITE)
        assert local_keys(found) == ["html:a_1", "html:a"]


class TestLimit:
    def test_a_library_that_would_be_too_full_blocks_the_plan(self):
        found = plan(source(*COURSE), Library(limit=4))
        assert "5 items, 1 more than its limit of 4" in found.blockers[0]

    def test_deleted_items_do_not_count_until_they_are_restored(self):
        library = Library(limit=1).put("html:x", "one", deleted=True)
        assert not plan(source("html x"), library).blockers
        assert plan(source("html x", "html y"), library).blockers

    def test_new_versions_need_no_room(self):
        library = Library(limit=1).put("html:x", "another")
        assert not plan(source("html x"), library, on_conflict=Decision.OVERWRITE).blockers


MERGE = Decision.MERGE


class TestMerging:
    """What a merge comes to is worked out elsewhere; planning asks for it once, and only where it is needed."""

    BOTH = source("html x = two"), changed_library("edited")

    def test_it_is_the_next_version_with_the_merged_title(self):
        item = plan(*self.BOTH, merging(title="Mine", digest="merged", told="From both."), on_conflict=MERGE).items[0]
        assert (item.title, item.item_digest, item.source_digest) == ("Mine", "merged", "two")
        assert (item.decision, item.reason) == (MERGE, "From both.")
        assert item.based_on is not None

    def test_what_learners_see_in_the_library_stays_live(self):
        blocks, library = self.BOTH
        library.items[LocalKey("html", "x")].is_live = True
        merges = merging(title="x", digest="merged")
        assert plan(blocks, library, merges, on_conflict=MERGE).items[0].publish
        assert not plan(blocks, library, merges, on_conflict=MERGE, publish=False).items[0].publish

    def test_where_the_library_has_all_of_it_already_there_is_nothing_to_write(self):
        item = plan(*self.BOTH, merging(title="x", digest="edited"), on_conflict=MERGE).items[0]
        assert (item.state, item.outcome) == (ConflictState.BOTH_CHANGED, Outcome.UNCHANGED)
        assert (item.source_digest, item.item_digest) == ("two", "edited")

    def test_the_next_import_finds_it_unchanged_and_a_change_of_the_source_is_one(self):
        blocks, library = self.BOTH
        library = library.after(plan(blocks, library, merging(title="x", digest="merged"), on_conflict=MERGE))
        assert plan(blocks, library, on_conflict=MERGE).items[0].state is UNCHANGED
        again = plan(source("html x = three"), library, merging(title="x", digest="again"), on_conflict=MERGE).items[0]
        assert (again.state, again.item_digest) == (ConflictState.SOURCE_CHANGED, "again")

    @pytest.mark.parametrize(
        ("merges", "reason"),
        [
            (merging(open=("title", "body:1")), "in different ways: title, body:1"),
            (merging(trouble="It is broken."), "It is broken."),
            (Merges(), "was not kept"),
        ],
    )
    def test_what_needs_somebody_blocks_the_plan(self, merges, reason):
        found = plan(*self.BOTH, merges, on_conflict=MERGE)
        assert (found.items[0].outcome, found.items[0].entity_id) == (Outcome.NEEDS_YOU, 1)
        assert reason in found.items[0].reason
        assert "1 merge needs you: x (html@x)" in found.blockers[0]

    @pytest.mark.parametrize(
        ("instead", "outcome"),
        [("skip", "skipped"), ("overwrite", "updated"), ("new_version", "updated"), ("fork", "forked")],
    )
    def test_or_is_decided_otherwise(self, instead, outcome):
        found = plan(*self.BOTH, merging(open=("title",)), on_conflict=MERGE, unmerged=Decision(instead))
        assert (found.items[0].outcome.value, found.items[0].decision) == (outcome, Decision(instead))
        assert "cannot be merged without you" in found.items[0].warnings[0]
        assert not found.blockers

    def test_nothing_is_asked_about_what_needs_no_look(self):
        def asked(_blocks):
            raise AssertionError("its texts are looked at")

        merges = Merges(components=asked, containers=asked)
        for situation in SITUATIONS.keys() - {"both changed"}:
            blocks, library, _state = SITUATIONS[situation]
            plan(blocks, library, merges, on_conflict=MERGE)

    def test_what_was_deleted_here_and_changed_there_needs_somebody(self):
        found = plan(source("html x = two"), changed_library(deleted=True), on_conflict=MERGE)
        assert found.items[0].outcome is Outcome.NEEDS_YOU
        unit = plan(source("unit u", " html x = two"), changed_library(deleted=True), on_conflict=MERGE).items[0]
        assert unit.children == ()

    def test_an_edit_of_this_review_is_the_sources(self):
        blocks, library = source(("html x", EDITED)), changed_library("theirs")
        item = plan(blocks, library, merging(title="x", digest="merged"), on_conflict=MERGE).items[0]
        assert (item.outcome, item.source_digest) == (Outcome.UPDATED, "one")

    def test_a_past_edit_meets_a_changed_source(self):
        library = Library().after(plan(source(("html x", EDITED))))
        item = plan(source("html x = two"), library, merging(title="x", digest="merged"), on_conflict=MERGE).items[0]
        assert (item.state, item.item_digest) == (ConflictState.SOURCE_CHANGED, "merged")


class TestMergedContainers:
    THEN = ("unit u", " html x", " html y")

    def library(self, children: str, title="u") -> Library:
        library = Library().after(plan(source(*self.THEN))).put("html:mine", "mine")
        return library.put("unit:u", children=children, title=title)

    def plan(self, blocks, library, **options):
        keys = tuple(LocalKey("html", code) for code in "xy")
        base = ContainerBase(title="u", children=keys, **options)
        merges = Merges(containers=lambda asked: dict.fromkeys(asked, base))
        return plan(blocks, library, merges, on_conflict=MERGE)

    def test_what_each_side_added_and_took_out(self):
        library = self.library("html:x html:y html:mine")
        item = self.plan(source("unit u", " html y", " html new"), library).items[0]
        assert list(map(str, item.children)) == ["html:y", "html:mine", "html:new"]
        assert list(map(str, item.source_children)) == ["html:y", "html:new"]
        assert set(map(str, item.held)) == {"html:y", "html:mine"}
        assert item.outcome is Outcome.UPDATED

    def test_the_next_import_finds_it_unchanged(self):
        library, blocks = self.library("html:x html:mine"), source("unit u", " html x", " html y", " html new")
        first = self.plan(blocks, library)
        assert list(map(str, first.items[0].children)) == ["html:x", "html:mine", "html:new"]
        second = plan(blocks, library.after(first), on_conflict=MERGE)
        assert second.items[0].outcome is Outcome.UNCHANGED

    def test_a_title_that_both_have_changed(self):
        blocks = source(("unit u", {"title": "Theirs"}), " html x", " html y")
        library = self.library("html:x html:y", title="Ours")
        found = self.plan(blocks, library)
        assert (found.items[0].outcome, len(found.blockers)) == (Outcome.NEEDS_YOU, 1)
        choices = {"title": MergeChoice(take=MergeSide.SOURCE)}
        chosen = self.plan(blocks, library, choices=choices, of=versions_digest("u", "Ours", "Theirs")).items[0]
        assert (chosen.title, chosen.outcome) == ("Theirs", Outcome.UPDATED)
        void = self.plan(blocks, library, choices=choices, of=versions_digest("u", "Other", "Theirs")).items[0]
        assert (void.outcome, "is void" in void.warnings[0]) == (Outcome.NEEDS_YOU, True)

    def test_a_child_that_is_forked_stands_in_the_place_of_the_original(self):
        library = self.library("html:x html:mine html:y").put("html:y", "edited")
        found = self.plan(source("unit u", " html x", (" html y = two", {"decision": Decision.FORK})), library)
        assert list(map(str, found.items[0].children)) == ["html:x", "html:mine", "html:y_1"]

    def test_a_version_that_is_pinned_in_the_library_stays_pinned(self):
        library = self.library("html:x html:y html:mine")
        state = library.state()
        key = LocalKey("unit", "u")
        unit = replace(state.items[key], pinned={library.items[LocalKey("html", "mine")].entity_id: 77})
        state = replace(state, items={**state.items, key: unit})
        base = ContainerBase(title="u", children=(LocalKey("html", "x"), LocalKey("html", "y")))
        merges = Merges(containers=lambda asked: dict.fromkeys(asked, base))
        found = make_plan(source("unit u", " html x"), state, ImportOptions(on_conflict=MERGE), merges=merges)
        assert found.items[0].pinned == {LocalKey("html", "mine"): 77}
