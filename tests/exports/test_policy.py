"""Fields that the policy of an export gives to its blocks."""

import json

import pytest

from import_from_modulestore.data import Branch
from import_from_modulestore.exports.export import Export
from import_from_modulestore.exports.policy import MAX_VALUE

from ..builders import block, problem, text, unit_of, write_course


@pytest.fixture
def attributes(tmp_path):
    """What a block is read with under a policy: ``attributes({"problem/p": {…}}, problem("p"))``."""

    def read(policy: object, written, *, name: str = "policies/R1/policy.json", inner: str = "") -> dict[str, str]:
        data = policy if isinstance(policy, str) else json.dumps(policy)
        pointer = inner or f'<{written.tag} url_name="{written.url_name}"/>'
        folder = write_course(tmp_path, unit_of(pointer), written, files={name: data})
        found = next(Export(folder, "c").read(Branch.DRAFT)).element.find(f".//vertical/{written.tag}")
        return {name: value for name, value in found.items() if name not in ("url_name", "display_name")}

    return read


def of_p(**fields: object) -> dict:
    return {"problem/p": fields}


@pytest.mark.parametrize("name", ["policies/R1/policy.json", "policies/R1.json"])
def test_every_field_is_taken(attributes, name):
    assert attributes(of_p(max_attempts=2, weight=5.0, showanswer="never"), problem("p"), name=name) == {
        "max_attempts": "2",
        "weight": "5.0",
        "showanswer": "never",
    }


def test_the_policy_stands_over_the_xml(attributes):
    written = block("problem", "p", weight="1", rerandomize="always")
    assert attributes(of_p(weight=5), written) == {"weight": "5", "rerandomize": "always"}
    inline = '<problem url_name="p" weight="2"><p/></problem>'
    assert attributes(of_p(weight=5), problem("q"), inner=inline) == {"weight": "5"}


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        (True, "true"),
        (None, "null"),
        ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
        ({"é": [1]}, '{"\\u00e9": [1]}'),
        ("a\0\ud800b", "ab"),
    ],
)
def test_values_are_written_as_studio_writes_them(attributes, value, attribute):
    assert attributes(of_p(any_field=value), problem("p")) == {"any_field": attribute}


def test_texts_and_containers_get_them_too(attributes, tmp_path):
    assert attributes({"html/t": {"use_latex_compiler": True}}, text("t")) == {"use_latex_compiler": "true"}
    write_course(tmp_path, unit_of(""), files={"policies/R1/policy.json": '{"vertical/u": {"format": "Lab"}}'})
    assert next(Export(tmp_path, "c").read(Branch.DRAFT)).element.find(".//vertical").get("format") == "Lab"


@pytest.mark.parametrize(
    "field",
    ["url_name", "slug", "filename", "parent_url", "upstream", "children", "data", "xml_attributes", "a b", "é:x", ""],
)
def test_what_is_no_field_is_left(attributes, field):
    assert attributes({"problem/p": {field: "../../secret"}}, problem("p")) == {}


def test_values_beyond_any_setting_are_left(attributes):
    fields = of_p(long="x" * MAX_VALUE, longer="x" * (MAX_VALUE + 1))
    assert list(attributes(fields, problem("p"))) == ["long"]


@pytest.mark.parametrize("policy", ["[]", "{", '{"problem/p": 1}', '{"problem/p": ' + "[" * 100_000, '{"": {"": ""}}'])
def test_a_broken_policy_is_none(attributes, policy):
    assert attributes(policy, problem("p")) == {}


def test_that_of_another_run_is_not_looked_at(attributes):
    assert attributes(of_p(weight=5), problem("p"), name="policies/R2/policy.json") == {}
