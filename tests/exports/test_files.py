"""The files of an export: found by listing each folder once, and never outside it."""

import os
from pathlib import Path

import pytest

from import_from_modulestore.exports.files import Folder, UnreadableFile


@pytest.fixture
def folder(tmp_path) -> Path:
    """An export with ``html/a.xml``, beside a secret."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/a.xml").write_text("SECRET")
    (tmp_path / "export/html").mkdir(parents=True)
    (tmp_path / "export/html/a.xml").write_text("plain")
    return tmp_path / "export"


def test_a_folder_is_listed_once(folder, monkeypatch):
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(path), scandir(path))[1])
    files = Folder(folder)
    assert [files.has(f"html/{name}.xml") for name in ("a", "b", "c")] == [True, False, False]
    assert not files.has("drafts/html/a.xml")
    assert files.read("html/a.xml") == b"plain"
    assert len(listed) == 2


@pytest.mark.parametrize(
    "name",
    ["html/a.xml", "html//a.xml", "./html/a.xml", "html/./a.xml", "html/a.xml/", "links/in/a.xml", "links/a.xml"],
)
def test_what_is_inside_by_whatever_path(folder, name):
    (folder / "links").mkdir()
    (folder / "links/in").symlink_to(folder / "html")
    (folder / "links/a.xml").symlink_to("../html/a.xml")
    files = Folder(folder)
    assert files.has(name)
    assert files.read(name) == b"plain"


@pytest.mark.parametrize("name", ["../secret/a.xml", "/etc/hostname", "out/a.xml", "a.xml", "html/../../secret/a.xml"])
def test_what_is_outside(folder, name):
    (folder / "out").symlink_to(folder.parent / "secret")
    (folder / "a.xml").symlink_to("../secret/a.xml")
    files = Folder(folder)
    assert not files.has(name)
    with pytest.raises(UnreadableFile, match="lies outside the export"):
        files.read(name)


@pytest.mark.parametrize("name", ["", ".", "html", "html/", "html/b.xml", "html/a.xml/b.xml", "x" * 300, "a/" * 3000])
def test_what_is_no_file(folder, name):
    files = Folder(folder)
    assert not files.has(name)
    with pytest.raises(UnreadableFile):
        files.read(name)


def test_a_link_that_took_the_place_of_a_file_is_not_followed(folder):
    files = Folder(folder)
    assert files.has("html/a.xml")
    (folder / "html/a.xml").unlink()
    (folder / "html/a.xml").symlink_to(folder.parent / "secret/a.xml")
    with pytest.raises(UnreadableFile, match="lies outside the export"):
        files.read("html/a.xml")


def test_a_pipe_that_took_the_place_of_a_file_is_not_waited_for(folder):
    files = Folder(folder)
    assert files.has("html/a.xml")
    (folder / "html/a.xml").unlink()
    os.mkfifo(folder / "html/a.xml")
    with pytest.raises(UnreadableFile, match="is not a plain file"):
        files.read("html/a.xml")


def test_a_folder_that_may_be_entered_and_not_listed(folder, forbid):
    forbid(folder / "html")
    (folder / "html").chmod(0o111)
    assert Folder(folder).read("html/a.xml") == b"plain"
