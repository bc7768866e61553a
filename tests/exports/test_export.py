"""An export's root files: which course or library it is, what it is called, and what is wrong with it."""

import pytest

from import_from_modulestore.data import Branch, SourceKind
from import_from_modulestore.errors import SourceError
from import_from_modulestore.exports.export import Export

from ..builders import KEY, LIBRARY_KEY, block, problem, section, small_course, unit_of, write_course, write_library

INLINE_COURSE = """
<course org="Acme" course="C1" url_name="R1" display_name="By hand">
  <chapter display_name="Week 1"><sequential><vertical><html>Hi</html></vertical></sequential></chapter>
  <chapter display_name="Week 2"/>
</course>"""


def tree(element):
    """A block as nested tuples of type, ID and children."""
    return (element.tag, element.get("url_name"), *(tree(child) for child in element if child.get("url_name")))


def roots(export: Export, branch: Branch = Branch.DRAFT) -> list:
    return [tree(root.element) for root in export.read(branch)]


def error_of(folder) -> str:
    with pytest.raises(SourceError) as caught:
        Export(folder, "c1")
    return str(caught.value)


class TestCourse:
    def test_says_what_it_is(self, tmp_path):
        export = Export(write_course(tmp_path, title="Tides"), "c1")
        assert (str(export.key), export.kind, export.title) == (KEY, SourceKind.COURSE, "Tides")

    def test_is_read_section_by_section(self, tmp_path):
        export = Export(write_course(tmp_path, section("s1"), section("s2")), "c1")
        assert roots(export) == [("chapter", "s1"), ("chapter", "s2")]
        assert [root.usage_key for root in export.read(Branch.DRAFT)] == [
            f"block-v1:Acme+C1+R1+type@chapter+block@s{number}" for number in (1, 2)
        ]

    def test_settings_and_pages_are_no_sections(self, tmp_path):
        pages = '<course><wiki slug="w"/><static_tab url_name="t"/><textbook/><chapter url_name="s1"/></course>'
        export = Export(write_course(tmp_path, section("s1"), files={"course/R1.xml": pages}), "c1")
        assert roots(export) == [("chapter", "s1")]

    def test_may_lie_in_folders_of_its_own(self, tmp_path):
        write_course(tmp_path / "a" / "b", *small_course())
        assert str(Export(tmp_path, "c1").key) == KEY

    def test_may_be_one_file(self, tmp_path):
        write_course(tmp_path, files={"course.xml": INLINE_COURSE})
        export = Export(tmp_path, "c1")
        assert export.title == "By hand"
        assert [root[:2] for root in roots(export)] == [("chapter", "Week_1"), ("chapter", "Week_2")]

    def test_can_be_read_again_and_again(self, tmp_path):
        export = Export(write_course(tmp_path, files={"course.xml": INLINE_COURSE}), "c1")
        export.count()
        assert roots(export) == roots(export) != []
        assert len(roots(export)[0]) == 3

    def test_may_say_slug_for_url_name(self, tmp_path):
        files = {"course.xml": '<course slug="R1" org="Acme" course="C1"/>'}
        assert str(Export(write_course(tmp_path, files=files), "c1").key) == KEY

    def test_a_root_element_that_is_no_block_is_reported(self, tmp_path):
        files = {"course/R1.xml": '<course><x:y xmlns:x="urn:x"/><chapter url_name="s1"/></course>'}
        export = Export(write_course(tmp_path, section("s1"), files=files), "c1")
        assert roots(export) == [("chapter", "s1")]
        assert export.warnings == ["The element <{urn:x}y> is not a block and was left out."]

    def test_a_root_in_another_encoding_is_read_with_a_warning(self, tmp_path):
        files = {"course/R1.xml": '<course display_name="Été"/>'.encode("cp1252")}
        export = Export(write_course(tmp_path, files=files), "c1")
        assert export.title == "Été"
        assert export.warnings == ["course/R1.xml is not UTF-8; it was read as Windows-1252."]


class TestTitle:
    @pytest.mark.parametrize("name", ["policies/R1/policy.json", "policies/R1.json"])
    def test_comes_from_the_policy_where_it_has_one(self, tmp_path, name):
        files = {name: '{"course/R1": {"display_name": "Policy"}, "chapter/s1": {"display_name": "One"}}'}
        export = Export(write_course(tmp_path, section("s1"), files=files), "c1")
        assert export.title == "Policy"
        assert next(export.read(Branch.DRAFT)).element.get("display_name") == "One"

    @pytest.mark.parametrize(
        "policy",
        [
            "{",
            "[]",
            "null",
            b"\xff",
            "[" * 100_000,
            "9" * 5000,
            '{"course/R1": []}',
            '{"course/R1": {"display_name": 1}}',
            '{"course/R1": {"display_name": ""}}',
        ],
    )
    def test_a_broken_policy_does_not_matter(self, tmp_path, policy):
        files = {"policies/R1/policy.json": policy}
        assert Export(write_course(tmp_path, title="Tides", files=files), "c1").title == "Tides"

    def test_characters_that_xml_cannot_hold_are_left_out(self, tmp_path):
        files = {"policies/R1/policy.json": r'{"chapter/s1": {"display_name": "a\u0000\ud800b"}}'}
        export = Export(write_course(tmp_path, section("s1"), files=files), "c1")
        assert next(export.read(Branch.DRAFT)).element.get("display_name") == "ab"

    def test_is_the_key_where_there_is_no_other(self, tmp_path):
        assert Export(write_course(tmp_path, title=""), "c1").title == KEY


class TestLibrary:
    def test_says_what_it_is(self, tmp_path):
        export = Export(write_library(tmp_path, title="Bank"), "l1")
        assert (str(export.key), export.kind, export.title) == (LIBRARY_KEY, SourceKind.LIBRARY, "Bank")

    def test_is_read_whole(self, tmp_path):
        export = Export(write_library(tmp_path, problem("p1"), problem("p2")), "l1")
        assert roots(export) == [("library", "library", ("problem", "p1"), ("problem", "p2"))]

    def test_policies_outside_the_export_are_not_read(self, tmp_path):
        folder = write_library(tmp_path / "l1", problem("p1"))
        (tmp_path / "policy.json").write_text('{"problem/p1": {"display_name": "Outside"}}')
        library = (folder / "library.xml").read_text().replace('url_name="library"', 'url_name="../.."')
        (folder / "library.xml").write_text(library)
        [root] = Export(folder, "l1").read(Branch.DRAFT)
        assert root.element[0].get("display_name") == "Problem p1"


class TestRefused:
    def test_a_folder_without_a_root(self, tmp_path):
        assert "neither a course.xml nor a library.xml" in error_of(tmp_path)

    @pytest.mark.parametrize(
        ("course_xml", "reason"),
        [
            ("<course/>", "does not say which course it is"),
            ('<course org="Acme" course="C1"/>', "does not say which course it is"),
            ('<course course="C1" url_name="R1"/>', "does not say which course it is"),
            ('<course org="A cme" course="C1" url_name="R1"/>', "do not make a valid key"),
            ('<course org="Acme" course="C1" url_name="../R1"/>', "do not make a valid key"),
            ('<library org="Acme" library="L1"/>', "holds a <library>, not a <course>"),
            ("<course", "course.xml could not be read: it is not well-formed XML"),
            ("", "course.xml could not be read"),
            ('<!DOCTYPE c [<!ENTITY e SYSTEM "/etc/passwd">]><course/>', "entities"),
        ],
    )
    def test_a_bad_course_xml(self, tmp_path, course_xml, reason):
        error = error_of(write_course(tmp_path, files={"course.xml": course_xml}))
        assert error.startswith("c1: ")
        assert reason in error

    def test_a_library_that_does_not_say_which(self, tmp_path):
        assert "which library it is" in error_of(write_library(tmp_path, files={"library.xml": "<library/>"}))

    def test_a_course_without_its_definition(self, tmp_path):
        (write_course(tmp_path) / "course/R1.xml").unlink()
        assert "c1: course/R1.xml is not in the export" in error_of(tmp_path)

    def test_a_root_that_links_outside(self, tmp_path):
        (tmp_path / "secret.xml").write_text('<course org="Acme" course="C1" url_name="R1"/>')
        (tmp_path / "c1").mkdir()
        (tmp_path / "c1/course.xml").symlink_to(tmp_path / "secret.xml")
        assert "lies outside the export" in error_of(tmp_path / "c1")


def test_counts_are_those_of_a_full_reading(tmp_path):
    export = Export(write_course(tmp_path, *small_course(), unit_of("<html>x</html><html>x</html>")), "c1")
    kinds, types = export.count()
    assert kinds == {"section": 3, "subsection": 3, "unit": 4, "component": 6}
    assert types == {"html": 4, "problem": 2}


def test_settings_of_the_course_are_not_read(tmp_path):
    files = {"course/R1.xml": '<course lti_passports="[secret]"><chapter url_name="s1"/></course>'}
    export = Export(write_course(tmp_path, block("chapter", "s1"), files=files), "c1")
    assert dict(next(export.read(Branch.DRAFT)).element.attrib) == {"url_name": "s1"}
