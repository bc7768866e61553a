"""Whatever is asked of a page, it is answered: with the page, a message, 400 or 404."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from import_from_modulestore import api
from import_from_modulestore.admin import bounds
from import_from_modulestore.models import Import, StagedBlock

from ..builders import KEY, TARGET, problem, section, subsection, text, unit, usage_key, write_course
from .conftest import action_url, messages_of, text_of, url

LISTS = ["import", "importrecord", "reversal", "reversalrecord"]
OVER_64_BITS = "9" * 20
VERY_LONG = "9" * 5_000


@pytest.fixture(scope="module")
def looked_at(once) -> Import:
    """An import that is completed. Nothing here does more than look at it."""
    user = get_user_model().objects.create(username="ada", is_superuser=True)
    api.create_library(user=user, library_key=TARGET, title="Target")
    units = unit("u1", text("t1"), problem("p1")), unit("u2", text("t2"))
    write_course(once / "courses" / "c1", section("s", subsection("b", *units)), title="Tides")
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    api.stage_import(user=user, import_id=run.id)
    api.complete_import(user=user, import_id=run.id)
    return Import.objects.get()


@pytest.fixture
def user(db, looked_at):
    return get_user_model().objects.get(username="ada")


@pytest.fixture
def course(looked_at):
    """It is on the shelf."""


@pytest.fixture
def imported(looked_at) -> Import:
    return looked_at


def list_of(model: str) -> str:
    return url(model) if model != "library" else reverse("admin:openedx_content_learningpackage_changelist")


@pytest.mark.few
@pytest.mark.parametrize("model", [*LISTS, "library"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id__exact", OVER_64_BITS),
        ("id__in", OVER_64_BITS),
        ("uuid__regex", "("),
        ("created__year", OVER_64_BITS),
        ("created__range", "2026-01-01,1"),
        ("user__password__startswith", "a"),
        ("import_run__exact", VERY_LONG),
        ("import_run__exact", OVER_64_BITS),
        ("reversal__exact", VERY_LONG),
        ("reversal__exact", OVER_64_BITS),
        ("p", VERY_LONG),
        ("q", "x" * 60_000),
        ("q", " x" * 30_000),
        ("o", "1." * 30_000),
    ],
)
def test_what_no_page_asks_of_a_list_is_refused(pages, imported, model, name, value):
    assert pages.get(list_of(model), **{name: value}).status_code == 400


@pytest.mark.parametrize("model", [*LISTS, "library"])
@pytest.mark.parametrize("search", ["x" * 256, "a\0b"], ids=["long", "NUL"])
def test_a_search_that_cannot_be_is_told(pages, imported, model, search):
    page = pages.get(list_of(model), q=search)
    assert page.status_code == 200
    assert len(messages_of(page)) == 1


@pytest.mark.parametrize("term", ["x" * 256, " x" * 900])
def test_a_field_that_completes_what_is_typed_takes_so_much(pages, user, term):
    grants = {"app_label": "guardian", "model_name": "userobjectpermission", "field_name": "user"}
    assert pages.get(reverse("admin:autocomplete"), term=term, **grants).status_code == 400
    assert pages.get(reverse("admin:autocomplete"), term="ad", **grants).json()["results"][0]["text"] == "ada"


@pytest.mark.parametrize("model", LISTS)
def test_a_page_that_is_not_there_leads_to_the_first(pages, imported, model, monkeypatch):
    monkeypatch.setattr(bounds.BoundedAdmin, "list_per_page", 2)
    assert pages.get(url(model), p=OVER_64_BITS).status_code in (200, 302)


def test_pages_go_so_far(pages, imported, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_LISTED", 5)
    monkeypatch.setattr("import_from_modulestore.admin.ImportRecordAdmin.list_per_page", 2)
    last = pages.get(url("importrecord"), p=3)
    assert len(last.context["cl"].result_list) == 1
    assert "Only the first 5 are listed." in text_of(last)
    assert pages.get(url("importrecord"), p=4).status_code == 302
    few = pages.get(url("importrecord"), outcome__exact="created", usage_key__exact=usage_key("html", "t1"))
    assert "Only the first" not in text_of(few)


def test_rows_of_a_page_stand_in_order(pages, imported, monkeypatch):
    monkeypatch.setattr("import_from_modulestore.admin.ImportRecordAdmin.list_per_page", 3)
    keys = [row.usage_key for p in (1, 2, 3) for row in pages.get(url("importrecord"), p=p).context["cl"].result_list]
    assert keys == list(imported.records.order_by("num").values_list("usage_key", flat=True))


@pytest.mark.parametrize("ids", ["", ",", "x", OVER_64_BITS, VERY_LONG, "-1", "1,,2", "0"])
def test_a_step_of_no_import_is_not_there(pages, imported, ids):
    assert pages.get(f"{url('import', 'action', 'undo')}", ids=ids).status_code in (400, 404)


@pytest.mark.parametrize("chosen", ["x", "-1", OVER_64_BITS, VERY_LONG, ""])
def test_what_is_chosen_has_to_be_in_the_list(pages, imported, chosen):
    asked = {"action": "undo", "index": "0", "select_across": "0", "_selected_action": chosen}
    assert pages.post(url("import"), **asked).status_code == 400


def test_an_action_on_nothing_is_told(pages, imported):
    told = messages_of(pages.post(url("import"), action="undo", index="0"))
    assert len(told) == 1


@pytest.mark.few
@pytest.mark.parametrize("page", ["blocks", "gone"])
@pytest.mark.parametrize("number", ["x", "", "-1", OVER_64_BITS, VERY_LONG, str(10**17)])
def test_a_page_of_the_review_that_cannot_be(pages, start, page, number):
    answer = pages.get(url("import", page, start().pk), page=number)
    assert answer.status_code in (302, 400, 404)


@pytest.mark.parametrize("do", ["revert", "select", "fork", "default"])
def test_nothing_was_chosen(pages, start, do):
    run = start()
    before = list(StagedBlock.objects.values())
    assert messages_of(pages.post(url("import", "blocks", run.pk), do=do)) == ["Choose at least one block."]
    assert list(StagedBlock.objects.values()) == before


@pytest.mark.parametrize("pk", ["x", "-1", OVER_64_BITS, "1" * 60_000, "1/2", "%00"])
@pytest.mark.parametrize("model", LISTS)
def test_a_row_that_cannot_be(pages, imported, model, pk):
    assert pages.get(url(model, "change", pk)).status_code in (302, 400, 404)


def test_a_key_that_is_quoted_is_cut(pages, start):
    page = pages.get(pages.get(url("import", "block", start().pk, "k" * 1_900)).url)
    assert [len(told) < 2_500 for told in messages_of(page)] == [True]


def test_there_is_no_folder_of_courses(pages, start, courses, settings):
    run = start()
    settings.COURSES_DIR = courses / "gone"
    assert pages.get(url("import", "add")).status_code == 200
    refused = pages.post(url("import", "add"), source=KEY, library=TARGET)
    assert refused.status_code == 200
    assert Import.objects.count() == 2
    assert pages.get(action_url("complete", run)).status_code == 200


def test_what_a_form_quotes_is_cut(pages, start):
    start()
    refused = pages.post(url("import", "add"), source="x" * 1_000_000, library="y" * 1_000_000)
    assert refused.status_code == 200
    assert len(refused.content) < 100_000
