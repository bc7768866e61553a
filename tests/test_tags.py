"""Tags of an export go with its blocks where their taxonomies are, and are put on record where they are not."""

import pytest
from django.test import override_settings
from openedx_tagging import api as tagging_api
from openedx_tagging.models import ObjectTag, Taxonomy

from import_from_modulestore import api

from .builders import small_course, usage_key, write_course

T1, U1 = usage_key("html", "t1"), usage_key("vertical", "u1")
ITEM, UNIT = "lb:Acme:Target:html:t1", "lct:Acme:Target:unit:u1"
NOTICE = "2 blocks have tags of a taxonomy that is not here. They are put on record, and not carried over."


@pytest.fixture
def tagged(courses):
    """A course with tags of two taxonomies."""
    rows = '"Name","Type","ID","tide-topics","tide-skills"\n"T","html","t1","Moon; Sea","Reading"\n'
    more = '"U","vertical","u1","Sea","Reading"\n"Gone","html","nowhere","Sea",""\n'
    write_course(courses / "c1", *small_course(), files={"tags.csv": rows + more})


def taxonomy(export_id: str, *values: str):
    made = tagging_api.create_taxonomy(export_id, export_id=export_id)
    for value in values:
        tagging_api.add_tag_to_taxonomy(made, value)
    return made


def tags_of(item_key: str) -> set[str]:
    return {tag.value for tag in ObjectTag.objects.filter(object_id=item_key)}


def on_record(records, name: str) -> dict[str, set[str]]:
    return {record.usage_key: set(getattr(record, name)) for record in records if getattr(record, name)}


def test_go_along_where_their_taxonomy_is(tagged, run_import):
    taxonomy("tide-topics", "Moon", "Sea")
    taxonomy("tide-skills", "Reading")
    run, records = run_import()
    assert (tags_of(ITEM), tags_of(UNIT)) == ({"Moon", "Sea", "Reading"}, {"Sea", "Reading"})
    assert on_record(records, "tags") == {T1: {"Moon", "Sea", "Reading"}, U1: {"Sea", "Reading"}}
    assert (on_record(records, "tags_left_out"), run.warnings) == ({}, ())


def test_are_put_on_record_and_named_once_where_it_is_not(tagged, run_import):
    taxonomy("tide-topics", "Moon", "Sea")
    run, records = run_import()
    assert (tags_of(ITEM), tags_of(UNIT)) == ({"Moon", "Sea"}, {"Sea"})
    assert on_record(records, "tags_left_out") == {T1: {"tide-skills: Reading"}, U1: {"tide-skills: Reading"}}
    assert run.warnings == (NOTICE,)
    assert on_record(records, "warnings") == {}


def test_so_it_is_where_there_are_no_taxonomies_at_all(tagged, run_import, settings):
    with override_settings(INSTALLED_APPS=[app for app in settings.INSTALLED_APPS if app != "openedx_tagging"]):
        run, records = run_import()
    assert (on_record(records, "tags"), run.warnings) == ({}, (NOTICE,))
    assert set(on_record(records, "tags_left_out")) == {T1, U1}


def test_a_taxonomy_that_is_made_after_staging_counts(tagged, user, library):
    run = api.create_import(user=user, source_key="course-v1:Acme+C1+R1", library_key=library.key)
    api.stage_import(user=user, import_id=run.id)
    taxonomy("tide-topics", "Moon", "Sea")
    api.complete_import(user=user, import_id=run.id)
    assert tags_of(ITEM) == {"Moon", "Sea"}


def test_tags_that_their_taxonomy_lacks_are_named(tagged, run_import):
    taxonomy("tide-topics", "Sea")
    taxonomy("tide-skills", "Reading")
    _run, records = run_import()
    assert on_record(records, "warnings") == {
        T1: {"These tags were not carried over: Moon; there are no such tags any more."}
    }


@pytest.mark.skipif(not hasattr(Taxonomy, "cast"), reason="since openedx-core 1.2 there is no such taxonomy")
def test_a_taxonomy_that_makes_its_tags_itself_is_asked_for_them(courses, run_import):
    from openedx_tagging.models import LanguageTaxonomy

    tagging_api.create_taxonomy("Tongues", export_id="tongues", taxonomy_class=LanguageTaxonomy)
    rows = '"Name","Type","ID","tongues"\n"T","html","t1","German; Klingon"\n'
    write_course(courses / "c1", *small_course(), files={"tags.csv": rows})
    _run, records = run_import()
    assert on_record(records, "tags") == {T1: {"German"}}
    assert on_record(records, "warnings") == {
        T1: {"These tags were not carried over: Klingon; there are no such tags any more."}
    }


def test_undo_takes_them_away_and_redo_gives_them_again(tagged, run_import, user):
    taxonomy("tide-topics", "Moon", "Sea")
    run, _records = run_import()
    api.undo_import(user=user, import_id=run.id)
    assert tags_of(ITEM) == set()
    api.redo_import(user=user, import_id=run.id)
    assert tags_of(ITEM) == {"Moon", "Sea"}


def test_a_block_of_two_parents_has_them_once(courses, run_import):
    from .builders import section, subsection, text, unit

    shared = text("t1")
    content = section("s", subsection("b", unit("u1", shared), unit("u2", shared)))
    rows = '"Name","Type","ID","tide-topics"\n"T","html","t1","Moon"\n'
    write_course(courses / "c1", content, files={"tags.csv": rows})
    run, records = run_import()
    assert on_record(records, "tags_left_out") == {T1: {"tide-topics: Moon"}}
    assert run.warnings == (NOTICE.replace("2 blocks have", "1 block has"),)
