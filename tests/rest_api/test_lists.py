"""Lists: pages, filters, and their cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ..builders import (
    KEY,
    TARGET,
    section,
    small_course,
    subsection,
    text,
    unit,
    usage_key,
    write_course,
    write_library,
)
from .conftest import faults


def test_lists_come_in_pages(client, staged):
    blocks = f"imports/{staged}/blocks/"
    first = client.get(blocks, page_size=5)
    assert {name: first[name] for name in ("count", "num_pages", "current_page", "start", "previous")} == {
        "count": 12,
        "num_pages": 3,
        "current_page": 1,
        "start": 0,
        "previous": None,
    }
    second = client.http.get(first["next"]).json()
    assert [block["num"] for block in second["results"]] == [5, 6, 7, 8, 9]
    assert client.http.get(second["previous"]).json() == first


def test_a_page_beyond_the_last_is_not_there(client, staged):
    response = client("GET", "imports/", query={"page": 2})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", [{"page": 0}, {"page": "last"}, {"page": 10**30}, {"page_size": 1001}])
def test_a_page_that_cannot_be_is_refused_by_name(client, query):
    assert set(faults(client("GET", "imports/", query=query), "parameter")) == set(query)


BLOCKS = [
    ({"top": "true"}, ["s1", "s2"]),
    ({"parent": usage_key("chapter", "s1")}, ["b1"]),
    ({"kind": "unit"}, ["u1", "u2", "u3"]),
    ({"block_type": "problem"}, ["p1", "p2"]),
    ({"state": "source_changed"}, ["t1"]),
    ({"state": ["source_changed", "unchanged"], "block_type": "html"}, ["t1", "t2", "t3"]),
    ({"outcome": "skipped"}, ["t1"]),
    ({"conflicts": "true"}, ["t1"]),
    ({"search": "TEXT T2"}, ["t2"]),
    ({"selected": "true", "kind": "section"}, ["s1", "s2"]),
    ({"selected": "false"}, []),
    ({"edited": "true"}, []),
]


def test_blocks_are_found_by(client, staged):
    for query, found in BLOCKS:
        assert _names(client.get(f"imports/{staged}/blocks/", **query)) == found, query


def test_blocks_are_found_by_what_a_reviewer_did(client, staged):
    path = f"imports/{staged}/blocks/"
    client.patch(path, {"usage_keys": [usage_key("sequential", "b2")], "selected": False})
    client.patch(f"{path}{usage_key('vertical', 'u1')}/", {"title": "Another"})
    assert _names(client.get(path, selected="false")) == ["b2", "u3", "p2", "t3"]
    assert _names(client.get(path, edited="true")) == ["u1"]


def test_sources_come_by_title_and_say_when_they_were_last_imported(client, imported, courses):
    write_library(courses / "l1", title="Zoo")
    (courses / "broken.zip").write_bytes(b"")
    run = client.get(f"imports/{imported}/")
    [first, second, broken] = client.get("sources/", counted="false")["results"]
    assert first["last_import"] == {
        "id": imported,
        "library_key": TARGET,
        "library_title": "Target",
        "finished": run["finished"],
    }
    assert (first["block_count"], second["title"], second["last_import"]) == (0, "Zoo", None)
    assert broken["problem"]
    client.post(f"imports/{imported}/undo/", {}, status=202)
    assert client.get("sources/")["results"][0]["last_import"] is None


def test_libraries_that_one_may_change_are_found_and_whether_one_may_make_more(client, client_of, editor, viewer):
    assert client.get("libraries/", editable="true")["may_create"]
    for person, found in ((editor, [TARGET]), (viewer, [])):
        page = client_of(person).get("libraries/", editable="true")
        assert ([library["key"] for library in page["results"]], page["may_create"]) == (found, False)


IMPORTS = [
    ({}, 2),
    ({"source_key": KEY}, 2),
    ({"source_key": "course-v1:Acme+Other+R1"}, 0),
    ({"library_key": TARGET, "state": "staged"}, 1),
    ({"state": ["staged", "imported"]}, 2),
    ({"group": "running"}, 0),
    ({"group": "ended"}, 1),
    ({"created_after": "2026-01-01T00:00:00Z"}, 2),
    ({"created_before": "2026-01-01T00:00:00Z"}, 0),
    ({"username": "ada"}, 2),
    ({"username": "eve"}, 0),
    ({"search": "acme+c1"}, 2),
    ({"search": "nothing"}, 0),
]


def test_imports_are_found_by(client, staged):
    for query, found in IMPORTS:
        assert client.get("imports/", **query)["count"] == found, query


def test_imports_come_in_an_order(client, staged, imported):
    ids = lambda **query: [found["id"] for found in client.get("imports/", **query)["results"]]  # noqa: E731
    assert ids() == ids(ordering="-created") == ids(ordering="finished") == [staged, imported]
    assert ids(ordering="created") == ids(ordering="-finished") == [imported, staged]
    assert "is not one of created, -created" in faults(client("GET", "imports/?ordering=id"), "parameter")["ordering"]


def test_records_are_found_by_outcome_and_text(client, imported):
    assert client.get(f"imports/{imported}/records/", outcome="created")["count"] == 12
    assert client.get(f"imports/{imported}/records/", outcome="failed")["count"] == 0
    assert client.get(f"imports/{imported}/records/", search="text t1")["count"] == 1


@pytest.mark.at_gate
@pytest.mark.parametrize("path", ["blocks/", "blocks/?conflicts=true", "plan/", "summary/"])
def test_the_cost_of_a_review_does_not_grow_with_the_import(path, client, library, courses):
    few, many = _staged(client, courses, 1), _staged(client, courses, 40)
    assert _statements(client, f"imports/{many}/{path}") == _statements(client, f"imports/{few}/{path}")


def test_the_cost_of_a_list_of_imports_does_not_grow_with_it(client, library, courses):
    one = _staged(client, courses, 1)
    cost = _statements(client, "imports/")
    for _ in range(5):
        _staged(client, courses, 1)
    assert _statements(client, "imports/") == cost
    assert client.get("imports/")["count"] == 6
    assert one in {found["id"] for found in client.get("imports/")["results"]}


def test_the_cost_of_records_does_not_grow_with_them(client, course, imported, run_import, courses):
    cost = _statements(client, f"imports/{imported}/records/")
    write_course(courses / "c1", *small_course(), _section_of(30))
    again = run_import()[0].id
    assert _statements(client, f"imports/{again}/records/") == cost


def _names(page) -> list[str]:
    return [block["usage_key"].rpartition("@")[2] for block in page["results"]]


def _staged(client, courses, texts: int) -> str:
    write_course(courses / "c1", _section_of(texts))
    return client.post("imports/", {"source_key": KEY, "library_key": TARGET}, status=201)["id"]


def _section_of(texts: int):
    return section("s9", subsection("b9", unit("u9", *(text(f"x{num}") for num in range(texts)))))


def _statements(client, path: str) -> int:
    with CaptureQueriesContext(connection) as made:
        client.get(path)
    return len(made)


def test_what_one_person_is_told_nobody_keeps_for_others(client, imported):
    for path in ("imports/", f"imports/{imported}/", f"imports/{imported}/report/", "imports/nowhere/"):
        assert client("GET", path)["Cache-Control"] == "private, no-store"
