"""What is inside components that a library cannot hold, over HTTP."""

import pytest

from ..builders import KEY, TARGET, block, problem, section, subsection, text, unit, usage_key, write_course

BANK = usage_key("itembank", "bank")


@pytest.fixture
def made(client, courses, library):
    """An import, with what is inside left out."""
    bank = block("itembank", "bank", "", problem("q1"), block("problem", "q2", "<p>Why two?</p>"), display_name="Tides")
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t"), bank))))
    return client.post("imports/", {"source_key": KEY, "library_key": TARGET}, status=201)


def test_is_chosen_of_one_or_many_planned_written_and_told(client, made):
    path = f"imports/{made['id']}/"
    listed = client.get(f"{path}blocks/?block_type=problem")["results"]
    assert [(found["name"], found["left_with"], found["outcome"]) for found in listed] == [
        ("Problem q1", 4, None),
        ("“Why two?”", 4, None),
    ]
    changed = client("PATCH", f"{path}blocks/", {"usage_keys": [usage_key("chapter", "s")], "contents": "unit"}).json()
    assert (changed["selected"], changed["decided"], changed["chosen"]) == (None, None, 1)
    found = client("PATCH", f"{path}blocks/{BANK}/", {"contents": "collection"}).json()["block"]
    assert (found["own_contents"], found["contents"], found["outcome"]) == ("collection", "collection", "unsupported")
    assert found["collection_title"] == "Tides"
    (planned,) = [item for item in client.get(f"{path}plan/")["results"] if item["usage_key"] == BANK]
    assert (planned["inner"], planned["left_out"]) == (["problem:q1", "problem:q2"], [])

    client.post(f"{path}complete/")
    records = {record["usage_key"]: record for record in client.get(f"{path}records/")["results"]}
    assert (records[BANK]["contents"], records[BANK]["contents_collection"]) == ("collection", "tides")
    question = records[usage_key("problem", "q2")]
    assert (question["inside"], question["title"], question["name"]) == (["Tides"], "Blank Problem", "“Why two?”")


def test_a_choice_that_cannot_be_is_refused(client, made):
    path = f"imports/{made['id']}/blocks/"
    for key, contents in ((usage_key("html", "t"), "unit"), (BANK, "somewhere")):
        answer = client("PATCH", f"{path}{key}/", {"contents": contents})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "contents")
