"""Several sources at once, in the admin."""

from __future__ import annotations

import shutil

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from import_from_modulestore.models import Batch

from ..builders import TARGET
from ..shelves import key_of, write_courses, write_one
from .conftest import messages_of, text_of, url


@pytest.fixture
def made(pages, courses, library) -> Batch:
    """A batch of three, begun by the form and staged."""
    write_courses(courses, 3)
    fields = {"sources": [key_of(number) for number in range(3)], "library": TARGET}
    pages.post(url("batch", "add"), **fields, publish="on", as_last_time="on", collect="on")
    return Batch.objects.get()


def do(pages, batch: Batch, action: str, **data):
    return pages.post(url("batch", "action", batch.pk, action), **data)


def states(batch: Batch) -> list[str]:
    return list(batch.imports.order_by("pk").values_list("state", flat=True))


def test_is_begun_by_a_form_and_done_by_its_page(pages, made):
    assert states(made) == ["staged"] * 3
    assert made.imports.first().collection_title == "Course 02"
    page = pages.get(url("batch", "change", made.pk))
    assert "3 Staged" in text_of(page)
    assert "Complete (3)…" in text_of(page)
    assert "Complete 3 imports?" in text_of(pages.get(url("batch", "action", made.pk, "complete")))
    done = do(pages, made, "complete")
    assert (states(made), messages_of(done)) == (["imported"] * 3, ["Complete: asked of 3 imports."])
    assert "3 Imported" in text_of(pages.get(url("batch")))


def test_an_import_leads_to_its_batch_and_the_list_says_what_it_is_of(pages, made):
    import_page = pages.get(url("import", "change", made.imports.first().pk))
    assert f'href="{url("batch", "change", made.pk)}"' in import_page.content.decode()
    said = text_of(pages.get(url("batch")))
    assert "Batches Start a batch" in said


def test_what_an_undo_would_keep_is_named_at_its_import(pages, made, edit_in_library):
    do(pages, made, "complete")
    edit_in_library("t1", "<p>Mine.</p>")
    said = text_of(pages.get(url("batch", "action", made.pk, "undo")))
    assert said.index("Course 02") < said.index("Course 01")
    assert "Text t1: It was edited in the library since." in said
    assert "Text t1:" not in text_of(pages.get(url("batch", "action", made.pk, "undo"), force="on"))
    do(pages, made, "undo", force="on")
    do(pages, made, "redo")
    assert states(made) == ["imported"] * 3


def test_what_failed_is_told_and_retried(pages, courses, library):
    write_courses(courses, 2)
    fields = {"sources": [key_of(0), key_of(1)], "library": TARGET, "publish": "on"}
    pages.post(url("batch", "add"), **fields)
    batch = Batch.objects.get()
    do(pages, batch, "cancel")
    assert states(batch) == ["canceled"] * 2
    assert "Retry: not possible" in text_of(pages.get(url("batch", "action", batch.pk, "retry")))
    shutil.rmtree(courses / "x00")
    assert messages_of(do(pages, batch, "retry")) == ["There is no import in this batch of which that is possible now."]
    write_one(courses, 0)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sources": []}, "This field is required."),
        ({"library": ""}, "Choose a library, or give the key of a new one."),
        ({"library": "", "new_key": "nonsense"}, "'nonsense' is not the key of a content library"),
    ],
)
def test_what_is_wrong_is_said_in_the_form(pages, courses, library, changed, told):
    write_courses(courses, 1)
    page = pages.post(url("batch", "add"), **{"sources": [key_of(0)], "library": TARGET, "publish": "on", **changed})
    assert told in text_of(page)
    assert not Batch.objects.exists()


def test_who_may_not_see_it_finds_nothing(pages_of, stranger, made):
    pages = pages_of(stranger)
    assert "Target" not in text_of(pages.get(url("batch")))
    assert pages.get(url("batch", "change", made.pk)).status_code == 302
    assert pages.get(url("batch", "action", made.pk, "undo")).status_code == 404


def test_the_list_costs_the_same_whatever_it_lists(pages, made):
    def cost() -> int:
        pages.get(url("batch"))
        with CaptureQueriesContext(connection) as statements:
            pages.get(url("batch"))
        return len(statements)

    one = cost()
    for _more in range(3):
        pages.post(url("batch", "add"), sources=[key_of(0)], library=TARGET, publish="on")
    assert cost() == one
