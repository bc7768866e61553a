"""What is refused says what is wrong, where, and what is allowed; and nothing is changed."""

from itertools import product

import pytest
from kombu.exceptions import OperationalError

from import_from_modulestore import api
from import_from_modulestore.olx.parsing import MAX_TEXT_BYTES
from import_from_modulestore.rest_api.errors import Refusal
from import_from_modulestore.tasks import ImportTask

from ..builders import KEY, TARGET, small_course, usage_key, write_course

T1, T2, U1 = usage_key("html", "t1"), usage_key("html", "t2"), usage_key("vertical", "u1")
NOWHERE = "2d9c9a4e-4a6c-4c4e-9d5f-0123456789ab"


def answer(response):
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"source": "course-v1:Acme"}, "source", "course-v1:Org+Course+Run"),
        ({"source": TARGET}, "source", "course-v1:Org+Course+Run"),
        ({"source": 7}, "source", "Not a valid string"),
        ({"target": KEY}, "target", "lib:Org:slug"),
        ({"target": ""}, "target", "blank"),
        ({"options": {"level": "chapter"}}, "options.level", "section, subsection, unit, component"),
        ({"options": {"on_conflict": "replace"}}, "options.on_conflict", "skip, overwrite, new_version, fork"),
        ({"options": {"publish": "yes"}}, "options.publish", "true or false"),
        ({"options": {"selection": [T1, KEY]}}, "options.selection.1", "block-v1:"),
        ({"options": {"collection": {}}}, "options.collection", "needs a code"),
        ({"options": {"levle": "unit"}}, "options.levle", "There are: level, on_conflict"),
        ({"traget": TARGET}, "traget", "There are: source, target"),
        ({"start": 1}, "start", "true or false"),
        ({"options": []}, "options.non_field_errors", "dictionary"),
    ],
)
def test_an_import_that_cannot_be_asked_for(body, field, says, client, course, library):
    status, errors = answer(client("POST", "imports/", {"source": KEY, "target": TARGET, **body}))
    for name in field.split("."):
        errors = errors[name]
    assert status == 400
    assert says in errors[0]
    assert client.get("imports/")["count"] == 0


def test_a_field_that_is_missing(client):
    assert answer(client("POST", "imports/", {})) == (
        400,
        {"source": ["This field is required."], "target": ["This field is required."]},
    )


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", "{", 400, "parse_error"),
        ("application/json", "[]", 400, "invalid"),
        ("application/json", "null", 400, "null"),
        ("application/json", '{"source": NaN}', 400, "parse_error"),
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
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"state": "done"}, "created, staging"),
        ({"source": "x"}, "course-v1:"),
        ({"sate": "staged"}, "There are: page, page_size, search"),
    ],
)
def test_a_filter_that_is_none(query, says, client):
    status, errors = answer(client("GET", "imports/", query=query))
    assert (status, set(errors)) == (400, set(query))
    assert says in str(errors)


@pytest.mark.parametrize("path", ["sources/course-v1:Acme/", "targets/course/", f"sources/{TARGET}/"])
def test_a_malformed_key_in_an_address(path, client):
    status, error = answer(client("GET", path))
    assert (status, error["code"]) == (400, "invalid_key")


@pytest.mark.parametrize(
    "path",
    [
        "sources/course-v1:Acme+None+R1/",
        "targets/lib:Acme:None/",
        f"imports/{NOWHERE}/",
        "imports/x/",
        f"imports/{NOWHERE}/plan/",
        f"imports/{NOWHERE}/blocks/{T1}/",
    ],
)
def test_what_is_not_there(path, client):
    status, error = answer(client("GET", path))
    assert (status, error["code"]) == (404, "not_found")


def test_a_source_that_cannot_be_read(client, courses, library):
    for folder in ("c1", "c2"):
        write_course(courses / folder, *small_course())
    status, error = answer(client("POST", "imports/", {"source": KEY, "target": TARGET}))
    assert (status, error["code"]) == (422, "source_error")
    assert "Several exports hold" in error["detail"]


def test_a_library_that_is_there_already(client, library):
    status, errors = answer(client("POST", "targets/", {"key": TARGET, "title": "Again"}))
    assert status == 400
    assert "exists already" in errors["key"][0]


def test_a_block_that_is_not_of_this_import(client, staged):
    for key in (usage_key("html", "nothing"), "x", "block-v1:Acme+Other+R1+type@html+block@t1"):
        _is_not_of(client, staged, key)
    assert client.get(f"imports/{staged}/blocks/", selected="false")["count"] == 0


def _is_not_of(client, staged, key):
    assert client("GET", f"imports/{staged}/blocks/{key}/").status_code == 404
    assert client("PATCH", f"imports/{staged}/blocks/{key}/", {"selected": False}).status_code == 404
    status, errors = answer(client("PATCH", f"imports/{staged}/blocks/", {"usage_keys": [T1, key], "selected": False}))
    assert status == 400
    assert key in errors["usage_keys"][0]


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
        status, errors = answer(client("PATCH", path, {"selected": False, **change}))
        assert status == 400, (key, change)
        assert set(errors) in ({field}, {"detail", "code"}), (key, change)
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
        assert "is imported" in error["detail"]


def test_an_undo_of_what_is_not_imported(client, staged):
    for method, path in product(("GET", "POST"), ("undo/", "redo/")):
        status, error = answer(client(method, f"imports/{staged}/{path}"))
        assert (status, error["state"]) == (409, "staged")
        assert error["actions"] == ["review", "complete", "cancel"]


def test_a_step_takes_no_fields(client, staged):
    status, errors = answer(client("POST", f"imports/{staged}/complete/", {"force": True}))
    assert (status, errors) == (400, {"force": ["Nothing is expected here."]})


def test_neither_or_both_of_a_mapping(client):
    for query in ({}, {"item": "lb:Acme:Target:html:t1", "usage_key": T1}):
        status, error = answer(client("GET", "mappings/", query=query))
        assert (status, error["code"]) == (400, "item_or_usage_key")


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_cannot_be_reached(client, staged, monkeypatch):
    def unreachable(*args, **kwargs):
        raise OperationalError("[Errno 111] Connection refused")

    monkeypatch.setattr(ImportTask, "apply_async", unreachable)
    status, error = answer(client("POST", f"imports/{staged}/complete/"))
    assert (status, error["code"]) == (503, "step_failed")
    assert client.get(f"imports/{staged}/")["state"] == "import_failed"

    made = client.post("imports/", {"source": KEY, "target": TARGET}, status=201)
    assert made["state"] == "staging_failed"
    assert "broker cannot be reached" in made["error"]


@pytest.mark.parametrize("kind", api.ImportFromModulestoreError.__subclasses__())
def test_every_error_of_the_api_has_an_answer(kind):
    error = {api.WrongState: lambda: kind("no", state="staged"), api.PlanBlocked: lambda: kind(["no"])}
    assert 400 <= Refusal(error.get(kind, lambda: kind("no"))()).status_code < 600
