"""Uploading exports, previews of them, and taking libraries along."""

import tempfile
import zipfile
from io import BytesIO
from urllib.parse import quote

import pytest

from import_from_modulestore.actions import review
from import_from_modulestore.models import IdempotentRequest, Import, StagedBlock

from ..builders import KEY, TARGET
from .conftest import answer, faults


@pytest.fixture
def upload(client, export):
    """Upload it, or something else: ``upload(content, client=…, headers=…)``."""

    def upload(content=None, client=client, **kwargs):
        file = BytesIO(export.read_bytes() if content is None else content)
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
    assert "an upload has 100 B at most" in faults(upload())["file"]


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
    other = export.read_bytes() + b"\0"
    assert answer(upload(other, headers={"Idempotency-Key": "7f"}))[1]["code"] == "idempotency_key_reused"
    assert IdempotentRequest.objects.count() == 1


class TestBackup:
    PATH = f"libraries/{TARGET}/backup/"

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path, monkeypatch):
        """The folder for what is temporary, in which nothing stays."""
        folder = tmp_path / "temporary"
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        yield folder
        assert list(folder.iterdir()) == []

    def test_is_an_archive_with_a_name(self, client, imported):
        response = client("GET", self.PATH)
        assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
        assert response["Content-Disposition"] == 'attachment; filename="Acme-Target.zip"'
        content = b"".join(response.streaming_content)
        assert len(content) == int(response["Content-Length"])
        assert "package.toml" in zipfile.ZipFile(BytesIO(content)).namelist()

    def test_what_goes_wrong_is_told_before_its_first_byte(self, client, imported):
        assert answer(client("GET", "libraries/lib:Acme:None/backup/"))[0] == 404
        assert answer(client("GET", "libraries/none/backup/"))[0] == 400

    def test_is_for_who_may_see_the_library(self, client_of, imported, viewer, stranger):
        response = client_of(viewer)("GET", self.PATH)
        assert b"".join(response).startswith(b"PK")
        assert response.status_code == 200
        assert answer(client_of(stranger)("GET", self.PATH))[0] == 404


class TestPreview:
    ASKED = {"source_key": KEY, "library_key": TARGET, "options": {"level": "unit"}}

    def test_is_the_plan_of_an_import_that_is_not_made(self, client, course, library):
        page = client.post("preview/?page_size=2", self.ASKED, status=200)
        assert (page["count"], page["counts"], page["blockers"]) == (8, {"created": 8}, [])
        assert [item["outcome"] for item in page["results"]] == ["created", "created"]
        assert not Import.objects.exists()
        assert not StagedBlock.objects.exists()

    def test_of_what_is_too_large_names_the_way(self, client, course, library, monkeypatch):
        monkeypatch.setattr(review, "MAX_BLOCKS_SOON", 11)
        told = faults(client("POST", "preview/", self.ASKED))["source_key"]
        assert "goes up to 11 blocks and 200 MB. Make an import of it" in told
        assert not Import.objects.exists()

    def test_needs_the_rights_of_an_import(self, client_of, course, library, reviewer):
        asks = client_of(reviewer)
        assert answer(asks("POST", "preview/", self.ASKED))[0] == 403

    def test_takes_no_start(self, client, course, library):
        assert set(faults(client("POST", "preview/", {**self.ASKED, "start": False}))) == {"start"}
