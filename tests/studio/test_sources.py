"""What Studio's authors are offered to import from."""

from io import BytesIO

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Branch, SourceKind
from import_from_modulestore.errors import NotFound, SourceError
from tests.builders import KEY, LIBRARY_KEY, section, subsection, text, unit, usage_key, write_library

COUNTS = {"section": 2, "subsection": 2, "unit": 3, "component": 5}


@pytest.fixture
def legacy_library(site, tmp_path):
    return site.load(write_library(tmp_path / "legacy", text("t1"), text("t2")))


class TestList:
    def test_names_courses_and_legacy_libraries(self, ada, load, legacy_library):
        load(title="Tides")
        page = api.list_sources(user=ada)
        facts = {source.key: (source.title, source.kind, source.org, source.run) for source in page.items}
        assert facts == {
            KEY: ("Tides", SourceKind.COURSE, "Acme", "R1"),
            LIBRARY_KEY: ("A Library", SourceKind.LIBRARY, "Acme", ""),
        }
        assert page.total == 2

    def test_counts_blocks(self, ada, load, legacy_library):
        load()
        counts = {source.key: (source.counts, source.types) for source in api.list_sources(user=ada).items}
        assert counts[KEY] == (COUNTS, {"html": 3, "problem": 2})
        assert counts[LIBRARY_KEY] == ({"component": 2}, {"html": 2})

    def test_counts_again_what_has_changed(self, ada, site, load, django_assert_num_queries):
        load()
        first = api.list_sources(user=ada).items[0]
        site.edit(usage_key("html", "t1"), '<html display_name="New"/>')
        assert api.list_sources(user=ada).items[0].version != first.version

    @pytest.mark.double
    def test_tells_what_cannot_be_read(self, ada, site, load):
        load()
        site.break_loading(usage_key("course", "course"))
        assert "The definition is not there" in api.list_sources(user=ada).items[0].problem

    @pytest.mark.double
    def test_loads_no_course_twice_and_no_block_ever(self, ada, site, load):
        load()
        api.list_sources(user=ada)
        assert {key.block_type for key in site.loaded} == {"course"}
        site.loaded.clear()
        api.list_sources(user=ada)
        assert not site.loaded

    def test_is_searched_by_key_and_title(self, ada, load, legacy_library):
        load(title="Tides")
        assert [source.key for source in api.list_sources(user=ada, search="tID").items] == [KEY]
        assert [source.key for source in api.list_sources(user=ada, search="+l1").items] == [LIBRARY_KEY]

    def test_has_only_what_the_user_may_read(self, site, load, legacy_library):
        load()
        bob = site.person("bob")
        assert not api.list_sources(user=bob).items
        site.let_read(bob, LIBRARY_KEY)
        assert [source.key for source in api.list_sources(user=bob).items] == [LIBRARY_KEY]
        site.let_read(bob, KEY)
        assert {source.key for source in api.list_sources(user=bob).items} == {KEY, LIBRARY_KEY}

    def test_tells_where_importing_is_switched_off(self, ada, site, load):
        load()
        site.switch(on=False, org="Acme")
        assert "not switched on for courses of Acme" in api.list_sources(user=ada).items[0].problem

    def test_leads_to_the_course(self, ada, load):
        load()
        assert api.list_sources(user=ada).items[0].location == f"https://apps.example.com/authoring/course/{KEY}"


class TestOne:
    def test_is_told_with_its_counts_and_version(self, ada, load):
        load(title="Tides")
        source = api.get_source(user=ada, source_key=KEY)
        assert (source.title, source.counts) == ("Tides", COUNTS)
        assert len(source.version) == 24

    def test_its_draft_has_a_version_of_its_own(self, ada, site, load, stage):
        load()
        site.edit(usage_key("html", "t1"), '<html display_name="New"/>')
        versions = {branch: stage(branch=branch).source_version for branch in Branch}
        assert versions[Branch.DRAFT] == api.get_source(user=ada, source_key=KEY).version
        assert versions[Branch.DRAFT] != versions[Branch.PUBLISHED]

    def test_has_no_exports_to_choose_from(self, ada, load):
        load()
        with pytest.raises(NotFound, match="There are no exports to choose from"):
            api.get_source(user=ada, source_key=KEY, export="c1.tar.gz")

    def test_that_is_not_there_is_named(self, ada):
        with pytest.raises(NotFound, match=r"There is no course-v1:No\+Such\+Course"):
            api.get_source(user=ada, source_key="course-v1:No+Such+Course")

    def test_of_others_is_refused_as_one_that_is_not_there(self, site, load):
        load()
        bob = site.person("bob")
        for key in (KEY, "course-v1:No+Such+Course"):
            with pytest.raises(NotFound):
                api.get_source(user=bob, source_key=key)

    @pytest.mark.double
    def test_of_which_nothing_is_published_has_no_published_branch(self, site, load, stage):
        load()
        site.withdraw(KEY)
        with pytest.raises(NotFound, match="nothing of it is published"):
            stage(branch=Branch.PUBLISHED)

    @pytest.mark.double
    def test_counts_a_block_once_wherever_it_is_shown(self, ada, load):
        load(section("s", subsection("b", unit("u1", text("t1")), unit("u2", text("t1")))))
        assert api.get_source(user=ada, source_key=KEY).types == {"html": 1}

    @pytest.mark.double
    def test_that_cannot_be_read_says_why(self, ada, site, load):
        load()
        site.break_loading(usage_key("course", "course"))
        with pytest.raises(SourceError, match="could not be read from the modulestore: The definition is not there"):
            api.get_source(user=ada, source_key=KEY)


def test_exports_are_not_uploaded_here(ada):
    """As long as there is no place for them: see test_uploads.py."""
    assert api.upload_limit(user=ada) == 0
    with pytest.raises(
        api.NotPermitted, match="set IMPORT_FROM_MODULESTORE_EXPORTS_DIR. Or import the export into a course of its own"
    ):
        api.upload_export(user=ada, file=BytesIO(b"\x1f\x8b"), name="tides.tar.gz")
    with pytest.raises(api.NotFound):
        api.remove_export(user=ada, export="upload:1/tides.tar.gz")
