"""The form that starts an import: what it offers, what it makes, what it refuses at which field."""

import os

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import (
    BlockIds,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Decision,
    ImportOptions,
    ImportState,
)
from import_from_modulestore.models import Import
from import_from_modulestore_standalone.grants import Role

from ..builders import KEY, TARGET, write_course, write_library
from .conftest import text_of, url


def form_of(response):
    return response.context["adminform"].form


def test_makes_the_import_as_it_says(pages, start, user):
    run = start(
        level="component",
        on_conflict="fork",
        publish="",
        block_ids="from_titles",
        branch="published",
        collection_title="Waves",
    )
    options = api.get_import(user=user, import_id=str(run.uuid)).options
    assert (options.level, options.on_conflict) == (CompositionLevel.COMPONENT, Decision.FORK)
    assert (options.block_ids, options.branch) == (BlockIds.FROM_TITLES, Branch.PUBLISHED)
    assert options.publish is False
    assert options.collection.title == "Waves"
    assert (run.state, run.user) == (ImportState.STAGED, user)


def test_what_is_not_said_has_its_default(pages, start, user):
    run = start()
    options = api.get_import(user=user, import_id=str(run.uuid)).options
    assert options == ImportOptions(collection=options.collection)
    assert options.collection == CollectionChoice(title=run.source_title)


def test_a_new_library_is_made_when_the_import_is_completed(pages, start, user):
    run = start(library="", new_key="lib:Acme:New", new_title="New")
    assert [library.key for library in api.list_libraries(user=user)] == [TARGET]
    pages.do("complete", run)
    assert [library.title for library in api.list_libraries(user=user)] == ["New", "Target"]


def test_offers_readable_sources_by_kind_and_names_the_others(pages, course, courses):
    write_library(courses / "l1")
    (courses / "broken.tar.gz").write_bytes(b"nonsense")
    response = pages.get(url("import", "add"))
    groups = dict(form_of(response).fields["source"].choices[1:])
    assert groups == {
        "Course": [(KEY, f"Tides ({KEY})")],
        "Legacy library": [("library-v1:Acme+L1", "A Library (library-v1:Acme+L1)")],
    }
    assert "These cannot be imported broken.tar.gz" in text_of(response)


def test_offers_each_export_of_a_source(pages, start, courses):
    write_course(courses / "again", title="Tides")
    os.utime(courses / "again", (4e9, 4e9))
    response = pages.get(url("import", "add"))
    (again, named_again), (c1, named_c1) = dict(form_of(response).fields["source"].choices[1:])["Course"]
    assert (again, c1) == (f"{KEY} folder again", f"{KEY} folder c1")
    assert named_again.startswith(f"Tides ({KEY}): Courses folder, again, Oct. 2, 2096, 7:06 a.m., ")
    assert named_again.endswith(", 100 B")
    assert named_c1.startswith(f"Tides ({KEY}): Courses folder, c1, ")
    assert start(source=f"{KEY} folder again").source_export == "again"
    assert start(source=f"{KEY} folder c1").source_export == "c1"


@pytest.mark.few
@pytest.mark.parametrize(
    ("changed", "field", "told"),
    [
        ({"source": ""}, "source", "required"),
        ({"source": "course-v1:Acme+None+R1"}, "source", "one of those that are listed"),
        ({"library": ""}, "library", "give the key of a new one"),
        ({"library": "lib:Acme:None"}, "library", "one of those that are listed"),
        ({"new_key": "lib:Acme:New"}, "new_key", "not both"),
        ({"library": "", "new_key": "nonsense"}, "new_key", "not the key of a content library"),
        ({"level": "chapter"}, "level", "one of those that are listed"),
        ({"on_conflict": "destroy"}, "on_conflict", "one of those that are listed"),
        ({"collection_code": "none"}, "collection_code", "has no collection 'none'"),
        ({"library": "", "new_key": "lib:Acme:New", "collection_code": "c"}, "collection_code", "no collections yet"),
    ],
)
def test_refuses_at_the_field(pages, course, changed, field, told):
    fields = {"source": KEY, "library": TARGET, **changed}
    response = pages.post(url("import", "add"), **fields)
    assert told in " ".join(form_of(response).errors[field])
    assert told in text_of(response)
    assert not Import.objects.exists()


class TestRoles:
    def test_an_editor_starts_imports(self, pages_of, editor, course):
        pages_of(editor).post(url("import", "add"), source=KEY, library=TARGET)
        assert Import.objects.get().state == ImportState.STAGED

    @pytest.mark.parametrize(
        ("roles", "field"),
        [
            ((Role.VIEWER, Role.READER), "library"),
            ((Role.EDITOR,), "source"),
            ((Role.READER,), "library"),
            ((), "source"),
        ],
    )
    def test_others_are_refused(self, pages_of, person, course, roles, field):
        response = pages_of(person("zoe", *roles)).post(url("import", "add"), source=KEY, library=TARGET)
        assert field in form_of(response).errors
        assert not Import.objects.exists()

    def test_only_who_may_make_libraries_does(self, pages_of, editor, course):
        response = pages_of(editor).post(url("import", "add"), source=KEY, new_key="lib:Acme:New")
        assert form_of(response).errors["new_key"] == ["You may not create libraries."]

    def test_who_may_read_nothing_is_told_so(self, pages_of, viewer, course):
        assert "there is nothing that you may read" in text_of(pages_of(viewer).get(url("import", "add")))
