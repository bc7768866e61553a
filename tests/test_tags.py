"""Tags of an export go with its blocks where their taxonomies are, and are put on record where they are not."""

import os

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openedx_tagging import api as tagging_api
from openedx_tagging.models import ObjectTag, Taxonomy

from import_from_modulestore import api, proved
from import_from_modulestore.writing.tags import add_tags, remove_tags

from .builders import small_course, usage_key, write_course
from .examples import examples

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
def test_a_taxonomy_that_makes_its_tags_itself_is_asked_for_them(courses, run_import, settings):
    from openedx_tagging.models import LanguageTaxonomy

    settings.LANGUAGES = [("de", "German")]
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


class TestInBulk:
    """Tags in batches leave what tags one by one leave; see docs/decisions/0021."""

    ITEMS = [f"lb:Acme:Target:html:t{n}" for n in range(5)]
    NAMES = ["Moon", "moon", " Sea", "Sea", "Été", "été", "Reading", "a;b", "", "x" * 501, "ß", "ss"]

    def taxonomies(self) -> list[Taxonomy]:
        return [
            taxonomy("topics", "Moon", "Sea", "Été", "Reading"),
            tagging_api.create_taxonomy("free", export_id="free", allow_free_text=True),
            taxonomy("one", "Moon", "Sea"),
            tagging_api.create_taxonomy("free-one", export_id="free-one", allow_free_text=True, allow_multiple=False),
        ]

    @settings(
        max_examples=int(os.environ.get("BULK_EXAMPLES") or examples(40)),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        before=st.dictionaries(
            st.tuples(st.sampled_from(ITEMS), st.integers(0, 1)), st.sets(st.sampled_from(["Moon", "Sea"]), min_size=1)
        ),
        wanted=st.dictionaries(
            st.sampled_from([*ITEMS, "lb:Acme:Target:html:t,1"]),
            st.dictionaries(st.integers(0, 4), st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)),
        ),
        many=st.sampled_from([*[0] * 8, 99, 101]),
        renamed=st.booleans(),
    )
    def test_leaves_the_same(self, db, before, wanted, many, renamed):
        left = []
        for writer in ("reference", "bulk"):
            with transaction.atomic(), override_settings(IMPORT_FROM_MODULESTORE_WRITER=writer):
                made = self.taxonomies()
                Taxonomy.objects.filter(pk=made[2].pk).update(allow_multiple=False)
                for (item, number), values in before.items():
                    tagging_api.tag_object(item, made[number], list(values))
                if renamed:
                    tagging_api.update_tag_in_taxonomy(made[0], "Moon", "moon")
                asked = {
                    item: {made[n].pk if n < 4 else 0: list(values) for n, values in by_taxonomy.items()}
                    for item, by_taxonomy in wanted.items()
                }
                if many:
                    asked[self.ITEMS[0]] = {made[1].pk: [f"n{n}" for n in range(many)], made[0].pk: ["Sea", "Moon"]}
                numbers = {each.pk: number for number, each in enumerate(made)}
                added, warnings = add_tags(asked, numbers.keys().__and__)
                told = {item: {numbers[pk]: tags for pk, tags in by.items()} for item, by in added.items()}
                left.append((told, warnings, self.rows(numbers)))
                remove_tags(added)
                left[-1] += (self.rows(numbers),)
                transaction.set_rollback(True)
        assert left[0] == left[1]

    def rows(self, numbers) -> list[tuple]:
        values = ("object_id", "taxonomy_id", "tag__value", "is_copied", "_export_id", "_value")
        rows = ObjectTag.objects.order_by("pk").values_list(*values)
        return [(item, numbers[pk], *others) for item, pk, *others in rows]

    def test_takes_statements_by_batch(self, db):
        topics = taxonomy("topics", "Moon", "Sea").pk

        def count(items: int) -> int:
            wanted = {f"lb:Acme:Target:html:t{n}": {topics: ["Moon", "Sea"]} for n in range(items)}
            seen = []
            with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):
                assert add_tags(wanted, lambda pks: set(pks))[0] == wanted
                assert ObjectTag.objects.count() == 2 * items
                remove_tags(wanted)
            assert not ObjectTag.objects.exists()
            return len(seen)

        assert count(300) == count(3) <= 15

    def test_is_done_where_it_was_proved_and_nobody_listens_to_single_tags(self):
        assert proved.proof(proved.TAGS).differing == (), "Run `make prove`, see docs/decisions/0021."
        assert proved.is_bulk(proved.TAGS)

        def listen(**kwargs) -> None: ...

        post_save.connect(listen, sender=ObjectTag)
        try:
            assert not proved.is_bulk(proved.TAGS)
            assert [(each.id, "ObjectTag" in each.msg) for each in proved.check_writer(None)] == [
                ("modulestore_imports.W003", True)
            ]
        finally:
            post_save.disconnect(listen, sender=ObjectTag)
        assert proved.is_bulk(proved.TAGS)
