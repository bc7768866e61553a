"""Exports that authors upload to Studio: sources beside the courses that are there."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from import_from_modulestore import api
from import_from_modulestore.data import ImportState, SourceKind
from import_from_modulestore.exports.staging import content_model
from tests.builders import (
    KEY,
    LIBRARY_KEY,
    TARGET,
    pack,
    section,
    small_course,
    subsection,
    text,
    unit,
    write_course,
    write_library,
)

FAR_KEY = "course-v1:Acme+C1+Far"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    """Where they are kept."""
    settings.IMPORT_FROM_MODULESTORE_EXPORTS_DIR = str(tmp_path / "exports-of-authors")
    return tmp_path / "exports-of-authors"


@pytest.fixture
def bob(site, library):
    """May change the library, and read no course."""
    person = site.person("bob")
    site.let_edit(person, TARGET)
    return person


@pytest.fixture
def upload(tmp_path):
    """Upload an export: ``upload(user)``, of another site's course, or of what lies in a folder."""

    def upload(user, content: Path | None = None):
        if content is None:
            content = write_course(tmp_path / "far" / "course", *small_course(), title="Far away", run="Far")
        archive = pack(content, tmp_path / f"{content.name}.tar.gz")
        return api.upload_export(user=user, file=BytesIO(archive.read_bytes()), name=archive.name)

    return upload


def run(user, source, **options):
    made = api.create_import(
        user=user, source_key=source.key, origin=source.origin, export=source.export, library_key=TARGET, **options
    )
    api.stage_import(user=user, import_id=made.id)
    return api.complete_import(user=user, import_id=made.id)


def listed(user) -> list[tuple[str, str]]:
    return sorted((source.origin, source.title) for source in api.list_sources(user=user).items)


def test_one_of_another_site_is_imported_by_who_may_change_a_library(bob, upload):
    source = upload(bob)
    assert (source.key, source.origin, source.uploaded_by, source.problem) == (FAR_KEY, "upload", "bob", "")
    assert listed(bob) == [("upload", "Far away")]
    done = run(bob, source)
    assert (done.counts, done.source_origin, done.source_url) == ({"created": 12}, "upload", "")
    assert api.undo_import(user=bob, import_id=done.id).state is ImportState.UNDONE


def test_one_of_a_legacy_library_that_the_platform_does_not_have(bob, upload, tmp_path):
    source = upload(bob, write_library(tmp_path / "legacy", text("t1"), text("t2")))
    assert (source.key, source.kind) == (LIBRARY_KEY, SourceKind.LIBRARY)
    assert run(bob, source).counts == {"created": 2}


def test_a_course_that_is_here_as_well_is_two_sources_with_the_same_blocks(site, ada, library, load, upload, tmp_path):
    load(title="Here")
    source = upload(ada, site.export(KEY, tmp_path / "out"))
    assert listed(ada) == [("modulestore", "Here"), ("upload", "Here")]
    here = api.get_source(user=ada, source_key=KEY)
    assert here.origin == "modulestore"  # What is here comes first.
    assert run(ada, here).counts == {"created": 12}
    assert run(ada, source).counts == {"unchanged": 12}


def test_its_files_come_along_and_what_was_staged_goes(ada, library, upload, tmp_path):
    picture = section("s", subsection("b", unit("u", text("t1", "<img src='/static/a.png'/>"))))
    course = write_course(tmp_path / "c" / "course", picture, static={"a.png": b"a picture"})
    source = upload(ada, course)
    made = api.create_import(user=ada, source_key=source.key, library_key=TARGET)
    api.stage_import(user=ada, import_id=made.id)
    staged = content_model().objects.filter(purpose__endswith=made.id.replace("-", ""))
    [file] = {row.data_file.name: row for content in staged for row in content.files.all()}.values()
    with file.data_file.open() as opened:
        assert opened.read() == b"a picture"
    storage, name = file.data_file.storage, file.data_file.name
    api.cancel_import(user=ada, import_id=made.id)
    api.remove_old_staged_content(days=0)
    assert not staged.all().exists()
    assert not storage.exists(name)


class TestWhoMay:
    def test_read_it(self, site, ada, bob, upload):
        source = upload(bob)
        carla = site.person("carla")
        site.let_edit(carla, TARGET)
        assert listed(ada) == [("upload", "Far away")]  # Global staff sees to everybody's.
        assert listed(carla) == []
        with pytest.raises(api.NotFound):
            api.get_source(user=carla, source_key=FAR_KEY, export=source.export)
        with pytest.raises(api.NotFound):
            api.remove_export(user=carla, export=source.export)
        api.remove_export(user=ada, export=source.export)
        assert listed(bob) == []

    def test_upload(self, site, bob, upload):
        reader, maker = site.person("reader"), site.person("maker")
        site.let_create_libraries(maker)
        assert api.upload_limit(user=reader) == 0
        with pytest.raises(api.NotPermitted, match="takes the right to change a library, or to make one"):
            upload(reader)
        assert upload(maker).uploaded_by == "maker"

    @pytest.mark.parametrize("is_staff", [False, True])
    def test_nobody_whose_account_is_closed(self, site, bob, upload, is_staff):
        source = upload(bob)
        bob.is_staff = is_staff
        site.close_account(bob)
        assert listed(bob) == []
        with pytest.raises(api.NotPermitted):
            upload(bob)
        with pytest.raises(api.NotFound):
            api.remove_export(user=bob, export=source.export)


def test_what_is_switched_off_is_not_to_be_had_by_a_detour(site, ada, library, upload):
    source = upload(ada)
    site.switch(on=False, org="Acme")
    assert "not switched on for courses of Acme" in api.list_sources(user=ada).items[0].problem
    with pytest.raises(api.NotPermitted, match="not switched on for courses of Acme"):
        run(ada, source)


def test_how_large_they_may_be_is_set(ada, library, upload, settings):
    settings.IMPORT_FROM_MODULESTORE_MAX_UPLOAD_BYTES = 100
    assert api.upload_limit(user=ada) == 100
    with pytest.raises(api.InvalidOption, match="too large: an upload has 100 B at most"):
        upload(ada)


def test_without_the_folder_what_was_imported_stays_and_can_be_undone(ada, library, upload, settings):
    done = run(ada, upload(ada))
    settings.IMPORT_FROM_MODULESTORE_EXPORTS_DIR = None
    assert api.upload_limit(user=ada) == 0
    assert listed(ada) == []
    with pytest.raises(api.NotPermitted, match="set IMPORT_FROM_MODULESTORE_EXPORTS_DIR"):
        upload(ada)
    assert api.undo_import(user=ada, import_id=done.id).state is ImportState.UNDONE


def test_on_the_pages(ada, library, load, upload, settings):
    settings.ROOT_URLCONF = "tests.studio.cms_urls"
    load(title="Here")
    upload(ada)
    client = Client()
    client.force_login(ada)
    page = client.get(reverse("modulestore_imports:choose")).content.decode()
    assert 'type="file"' in page
    assert f'value="{FAR_KEY} upload upload:{ada.pk}/course.tar.gz"' in page
    assert f'value="{KEY} modulestore"' in page
    assert " · Studio" in page
    form = {"source": f"{FAR_KEY} upload", "library": TARGET, "publish": "on"}
    client.post(reverse("modulestore_imports:options"), form)
    [made] = api.list_imports(user=ada).items
    assert made.source_origin == "upload"
    assert (
        "<dt>Origin</dt><dd>Upload</dd>" in client.get(f"/import_from_modulestore/imports/{made.id}/").content.decode()
    )


def test_over_rest(ada, library, tmp_path, settings):
    settings.ROOT_URLCONF = "tests.studio.cms_urls"
    archive = pack(write_course(tmp_path / "c" / "course", *small_course()), tmp_path / "c.tar.gz")
    client = APIClient()
    client.force_authenticate(ada)
    sent = {"file": SimpleUploadedFile("c.tar.gz", archive.read_bytes())}
    made = client.post(reverse("modulestore_imports_api:v1:sources"), sent, format="multipart")
    assert (made.status_code, made.json()["origin"]) == (201, "upload")
    assert client.get(made.headers["Location"]).json() == made.json()
    body = {"source_key": KEY, "origin": "upload", "library_key": TARGET, "start": False}
    assert (
        client.post(reverse("modulestore_imports_api:v1:imports"), body, format="json").json()["source_origin"]
        == "upload"
    )
