"""What blocks name outside their XML, through a whole import."""

import pytest

from import_from_modulestore.data import Decision, Outcome

from .authoring import Author
from .builders import block, section, subsection, unit, usage_key, write_course
from .library_state import drafts

GROUPS = '{"50": [2]}'
P, U = usage_key("problem", "p"), usage_key("vertical", "u")
ITEM = "xblock.v1:problem:p"


@pytest.fixture
def course(courses):
    """Write the course with this component in its unit: ``course(block(…), policy="{…}")``."""

    def write(component, *, policy: str = "{}", static=None):
        content = section("s", subsection("b", unit("u", component)))
        return write_course(courses / "c1", content, static=static, files={"policies/R1/policy.json": policy})

    return write


@pytest.fixture
def olx(state):
    """What the library holds of the component ``p``."""
    return lambda: drafts(state())[ITEM]["files"]["block.xml"].decode()


def warnings_of(records) -> dict[str, tuple[str, ...]]:
    return {record.usage_key: record.warnings for record in records if record.warnings}


class TestPolicy:
    def test_its_fields_reach_the_library(self, course, run_import, olx):
        course(block("problem", "p", "<p/>", weight="1"), policy='{"problem/p": {"max_attempts": 2, "weight": 5}}')
        run_import()
        assert olx() == '<problem weight="5" max_attempts="2"><p/></problem>'

    def test_a_change_of_it_is_a_change_of_the_block(self, course, run_import, olx):
        course(block("problem", "p", "<p/>"), policy='{"problem/p": {"weight": 1}}')
        run_import()
        course(block("problem", "p", "<p/>"), policy='{"problem/p": {"weight": 2}}')
        run_import(on_conflict=Decision.OVERWRITE)
        assert 'weight="2"' in olx()


class TestGroups:
    def test_do_not_reach_the_library_and_are_named(self, course, run_import, olx):
        course(
            block("problem", "p", "<p/>", group_access=GROUPS), policy='{"vertical/u": {"group_access": {"50": [1]}}}'
        )
        _run, records = run_import()
        assert olx() == "<problem><p/></problem>"
        assert {key: "group configuration 50" in texts[0] for key, texts in warnings_of(records).items()} == {
            P: True,
            U: True,
        }

    def test_that_an_earlier_import_let_through_are_no_change(self, course, run_import, library, olx):
        course(block("problem", "p", "<p/>", group_access=GROUPS))
        run_import()
        Author(library.package_id).write(ITEM, f"<problem group_access='{GROUPS}'><p/></problem>")
        _run, records = run_import()
        assert {record.outcome for record in records} == {Outcome.UNCHANGED}


class TestOtherHalves:
    def test_a_passport_is_kept_and_named(self, course, run_import, state):
        course(block("lti_consumer", "x", lti_id="tides"))
        _run, records = run_import()
        stored = drafts(state())["xblock.v1:lti_consumer:x"]["files"]["block.xml"]
        assert stored == b'<lti_consumer lti_id="tides"/>'
        assert "LTI passport “tides”" in warnings_of(records)[usage_key("lti_consumer", "x")][-1]

    def test_a_package_that_the_course_holds_goes_along(self, course, run_import, state):
        course(block("scormxblock", "x", scorm_file="/static/Golf.zip"), static={"Golf.zip": b"PK"})
        _run, records = run_import()
        assert drafts(state())["xblock.v1:scormxblock:x"]["files"]["static/Golf.zip"] == b"PK"
        assert not any("package" in text for texts in warnings_of(records).values() for text in texts)

    def test_one_that_it_does_not_is_named(self, course, run_import):
        course(block("scorm", "x", package_meta='{"name": "Golf.zip", "sha1": "0775"}'))
        _run, records = run_import()
        assert "Golf.zip (package_meta)" in warnings_of(records)[usage_key("scorm", "x")][-1]
