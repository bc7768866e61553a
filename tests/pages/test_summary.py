"""The page about a staged import: what would happen, in numbers, each a way into the review."""

from __future__ import annotations

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Decision
from import_from_modulestore.pages import staged

from ..builders import block, problem, section, subsection, text, unit, usage_key, write_course
from .conftest import dom, page_url, text_of


def course(*components):
    return section("s", subsection("b", unit("u", *components)))


def numbers(page) -> dict[str, str]:
    """The numbers of the summary, and which of the review's blocks each shows."""
    told = {}
    for item in dom(page).xpath("//ul[@class='sums']/li"):
        [link] = item.xpath(".//a/@href") or [""]
        told[" ".join(item.text_content().split())] = link.partition("?")[2]
    return told


def test_says_how_much_can_go_and_what_cannot_and_why(author, courses, library, stage):
    bank = block("itembank", "bank", "", text("inner"))
    write_course(courses / "c1", course(text("t1"), bank, block("problem", "bad", "<p>")))
    said = text_of(author.get(page_url("import", stage())))
    assert "57% can go into the library" in said
    assert "4 of 7 blocks" in said
    assert "1 × itembank A library cannot hold a component that contains other blocks." in said
    assert "1 × problem" in said
    assert "1 block inside stays behind as well." in said


def test_each_number_leads_to_its_blocks(author, user, courses, run_import, stage):
    write_course(courses / "c1", course(text("t1"), problem("p1"), text("t2"), text("t3")))
    run_import()
    image = '<p><img src="/static/lost.png"></p>'
    write_course(courses / "c1", course(text("t1", "<p>Other.</p>"), problem("p1"), text("t4", image), text("t3")))
    run_id = stage(on_conflict=Decision.OVERWRITE)
    api.edit_block(user=user, import_id=run_id, usage_key=usage_key("html", "t3"), title="Edited")
    found = numbers(author.get(page_url("import", run_id)))
    assert {"1 new", "1 gone from the source", "1 edited", "1 with warnings", "1 with files missing"} <= set(found)
    for query in filter(None, found.values()):
        assert author.get(f"{page_url('review', run_id)}?{query}").status_code == 200
    assert "Update" in text_of(author.get(page_url("import", run_id)))


def test_what_cannot_be_written_is_said_and_not_offered(author, user, courses, library, stage, settings):
    write_course(courses / "c1", course(text("t1")))
    settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 2
    page = author.get(page_url("import", stage()))
    assert "It cannot be imported like this:" in text_of(page)
    assert not dom(page).xpath("//button[.='Import']")


def test_a_large_plan_comes_after_the_page(author, courses, library, stage, monkeypatch):
    write_course(courses / "c1", course(text("t1")))
    run_id = stage()
    monkeypatch.setattr(staged, "MAX_AT_ONCE", 2)
    page = author.get(page_url("import", run_id))
    [address] = dom(page).xpath("//div[@hx-trigger='load']/@hx-get")
    assert not numbers(page)
    assert numbers(author.get(address, htmx=True))
    assert numbers(author.client.get(address, follow=True))  # Without htmx.


def test_who_may_not_read_the_source_is_told_so(author_of, viewer, courses, library, stage):
    write_course(courses / "c1", course(text("t1")))
    page = author_of(viewer).get(page_url("import", stage()))
    assert page.status_code == 200
    assert "You may not read course-v1:Acme+C1+R1." in text_of(page)


def test_it_can_be_staged_anew(author, courses, library, stage):
    write_course(courses / "c1", course(text("t1")))
    run_id = stage()
    write_course(courses / "c1", course(text("t1"), text("t2")))
    assert "5 of 5 blocks" in text_of(author.post(page_url("do", run_id, "stage")))


@pytest.mark.parametrize("blocks", [3, 200])
def test_costs_the_same_whatever_there_is(author, courses, library, stage, blocks, django_assert_max_num_queries):
    write_course(courses / "c1", course(*(text(f"t{number}") for number in range(blocks))))
    run_id = stage()
    with django_assert_max_num_queries(17):
        page = author.get(page_url("import", run_id))
    assert len(page.content) < 30_000
