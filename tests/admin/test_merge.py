"""Merging in the admin."""

import pytest

from import_from_modulestore.models import StagedBlock

from ..builders import section, subsection, text, unit, usage_key, write_course
from .conftest import messages_of, text_of, url


@pytest.fixture
def page(start, pages, courses, edit_in_library) -> str:
    """The page of a text in which both sides have changed a paragraph, in an import that merges."""

    def course(body: str) -> None:
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("t", body)))))

    course("<p>One</p>")
    pages.do("complete", start())
    edit_in_library("t", "<p>1</p>")
    course("<p>I</p>")
    run = start(on_conflict="merge")
    return url("import", "block", run.pk, usage_key("html", "t"))


def test_pieces_are_shown_and_chosen(page, pages):
    shown = text_of(pages.get(page))
    assert "Merge needs you" in shown
    assert "body:1" in shown
    answer = pages.post(page, do="pieces", **{"take body:1": "edit", "text body:1": "<p>Both</p>"})
    assert messages_of(answer) == ["The pieces of the merge are chosen."]
    block = StagedBlock.objects.exclude(merge_choices={}).get()
    assert block.merge_choices["pieces"] == {"body:1": {"take": "edit", "text": "<p>Both</p>"}}
    shown = text_of(pages.get(page))
    assert "Update" in shown
    assert "<p>Both</p>" in shown.partition("What the merge comes to")[2]


def test_the_body_as_a_whole_is_chosen_and_taken_back(page, pages):
    shown = text_of(pages.get(page))
    assert "Or the body as a whole" in shown
    pages.post(page, do="pieces", **{"take body:1": "", "take body": "edit", "text body": "<p>All</p>"})
    block = StagedBlock.objects.exclude(merge_choices={}).get()
    assert block.merge_choices["pieces"] == {"body": {"take": "edit", "text": "<p>All</p>"}}
    shown = text_of(pages.get(page))
    assert "Or the body as a whole" not in shown
    pages.post(page, do="pieces", **{"take body": ""})
    assert "Merge needs you" in text_of(pages.get(page))
    assert not StagedBlock.objects.exclude(merge_choices={}).exists()


def test_the_parts_stand_where_the_whole_is_not_chosen(page, pages):
    pages.post(page, do="pieces", **{"take body:1": "source", "take body": "", "text body": "<p>All</p>"})
    block = StagedBlock.objects.exclude(merge_choices={}).get()
    assert block.merge_choices["pieces"] == {"body:1": {"take": "source", "text": ""}}
