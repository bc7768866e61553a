"""Exports that people upload: what is taken, who may read it, and when it goes."""

from __future__ import annotations

import os
import tarfile
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import ImportState
from import_from_modulestore.exports import uploads
from import_from_modulestore.hosts.sources import AllSources
from import_from_modulestore.models import Import
from import_from_modulestore_standalone.grants import Role, take
from import_from_modulestore_standalone.host import CoursesFolder, StandaloneHost

from .builders import KEY, TARGET, header, pack, unit, write_course, write_library, write_tar, write_zip


@pytest.fixture
def upload(export):
    """Upload it: ``upload(user)``, or another file, or under another name."""

    def upload(user, file: Path | None = None, name: str = "tides.tar.gz"):
        return api.upload_export(user=user, file=BytesIO((file or export).read_bytes()), name=name)

    return upload


@pytest.fixture
def kept(settings):
    """The files that are kept: ``kept()``."""
    return lambda: sorted(
        path.relative_to(settings.UPLOADS_DIR).as_posix()
        for path in settings.UPLOADS_DIR.rglob("*")
        if path.is_file() and path.name != ".lock"
    )


@pytest.fixture
def other(tmp_path):
    """Another export of the same course."""
    return pack(write_course(tmp_path / "other", unit("u9"), title="Mine"), tmp_path / "other.tar.gz")


def sources(user) -> list[tuple[str, str]]:
    return [(source.title, source.uploaded_by) for source in api.list_sources(user=user).items]


class TestUploading:
    def test_makes_a_source_that_is_imported_like_any_other(self, upload, outsider):
        made = upload(outsider)
        assert (made.key, made.title, made.counts["component"]) == (KEY, "Mine", 5)
        assert (made.uploaded_by, made.removable, made.problem) == ("olga", True, "")
        assert api.list_sources(user=outsider).items == (made,)
        run = api.create_import(user=outsider, source_key=KEY, library_key=TARGET)
        assert run.source_export == made.export
        api.stage_import(user=outsider, import_id=run.id)
        assert api.complete_import(user=outsider, import_id=run.id).counts == {"created": 12}

    def test_tells_when(self, upload, user):
        before = datetime.now(tz=UTC) - timedelta(seconds=1)  # A file's clock may be that much behind.
        assert before <= upload(user).uploaded <= datetime.now(tz=UTC)

    @pytest.mark.parametrize("name", ["c.zip", "c.tar"])
    def test_takes_other_formats_whatever_the_file_is_called(self, upload, user, export, tmp_path, name):
        file = pack(tmp_path / "mine" / "c1", tmp_path / name)
        assert upload(user, file, "course.tar.gz").export.endswith(f"/course{file.suffix}")

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("tides.tar.gz", "tides.tar.gz"),
            ("../../etc/passwd", "passwd.tar.gz"),
            ("C:\\exports\\tides.zip", "tides.tar.gz"),
            (".hidden", "hidden.tar.gz"),
            ("..", "export.tar.gz"),
            ("", "export.tar.gz"),
            ("a b\n\0c<script>.tgz", "a_b_c_script.tar.gz"),
            ("x" * 300 + ".tar.gz", "x" * 100 + ".tar.gz"),
            ("潮" * 300, "潮" * 33 + ".tar.gz"),
            ("\ud800.tar.gz", "export.tar.gz"),
        ],
    )
    def test_trusts_no_name(self, upload, user, kept, name, shown):
        upload(user, name=name)
        assert kept() == [f"{user.pk}/{shown}"]

    def test_the_same_again_is_kept_once(self, upload, user, editor, kept):
        first, second = upload(user), upload(user, name="again.tgz")
        assert (first.export, kept()) == (second.export, [f"{user.pk}/tides.tar.gz"])
        assert upload(editor).export != first.export

    def test_and_is_the_newest_then(self, upload, other, user, settings):
        first, second = upload(user), upload(user, other)
        for number, made in enumerate((first, second), start=1):
            os.utime(settings.UPLOADS_DIR / made.export.removeprefix("upload:"), (number, number))
        assert api.get_source(user=user, source_key=KEY).export == second.export
        upload(user)
        assert api.get_source(user=user, source_key=KEY).export == first.export

    def test_two_of_one_source_are_kept_apart(self, upload, other, user, courses):
        write_course(courses / "c1", title="Shelf")
        first, second = upload(user), upload(user, other)
        assert first.export != second.export
        assert sources(user) == [("Mine", "ada"), ("Mine", "ada"), ("Shelf", "")]
        for made in (first, second):
            assert api.get_source(user=user, source_key=KEY, export=made.export) == made
        assert api.get_source(user=user, source_key=KEY, export="c1").title == "Shelf"

    def test_the_newest_of_both_places_is_taken(self, upload, user, courses, kept, settings):
        write_course(courses / "c1", title="Shelf")
        upload(user)
        assert api.get_source(user=user, source_key=KEY).title == "Mine"
        os.utime(settings.UPLOADS_DIR / kept()[0], (1e9, 1e9))
        assert api.get_source(user=user, source_key=KEY).title == "Shelf"

    def test_is_for_nobody_else_on_the_machine(self, upload, user, settings):
        upload(user)
        modes = [path.stat().st_mode & 0o077 for path in settings.UPLOADS_DIR.rglob("*")]
        assert modes
        assert not any(modes)

    def test_is_refused_where_a_host_takes_none(self, upload, user, settings):
        settings.IMPORT_FROM_MODULESTORE_HOST = "tests.test_uploads.WithoutUploads"
        assert api.upload_limit(user=user) == 0
        with pytest.raises(api.NotPermitted, match="Exports cannot be uploaded here: this site imports the courses"):
            upload(user)


class TestWhatIsRefused:
    """Each with its reason, and nothing of it stays."""

    @pytest.fixture(autouse=True)
    def _nothing_stays(self, kept, settings):
        yield
        assert kept() == []
        assert not list(settings.EXPORTS_CACHE_DIR.rglob("*.json"))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", r"^tides\.tar\.gz is empty"),
            (b"<html>Sign in</html>", r"^tides\.tar\.gz is neither a tar.gz nor a zip archive"),
            (b"\x1f\x8b and no more", "is cut off or damaged"),
            (b"PK and no more", "is cut off or damaged"),
        ],
    )
    def test_what_is_no_archive(self, user, content, reason):
        with pytest.raises(api.SourceError, match=reason):
            api.upload_export(user=user, file=BytesIO(content), name="tides.tar.gz")

    def test_what_breaks_off(self, user, export):
        with pytest.raises(api.SourceError, match=r"tides\.tar\.gz is cut off or damaged"):
            api.upload_export(user=user, file=BytesIO(export.read_bytes()[:-100]), name="tides.tar.gz")

    def test_what_holds_no_course(self, upload, user, tmp_path):
        with pytest.raises(api.SourceError, match="holds neither a course.xml nor a library.xml"):
            upload(user, write_zip(tmp_path / "photos.zip", ("a.jpg", b"")))

    def test_what_would_be_written_elsewhere(self, upload, user, tmp_path):
        hostile = write_tar(tmp_path / "bad.tar.gz", ("c/course.xml", b""), ("../x", b""))
        with pytest.raises(api.SourceError, match="outside its folder"):
            upload(user, hostile)
        with pytest.raises(api.SourceError, match="a link"):
            upload(user, write_tar(tmp_path / "l.tar.gz", ("c/course.xml", b""), header("l", tarfile.SYMTYPE, "/")))

    def test_several_in_one(self, upload, user, tmp_path):
        write_course(tmp_path / "both" / "a")
        write_library(tmp_path / "both" / "b")
        with pytest.raises(api.SourceError, match="holds 2 exports. Upload each in an archive of its own"):
            upload(user, pack(tmp_path / "both", tmp_path / "both.zip"))

    def test_what_is_too_large(self, upload, user, settings):
        settings.MAX_UPLOAD_BYTES = 1000
        assert api.upload_limit(user=user) == 1000
        with pytest.raises(api.InvalidOption, match=r"^[\w.]+ is too large: an upload has 1 kB at most") as error:
            upload(user)
        assert error.value.field == "file"

    def test_what_the_disk_has_no_room_for(self, upload, user, monkeypatch):
        monkeypatch.setattr(uploads, "_KEPT_FREE", 10**18)
        with pytest.raises(api.InvalidOption, match="the disk on which uploads are kept has 0 B left for them"):
            upload(user)

    def test_what_is_broken_off_while_it_comes(self, user, export):
        class BrokenOff(BytesIO):
            def read(self, *args):
                if self.tell():
                    raise OSError("the connection is gone")
                return super().read(100)

        with pytest.raises(OSError, match="the connection is gone"):
            api.upload_export(user=user, file=BrokenOff(export.read_bytes()), name="tides.tar.gz")


def test_what_the_disk_has_room_for_is_kept(upload, user, export, settings, monkeypatch, kept):
    room = uploads._KEPT_FREE + export.stat().st_size

    def usage(folder):
        used = sum(path.stat().st_size for path in settings.UPLOADS_DIR.rglob("*") if path.is_file())
        return SimpleNamespace(free=room - used)

    monkeypatch.setattr(uploads.shutil, "disk_usage", usage)
    upload(user)
    assert len(kept()) == 1
    assert api.upload_limit(user=user) == 0


def test_all_of_one_person_have_a_bound_together(upload, user, export, settings, kept, editor):
    settings.MAX_UPLOADS_BYTES_PER_USER = export.stat().st_size * 3 // 2
    made = upload(user)
    with pytest.raises(api.InvalidOption, match="are left for you here. Remove uploads"):
        upload(user)
    upload(editor)
    api.remove_export(user=user, export=made.export)
    upload(user)
    assert len(kept()) == 2


class TestWhoMayRead:
    @pytest.fixture
    def others(self, upload, editor):
        """What an editor has uploaded, who is a reader as well."""
        return upload(editor)

    def test_who_uploaded_it_and_superusers(self, others, editor, user, reviewer, outsider):
        assert sources(editor) == sources(user) == [("Mine", "bob")]
        assert sources(reviewer) == sources(outsider) == []
        assert api.get_source(user=user, source_key=KEY, export=others.export).uploaded_by == "bob"

    def test_others_are_told_of_none(self, others, reviewer, outsider, stranger):
        nowhere = others.export.replace(".tar.gz", "-2.tar.gz")
        for other in (reviewer, outsider, stranger):
            for call in (
                lambda user, name: api.get_source(user=user, source_key=KEY, export=name),
                lambda user, name: api.remove_export(user=user, export=name),
                lambda user, name: api.create_import(user=user, source_key=KEY, library_key=TARGET, export=name),
            ):
                told = []
                for name in (others.export, nowhere):
                    with pytest.raises(api.NotFound) as error:
                        call(other, name)
                    told.append(str(error.value).replace(name, "…"))
                assert told[0] == told[1]

    def test_an_import_of_it_is_reviewed_by_these_alone(self, others, editor, user, person):
        colleague = person("cora", Role.EDITOR, Role.READER)
        run = api.create_import(user=editor, source_key=KEY, library_key=TARGET)
        api.stage_import(user=editor, import_id=run.id)
        assert api.list_blocks(user=user, import_id=run.id).total == 12
        with pytest.raises(api.NotPermitted, match="You may not read course-v1"):
            api.list_blocks(user=colleague, import_id=run.id)

    def test_a_closed_account_reads_and_uploads_nothing(self, upload, others, editor):
        editor.is_active = False
        editor.save()
        assert sources(editor) == []
        with pytest.raises(api.NotPermitted):
            upload(editor)

    def test_who_may_change_no_library_any_more_keeps_what_is_there(self, others, editor):
        take(editor, Role.READER)
        again = type(editor).objects.get(pk=editor.pk)
        assert sources(again) == [("Mine", "bob")]

    def test_folders_of_nobody_are_passed_over(self, others, user, settings):
        for name in ("lost+found", ".cache"):
            (settings.UPLOADS_DIR / name).mkdir()
        assert sources(user) == [("Mine", "bob")]
        api.remove_old_staged_content()

    def test_what_a_deleted_account_has_left_is_there_for_superusers(self, others, editor, user):
        editor.delete()
        assert sources(user) == [("Mine", "")]


class TestRemoving:
    def test_while_another_comes(self, upload, user, other, monkeypatch):
        """In another tab: it takes no room any more."""
        upload(user)
        there = uploads.Uploads._files
        monkeypatch.setattr(uploads.Uploads, "_files", lambda *args: [*there(*args), Path("removed.tar.gz")])
        assert api.upload_limit(user=user) > 0
        assert upload(user, other, "other.tar.gz").title == "Mine"

    def test_leaves_nothing_behind(self, upload, user, kept, tmp_path):
        made = upload(user)
        run = api.create_import(user=user, source_key=KEY, library_key="lib:Acme:New", new_library_title="")
        api.stage_import(user=user, import_id=run.id)
        api.remove_export(user=user, export=made.export)
        assert (kept(), sources(user)) == ([], [])
        assert not list((tmp_path / "cache").rglob("*.xml"))
        assert api.list_blocks(user=user, import_id=run.id).total == 12

    def test_waits_for_an_import_that_reads_it(self, upload, user, library, kept):
        made = upload(user)
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        Import.objects.filter(uuid=run.id).update(state=ImportState.STAGING, queued=datetime.now(tz=UTC))
        with pytest.raises(api.WrongState, match=f"is being staged by import {run.id[:8]}") as error:
            api.remove_export(user=user, export=made.export)
        assert error.value.state == ImportState.STAGING
        api.cancel_import(user=user, import_id=run.id)
        api.remove_export(user=user, export=made.export)
        assert kept() == []

    def test_an_import_of_it_says_that_it_is_gone(self, upload, user, library):
        made = upload(user)
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.remove_export(user=user, export=made.export)
        with pytest.raises(api.NotFound, match=r"The upload upload:.*tides\.tar\.gz is gone. Upload the export again"):
            api.stage_import(user=user, import_id=run.id)

    @pytest.mark.parametrize("owner", ["..", "."])
    def test_no_name_leads_out_of_the_folder(self, upload, user, export, settings, owner):
        """Also not for whoever may remove everybody's."""
        upload(user)
        outside = settings.UPLOADS_DIR / owner / "site.tar.gz"
        outside.write_bytes(export.read_bytes())
        name = f"upload:{owner}/{outside.name}"
        with pytest.raises(api.NotFound):
            api.get_source(user=user, source_key=KEY, export=name)
        with pytest.raises(api.NotFound):
            api.remove_export(user=user, export=name)
        assert outside.exists()

    @pytest.mark.parametrize("name", ["c1", "upload:", "upload:1", "upload:1/../../cache", "upload:../x", ""])
    def test_nothing_else_can_be_removed(self, user, courses, name):
        write_course(courses / "c1")
        with pytest.raises(api.NotFound):
            api.remove_export(user=user, export=name)
        assert (courses / "c1").is_dir()

    def test_what_a_killed_process_had_begun_goes_a_day_later(self, upload, user, kept, settings):
        upload(user)
        left, new = (settings.UPLOADS_DIR / str(user.pk) / f".partial-{name}" for name in ("old", "new"))
        for path in (left, new):
            path.touch()
        os.utime(left, (time.time() - 90_000,) * 2)
        api.remove_old_staged_content()
        assert kept() == [f"{user.pk}/.partial-new", f"{user.pk}/tides.tar.gz"]


class WithoutUploads(StandaloneHost):
    """A site with a folder alone."""

    sources = AllSources(CoursesFolder())
