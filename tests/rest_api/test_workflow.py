"""The whole way of an import through the REST API."""

from ..builders import KEY, TARGET, pack, small_course, unit_of, usage_key, write_course
from ..library_state import library_state

T1, P1, U2 = usage_key("html", "t1"), usage_key("problem", "p1"), usage_key("vertical", "u2")


def test_a_course_is_reviewed_edited_decided_written_undone_and_redone(client, imported, courses):
    before = library_state(TARGET)
    write_course(courses / "c1", *small_course(), files={"html/t1.html": "<p>Low water.</p>"})

    assert [source["key"] for source in client.get("sources/")["results"]] == [KEY]
    assert [target["key"] for target in client.get("libraries/")["results"]] == [TARGET]

    made = client("POST", "imports/", {"source_key": KEY, "library_key": TARGET, "options": {"on_conflict": "skip"}})
    assert made.status_code == 201
    path = f"imports/{made.json()['id']}/"
    assert made["Location"].endswith(path)
    found = client.get(path)
    assert (found["state"], found["error"]) == ("staged", "")
    assert found["actions"] == ["review", "complete", "stage", "cancel"]

    conflicts = client.get(f"{path}blocks/", conflicts="true")["results"]
    assert [(block["usage_key"], block["state"], block["outcome"]) for block in conflicts] == [
        (T1, "source_changed", "skipped")
    ]
    details = client.get(f"{path}blocks/{T1}/")
    assert "Text." in details["library"]["olx"]
    assert "Low water." in details["olx"]
    lines = {(line["mark"], "water" in line["text"]) for line in details["differences"][0]["lines"]}
    assert ("+", True) in lines

    retitled = client.patch(f"{path}blocks/{U2}/", {"title": "High and low"})
    assert (retitled["block"]["title"], retitled["block"]["edited"]) == ("High and low", True)
    edited = client.patch(f"{path}blocks/{P1}/", {"olx": _edited(client.get(f"{path}blocks/{P1}/")["olx"])})
    assert edited["block"]["state"] == "source_changed"
    assert client.delete(f"{path}blocks/{P1}/edit/")["block"]["state"] == "unchanged"

    changed = client.patch(f"{path}blocks/", {"usage_keys": [T1], "decision": "overwrite"})
    assert (changed["selected"], changed["decided"], changed["chosen"]) == (None, 1, None)
    client.patch(f"{path}blocks/{U2}/", {"decision": "new_version"})

    plan = client.get(f"{path}plan/")
    assert plan["counts"]["updated"] == plan["writes"] == 2
    assert plan["blockers"] == []
    assert library_state(TARGET) == before

    assert client.post(f"{path}complete/")["library_key"] == TARGET
    done = client.get(path)
    assert (done["state"], done["counts"]) == ("imported", plan["counts"])
    after = library_state(TARGET)
    updated = client.get(f"{path}records/", outcome="updated")["results"]
    assert [(record["usage_key"], record["draft_before"], record["draft_after"]) for record in updated] == [
        (T1, 1, 2),
        (U2, 1, 2),
    ]
    assert {record["import_id"] for record in client.get("where/", usage_key=T1)["results"]} == {
        imported,
        done["id"],
    }
    assert client.get("where/", item_key=updated[0]["item_key"])["results"][0]["usage_key"] == T1

    preview = client.get(f"{path}undo/")
    assert preview["counts"] == {"reverted": 2}
    client.post(f"{path}undo/", {"force": False})
    undone = client.get(path)
    assert undone["state"] == "undone"
    assert [(reversal["kind"], reversal["forced"]) for reversal in undone["reversals"]] == [("undo", False)]
    assert library_state(TARGET) == before

    assert client.get(f"{path}redo/")["counts"] == {"reverted": 2}
    client.post(f"{path}redo/")
    assert client.get(path)["state"] == "imported"
    assert library_state(TARGET) == after
    assert [item["kind"] for item in client.get(f"{path}reversals/")["results"]] == ["undo", "redo"]
    assert client.get(f"{path}reversals/last/")["count"] == 2


def _edited(olx: str) -> str:
    return olx.replace("Why?", "Why not?")


def test_an_import_can_wait_to_be_staged_and_be_given_up(client, course, library):
    made = client.post("imports/", {"source_key": KEY, "library_key": TARGET, "start": False}, status=201)
    path = f"imports/{made['id']}/"
    assert client.get(path)["state"] == "created"
    client.post(f"{path}stage/")
    assert client.get(path)["state"] == "staged"
    assert client.post(f"{path}cancel/")["state"] == "canceled"


def test_an_archive_is_unpacked_by_a_worker_and_for_no_page(client, courses, library, tmp_path, settings):
    pack(write_course(tmp_path / "c1", *small_course()), courses / "c1.tar.gz")
    [listed] = client.get("sources/")["results"]
    assert client.get(f"sources/{KEY}/") == listed
    made = client.post("imports/", {"source_key": KEY, "library_key": TARGET, "start": False}, status=201)
    assert not list(settings.EXPORTS_CACHE_DIR.glob("*/*/content"))
    client.post(f"imports/{made['id']}/stage/")
    assert client.get(f"imports/{made['id']}/")["state"] == "staged"
    assert list(settings.EXPORTS_CACHE_DIR.glob("*/*/content"))


def test_an_import_that_failed_is_tried_again(client, course, library, courses):
    made = client.post("imports/", {"source_key": KEY, "library_key": TARGET, "start": False}, status=201)
    path = f"imports/{made['id']}/"
    moved = (courses / "c1").rename(courses.parent / "away")
    client.post(f"{path}stage/")
    failed = client.get(path)
    assert (failed["state"], failed["actions"]) == ("staging_failed", ["stage", "cancel", "retry"])
    assert failed["error"]
    moved.rename(courses / "c1")
    client.post(f"{path}retry/")
    assert client.get(path)["state"] == "staged"


def test_what_was_staged_stays_where_it_cannot_be_staged_anew(client, course, library, courses):
    made = client.post("imports/", {"source_key": KEY, "library_key": TARGET}, status=201)
    path = f"imports/{made['id']}/"
    (courses / "c1").rename(courses.parent / "away")
    client.post(f"{path}stage/")
    left = client.get(path)
    assert (left["state"], left["actions"]) == ("staged", ["review", "complete", "stage", "cancel"])
    assert left["error"].endswith("What was staged before is as it was.")
    client.post(f"{path}complete/")
    done = client.get(path)
    assert (done["state"], done["error"]) == ("imported", "")


def test_a_library_is_made_before_or_with_the_import(client, course):
    made = client("POST", "libraries/", {"key": "lib:Acme:Sea", "title": "The Sea"})
    assert (made.status_code, made.json()) == (201, {"key": "lib:Acme:Sea", "title": "The Sea", "url": ""})
    assert client.http.get(made["Location"]).json() == made.json()

    options = {
        "level": "unit",
        "on_conflict": "fork",
        "unmerged": None,
        "publish": False,
        "block_ids": "from_titles",
        "branch": "published",
        "selection": [usage_key("vertical", "u1")],
        "collection": {"code": "", "title": "Tides"},
        "contents": "unit",
        "as_last_time": False,
        "forward": "no",
    }
    body = {"source_key": KEY, "library_key": "lib:Acme:New", "new_library_title": "", "options": options}
    made = client.post("imports/", body, status=201)
    assert made["options"] == options
    assert client.get(f"imports/{made['id']}/plan/")["counts"] == {"created": 3}
    client.post(f"imports/{made['id']}/complete/")
    assert client.get("libraries/lib:Acme:New/")["title"] == "A Course"


def test_a_source_is_looked_at_with_its_counts(client, course):
    source = client.get(f"sources/{KEY}/")
    assert source["counts"] == {"section": 2, "subsection": 2, "unit": 3, "component": 5}
    assert client.get("sources/", search="a course")["count"] == 1
    assert client.get("sources/", search="nothing")["count"] == 0


def test_a_type_that_no_key_of_a_library_can_hold_is_refused_and_the_rest_goes_on(client, courses, library):
    write_course(courses / "c1", unit_of('<é/><problem url_name="p"><p/></problem>'))
    run = client.post("imports/", {"source_key": KEY, "library_key": TARGET}, status=201)["id"]
    blocks = client.get(f"imports/{run}/blocks/")["results"]
    assert [block["outcome"] for block in blocks][-2:] == ["unsupported", "created"]
    client.post(f"imports/{run}/complete/")
    assert client.get(f"imports/{run}/")["counts"] == {"created": 4, "unsupported": 1}


def test_of_several_exports_one_can_be_named(client, courses, library):
    for name in ("c1", "c2"):
        write_course(courses / name, *small_course())
    found = client.get("sources/")["results"]
    assert [(source["export"], bool(source["modified"])) for source in found] == [("c1", True), ("c2", True)]
    for source in found:
        run = client.post(
            "imports/", {"source_key": KEY, "library_key": TARGET, "export": source["export"]}, status=201
        )
        assert run["source_export"] == source["export"]
        assert client.get(f"sources/{KEY}/", export=source["export"])["export"] == source["export"]
    assert client("GET", f"sources/{KEY}/", query={"export": "c3"}).status_code == 404
