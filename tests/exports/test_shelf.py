"""The shelf: a folder of exports is listed, whatever is in it; archives are unpacked once."""

import os
from datetime import timedelta
from threading import Thread

import pytest
from opaque_keys.edx.keys import LearningContextKey

from import_from_modulestore.data import SourceKind
from import_from_modulestore.errors import NotFound, SourceError
from import_from_modulestore_standalone.exports.shelf import Shelf

from ..builders import KEY, LIBRARY_KEY, pack, problem, small_course, unit_of, write_course, write_library, write_tar

COURSE = LearningContextKey.from_string(KEY)


@pytest.fixture
def shelf(courses, tmp_path) -> Shelf:
    return Shelf(courses, tmp_path / "cache", keep=timedelta(0))


@pytest.fixture
def cached(tmp_path):
    """The unpacked archives: ``cached()``."""
    return lambda: {path for path in (tmp_path / "cache").glob("*/*/content") if path.is_dir()}


@pytest.fixture
def archive(courses, tmp_path):
    return pack(write_course(tmp_path / "c1", *small_course()), courses / "c1.tar.gz")


class TestListing:
    def test_tells_what_there_is_to_import(self, shelf, courses):
        folder = write_course(courses / "c1", *small_course(), title="Tides")
        [source] = shelf.list()
        assert (source.key, source.title, source.kind, source.location) == (KEY, "Tides", SourceKind.COURSE, "c1")
        assert source.counts == {"section": 2, "subsection": 2, "unit": 3, "component": 5}
        assert source.types == {"html": 3, "problem": 2}
        assert source.size == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        assert source.version.startswith("c1 of 20")

    def test_an_archive_counts_as_its_folder_does(self, shelf, courses, archive, tmp_path):
        [source] = shelf.list()
        assert source.counts == {"section": 2, "subsection": 2, "unit": 3, "component": 5}
        assert source.size == archive.stat().st_size

    def test_is_in_order_of_name(self, shelf, courses, archive):
        write_library(courses / "a", problem("p1"))
        write_course(courses / "z")
        assert [source.location for source in shelf.list()] == ["a", "c1.tar.gz", "z"]

    def test_libraries_are_listed_too(self, shelf, courses):
        write_library(courses / "l1", problem("p1"), problem("p2"), title="Bank")
        [source] = shelf.list()
        assert (source.key, source.title, source.kind) == (LIBRARY_KEY, "Bank", SourceKind.LIBRARY)
        assert source.counts == {"component": 2}

    def test_a_block_that_is_shown_twice_counts_once(self, shelf, courses):
        write_course(courses / "c1", unit_of('<problem url_name="p"/><problem url_name="p"/>'))
        assert next(shelf.list()).counts["component"] == 1

    def test_unreadable_ones_carry_their_problem_and_the_rest_is_listed(self, shelf, courses, archive):
        write_tar(courses / "bad.tar.gz", ("../x", b""))
        write_tar(courses / "empty.tgz", ("readme.txt", b""))
        (courses / "folder").mkdir()
        problems = {source.location: source.problem for source in shelf.list()}
        assert problems.pop("c1.tar.gz") == ""
        assert "outside its folder" in problems.pop("bad.tar.gz")
        assert problems.keys() == {"empty.tgz", "folder"}
        assert all("neither a course.xml nor a library.xml" in problem for problem in problems.values())

    @pytest.mark.parametrize("name", [".hidden", "__MACOSX", "notes.txt", "._c1.tar.gz"])
    def test_what_is_no_export_is_left_out(self, shelf, courses, name):
        (courses / name).write_text("") if "." in name else (courses / name).mkdir()
        assert list(shelf.list()) == []

    def test_a_link_to_nowhere_is_a_problem_of_its_own(self, shelf, courses, archive):
        (courses / "gone.tar.gz").symlink_to(courses / "nowhere")
        assert [bool(source.problem) for source in shelf.list()] == [False, True]

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
        with pytest.raises(SourceError, match=r"nowhere, is not there\. Make it, or set COURSES_DIR"):
            list(Shelf(tmp_path / "nowhere", tmp_path / "cache").list())


class TestFinding:
    def test_by_key(self, shelf, courses, archive):
        write_library(courses / "l1")
        assert shelf.get(COURSE).location == "c1.tar.gz"
        assert shelf.open(COURSE).key == COURSE

    def test_an_unknown_key_is_not_found(self, shelf, archive):
        with pytest.raises(NotFound, match=r"No export in .* holds course-v1:a\+b\+c"):
            shelf.open(LearningContextKey.from_string("course-v1:a+b+c"))

    def test_the_unreadable_are_named_as_it_may_be_one_of_them(self, shelf, courses):
        write_tar(courses / "bad.tar.gz", ("../x", b""))
        with pytest.raises(NotFound, match=r"These could not be read: bad\.tar\.gz"):
            shelf.get(COURSE)

    def test_two_of_one_key_are_both_named(self, shelf, courses, archive):
        write_course(courses / "again")
        with pytest.raises(SourceError, match=r"Several exports hold .*: again, c1\.tar\.gz\. Move all but one"):
            shelf.get(COURSE)


class TestCache:
    def test_an_archive_is_unpacked_once(self, shelf, archive, cached):
        shelf.open(COURSE)
        [content] = cached()
        (content / "mark").touch()
        list(shelf.list())
        shelf.open(COURSE)
        assert cached() == {content}
        assert (content / "mark").exists()

    def test_counts_are_kept_with_it(self, shelf, archive, cached):
        counts = shelf.get(COURSE).counts
        next(iter(cached())).joinpath("c1/chapter/s1.xml").unlink()
        assert shelf.get(COURSE).counts == counts

    @pytest.mark.parametrize("summary", ["", "[]", '{"counts": 1}', '{"other": {}}'])
    def test_a_broken_summary_is_made_anew(self, shelf, archive, cached, summary):
        counts = shelf.get(COURSE).counts
        next(iter(cached())).with_name("summary.json").write_text(summary)
        assert shelf.get(COURSE).counts == counts

    def test_is_renewed_when_the_archive_changes(self, shelf, archive, cached, tmp_path):
        list(shelf.list())
        pack(write_course(tmp_path / "c2", title="Renewed"), archive)
        assert [source.title for source in shelf.list()] == ["Renewed"]
        assert len(cached()) == 1

    def test_is_dropped_when_the_archive_goes(self, shelf, archive, cached):
        list(shelf.list())
        archive.unlink()
        assert list(shelf.list()) == []
        assert cached() == set()

    def test_is_kept_for_a_while_for_imports_that_still_read_it(self, courses, archive, cached, tmp_path):
        shelf = Shelf(courses, tmp_path / "cache")
        list(shelf.list())
        archive.unlink()
        assert list(shelf.list()) == []
        assert len(cached()) == 1

    def test_leaves_other_shelves_alone(self, shelf, archive, cached, tmp_path):
        list(shelf.list())
        (tmp_path / "other").mkdir()
        list(Shelf(tmp_path / "other", tmp_path / "cache", keep=timedelta(0)).list())
        assert len(cached()) == 1

    def test_what_a_killed_process_had_unpacked_is_cleared_away(self, shelf, archive, cached):
        list(shelf.list())
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
