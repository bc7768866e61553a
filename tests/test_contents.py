"""What is inside components that a library cannot hold: left out, in the unit in their stead, or in a collection."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openedx_content import api as content_api
from openedx_content.models_api import Collection, LearningPackage
from openedx_tagging import api as tagging_api

from import_from_modulestore import api
from import_from_modulestore.data import (
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    Outcome,
)
from import_from_modulestore.models import Import

from .authoring import Author
from .builders import block, problem, section, subsection, text, unit, usage_key, write_course
from .library_state import drafts

UNIT, COLLECTION, LEAVE_OUT = Contents.UNIT, Contents.COLLECTION, Contents.LEAVE_OUT
OVERWRITE = {"on_conflict": Decision.OVERWRITE}
BANK = usage_key("itembank", "bank")
Q1, Q2 = "xblock.v1:problem:q1", "xblock.v1:problem:q2"


def bank(name="bank", *questions, title="Tides"):
    return block("itembank", name, "", *(questions or (problem("q1"), problem("q2"))), display_name=title)


def experiment():
    groups = unit("g1", text("a"), title="Group A"), unit("g2", problem("b"), title="Group B")
    return block("split_test", "x", "", *groups, display_name="Pictures?", user_partition_id="7")


@pytest.fixture
def course(courses):
    """Write the course on the shelf: one unit of these blocks, after a text."""

    def write(*blocks, **more):
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("t"), *blocks))), **more)

    return write


@pytest.fixture
def run_import(run_import):
    """An import that has no collection of its own, unless one is asked for."""
    return lambda *what, **options: run_import(*what, **{"collection": None, **options})


@pytest.fixture
def stage(stage):
    """The same of one that is staged."""
    return lambda **options: stage(**{"collection": None, **options})


@pytest.fixture
def complete(user):
    """Complete a staged import, and give its records by block ID."""

    def completed(import_id):
        api.complete_import(user=user, import_id=import_id)
        return by_id(api.get_records(user=user, import_id=import_id))

    return completed


def by_id(records):
    return {record.usage_key.rpartition("@")[2]: record for record in records}


def children(state, ref="u"):
    return [child.rpartition(":")[2] for child in drafts(state)[ref]["children"]]


def collections(state):
    return {title: [ref.rpartition(":")[2] for ref in refs] for title, refs in state["collections"].values()}


class TestIntoTheUnit:
    def test_they_stand_in_its_stead_live_and_in_order(self, course, run_import, state):
        course(experiment(), bank(), text("z"))
        _done, records = run_import(contents=UNIT)
        assert children(state()) == ["t", "a", "b", "q1", "q2", "z"]
        assert state()["unpublished"] == set()
        record = by_id(records)["x"]
        assert (record.outcome, record.contents, record.left_out) == (Outcome.UNSUPPORTED, UNIT, ())
        assert (
            "2 blocks are imported in its stead: Group A: Text a (html), Group B: Problem b (problem)." in record.reason
        )
        assert by_id(records)["a"].inside == ("Pictures?", "Group A")
        assert not {"g1", "g2"} & by_id(records).keys()

    def test_their_files_come_along(self, course, run_import, state):
        inner = text("pic", '<p><img src="/static/moon.png"/></p>')
        video = block("video", "v", '<transcript language="en" src="moon.srt"/>', display_name="V")
        course(
            bank("bank", inner, video), static={"moon.png": b"png", "moon.srt": b"1\n00:00:00,000 --> 00:00:01,000\nHi"}
        )
        _done, records = run_import(contents=UNIT)
        assert by_id(records)["pic"].files == ("moon.png",)
        assert by_id(records)["v"].files == ("moon.srt",)
        assert "static/moon.png" in drafts(state())["xblock.v1:html:pic"]["files"]

    def test_what_is_broken_inside_is_told_by_itself(self, course, run_import, state):
        course(bank(), files={"problem/q1.xml": "<problem><p></problem>"})
        _done, records = run_import(contents=UNIT)
        assert by_id(records)["q1"].outcome is Outcome.FAILED
        assert children(state()) == ["t", "q2"]

    def test_fields_of_the_policy_stand(self, course, run_import, state):
        policy = '{"course/R1": {}, "problem/q1": {"max_attempts": 2}}'
        course(bank(), files={"policies/R1/policy.json": policy})
        run_import(contents=UNIT)
        assert 'max_attempts="2"' in str(drafts(state())[Q1]["files"])

    def test_their_tags_go_along(self, course, run_import):
        made = tagging_api.create_taxonomy("tide-topics", export_id="tide-topics")
        tagging_api.add_tag_to_taxonomy(made, "Moon")
        tags = '"Name","Type","ID","tide-topics"\n"Q","problem","q1","Moon"\n"E","itembank","bank","Moon"\n'
        course(bank(), files={"tags.csv": tags})
        _done, records = run_import(contents=UNIT)
        assert {name: record.tags for name, record in by_id(records).items() if record.tags} == {"q1": ("Moon",)}

    def test_groups_of_the_course_are_taken_off(self, course, run_import, state):
        limited = block("problem", "q1", "<p/>", display_name="Q", group_access='{"50": [1]}')
        course(bank("bank", limited))
        _done, records = run_import(contents=UNIT)
        assert "Only some groups" in by_id(records)["q1"].warnings[0]
        assert "group_access" not in str(drafts(state())[Q1]["files"])

    def test_copies_from_a_legacy_library_are_items_of_their_own(self, course, run_import, state):
        copy = block("problem", "4f0a", "<p/>", display_name="Q", upstream="lib:A:B", upstream_version="3")
        course(block("library_content", "lc", "", copy, source_library_id="library-v1:A+B"))
        run_import(contents=UNIT)
        assert children(state()) == ["t", "4f0a"]
        assert "upstream" not in str(drafts(state())["xblock.v1:problem:4f0a"]["files"])

    def test_of_a_component_that_stands_in_no_unit_they_stand_on_their_own(self, courses, run_import, state):
        write_course(courses / "c1", section("s", subsection("b", bank())))
        run_import(contents=UNIT)
        assert {Q1, Q2} <= drafts(state()).keys()
        assert children(state(), "b") == []

    def test_at_the_level_of_components(self, course, run_import, state):
        course(bank())
        run_import(contents=UNIT, level=CompositionLevel.COMPONENT)
        assert drafts(state()).keys() == {"xblock.v1:html:t", Q1, Q2}


class TestIntoACollection:
    def test_they_stand_on_their_own_in_one_that_bears_its_name(self, course, run_import, state):
        course(bank())
        _done, records = run_import(contents=COLLECTION)
        assert children(state()) == ["t"]
        assert collections(state()) == {"Tides": ["q1", "q2"]}
        record = by_id(records)["bank"]
        assert (record.contents, record.contents_collection) == (COLLECTION, "tides")
        assert "2 blocks are put into a new collection, “Tides”: Problem q1 (problem)" in record.reason

    def test_each_component_has_its_own_also_where_names_are_equal(self, course, run_import, state):
        course(bank(), bank("bank2", problem("q3")), bank("bank3", problem("q4"), title="Moon"))
        expected = {"Tides": ["q1", "q2"], "Tides (2)": ["q3"], "Moon": ["q4"]}
        run_import(contents=COLLECTION)
        assert collections(state()) == expected
        course(bank("bank2", problem("q3")), bank(), bank("bank3", problem("q4"), title="Moon"))
        run_import(contents=COLLECTION, **OVERWRITE)
        assert collections(state()) == expected

    def test_one_that_is_there_is_used(self, course, run_import, state, library):
        package = LearningPackage.objects.get(package_ref=library.key)
        content_api.create_collection(package.id, "mine", title="Tides", created_by=None)
        course(bank())
        _done, records = run_import(contents=COLLECTION)
        assert list(state()["collections"]) == ["mine"]
        assert by_id(records)["bank"].contents_collection == "mine"

    def test_one_that_was_renamed_since_is_known(self, course, run_import, state, library):
        course(bank())
        run_import(contents=COLLECTION)
        package = LearningPackage.objects.get(package_ref=library.key)
        content_api.update_collection(package.id, "tides", title="Questions")
        course(bank("bank", problem("q1"), problem("q2"), problem("q3")))
        run_import(contents=COLLECTION)
        assert collections(state()) == {"Questions": ["q1", "q2", "q3"]}

    def test_the_imports_own_collection_has_what_stands_at_the_top(self, course, run_import, state):
        course(bank())
        run_import(contents=COLLECTION, collection=CollectionChoice(title="All"))
        assert collections(state()) == {"All": ["s", "q1", "q2"], "Tides": ["q1", "q2"]}

    def test_the_imports_own_of_the_same_name_is_another(self, course, run_import, state, user):
        course(bank())
        done, _records = run_import(contents=COLLECTION, collection=CollectionChoice(title="Tides"))
        assert collections(state()) == {"Tides": ["s", "q1", "q2"], "Tides (2)": ["q1", "q2"]}
        api.undo_import(user=user, import_id=done.id)
        assert collections(state()) == {}


@pytest.mark.parametrize("contents", [UNIT, COLLECTION])
def test_what_the_groups_of_an_experiment_are_called_is_kept_wherever_they_go(course, run_import, user, contents):
    course(experiment())
    done, records = run_import(contents=contents)
    assert {name: by_id(records)[name].inside for name in ("a", "b")} == {
        "a": ("Pictures?", "Group A"),
        "b": ("Pictures?", "Group B"),
    }
    assert "Group A: Text a (html), Group B: Problem b (problem)" in by_id(records)["x"].reason
    api.undo_import(user=user, import_id=done.id)
    api.remove_old_staged_content(days=0)
    (found,) = api.where_to(user=user, usage_key=usage_key("html", "a"))
    assert found.inside == ("Pictures?", "Group A")


class TestUndo:
    @pytest.mark.parametrize("contents", [UNIT, COLLECTION])
    def test_takes_them_back_and_redo_gives_them_again(self, course, run_import, state, user, contents):
        before = state()
        course(experiment(), bank())
        done, _records = run_import(contents=contents)
        after = state()
        api.undo_import(user=user, import_id=done.id)
        assert state() == before
        api.redo_import(user=user, import_id=done.id)
        assert state() == after

    def test_of_a_second_import_leaves_what_the_first_collected(self, course, run_import, state, user):
        course(bank())
        run_import(contents=COLLECTION)
        before = state()
        course(bank("bank", problem("q1"), problem("q2"), problem("q3")))
        done, _records = run_import(contents=COLLECTION)
        assert collections(state()) == {"Tides": ["q1", "q2", "q3"]}
        api.undo_import(user=user, import_id=done.id)
        assert state() == before

    def test_takes_out_of_the_collection_what_was_there_before(self, course, run_import, state, user):
        course(bank())
        run_import(contents=UNIT)
        before = state()
        done, _records = run_import(contents=COLLECTION)
        assert collections(state()) == {"Tides": ["q1", "q2"]}
        api.undo_import(user=user, import_id=done.id)
        assert state() == before

    def test_a_redo_that_puts_nothing_back_brings_no_collection_back(self, course, run_import, user, state):
        course(bank())
        first, _records = run_import(contents=COLLECTION)
        api.undo_import(user=user, import_id=first.id)
        second, _records = run_import(contents=COLLECTION)
        api.undo_import(user=user, import_id=second.id)
        api.redo_import(user=user, import_id=first.id)
        before = state()
        api.redo_import(user=user, import_id=second.id)  # All that it would put back has other versions by now.
        assert state() == before

    @pytest.mark.few
    @pytest.mark.parametrize("undone", [(0, 1), (1, 0)])
    @pytest.mark.parametrize("redone", [(0, 1), (1, 0)])
    @pytest.mark.parametrize("own", [False, True])
    def test_in_any_order_leaves_no_empty_collection_and_redo_brings_back_what_there_was(
        self, course, run_import, user, state, own, undone, redone
    ):
        of_contents = {"contents": COLLECTION}
        of_import = {
            "contents": UNIT,
            "collection": CollectionChoice(title="Tides"),
            "level": CompositionLevel.COMPONENT,
        }
        options = of_import if own else of_contents
        before = state()
        course(bank())
        imports = [run_import(**options)[0]]
        course(bank("bank", problem("q1"), problem("q2"), problem("q3")))
        imports.append(run_import(**options)[0])
        after = collections(state())
        for num in undone:
            api.undo_import(user=user, import_id=imports[num].id)
        assert state() == before
        for num in redone:
            api.redo_import(user=user, import_id=imports[num].id)
            assert collections(state()).keys() == {"Tides"}
        assert collections(state()) == after
        for num in reversed(redone):
            api.undo_import(user=user, import_id=imports[num].id)
        assert state() == before

    @pytest.mark.parametrize("own", [False, True])
    def test_a_redo_brings_one_back_that_went_with_another_import_while_it_waited_for_the_library(
        self, course, run_import, user, state, own
    ):
        options = {"contents": COLLECTION}
        if own:
            options = {
                "contents": UNIT,
                "collection": CollectionChoice(title="Tides"),
                "level": CompositionLevel.COMPONENT,
            }
        course(bank())
        first, _records = run_import(**options)
        course(bank("bank", problem("q1"), problem("q2"), problem("q3")))
        second, _records = run_import(**options)
        api.undo_import(user=user, import_id=second.id)
        waiting = [first.id]

        def undo_the_other(*args, **kwargs) -> None:
            if waiting:
                api.undo_import(user=user, import_id=waiting.pop())

        api.redo_import(user=user, import_id=second.id, force=True, progress=undo_the_other)
        assert collections(state())["Tides"] == ["q3"]

    def test_one_that_stood_empty_before_an_import_stays(self, course, run_import, user, state, library):
        course(bank())
        first, _records = run_import(contents=COLLECTION)
        package = LearningPackage.objects.get(package_ref=library.key)
        others = package.publishable_entities.filter(entity_ref=Author(package.id).component("mine"))
        content_api.add_to_collection(package.id, "tides", others)
        api.undo_import(user=user, import_id=first.id)
        content_api.remove_from_collection(package.id, "tides", others)
        before = state()
        assert collections(before) == {"Tides": []}
        second, _records = run_import(contents=COLLECTION)
        api.undo_import(user=user, import_id=second.id)
        assert state() == before

    def test_a_collection_that_is_gone_for_good_is_none_to_undo(self, course, run_import, user, state):
        course(bank())
        done, _records = run_import(contents=COLLECTION)
        Collection.objects.all().delete()
        api.undo_import(user=user, import_id=done.id)
        assert drafts(state()) == {}


class TestAgain:
    @pytest.mark.parametrize("contents", Contents)
    def test_nothing_has_changed(self, course, run_import, state, contents):
        course(experiment(), bank())
        run_import(contents=contents)
        before = state()
        done, _records = run_import(contents=contents, **OVERWRITE)
        assert done.counts.keys() == {"unchanged", "unsupported"}
        assert state() == before

    @pytest.mark.parametrize(
        ("first", "then"), [(UNIT, LEAVE_OUT), (UNIT, COLLECTION), (COLLECTION, UNIT), (LEAVE_OUT, UNIT)]
    )
    def test_another_choice_moves_nothing_unless_that_is_decided(self, course, run_import, state, first, then):
        course(bank())
        run_import(contents=first)
        before = children(state())
        _done, records = run_import(contents=then)
        assert by_id(records)["u"].outcome is Outcome.SKIPPED
        assert children(state()) == before
        run_import(contents=then, **OVERWRITE)
        assert children(state()) == (["t", "q1", "q2"] if then is UNIT else ["t"])

    def test_what_is_left_out_now_is_not_gone(self, course, run_import, stage, user):
        course(bank())
        run_import(contents=UNIT)
        assert api.list_gone(user=user, import_id=stage()).total == 0
        course(bank("bank", problem("q1")))
        gone = api.list_gone(user=user, import_id=stage(contents=UNIT))
        assert [item.usage_key for item in gone.items] == [usage_key("problem", "q2")]


class TestReview:
    def test_they_are_listed_with_what_they_go_with(self, course, stage, user):
        course(experiment())
        import_id = stage()
        listed = by_id(api.list_blocks(user=user, import_id=import_id).items)
        assert [listed[name].depth for name in ("x", "g1", "a")] == [3, 4, 5]
        assert (listed["a"].left_with, listed["a"].outcome, listed["t"].left_with) == (listed["x"].num, None, None)
        assert (listed["x"].contents, listed["x"].own_contents) == (LEAVE_OUT, None)
        inside = api.list_blocks(user=user, import_id=import_id, parent=usage_key("split_test", "x"))
        assert [found.title for found in inside.items] == ["Group A", "Group B"]

    def test_a_block_has_a_choice_of_its_own(self, course, stage, user, complete, state):
        course(experiment(), bank())
        import_id = stage(contents=UNIT)
        changed = api.choose_contents(user=user, import_id=import_id, usage_keys=[BANK], contents=COLLECTION)
        listed = by_id(api.list_blocks(user=user, import_id=import_id).items)
        assert (changed, listed["bank"].own_contents, listed["x"].contents) == (1, COLLECTION, UNIT)
        complete(import_id)
        assert (children(state()), collections(state())) == (["t", "a", "b"], {"Tides": ["q1", "q2"]})

    def test_a_choice_for_a_section_is_for_all_in_it_and_can_be_taken_back(self, course, stage, user):
        course(experiment(), block("conditional", "c", "", bank(), display_name="If"))
        import_id = stage()
        asked = {"user": user, "import_id": import_id, "usage_keys": [usage_key("chapter", "s")]}
        assert api.choose_contents(**asked, contents=UNIT) == 3
        assert api.plan_import(user=user, import_id=import_id).counts()["created"] == 8
        assert api.choose_contents(**asked, contents=None) == 3
        with pytest.raises(api.InvalidEdit, match="made of other blocks"):
            api.choose_contents(**asked, contents=UNIT, below=False)

    def test_single_ones_are_left_out_edited_and_decided_about(self, course, stage, user, complete, state):
        course(bank())
        import_id = stage(contents=UNIT)
        asked = {"user": user, "import_id": import_id}
        api.select_blocks(**asked, usage_keys=[usage_key("problem", "q2")], selected=False)
        api.edit_block(**asked, usage_key=usage_key("problem", "q1"), title="Mine")
        records = complete(import_id)
        assert (records["q1"].title, records["bank"].left_out) == ("Mine", ("Problem q2 (problem)",))
        assert children(state()) == ["t", "q1"]
        course(bank("bank", problem("q1", "<p>New</p>"), problem("q2")))
        import_id = stage(contents=UNIT)
        asked["import_id"] = import_id
        api.decide_blocks(**asked, usage_keys=[usage_key("problem", "q1")], decision=Decision.FORK)
        assert complete(import_id)["q1"].outcome is Outcome.FORKED

    def test_one_of_them_can_be_all_that_is_imported(self, course, run_import, state):
        course(bank())
        run_import(selection=(usage_key("problem", "q2"),))
        assert drafts(state()).keys() == {Q2}

    def test_where_the_component_is_left_out_they_are_too(self, course, stage, user, complete, state):
        course(bank())
        import_id = stage(contents=UNIT)
        api.select_blocks(user=user, import_id=import_id, usage_keys=[BANK], selected=False)
        assert "q1" not in complete(import_id)
        assert children(state()) == ["t"]

    def test_the_component_can_be_given_another_name_and_no_content(self, course, stage, user, complete, state):
        course(bank())
        import_id = stage(contents=COLLECTION)
        asked = {"user": user, "import_id": import_id, "usage_key": BANK}
        assert api.edit_block(**asked, title="Questions").block.edited
        assert api.revert_block(**asked).block.title == "Tides"
        with pytest.raises(api.InvalidEdit, match="Edit the blocks in this itembank"):
            api.edit_block(**asked, olx='<itembank url_name="bank"/>')
        api.edit_block(**asked, title="Questions")
        complete(import_id)
        assert collections(state()) == {"Questions": ["q1", "q2"]}

    def test_a_component_that_is_shown_twice_has_one_choice(self, courses, stage, user, complete, state):
        units = unit("u", text("t"), bank()), unit("u2", block("itembank", "bank", "", problem("q1"), problem("q2")))
        write_course(courses / "c1", section("s", subsection("b", *units)))
        import_id = stage()
        u2 = usage_key("vertical", "u2")
        assert api.choose_contents(user=user, import_id=import_id, usage_keys=[u2], contents=UNIT) == 1
        complete(import_id)
        assert (children(state()), children(state(), "u2")) == (["t", "q1", "q2"], ["q1", "q2"])


@pytest.mark.at_gate
class TestCost:
    """Blocks inside components cost what others do."""

    @pytest.fixture
    def statements(self, course, stage, user):
        """How many statements the steps of an import of these blocks take: ``statements(*blocks, contents=…)``."""

        def counted(*blocks, **options) -> list[int]:
            course(*blocks)
            asked = {"user": user, "import_id": stage(**options)}
            steps = (api.plan_import, api.list_blocks, api.complete_import, api.undo_import)
            found = []
            for step in steps:
                with CaptureQueriesContext(connection) as queries:
                    step(**asked)
                found.append(len(queries))
            return found

        return counted

    def test_in_the_unit_as_many_statements_as_without_a_component_around(self, statements):
        questions = [[problem(f"{name}{n}") for n in range(20)] for name in ("warm", "in", "out")]
        statements(bank("bank", *questions[0]), contents=UNIT)  # What is looked up once.
        assert statements(bank("bank", *questions[1]), contents=UNIT) == statements(*questions[2])

    def test_in_a_collection_a_few_more(self, statements):
        questions = [[problem(f"{name}{n}") for n in range(20)] for name in ("warm", "in", "out")]
        statements(bank("bank", *questions[0]), contents=COLLECTION)
        inside, outside = statements(bank("bank2", *questions[1]), contents=COLLECTION), statements(*questions[2])
        assert [more - less for more, less in zip(inside[:2], outside[:2], strict=True)] == [2, 2]
        assert sum(inside[2:]) - sum(outside[2:]) < 40
        banks = [bank(f"more{n}", problem(f"m{n}"), title=f"More {n}") for n in range(20)]
        assert statements(*banks, contents=COLLECTION)[:2] == inside[:2]

    def test_a_choice_takes_a_fixed_number(self, course, stage, user, django_assert_num_queries):
        course(*(bank(f"bank{n}", problem(f"q{n}")) for n in range(30)))
        asked = {"user": user, "import_id": stage(), "contents": UNIT}
        with CaptureQueriesContext(connection) as queries:
            api.choose_contents(**asked, usage_keys=[usage_key("itembank", "bank1")])
        with django_assert_num_queries(len(queries)):
            assert api.choose_contents(**asked, usage_keys=[usage_key("chapter", "s")]) == 29


class TestNames:
    QUESTION = block("problem", "q1", "<p>Why are there <b>two</b> tides?</p>")

    def test_a_question_without_a_title_is_called_by_its_text(self, course, stage, user, complete, state):
        course(bank("bank", self.QUESTION))
        import_id = stage(contents=UNIT)
        found = by_id(api.list_blocks(user=user, import_id=import_id).items)["q1"]
        assert (found.title, found.name) == ("Blank Problem", "“Why are there two tides?”")
        assert api.list_blocks(user=user, import_id=import_id, search="TWO tides").total == 1
        records = complete(import_id)
        assert records["q1"].name == found.name
        assert "“Why are there two tides?” (problem)" in records["bank"].reason
        assert drafts(state())[Q1]["title"] == "Blank Problem"
        undone = api.preview_undo(user=user, import_id=import_id)
        assert found.name in {item.name for item in undone.items}

    def test_also_where_it_is_gone(self, course, run_import, stage, user):
        course(self.QUESTION)
        run_import()
        course()
        (gone,) = api.list_gone(user=user, import_id=stage()).items
        assert gone.name == "“Why are there two tides?”"

    def test_a_title_that_it_is_given_is_its_name(self, course, stage, user):
        course(self.QUESTION)
        asked = {"user": user, "import_id": stage(), "usage_key": usage_key("problem", "q1")}
        assert api.edit_block(**asked, title="Two tides").block.name == "Two tides"
        assert api.revert_block(**asked).block.name == "“Why are there two tides?”"


def test_what_became_of_them_is_kept_without_what_was_staged(course, run_import, user):
    course(bank())
    done, _records = run_import(contents=COLLECTION)
    Import.objects.filter(uuid=done.id).update(finished="2020-01-01T00:00:00Z")
    api.remove_old_staged_content(days=1)
    record = by_id(api.get_records(user=user, import_id=done.id))["bank"]
    assert (record.contents, record.contents_collection) == (COLLECTION, "tides")
