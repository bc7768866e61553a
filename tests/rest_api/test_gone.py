"""What the source has lost, through the REST API."""

import pytest

from ..builders import KEY, TARGET, section, subsection, text, unit, write_course
from ..library_state import drafts, library_state
from .conftest import faults

P1, T2 = "lb:Acme:Target:problem:p1", "lb:Acme:Target:html:t2"


@pytest.fixture
def path(client, imported, courses) -> str:
    """An import of the small course that has lost all but its first text, staged."""
    write_course(courses / "c1", section("s1", subsection("b1", unit("u1", text("t1")))))
    made = client.post(
        "imports/", {"source_key": KEY, "library_key": TARGET, "options": {"on_conflict": "overwrite"}}, status=201
    )
    return f"imports/{made['id']}/"


def test_it_is_listed_page_by_page(client, path):
    found = client.get(f"{path}gone/", page_size=3)
    assert (found["count"], found["num_pages"], found["removed"], found["unknown"]) == (8, 3, 0, "")
    assert [item["kind"] for item in found["results"]] == ["section", "subsection", "unit"]
    last = client.get(f"{path}gone/", page_size=3, page=3)["results"][-1]
    assert (last["item_key"], last["outcome"], last["edited"], last["used_by"]) == (
        "lb:Acme:Target:problem:p2",
        "kept",
        False,
        [],
    )


def test_it_is_removed_and_told_of(client, path):
    assert client.patch(f"{path}gone/", {"remove": True}) == {"changed": 8}
    assert client.patch(f"{path}gone/", {"item_keys": [P1], "remove": False}) == {"changed": 1}
    plan = client.get(f"{path}plan/", page_size=1000)
    assert (plan["removes"], plan["counts"]["removed"], plan["counts"]["kept"]) == (7, 7, 1)
    assert plan["count"] == sum(plan["counts"].values())
    client.post(f"{path}complete/")
    assert client.get(path)["counts"] == plan["counts"]
    assert [record["item_key"] for record in client.get(f"{path}records/", outcome="kept")["results"]] == [P1]
    removed = client.get(f"{path}records/", outcome="removed", search="t2")["results"]
    assert [(record["item_key"], record["draft_before"], record["draft_after"]) for record in removed] == [
        (T2, 1, None)
    ]
    assert "xblock.v1:html:t2" not in drafts(library_state(TARGET))
    assert client.get(f"{path}undo/")["counts"] == {"restored": 7, "reverted": 2}


def test_items_that_are_not_gone_are_refused(client, path):
    for items in (["lb:Acme:Target:html:t1"], ["nothing"], []):
        errors = faults(client("PATCH", f"{path}gone/", {"item_keys": items, "remove": True}))
        assert all(field.startswith("item_keys") for field in errors), errors
    assert client("PATCH", f"{path}gone/", {}).status_code == 400
