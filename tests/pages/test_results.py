"""What came of an import, what is left to do, and the undo and redo with their previews."""

from __future__ import annotations

from contextlib import closing

import pytest
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import ImportState

from ..authoring import Author
from ..builders import TARGET, Block, section, subsection, text, unit, write_course
from .conftest import dom, page_url, text_of


@pytest.fixture
def course(courses, library):
    """One text, one text whose file is missing, and one block that a library cannot hold."""
    blocks = (
        text("t1"),
        text("t2", '<img src="/static/gone.png">'),
        Block("conditional", "c1", attributes={"display_name": "Only if"}),
    )
    write_course(courses / "c1", section("s", subsection("b", unit("u", *blocks))), title="Tides")


@pytest.fixture
def run(course, run_import):
    return run_import()[0]


def names(response) -> list[str]:
    return [" ".join(row.text_content().split()) for row in dom(response).xpath("//li[contains(@class, 'block-row')]")]


def test_every_block_says_what_became_of_it(author, run):
    rows = names(author.get(page_url("import", run.id)))
    assert len(rows) == 6
    assert any("Only if" in row and "Unsupported" in row for row in rows)
    assert any("gone.png" in row and "Created" in row for row in rows)


def test_what_was_imported_can_be_taken_along(author, run):
    [backup] = dom(author.get(page_url("import", run.id))).xpath("//a[contains(., 'Backup')]/@href")
    with closing(author.get(backup)) as answer:
        assert answer["Content-Type"] == "application/zip"


def test_outcomes_and_search_leave_some(author, run):
    assert len(names(author.get(page_url("import", run.id), outcome="unsupported"))) == 1
    assert len(names(author.get(page_url("import", run.id), q="Only"))) == 1
    assert author.get(page_url("import", run.id), outcome="odd").status_code == 404


def test_what_could_not_go_is_worked_off(author, user, run):
    url = page_url("work", run.id)
    assert "2 blocks could not go" in text_of(author.get(page_url("import", run.id)))
    nums = [box.get("value") for box in dom(author.get(url)).xpath("//input[@name='nums']")]
    assert len(nums) == 2
    said = text_of(author.post(url, {"nums": nums, "do": "done"}))
    assert "2 entries are done" in said
    assert "Nothing is left to do" in said
    assert "is worked off" in text_of(author.get(page_url("import", run.id)))
    author.post(url, {"nums": nums[:1], "do": "open"})
    assert api.list_work(user=user, import_id=run.id).open == 1
    assert "1 block could not go, or not as it should. Work it off" in text_of(author.get(page_url("import", run.id)))


def test_marking_nothing_is_told_with_the_way_back(author, run):
    url = page_url("work", run.id)
    here = f"http://testserver{url}"
    for came_from, back in ((here, [here]), ("https://elsewhere.example/", []), ("", [])):
        page = author.client.post(url, {"nums": ["x"]}, headers={"Referer": came_from})
        assert "Choose at least one entry" in text_of(page)
        assert dom(page).xpath("//main//a[.='Back']/@href") == back


def test_an_undo_shows_first_what_it_keeps(author, user, run):
    Author(LearningPackage.objects.get(package_ref=TARGET).id).edit("xblock.v1:html:t1")
    url = page_url("reversal", run.id, "undo")
    preview = author.get(url)
    assert "1 item stays as it is" in text_of(preview)
    assert "Keep" in names(preview)[0]
    assert "stays as it is" not in text_of(author.get(url, force="on"))
    author.post(page_url("do", run.id, "undo"))
    assert api.get_import(user=user, import_id=run.id).state is ImportState.UNDONE
    after = text_of(author.get(page_url("import", run.id)))
    assert "It was undone" in after
    assert "Restore" in text_of(author.get(page_url("reversal", run.id, "redo")))


def test_who_may_only_look_is_shown_no_button_that_would_be_refused(author_of, viewer, user, run):
    visitor = author_of(viewer)
    undo, item = page_url("reversal", run.id, "undo"), page_url("item", "lb:Acme:Target:html:t1")
    assert "rights that you do not have" in text_of(visitor.get(undo))
    for address in (undo, item, page_url("work", run.id), page_url("library", TARGET)):
        main = dom(visitor.get(address)).xpath("//main")[0]
        assert not main.xpath(".//form[@method='post']//button"), address
        assert not main.xpath(f".//a[contains(@href, '{undo}')]"), address


def test_an_item_tells_where_it_came_from(author, user, run):
    record = next(record for record in api.get_records(user=user, import_id=run.id) if record.usage_key.endswith("@t1"))
    page = author.get(page_url("item", record.item_key))
    assert "Tides" in text_of(page)
    assert f'href="{page_url("import", run.id)}"' in page.content.decode()
    assert dom(page).xpath("//nav[@class='crumbs']//a/@href") == [page_url("libraries"), page_url("library", TARGET)]
    assert "No import that you may see" in text_of(author.get(page_url("item", "lb:Acme:Target:html:other")))
    assert author.get(page_url("item", "nonsense")).status_code == 400


def test_the_result_leads_to_the_history_of_the_library(author, run):
    assert dom(author.get(page_url("import", run.id))).xpath(f"//main//a[@href='{page_url('library', TARGET)}']")
