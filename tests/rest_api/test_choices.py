"""What a review says as a whole, over HTTP."""

import json

import pytest

from import_from_modulestore import choices
from import_from_modulestore.models import StagedBlock

from ..builders import KEY, TARGET, small_course, usage_key, write_course

T1 = usage_key("html", "t1")
UNIT = usage_key("vertical", "u1")
OTHER = "course-v1:Acme+C1+R2"


@pytest.fixture
def start(client, courses, library):
    """Start an import of a run of the course with these options: gives its ID."""
    write_course(courses / "c1", *small_course())
    write_course(courses / "c2", *small_course(), run="R2")

    def start(source: str = KEY, **options) -> str:
        body = {"source_key": source, "library_key": TARGET, "options": options}
        return client.post("imports/", body, status=201)["id"]

    return start


@pytest.fixture
def reviewed(client, start):
    """An import with a text left out, and a unit edited."""
    run = start()
    client.patch(f"imports/{run}/blocks/{T1}/", {"selected": False})
    client.patch(f"imports/{run}/blocks/{UNIT}/", {"title": "The Moon"})
    return run


def test_go_to_another_run_of_the_course(client, start, reviewed):
    document = client.get(f"imports/{reviewed}/choices/")
    assert [block["block_id"] for block in document["blocks"]] == ["u1", "t1"]
    other = start(OTHER)
    document["blocks"].append({"block_type": "html", "block_id": "t9", "selected": False})
    assert client.post(f"imports/{other}/choices/", document, status=200) == {
        "changed": 2,
        "unapplied": [
            {
                "block_type": "html",
                "block_id": "t9",
                "showing": 0,
                "why": "no_block",
                "reason": "The source has no such block.",
            }
        ],
    }
    found = client.get(f"imports/{other}/blocks/", as_last_time="true")["results"]
    assert [(each["title"], each["selected"], each["choices_from"]) for each in found] == [
        ("The Moon", True, reviewed),
        ("Text t1", False, reviewed),
    ]


def test_can_all_be_taken_as_last_time_or_not(client, start, reviewed):
    client.post(f"imports/{reviewed}/complete/")
    again = start(as_last_time=False)
    assert client.patch(f"imports/{again}/choices/", {"as_last_time": True}) == {"changed": 2}
    assert client.get(f"imports/{again}/blocks/", as_last_time="true")["count"] == 2
    assert client.patch(f"imports/{again}/choices/", {"as_last_time": False}) == {"changed": 2}
    assert client.get(f"imports/{again}/blocks/", as_last_time="true")["count"] == 0


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"version": 2, "blocks": []}, "version"),
        ({"version": 1, "blocks": [{"block_type": "html", "block_id": "t1", "selected": "no"}]}, "blocks.0.selected"),
        ({"version": 1, "blocks": [{"block_type": "html", "block_id": "t1", "selected": False}] * 2}, "blocks.1"),
        ([], None),
    ],
)
def test_that_are_not_as_they_should_be_change_nothing(client, start, document, field):
    run = start()
    answer = client.post(f"imports/{run}/choices/", document, status=400)
    assert answer["code"] == "invalid_request"
    assert [error.get("field") for error in answer["errors"]] == [field]
    assert not StagedBlock.objects.filter(selected=False).exists()


def test_that_nest_deeply_are_refused(client, start):
    deep: list = []
    for _ in range(900):
        deep = [deep]
    client.post(f"imports/{start()}/choices/", {"version": 1, "blocks": [{"block_type": deep}]}, status=400)


def test_are_described_by_the_schema_of_the_package(client):
    described = client.get("schema/", format="json")
    operation = next(path for name, path in described["paths"].items() if name.endswith("/choices/"))
    for schema in (
        operation["get"]["responses"]["200"]["content"]["application/json"]["schema"],
        operation["post"]["requestBody"]["content"]["application/json"]["schema"],
    ):
        assert json.loads(json.dumps(schema)) == choices.plain_schema()
