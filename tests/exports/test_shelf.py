"""The shelf: a folder of exports is listed, whatever is in it; archives are unpacked once."""

import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from django.core.files import locks
from opaque_keys.edx.keys import LearningContextKey

from import_from_modulestore import api
from import_from_modulestore.data import Branch, SourceKind
from import_from_modulestore.errors import NotFound, SourceBeingRead, SourceError
from import_from_modulestore.exports import outline
from import_from_modulestore.exports import shelf as shelves
from import_from_modulestore.exports.archive import UnpackLimits
from import_from_modulestore.exports.shelf import Shelf

from ..builders import (
    KEY,
    LIBRARY_KEY,
    header,
    pack,
    problem,
    small_course,
    unit_of,
    write_course,
    write_library,
    write_tar,
)
from ..processes import PATIENCE, wait_for
from ..rights import without_override

COURSE = LearningContextKey.from_string(KEY)


@pytest.fixture
def shelf(courses, tmp_path) -> Shelf:
    return Shelf(courses, tmp_path / "cache", keep=timedelta(0))


@pytest.fixture
def described(shelf):
    """All that is listed, with its counts: ``described()``."""
    return lambda: list(shelf.describe(list(shelf.list())))


@pytest.fixture
def cached(tmp_path):
    """The unpacked archives: ``cached()``."""
    return lambda: {path for path in (tmp_path / "cache").glob("*/*/content") if path.is_dir()}


@pytest.fixture
def archive(courses, tmp_path):
    return pack(write_course(tmp_path / "c1", *small_course()), courses / "c1.tar.gz")


class TestListing:
    def test_tells_what_there_is_to_import(self, described, courses):
        folder = write_course(courses / "c1", *small_course(), title="Tides")
        [source] = described()
        assert (source.key, source.title, source.kind, source.location) == (KEY, "Tides", SourceKind.COURSE, "c1")
        assert source.counts == {"section": 2, "subsection": 2, "unit": 3, "component": 5}
        assert source.types == {"html": 3, "problem": 2}
        assert source.size == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        assert source.version.startswith("c1 of 20")

    def test_a_folder_is_as_new_as_the_newest_file_in_it(self, described, courses):
        os.utime(write_course(courses / "c1", *small_course()) / "html/t1.xml", (4e9, 4e9))
        assert described()[0].version == "c1 of 2096-10-02 07:06:40 UTC"

    def test_an_archive_counts_as_its_folder_does(self, described, courses, archive, tmp_path):
        [source] = described()
        assert source.counts == {"section": 2, "subsection": 2, "unit": 3, "component": 5}
        assert source.size == archive.stat().st_size

    def test_is_in_order_of_name(self, shelf, courses, archive):
        write_library(courses / "a", problem("p1"))
        write_course(courses / "z")
        assert [source.location for source in shelf.list()] == ["a", "c1.tar.gz", "z"]

    def test_libraries_are_listed_too(self, described, courses):
        write_library(courses / "l1", problem("p1"), problem("p2"), title="Bank")
        [source] = described()
        assert (source.key, source.title, source.kind) == (LIBRARY_KEY, "Bank", SourceKind.LIBRARY)
        assert source.counts == {"component": 2}

    def test_a_block_that_is_shown_twice_counts_once(self, described, courses):
        write_course(courses / "c1", unit_of('<problem url_name="p"/><problem url_name="p"/>'))
        assert described()[0].counts["component"] == 1

    def test_unreadable_ones_carry_their_problem_and_the_rest_is_listed(self, shelf, courses, archive):
        write_tar(courses / "bad.tar.gz", ("../x", b""))
        write_tar(courses / "empty.tgz", ("readme.txt", b""))
        (courses / "folder").mkdir()
        problems = {source.location: source.problem for source in shelf.list()}
        assert problems.pop("c1.tar.gz") == ""
        assert "outside its folder" in problems.pop("bad.tar.gz")
        assert problems.keys() == {"empty.tgz", "folder"}
        assert all("neither a course.xml nor a library.xml" in problem for problem in problems.values())

    @pytest.mark.parametrize("name", [".hidden", "__MACOSX", "._c1.tar.gz"])
    def test_what_is_hidden_needs_no_mention(self, shelf, courses, name):
        (courses / name).write_text("") if "." in name else (courses / name).mkdir()
        assert list(shelf.list()) == []

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("notes.txt", "is no export, and is not read: exports are folders, .tar.gz, .tgz, .tar or .zip"),
            ("c1.tar.bz2", "is packed in a way that is not read here. Make it a .tar.gz"),
        ],
    )
    def test_what_is_no_export_is_told(self, shelf, courses, name, reason):
        (courses / name).touch()
        [source] = shelf.list()
        assert (source.key, source.title, source.location) == ("", name, name)
        assert reason in source.problem

    @pytest.mark.parametrize("unpacked", [False, True])
    def test_the_backup_of_a_library_is_called_that(self, shelf, courses, user, library, unpacked):
        api.backup_library(user=user, library_key=library.key, file=courses / "b.zip")
        if unpacked:
            with zipfile.ZipFile(courses / "b.zip") as backup:
                backup.extractall(courses / "b")
            (courses / "b.zip").unlink()
        [source] = shelf.list()
        assert "is the backup of a content library, “Target” (lib:Acme:Target), and none of a course" in source.problem
        assert "Studio restores it" in source.problem

    @pytest.mark.parametrize("name", ["several", "several.tar.gz", "several.zip"])
    def test_all_exports_in_one_are_listed(self, shelf, courses, tmp_path, name):
        folder = (tmp_path if "." in name else courses) / "several"
        write_course(folder / "b", *small_course(), title="Course")
        write_library(folder / "a" / "deep", title="Library")
        write_course(folder / "broken", files={"course.xml": "<course"})
        place = "several"
        if "." in name:
            pack(folder, courses / name)
            place = f"{name}/several"
        assert {(source.title, source.location, bool(source.problem)) for source in shelf.list()} == {
            ("Course", f"{place}/b", False),
            ("Library", f"{place}/a/deep", False),
            (f"{place}/broken", f"{place}/broken", True),
        }
        assert shelf.read(COURSE).counts["component"] == 5

    def test_two_exports_may_lie_in_one_folder(self, shelf, courses):
        write_library(write_course(courses / "both"))
        assert {source.key: source.location for source in shelf.list()} == {
            KEY: "both/course.xml",
            LIBRARY_KEY: "both/library.xml",
        }

    def test_two_of_one_key_are_told_apart_by_name_time_and_size(self, described, courses, archive):
        write_course(courses / "again")
        first, second = described()
        assert (first.key, first.export, second.key, second.export) == (KEY, "again", KEY, "c1.tar.gz")
        assert first.modified and second.modified
        assert first.size != second.size

    def test_nothing_is_unpacked_for_it(self, described, archive, cached, tmp_path):
        assert described()[0].counts["component"] == 5
        assert cached() == set()
        assert not [path for path in (tmp_path / "cache").rglob("*.xml") if path.parent.name in ("html", "problem")]

    def test_an_archive_is_looked_through_once_and_so_is_one_that_is_refused(
        self, shelf, courses, archive, monkeypatch
    ):
        write_tar(courses / "bad.tar.gz", ("c/course.xml", b""), ("../x", b""))
        before = list(shelf.list())
        with monkeypatch.context() as patch:
            patch.setattr(shelves, "unpack", None)
            assert list(shelf.list()) == before
        stat = archive.stat()
        archive.write_bytes(bytes(stat.st_size))  # Another, as large and, for all that it says itself, as old.
        os.utime(archive, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert list(shelf.list()) != before

    def test_the_outline_of_an_archive_has_bounds(self, described, archive, monkeypatch):
        monkeypatch.setattr(outline, "_MAX_FILES", 3)
        [source] = described()
        assert (source.key, source.counts) == (KEY, {})
        assert source.warnings == ("It is too large for its blocks to be counted before it is staged.",)

    def test_an_archive_that_takes_too_long_is_refused_unless_it_has_told_enough(self, courses, archive, tmp_path):
        shelf = Shelf(courses, tmp_path / "cache", UnpackLimits(seconds=0))
        assert "takes more than 0 seconds to read" in next(shelf.list()).problem

    @pytest.mark.parametrize("name", ["course.xml", "course", "chapter", "drafts", "policies", "static", "."])
    def test_what_may_not_be_read_keeps_no_other_from_being_listed(self, described, courses, archive, forbid, name):
        write_course(courses / "c2", *small_course(), files={"drafts/x/x.xml": "", "policies/x": "", "static/x": ""})
        forbid(courses / "c2" / name)
        assert [source.location for source in described()] == ["c1.tar.gz", "c2"]

    def test_a_folder_of_courses_that_may_not_be_entered_is_told(self, shelf, courses, archive, forbid):
        forbid(courses)
        with pytest.raises(SourceError, match="could not be read: Permission denied. Correct its permissions"):
            list(shelf.list())

    @pytest.mark.parametrize("inner", ["drafts", "drafts/problem", "drafts/problem/deep"])
    def test_a_folder_of_drafts_that_may_not_be_read_is_named(self, described, courses, forbid, inner):
        folder = write_course(courses / "c1", *small_course(), files={"drafts/problem/deep/p.xml": "<problem/>"})
        forbid(folder / inner)
        [source] = described()
        assert source.counts["component"] == 5
        assert any(f"{inner} could not be read: Permission denied" in warning for warning in source.warnings)

    def test_drafts_may_be_a_link_to_what_may_not_be_read(self, described, courses, tmp_path, forbid):
        (tmp_path / "outside" / "drafts").mkdir(parents=True)
        (write_course(courses / "c1", *small_course()) / "drafts").symlink_to(tmp_path / "outside" / "drafts")
        forbid(tmp_path / "outside" / "drafts")
        [source] = described()
        assert (source.problem, source.counts["component"]) == ("", 5)
        assert any("drafts could not be read: Permission denied" in warning for warning in source.warnings)

    def test_folders_in_folders_harm_no_other(self, shelf, courses, archive, tmp_path):
        write_tar(courses / "deep.tar.gz", ("d/" * 1_200 + "x", b""), header("l", tarfile.SYMTYPE, "/"))
        assert [bool(source.problem) for source in shelf.list()] == [False, True]
        assert shelf.open(COURSE).title == "A Course"

    @pytest.mark.at_gate
    def test_a_deep_folder_in_the_cache_is_removed_with_the_rest(self, shelf, archive, cached):
        shelf.open(COURSE)
        [content] = cached()
        deep = content
        for _ in range(1_200):
            deep /= "d"
            deep.mkdir()
        archive.unlink()
        list(shelf.list())
        assert not content.exists()

    def test_a_link_to_nowhere_is_a_problem_of_its_own(self, shelf, courses, archive):
        (courses / "gone.tar.gz").symlink_to(courses / "nowhere")
        assert [bool(source.problem) for source in shelf.list()] == [False, True]

    def test_a_pipe_is_not_waited_for(self, shelf, courses, archive):
        os.mkfifo(courses / "pipe.tar.gz")
        assert ["is neither a file nor a folder" in source.problem for source in shelf.list()] == [False, True]

    def test_a_folder_may_be_called_like_an_archive(self, shelf, courses):
        write_course(courses / "c1.tar.gz", title="A folder")
        assert [source.title for source in shelf.list()] == ["A folder"]

    def test_names_may_be_of_any_bytes(self, shelf, courses, archive):
        archive.rename(courses / os.fsdecode(b"c\xff.tar.gz"))
        [source] = shelf.list()
        assert source.location == "c\ufffd.tar.gz"
        assert source.problem == ""

    def test_the_folder_itself_may_be_an_export(self, shelf, courses):
        write_course(courses, *small_course())
        assert [source.location for source in shelf.list()] == [courses.name]

    def test_a_missing_folder_is_told_with_a_way_out(self, tmp_path):
        with pytest.raises(SourceError, match=r"^The folder of courses is not there\. Make it, or set COURSES_DIR"):
            list(Shelf(tmp_path / "nowhere", tmp_path / "cache").list())


class TestFinding:
    def test_by_key(self, shelf, courses, archive):
        write_library(courses / "l1")
        assert shelf.get(COURSE).location == "c1.tar.gz"
        assert shelf.open(COURSE).key == COURSE

    def test_an_unknown_key_is_not_found(self, shelf, archive):
        with pytest.raises(NotFound, match=r"No export in the folder of courses holds course-v1:a\+b\+c"):
            shelf.open(LearningContextKey.from_string("course-v1:a+b+c"))

    def test_the_unreadable_are_named_as_it_may_be_one_of_them(self, shelf, courses):
        write_tar(courses / "bad.tar.gz", ("../x", b""))
        with pytest.raises(NotFound, match=r"These could not be read: bad\.tar\.gz"):
            shelf.get(COURSE)

    def test_the_newest_of_several_is_taken(self, shelf, courses, archive):
        write_course(courses / "again", title="Again")
        os.utime(archive, (4e9, 4e9))
        assert shelf.get(COURSE).export == "c1.tar.gz"
        os.utime(archive, (1e9, 1e9))
        assert (shelf.get(COURSE).export, shelf.open(COURSE).title) == ("again", "Again")

    @pytest.mark.parametrize("name", ["again", "c1.tar.gz"])
    def test_or_the_one_that_is_named(self, shelf, courses, archive, name):
        write_course(courses / "again")
        assert shelf.get(COURSE, name).export == shelf.open(COURSE, name).name == name

    def test_a_name_that_is_none(self, shelf, courses, archive):
        write_library(courses / "l1")
        write_tar(courses / "bad.tar.gz", ("../x", b""))
        with pytest.raises(NotFound, match=r"There is no export gone in .*\. Put it back"):
            shelf.get(COURSE, "gone")
        with pytest.raises(NotFound, match=r"l1 does not hold course-v1:Acme\+C1\+R1"):
            shelf.get(COURSE, "l1")
        with pytest.raises(SourceError, match="outside its folder"):
            shelf.get(COURSE, "bad.tar.gz")


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """As long as somebody else holds a file."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        locks.lock(file, locks.LOCK_EX)
        yield


class TestPatience:
    """Where somebody waits for a page."""

    @pytest.fixture
    def hurried(self, courses, tmp_path) -> Shelf:
        return Shelf(courses, tmp_path / "cache", keep=timedelta(0), patience=PATIENCE)

    @pytest.fixture
    def hurried_in_vain(self, courses, tmp_path) -> Iterator[Shelf]:
        """Another process is at it, and does not come to an end."""
        shelf = Shelf(courses, tmp_path / "cache", keep=timedelta(0), patience=0.01)
        with held(shelf.lock):
            yield shelf

    def test_what_is_read_by_then_is_listed_as_ever(self, hurried, described, courses, archive):
        write_tar(courses / "bad.tar.gz", ("../x", b""))
        (courses / "notes.txt").touch()
        write_library(courses / "l1", problem("p1"))
        assert list(hurried.describe(list(hurried.list()))) == described()

    def test_what_is_not_is_told(self, hurried_in_vain, courses, archive):
        write_library(courses / "l1")
        first, second = hurried_in_vain.list()
        assert (first.location, first.key) == ("c1.tar.gz", "")
        assert first.problem == "c1.tar.gz is being read for the first time. Try again in a moment."
        assert (second.key, second.problem) == (LIBRARY_KEY, "")
        for name in ("", "c1.tar.gz"):
            with pytest.raises(SourceBeingRead):
                hurried_in_vain.get(COURSE, name)

    def test_it_is_read_meanwhile(self, archive, courses, tmp_path):
        shelf = Shelf(courses, tmp_path / "cache", patience=0.01)
        with held(shelf.lock):
            assert next(shelf.list()).problem
        wait_for(lambda: not next(shelf.list()).problem)
        assert shelf.get(COURSE).counts["component"] == 5

    def test_of_several_the_newest_is_not_known_before_all_that_are_newer_are(self, hurried_in_vain, courses, archive):
        write_course(courses / "again")
        os.utime(archive, (4e9, 4e9))
        with pytest.raises(SourceBeingRead, match=r"c1\.tar\.gz is being read"):
            hurried_in_vain.get(COURSE)
        assert hurried_in_vain.get(COURSE, "again").export == "again"
        os.utime(archive, (1e9, 1e9))
        assert hurried_in_vain.get(COURSE).export == "again"

    def test_what_hinders_for_a_time_is_told_and_tried_again(self, hurried, archive, tmp_path):
        archive.chmod(0)
        with without_override():
            assert next(hurried.list()).problem == "c1.tar.gz could not be read: Permission denied."
            archive.chmod(0o644)
            assert next(hurried.list()).problem == ""

    def test_nothing_is_unpacked(self, hurried, archive, cached):
        assert hurried.get(COURSE).counts["component"] == 5
        assert cached() == set()


class TestCache:
    def test_an_archive_is_unpacked_once(self, shelf, archive, cached):
        shelf.open(COURSE)
        [content] = cached()
        unpacked = content.stat().st_ino
        list(shelf.list())
        shelf.open(COURSE)
        assert [content.stat().st_ino for content in cached()] == [unpacked]

    def test_counts_are_kept_with_it(self, shelf, archive, cached):
        counts = shelf.read(COURSE).counts
        next(iter(cached())).joinpath("c1/chapter/s1.xml").unlink()
        assert shelf.read(COURSE).counts == counts

    @pytest.mark.parametrize("summary", ["", "[]", '{"counts": 1}', '{"other": {}}'])
    def test_a_broken_summary_is_made_anew(self, shelf, archive, cached, summary):
        counts = shelf.read(COURSE).counts
        [kept] = next(iter(cached())).parent.glob("content-*.json")
        kept.write_text(summary)
        assert shelf.read(COURSE).counts == counts

    @pytest.mark.parametrize("lost", ["", "content", "content/*", "content/*/html", "content/*/html/t1.xml", "outline"])
    def test_is_made_anew_where_some_of_it_is_lost(self, shelf, archive, tmp_path, lost):
        before = list(shelf.describe(list(shelf.list())))
        whole = [root.problems for root in shelf.open(COURSE).read(Branch.DRAFT)]
        for path in (tmp_path / "cache").glob(f"*/*/{lost}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert list(shelf.describe(list(shelf.list()))) == before
        assert [root.problems for root in shelf.open(COURSE).read(Branch.DRAFT)] == whole == [{}, {}]

    def test_is_renewed_when_the_archive_changes(self, shelf, archive, cached, tmp_path):
        shelf.open(COURSE)
        pack(write_course(tmp_path / "c2", title="Renewed"), archive)
        assert [source.title for source in shelf.list()] == ["Renewed"]
        assert shelf.open(COURSE).title == "Renewed"
        assert len(cached()) == 1

    def test_is_dropped_when_the_archive_goes(self, shelf, archive, cached):
        shelf.open(COURSE)
        archive.unlink()
        assert list(shelf.list()) == []
        assert cached() == set()

    def test_is_kept_for_a_while_for_imports_that_still_read_it(self, courses, archive, cached, tmp_path):
        shelf = Shelf(courses, tmp_path / "cache")
        shelf.open(COURSE)
        archive.unlink()
        assert list(shelf.list()) == []
        assert len(cached()) == 1

    def test_leaves_other_shelves_alone(self, shelf, archive, cached, tmp_path):
        shelf.open(COURSE)
        (tmp_path / "other").mkdir()
        list(Shelf(tmp_path / "other", tmp_path / "cache", keep=timedelta(0)).list())
        assert len(cached()) == 1

    def test_what_a_killed_process_had_unpacked_is_cleared_away(self, shelf, archive, cached):
        shelf.open(COURSE)
        [content] = cached()
        content.rename(content.with_name("partial"))
        (content.with_name("partial") / "half").touch()
        assert shelf.open(COURSE).title == "A Course"
        assert not (content / "half").exists()
        assert not content.with_name("partial").exists()

    def test_several_may_open_it_at_once(self, shelf, archive):
        titles: list[str] = []
        threads = [Thread(target=lambda: titles.append(shelf.open(COURSE).title)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert titles == ["A Course"] * 8
