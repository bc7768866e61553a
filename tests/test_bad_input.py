"""Bad input, each with an error that names what is wrong and what to do."""

from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest
from openedx_content import api as content_api

from import_from_modulestore import api
from import_from_modulestore.data import ImportOptions

from .builders import KEY, TARGET, small_course, write_course


@pytest.fixture(autouse=True)
def _course(courses):
    write_course(courses / "c1", *small_course())


@pytest.mark.parametrize(
    "key",
    ["", "nonsense", "Acme/C1/R1", "lib:Acme:L", "course-v1:", "course-v1:A+B", "block-v1:A+B+C+type@html+block@x"],
)
def test_a_source_key_that_is_none(user, library, key):
    with pytest.raises(api.InvalidKey, match="is not the key of a course"):
        api.create_import(user=user, source_key=key, library_key=TARGET)


@pytest.mark.parametrize("key", ["", "nonsense", "lib:Acme", "library-v1:Acme+L", "course-v1:A+B+C", "lib:Acme:a b"])
def test_a_library_key_that_is_none(user, key):
    with pytest.raises(api.InvalidKey, match="is not the key of a content library"):
        api.create_import(user=user, source_key=KEY, library_key=key)


def test_a_source_that_is_not_there(user, library):
    with pytest.raises(api.NotFound, match="holds course-v1:Acme\\+C1\\+R9. `sources` lists what is there"):
        api.create_import(user=user, source_key="course-v1:Acme+C1+R9", library_key=TARGET)


def test_a_library_that_is_not_there(user):
    with pytest.raises(api.NotFound, match="let the import make it"):
        api.create_import(user=user, source_key=KEY, library_key="lib:Acme:None")


def test_a_library_that_is_there_already(user, library):
    with pytest.raises(api.AlreadyExists, match="exists already"):
        api.create_library(user=user, library_key=TARGET, title="Again")


@pytest.mark.parametrize("title", ["", "  ", "x" * 501])
def test_a_library_without_a_usable_title(user, title):
    with pytest.raises(api.InvalidOption, match="1 to 500"):
        api.create_library(user=user, library_key=TARGET, title=title)


def test_a_selected_block_that_is_not_in_the_source(user, library):
    options = ImportOptions(selection=("block-v1:Acme+C1+R1+type@html+block@gone",))
    with pytest.raises(api.InvalidOption, match="block@gone. A preview lists"):
        api.preview_import(user=user, source_key=KEY, library_key=TARGET, options=options)


def test_a_backup_for_which_the_disk_has_no_room(user, library, tmp_path):
    soft, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(api.InvalidOption, match=r"x\.zip cannot be written: File too large\."):
            api.backup_library(user=user, library_key=TARGET, file=tmp_path / "x.zip")
    finally:
        setrlimit(RLIMIT_FSIZE, (soft, hard))
    assert not [path.name for path in tmp_path.iterdir() if path.suffix in (".zip", ".partial")]


def test_a_backup_that_is_written_beside_another_is_its_own(user, library, tmp_path, monkeypatch):
    write, others = content_api.create_zip_file, [tmp_path / "b.zip"]

    def meanwhile(*args, **more):
        write(*args, **more)
        if others:  # As in another thread.
            api.backup_library(user=user, library_key=TARGET, file=others.pop())

    monkeypatch.setattr(content_api, "create_zip_file", meanwhile)
    api.backup_library(user=user, library_key=TARGET, file=tmp_path / "a.zip")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a.zip", "b.zip"]


def test_a_backup_file_of_another_kind_or_that_exists(user, library, tmp_path):
    with pytest.raises(api.InvalidOption, match="call it something.zip"):
        api.backup_library(user=user, library_key=TARGET, file=tmp_path / "x.tar")
    (tmp_path / "x.zip").write_text("mine")
    with pytest.raises(api.InvalidOption, match="exists already"):
        api.backup_library(user=user, library_key=TARGET, file=tmp_path / "x.zip")
    with pytest.raises(api.InvalidOption, match="cannot be written"):
        api.backup_library(user=user, library_key=TARGET, file=tmp_path / "nowhere" / "x.zip")
    assert [path.name for path in tmp_path.glob("*.zip")] == ["x.zip"]
    assert (tmp_path / "x.zip").read_text() == "mine"
