"""One source, several exports: the newest is read unless one is named, and the import keeps to it, and says which."""

import os
import re
import shutil

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import ImportState

from .builders import KEY, TARGET, pack, small_course, write_course
from .command_line.calls import command, data_of, in_one_line, refused


@pytest.fixture(autouse=True)
def _exports(courses, library, tmp_path):
    """``old.zip`` with one title, ``new`` with another."""
    old = pack(write_course(tmp_path / "c", *small_course(), title="As it was"), courses / "old.zip")
    os.utime(old, (1e9, 1e9))
    write_course(courses / "new", *small_course(), title="As it is")


def create(user, export=""):
    return api.create_import(user=user, source_key=KEY, library_key=TARGET, export=export)


@pytest.mark.parametrize(
    ("named", "export", "title"),
    [("", "new", "As it is"), ("old.zip", "old.zip", "As it was"), ("new", "new", "As it is")],
)
def test_the_import_records_which_it_was(user, named, export, title):
    created = create(user, named)
    assert (created.source_export, created.source_title) == (export, title)
    staged = api.stage_import(user=user, import_id=created.id)
    assert (staged.source_export, staged.source_title, staged.warnings) == (export, title, ())
    assert staged.source_version.startswith(f"{export} of 20")


def test_it_keeps_to_that_when_a_newer_one_comes(user, courses):
    created = create(user)
    write_course(courses / "newer", title="As it will be")
    os.utime(courses / "newer", (4e9, 4e9))
    assert api.stage_import(user=user, import_id=created.id).source_title == "As it is"


def test_it_says_that_it_is_gone_and_can_be_tried_again(user, courses):
    created = create(user)
    (courses / "new").rename(courses / "elsewhere")
    with pytest.raises(api.NotFound, match=r"There is no export new in .*\. Put it back"):
        api.stage_import(user=user, import_id=created.id)
    (courses / "elsewhere").rename(courses / "new")
    assert api.retry_import(user=user, import_id=created.id).source_export == "new"


def test_it_says_that_it_has_changed(user, courses):
    created = create(user, "old.zip")
    pack(write_course(courses / "new", title="Exported again"), courses / "old.zip")
    staged = api.stage_import(user=user, import_id=created.id)
    assert (staged.state, staged.source_title) == (ImportState.STAGED, "Exported again")
    assert "The export has changed since the import was asked for: it is old.zip of 20" in staged.warnings[0]


def test_a_preview_reads_the_one_that_is_named(user, courses):
    source, _plan = api.preview_import(user=user, source_key=KEY, library_key=TARGET, export="old.zip")
    assert source.title == "As it was"


def test_one_that_is_not_there_is_refused(user):
    with pytest.raises(api.NotFound, match="There is no export gone"):
        create(user, "gone")
    with pytest.raises(api.NotFound, match="There is no export gone"):
        api.get_source(user=user, source_key=KEY, export="gone")


def test_on_the_command_line(courses):
    out = in_one_line(command("sources"))
    assert "As it is course-v1:Acme+C1+R1 Course of 2 sections, 2 subsections, 3 units, 5 components · new · " in out
    assert re.search(r"5 components · old\.zip · \d+ .?B · 2001-09-09", out)
    run = data_of("stage", KEY, TARGET, "--export", "old.zip")["import"]
    assert run["source_export"] == "old.zip"
    assert "old.zip of 2001-09-09 01:46:40 UTC" in command("show", run["id"])
    assert "There is no export gone" in refused("run", KEY, TARGET, "--export", "gone")[0]


def test_exports_that_are_ignored_are_told_on_the_command_line(courses):
    shutil.rmtree(courses / "new")
    (courses / "notes.txt").touch()
    assert "✗ notes.txt notes.txt is no export, and is not read" in in_one_line(command("sources"))
