"""Studio's libraries as targets."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import ImportOptions, Outcome
from import_from_modulestore.errors import AlreadyExists, InvalidKey, NotFound, NotPermitted
from import_from_modulestore.hosts import get_host
from import_from_modulestore.keys import parse_library_key
from tests.builders import KEY, TARGET, block, section, subsection, text, unit, usage_key


class TestLibraries:
    def test_are_listed_with_their_pages(self, ada, library):
        assert [(each.key, each.title, each.url) for each in api.list_libraries(user=ada)] == [
            (TARGET, "Target", f"https://apps.example.com/authoring/library/{TARGET}")
        ]

    def test_one_that_is_made_belongs_to_who_made_it(self, site, ada):
        api.create_library(user=ada, library_key="lib:Acme:Mine", title="Mine")
        assert api.get_library(user=ada, library_key="lib:Acme:Mine").title == "Mine"

    def test_none_is_made_twice(self, ada, library):
        with pytest.raises(AlreadyExists, match="exists already"):
            api.create_library(user=ada, library_key=TARGET, title="Again")

    def test_an_organization_that_may_not_be_made_up_is_named(self, ada, settings):
        settings.ORGANIZATIONS_AUTOCREATE = False
        with pytest.raises(InvalidKey, match="There is no organization Nobody"):
            api.create_library(user=ada, library_key="lib:Nobody:L", title="L")

    def test_one_that_is_not_there_is_named(self, ada):
        with pytest.raises(NotFound, match="lib:No:Such"):
            api.get_library(user=ada, library_key="lib:No:Such")

    def test_a_new_one_is_made_with_the_import(self, ada, load):
        load()
        made = api.create_import(user=ada, source_key=KEY, library_key="lib:Acme:New", new_library_title="New")
        api.stage_import(user=ada, import_id=made.id)
        assert not api.list_libraries(user=ada)
        api.complete_import(user=ada, import_id=made.id)
        assert [each.key for each in api.list_libraries(user=ada)] == ["lib:Acme:New"]


def test_without_an_address_of_the_micro_frontend_there_are_no_links(ada, load, run_import, settings):
    settings.COURSE_AUTHORING_MICROFRONTEND_URL = ""
    load()
    run, records = run_import()
    assert (run.source_url, run.library_url, run.collection_url) == ("", "", "")
    assert not any(record.item_url for record in records)


class TestWhatTheyTake:
    def test_no_type_that_is_not_installed(self, site):
        assert "“nosuch” is not installed" in get_host().refusal_of("nosuch")

    def test_no_more_blocks_than_studio_allows(self, ada, load, stage, settings):
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
        load()
        assert api.plan_import(user=ada, import_id=stage().id).blockers

    def test_a_type_that_studio_does_not_offer_is_imported_with_a_warning(self, ada, load, stage, settings):
        settings.LIBRARY_ENABLED_BLOCKS = ["html", "problem"]
        poll = block("poll", "p1", "", display_name="P", question="Q")
        load(section("s", subsection("b", unit("u", poll, text("t1")))))
        items = {item.usage_key: item for item in api.plan_import(user=ada, import_id=stage().id).items}
        assert items[usage_key("poll", "p1")].outcome is Outcome.CREATED
        assert "Studio does not offer the block type “poll”" in items[usage_key("poll", "p1")].warnings[0]
        assert not items[usage_key("html", "t1")].warnings

    def test_a_type_made_of_others_is_left_out(self, ada, load, stage):
        load(section("s", subsection("b", unit("u", block("itembank", "i1", "", display_name="I"), text("t1")))))
        items = {item.usage_key: item for item in api.plan_import(user=ada, import_id=stage().id).items}
        assert items[usage_key("itembank", "i1")].outcome is Outcome.UNSUPPORTED
        assert items[usage_key("html", "t1")].outcome is Outcome.CREATED


class TestRights:
    """In short; the table of who may do what at which door is in ``test_permissions.py``."""

    @pytest.fixture
    def bob(self, site, load, library):
        """May read the course."""
        bob = site.person("bob")
        site.let_read(bob, load())
        return bob

    @pytest.mark.parametrize("line", ["verawood", "master"])
    def test_to_make_libraries_are_given(self, site, bob):
        """Whether the platform says no, or cannot tell."""
        with pytest.raises(NotPermitted, match="You may not create libraries"):
            api.create_library(user=bob, library_key="lib:Acme:Bobs", title="Bob's")
        site.let_create_libraries(bob)
        assert api.create_library(user=bob, library_key="lib:Acme:Bobs", title="Bob's").title == "Bob's"

    def test_to_edit_are_not_those_to_publish(self, site, bob):
        site.let_contribute(bob, TARGET)
        with pytest.raises(NotPermitted, match="Import without publishing"):
            api.create_import(user=bob, source_key=KEY, library_key=TARGET)
        drafts = ImportOptions(publish=False)
        assert api.create_import(user=bob, source_key=KEY, library_key=TARGET, options=drafts).library_key == TARGET

    def test_of_a_closed_account_are_none(self, site, bob):
        site.let_edit(bob, TARGET)
        assert get_host().can_edit_library(bob, parse_library_key(TARGET))
        site.close_account(bob)
        assert not get_host().can_edit_library(bob, parse_library_key(TARGET))
        assert not api.list_sources(user=bob).items
        with pytest.raises(NotFound):
            api.get_source(user=bob, source_key=KEY)
        with pytest.raises(NotFound):
            api.get_library(user=bob, library_key=TARGET)
