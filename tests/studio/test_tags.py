"""Tags of a course's blocks go with them into the library."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openedx_tagging.models import ObjectTag, Tag

from import_from_modulestore import api
from import_from_modulestore.data import Decision
from import_from_modulestore.hosts.cms.platform import tags_known
from import_from_modulestore.keys import parse_source_key, parse_usage_key
from import_from_modulestore.models import Import
from tests.builders import LIBRARY_KEY, section, subsection, text, unit, usage_key

T1, U1 = usage_key("html", "t1"), usage_key("vertical", "u1")
ITEM, UNIT = "lb:Acme:Target:html:t1", "lct:Acme:Target:unit:u1"


def tags_of(item_key: str) -> set[str]:
    return {tag.value for tag in ObjectTag.objects.filter(object_id=item_key)}


def staged_tags(run) -> dict[str, list[list[str]]]:
    """The tags that were staged with blocks, by usage key, of one taxonomy after the other."""
    roots = Import.objects.get(uuid=run.id).roots.select_related("staged_content")
    tags = [block for root in roots for block in root.staged_content.tags.items()]
    return {usage_key: list(by_taxonomy.values()) for usage_key, by_taxonomy in tags if by_taxonomy}


@pytest.fixture
def tagged(site, load):
    """A course with two tags on a text and one on its unit."""
    load()
    site.tag(T1, "Moon", "Sea")
    site.tag(U1, "Sea")


def test_components_and_containers_get_them(tagged, run_import):
    _run, records = run_import()
    assert (tags_of(ITEM), tags_of(UNIT)) == ({"Moon", "Sea"}, {"Sea"})
    assert {record.usage_key: set(record.tags) for record in records if record.tags} == {
        T1: {"Moon", "Sea"},
        U1: {"Sea"},
    }


def test_a_container_that_is_dissolved_leaves_none(tagged, run_import):
    run_import(level="component")
    assert (tags_of(ITEM), tags_of(UNIT)) == ({"Moon", "Sea"}, set())


def test_undo_takes_them_away_and_redo_gives_them_again(ada, tagged, run_import):
    run, _records = run_import()
    api.undo_import(user=ada, import_id=run.id)
    assert (tags_of(ITEM), tags_of(UNIT)) == (set(), set())
    api.redo_import(user=ada, import_id=run.id)
    assert (tags_of(ITEM), tags_of(UNIT)) == ({"Moon", "Sea"}, {"Sea"})


def test_those_of_the_library_stay(ada, site, tagged, run_import):
    site.tag(ITEM, "Mine", "Sea")
    run, records = run_import()
    assert tags_of(ITEM) == {"Mine", "Moon", "Sea"}
    assert {record.tags for record in records if record.usage_key == T1} == {("Moon",)}
    api.undo_import(user=ada, import_id=run.id)
    assert tags_of(ITEM) == {"Mine", "Sea"}


def test_what_was_removed_gets_its_own_back_with_an_undo(ada, site, tagged, run_import, stage):
    run_import()
    site.tag(ITEM, "Mine", "Moon")
    site.lose(T1)
    run = stage(on_conflict=Decision.OVERWRITE)
    assert api.remove_gone(user=ada, import_id=run.id) == 1
    api.complete_import(user=ada, import_id=run.id)
    ObjectTag.objects.filter(object_id=ITEM).delete()  # As the platform's receivers do, once it is committed.
    api.undo_import(user=ada, import_id=run.id)
    assert tags_of(ITEM) == {"Mine", "Moon"}


def test_a_later_import_adds_what_is_new(ada, site, tagged, run_import):
    run_import()
    site.edit(T1, '<html display_name="New"><![CDATA[<p>New.</p>]]></html>')
    site.tag(T1, "Moon", "Sea", "Sun")
    second, _records = run_import(on_conflict=Decision.OVERWRITE)
    assert tags_of(ITEM) == {"Moon", "Sea", "Sun"}
    api.undo_import(user=ada, import_id=second.id)
    assert tags_of(ITEM) == {"Moon", "Sea"}


def test_what_is_skipped_gets_none(site, load, run_import):
    load()
    run_import()
    site.edit(T1, '<html display_name="New"><![CDATA[<p>New.</p>]]></html>')
    site.tag(T1, "Moon")
    run_import(on_conflict=Decision.SKIP)
    assert not tags_of(ITEM)


def test_a_fork_gets_its_own(site, tagged, run_import):
    run_import()
    site.edit(T1, '<html display_name="New"><![CDATA[<p>New.</p>]]></html>')
    run_import(on_conflict=Decision.FORK)
    assert tags_of("lb:Acme:Target:html:t1_1") == {"Moon", "Sea"}


def test_those_of_another_organization_are_named_and_left(site, load, run_import):
    load()
    site.tag(T1, "Secret", orgs=("Other",))
    site.tag(T1, "Open")
    _run, records = run_import()
    assert tags_of(ITEM) == {"Open"}
    warnings = [warning for record in records if record.usage_key == T1 for warning in record.warnings]
    assert warnings == [
        "These tags were not carried over: Secret; their taxonomy is not one of this library's organization."
    ]


def test_one_that_is_gone_since_is_named(ada, tagged, stage):
    run = stage()
    Tag.objects.filter(value="Moon").delete()
    api.complete_import(user=ada, import_id=run.id)
    records = {record.usage_key: record for record in api.get_records(user=ada, import_id=run.id)}
    assert records[T1].warnings == ("These tags were not carried over: Moon; there are no such tags any more.",)
    assert (tags_of(ITEM), tags_of(UNIT)) == ({"Sea"}, {"Sea"})


def about_tags(queries: CaptureQueriesContext) -> int:
    return sum("oel_tagging" in query["sql"] for query in queries.captured_queries)


def test_untagged_courses_cost_no_query_more(ada, load, stage):
    load()
    run = stage()
    with CaptureQueriesContext(connection) as queries:
        api.complete_import(user=ada, import_id=run.id)
    assert not about_tags(queries)


class TestStaging:
    @pytest.mark.parametrize("texts", [1, 20])
    def test_asks_once_for_the_tags_of_all_blocks(self, site, load, stage, texts):
        load(*(section(f"s{n}", subsection(f"b{n}", unit(f"u{n}", text(f"t{n}")))) for n in range(texts)))
        for n in range(texts):
            site.tag(usage_key("html", f"t{n}"), "Moon", f"Sea {n}")
        with CaptureQueriesContext(connection) as queries:
            run = stage()
        assert about_tags(queries) == 1
        assert staged_tags(run) == {usage_key("html", f"t{n}"): [["Moon", f"Sea {n}"]] for n in range(texts)}

    def test_does_so_for_a_legacy_library_as_well(self, site, legacy, stage):
        key = legacy()
        tagged = usage_key("html", "t1", LIBRARY_KEY)
        site.tag(tagged, "Moon")
        with CaptureQueriesContext(connection) as queries:
            run = stage(key, level="component")
        assert about_tags(queries) == 1
        assert staged_tags(run) == {tagged: [["Moon"]]}

    def test_of_two_courses_neither_gets_those_of_the_other(self, site, load, stage):
        load()
        site.tag(T1, "Moon")
        site.tag(T1.replace("+C1+", "+C11+"), "Sea")
        assert staged_tags(stage()) == {T1: [["Moon"]]}

    def test_others_are_answered_meanwhile_as_ever(self, site, load):
        """And afterwards everybody is asked in the platform's own way."""
        from openedx.core.djangoapps.content_tagging.api import get_all_object_tags
        from openedx.core.lib.xblock_serializer import block_serializer

        source, other = parse_source_key(load()), parse_usage_key(T1.replace("+C1+", "+C11+"))
        site.tag(str(other), "Sea")
        with tags_known(source, {T1: {1: ["Moon"]}}):
            known, _taxonomies = block_serializer.get_all_object_tags(content_key=parse_usage_key(T1))
            asked, _taxonomies = block_serializer.get_all_object_tags(content_key=other)
        assert known == {T1: {1: ["Moon"]}}
        assert [list(tags.values()) for tags in asked.values()] == [[["Sea"]]]
        assert block_serializer.get_all_object_tags is get_all_object_tags
