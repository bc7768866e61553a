"""The vocabulary of OLX: kinds, titles, and components that are made of other blocks."""

import pytest

from import_from_modulestore.data import BlockKind
from import_from_modulestore.olx.blocks import (
    MAX_TITLE_LENGTH,
    default_title,
    has_children,
    is_content,
    kind_of,
    name_for_people,
    title_of,
)
from import_from_modulestore.olx.parsing import parse_xml
from import_from_modulestore.olx.tree import walk


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("chapter", BlockKind.SECTION),
        ("sequential", BlockKind.SUBSECTION),
        ("vertical", BlockKind.UNIT),
        ("html", BlockKind.COMPONENT),
        ("made_up", BlockKind.COMPONENT),
    ],
)
def test_kinds(tag, kind):
    assert kind_of(tag) is kind


@pytest.mark.parametrize(
    ("tag", "expected"), [("chapter", True), ("html", True), ("wiki", False), ("static_tab", False)]
)
def test_settings_and_pages_are_not_content(tag, expected):
    assert is_content(parse_xml(f"<{tag}/>")) is expected


@pytest.mark.parametrize(
    ("olx", "title"),
    [
        ('<html display_name="Tides"/>', "Tides"),
        ('<html display_name="  The&#10; tides "/>', "The tides"),
        ('<html display_name="red &#x9b;31m tide&#x7f;"/>', "red 31m tide"),
        ('<html display_name=" "/>', "Text"),
        ("<problem/>", "Blank Problem"),
        ("<chapter/>", "Section"),
        (f'<html display_name="{"x" * 600}"/>', "x" * MAX_TITLE_LENGTH),
    ],
)
def test_titles(olx, title):
    assert title_of(parse_xml(olx)) == title


@pytest.mark.parametrize(
    ("block_type", "title"),
    [("lti_consumer", "LTI Consumer"), ("made-up_block", "Made Up Block"), ("_", "_"), ("sequential", "Subsection")],
)
def test_default_titles(block_type, title):
    assert default_title(block_type) == title


@pytest.mark.parametrize(
    ("olx", "expected"),
    [
        ("<library_content/>", True),
        ('<ours><problem url_name="p"/></ours>', True),
        ("<ours><problem/></ours>", False),
        ('<problem><p url_name="x"/></problem>', False),
        ('<html url_name="x"/>', False),
    ],
)
def test_components_with_children(olx, expected):
    assert has_children(parse_xml(olx)) is expected


def test_components_that_are_made_of_blocks_are_entered():
    olx = (
        '<vertical url_name="u"><conditional url_name="c"><show sources="p"/><split_test url_name="e">'
        '<vertical url_name="v"><html url_name="a"/></vertical></split_test></conditional><html url_name="z"/>'
        "</vertical>"
    )
    walked = [(block.block_id, block.index, block.parent, block.depth) for block in walk(parse_xml(olx))]
    assert walked == [("u", 0, None, 0), ("c", 1, 0, 1), ("e", 2, 1, 2), ("v", 3, 2, 3), ("a", 4, 3, 4), ("z", 5, 0, 1)]
    outside = [block.block_id for block in walk(parse_xml(olx), into_components=False)]
    assert outside == ["u", "c", "z"]


@pytest.mark.parametrize(
    ("olx", "name"),
    [
        ('<problem display_name="Tides"><p>Why?</p></problem>', "Tides"),
        ("<problem><script>x = 1</script><p>Why two &lt;b>tides&lt;/b>?</p></problem>", "“Why two tides ?”"),
        ("<html>&lt;style>p {}&lt;/style>&lt;p>High&amp;nbsp;water&lt;/p></html>", "“High water”"),
        (f"<html>{'A tide ' * 20}</html>", f"“{'A tide ' * 8}A …”"),
        ("<problem/>", "Blank Problem"),
        ('<itembank><problem url_name="q"><p>Why?</p></problem></itembank>', "Problem Bank"),
        ("<vertical/>", "Unit"),
    ],
)
def test_what_has_no_title_is_called_by_its_text(olx, name):
    assert name_for_people(parse_xml(olx)) == name


class TestWalk:
    def test_goes_depth_first_and_stops_at_components(self):
        olx = "<chapter><sequential><vertical><html><p/></html></vertical></sequential><sequential/></chapter>"
        found = [(block.index, block.parent, block.depth, block.block_type) for block in walk(parse_xml(olx))]
        assert found == [
            (0, None, 0, "chapter"),
            (1, 0, 1, "sequential"),
            (2, 1, 2, "vertical"),
            (3, 2, 3, "html"),
            (4, 0, 1, "sequential"),
        ]

    @pytest.mark.parametrize("root", ["course", "library"])
    def test_a_source_is_no_block_of_its_own(self, root):
        olx = f"<{root}><html/><!-- c --><wiki/><problem/></{root}>"
        assert [(block.index, block.parent, block.block_type) for block in walk(parse_xml(olx))] == [
            (0, None, "html"),
            (1, None, "problem"),
        ]
