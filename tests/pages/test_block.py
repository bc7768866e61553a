"""The page of one staged block: seen, compared, decided about, edited, merged."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import Contents, Decision

from ..authoring import Author
from ..builders import TARGET, Block, section, subsection, text, unit, usage_key, write_course
from ..keeping import kept
from .conftest import dom, page_url, text_of

T1 = usage_key("html", "t1")


def write(courses, body: str = "<p>Hello</p>", title: str = "Text") -> None:
    blocks = (text("t1", body, title), text("t2", '<img src="/static/gone.png">'))
    write_course(courses / "c1", section("s", subsection("b", unit("u", *blocks))), title="Tides")


@pytest.fixture
@kept
def meets(courses, library, run_import, stage):
    """A block that both sides have changed since it was imported; gives the import that is staged now."""
    write(courses)
    run_import()
    package = LearningPackage.objects.get(package_ref=TARGET)
    Author(package.id).write("xblock.v1:html:t1", '<html display_name="Text"><![CDATA[<p>Mine</p>]]></html>')
    write(courses, "<p>Theirs</p>")
    return stage()


@pytest.fixture
def send(author, meets):
    """Send a form of the block's page, as htmx does: ``send(do="decide", …)`` gives the answer."""
    return lambda **data: author.post(page_url("block", meets, T1), data, htmx=True)


@pytest.fixture
def block(user, meets):
    return lambda: api.get_block(user=user, import_id=meets, usage_key=T1).block


def test_it_shows_what_it_meets_and_what_would_happen(author, meets):
    page = author.get(page_url("block", meets, T1))
    said = text_of(page)
    assert "Both changed" in said
    frames = dom(page).xpath("//iframe")
    assert [frame.get("sandbox") for frame in frames] == ["", "", ""]
    assert frames[0].get("src").endswith("?side=comparison")
    differences = text_of(author.get(page_url("block", meets, T1), tab="differences"))
    assert "Mine" in differences
    assert "Theirs" in differences


def test_no_plan_is_made_while_an_edit_is_written(send, block):
    block()  # It is known before.
    with CaptureQueriesContext(connection) as made:
        send(do="edit", title="Low", olx="<html/>")
    statements = [query["sql"] for query in made]
    written = [at for at, sql in enumerate(statements) if sql.startswith("RELEASE SAVEPOINT")]
    planned = [at for at, sql in enumerate(statements) if re.search(r"CAST\(.*reading_warnings", sql)]
    assert written[-1] < planned[0]


def test_a_decision_is_kept_at_once_and_taken_back(send, block):
    response = send(do="decide", decision="overwrite")
    assert response["HX-Trigger"] == "plan-changed"
    assert block().own_decision is Decision.OVERWRITE
    assert "Decided." in response.content.decode()
    send(do="decide", decision="")
    assert block().own_decision is None


def test_it_is_left_out_and_selected(send, block):
    send(do="leave_out")
    assert not block().selected
    send(do="select")
    assert block().selected


def test_what_was_changed_there_is_taken_back_like_all_else_in_the_review(author, meets, send, block):
    answer = send(do="leave_out")
    told = dom(answer).xpath("//div[@id='told']")[0]
    assert "It is left out." in told.text_content()
    author.post(page_url("review", meets), {"take_back": told.xpath(".//button[@name='take_back']")[0].get("value")})
    assert block().selected
    assert not dom(send(do="edit", title="Other")).xpath("//button[@name='take_back']")


def test_its_page_leads_back_to_its_place_in_the_tree(author, meets):
    page = dom(author.get(page_url("block", meets, T1)))
    (review,) = page.xpath("//nav[@class='crumbs']//a[.='Review']/@href")
    at = [row.get("data-key") for row in dom(author.get(review)).xpath("//*[@id='tree']//*[@data-key]")]
    assert T1 in at


def test_an_item_is_linked_once_the_library_has_it(author, meets, courses, stage):
    there = page_url("item", "lb:Acme:Target:html:t1")
    assert there in author.get(page_url("block", meets, T1)).content.decode()
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t1"), text("t3")))), title="Tides")
    page = author.get(page_url("block", stage(), usage_key("html", "t3")))
    assert "lb:Acme:Target:html:t3" in text_of(page)
    assert page_url("item", "lb:Acme:Target:html:t3") not in page.content.decode()


def test_without_htmx_a_form_leads_back_to_the_page(author, meets, block):
    page = author.post(page_url("block", meets, T1) + "?tab=edit", {"do": "edit", "title": "Other"})
    assert page.request["QUERY_STRING"] == "tab=edit"
    assert "The source stays as it was" in text_of(page)
    assert block().title == "Other"


def test_an_edit_that_cannot_be_kept_stays_with_its_line_marked(author, user, meets, send):
    broken = "<html>\n<p>\n</html>"
    page = send(do="edit", title="Other", olx=broken)
    assert dom(page).xpath("//textarea[@name='olx']")[0].text.strip() == broken
    assert dom(page).xpath("//*[@data-fault]")[0].get("data-fault") == "3"
    assert dom(page).xpath("//input[@name='title']")[0].get("value") == "Other"
    assert not api.get_block(user=user, import_id=meets, usage_key=T1).block.edited


def test_edits_are_taken_back(send, block):
    send(do="edit", title="Other")
    assert block().edited
    send(do="revert")
    assert not block().edited


def test_olx_is_checked_while_one_types(author, meets, block):
    url = page_url("check", meets, T1)
    assert "It can be kept" in text_of(author.post(url, {"olx": "<html>fine</html>"}, htmx=True))
    wrong = author.post(url, {"olx": "<html>\n<b></html>"}, htmx=True)
    assert "Line 2:" in text_of(wrong)
    assert "cannot change its type" in text_of(author.post(url, {"olx": "<problem/>"}, htmx=True))
    assert not block().edited


def test_pieces_of_a_merge_are_chosen(user, meets, send, author):
    send(do="decide", decision="merge")
    page = author.get(page_url("block", meets, T1))
    names = [box.get("name") for box in dom(page).xpath("//input[@type='radio'][@value='source']")]
    assert names
    send(do="pieces", **dict.fromkeys(names, "source"))
    details = api.get_block(user=user, import_id=meets, usage_key=T1)
    assert all(piece.choice for piece in details.pieces)
    assert "Theirs" in details.merged_olx


def test_the_body_is_chosen_as_a_whole_and_that_is_taken_back(user, meets, send):
    send(do="decide", decision="merge")
    answer = send(do="pieces", **{"take body": "edit", "text body": "<p>All</p>"})
    details = api.get_block(user=user, import_id=meets, usage_key=T1)
    assert "All" in details.merged_olx
    assert "Merge needs you" not in text_of(answer)
    chosen = dom(answer).xpath("//input[@name='take body'][@checked]/@value")
    assert chosen == ["edit"]
    answer = send(do="pieces", **{"take body": ""})
    assert "Merge needs you" in text_of(answer)
    assert dom(answer).xpath("//input[@name='take body:1'][@value='source']")


def test_what_is_inside_a_block_that_a_library_cannot_hold_is_chosen(author, user, courses, library, stage):
    bank = Block("itembank", "bank", (text("inner"),))
    write_course(courses / "c1", section("s", subsection("b", unit("u", bank))))
    run_id = stage()
    key = usage_key("itembank", "bank")
    author.post(page_url("block", run_id, key), {"do": "contents", "contents": "unit"}, htmx=True)
    assert api.get_block(user=user, import_id=run_id, usage_key=key).block.own_contents is Contents.UNIT


def test_files_are_led_to_and_missing_ones_named(author, meets):
    page = author.get(page_url("block", meets, usage_key("html", "t2")), tab="files")
    assert "gone.png" in text_of(page)
    assert author.get(page_url("block_file", meets, T1, "gone.png")).status_code == 404


@pytest.mark.parametrize("name", ["do", "decision", "contents"])
def test_what_no_button_sends_is_not_there(send, name):
    do = {"decision": "decide"}.get(name, name)
    assert send(**{"do": do, name: "odd"}).status_code == 404


def test_who_may_not_change_the_library_is_told_so(author_of, reviewer, meets, block):
    response = author_of(reviewer).post(page_url("block", meets, T1), {"do": "leave_out"}, htmx=True)
    assert response.status_code == 403
    assert response["HX-Retarget"] == "#messages"
    assert block().selected
