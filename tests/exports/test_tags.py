"""The file of tags that an export may hold."""

import pytest

from import_from_modulestore.data import Branch
from import_from_modulestore.exports.export import Export
from import_from_modulestore.exports.tags import MAX_TAGS

from ..builders import small_course, write_course

HEADER = '"Name","Type","ID","1-Topics","2-Skills"\r\n'


@pytest.fixture
def read(tmp_path):
    """Read the tags of an export with this file of them: gives the tags by block, and what is wrong with the file."""

    def read(content: str | bytes):
        export = Export(write_course(tmp_path, *small_course(), files={"tags.csv": content}), "c")
        assert len(list(export.read(Branch.DRAFT))) == 2
        return dict(export.tags.of_blocks), export.warnings

    return read


def test_are_read_by_block_and_taxonomy(read):
    rows = (
        '"A Course","course","course-v1:Acme+C1+R1","Sea",""\r\n'
        '"  Section","chapter","s1","",""\r\n'
        '"        Text","html","t1","Moon; Sea","Reading"\r\n'
    )
    assert read(HEADER + rows) == ({("html", "t1"): {"1-Topics": ["Moon", "Sea"], "2-Skills": ["Reading"]}}, [])


def test_there_need_be_none(tmp_path):
    export = Export(write_course(tmp_path, *small_course()), "c")
    assert (dict(export.tags.of_blocks), export.warnings) == ({}, [])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('"n","html","t1","a;a; b ;;"', ["a", "b"]),
        ('"n","html","t1","a\x07b"', ["ab"]),
        ('"n","html","t1","' + "x" * 501 + ';a"', ["a"]),
        ('"n","html","t1","' + ";".join(map(str, range(500))) + '"', [str(number) for number in range(MAX_TAGS)]),
        ('"n","html","t1","a\nb"', ["a\nb"]),
        ("n,html,t1,a,b,c,d,e", ["a"]),
    ],
)
def test_values_have_bounds(read, row, expected):
    tags, warnings = read(HEADER + row)
    assert tags["html", "t1"]["1-Topics"] == expected
    assert not warnings


@pytest.mark.parametrize("row", ["", ",,,", '"n"', '"n","html"', '"n","html","t1"', '"n","html","t1",""'])
def test_rows_without_a_tag_say_nothing(read, row):
    assert read(HEADER + row) == ({}, [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it has no column 'Type'"),
        ("a,b\r\nc,d", "it has no column 'Type'"),
        ('"Name","Type"\r\n"n","html"', "it has no column 'ID'"),
        (HEADER + '"n","html","t1","' + "x" * 200_000 + '"', "field larger than field limit"),
        (b"\x00" * 1000, "it has no column 'Type'"),
    ],
)
def test_a_file_that_is_no_table_of_tags_is_named(read, content, reason):
    tags, (warning,) = read(content)
    assert not tags
    assert warning.startswith("tags.csv could not be read, so there are no tags: ")
    assert reason in warning


def test_another_encoding_is_guessed_and_named(read):
    tags, warnings = read((HEADER + '"n","html","t1","Été"').encode("cp1252"))
    assert tags == {("html", "t1"): {"1-Topics": ["Été"]}}
    assert warnings == ["tags.csv is not UTF-8; it was read as Windows-1252."]


def test_that_are_larger_than_any_course_are_named(read, monkeypatch):
    monkeypatch.setattr("import_from_modulestore.exports.files.MAX_XML_BYTES", 1_000)
    _tags, (warning,) = read(HEADER + '"n","html","t1","a"\r\n' * 100)
    assert "tags.csv is larger than" in warning
