"""History in the admin: linked both ways, and nothing in it can be changed."""

import pytest
from django.contrib.admin import site

from import_from_modulestore import api
from import_from_modulestore.data import Outcome, ReversalKind, SourceReference
from import_from_modulestore.models import Batch, Import, ImportRecord, Reversal, ReversalRecord

from ..builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from ..test_history import delete_libraries
from .conftest import text_of, url

TEXT = usage_key("html", "t1")
ITEM = "lb:Acme:Target:html:t1"


@pytest.fixture
def undone(imported, pages):
    pages.do("undo", imported)
    return imported


def links(response) -> str:
    return response.content.decode()


class TestRecords:
    def test_of_an_import_lead_to_it_and_from_it(self, pages, imported):
        records = url("importrecord") + f"?import_run__exact={imported.pk}"
        assert records in links(pages.get(url("import", "change", imported.pk)))
        response = pages.get(records)
        assert url("import", "change", imported.pk) in links(response)
        assert "7 import records" in text_of(response)

    def test_of_a_block_say_all_that_happened_to_it(self, pages, imported, start):
        record = ImportRecord.objects.get(usage_key=TEXT)
        page = text_of(pages.get(url("importrecord", "change", record.pk)))
        assert "Created" in page
        assert "– → 1" in page
        assert ITEM in page
        assert "Reason: –" in page

    def test_of_one_source_block_say_where_it_went(self, pages, imported, start):
        pages.do("complete", start(on_conflict="fork"))
        record = ImportRecord.objects.filter(usage_key=TEXT).first()
        went = pages.get(url("importrecord"), usage_key__exact=TEXT)
        assert f"Where {TEXT} went, newest first" in text_of(went)
        assert "2 import records" in text_of(went)
        assert "usage_key__exact=block-v1" in links(pages.get(url("importrecord", "change", record.pk)))

    def test_of_one_item_say_where_it_came_from(self, pages, imported):
        came = pages.get(url("importrecord"), item_key__exact=ITEM)
        assert f"Where {ITEM} came from, newest first" in text_of(came)
        assert "1 import record" in text_of(came)

    def test_are_found_by_outcome_state_kind_and_text(self, pages, imported):
        for count, chosen in (
            (7, {"outcome__exact": "created"}),
            (0, {"outcome__exact": "failed"}),
            (7, {"state__exact": "new"}),
            (2, {"kind__exact": "unit"}),
            (0, {"undone__exact": 1}),
            (1, {"q": "t1"}),
            (1, {"q": ITEM}),
        ):
            assert f" {count} import record" in text_of(pages.get(url("importrecord"), **chosen)), chosen

    def test_say_in_which_import_it_was_said(self, pages, start, user):
        first = start()
        api.edit_block(user=user, import_id=str(first.uuid), usage_key=TEXT, title="Better")
        pages.do("complete", first)
        pages.do("complete", start())
        again, before = ImportRecord.objects.filter(usage_key=TEXT).order_by("-import_run_id")
        page = pages.get(url("importrecord", "change", again.pk))
        assert f"Choices: as in import {str(first.uuid)[:8]}" in text_of(page)
        assert url("import", "change", first.pk) in links(page)
        assert f"as in import {str(first.uuid)[:8]}" in text_of(pages.get(url("importrecord")))
        assert "Choices: –" in text_of(pages.get(url("importrecord", "change", before.pk)))

    def test_outlive_library_and_user(self, imported, pages_of, django_user_model):
        delete_libraries()
        imported.user.delete()
        pages = pages_of(django_user_model.objects.create(username="bea", is_superuser=True))
        page = text_of(pages.get(url("import", "change", imported.pk)))
        assert "This library is gone." in page
        assert "Started by: ada" in page
        record = ImportRecord.objects.get(usage_key=TEXT)
        assert ITEM in text_of(pages.get(url("importrecord", "change", record.pk)))


class TestWhatCouldNotGo:
    def test_is_counted_with_the_import_and_found_by_a_filter(self, courses, start, pages, user):
        photos = (text(f"t{num}", f'<img src="/static/{num}.png"/>') for num in range(2))
        write_course(courses / "c1", section("s", subsection("b", unit("u", *photos))), title="Tides")
        run = start()
        pages.do("complete", run)
        page = pages.get(url("import", "change", run.pk))
        assert "2 blocks that could not go" in text_of(page)
        api.mark_done(user=user, import_id=str(run.uuid), nums=[3])
        for count, choice in ((1, "open"), (1, "done"), (5, "all")):
            found = pages.get(url("importrecord"), import_run__exact=run.pk, work=choice)
            assert f" {count} import record" in text_of(found), choice


class TestReversals:
    def test_are_linked_both_ways(self, pages, undone):
        reversal = Reversal.objects.get()
        page = url("reversal", "change", reversal.pk)
        assert page in links(pages.get(url("import", "change", undone.pk)))
        response = pages.get(page)
        assert url("import", "change", undone.pk) in links(response)
        assert "7 Removed" in text_of(response)
        record = ImportRecord.objects.get(usage_key=TEXT)
        assert url("importrecord", "change", record.pk) in links(response)
        assert page in links(pages.get(url("importrecord", "change", record.pk)))

    def test_list_all_their_items(self, pages, undone):
        reversal = Reversal.objects.get()
        page = text_of(pages.get(url("reversalrecord"), reversal__exact=reversal.pk))
        assert "Undo · Tides → Target" in page
        assert "7 items of undos and redos" in page
        assert "1 → –" in page

    def test_are_listed(self, pages, undone):
        page = text_of(pages.get(url("reversal"), kind__exact=ReversalKind.UNDO.value))
        assert "1 undo or redo" in page
        assert f"7 {Outcome.CREATED.label}" not in page


HISTORY = {
    "batch": Batch,
    "import": Import,
    "importrecord": ImportRecord,
    "reversal": Reversal,
    "reversalrecord": ReversalRecord,
}
STARTED_HERE = {"batch", "import"}


def rows() -> list:
    return [list(model.objects.order_by("pk").values()) for model in HISTORY.values()]


class TestNothingCanBeChanged:
    """Not by a superuser either."""

    @pytest.fixture(autouse=True)
    def _batch(self, user, courses, library):
        write_course(courses / "other", section("s", subsection("b", unit("u"))), run="R2")
        other = SourceReference(KEY.replace("R1", "R2"))
        api.create_batch(user=user, sources=[other], library_key=TARGET)

    def test_by_the_pages_for_it(self, pages, undone):
        before = rows()
        for name, model in HISTORY.items():
            pk = model.objects.first().pk
            assert pages.post(url(name, "change", pk), state="imported", title="X", outcome="failed").status_code == 403
            assert pages.post(url(name, "delete", pk), post="yes").status_code == 403
            if name not in STARTED_HERE:
                assert pages.post(url(name, "add"), title="X").status_code == 403
        assert rows() == before

    def test_by_an_action_of_a_list(self, pages, undone):
        before = rows()
        for name, model in HISTORY.items():
            pks = list(model.objects.values_list("pk", flat=True))
            pages.post(url(name), action="delete_selected", _selected_action=pks, post="yes")
        assert rows() == before

    def test_by_a_permission(self, rf, user):
        request = rf.get("/")
        request.user = user
        user.is_staff = True
        for name, model in HISTORY.items():
            allowed = site._registry[model].get_model_perms(request)
            assert allowed == {"add": name in STARTED_HERE, "change": False, "delete": False, "view": True}

    def test_by_another_table_of_the_app(self):
        registered = {model for model in site._registry if model._meta.app_label == "modulestore_imports"}
        assert registered == set(HISTORY.values())

    def test_and_there_is_no_button_for_it(self, pages, imported):
        record = ImportRecord.objects.first()
        assert b"_save" not in pages.get(url("importrecord", "change", record.pk)).content
