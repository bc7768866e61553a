"""Merging over REST."""

import pytest

from ..builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from .conftest import answer

BLOCK = usage_key("html", "t")


@pytest.fixture
def merging(client, courses, library, run_import, edit_in_library) -> str:
    """The address of an import that merges a text in which both sides have changed a paragraph."""

    def course(body: str) -> None:
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("t", body)))))

    course("<p>One</p>")
    run_import()
    edit_in_library("t", "<p>1</p>")
    course("<p>I</p>")
    made = client.post(
        "imports/", {"source_key": KEY, "library_key": TARGET, "options": {"on_conflict": "merge"}}, status=201
    )
    return f"imports/{made['id']}/"


def test_pieces_are_shown_and_chosen(client, merging, state):
    assert client.get(f"{merging}plan/")["blockers"] != []
    found = client.get(f"{merging}blocks/{BLOCK}/")
    assert found["block"]["outcome"] == "needs_you"
    assert found["pieces"] == [
        {"name": "body:1", "base": "<p>One</p>", "library": "<p>1</p>", "source": "<p>I</p>", "choice": None}
    ]
    choice = {"name": "body:1", "take": "edit", "text": "<p>Both</p>"}
    found = client.patch(f"{merging}blocks/{BLOCK}/", {"pieces": [choice]})
    assert found["pieces"][0]["choice"] == {"take": "edit", "text": "<p>Both</p>"}
    assert "<p>Both</p>" in found["merged_olx"]
    client.post(f"{merging}complete/")
    assert b"<p>Both</p>" in state()["items"]["xblock.v1:html:t"]["draft"]["files"]["block.xml"]


def test_a_choice_is_taken_back(client, merging):
    client.patch(f"{merging}blocks/{BLOCK}/", {"pieces": [{"name": "body:1", "take": "source"}]})
    found = client.patch(f"{merging}blocks/{BLOCK}/", {"pieces": [{"name": "body:1", "take": None}]})
    assert found["pieces"][0]["choice"] is None


def test_what_cannot_be_chosen(client, merging):
    status, problem = answer(
        client("PATCH", f"{merging}blocks/{BLOCK}/", {"pieces": [{"name": "title", "take": "source"}]})
    )
    assert status in (400, 409, 422)
    assert "No such piece needs you: title" in str(problem)
