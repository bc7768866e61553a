"""Files in place of keys: an export goes in, an archive comes out."""

import errno
import os
import shutil
import stat
from zipfile import ZipFile

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import ImportState
from import_from_modulestore.errors import SourceError
from import_from_modulestore.keys import library_key_for, parse_source_key
from import_from_modulestore.models import Import

from ..builders import KEY, TARGET, pack, small_course, text, unit, write_course
from ..library_state import drafts, library_state
from .calls import command, data_of, refused

LIBRARY = "lib:Acme:C1-R1"


@pytest.fixture(autouse=True)
def _uploads(settings, tmp_path):
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.EXPORTS_CACHE_DIR = tmp_path / "cache"


@pytest.fixture
def export(tmp_path, courses):
    """An export that lies on no shelf."""
    file = pack(courses / "c1", tmp_path / "course.tar.gz")
    shutil.rmtree(courses / "c1")
    return file


@pytest.fixture
def archive(tmp_path):
    return tmp_path / "library.zip"


def broken(*args, **kwargs):
    raise SourceError("It cannot be read today.")


def uploads() -> list[dict]:
    return [source for source in data_of("sources") if source["origin"] == "upload"]


class TestRun:
    def test_takes_an_export_and_leaves_an_archive(self, export, archive):
        out = command("run", str(export), str(archive))
        assert "+ Create" in out
        assert f"{LIBRARY} is in {archive}".replace(" ", "") in "".join(out.split())  # However its lines are broken.
        assert any(name.endswith("html/t1.toml") or "t1" in name for name in ZipFile(archive).namelist())
        assert len(drafts(library_state(LIBRARY))) == 12

    def test_again_writes_what_has_changed(self, export, archive, tmp_path):
        command("run", str(export), str(archive))
        write_course(tmp_path / "new", unit("u9", text("t9", "New.")), *small_course(), title="Tides")
        again = pack(tmp_path / "new", tmp_path / "later.tar.gz")
        outcomes = [record["outcome"] for record in data_of("run", str(again), str(archive), "--force")["records"]]
        assert {outcome: outcomes.count(outcome) for outcome in outcomes} == {"created": 2, "unchanged": 12}

    def test_leaves_no_upload(self, export, archive):
        command("run", str(export), str(archive))
        assert not uploads()
        refused("run", str(export), "lib:Acme:Nowhere")
        assert not uploads()
        command("preview", str(export), TARGET, "--create")
        assert not uploads()

    def test_that_was_killed_is_repeated_with_the_upload_that_it_left(self, export, archive, user):
        with export.open("rb") as file:
            left = api.upload_export(user=user, file=file, name=export.name)
        command("run", str(export), str(archive), "--user", user.get_username())
        assert Import.objects.get().source_export == left.export
        assert [source["export"] for source in uploads()] == [left.export]

    def test_takes_no_upload_that_another_is_at(self, export, archive, user):
        with export.open("rb") as file, api.passing_export(user=user, file=file, name=export.name) as theirs:
            command("run", str(export), str(archive), "--user", user.get_username())
            assert Import.objects.get().source_export != theirs.export
            assert [source["export"] for source in uploads()] == [theirs.export]
        assert not uploads()

    def test_that_could_not_be_staged_keeps_it_for_another_try(self, export, monkeypatch):
        monkeypatch.setattr("import_from_modulestore.hosts.exports.stage_export", broken)
        refused("run", str(export), TARGET, "--create")
        assert Import.objects.get().state == ImportState.STAGING_FAILED
        monkeypatch.undo()
        assert len(uploads()) == 1
        command("retry", "last")
        command("complete", "last")
        assert len(drafts(library_state(TARGET))) == 12

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("nowhere/library.zip", "cannot be written: No such file or directory"),
            ("course.tar.gz/library.zip", "cannot be written: Not a directory"),
            ("folder.zip", "cannot be written: Is a directory"),
            ("course.zip", "is the export itself"),
        ],
    )
    def test_imports_nothing_where_the_archive_cannot_be_written(self, export, tmp_path, name, said):
        (tmp_path / "folder.zip").mkdir()
        export = export.rename(tmp_path / "course.zip") if name == "course.zip" else export
        content = export.read_bytes()
        message, code = refused("run", str(export), str(tmp_path / name), "--force")
        assert (said in message, code) == (True, 1), message
        assert (Import.objects.count(), export.read_bytes()) == (0, content)

    def test_says_that_the_import_is_done_where_the_disk_takes_no_archive(self, export, archive, monkeypatch):
        def full(key, path, user):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

        monkeypatch.setattr("import_from_modulestore.actions.sources.content_api.create_zip_file", full)
        message, code = refused("run", str(export), str(archive))
        assert (f"{LIBRARY} has it" in message, "as it was" in message, code) == (True, False, 1)
        assert message.endswith(f" backup {LIBRARY} {archive}")

    def test_that_failed_can_be_tried_again(self, export, settings):
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
        refused("run", str(export), TARGET, "--create")
        assert Import.objects.get().state == ImportState.IMPORT_FAILED
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 100
        command("retry", "last")
        assert len(drafts(library_state(TARGET))) == 12

    def test_takes_keys_at_either_end(self, courses, export, archive):
        command("run", str(export), TARGET, "--create")
        assert len(drafts(library_state(TARGET))) == 12
        write_course(courses / "c1", *small_course(), title="Tides")
        assert data_of("run", KEY, str(archive))["backup"] == {
            "library": LIBRARY,
            "file": str(archive),
            "size": archive.stat().st_size,
        }

    def test_replaces_no_archive_unasked(self, export, archive):
        archive.write_text("mine")
        message, code = refused("run", str(export), str(archive))
        assert ("exists already" in message, code, archive.read_text()) == (True, 1, "mine")
        assert not Import.objects.exists()

    def test_writes_files_as_its_user_writes_them(self, export, archive, settings, tmp_path):
        report, choices = tmp_path / "report.csv", tmp_path / "choices.json"
        settings.UMASK = 0o027
        before = os.umask(0o077)
        try:
            command("run", str(export), str(archive))
            command("report", "last", str(report))
            command("choices", "last", "--export", str(choices))
        finally:
            assert os.umask(before) == 0o077
        assert {stat.S_IMODE(file.stat().st_mode) for file in (archive, report, choices)} == {0o640}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "nowhere.tar.gz", TARGET), 1, "nowhere.tar.gz: No such file"),
        (("run", "{folder}", TARGET), 2, "tar -czf course.tar.gz"),
        (("run", "{export}", TARGET, "--export", "c1"), 2, "Leave out --origin and --export"),
        (("run", "{text}", TARGET), 1, "notes.zip is neither a tar.gz nor a zip"),
    ],
)
def test_what_is_no_export_is_refused_with_advice(export, tmp_path, words, code, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.zip").write_text("no archive")
    paths = {"folder": tmp_path / "folder", "export": export, "text": tmp_path / "notes.zip"}
    message, found = refused(*(word.format(**paths) for word in words))
    assert (said in message, found) == (True, code), message


def test_what_is_staged_from_a_file_can_be_staged_again(export):
    command("stage", str(export), TARGET, "--create")
    assert [source["key"] for source in uploads()] == [KEY]
    command("stage", "last")
    command("complete", "last")


def test_what_was_uploaded_is_removed_by_the_name_of_its_file(export):
    command("stage", str(export), TARGET, "--create")
    assert "course.tar.gz is removed." in command("sources", "--remove", "course.tar.gz")
    assert uploads() == []
    message, code = refused("sources", "--remove", "course.tar.gz")
    assert ("course.tar.gz" in message, code) == (True, 4)
    command("complete", "last")


@pytest.mark.parametrize(
    ("source", "library"),
    [
        ("course-v1:Acme+Tides+2026", "lib:Acme:Tides-2026"),
        ("course-v1:Acmé+Tides:~+R.1", "lib:Acm_:Tides__-R.1"),
        ("library-v1:Acme+Questions", "lib:Acme:Questions"),
    ],
)
def test_a_library_without_a_name_is_called_as_its_source(source, library):
    assert str(library_key_for(parse_source_key(source))) == library
