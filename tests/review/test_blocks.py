"""Looking through what is staged."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import BlockKind, ConflictState, Decision, Outcome

from ..builders import Block, block, section, subsection, text, unit
from .conftest import key

SMALL = ["s1", "b1", "u1", "t1", "p1", "u2", "t2", "s2", "b2", "u3", "p2", "t3"]


@pytest.fixture(autouse=True)
def _course(write):
    write()


class TestTree:
    def test_flat_it_is_everything_in_the_order_of_the_source(self, stage, blocks):
        found = blocks(stage())
        assert list(found) == SMALL
        assert [b.depth for b in found.values()] == [0, 1, 2, 3, 3, 2, 3, 0, 1, 2, 3, 3]
        assert {b.child_count for name, b in found.items() if name in ("s1", "b2")} == {1}

    def test_the_top(self, stage, blocks):
        assert list(blocks(stage(), top=True)) == ["s1", "s2"]

    def test_the_children_of_one_block(self, stage, blocks):
        assert list(blocks(stage(), parent=key("b1", "sequential"))) == ["u1", "u2"]

    def test_pages(self, stage, user):
        page = api.list_blocks(user=user, import_id=stage(), offset=10, limit=5)
        assert (page.total, page.offset, page.limit, len(page.items)) == (12, 10, 5, 2)

    def test_a_new_block_says_what_becomes_of_it(self, stage, blocks):
        found = blocks(stage())["t1"]
        assert (found.state, found.outcome, found.decision) == (ConflictState.NEW, Outcome.CREATED, None)
        assert (found.title, found.kind, found.item_key) == ("Text t1", BlockKind.COMPONENT, "lb:Acme:Target:html:t1")

    def test_what_the_level_dissolves_has_no_state(self, stage, blocks):
        found = blocks(stage(level="unit"))
        assert (found["s1"].state, found["u1"].state) == (None, ConflictState.NEW)

    def test_what_the_selection_leaves_out_is_there_and_left_out(self, stage, blocks):
        found = blocks(stage(selection=(key("s2", "chapter"),)))
        assert [name for name, b in found.items() if b.selected] == ["s2", "b2", "u3", "p2", "t3"]
        assert found["s1"].outcome is None

    def test_what_is_shown_again_points_at_its_first_showing(self, write, stage, blocks, user):
        pointer = Block("html", "t1")
        write(section("s1", subsection("b1", unit("u1", text("t1")), unit("u2", pointer))))
        page = api.list_blocks(user=user, import_id=stage())
        assert [(b.num, b.repeats) for b in page.items if b.usage_key == key("t1")] == [(3, None), (5, 3)]


class TestFilters:
    @pytest.mark.few
    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"kind": BlockKind.UNIT}, ["u1", "u2", "u3"]),
            ({"block_type": "problem"}, ["p1", "p2"]),
            ({"search": "TEXT T2"}, ["t2"]),
            ({"search": "type@problem"}, ["p1", "p2"]),
            ({"states": (ConflictState.NEW,)}, ["s2", "b2", "u3", "p2", "t3"]),
            ({"states": (ConflictState.ID_TAKEN, ConflictState.BOTH_CHANGED)}, ["t1"]),
            ({"outcomes": (Outcome.SKIPPED,)}, ["t1"]),
            ({"conflicts": True}, ["t1"]),
            ({"conflicts": True, "kind": BlockKind.UNIT}, []),
            ({"selected": False}, []),
            ({"edited": True}, []),
        ],
    )
    def test_each_leaves_what_it_names(self, write, stage, blocks, run_import, edit_in_library, filters, found):
        run_import(selection=(key("s1", "chapter"),))
        edit_in_library("t1", "<p>Mine.</p>")
        first = section(
            "s1", subsection("b1", unit("u1", text("t1", "<p>New.</p>"), block_p1()), unit("u2", text("t2")))
        )
        write(first, second_section())
        assert list(blocks(stage(), **filters)) == found

    def test_what_was_edited_or_left_out_is_found(self, stage, blocks, user):
        import_id = stage()
        api.edit_block(user=user, import_id=import_id, usage_key=key("t1"), title="Other")
        api.select_blocks(user=user, import_id=import_id, usage_keys=[key("u3", "vertical")], selected=False)
        assert list(blocks(import_id, edited=True)) == ["t1"]
        assert list(blocks(import_id, selected=False)) == ["u3", "p2", "t3"]

    @pytest.mark.parametrize(
        ("page", "told"), [({"offset": -1}, "begins at 0"), ({"limit": 0}, "1 to 1000"), ({"limit": 1001}, "1 to 1000")]
    )
    def test_a_page_that_cannot_be_is_refused(self, stage, user, page, told):
        with pytest.raises(api.InvalidOption, match=told):
            api.list_blocks(user=user, import_id=stage(), **page)


def block_p1() -> Block:
    return block("problem", "p1", "<p>Why?</p>", display_name="Problem p1")


def second_section() -> Block:
    p2 = block("problem", "p2", "<p>Why?</p>", display_name="Problem p2")
    return section("s2", subsection("b2", unit("u3", p2, text("t3"))))


class TestFresh:
    """A page is never older than the library or the review."""

    def test_a_change_in_the_library_is_seen_at_once(self, stage, blocks, run_import, edit_in_library):
        run_import()
        import_id = stage()
        assert blocks(import_id)["t1"].state is ConflictState.UNCHANGED
        edit_in_library("t1", "<p>Mine.</p>")
        assert blocks(import_id)["t1"].state is ConflictState.LIBRARY_CHANGED

    def test_so_is_another_import(self, stage, blocks, run_import):
        import_id = stage()
        assert blocks(import_id)["t1"].state is ConflictState.NEW
        run_import()
        assert blocks(import_id)["t1"].state is ConflictState.UNCHANGED

    def test_so_is_a_decision(self, stage, blocks, user, run_import, edit_in_library):
        run_import()
        edit_in_library("t1", "<p>Mine.</p>")
        import_id = stage()
        assert blocks(import_id)["t1"].outcome is Outcome.SKIPPED
        api.decide_blocks(user=user, import_id=import_id, usage_keys=[key("t1")], decision=Decision.OVERWRITE)
        assert blocks(import_id)["t1"].outcome is Outcome.UPDATED


def test_review_is_over_once_it_is_imported(stage, user):
    import_id = stage()
    api.complete_import(user=user, import_id=import_id)
    with pytest.raises(api.WrongState, match="is completed"):
        api.list_blocks(user=user, import_id=import_id)
    with pytest.raises(api.WrongState, match="is completed"):
        api.get_block(user=user, import_id=import_id, usage_key=key("t1"))
