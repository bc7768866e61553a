"""Changing what is staged."""

import pytest
from django.db import connection

from import_from_modulestore import api
from import_from_modulestore.data import ConflictState, Decision, ImportState, Outcome
from import_from_modulestore.review.edits import MAX_OLX_CHARACTERS

from ..builders import Block, section, subsection, text, unit
from .conftest import key


@pytest.fixture
def course(write):
    return lambda *components, **more: write(section("s", subsection("b", unit("u", *components))), **more)


@pytest.fixture
def staged(write, stage):
    write()
    return stage()


@pytest.fixture
def edit(user, staged):
    return lambda block_id, tag="html", **changes: api.edit_block(
        user=user, import_id=staged, usage_key=key(block_id, tag), **changes
    )


@pytest.fixture
def complete(user):
    return lambda import_id: api.complete_import(user=user, import_id=import_id)


def olx_of(state, ref="xblock.v1:html:t1") -> str:
    return state()["items"][ref]["draft"]["files"]["block.xml"].decode()


class TestTitles:
    def test_a_component_gets_another_title_in_its_olx_too(self, edit, staged, complete, state):
        found = edit("t1", title="  A better\ttitle ")
        assert (found.block.title, found.block.edited) == ("A better title", True)
        complete(staged)
        assert state()["items"]["xblock.v1:html:t1"]["draft"]["title"] == "A better title"
        assert 'display_name="A better title"' in olx_of(state)

    def test_a_container_gets_another_title(self, edit, staged, complete, state):
        assert edit("u1", "vertical", title="Start here").block.title == "Start here"
        complete(staged)
        assert "Start here" in [item["draft"]["title"] for item in state()["items"].values()]

    @pytest.mark.parametrize("title", ["", " \t", "x" * 501])
    def test_a_title_that_is_none_or_too_long_is_refused(self, edit, blocks, staged, title):
        with pytest.raises(api.InvalidEdit, match="1 to 500 characters") as error:
            edit("t1", title=title)
        assert error.value.field == "title"
        assert not blocks(staged)["t1"].edited

    def test_nothing_to_edit_is_refused(self, edit):
        with pytest.raises(api.InvalidEdit, match="Give a title or OLX"):
            edit("t1")


class TestOlx:
    NEW = '<html url_name="t1" display_name="New"><![CDATA[<p>New & better</p>]]></html>'

    def test_what_was_written_is_what_the_library_gets(self, edit, staged, complete, state):
        found = edit("t1", olx=self.NEW)
        assert (found.olx, found.block.title) == (self.NEW, "New")
        assert "<p>Text.</p>" in found.staged_olx
        complete(staged)
        assert olx_of(state) == '<html display_name="New"><![CDATA[<p>New & better</p>]]></html>'

    def test_url_name_may_be_left_out(self, edit):
        assert 'url_name="t1"' in edit("t1", olx="<html>x</html>").olx

    def test_a_title_given_with_it_wins(self, edit):
        assert edit("t1", olx=self.NEW, title="Mine").block.title == "Mine"

    @pytest.mark.parametrize(
        ("olx", "told"),
        [
            ("<html>", "not well-formed"),
            ("", "it is empty|not well-formed"),
            ("<html>\x00</html>", "not well-formed"),
            ("<problem/>", "is a <problem>, but this block is a <html>"),
            ('<html url_name="t2"/>', 'url_name="t2", but this block is "t1"'),
            ('<!DOCTYPE html [<!ENTITY a "b">]><html>&a;</html>', "entities, which are never expanded"),
            ('<html><img src="/static/nowhere.png"/></html>', "not staged: nowhere.png"),
            (f"<html>{'x' * MAX_OLX_CHARACTERS}</html>", "more than the 1,000,000 characters that are allowed"),
        ],
    )
    def test_what_cannot_be_used_is_refused_and_nothing_changes(self, edit, blocks, staged, olx, told):
        with pytest.raises(api.InvalidEdit, match=told) as error:
            edit("t1", olx=olx)
        assert error.value.field == "olx"
        assert not blocks(staged)["t1"].edited

    def test_containers_have_none(self, edit):
        with pytest.raises(api.InvalidEdit, match="Only components have OLX"):
            edit("u1", "vertical", olx="<vertical/>")

    def test_it_may_name_any_file_that_came_with_the_source(self, course, stage, user, complete, state):
        course(text("t1", '<img src="/static/a.png">'), text("t2"), static={"a.png": b"A"})
        import_id = stage()
        found = api.edit_block(
            user=user, import_id=import_id, usage_key=key("t2"), olx='<html><img src="/static/a.png"/></html>'
        )
        assert [file.name for file in found.files] == ["a.png"]
        complete(import_id)
        assert state()["items"]["xblock.v1:html:t2"]["draft"]["files"]["static/a.png"] == b"A"

    def test_a_file_that_was_missing_already_may_stay(self, course, stage, user):
        course(text("t1", '<img src="/static/gone.png">'))
        olx = '<html>Shorter. <img src="/static/gone.png"/></html>'
        found = api.edit_block(user=user, import_id=stage(), usage_key=key("t1"), olx=olx)
        assert found.missing_files == ("gone.png",)

    def test_a_file_that_is_no_longer_named_is_left_behind(self, course, stage, user):
        course(text("t1", '<img src="/static/a.png">'), static={"a.png": b"A"})
        found = api.edit_block(user=user, import_id=stage(), usage_key=key("t1"), olx="<html>x</html>")
        assert found.files == ()

    def test_a_block_that_could_not_be_read_is_mended(self, course, stage, user, blocks, complete):
        course(text("t1"), files={"html/t1.xml": "<html"})
        import_id = stage()
        assert blocks(import_id)["t1"].outcome is Outcome.FAILED
        api.edit_block(user=user, import_id=import_id, usage_key=key("t1"), olx="<html>Written anew</html>")
        assert blocks(import_id)["t1"].outcome is Outcome.CREATED
        assert complete(import_id).counts == {"created": 4}

    def test_a_title_alone_mends_none(self, course, stage, user, blocks):
        course(text("t1"), files={"html/t1.xml": "<html"})
        import_id = stage()
        with pytest.raises(api.InvalidEdit, match="a title alone does not mend it") as error:
            api.edit_block(user=user, import_id=import_id, usage_key=key("t1"), title="Mended")
        assert error.value.field == "title"
        assert blocks(import_id)["t1"].state is ConflictState.UNREADABLE
        api.edit_block(user=user, import_id=import_id, usage_key=key("t1"), olx="<html>x</html>")
        api.edit_block(user=user, import_id=import_id, usage_key=key("t1"), title="Mended")
        assert blocks(import_id)["t1"].title == "Mended"

    def test_it_decides_about_conflicts_anew(self, course, stage, user, run_import, blocks):
        course(text("t1", "<p>One</p>"))
        run_import()
        import_id = stage()
        api.edit_block(user=user, import_id=import_id, usage_key=key("t1"), olx="<html>Two</html>")
        assert blocks(import_id)["t1"].state is ConflictState.SOURCE_CHANGED

    def test_it_stays_when_the_same_course_is_imported_again(self, edit, staged, complete, stage, state):
        edit("t1", olx=self.NEW)
        edit("u1", "vertical", title="Mine")
        complete(staged)
        assert complete(stage(on_conflict=Decision.OVERWRITE)).counts == {"unchanged": 12}
        assert "New & better" in olx_of(state)


class TestTakingBack:
    @pytest.mark.parametrize("block", [("t1", "html"), ("u1", "vertical")])
    def test_the_block_is_as_it_was_staged(self, edit, user, staged, blocks, block):
        before = api.plan_import(user=user, import_id=staged)
        edit(*block, title="Other")
        assert api.plan_import(user=user, import_id=staged) != before
        found = api.revert_block(user=user, import_id=staged, usage_key=key(*block))
        assert not found.block.edited
        assert found.olx == found.staged_olx
        assert api.plan_import(user=user, import_id=staged) == before

    def test_a_mended_block_is_unreadable_again(self, course, stage, user, blocks):
        course(text("t1"), files={"html/t1.xml": "<html"})
        import_id = stage()
        api.edit_block(user=user, import_id=import_id, usage_key=key("t1"), olx="<html>x</html>")
        api.revert_block(user=user, import_id=import_id, usage_key=key("t1"))
        assert blocks(import_id)["t1"].state is ConflictState.UNREADABLE

    def test_what_was_not_edited_says_so(self, user, staged):
        with pytest.raises(api.InvalidEdit, match="was not edited"):
            api.revert_block(user=user, import_id=staged, usage_key=key("t1"))


class TestSelecting:
    def select(self, user, import_id, *keys, selected=False, **more):
        return api.select_blocks(user=user, import_id=import_id, usage_keys=keys, selected=selected, **more)

    def test_leaving_out_a_unit_leaves_out_what_it_holds(self, user, staged, blocks, complete, state):
        assert self.select(user, staged, key("u1", "vertical")) == 3
        assert [name for name, b in blocks(staged, selected=False).items()] == ["u1", "t1", "p1"]
        complete(staged)
        assert len(state()["items"]) == 9

    def test_taking_in_one_block_of_what_was_left_out(self, user, staged, blocks):
        self.select(user, staged, key("s1", "chapter"))
        assert self.select(user, staged, key("t1"), selected=True) == 1
        assert [name for name, b in blocks(staged).items() if b.outcome][:1] == ["t1"]

    def test_a_block_without_what_is_below_it(self, user, staged, blocks):
        assert self.select(user, staged, key("u1", "vertical"), below=False) == 1
        assert blocks(staged)["t1"].selected

    def test_a_block_that_the_source_shows_twice_is_left_out_of_both_places(self, course, stage, user, blocks):
        course(text("t1"), Block("html", "t1"))
        import_id = stage()
        assert self.select(user, import_id, key("t1")) == 2
        assert [b.outcome for b in blocks(import_id).values()][-1] is None

    def test_of_several_blocks_one_that_is_unknown_stops_all(self, user, staged, blocks):
        with pytest.raises(api.NotFound, match="block@gone"):
            self.select(user, staged, key("t1"), key("gone"))
        assert blocks(staged)["t1"].selected

    def test_no_blocks_are_refused(self, user, staged):
        with pytest.raises(api.InvalidEdit, match="at least one"):
            self.select(user, staged)


class TestDeciding:
    @pytest.fixture
    def conflicts(self, write, stage, run_import, edit_in_library):
        """t1 and t2 were edited in the library; everything else is unchanged or new."""
        write()
        run_import(selection=(key("s1", "chapter"),))
        edit_in_library("t1", "<p>Mine</p>")
        edit_in_library("t2", "<p>Mine</p>")
        return stage()

    def decide(self, user, import_id, *keys, decision, **more):
        return api.decide_blocks(user=user, import_id=import_id, usage_keys=keys, decision=decision, **more)

    def test_one_block(self, user, conflicts, blocks, complete):
        assert self.decide(user, conflicts, key("t1"), decision=Decision.OVERWRITE) == 1
        found = blocks(conflicts)
        assert (found["t1"].own_decision, found["t1"].outcome) == (Decision.OVERWRITE, Outcome.UPDATED)
        assert (found["t2"].own_decision, found["t2"].outcome) == (None, Outcome.SKIPPED)
        assert complete(conflicts).counts == {"created": 5, "updated": 1, "skipped": 1, "unchanged": 5}

    def test_a_subtree(self, user, conflicts, blocks):
        self.decide(user, conflicts, key("u1", "vertical"), decision=Decision.NEW_VERSION)
        assert [name for name, b in blocks(conflicts).items() if b.own_decision] == ["u1", "t1", "p1"]
        assert blocks(conflicts)["t1"].outcome is Outcome.UPDATED

    def test_back_to_the_default(self, user, conflicts, blocks):
        self.decide(user, conflicts, key("t1"), decision=Decision.OVERWRITE)
        assert self.decide(user, conflicts, key("t1"), decision=None) == 1
        assert blocks(conflicts)["t1"].outcome is Outcome.SKIPPED

    @pytest.mark.parametrize(
        ("block", "decision", "told"),
        [
            (("t3", "html"), Decision.OVERWRITE, "Text t3 .* is new: there is no conflict"),
            (("p1", "problem"), Decision.SKIP, "is unchanged: there is no conflict"),
            (("t3", "html"), Decision.FORK, "is new: there is no conflict"),
        ],
    )
    def test_where_there_is_no_conflict_there_is_nothing_to_decide(
        self, user, conflicts, blocks, block, decision, told
    ):
        with pytest.raises(api.InvalidEdit, match=told):
            self.decide(user, conflicts, key(*block), decision=decision, below=False)
        assert not any(b.own_decision for b in blocks(conflicts).values())

    def test_nor_in_a_subtree_without_any(self, user, conflicts):
        with pytest.raises(api.InvalidEdit, match="no conflict to decide"):
            self.decide(user, conflicts, key("s2", "chapter"), decision=Decision.OVERWRITE)

    def test_an_unchanged_block_can_be_forked(self, user, conflicts, blocks):
        self.decide(user, conflicts, key("p1", "problem"), decision=Decision.FORK, below=False)
        assert blocks(conflicts)["p1"].outcome is Outcome.FORKED

    def test_what_is_left_out_has_nothing_to_decide(self, user, conflicts):
        api.select_blocks(user=user, import_id=conflicts, usage_keys=[key("t1")], selected=False)
        with pytest.raises(api.InvalidEdit, match="not imported"):
            self.decide(user, conflicts, key("t1"), decision=Decision.OVERWRITE, below=False)


class TestTwoAtOnce:
    """Whoever comes second goes on with what the first has made of it."""

    @pytest.fixture
    def just_before(self):
        """Run something where a change begins to wait for its turn, as another would who has it."""

        def run(first, second):
            began = []

            def wait(execute, sql, params, many, context):
                if sql.startswith("UPDATE") and "revision" in sql and not began:
                    began.append(sql)
                    first()
                return execute(sql, params, many, context)

            with connection.execute_wrapper(wait):
                second()
            assert began

        return run

    def test_an_edit_keeps_what_somebody_chooses_meanwhile(self, just_before, edit, user, staged, blocks):
        just_before(lambda: CHANGES["select"](user, staged), lambda: edit("t1", title="Mine"))
        found = blocks(staged)["t1"]
        assert (found.title, found.selected) == ("Mine", False)

    def test_and_the_text_that_somebody_else_gives_it(self, just_before, edit, user, staged):
        olx = '<html url_name="t1" display_name="Theirs"><![CDATA[<p>Theirs.</p>]]></html>'
        just_before(lambda: edit("t1", olx=olx), lambda: edit("t1", title="Mine"))
        found = api.get_block(user=user, import_id=staged, usage_key=key("t1"))
        assert (found.block.title, "Theirs." in found.olx) == ("Mine", True)

    @pytest.mark.parametrize("change", ["edit", "revert"])
    def test_a_block_that_is_staged_anew_meanwhile_is_there_once(self, just_before, edit, user, staged, blocks, change):
        edit("t1", title="Before")
        before = [*blocks(staged)]
        just_before(lambda: api.stage_import(user=user, import_id=staged), lambda: CHANGES[change](user, staged))
        after = blocks(staged)
        assert ([*after], after["t1"].edited) == (before, change == "edit")


CHANGES = {
    "select": lambda user, run: api.select_blocks(user=user, import_id=run, usage_keys=[key("t1")], selected=False),
    "decide": lambda user, run: api.decide_blocks(
        user=user, import_id=run, usage_keys=[key("t1")], decision=Decision.SKIP
    ),
    "edit": lambda user, run: api.edit_block(user=user, import_id=run, usage_key=key("t1"), title="x"),
    "revert": lambda user, run: api.revert_block(user=user, import_id=run, usage_key=key("t1")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_can_be_changed_once_it_is_imported(change, staged, user, complete):
    complete(staged)
    with pytest.raises(api.WrongState, match="is completed") as error:
        CHANGES[change](user, staged)
    assert error.value.state == ImportState.IMPORTED


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_can_be_changed_before_it_is_staged(change, write, user, library):
    from ..builders import KEY, TARGET

    write()
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    with pytest.raises(api.WrongState, match="not been staged"):
        CHANGES[change](user, run.id)
