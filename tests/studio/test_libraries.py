"""Studio's libraries as targets."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Outcome
from import_from_modulestore.errors import InvalidKey, NotFound
from import_from_modulestore.hosts import get_host
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
        with pytest.raises(InvalidKey, match="exists already"):
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
        made = api.create_import(user=ada, source_key=KEY, target_key="lib:Acme:New", new_library_title="New")
        api.stage_import(user=ada, import_id=made.id)
        assert not api.list_libraries(user=ada)
        api.complete_import(user=ada, import_id=made.id)
        assert [each.key for each in api.list_libraries(user=ada)] == ["lib:Acme:New"]


def test_without_an_address_of_the_micro_frontend_there_are_no_links(ada, load, run_import, settings):
    settings.COURSE_AUTHORING_MICROFRONTEND_URL = ""
    load()
    run, records = run_import()
    assert (run.source_url, run.target_url) == ("", "")
    assert not any(record.target_url for record in records)


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
