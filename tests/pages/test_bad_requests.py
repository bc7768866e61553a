"""Requests that no page of ours sends, and answers that are none of ours."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from import_from_modulestore import api
from import_from_modulestore.data import ImportState, SourceReference
from import_from_modulestore.models import Import

from ..builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from ..keeping import kept
from .browsers import COMMAND, LIBRARY, SOURCE
from .conftest import Site, at_rest, dom, page_url, text_of

T1 = usage_key("html", "t1")

VALUES = [
    "",
    "\0",
    "\ud800",
    "\u202e",
    "-1",
    "1.5",
    "9" * 400,
    "²",
    "'\"><script>",
    "../x",
    "upload:1/../x",
    "x" * 3000,
]

ASKED = {
    "home": ("page",),
    "choose": ("page", "q", "uploads", "source"),
    "options": ("source", "library_search", "library"),
    "batches": ("page",),
    "batch": ("page",),
    "imports": ("page", "q", "state"),
    "libraries": ("page", "q"),
    "library": ("page",),
    "import": ("page", "summary"),
    "work": ("page", "show"),
    "review": ("q", "only", "state", "outcome", "kind", "block_type", "parent", "page", "at", "change"),
    "under": ("of", "offset", "level", "until"),
    "conflict": ("after", "before"),
    "block": ("tab",),
    "rendered": ("side",),
}

SENT = {
    "options": ("source", "library", "new_key", "new_title", "level", "on_conflict", "collection", "unmerged"),
    "remove_upload": ("export",),
    "work": ("nums",),
    "review": ("select", "leave_out", "remove", "keep", "take_back", "do", "matching"),
    "rows": ("num", "staged"),
    "block": ("do",),
    "check": ("olx",),
    "do": (),
    "batch_do": ("import",),
}


@pytest.fixture
@kept
def places(course, user, stage) -> dict[str, tuple[str, ...]]:
    run = stage()
    batch = api.create_batch(user=user, sources=[SourceReference(KEY)], library_key=TARGET).id
    about_import = dict.fromkeys(("import", "work", "review", "under", "conflict", "rows"), (run,))
    about_block = dict.fromkeys(("block", "rendered", "check"), (run, T1))
    about_batch = {"batch": (batch,), "batch_do": (batch, "stage")}
    return {"library": (TARGET,), "do": (run, "cancel"), **about_import, **about_block, **about_batch}


@pytest.mark.few
@pytest.mark.parametrize("htmx", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ASKED)
def test_whatever_an_address_asks_for_there_is_an_answer(author, places, name, htmx):
    for field in ASKED[name]:
        for value in VALUES:
            address = f"{page_url(name, *places.get(name, ()))}?{field}={quote(value.encode('utf-8', 'surrogatepass'))}"
            answer = author.client.get(address, headers={"HX-Request": "true"} if htmx else None)
            assert answer.status_code < 500
            assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.few
@pytest.mark.parametrize("name", SENT)
def test_whatever_a_form_holds_there_is_an_answer_and_never_without_its_token(author, user, places, name):
    address = page_url(name, *places.get(name, ()))
    for field in SENT[name]:
        for value in VALUES:
            data = f"{field}={quote(value.encode('utf-8', 'surrogatepass'), safe='')}"
            answer = author.client.post(address, data, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500
            assert "default-src 'none'" in answer["Content-Security-Policy"]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(address).status_code == 403


@pytest.mark.parametrize("htmx", [False, True])
def test_an_address_that_stands_for_nothing_is_answered_in_our_words(author, htmx):
    answer = author.get(page_url("imports"), state="odd", htmx=htmx)
    assert answer.status_code == 404
    assert "There is nothing at this address." in text_of(answer)
    assert answer.get("HX-Retarget", "") == ("#messages" if htmx else "")


@pytest.mark.parametrize(
    ("current", "after"),
    [("http://testserver/imports/", "/imports/"), ("http://[::1", "/"), ("https://evil.example/", "/"), ("", "/")],
)
def test_who_signs_in_comes_back_to_a_page_of_ours(db, current, after):
    answer = Client().get(page_url("home"), headers={"HX-Request": "true", "HX-Current-URL": current})
    assert answer["HX-Redirect"] == f"/sign-in/?next={after}"


def test_a_file_in_a_folder_is_looked_at(author, courses, library, stage):
    names = ["a/b.png", "a b#?.png", "ü%25'\".png"]
    images = "".join(f'<img src="/static/{name}">' for name in ("a/b.png", "a b#?.png", "ü%25'&quot;.png"))
    course = section("s", subsection("b", unit("u", text("t1", images))))
    write_course(courses / "c1", course, static=dict.fromkeys(names, b"image"))
    page = author.get(page_url("block", stage(), T1), tab="files")
    found = dom(page).xpath("//a[@target='_blank']/@href")
    assert found
    for address in found:
        answer = author.client.get(author.client.get(address).url)
        assert b"".join(answer.streaming_content) == b"image"
    assert "a/b.png" in text_of(page)


@pytest.mark.parametrize("side", ["block", "odd"])
def test_what_is_refused_in_a_frame_is_told_in_the_frame(author, user, places, side):
    run, _key = places["rendered"]
    if side == "block":
        api.cancel_import(user=user, import_id=run)
    answer = author.get(page_url("rendered", run, T1), side=side)
    assert answer.status_code == (409 if side == "block" else 404)
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Content-Security-Policy"].endswith("frame-ancestors 'self'")
    assert dom(answer).xpath("//main/p")[0].text_content().strip()
    assert not dom(answer).xpath("//nav")


def test_no_name_turns_the_direction_of_what_stands_beside_it(author, courses, library, stage):
    write_course(courses / "c1", section("s"), title="\u202eTides")
    run = stage()
    for address in (page_url("imports"), page_url("review", run), page_url("work", run)):
        assert "\u202eTides" in dom(author.get(address)).xpath("//bdi/text()")


@pytest.mark.parametrize("state", ["staging", "importing", "undoing", "redoing"])
def test_who_waits_for_a_process_that_has_died_is_told(author, run_import, places, state):
    run = run_import()[0].id if state in ("undoing", "redoing") else places["import"][0]
    Import.objects.filter(uuid=run).update(state=state, worker="elsewhere:1:1.0", heartbeat=None)
    assert author.get(page_url("progress", run), htmx=True)["HX-Refresh"] == "true"
    assert "stopped before it was done" in text_of(author.get(page_url("import", run)))


@pytest.mark.few
@pytest.mark.parametrize("state", ImportState.values)
def test_in_whatever_state_an_import_is_its_pages_answer(author, places, state):
    run = places["import"][0]
    Import.objects.filter(uuid=run).update(state=state, worker="elsewhere:1:1.0", heartbeat=timezone.now())
    for name in ("progress", "work", "review", "under", "rows", "conflict", "bar", "summary", "block", "rendered"):
        address = page_url(name, run, *([T1] if name in ("block", "rendered") else []))
        for htmx in (False, True):
            assert author.get(address, htmx=htmx).status_code in (200, 302, 404, 405, 409)
    assert author.get(page_url("reversal", run, "undo")).status_code in (200, 409)
    assert str(ImportState(state).label) in text_of(author.get(page_url("import", run)))


@pytest.mark.slow
def test_in_a_browser_an_answer_that_is_none_of_ours_is_put_nowhere(site: Site):
    site.manage(COMMAND, "stage", SOURCE, LIBRARY, "--create")
    page = site.page.context.new_page()  # Its console may speak of errors.
    page.goto(f"{site.address}/imports/")
    for link in (page.locator("main a[href^='/imports/']"), page.get_by_role("link", name="Review")):
        with page.expect_navigation():
            link.first.click()
        at_rest(page)
    # As after a sign-in in another window, which makes another token.
    page.evaluate("document.body.setAttribute('hx-headers', '{\"X-CSRFToken\": \"old\"}')")
    page.evaluate("for (const field of document.getElementsByName('csrfmiddlewaretoken')) field.value = 'old'")
    rows = page.get_by_role("treeitem").count()
    page.get_by_role("treeitem").first.focus()
    page.keyboard.press("Space")
    page.locator("#messages", has_text="Load the page again").wait_for()
    expect(page.get_by_role("treeitem")).to_have_count(rows)
