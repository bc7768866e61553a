"""Uploading exports, and taking libraries along."""

from io import BytesIO
from urllib.parse import quote

import pytest

from import_from_modulestore.models import IdempotentRequest

from ..builders import KEY, pack, small_course, write_course
from .conftest import answer, faults


@pytest.fixture
def export(tmp_path) -> bytes:
    return pack(write_course(tmp_path / "c1", *small_course(), title="Mine"), tmp_path / "mine.tar.gz").read_bytes()


@pytest.fixture
def upload(client, export):
    """Upload it, or something else: ``upload(content, client=…, headers=…)``."""

    def upload(content=export, client=client, **kwargs):
        file = BytesIO(content)
        file.name = "tides.tar.gz"
        return client("POST", "sources/", {"file": file}, format="multipart", **kwargs)

    return upload


def test_an_export_is_uploaded_found_and_removed(client, user, upload):
    response = upload()
    made = response.json()
    assert response.status_code == 201
    assert (made["key"], made["title"], made["uploaded_by"], made["removable"]) == (KEY, "Mine", "ada", True)
    assert client.http.get(response["Location"]).json() == made
    assert client.get("sources/")["results"] == [made]
    assert client("DELETE", f"exports/{quote(made['export'])}/").status_code == 204
    assert client.get("sources/")["count"] == 0
    assert answer(client("DELETE", f"exports/{made['export']}/"))[1]["code"] in ("invalid_request", "not_found")


def test_what_is_refused_says_why(upload, client_of, stranger, settings):
    status, problem = answer(upload(b"<html>"))
    assert (status, problem["code"]) == (422, "source_error")
    assert "neither a tar.gz nor a zip archive" in problem["detail"]
    assert answer(upload(client=client_of(stranger)))[1]["code"] == "not_permitted"
    assert upload(client=client_of()).status_code == 401
    settings.MAX_UPLOAD_BYTES = 100
    assert "100 bytes are left" in faults(upload())["file"]


@pytest.mark.parametrize("body", [{}, {"file": "no file"}, {"file": BytesIO(b"x"), "name": "tides"}])
def test_a_form_is_as_strict_as_json(client, body):
    assert faults(client("POST", "sources/", body, format="multipart"))


def test_json_is_no_file(client):
    assert answer(client("POST", "sources/", {"file": "x"}))[:1] == (415,)


def test_an_export_may_be_larger_than_other_bodies(upload, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert upload().status_code == 201


def test_an_upload_that_is_sent_again_is_kept_once(upload, client, export):
    first, again = (upload(headers={"Idempotency-Key": "7f"}) for _ in range(2))
    assert (first.status_code, again["Idempotent-Replayed"], again.json()) == (201, "true", first.json())
    assert client.get("sources/")["count"] == 1
    assert answer(upload(export + b"\0", headers={"Idempotency-Key": "7f"}))[1]["code"] == "idempotency_key_reused"
    assert IdempotentRequest.objects.count() == 1
