"""What is logged for programs: an object a line, in which all that came of a request has its ID."""

from __future__ import annotations

import json
import logging
import re

import pytest
import requests
from django.db import connection, transaction
from django.test import Client

from import_from_modulestore import api
from import_from_modulestore_standalone import logs

from .builders import KEY, TARGET, small_course, write_course
from .processes import PATIENCE, Project
from .test_site import API, port_in


@pytest.fixture
def told(caplog):
    """The records of requests."""
    caplog.set_level(logging.INFO, "import_from_modulestore_standalone.requests")
    caplog.handler.addFilter(logs.Context())
    return lambda: [record for record in caplog.records if record.name.endswith(".requests")]


def test_a_request_has_the_id_that_the_proxy_gave_it(told, db):
    answer = Client().get("/sign-in/", headers={"X-Request-ID": "edge-7.a_B"})
    assert answer.headers["X-Request-ID"] == "edge-7.a_B"
    [record] = told()
    assert (record.request_id, record.route, record.status, record.user_id) == ("edge-7.a_B", "sign-in/", 200, None)


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", 'a"}', "ä"])
def test_or_one_of_its_own(told, db, sent):
    answer = Client().get("/sign-in/", headers={"X-Request-ID": sent})
    assert len(answer.headers["X-Request-ID"]) == 32
    assert told()[0].request_id == answer.headers["X-Request-ID"]


def test_a_line_tells_the_import_and_the_user_by_number(told, user, course, stage):
    run, client = stage(), Client()
    client.force_login(user)
    client.get(f"/{API}/imports/{run}/")
    [record] = told()
    assert (record.import_id, record.user_id) == (run, user.pk)
    assert not re.search(r"\bada\b", logs.objects().format(record))  # Within an ID, chance may write it.


@pytest.mark.django_db(transaction=True)
def test_a_line_tells_what_is_so_when_it_is_told(caplog, user, course, stage):
    """Whoever acts upon it at once, as a program may, is not told that the step before still runs."""
    caplog.set_level(logging.INFO, "import_from_modulestore")
    run = stage()
    caplog.clear()
    in_transaction = []
    caplog.handler.addFilter(lambda record: in_transaction.append(connection.in_atomic_block) or True)
    api.complete_import(user=user, import_id=run)
    assert ("→ imported" in caplog.text, set(in_transaction)) == (True, {False})
    with pytest.raises(RuntimeError), transaction.atomic():
        api.undo_import(user=user, import_id=run)
        raise RuntimeError
    assert "→ undone" not in caplog.text


def test_no_line_tells_the_signature_that_opens_a_file(told, db):
    Client().get("/files/a-signature/")
    assert "a-signature" not in logs.objects().format(told()[0])


@pytest.mark.parametrize("as_a_form", [False, True])
def test_nor_does_one_of_djangos_own(told, db, caplog, as_a_form):
    client = Client(enforce_csrf_checks=True)
    ask = client.post if as_a_form else client.get
    for address in ("/files/a-signature/", "/files/a-signature/%0ax", "/filed/a-signature/"):
        ask(address)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("django.")]
    assert len(said) == 3
    assert any("/files/<str:signed>/" in each for each in said)
    assert "a-signature" not in caplog.text + "".join(said)


def test_an_object_is_one_line_whatever_it_says():
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "two\nlines: “%s”", ("é",), None)
    line = logs.objects().format(record)
    assert "\n" not in line
    assert {**json.loads(line), "time": ""} == {
        "time": "",
        "level": "ERROR",
        "logger": "x",
        "message": "two\nlines: “é”",
    }


def test_another_format_is_refused(tmp_path):
    refused = Project(tmp_path, LOG_FORMAT="xml").manage("check")
    assert (refused.returncode, refused.stderr) == (1, "LOG_FORMAT is 'xml'. Choose json or text.\n")


@pytest.mark.slow
def test_what_a_worker_does_is_found_by_the_request_that_asked_for_it(project, serve):
    write_course(project.courses / "c1", *small_course())
    with project.caller() as call:
        call("create_library", library_key=TARGET, title="Target")
        run = call("create_import", source_key=KEY, library_key=TARGET)["id"]
    token = project.manage("tokens", "make", "author").stdout.strip()
    process, said = serve(LOG_FORMAT="json")
    address = f"http://127.0.0.1:{port_in(said)}/{API}/imports/{run}/stage/"

    def asked(request_id: str) -> tuple[dict, dict]:
        """Have the import staged: the lines of the server and of the worker that say so, whichever comes first."""
        headers = {"Authorization": f"Token {token}", "X-Request-ID": request_id}
        assert requests.post(address, json={}, headers=headers, timeout=PATIENCE).status_code == 202
        request, done = {}, {}
        while not (request and done):
            line = json.loads(process.stdout.readline())
            if line.get("route") and line["request_id"] == request_id:
                request = line
            elif line.get("state") == "staged":
                done = line
        return request, done

    asked("asked-1")  # What waits when a worker starts, it asks for itself.
    request, done = asked("asked-2")
    assert (request["status"], request["import_id"]) == (202, run)
    assert (done["import_id"], done["request_id"], done["library_key"]) == (run, "asked-2", TARGET)
    assert done["task"] == "import_from_modulestore.tasks.stage_import"
