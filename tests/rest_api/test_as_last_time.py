"""What the last review has said of a source's blocks, over HTTP."""

import pytest

from ..builders import KEY, TARGET, small_course, usage_key, write_course

BLOCK = usage_key("html", "t1")
UNIT = usage_key("vertical", "u1")


@pytest.fixture
def start(client, courses, library):
    """Start an import with these options: gives its data."""
    write_course(courses / "c1", *small_course())
    body = {"source_key": KEY, "library_key": TARGET}
    return lambda **options: client.post("imports/", body | {"options": options}, status=201)


def test_is_what_the_next_one_begins_with_unless_that_is_left_off(client, start):
    first = start()["id"]
    client.patch(f"imports/{first}/blocks/{BLOCK}/", {"selected": False})
    client.patch(f"imports/{first}/blocks/{UNIT}/", {"title": "The Moon"})
    client.post(f"imports/{first}/complete/")

    again, anew = start(), start(as_last_time=False)
    assert (again["options"]["as_last_time"], anew["options"]["as_last_time"]) == (True, False)
    found = client.get(f"imports/{again['id']}/blocks/", as_last_time="true")["results"]
    assert [(each["usage_key"], each["selected"], each["choices_from"]) for each in found] == [
        (UNIT, True, first),
        (BLOCK, False, first),
    ]
    assert client.get(f"imports/{anew['id']}/blocks/", as_last_time="true")["results"] == []

    client.post(f"imports/{again['id']}/complete/")
    records = client.get(f"imports/{again['id']}/records/")["results"]
    assert [(record["usage_key"]) for record in records if record["choices_from"] == first] == [UNIT]
    assert [record["choices_from"] for record in client.get("where/", usage_key=UNIT)["results"]] == [first, ""]
