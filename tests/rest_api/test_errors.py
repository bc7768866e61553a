"""What is refused says what is wrong, where, and what is allowed; and nothing is changed."""

from itertools import product
from types import SimpleNamespace

import pytest
from django.core.files import locks
from kombu.exceptions import OperationalError
from rest_framework.throttling import UserRateThrottle

from import_from_modulestore import api, waiting
from import_from_modulestore.exports.shelf import Shelf
from import_from_modulestore.olx.parsing import MAX_TEXT_BYTES
from import_from_modulestore.rest_api.base import ApiView
from import_from_modulestore.rest_api.errors import refusal
from import_from_modulestore.tasks import ImportTask

from ..builders import KEY, TARGET, pack, usage_key, write_course
from .conftest import answer, faults

T1, T2, U1 = usage_key("html", "t1"), usage_key("html", "t2"), usage_key("vertical", "u1")
NOWHERE = "2d9c9a4e-4a6c-4c4e-9d5f-0123456789ab"


@pytest.mark.few
@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"source_key": "course-v1:Acme"}, "source_key", "course-v1:Org+Course+Run"),
        ({"source_key": TARGET}, "source_key", "course-v1:Org+Course+Run"),
        ({"source_key": 7}, "source_key", "Not a valid string"),
        ({"library_key": KEY}, "library_key", "lib:Org:slug"),
        ({"library_key": ""}, "library_key", "blank"),
        ({"options": {"level": "chapter"}}, "options.level", "section, subsection, unit, component"),
        ({"options": {"on_conflict": "replace"}}, "options.on_conflict", "skip, overwrite, new_version, fork"),
        ({"options": {"publish": "yes"}}, "options.publish", "true or false"),
        ({"options": {"selection": [T1, KEY]}}, "options.selection.1", "block-v1:"),
        ({"options": {"levle": "unit"}}, "options.levle", "There are: level, on_conflict"),
        ({"traget": TARGET}, "traget", "There are: source_key, "),
        ({"start": 1}, "start", "true or false"),
        ({"options": []}, "options", "dictionary"),
    ],
)
def test_an_import_that_cannot_be_asked_for(body, field, says, client, course, library):
    errors = faults(client("POST", "imports/", {"source_key": KEY, "library_key": TARGET, **body}))
    assert set(errors) == {field}
    assert says in errors[field]
    assert client.get("imports/")["count"] == 0


def test_all_that_is_wrong_is_named(client):
    _status, problem = answer(client("POST", "imports/", {}))
    assert problem["detail"] == "2 things are wrong; see errors."
    assert problem["errors"] == [
        {"field": name, "code": "required", "detail": "This field is required."}
        for name in ("source_key", "library_key")
    ]


def test_of_what_is_all_wrong_the_first_are_named_and_all_are_counted(client):
    wrong = {f"field{number}": 1 for number in range(1_000)}
    _status, problem = answer(client("POST", "imports/", {"source_key": KEY, "library_key": TARGET, **wrong}))
    assert problem["detail"] == "1000 things are wrong; see errors."
    assert [each["field"] for each in problem["errors"]] == [*wrong][:100]


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", "{", 400, "parse_error"),
        ("application/json", "[]", 400, "invalid_request"),
        ("application/json", "null", 400, "invalid_request"),
        ("application/json", '{"source_key": NaN}', 400, "parse_error"),
        ("application/json", '{"\\ud800": 1}', 400, "parse_error"),
        ("application/json", b"\xff\xfe", 400, "parse_error"),
        ("application/json", "[" * 100_000, 400, "parse_error"),
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "source=x", 415, "unsupported_media_type"),
        ("application/json", " " * 3_000_000, 413, "too_large"),
    ],
)
def test_a_body_that_is_no_json(content_type, body, status, code, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
    response = client.http.generic("POST", "/api/modulestore_imports/v1/imports/", body, content_type=content_type)
    found, problem = answer(response)
    assert (found, problem["code"]) == (status, code)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"state": "done"}, "created, staging"),
        ({"source_key": "x"}, "course-v1:"),
        ({"sate": "staged"}, "There is no such parameter. There are: page, page_size, search"),
    ],
)
def test_a_filter_that_is_none(query, says, client):
    errors = faults(client("GET", "imports/", query=query), "parameter")
    assert set(errors) == set(query)
    assert says in str(errors)


@pytest.mark.parametrize("path", ["sources/course-v1:Acme/", "libraries/course/", f"sources/{TARGET}/"])
def test_a_malformed_key_in_an_address(path, client):
    assert set(faults(client("GET", path), "parameter")) == {"key"}


@pytest.mark.parametrize(
    "path",
    [
        "sources/course-v1:Acme+None+R1/",
        "libraries/lib:Acme:None/",
        f"imports/{NOWHERE}/",
        "imports/x/",
        f"imports/{NOWHERE}/plan/",
        f"imports/{NOWHERE}/blocks/{T1}/",
    ],
)
def test_what_is_not_there(path, client):
    status, error = answer(client("GET", path))
    assert (status, error["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["", "import/", f"imports/{NOWHERE}/stagge/", "../v2/imports/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_an_address_at_which_there_is_nothing(method, path, client_of, db):
    status, error = answer(client_of()(method, path))
    assert (status, error["detail"]) == (404, "There is nothing at this address.")


def test_an_address_without_its_last_slash(client_of, client):
    assert client("GET", "imports", query={"state": "staged"})["Location"].endswith("v1/imports/?state=staged")
    assert "end with a slash" in answer(client("POST", "imports", {}))[1]["detail"]


def test_a_method_that_an_address_does_not_take(client):
    assert answer(client("DELETE", "imports/"))[1]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "schema/", 405),
        ("POST", "docs/", 405),
        ("GET", "schema/?format=xml", 404),
        ("GET", "docs/?format=x", 404),
    ],
)
def test_the_pages_about_the_api_fail_as_the_api_does(method, path, status, client_of):
    assert answer(client_of()(method, path))[0] == status


def test_a_header_that_is_at_fault(client):
    response = client("POST", "imports/", {}, headers={"Idempotency-Key": "two words"})
    assert "no spaces" in faults(response, "header")["Idempotency-Key"]


def test_too_many_requests(client, monkeypatch):
    class OneADay(UserRateThrottle):
        rate = "1/day"

    monkeypatch.setattr(ApiView, "throttle_classes", [OneADay])
    client.get("imports/")
    response = client("GET", "imports/")
    assert answer(response)[1]["code"] == "throttled"
    assert int(response["Retry-After"]) > 0


def test_a_fault_of_ours_is_told_and_logged(client, monkeypatch, caplog):
    def broken(**kwargs):
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(api, "list_imports", broken)
    client.http.raise_request_exception = False
    status, error = answer(client("GET", "imports/"))
    assert (status, error["code"]) == (500, "server_error")
    assert "swordfish" not in str(error)
    assert "swordfish" in caplog.text
    client.http.raise_request_exception = True  # Whoever watches Django's signal is told as well.
    with pytest.raises(RuntimeError):
        client("GET", "imports/")


def test_a_source_that_takes_longer_to_be_read_than_a_page_can_wait(client, courses, library, tmp_path, monkeypatch):
    monkeypatch.setattr(waiting, "SECONDS_FOR_SOURCES", 0)
    pack(write_course(tmp_path / "c1"), courses / "c1.tar.gz")
    shelf = Shelf(courses, tmp_path / "cache")
    shelf.lock.parent.mkdir(parents=True)
    with shelf.lock.open("w") as held_by_another:
        locks.lock(held_by_another, locks.LOCK_EX)
        [source] = client.get("sources/")["results"]
        assert source["problem"] == "c1.tar.gz is being read for the first time. Try again in a moment."
        response = client("POST", "imports/", {"source_key": KEY, "library_key": TARGET})
    status, error = answer(response)
    assert (status, error["code"], response.headers["Retry-After"]) == (503, "source_being_read", "5")


def test_a_source_that_cannot_be_read(client, courses, library):
    (courses / "bad.tar.gz").write_bytes(b"nonsense")
    body = {"source_key": KEY, "library_key": TARGET, "export": "bad.tar.gz"}
    status, error = answer(client("POST", "imports/", body))
    assert (status, error["code"]) == (422, "source_error")
    assert "bad.tar.gz is neither a tar nor a zip archive" in error["detail"]


def test_a_library_that_is_there_already(client, library):
    status, error = answer(client("POST", "libraries/", {"key": TARGET, "title": "Again"}))
    assert (status, error["code"]) == (409, "already_exists")
    assert "exists already" in error["detail"]


def test_a_block_that_is_not_of_this_import(client, staged):
    for key in (usage_key("html", "nothing"), "x", "block-v1:Acme+Other+R1+type@html+block@t1"):
        _is_not_of(client, staged, key)
    assert client.get(f"imports/{staged}/blocks/", selected="false")["count"] == 0


def _is_not_of(client, staged, key):
    assert client("GET", f"imports/{staged}/blocks/{key}/").status_code == 404
    assert client("PATCH", f"imports/{staged}/blocks/{key}/", {"selected": False}).status_code == 404
    errors = faults(client("PATCH", f"imports/{staged}/blocks/", {"usage_keys": [T1, key], "selected": False}))
    assert key in errors["usage_keys"]


EDITS = [
    (T1, {"olx": "<html"}, "olx"),
    (T1, {"olx": "<problem/>"}, "olx"),
    (T1, {"olx": '<html url_name="other"/>'}, "olx"),
    (T1, {"olx": '<html><img src="/static/none.png"/></html>'}, "olx"),
    (T1, {"olx": f"<html>{'x' * MAX_TEXT_BYTES}</html>"}, "olx"),
    (U1, {"olx": "<vertical/>"}, "olx"),
    (T1, {"title": ""}, "title"),
    (T1, {"title": "x" * 501}, "title"),
    (T2, {"decision": "overwrite"}, "decision"),
    (T1, {"decision": "replace"}, "decision"),
    (T1, {"decide": "skip"}, "decide"),
]


def test_an_edit_that_cannot_be_made(client, staged):
    for key, change, field in EDITS:
        path = f"imports/{staged}/blocks/{key}/"
        before = client.get(path)
        errors = faults(client("PATCH", path, {"selected": False, **change}))
        assert set(errors) in ({field}, {None}), (key, change)
        assert client.get(path) == before


def test_a_change_of_nothing(client, staged):
    for body in ({}, {"usage_keys": [T1]}, {"usage_keys": [], "selected": True}):
        assert client("PATCH", f"imports/{staged}/blocks/", body).status_code == 400, body
    assert client("PATCH", f"imports/{staged}/blocks/{T1}/", {}).status_code == 400


def test_decisions_for_blocks_without_conflicts(client, staged):
    body = {"usage_keys": [T2], "below": False, "decision": "overwrite"}
    assert client("PATCH", f"imports/{staged}/blocks/", body).status_code == 400


def test_an_edit_that_is_not_there_is_not_taken_back(client, staged):
    assert client("DELETE", f"imports/{staged}/blocks/{T1}/edit/").status_code == 400


STEPS = [
    ("GET", "blocks/", None),
    ("GET", "plan/", None),
    ("GET", "gone/", None),
    ("PATCH", "gone/", {"remove": True}),
    ("GET", f"blocks/{T1}/", None),
    ("PATCH", f"blocks/{T1}/", {"title": "Late"}),
    ("PATCH", "blocks/", {"usage_keys": [T1], "selected": False}),
    ("DELETE", f"blocks/{T1}/edit/", None),
    ("POST", "stage/", {}),
    ("POST", "complete/", {}),
    ("POST", "cancel/", {}),
    ("POST", "retry/", {}),
    ("GET", "redo/", None),
    ("POST", "redo/", {}),
]


def test_a_step_that_the_state_does_not_allow(client, imported):
    for method, path, body in STEPS:
        status, error = answer(client(method, f"imports/{imported}/{path}", body))
        assert (status, error["code"], error["state"], error["actions"]) == (409, "wrong_state", "imported", ["undo"])
        assert "the import is completed" in error["detail"]


def test_an_undo_of_what_is_not_imported(client, staged):
    for method, path in product(("GET", "POST"), ("undo/", "redo/")):
        status, error = answer(client(method, f"imports/{staged}/{path}"))
        assert (status, error["state"]) == (409, "staged")
        assert error["actions"] == ["review", "complete", "stage", "cancel"]


def test_a_step_takes_no_fields(client, staged):
    response = client("POST", f"imports/{staged}/complete/", {"force": True})
    assert faults(response) == {"force": "This request takes no fields."}


def test_neither_or_both_of_a_mapping(client):
    for query in ({}, {"item_key": "lb:Acme:Target:html:t1", "usage_key": T1}):
        problem = answer(client("GET", "where/", query=query))[1]
        assert [error["code"] for error in problem["errors"]] == ["item_key_or_usage_key"]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_cannot_be_reached(client, staged, monkeypatch):
    def unreachable(*args, **kwargs):
        raise OperationalError("[Errno 111] Connection refused")

    monkeypatch.setattr(ImportTask, "apply_async", unreachable)
    status, error = answer(client("POST", f"imports/{staged}/complete/"))
    assert (status, error["code"]) == (503, "step_failed")
    assert client.get(f"imports/{staged}/")["state"] == "import_failed"

    made = client.post("imports/", {"source_key": KEY, "library_key": TARGET}, status=201)
    assert made["state"] == "staging_failed"
    assert "broker cannot be reached" in made["error"]


@pytest.mark.django_db(transaction=True)
def test_a_message_that_cannot_be_made_is_told_at_once(client, staged, monkeypatch):
    def misconfigured(*args, **kwargs):
        raise KeyError("No such transport: nowhere")

    monkeypatch.setattr(ImportTask, "apply_async", misconfigured)
    for step, state in (("stage", "staged"), ("complete", "import_failed")):
        status, error = answer(client("POST", f"imports/{staged}/{step}/"))
        assert (status, error["code"]) == (503, "step_failed")
        left = client.get(f"imports/{staged}/")
        assert (left["state"], left["queued"]) == (state, False)
        assert "could not be handed to a worker; the log of this site says why" in left["error"]


@pytest.mark.parametrize("kind", api.ImportFromModulestoreError.__subclasses__())
def test_every_error_of_the_api_has_an_answer(kind):
    error = {api.WrongState: lambda: kind("no", state="staged"), api.PlanBlocked: lambda: kind(["no"])}
    view = SimpleNamespace(request=SimpleNamespace(method="POST"), key_field="", places={}, kwargs={})
    assert 400 <= refusal(error.get(kind, lambda: kind("no"))(), view).status_code < 600
