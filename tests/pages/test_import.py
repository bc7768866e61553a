"""The page about one import: its steps, while they run, and where they end."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from import_from_modulestore import api
from import_from_modulestore.data import ImportState

from ..builders import KEY, TARGET, usage_key
from .conftest import dom, page_url, text_of


def test_an_import_is_written_undone_and_redone_from_its_page(author, user, course, stage):
    run_id = stage()
    for action, state in (
        ("complete", ImportState.IMPORTED),
        ("undo", ImportState.UNDONE),
        ("redo", ImportState.IMPORTED),
    ):
        page = author.post(page_url("do", run_id, action))
        assert api.get_import(user=user, import_id=run_id).state is state
        assert str(state.label) in text_of(page)
        assert dom(page).findtext(".//title").startswith(f"{state.label} · Tides into ")


def test_an_import_is_canceled(author, course, stage):
    said = text_of(author.post(page_url("do", stage(), "cancel")))
    assert "Nothing was written" in said
    assert "Canceled" in said


def test_what_was_canceled_is_begun_again_with_what_its_review_has_said(author, author_of, viewer, user, course, stage):
    run_id = stage()
    api.select_blocks(user=user, import_id=run_id, usage_keys=[usage_key("html", "t1")], selected=False)
    author.post(page_url("do", run_id, "cancel"))
    page = author.get(page_url("import", run_id))
    assert "has chosen something for 1 block." in text_of(page)
    [again] = dom(page).xpath("//a[text()='Import it again…']/@href")
    begun = author.post(again, {"source": KEY, "library": TARGET})
    assert api.list_imports(user=user).total == 2, text_of(begun)
    [choices] = dom(page).xpath("//a[@download]/@href")
    newest = api.list_imports(user=user).items[0].id
    file = SimpleUploadedFile("choices.json", author.get(choices).content)
    assert "1 block" in text_of(author.post(page_url("review", newest), {"choices": file}))
    [left_out] = api.list_blocks(user=user, import_id=newest, selected=False).items
    assert left_out.usage_key == usage_key("html", "t1")
    assert "Import it again" not in text_of(author_of(viewer).get(page_url("import", run_id)))


def test_a_running_step_tells_how_far_it_is_and_ends_by_loading_the_page(author, user, course, stage):
    run_id = stage()
    api.start_completion(user=user, import_id=run_id)  # No worker takes it up: what is asked for waits for the commit.
    page = author.get(page_url("import", run_id))
    assert dom(page).xpath("//section[@hx-get]")[0].get("hx-trigger") == "every 1s"
    assert "Waiting for a worker" in text_of(page)
    api.cancel_import(user=user, import_id=run_id)
    assert author.get(page_url("progress", run_id), htmx=True)["HX-Refresh"] == "true"


def test_who_may_not_is_told_so_and_nothing_happens(author_of, viewer, user, course, stage):
    run_id = stage()
    response = author_of(viewer).post(page_url("do", run_id, "complete"))
    assert response.status_code == 403
    assert api.get_import(user=user, import_id=run_id).state is ImportState.STAGED


def test_who_may_not_is_shown_no_button_for_it(author_of, viewer, reviewer, editor, course, stage, run_import):
    def buttons(user, run_id: str) -> set[str]:
        main = dom(author_of(user).get(page_url("import", run_id))).xpath("//main")[0]
        found = {each.get("action", "").split("/")[-2] for each in main.xpath(".//form[contains(@action, '/do/')]")}
        links = {url.split("/")[-2] for url in main.xpath(".//a/@href") if url.endswith(("review/", "undo/", "redo/"))}
        return found | links

    done, staged = run_import()[0].id, stage()
    assert buttons(viewer, staged) == set()
    assert buttons(reviewer, staged) == {"review"}
    assert buttons(editor, staged) == {"review", "complete", "stage", "cancel"}
    assert (buttons(viewer, done), buttons(editor, done)) == (set(), {"undo"})


@pytest.mark.parametrize("action", ["review", "odd"])
def test_what_is_no_step_is_not_there(author, course, stage, action):
    assert author.post(page_url("do", stage(), action)).status_code == 404


def test_programs_are_told_where_the_page_is(author, course, stage):
    run_id = stage()
    told = author.client.get(reverse("modulestore_imports_api:v1:import", args=[run_id])).json()
    assert told["url"] == page_url("import", run_id)
