"""Several sources at once, over HTTP."""

from __future__ import annotations

import shutil
from uuid import uuid4

import pytest

from ..builders import TARGET
from ..shelves import key_of, write_courses, write_one
from .conftest import answer, faults


@pytest.fixture
def body(courses, library) -> dict:
    """What asks for a batch of three courses."""
    write_courses(courses, 3)
    return {"sources": [{"source_key": key_of(number)} for number in range(3)], "library_key": TARGET}


def states(batch) -> list[str]:
    return [run["state"] for run in batch["imports"]]


def test_one_request_makes_them_and_one_tells_of_all(client, body):
    made = client.post("batches/", body, status=201)
    assert (made["size"], made["running"], made["states"]) == (3, True, {"staging": 3})
    found = client.get(f"batches/{made['id']}/")
    assert [(run["source_key"], run["state"], run["to_decide"], run["batch_id"]) for run in found["imports"]] == [
        (key_of(number), "staged", 0, made["id"]) for number in range(3)
    ]
    assert set(found["permitted"]) == {"complete", "cancel"}
    assert found["url"] == f"/batches/{made['id']}/"
    [listed] = client.get("batches/", library_key=TARGET, running="false")["results"]
    assert listed == {name: value for name, value in found.items() if name not in ("imports", "permitted")}


def test_each_step_is_for_all_or_for_some(client, body, courses):
    made = client.post("batches/", body | {"start": False}, status=201)
    path, ids = f"batches/{made['id']}/", [run["id"] for run in made["imports"]]
    assert states(made) == ["created"] * 3
    shutil.rmtree(courses / "x01")
    assert client.post(f"{path}stage/", {"import_ids": ids[:2]})["asked"] == ids[:2]
    assert states(client.get(path)) == ["staged", "staging_failed", "created"]
    write_one(courses, 1)
    client.post(f"{path}stage/", {})
    client.post(f"{path}retry/", {})
    assert states(client.get(path)) == ["staged"] * 3
    assert client.post(f"{path}complete/", {"import_ids": ids[1:]})["left"] == []
    assert client.post(f"{path}cancel/", {})["asked"] == ids[:1]
    assert states(client.get(path)) == ["canceled", "imported", "imported"]
    told = client.get(f"{path}undo/")
    assert [each["import_id"] for each in told["results"]] == [ids[2], ids[1]]
    assert told["results"][0]["counts"] == {"removed": 4}
    client.post(f"{path}undo/", {"import_ids": ids[1:2]})
    client.post(f"{path}undo/", {"force": True})
    assert states(client.get(path)) == ["canceled", "undone", "undone"]
    assert client.get(f"{path}redo/", import_ids=ids[2])["count"] == 1
    client.post(f"{path}redo/", {})
    assert states(client.get(path)) == ["canceled", "imported", "imported"]


def test_what_is_kept_is_named_with_its_reason(client, body, edit_in_library):
    made = client.post("batches/", body, status=201)
    client.post(f"batches/{made['id']}/complete/", {})
    edit_in_library("t2", "<p>Mine.</p>")
    first, *_others = client.get(f"batches/{made['id']}/undo/")["results"]
    assert first["kept_count"] >= 1
    assert "It was edited in the library since." in [item["reason"] for item in first["kept"]]
    assert client.get(f"batches/{made['id']}/undo/", force="true")["results"][0]["kept_count"] == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sources": []}, "sources"),
        ({"sources": [{"source_key": "nonsense"}]}, "sources.0.source_key"),
        ({"sources": [{"source_key": f"course-v1:A+{number}+R"} for number in range(51)]}, "sources"),
        ({"sources": [{"source_key": key_of(0)}] * 2}, "sources"),
        ({"sources": [{"source_key": key_of(0), "title": "T"}]}, "sources.0.title"),
        ({"options": {"selection": []}}, "options.selection"),
        ({"options": {"level": "chapter"}}, "options.level"),
        ({"options": {"collection": {"code": "none"}}}, "options.collection"),
    ],
)
def test_what_is_wrong_is_named(client, body, changed, field):
    assert next(iter(faults(client("POST", "batches/", body | changed)))) == field


def test_what_is_not_possible_now_is_a_conflict(client, body):
    made = client.post("batches/", body | {"start": False}, status=201)
    status, problem = answer(client("POST", f"batches/{made['id']}/undo/", {}))
    assert (status, problem["code"], "state" in problem) == (409, "wrong_state", False)


def test_what_one_may_not_see_is_not_there(client, client_of, stranger, body):
    made = client.post("batches/", body, status=201)
    for path in (f"batches/{made['id']}/", f"batches/{uuid4()}/", "batches/none/", f"batches/{made['id'][:8]}/"):
        status, problem = answer(client_of(stranger)("GET", path))
        assert (status, problem["code"]) == (404, "not_found")
    assert client_of(stranger).get("batches/")["count"] == 0


def test_it_is_begun_once_however_often_it_is_sent(client, body):
    for _again in range(2):
        assert client("POST", "batches/", body, headers={"Idempotency-Key": "b1"}).status_code == 201
    assert client.get("batches/")["count"] == 1


class TestCollections:
    """What stands at the top goes into a collection of the source's title, unless said otherwise."""

    @pytest.mark.parametrize(
        ("options", "collection"),
        [
            ({}, {"code": "", "title": "Course 00"}),
            ({"collection": {}}, {"code": "", "title": "Course 00"}),
            ({"collection": {"title": "Sea"}}, {"code": "", "title": "Sea"}),
            ({"collection": None}, None),
        ],
    )
    def test_of_an_import(self, client, body, options, collection):
        asked = {"source_key": key_of(0), "library_key": TARGET, "options": options, "start": False}
        assert client.post("imports/", asked, status=201)["options"]["collection"] == collection
