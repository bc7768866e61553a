"""What could not go, over HTTP."""

import pytest

from ..builders import section, subsection, text, unit, write_course
from .conftest import faults


@pytest.fixture
def imported(courses, run_import) -> str:
    photos = (text(f"t{num}", f'<img src="/static/{num}.png"/>') for num in range(3))
    write_course(courses / "c1", section("s", subsection("b", unit("u", *photos))))
    return run_import()[0].id


def test_is_listed_and_marked(client, imported):
    path = f"imports/{imported}/work/"
    page = client.get(path, page_size=2)
    assert (page["count"], page["open"], len(page["results"])) == (3, 3, 2)
    entry = page["results"][0]
    assert (entry["reasons"], entry["is_open"], entry["done"], entry["done_by"]) == (["files_missing"], True, None, "")
    nums = [each["record"]["num"] for each in page["results"]]
    assert client.patch(path, {"nums": nums, "done": True}) == {"changed": 2}
    assert client.patch(path, {"nums": nums[:1], "done": False}) == {"changed": 1}
    found = {done: client.get(path, done=done) for done in ("true", "false")}
    assert {done: (page["count"], page["open"]) for done, page in found.items()} == {"true": (1, 2), "false": (2, 2)}
    assert found["true"]["results"][0]["done_by"] == "ada"


def test_an_entry_that_is_not_on_the_list_is_refused_by_name(client, imported):
    response = client("PATCH", f"imports/{imported}/work/", {"nums": [999], "done": True})
    assert faults(response) == {"nums": "Not on the work list of this import: 999."}


def test_of_what_is_undone_nothing_is_marked(client, imported):
    client.post(f"imports/{imported}/undo/")
    assert client.get(f"imports/{imported}/work/")["count"] == 0
    response = client("PATCH", f"imports/{imported}/work/", {"nums": [3], "done": True})
    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")
