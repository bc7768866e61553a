"""What only a course or its site knows is taken off, or named."""

import pytest
from lxml import etree
from opaque_keys.edx.keys import LearningContextKey

from import_from_modulestore.olx.course_bound import notes_on, take_off_groups
from import_from_modulestore.olx.normal_form import component_olx, normal_digest

from ..builders import KEY, usage_key

KEY_OF_COURSE = LearningContextKey.from_string(KEY)


def taken_off(olx: str) -> tuple[str, dict[str, str]]:
    root = etree.fromstring(olx)
    said = dict(take_off_groups(root, KEY_OF_COURSE))
    return etree.tostring(root, encoding="unicode"), said


class TestGroups:
    def test_are_taken_off_and_named(self):
        olx, said = taken_off('<html url_name="t" group_access="{&quot;50&quot;: [1, 2]}"/>')
        assert olx == '<html url_name="t"/>'
        assert said == {
            usage_key("html", "t"): "Only some groups of the course see it (group configuration 50: 1, 2). A library "
            "does not know them: the copy is for everyone. Limit it in the courses that use it."
        }

    def test_of_containers_too(self):
        inner = '<html url_name="t" user_partition_id="7"/>'
        olx, said = taken_off(f'<vertical url_name="u" group_access="{{&quot;1&quot;: [2]}}">{inner}</vertical>')
        assert olx == '<vertical url_name="u"><html url_name="t"/></vertical>'
        assert list(said) == [usage_key("vertical", "u"), usage_key("html", "t")]

    @pytest.mark.parametrize("access", ["{}", "null", "", "{&quot;50&quot;: []}", "{&quot;50&quot;: null}"])
    def test_where_everyone_may_see_it_nothing_is_said(self, access):
        assert taken_off(f'<html url_name="t" group_access="{access}"/>') == ('<html url_name="t"/>', {})

    @pytest.mark.parametrize("access", ["[", "[" * 5_000, "1" * 5_000, "x" * 1_000_000, "{&quot;a&quot;: 3}"])
    def test_whatever_the_value_is(self, access):
        olx, said = taken_off(f'<html url_name="t" group_access="{access}"/>')
        assert olx == '<html url_name="t"/>'
        assert len(said[usage_key("html", "t")]) < 300

    def test_of_what_a_library_does_not_take_are_not_named(self):
        assert taken_off('<split_test url_name="x" user_partition_id="100"/>') == ('<split_test url_name="x"/>', {})

    def test_never_reach_a_library_nor_count_as_a_change(self):
        with_groups = etree.fromstring('<html group_access="{&quot;50&quot;: [1]}">x</html>')
        assert component_olx(with_groups) == "<html>x</html>"
        assert normal_digest(with_groups) == normal_digest("<html>x</html>")


@pytest.mark.parametrize(
    ("olx", "named"),
    [
        ('<lti lti_id="tides"/>', "LTI passport “tides”"),
        ('<lti_consumer lti_id="tides" config_type="new"/>', "LTI passport “tides”"),
        ('<lti_consumer lti_id="" config_type="database"/>', "platform's database"),
        ('<lti_consumer config_type="external" external_config="store:tides"/>', "LTI configuration “store:tides”"),
        ('<scorm package_meta="{&quot;name&quot;: &quot;Golf.zip&quot;}"/>', "Golf.zip (package_meta)"),
        (
            '<scorm scorm_package_path="scorm/x/package.zip" package_meta="{&quot;name&quot;: &quot;Golf.zip&quot;}"/>',
            "scorm/x/package.zip (scorm_package_path)",
        ),
        ('<scormxblock scorm_file="/media/scorm/x/index.html"/>', "/media/scorm/x/index.html (scorm_file)"),
        (
            '<h5pxblock h5p_content_json_path="/media/h5pxblockmedia/Acme/C1/x"/>',
            "/media/h5pxblockmedia/Acme/C1/x (h5p_content_json_path)",
        ),
        ('<openassessment teams_enabled="True" selected_teamset_id="crews"/>', "team set “crews”"),
        (f'<lti lti_id="{"x" * 10_000}"/>', "LTI passport “" + "x" * 100 + "…"),
    ],
)
def test_what_a_copy_will_miss_is_named(olx, named):
    (note,) = notes_on(etree.fromstring(olx))
    assert named in note


@pytest.mark.parametrize(
    "olx",
    [
        '<lti lti_id=" "/>',
        '<lti_consumer config_type="new" launch_url="https://example.com"/>',
        '<scorm package_meta="{}"/>',
        '<scorm package_meta="[1"/>',
        '<scorm package_meta="{&quot;name&quot;: 1}"/>',
        '<scormxblock scorm_file="/static/Golf.zip"/>',
        '<openassessment teams_enabled="False" selected_teamset_id="crews"/>',
        "<html/>",
    ],
)
def test_where_nothing_is_missing_nothing_is_said(olx):
    assert notes_on(etree.fromstring(olx)) == []
