"""The page of a batch: how far each import is, live, and what can be done with all of them."""

from __future__ import annotations

import shutil

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from import_from_modulestore import api
from import_from_modulestore.data import Action, SourceReference

from ..builders import TARGET, section, subsection, text, unit
from ..examples import size
from ..shelves import key_of, write_courses, write_one
from .conftest import dom, page_url, text_of

FORM = {"library": TARGET, "publish": "on", "as_last_time": "on"}


@pytest.fixture
def made(author, user, courses, library):
    """A batch of so many courses, begun on the pages: ``made(3)`` gives its ID."""

    def begin(count: int = 3) -> str:
        write_courses(courses, count)
        author.post(page_url("options"), FORM | {"source": [key_of(number) for number in range(count)]})
        return api.list_batches(user=user).items[0].id

    return begin


def badges(page) -> list[str]:
    return [" ".join(each.text_content().split()) for each in dom(page).xpath("//ul[@class='tally']/li")]


def test_several_that_are_chosen_become_one(author, made, user):
    batch = made(3)
    page = author.get(page_url("batch", batch))
    assert badges(page) == ["3 Staged"]
    runs = api.get_batch(user=user, batch_id=batch).imports
    links = dom(page).xpath("//main//ul[contains(@class, 'rows')]//a[@class='name']/@href")
    assert links == [page_url("import", run.id) for run in runs]
    assert [run.options.collection.title for run in runs] == ["Course 00", "Course 01", "Course 02"]
    assert not dom(page).xpath("//*[@id='batch']/@hx-trigger")
    assert page_url("batch", batch) in dom(author.get(page_url("batches"))).xpath("//main//a/@href")
    assert page_url("batch", batch) in dom(author.get(page_url("import", runs[0].id))).xpath("//nav//a/@href")


def test_it_is_live_while_something_is_under_way(author, made, user):
    batch = made(2)
    api.start_batch_step(user=user, batch_id=batch, action=Action.COMPLETE)
    part = author.get(page_url("batch", batch), htmx=True)
    assert dom(part).get("hx-trigger") == "every 2s"
    assert "0 of 2 are done." in text_of(part)
    assert "waits for its turn" in text_of(part)


def test_all_are_completed_undone_and_redone(author, made, user):
    batch = made(2)
    page = author.post(page_url("batch_do", batch, "complete"))
    assert (badges(page)[0], "Complete: asked of 2 imports." in text_of(page)) == ("2 Imported", True)
    preview = author.get(page_url("batch_reversal", batch, "undo"))
    assert text_of(preview).index("Course 01") < text_of(preview).index("Course 00")
    assert "2 Undone" in badges(author.post(page_url("batch_do", batch, "undo")))
    assert "2 Imported" in badges(author.post(page_url("batch_do", batch, "redo")))


def test_what_would_be_kept_is_named_at_its_import(author, made, edit_in_library):
    batch = made(2)
    author.post(page_url("batch_do", batch, "complete"))
    edit_in_library("t1", "<p>Mine.</p>")
    said = text_of(author.get(page_url("batch_reversal", batch, "undo")))
    assert "Text t1: It was edited in the library since." in said
    forced = author.get(page_url("batch_reversal", batch, "undo"), force="on")
    assert "stays as it is" not in text_of(forced)
    assert dom(forced).xpath("//form[@method='post']//input[@name='force']")


def test_what_has_something_to_decide_waits_unless_it_is_left_to_the_options(author, made, courses, user):
    author.post(page_url("batch_do", made(2), "complete"))
    write_one(courses, 1, section("s1", subsection("b1", unit("u1", text("t1", "<p>Other.</p>")))))
    sources = [SourceReference(key_of(number)) for number in range(2)]
    batch = api.create_batch(user=user, sources=sources, library_key=TARGET).id
    author.post(page_url("batch_do", batch, "stage"))
    page = author.get(page_url("batch", batch))
    said = text_of(page)
    assert "Import 1 that has nothing to decide" in said
    assert "1 to decide" in said
    page = author.post(page_url("batch_do", batch, "complete"))
    assert badges(page)[:2] == ["1 Staged", "1 Imported"]
    page = author.post(page_url("batch_do", batch, "complete"), {"undecided": "on"})
    assert badges(page)[0] == "2 Imported"


def test_what_a_review_has_changed_since_is_not_said_to_have_nothing_to_decide(author, made, courses, user):
    author.post(page_url("batch_do", made(2), "complete"))
    texts = [text(name, "<p>Other.</p>") for name in ("t0", "t1")]
    write_one(courses, 1, section("s1", subsection("b1", unit("u1", *texts))))
    batch = api.create_batch(user=user, sources=[SourceReference(key_of(1))], library_key=TARGET)
    author.post(page_url("batch_do", batch.id, "stage"))
    assert "3 to decide" in text_of(author.get(page_url("batch", batch.id)))  # The unit holds one more.
    run = batch.imports[0].id
    [first, *_others] = api.list_blocks(user=user, import_id=run, conflicts=True, block_type="html").items
    author.post(page_url("block", run, first.usage_key), {"do": "decide", "decision": "skip"})
    assert "Import 1, unless something is left to decide" in text_of(author.get(page_url("batch", batch.id)))
    page = author.post(page_url("batch_do", batch.id, "complete"))
    assert "2 to decide" in text_of(page)


def test_one_that_failed_says_why_and_is_retried_alone_or_with_all(author, made, courses, user):
    batch = made(3)
    for number in (0, 1):
        shutil.rmtree(courses / f"x{number:02}")
    sources = [SourceReference(key_of(2))]
    assert api.create_batch(user=user, sources=sources, library_key=TARGET)
    for number in (0, 1):
        write_one(courses, number)
    again = api.create_batch(
        user=user, sources=[SourceReference(key_of(number)) for number in range(2)], library_key=TARGET
    )
    for number in (0, 1):
        shutil.rmtree(courses / f"x{number:02}")
    page = author.post(page_url("batch_do", again.id, "stage"))
    assert "There is no export x00" in text_of(page)
    for number in (0, 1):
        write_one(courses, number)
    page = author.post(page_url("batch_do", again.id, "retry"), {"import": again.imports[1].id})
    assert badges(page) == ["1 Staging failed", "1 Staged"]
    assert badges(author.post(page_url("batch_do", again.id, "retry"))) == ["2 Staged"]
    assert badges(author.post(page_url("batch_do", again.id, "cancel"))) == ["2 Canceled"]
    assert api.get_batch(user=user, batch_id=batch).states == {"staged": 3}


def test_who_may_only_look_has_no_buttons(author, author_of, viewer, made):
    batch = made(2)
    visitor = author_of(viewer)
    assert not dom(visitor.get(page_url("batch", batch))).xpath("//main//button")
    author.post(page_url("batch_do", batch, "complete"))
    preview = visitor.get(page_url("batch_reversal", batch, "undo"))
    assert "rights that you do not have" in text_of(preview)
    assert not dom(preview).xpath("//main//button")


def test_who_may_not_is_told_nothing(author_of, stranger, made):
    batch = made(2)
    assert author_of(stranger).get(page_url("batch", batch)).status_code == 404
    assert author_of(stranger).get(page_url("batch_reversal", batch, "undo")).status_code == 404
    assert "Nothing yet" in text_of(author_of(stranger).get(page_url("batches")))


@pytest.mark.at_gate
def test_costs_the_same_whatever_its_size(author, made):
    def cost(batch: str) -> tuple[int, int]:
        author.get(page_url("batch", batch))
        found = []
        for htmx in (False, True):
            with CaptureQueriesContext(connection) as statements:
                page = author.get(page_url("batch", batch), htmx=htmx)
            found.append(len(statements))
        assert len(page.content) < 120_000
        return found[0], found[1]

    assert cost(made(2)) == cost(made(size(50, 15)))
