"""The review: the tree, what filters leave of it, and what is changed there."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from import_from_modulestore import api, choices
from import_from_modulestore.data import Decision
from import_from_modulestore.hosts import get_host

from ..builders import block, section, subsection, text, unit, usage_key, write_course
from ..plans import plans_made
from .conftest import dom, page_url, text_of

T1, T2 = usage_key("html", "t1"), usage_key("html", "t2")


def rows(response) -> dict[str, dict[str, str]]:
    """Rows of the tree by the names of their blocks, as assistive technology is told of them."""
    found = {}
    for item in dom(response).xpath("//*[@role='treeitem'][.//*[contains(@class, 'name')]]"):
        name = item.xpath("string(.//*[contains(@class, 'name') and not(contains(@class, 'path'))])")
        found[name] = dict(item.attrib) | {"text": " ".join(item.text_content().split())}
    return found


@pytest.fixture
def again(course, run_import, stage, edit_in_library):
    """The course, imported, edited in the library, and staged again: two texts are conflicts."""
    run_import()
    edit_in_library("t1", "<p>Mine.</p>")
    edit_in_library("t2", "<p>Mine.</p>")
    return stage()


def test_the_tree_comes_unfolded_to_subsections(author, course, stage):
    run_id = stage()
    page = author.get(page_url("review", run_id))
    found = rows(page)
    assert list(found) == ["chapter s", "sequential b"]
    assert (found["chapter s"]["aria-level"], found["chapter s"]["aria-expanded"]) == ("1", "true")
    inner = found["sequential b"]
    assert (inner["aria-level"], inner["aria-posinset"], inner["aria-setsize"]) == ("2", "1", "1")
    assert (inner["aria-expanded"], inner["aria-checked"]) == ("false", "true")
    assert "New" in inner["text"] and "Create" in inner["text"]
    assert "7 Create" in text_of(page)


def test_what_is_below_a_block_comes_as_a_part(author, course, stage):
    run_id = stage()
    url = page_url("under", run_id)
    part = author.get(url, htmx=True, of=usage_key("vertical", "u1"), level=4)
    found = rows(part)
    assert list(found) == ["Text t1", "Problem p1"]
    assert (found["Problem p1"]["aria-level"], found["Problem p1"]["aria-posinset"]) == ("4", "2")
    assert "aria-expanded" not in found["Text t1"]


def test_without_scripts_a_branch_is_opened_by_its_address(author, course, stage):
    found = rows(author.get(page_url("review", stage()), at=usage_key("vertical", "u1")))
    assert list(found) == ["chapter s", "sequential b", "vertical u1", "vertical u2"]
    found = rows(author.get(page_url("review", stage()), at=T1))
    assert {"Text t1", "Problem p1"} <= found.keys()


@pytest.mark.at_gate
def test_many_children_come_in_parts(author, user, courses, library, stage):
    write_course(courses / "c1", section("s", subsection("b", *(unit(f"u{n}") for n in range(450)))))
    run_id = stage()
    of = usage_key("sequential", "b")
    part = author.get(page_url("under", run_id), htmx=True, of=of, level=3)
    assert len(rows(part)) == 200
    more = dom(part).xpath("//a[@class='more-link']")[0]
    assert more.text == "Show 200 more"
    last = author.get(more.get("href").replace("offset=200", "offset=400"), htmx=True)
    assert len(rows(last)) == 50
    assert not dom(last).xpath("//a[@class='more-link']")
    nums = [found.num for found in api.list_blocks(user=user, import_id=run_id, parent=of, limit=450).items]
    assert len(rows(author.get(page_url("under", run_id), htmx=True, of=of, level=3, until=nums[250]))) == 400


def test_a_block_is_left_out_and_that_is_taken_back(author, course, stage):
    url = page_url("review", stage())
    page = author.post(url, {"leave_out": usage_key("vertical", "u1")})
    assert "3 blocks are left out now." in text_of(page)
    assert rows(page)["chapter s"]["aria-checked"] == "mixed"
    change = dom(page).xpath("//button[@name='take_back']")[0].get("value")
    page = author.post(url, {"take_back": change})
    assert rows(page)["chapter s"]["aria-checked"] == "true"
    assert "as it was before" in text_of(page)


def test_htmx_is_told_what_was_done_and_that_the_plan_has_changed(author, course, stage):
    run_id = stage()
    answer = author.post(page_url("review", run_id), {"leave_out": T1}, htmx=True)
    assert answer["HX-Trigger"] == "plan-changed"
    assert "1 block is left out now." in text_of(answer)
    assert dom(answer).xpath("//button[@name='take_back']")
    assert "1 left out" in text_of(author.get(page_url("bar", run_id), htmx=True))


def test_rows_are_made_anew(author, user, course, stage):
    run_id = stage()
    api.select_blocks(user=user, import_id=run_id, usage_keys=[T1], selected=False)
    staged = api.get_import(user=user, import_id=run_id).staged.isoformat()
    answer = author.post(page_url("rows", run_id), {"num": ["0", "3"], "staged": staged}, htmx=True)
    assert [row["aria-checked"] for row in rows(answer).values()] == ["mixed", "false"]
    assert author.post(page_url("rows", run_id), {"num": "0", "staged": "x"}, htmx=True)["HX-Refresh"] == "true"


def test_conflicts_are_marked_counted_and_decided(author, user, again):
    url = page_url("review", again)
    page = author.get(url)
    assert "2 conflicts below" in rows(page)["sequential b"]["text"]
    found = rows(author.get(page_url("under", again), htmx=True, of=usage_key("vertical", "u1"), level=4))
    assert "Library changed" in found["Text t1"]["text"]
    assert "Skip" in found["Text t1"]["text"]
    author.post(url, {"key": T1, "do": "decide:overwrite"})
    details = api.get_block(user=user, import_id=again, usage_key=T1)
    assert details.block.own_decision is Decision.OVERWRITE
    page = author.post(url, {"key": usage_key("chapter", "s"), "do": "decide:fork", "below": "1"})
    assert "Fork" in rows(page)["sequential b"]["text"]
    refused = author.post(url, {"key": usage_key("problem", "p1"), "do": "decide:skip"})
    assert refused.status_code == 400
    assert "no conflict to decide" in text_of(refused)


@pytest.mark.parametrize("matching", ["", "?only=conflicts"])
def test_no_plan_is_made_while_a_decision_is_written(author, again, matching):
    with plans_made() as plans:
        author.post(
            page_url("review", again) + matching,
            {"matching": "on", "do": "decide:fork"} if matching else {"key": T1, "do": "decide:fork"},
            htmx=True,
        )
    assert plans == [0]


def test_nor_while_it_is_at_the_block(author, again):
    with plans_made() as plans:
        author.post(page_url("block", again, T1), {"do": "decide", "decision": "fork"}, htmx=True)
    assert plans == [0, 0]  # Before, to see what can be decided; and after, to show what comes of it.


def test_one_goes_to_the_next_conflict(author, again):
    url = page_url("conflict", again)
    answer = author.get(url, htmx=True, after=usage_key("problem", "p1"))
    assert "Conflict 2 of 2" in text_of(answer)
    going = json.loads(answer["HX-Trigger"])["go-to-block"]
    assert going["key"] == T2
    assert len(going["way"]) == 3
    assert author.get(url, before=T2).url.startswith(page_url("review", again) + "?at=block-v1")


def test_filters_leave_a_list_with_the_way_to_each(author, again):
    page = author.get(page_url("review", again), only="conflicts", block_type="html")
    found = rows(page)
    assert list(found) == ["Text t1", "Text t2"]
    assert "chapter s › sequential b › vertical u1" in found["Text t1"]["text"]
    assert "2 blocks match" in text_of(page)
    assert "No block is like that" in text_of(author.get(page_url("review", again), q="nothing"))
    assert author.get(page_url("review", again), only="odd").status_code == 404
    assert author.get(page_url("review", again), state="odd").status_code == 404


def test_all_that_match_are_changed_at_once(author, user, again):
    url = page_url("review", again) + "?only=conflicts&block_type=html"
    author.post(url, {"matching": "1", "do": "decide:overwrite"})
    assert api.get_summary(user=user, import_id=again).outcomes["updated"] >= 2
    page = author.post(url, {"matching": "1", "do": "leave_out"})
    assert "2 blocks are left out now." in text_of(page)
    assert author.post(page_url("review", again), {"matching": "1", "do": "leave_out"}).status_code == 404


def test_what_becomes_of_contents_is_chosen(author, user, courses, library, stage):
    write_course(courses / "c1", section("s", subsection("b", unit("u", block("itembank", "bank", "", text("t1"))))))
    run_id, bank = stage(), usage_key("itembank", "bank")
    found = author.get(page_url("under", run_id), htmx=True, of=usage_key("vertical", "u"), level=4)
    assert dom(found).xpath("//a[@data-menu='contents']")
    author.post(page_url("review", run_id), {"key": bank, "do": "contents:unit"})
    assert api.get_block(user=user, import_id=run_id, usage_key=bank).block.own_contents == "unit"


def test_what_is_gone_is_the_last_of_the_tree(author, user, courses, course, run_import, stage):
    run_import()
    write_course(courses / "c1", section("s", subsection("b", unit("u1", text("t1")))))
    run_id = stage(on_conflict=Decision.OVERWRITE)
    page = author.get(page_url("review", run_id))
    assert list(rows(page))[-1] == "Gone from the source"
    part = author.get(page_url("under", run_id), htmx=True, of="gone")
    assert list(rows(part)) == ["vertical u2", "Text t2", "Problem p1"]
    assert list(rows(author.get(page_url("review", run_id), at="gone")))[-1] == "Problem p1"
    item = dom(part).xpath("//button[@name='remove']")[-1].get("value")
    author.post(page_url("review", run_id), {"remove": item})
    assert api.list_gone(user=user, import_id=run_id).removed == 1
    author.post(page_url("review", run_id), {"keep": "*"})
    assert api.list_gone(user=user, import_id=run_id).removed == 0


@pytest.mark.parametrize(("limit", "is_blocked"), [(100, False), (3, True)])
def test_what_blocks_the_import_is_said(author, course, stage, monkeypatch, limit, is_blocked):
    monkeypatch.setattr(type(get_host()), "block_limit", lambda _host, _key: limit)
    page = author.get(page_url("review", stage()))
    button = dom(page).xpath("//div[@id='bar']//button[normalize-space()='Import']")[0]
    assert ("disabled" in button.attrib) is is_blocked
    assert ("more than its limit" in text_of(page)) is is_blocked


def test_who_may_only_look_changes_nothing(author_of, reviewer, user, course, stage):
    run_id = stage()
    looking = author_of(reviewer)
    assert looking.get(page_url("review", run_id)).status_code == 200
    assert looking.post(page_url("review", run_id), {"leave_out": T1}).status_code == 403
    assert api.list_blocks(user=user, import_id=run_id, selected=False).total == 0


def test_a_click_that_comes_too_late_is_told_why(author, user, course, stage):
    run_id = stage()
    api.complete_import(user=user, import_id=run_id)
    answer = author.post(page_url("review", run_id), {"leave_out": T1}, htmx=True)
    assert answer["HX-Retarget"] == "#messages"
    assert "the import is completed" in text_of(answer)
    assert author.get(page_url("review", run_id)).status_code == 409


def test_choices_go_to_another_import_by_a_file(author, user, course, stage):
    first = stage()
    api.select_blocks(user=user, import_id=first, usage_keys=[T1], selected=False)
    document = choices.as_text(api.export_choices(user=user, import_id=first))
    second = page_url("review", stage())
    page = author.post(second, {"choices": SimpleUploadedFile("choices.json", document.encode())})
    assert "1 block is other now." in text_of(page)
    assert rows(page)["sequential b"]["aria-checked"] == "mixed"
    page = author.post(second, {"do": "as_last_time:none"})
    assert rows(page)["sequential b"]["aria-checked"] == "true"
    refused = author.post(second, {"choices": SimpleUploadedFile("choices.json", b"{")})
    assert refused.status_code == 400


def test_a_choice_that_there_is_not_is_not_there(author, course, stage):
    url = page_url("review", stage())
    for odd in ({}, {"do": "odd"}, {"do": "decide:odd", "key": T1}, {"do": "contents:odd", "key": T1}):
        assert author.post(url, odd).status_code == 404


@pytest.fixture
def staged_course(courses, stage):
    """Stage a course of so many blocks: ``staged_course(3_000)``."""

    def staged(blocks: int) -> str:
        per_section = 60
        write_course(
            courses / "c1",
            *(
                section(
                    f"s{n}",
                    *(
                        subsection(f"b{n}x{m}", *(unit(f"u{n}x{m}x{k}", text(f"t{n}x{m}x{k}")) for k in range(7)))
                        for m in range(4)
                    ),
                )
                for n in range(max(1, blocks // per_section))
            ),
        )
        return stage()

    return staged


@pytest.mark.parametrize("blocks", [60, 600, pytest.param(3_000, marks=pytest.mark.slow)])
def test_each_part_costs_the_same_however_large_the_course(
    author, staged_course, blocks, django_assert_max_num_queries
):
    run_id = staged_course(blocks)
    whole = {"whole": "1"}
    for url, query, htmx, most in (
        (page_url("review", run_id), whole, False, 52),
        (page_url("review", run_id), whole, False, 42),
        (page_url("review", run_id), {"q": "text"}, True, 24),
        (page_url("bar", run_id), {}, True, 20),
        (page_url("under", run_id), {"of": usage_key("sequential", "b0x0"), "level": 3}, True, 22),
        (page_url("conflict", run_id), {}, True, 20),
    ):
        with django_assert_max_num_queries(most):
            page = author.get(url, htmx=htmx, **query)
        assert page.status_code == 200 or "conflict" in url
        assert len(page.content) <= 100_000


@pytest.mark.at_gate
def test_a_large_course_is_shown_before_its_tree_is(author, staged_course, django_assert_max_num_queries):
    run_id = staged_course(1_200)
    with django_assert_max_num_queries(8):
        page = author.get(page_url("review", run_id))
    place = dom(page).xpath("//*[@id='tree-place']")[0]
    assert place.get("hx-trigger") == "load"
    part = author.get(place.get("hx-get"), htmx=True)
    assert len(rows(part)) == 20 + 4 * ((90 - 20) // 4)
    assert re.search(r'url=[^"]*whole=1', page.content.decode())
