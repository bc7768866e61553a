"""Whole exports: the sample course, the real ones, and any that has come to harm."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from opaque_keys.edx.keys import LearningContextKey

from import_from_modulestore.data import Branch
from import_from_modulestore.errors import SourceError
from import_from_modulestore.exports.export import Export
from import_from_modulestore.exports.shelf import Shelf
from import_from_modulestore.olx.files.closure import Closure, gather
from import_from_modulestore.olx.files.references import names_in
from import_from_modulestore.olx.parsing import parse_xml
from import_from_modulestore.olx.tree import walk

from ..examples import examples

SAMPLE = Path(__file__).parents[2] / "courses" / "sample-course"
SAMPLE_FILES = sorted(
    path.relative_to(SAMPLE).as_posix()
    for path in SAMPLE.rglob("*")
    if path.suffix in (".xml", ".html", ".json") and not {"about", "info", "assets"} & set(path.parts)
)


def read_whole(export: Export) -> list[str]:
    """Read everything that staging reads, and the staged text again; the names of all blocks."""
    names = []
    for branch in Branch:
        for root in export.read(branch):
            again = parse_xml(etree.tostring(root.element, encoding="unicode"))
            names += [f"{block.block_type}/{block.block_id}" for block in walk(again)]
            gather(root.element, export.static_files)
            "".join([*root.problems, *root.problems.values(), *map(str, root.warnings.values())]).encode()
    "".join((export.title, *export.warnings)).encode()
    return names


class TestSampleCourse:
    def test_every_block_is_staged(self):
        files = {path.removesuffix(".xml") for path in SAMPLE_FILES if path.endswith(".xml")}
        written = {file.removeprefix("drafts/") for file in files if file.count("/") >= 1} - {"course/2026"}
        roots = [root.element for root in Export(SAMPLE, "sample").read(Branch.DRAFT)]
        staged = {f"{element.tag}/{element.get('url_name')}" for root in roots for element in root.iter(etree.Element)}
        assert written <= staged

    def test_has_neither_problems_nor_warnings(self):
        export = Export(SAMPLE, "sample")
        assert [(root.problems, root.warnings) for root in export.read(Branch.DRAFT)] == [({}, {})] * 3
        assert export.warnings == []

    def test_counts_are_those_of_what_is_staged(self):
        export = Export(SAMPLE, "sample")
        blocks = {
            (block.block_type, block.block_id): block.kind.value
            for root in export.read(Branch.DRAFT)
            for block in walk(root.element, into_components=False)
        }
        kinds, _types = export.count()
        assert kinds == {kind: list(blocks.values()).count(kind) for kind in kinds}
        assert kinds.total() == len(blocks)

    def test_drafts_are_left_out_of_the_published_branch(self):
        published = {
            block.block_id for root in Export(SAMPLE, "sample").read(Branch.PUBLISHED) for block in walk(root.element)
        }
        assert "under_the_bridge" not in published
        assert "between_high_and_low" in published

    def test_every_file_that_it_names_is_there_but_the_one_it_lacks_on_purpose(self):
        export = Export(SAMPLE, "sample")
        closure = Closure(export.static_files)
        named = [file for root in export.read(Branch.DRAFT) for file in closure.of(names_in(root.element)).found]
        assert [file.name for file in named if file.file is None] == ["old_harbour_photo.jpg"]


class TestRealExports:
    @pytest.fixture
    def shelf(self, real_exports, tmp_path) -> Shelf:
        return Shelf(real_exports, tmp_path / "cache")

    def test_the_demo_course_is_read_without_loss(self, shelf):
        key = LearningContextKey.from_string("course-v1:OpenedX+DemoX+DemoCourse")
        source = shelf.get(key)
        assert source.counts == {"section": 6, "subsection": 17, "unit": 58, "component": 313}
        assert {"html": 266, "problem": 23, "video": 11, "library_content": 1}.items() <= source.types.items()
        assert [(root.problems, root.warnings) for root in shelf.open(key).read(Branch.DRAFT)] == [({}, {})] * 6
        assert source.warnings == ()

    def test_the_demo_library_is_read_without_loss(self, shelf):
        [source] = shelf.describe([source for source in shelf.list() if source.key.startswith("library-v1:")])
        assert (source.counts, source.types) == ({"component": 6}, {"problem": 6})
        [root] = shelf.open(LearningContextKey.from_string(source.key)).read(Branch.DRAFT)
        assert (len(root.element), root.problems, root.warnings) == (6, {}, {})


@settings(max_examples=examples(40))
@given(
    harms=st.lists(
        st.tuples(
            st.sampled_from(SAMPLE_FILES),
            st.sampled_from(("delete", "cut", "insert", "swap", "folder")),
            st.floats(0, 1),
            st.sampled_from(SAMPLE_FILES),
            st.binary(max_size=6) | st.sampled_from((b"<", b"&nbsp;", b"<!--", b"]]>", b'url_name="../x"')),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_harmed_export_is_read_or_refused(tmp_path_factory, harms):
    folder = tmp_path_factory.mktemp("harmed") / "c1"
    shutil.copytree(SAMPLE, folder, copy_function=shutil.copyfile)
    for name, harm, place, other, data in harms:
        path = folder / name
        content = path.read_bytes() if path.is_file() else b""
        at = int(place * len(content))
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        match harm:
            case "cut":
                path.write_bytes(content[:at])
            case "insert":
                path.write_bytes(content[:at] + data + content[at:])
            case "swap":
                path.write_bytes((SAMPLE / other).read_bytes())
            case "folder":
                path.mkdir()
    try:
        export = Export(folder, "c1")
    except SourceError:
        return
    read_whole(export)
