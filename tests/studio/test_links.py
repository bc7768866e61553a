"""Linking back: blocks of a course follow the items that they became, as if they had been added from the library."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from import_from_modulestore import api
from import_from_modulestore.data import Decision, LinkState, Outcome
from import_from_modulestore.hosts import get_host
from import_from_modulestore.models import BlockLink, Import, LinkChange
from tests.authoring import Author
from tests.builders import (
    KEY,
    LIBRARY_KEY,
    TARGET,
    block,
    problem,
    section,
    subsection,
    text,
    unit,
    usage_key,
    write_library,
)
from tests.keeping import kept
from tests.library_state import library_state

from .site import Link, context

S, B, U, U2 = (usage_key(*of) for of in (("chapter", "s"), ("sequential", "b"), ("vertical", "u"), ("vertical", "u2")))
T1, T2, P1 = usage_key("html", "t1"), usage_key("html", "t2"), usage_key("problem", "p1")
ITEM = "lb:Acme:Target:html:t1"
UNIT = "lct:Acme:Target:unit:u"
SECTION = "lct:Acme:Target:section:s"


@pytest.fixture
def course(load) -> str:
    """A section of two units."""
    return load(section("s", subsection("b", unit("u", text("t1"), problem("p1")), unit("u2", text("t2")))))


@pytest.fixture
@kept
def imported(course, run_import) -> str:
    """The ID of an import of it."""
    return run_import()[0].id


@pytest.fixture
def author(ada, library):
    """Somebody at work in the library."""
    return Author(library.package_id, ada.pk)


@pytest.fixture
def states(ada):
    """How blocks stand to their items: ``states(import_id)``, by usage key."""

    def told(import_id: str) -> dict[str, LinkState]:
        return {item.usage_key: item.state for item in api.preview_links(user=ada, import_id=import_id).items}

    return told


@pytest.fixture
def told(ada):
    """All that is told of one block: ``told(import_id, usage_key)``."""

    def find(import_id: str, key: str):
        return next(item for item in api.preview_links(user=ada, import_id=import_id).items if item.usage_key == key)

    return find


class TestLinking:
    def test_has_every_block_follow_its_item(self, ada, site, imported, states):
        assert set(states(imported).values()) == {LinkState.READY}
        assert api.link_back(user=ada, import_id=imported) == 7
        assert set(states(imported).values()) == {LinkState.LINKED}
        assert site.link_of(S) == Link(SECTION, 1, 1)
        assert site.link_of(B) == Link("lct:Acme:Target:subsection:b", 1, 1, top=S)
        assert site.link_of(U) == Link(UNIT, 1, 1, top=S)
        assert site.link_of(T1) == Link(ITEM, 1, 1, top=S)

    def test_offers_no_update_until_there_is_one(self, ada, site, imported, author, told):
        api.link_back(user=ada, import_id=imported)
        assert not any(site.link_of(key).has_update for key in (S, B, U, T1, P1, U2, T2))
        author.edit("xblock.v1:html:t1", "Better")
        assert not site.link_of(T1).has_update
        author.publish("xblock.v1:html:t1")
        assert site.link_of(T1).has_update
        assert told(imported, T1).has_update

    def test_has_the_platform_s_rows_lead_to_the_outermost(self, ada, site, imported):
        api.link_back(user=ada, import_id=imported)
        assert site.row_of(S) == (SECTION, 1, "")
        assert site.row_of(U) == (UNIT, 1, S)
        assert site.row_of(T1) == (ITEM, 1, S)

    def test_leaves_publishing_to_authors(self, ada, site, imported):
        assert not site.has_draft(U)
        api.link_back(user=ada, import_id=imported)
        assert site.has_draft(U)

    def test_of_one_block_lets_those_around_it_be(self, ada, site, imported, states):
        assert api.link_back(user=ada, import_id=imported, usage_keys=[T1]) == 1
        assert (site.link_of(T1), site.link_of(U), site.link_of(P1)) == (Link(ITEM, 1, 1), None, None)
        assert states(imported)[T1] is LinkState.LINKED
        assert states(imported)[U] is LinkState.READY

    def test_of_a_container_takes_all_in_it_along(self, ada, site, imported):
        assert api.link_back(user=ada, import_id=imported, usage_keys=[U]) == 3
        assert site.link_of(U) == Link(UNIT, 1, 1)
        assert site.link_of(P1).top == U
        assert site.link_of(T2) is None

    def test_in_steps_comes_to_the_same(self, ada, site, imported):
        for keys in ([T1], [U], None):
            api.link_back(user=ada, import_id=imported, usage_keys=keys)
        assert (site.link_of(T1).top, site.row_of(T1)) == (S, (ITEM, 1, S))
        assert (site.link_of(U).top, site.row_of(U)) == (S, (UNIT, 1, S))
        assert api.link_back(user=ada, import_id=imported) == 0

    def test_keeps_the_content_of_the_course(self, ada, site, imported, run_import):
        """Also for an import that comes after."""
        before = library_state(TARGET)
        api.link_back(user=ada, import_id=imported)
        _again, records = run_import()
        assert {record.outcome for record in records} == {Outcome.UNCHANGED}
        assert library_state(TARGET) == before

    def test_is_recorded(self, ada, imported, told):
        api.link_back(user=ada, import_id=imported, usage_keys=[U])
        assert LinkChange.objects.count() == 1
        assert BlockLink.objects.count() == 3
        item = told(imported, T1)
        assert (item.by_import, item.linked_by, item.version) == (True, "ada", 1)
        assert item.linked is not None
        assert not told(imported, T2).by_import


class TestWhatSpeaksAgainstIt:
    def test_another_link(self, ada, site, imported, told):
        site.configure(T1, upstream="lb:Acme:Other:html:x", upstream_version=3)
        item = told(imported, T1)
        assert item.state is LinkState.ELSEWHERE
        assert "It follows lb:Acme:Other:html:x." in item.reason
        with pytest.raises(api.InvalidOption, match="Linked to something else"):
            api.link_back(user=ada, import_id=imported, usage_keys=[T1])

    def test_an_item_that_is_deleted_in_the_library_though_learners_still_see_it(self, ada, imported, author, told):
        author.delete("xblock.v1:html:t1")
        assert (told(imported, T1).state, told(imported, T1).version) == (LinkState.UNPUBLISHED, None)
        assert "It is deleted in the library." in told(imported, T1).reason
        assert api.link_back(user=ada, import_id=imported) == 3  # The other unit and its text, and the problem.

    def test_but_of_a_block_that_follows_it_it_is_told(self, ada, imported, run_import, author, told):
        later = run_import()[0].id
        api.link_back(user=ada, import_id=imported, usage_keys=[T1])
        author.delete("xblock.v1:html:t1")
        for import_id in (imported, later):
            block = told(import_id, T1)
            assert (block.state, block.has_update) == (LinkState.LINKED, False)
            assert "Its item is deleted in the library" in block.reason

    def test_an_item_that_is_not_published(self, ada, course, run_import, author, states):
        run, _records = run_import(publish=False)
        assert set(states(run.id).values()) == {LinkState.UNPUBLISHED}
        author.publish("xblock.v1:html:t1")
        assert states(run.id)[T1] is LinkState.READY
        assert api.link_back(user=ada, import_id=run.id) == 1

    def test_an_edit_in_the_course_since(self, ada, site, imported, states, told):
        site.edit(T1, '<html display_name="Mine"><![CDATA[<p>Mine.</p>]]></html>')
        found = states(imported)
        assert {key for key, state in found.items() if state is LinkState.CHANGED} == {T1, U, B, S}
        assert "Text t1" in told(imported, U).reason
        assert api.link_back(user=ada, import_id=imported) == 3
        assert (site.link_of(T1), site.link_of(U)) == (None, None)
        assert site.link_of(U2).top == ""

    def test_an_edit_in_the_course_does_not_where_the_block_is_chosen(self, ada, site, imported):
        site.edit(T1, '<html display_name="Mine"><![CDATA[<p>Mine.</p>]]></html>')
        assert api.link_back(user=ada, import_id=imported, usage_keys=[U]) == 3
        link = site.link_of(T1)
        assert (link.top, link.has_update) == (U, False)
        assert "display_name" in link.customized
        assert site.link_of(P1).customized == ()

    def test_a_draft_that_is_not_published_where_that_was_imported(self, ada, site, course, run_import, states):
        site.edit(T1, '<html display_name="Draft"><![CDATA[<p>Draft.</p>]]></html>')
        run, _records = run_import(branch="published")
        assert states(run.id)[T1] is LinkState.CHANGED
        assert states(run.id)[T2] is LinkState.READY

    def test_a_block_that_is_gone(self, ada, site, imported, states):
        if not hasattr(site, "loaded"):
            pytest.skip("the platform loses no blocks")
        site.lose(T1)
        assert states(imported)[T1] is LinkState.MISSING
        with pytest.raises(api.InvalidOption, match="Not in the course any more"):
            api.link_back(user=ada, import_id=imported, usage_keys=[T1])
        assert api.link_back(user=ada, import_id=imported, usage_keys=[U2]) == 2

    def test_what_only_the_course_holds_would_be_deleted_by_the_next_update(
        self, ada, site, load, run_import, states, told
    ):
        bank = block("itembank", "bank", "", problem("p1"), display_name="Tides")
        load(section("s", subsection("b", unit("u", text("t1"), bank), unit("u2", text("t2")))))
        run, _records = run_import()
        found = states(run.id)
        assert (found[U], found[B], found[S]) == (LinkState.INCOMPLETE,) * 3
        assert "would delete" in told(run.id, U).reason
        assert api.link_back(user=ada, import_id=run.id) == 3
        assert (site.link_of(T1).top, site.link_of(U2).top, site.link_of(T2).top) == ("", "", U2)

    def test_what_a_review_left_out(self, ada, course, stage, states):
        run = stage()
        api.select_blocks(user=ada, import_id=run.id, usage_keys=[P1], selected=False)
        api.complete_import(user=ada, import_id=run.id)
        assert states(run.id)[U] is LinkState.INCOMPLETE

    def test_groups_of_the_course_are_told_of(self, ada, site, imported, told):
        site.configure(T1, group_access={"50": [1]})
        assert told(imported, T1).warnings == (
            "Only some groups see it in the course: an update from the library will show it to everyone.",
        )

    def test_nothing_that_became_no_item_can_be_chosen(self, ada, imported):
        with pytest.raises(api.NotFound, match="made no item of block-v1"):
            api.link_back(user=ada, import_id=imported, usage_keys=[usage_key("html", "nowhere")])

    def test_legacy_libraries_have_no_links(self, ada, site, library, run_import, tmp_path):
        site.load(write_library(tmp_path / "legacy", text("t1")))
        run, _records = run_import(LIBRARY_KEY)
        for act in (api.preview_links, api.link_back, api.unlink):
            with pytest.raises(api.NotPermitted, match="Only blocks of courses"):
                act(user=ada, import_id=run.id)

    def test_an_export_has_no_course_here(self, ada, imported, settings, tmp_path):
        Import.objects.update(source_origin="upload")
        with pytest.raises(api.NotPermitted, match="no sources of the origin “upload”"):
            api.link_back(user=ada, import_id=imported)
        settings.IMPORT_FROM_MODULESTORE_EXPORTS_DIR = tmp_path
        with pytest.raises(api.NotPermitted, match="imported from an export"):
            api.link_back(user=ada, import_id=imported)

    def test_an_import_that_is_not_written_or_is_undone(self, ada, course, stage):
        run = stage()
        for act in (api.preview_links, api.link_back, api.unlink):
            with pytest.raises(api.WrongState):
                act(user=ada, import_id=run.id)


class TestUpdatesThatAreThere:
    """Where the item holds something else than the block, an update is offered at once, and rightly."""

    def test_of_what_was_edited_in_the_review(self, ada, site, course, stage, told):
        run = stage()
        api.edit_block(user=ada, import_id=run.id, usage_key=T1, title="Reviewed")
        api.complete_import(user=ada, import_id=run.id)
        item = told(run.id, T1)
        assert (item.state, item.version, item.has_update) == (LinkState.READY, 0, True)
        assert "an update will be offered" in item.reason
        api.link_back(user=ada, import_id=run.id)
        assert site.link_of(T1) == Link(ITEM, 0, 1, top=S)

    def test_of_what_was_changed_in_the_library_and_skipped(self, ada, site, imported, author, run_import, told):
        author.edit("xblock.v1:html:t1", "Mine")
        author.publish("xblock.v1:html:t1")
        run, _records = run_import(on_conflict=Decision.SKIP)
        assert (told(run.id, T1).version, told(run.id, T1).has_update) == (1, True)

    def test_but_not_of_what_was_skipped_though_the_course_has_something_newer(
        self, ada, site, imported, run_import, told
    ):
        site.edit(T1, '<html display_name="New"><![CDATA[<p>New.</p>]]></html>')
        run, _records = run_import(on_conflict=Decision.SKIP)
        item = told(run.id, T1)
        assert (item.state, item.has_update) == (LinkState.CHANGED, False)

    def test_a_later_import_has_the_course_count_as_having_what_came_from_it(
        self, ada, site, imported, run_import, states
    ):
        api.link_back(user=ada, import_id=imported)
        site.edit(T1, '<html display_name="New"><![CDATA[<p>New.</p>]]></html>')
        run, _records = run_import(on_conflict=Decision.OVERWRITE)
        assert site.link_of(T1).has_update
        assert states(run.id)[T1] is LinkState.READY
        assert api.link_back(user=ada, import_id=run.id) == 1
        assert site.link_of(T1) == Link(ITEM, 2, 2, top=S)
        api.unlink(user=ada, import_id=run.id)
        assert site.link_of(T1) == Link(ITEM, 1, 2, top=S)


class TestUnlinking:
    def test_leaves_no_trace(self, ada, site, imported, states):
        before = states(imported)
        api.link_back(user=ada, import_id=imported)
        assert api.unlink(user=ada, import_id=imported) == 7
        assert [site.link_of(key) for key in (S, B, U, T1, P1)] == [None] * 5
        assert [site.row_of(key) for key in (S, U, T1)] == [None] * 3
        assert states(imported) == before

    def test_takes_all_around_along_that_follows(self, ada, site, imported):
        """A unit that follows the library with something in it that does not would lose that."""
        api.link_back(user=ada, import_id=imported, usage_keys=[U, U2])
        assert api.unlink(user=ada, import_id=imported, usage_keys=[T1]) == 3
        assert (site.link_of(U), site.link_of(P1)) == (None, None)
        assert site.link_of(U2) is not None

    def test_gives_back_what_follows_by_itself(self, ada, site, imported):
        """The text was linked in Studio before, to the same item."""
        site.configure(T1, upstream=ITEM, upstream_version=1)
        api.link_back(user=ada, import_id=imported)
        assert site.link_of(T1).top == S
        assert api.unlink(user=ada, import_id=imported) == 6
        assert (site.link_of(T1), site.row_of(T1)) == (Link(ITEM, 1, 1), (ITEM, 1, ""))

    def test_passes_over_what_was_unlinked_in_studio(self, ada, site, imported, states):
        api.link_back(user=ada, import_id=imported, usage_keys=[T1, T2])
        site.configure(T1, upstream=None)
        assert states(imported)[T1] is LinkState.CHANGED
        assert api.unlink(user=ada, import_id=imported) == 1

    def test_of_what_is_not_linked_is_refused(self, ada, imported):
        api.link_back(user=ada, import_id=imported, usage_keys=[T1])
        with pytest.raises(api.NotFound, match="has not linked"):
            api.unlink(user=ada, import_id=imported, usage_keys=[T2])


class TestUndo:
    def test_unlinks_and_a_redo_links_again(self, ada, site, imported):
        api.link_back(user=ada, import_id=imported)
        assert api.preview_undo(user=ada, import_id=imported).links == 7
        api.undo_import(user=ada, import_id=imported)
        assert [site.link_of(key) for key in (S, U, T1)] == [None] * 3
        assert api.preview_redo(user=ada, import_id=imported).links == 7
        api.redo_import(user=ada, import_id=imported)
        assert site.link_of(T1) == Link(ITEM, 1, 1, top=S)
        assert site.row_of(T1) == (ITEM, 1, S)

    def test_leaves_alone_what_it_leaves_in_the_library(self, ada, site, imported, author):
        api.link_back(user=ada, import_id=imported, usage_keys=[T1, T2])
        author.edit("xblock.v1:html:t1", "Mine")
        api.undo_import(user=ada, import_id=imported)
        assert site.link_of(T1) is not None
        assert site.link_of(T2) is None

    def test_unlinks_from_what_was_deleted_in_the_library_before(self, ada, site, imported, author):
        api.link_back(user=ada, import_id=imported, usage_keys=[T1, T2])
        author.delete("xblock.v1:html:t1")
        author.publish()
        assert api.preview_undo(user=ada, import_id=imported).links == 2
        api.undo_import(user=ada, import_id=imported)
        assert (site.link_of(T1), site.link_of(T2)) == (None, None)

    def test_links_again_what_was_restored_before_the_redo(self, ada, site, imported, author):
        api.link_back(user=ada, import_id=imported, usage_keys=[T1, T2])
        api.undo_import(user=ada, import_id=imported)
        author.set_back("xblock.v1:html:t1", 1)
        author.publish()
        assert api.preview_redo(user=ada, import_id=imported).links == 2
        api.redo_import(user=ada, import_id=imported)
        assert site.link_of(T1) == Link(ITEM, 1, 1)

    def test_unlinks_from_what_the_import_has_only_met_too(self, ada, site, imported, run_import):
        second = run_import()[0].id
        assert api.link_back(user=ada, import_id=second) == 7
        assert api.preview_undo(user=ada, import_id=second).links == 7
        api.undo_import(user=ada, import_id=second)
        assert [site.link_of(key) for key in (S, U, T1)] == [None] * 3
        api.redo_import(user=ada, import_id=second)
        assert site.link_of(T1) == Link(ITEM, 1, 1, top=S)

    def test_unlinks_what_a_later_import_has_linked_to_items_that_go(self, ada, site, imported, run_import):
        later = run_import()[0].id
        api.link_back(user=ada, import_id=later)
        assert api.preview_undo(user=ada, import_id=imported).links == 7
        api.undo_import(user=ada, import_id=imported)
        assert {site.link_of(key) for key in (S, B, U, T1)} == {None}
        assert api.preview_redo(user=ada, import_id=imported).links == 7
        api.redo_import(user=ada, import_id=imported)
        assert site.link_of(T1) == Link(ITEM, 1, 1, top=S)
        assert api.unlink(user=ada, import_id=later) == 7

    def test_takes_the_right_to_change_the_course_for_that_as_well(self, ada, site, imported, run_import):
        api.link_back(user=ada, import_id=run_import()[0].id)
        bea = site.person("bea")
        site.let_edit(bea, TARGET)
        with pytest.raises(api.NotPermitted, match="may not change"):
            api.undo_import(user=bea, import_id=imported)

    def test_leaves_what_a_later_import_has_linked_to_items_that_stay(self, ada, site, imported, load, run_import):
        load(section("s", subsection("b", unit("u", text("t1", "<p>New.</p>"), problem("p1")), unit("u2", text("t2")))))
        later = run_import(on_conflict=Decision.OVERWRITE)[0].id
        api.link_back(user=ada, import_id=later, usage_keys=[T1])
        assert api.preview_undo(user=ada, import_id=imported).links == 0
        api.undo_import(user=ada, import_id=imported)
        assert site.link_of(T1) is not None

    def test_does_not_link_again_what_was_unlinked_before(self, ada, site, imported):
        api.link_back(user=ada, import_id=imported, usage_keys=[T1, T2])
        api.unlink(user=ada, import_id=imported, usage_keys=[T1])
        api.undo_import(user=ada, import_id=imported)
        api.redo_import(user=ada, import_id=imported)
        assert (site.link_of(T1), site.link_of(T2)) == (None, Link("lb:Acme:Target:html:t2", 1, 1))

    def test_takes_the_right_to_change_the_course_while_it_follows(self, ada, site, imported):
        bea = site.person("bea")
        site.let_edit(bea, TARGET)
        api.link_back(user=ada, import_id=imported, usage_keys=[T1])
        with pytest.raises(api.NotPermitted, match="you may not change course-v1"):
            api.undo_import(user=bea, import_id=imported)
        api.unlink(user=ada, import_id=imported)
        api.undo_import(user=bea, import_id=imported)
        assert library_state(TARGET)["items"] == {} or all(
            item["draft"] is None for item in library_state(TARGET)["items"].values()
        )

    def test_of_a_course_that_is_gone_goes_on(self, ada, site, imported):
        if not hasattr(site, "loaded"):
            pytest.skip("needs a course that is gone")
        from xmodule.modulestore.django import modulestore

        api.link_back(user=ada, import_id=imported)
        del modulestore().branches[context(KEY)]
        api.undo_import(user=ada, import_id=imported)


class TestRefusals:
    def test_of_the_platform_come_before_anything_is_written(self, ada, site, imported, monkeypatch):
        from cms.lib.xblock.upstream_sync import BadUpstream, UpstreamLink

        def refuse(block):
            raise BadUpstream("Not this one.")

        with monkeypatch.context() as patched:
            patched.setattr(UpstreamLink, "get_for_block", refuse)
            with pytest.raises(api.InvalidOption, match="Text t1 cannot follow lb:Acme:Target:html:t1: Not this one"):
                api.link_back(user=ada, import_id=imported, usage_keys=[T1])
        assert site.link_of(T1) is None
        assert not BlockLink.objects.exists()

    @pytest.mark.double
    def test_of_a_container_that_the_platform_could_not_name(self, ada, site, load, run_import):
        load(section("s", subsection("b", unit("u", text("t1")))))
        site.rename(S, "s:1")
        run, _records = run_import()
        with pytest.raises(api.InvalidOption, match="chapter s:1 has a colon in its ID"):
            api.link_back(user=ada, import_id=run.id)
        assert api.link_back(user=ada, import_id=run.id, usage_keys=[B]) == 3

    def test_of_too_many_at_once(self, ada, imported, monkeypatch):
        monkeypatch.setattr("import_from_modulestore.actions.links.MAX_AT_ONCE", 6)
        with pytest.raises(api.InvalidOption, match="7 blocks are too many at once"):
            api.link_back(user=ada, import_id=imported)

    def test_of_closed_accounts_and_auditors(self, site, ada, imported):
        bea = site.person("bea")
        site.let_edit(bea, TARGET)
        site.let_read(bea, KEY)
        bea = type(bea).objects.get(pk=bea.pk)
        assert api.may_link(user=bea, import_id=imported)
        site.close_account(bea)
        bea = type(bea).objects.get(pk=bea.pk)
        assert not get_host().sources.of("modulestore").links().can_edit(bea, context(KEY))
        with pytest.raises(api.NotFound):
            api.may_link(user=bea, import_id=imported)

    @pytest.mark.double
    def test_of_auditors(self, site, imported):
        bea = site.person("bea")
        site.let_edit(bea, TARGET)
        site.auditors.add(("bea", KEY))
        assert api.preview_links(user=bea, import_id=imported).ready == 7
        assert not api.may_link(user=bea, import_id=imported)
        with pytest.raises(api.NotPermitted, match="ask somebody of its team"):
            api.link_back(user=bea, import_id=imported)

    def test_a_block_that_only_the_team_sees_is_told_of(self, site, imported, told):
        site.configure(T1, visible_to_staff_only=True)
        assert "Only the course team sees it" in told(imported, T1).warnings[0]

    def test_a_unit_that_the_course_has_renamed_keeps_its_name(self, ada, site, imported):
        site.configure(U, display_name="Mine")
        api.link_back(user=ada, import_id=imported, usage_keys=[U])
        assert site.link_of(U).customized == ("display_name",)


class TestDoors:
    @pytest.fixture
    def client(self, ada):
        client = APIClient()
        client.force_authenticate(ada)
        return client

    def address(self, import_id: str, name: str) -> str:
        return reverse(f"modulestore_imports_api:v1:{name}", args=[import_id])

    def test_rest(self, client, site, imported):
        links, unlink = self.address(imported, "links"), self.address(imported, "unlink")
        answer = client.get(links, {"page_size": 2}).json()
        assert (answer["count"], answer["ready"], answer["counts"]) == (7, 7, {"ready": 7})
        assert [item["usage_key"] for item in answer["results"]] == [S, B]
        assert client.post(links, {"usage_keys": [U]}, format="json").json() == {"changed": 3}
        assert client.post(links, {}, format="json").json() == {"changed": 4}
        refused = client.post(links, {"usage_keys": [usage_key("html", "nowhere")]}, format="json")
        assert (refused.status_code, "made no item" in str(refused.json())) == (400, True)
        answer = client.get(links).json()["results"][0]
        assert (answer["state"], answer["by_import"], answer["linked_by"], answer["version"]) == (
            "linked",
            True,
            "ada",
            1,
        )
        assert client.post(unlink, {}, format="json").json() == {"changed": 7}
        assert site.link_of(S) is None

    def test_pages(self, client, ada, site, imported):
        client = Client()
        site.sign_in(client, ada)
        result = reverse("modulestore_imports:import", args=[imported])
        links = reverse("modulestore_imports:links", args=[imported])
        assert links in client.get(result).content.decode()
        page = client.get(links).content.decode()
        assert "Link all that can be linked" in page
        assert "Unlink all" not in page
        assert client.post(links, {"do": "link", "usage_keys": [T1]}).status_code == 302
        assert "1 block is linked." in client.get(links).content.decode()
        assert client.post(links, {"do": "link"}).status_code == 400
        client.post(links, {"do": "link_all"})
        assert site.link_of(S) is not None
        undo = reverse("modulestore_imports:reversal", args=[imported, "undo"])
        assert "7 blocks of the course follow such items" in client.get(undo).content.decode()
        client.post(links, {"do": "unlink", "usage_keys": [T1]})
        assert site.link_of(S) is None
        client.post(links, {"do": "link_all"})
        client.post(links, {"do": "unlink_all"})
        assert site.link_of(S) is None

    def test_admin(self, ada, site, imported):
        client = Client()
        site.sign_in(client, ada)
        api.link_back(user=ada, import_id=imported)
        pk = Import.objects.get(uuid=imported).pk

        def told(action: str) -> str:
            address = reverse("admin:modulestore_imports_import_action", args=[action])
            return client.get(f"{address}?ids={pk}").content.decode()

        assert "7 blocks of the course follow such items, and are unlinked." in told("undo")
        api.undo_import(user=ada, import_id=imported)
        assert "7 blocks of the course followed such items, and are linked again" in told("redo")

    def test_command_line(self, ada, site, imported):
        def call(*words: str) -> str:
            out = StringIO()
            call_command("import_from_modulestore", *words, "--user", "ada", stdout=out)
            return out.getvalue()

        shown = call("link", imported, "--preview")
        assert "7 blocks: Can be linked" in shown
        assert "1 block of the course linked." in call("link", imported, "t1", "--yes")
        assert "6 blocks of the course linked." in call("link", imported, "--yes")
        assert "Blocks of the course that follow these items, and are unlinked: 7" in call(
            "undo", imported, "--preview"
        )
        assert "7 blocks of the course unlinked." in call("unlink", imported, "t1", "--yes")
        with pytest.raises(CommandError, match="link --yes"):
            call("link", imported)
        with pytest.raises(CommandError, match="is called nobody"):
            call("unlink", imported, "nobody", "--yes")
