"""Static files: OLX names them exactly, or by the name in their asset key."""

import json

import pytest

from import_from_modulestore.exports.files import Folder
from import_from_modulestore.exports.static_files import StaticFiles

from ..builders import write_course


def found(folder, name: str, files: dict[str, bytes], assets: object = None) -> str | None:
    """The path below ``static/`` of the file that ``name`` means."""
    records = assets if isinstance(assets, str) else json.dumps(assets)
    write_course(folder, static=files, files={"policies/assets.json": records})
    path = StaticFiles(Folder(folder)).find(name)
    return path.relative_to(folder / "static").as_posix() if path else None


def asset(name: str, **values: str) -> dict:
    return {"filename": f"asset-v1:Acme+C1+R1+type@asset+block@{name}", **values}


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.png", "a.png"),
        ("tide table.svg", "tide table.svg"),
        ("tide table.svg", "tide_table.svg"),
        ("diagrams/a.png", "diagrams/a.png"),
        ("diagrams/a.png", "diagrams_a.png"),
        ("a_b.png", "a b.png"),
        ("plan (1).svg", "plan__1_.svg"),
        ("été.csv", "été.csv"),
    ],
)
def test_a_file_is_found_by(tmp_path, file, name):
    assert found(tmp_path, name, {file: b""}) == file


@pytest.mark.parametrize(
    "name", ["abc", "a", "a.pn", "A.png", "xa.png", "d/a.png", "", "/", "..", "../course.xml", "a.png/"]
)
def test_a_file_is_not_found_by_a_name_that_merely_resembles_its_own(tmp_path, name):
    assert found(tmp_path, name, {"a.png": b""}) is None


@pytest.mark.parametrize("name", ["x/a.png", "y/a.png", "a.png"])
def test_equal_names_in_different_folders_are_different_files(tmp_path, name):
    assert found(tmp_path, name, {"x/a.png": b"1", "y/a.png": b"2", "a.png": b"3"}) == name


def test_the_exact_name_comes_before_the_name_in_a_key(tmp_path):
    assert found(tmp_path, "a_b.png", {"a b.png": b"1", "a_b.png": b"2"}) == "a_b.png"


class TestRecordedNames:
    def test_a_file_lies_under_its_display_name(self, tmp_path):
        assets = {"k1.png": asset("k1.png", displayname="My picture!.png")}
        assert found(tmp_path, "k1.png", {"My picture!.png": b""}, assets) == "My picture!.png"

    def test_in_the_folder_that_it_was_imported_from(self, tmp_path):
        assets = {"k1.png": asset("k1.png", displayname="a.png", import_path="x/a.png")}
        assert found(tmp_path, "k1.png", {"a.png": b"1", "x/a.png": b"2"}, assets) == "x/a.png"

    def test_a_file_that_is_not_there_is_not_found(self, tmp_path):
        assert found(tmp_path, "k1.png", {"a.png": b""}, {"k1.png": asset("k1.png", displayname="b.png")}) is None

    @pytest.mark.parametrize(
        "assets",
        ["", "{", "[]", "null", "[" * 100_000, {"a": None}, {"a": {"filename": 1}}, {"a": asset("a", displayname=[])}],
    )
    def test_broken_records_do_not_matter(self, tmp_path, assets):
        assert found(tmp_path, "a b.png", {"a b.png": b""}, assets) == "a b.png"


@pytest.mark.parametrize("name", ["._a.png", ".DS_Store"])
def test_litter_is_no_file(tmp_path, name):
    assert found(tmp_path, name, {name: b""}) is None


@pytest.mark.parametrize("link", ["static", "static/x", "static/secret.txt"])
def test_links_are_not_followed(tmp_path, link):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.txt").write_text("SECRET")
    folder = write_course(tmp_path / "c1")
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(tmp_path / "outside" / ("secret.txt" if link.endswith("txt") else ""))
    files = StaticFiles(Folder(folder))
    assert [files.find(name) for name in ("secret.txt", "x/secret.txt")] == [None, None]
    [said] = files.left_out.values()
    assert "was left out: it is a link" in said


def test_a_course_may_have_none(tmp_path):
    assert StaticFiles(Folder(write_course(tmp_path))).find("a.png") is None
