"""Reading blocks: every form that OLX takes in the wild becomes one inlined tree; what cannot be read is reported."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from hashlib import sha1
from types import SimpleNamespace

import pytest
from lxml import etree

from import_from_modulestore.data import Branch, Notice
from import_from_modulestore.exports import files as export_files
from import_from_modulestore.exports.export import Export
from import_from_modulestore.olx.normal_form import component_olx
from import_from_modulestore.olx.parsing import MAX_TEXT_BYTES, parse_xml
from import_from_modulestore.olx.tree import walk

from ..builders import (
    Block,
    block,
    problem,
    section,
    subsection,
    text,
    unit,
    unit_of,
    usage_key,
    write_block,
    write_course,
)


@pytest.fixture
def read(tmp_path):
    """Write a course and read it: ``read(*sections, files=…)`` gives its ``u`` unit, problems and warnings."""

    def read_course(*sections: Block, branch: Branch = Branch.DRAFT, **options):
        roots = list(Export(write_course(tmp_path / "c1", *sections, **options), "c1").read(branch))
        for root in roots:
            parse_xml(etree.tostring(root.element, encoding="unicode"))  # What is staged can be read again.
        return SimpleNamespace(
            roots=[root.element for root in roots],
            unit=next((unit for root in roots for unit in root.element.iterfind(".//vertical[@url_name='u']")), None),
            problems={key: problem for root in roots for key, problem in root.problems.items()},
            warnings={key: warnings for root in roots for key, warnings in root.warnings.items()},
            notices=sum((root.notices for root in roots), Counter()),
        )

    return read_course


@pytest.fixture
def read_unit(read):
    """Read a unit of this inner XML: ``read_unit('<html url_name="t"/>', {"html/t.xml": …})``."""
    return lambda inner, files=None, **options: read(unit_of(inner), files=files or {}, **options)


def work_of(what: Callable[[], object]) -> int:
    """How many functions are called for something, Python's own as well: on every machine the same."""
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        what()
    finally:
        sys.setprofile(None)
    return calls


def names(element) -> list[str]:
    return [f"{child.tag} {child.get('url_name')}" for child in element]


def xml(element) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)


class TestDefinitions:
    def test_a_pointer_leads_to_a_file(self, read_unit):
        found = read_unit('<problem url_name="p"/>', {"problem/p.xml": '<problem max_attempts="2"><p/></problem>'})
        assert xml(found.unit[0]) == '<problem max_attempts="2" url_name="p"><p/></problem>'

    def test_attributes_beside_a_pointer_win(self, read_unit):
        files = {"problem/p.xml": '<problem display_name="A" weight="1"/>'}
        found = read_unit('<problem url_name="p" display_name="B"/>', files)
        assert dict(found.unit[0].attrib) == {"display_name": "B", "weight": "1", "url_name": "p"}

    def test_a_block_may_stand_where_it_is_shown(self, read_unit):
        found = read_unit('<problem url_name="p"><p>a<!-- b --><![CDATA[<c>]]></p>\n</problem>')
        assert xml(found.unit[0]) == '<problem url_name="p"><p>a<!-- b --><![CDATA[<c>]]></p>\n</problem>'

    def test_a_pure_xblock_may_be_all_attributes(self, read_unit):
        found = read_unit('<poll xblock-family="xblock.v1" url_name="q" question="Why?"/>')
        assert dict(found.unit[0].attrib) == {"xblock-family": "xblock.v1", "url_name": "q", "question": "Why?"}
        assert found.problems == {}

    def test_a_problem_may_keep_its_text_in_a_file_of_another_name(self, read_unit):
        files = {"problem/body.xml": '<problem weight="1" url_name="x"><p>Why?</p></problem>'}
        found = read_unit('<problem url_name="p" filename="body"/>', files)
        assert xml(found.unit[0]) == '<problem url_name="p" weight="1"><p>Why?</p></problem>'

    def test_colons_in_names_are_folders(self, read_unit):
        found = read_unit('<problem url_name="a:b"/>', {"problem/a/b.xml": "<problem>x</problem>"})
        assert (found.unit[0].get("url_name"), found.unit[0].text) == ("a:b", "x")

    def test_what_only_a_course_needs_is_left_out(self, read_unit):
        places = 'slug="s" parent_url="u" parent_sequential_url="u" index_in_children_list="1"'
        found = read_unit('<problem url_name="p"/>', {"problem/p.xml": f'<problem {places} weight="1"/>'})
        assert dict(found.unit[0].attrib) == {"weight": "1", "url_name": "p"}

    def test_only_blocks_are_kept_of_a_container(self, read_unit):
        found = read_unit('stray<!-- c --><?pi x?><problem url_name="p">x</problem>tail')
        assert xml(found.unit) == '<vertical url_name="u"><problem url_name="p">x</problem></vertical>'

    def test_an_element_of_a_namespace_is_left_out_with_a_warning(self, read_unit):
        found = read_unit('<x:y xmlns:x="urn:x" url_name="n"/><problem url_name="p">x</problem>')
        assert names(found.unit) == ["problem p"]
        assert found.warnings[usage_key("vertical", "u")] == ["The element <{urn:x}y> is not a block and was left out."]

    def test_containers_may_be_empty(self, read):
        found = read(section("s1"), unit_of(""))
        assert [len(root) for root in found.roots] == [0, 1]
        assert found.problems == {}

    @pytest.mark.parametrize(
        ("inner", "expected"),
        [
            ('<library_content url_name="l"><problem url_name="p"/></library_content>', ["problem p"]),
            ('<split_test url_name="l"><vertical url_name="v"/></split_test>', ["vertical v"]),
            ('<ours xblock-family="xblock.v1" url_name="l"><problem url_name="p"/></ours>', ["problem p"]),
        ],
    )
    def test_the_children_of_a_component_are_read_too(self, read_unit, inner, expected):
        files = {
            "problem/p.xml": "<problem>Why?</problem>",
            "vertical/v.xml": '<vertical><problem url_name="p"/></vertical>',
        }
        found = read_unit(inner, files)
        assert names(found.unit[0]) == expected
        assert "Why?" in xml(found.unit)


class TestText:
    @pytest.mark.parametrize(
        ("definition", "body"),
        [
            ('<html filename="t"/>', "html/t.html"),
            ('<html filename="other"/>', "html/other.html"),
            ('<html filename="t.html"/>', "html/t.html"),
            ('<html filename="sub/t"/>', "html/sub/t.html"),
        ],
    )
    def test_lies_in_a_file_of_its_own(self, read_unit, definition, body):
        found = read_unit('<html url_name="t"/>', {"html/t.xml": definition, body: "<p>Hi"})
        assert xml(found.unit[0]) == '<html url_name="t"><![CDATA[<p>Hi]]></html>'

    def test_lies_in_a_folder_where_the_name_has_a_colon(self, read_unit):
        files = {"html/a/t.xml": '<html filename="t"/>', "html/a/t.html": "inner", "html/t.html": "outer"}
        assert read_unit('<html url_name="a:t"/>', files).unit[0].text == "inner"

    def test_may_stand_inline(self, read_unit):
        found = read_unit('<html url_name="t">a <b>c</b><!-- d --> e</html>')
        assert xml(found.unit[0]) == '<html url_name="t"><![CDATA[a <b>c</b><!-- d --> e]]></html>'

    def test_may_be_empty(self, read_unit):
        found = read_unit('<html url_name="t"/>', {"html/t.xml": '<html filename="t"/>', "html/t.html": ""})
        assert (xml(found.unit[0]), found.problems) == ('<html url_name="t"/>', {})

    @pytest.mark.parametrize("body", ["a&nbsp;&copy;b", "<p>unclosed<br>", "5 < 6 & 7", "<!DOCTYPE html>", "\u0085é😀"])
    def test_need_not_be_xml(self, read_unit, body):
        found = read_unit('<html url_name="t"/>', {"html/t.xml": '<html filename="t"/>', "html/t.html": body})
        assert found.unit[0].text == body

    def test_may_hold_the_end_of_cdata(self, read_unit):
        body = "]]><script>if (a[b[0]]>1 && c]]>2) {}</script>]]"
        files = {"html/t.xml": '<html filename="t"/>', "html/t.html": body}
        found = read_unit('<html url_name="t"/>', files).unit[0]
        assert parse_xml(component_olx(parse_xml(xml(found)))).text == found.text == body

    @pytest.mark.parametrize(
        ("data", "expected", "warning"),
        [
            (b"\xef\xbb\xbf\xc3\xa9", "é", None),
            ("é".encode("utf-16"), "é", "html/t.html is not UTF-8; it was read as UTF-16."),
            ("“é”".encode("cp1252"), "“é”", "html/t.html is not UTF-8; it was read as Windows-1252."),
            (b"a\0\x0b\xef\xbf\xbeb", "ab", "3 control characters, which XML cannot hold, were removed from the text."),
        ],
        ids=["byte-order mark", "UTF-16", "Windows-1252", "control characters"],
    )
    def test_may_be_in_any_encoding(self, read_unit, data, expected, warning):
        found = read_unit('<html url_name="t"/>', {"html/t.xml": '<html filename="t"/>', "html/t.html": data})
        assert found.unit[0].text == expected
        assert found.warnings.get(usage_key("html", "t"), [None]) == [warning]

    def test_that_is_missing_is_reported(self, read_unit):
        found = read_unit('<html url_name="t"/>', {"html/t.xml": '<html filename="t"/>'})
        assert "html/t.html, the text of this block, is not in the export" in found.problems[usage_key("html", "t")]

    def test_that_xml_cannot_hold_is_reported(self, read_unit):
        files = {"html/t.xml": '<html filename="t"/>', "html/t.html": "x" * (MAX_TEXT_BYTES + 1)}
        found = read_unit('<html url_name="t"/>', files)
        assert "Put the images in it into files" in found.problems[usage_key("html", "t")]

    def test_names_the_files_of_its_own_course_by_static(self, read_unit):
        files = {
            "html/t.xml": '<html filename="t"/>',
            "html/t.html": '<img src="/asset-v1:Acme+C1+R1+type@asset+block@a.png">',
            "problem/p.xml": '<problem><img src="asset-v1:Acme+C1+R1+type@asset+block@b.png"/> '
            "/asset-v1:Acme+C1+R1+type@asset+block@c.png</problem>",
        }
        found = read_unit('<html url_name="t"/><problem url_name="p"/>', files)
        assert found.unit[0].text == '<img src="/static/a.png">'
        assert xml(found.unit[1]) == '<problem url_name="p"><img src="/static/b.png"/> /static/c.png</problem>'


class TestXmlEncodings:
    @pytest.mark.parametrize(
        ("data", "warned"),
        [
            ('<?xml version="1.0" encoding="ISO-8859-1"?><problem>é</problem>'.encode("latin-1"), False),
            ("<problem>é</problem>".encode("utf-8-sig"), False),
            ("<problem>é</problem>".encode("utf-16"), False),
            ("<problem>é</problem>".encode("cp1252"), True),
            ('<?xml version="1.0" encoding="UTF-8"?><problem>é</problem>'.encode("cp1252"), True),
            ('<problem encoding="x">é</problem>'.encode("cp1252"), True),
        ],
        ids=["declared", "byte-order mark", "UTF-16", "Windows-1252", "declared wrongly", "attribute of that name"],
    )
    def test_are_read_or_guessed_with_a_warning(self, read_unit, data, warned):
        found = read_unit('<problem url_name="p"/>', {"problem/p.xml": data})
        assert found.unit[0].text == "é"
        assert bool(found.warnings) is warned


class TestUnreadable:
    """One bad block is reported under its key and stands as an empty element; the others are read."""

    @pytest.mark.parametrize(
        ("definition", "reason"),
        [
            (None, "problem/bad.xml is not in the export. Add the file"),
            ("<problem", "problem/bad.xml could not be read: it is not well-formed XML"),
            ("", "problem/bad.xml could not be read"),
            ("<html/>", "problem/bad.xml defines a <html>, but is named as a <problem>"),
            ("<problem>&nbsp;</problem>", "Entity 'nbsp' not defined"),
            ('<!DOCTYPE p [<!ENTITY e "x">]><problem>&e;</problem>', "declares XML entities"),
            ('<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]><problem>&e;</problem>', "declares XML entities"),
            ('<!DOCTYPE p SYSTEM "http://example.org/x.dtd"><problem>&e;</problem>', "uses the XML entity &e;"),
            ('<!DOCTYPE p SYSTEM "http://example.org/x.dtd"><problem a="&e;"/>', "uses an XML entity"),
            (f"<problem>{'<a>' * 230}{'</a>' * 230}</problem>", "more than 200 levels deep"),
            (f"<problem>{'<a>' * 300}{'</a>' * 300}</problem>", "more than 256 levels deep"),
            ('<problem filename="nowhere"/>', "problem/nowhere.xml is not in the export"),
        ],
    )
    def test_is_reported(self, read_unit, definition, reason):
        files = {"problem/bad.xml": definition} if definition is not None else {}
        found = read_unit('<problem url_name="bad"/><problem url_name="good">x</problem>', files)
        assert reason in found.problems[usage_key("problem", "bad")]
        assert [xml(child) for child in found.unit] == [
            '<problem url_name="bad"/>',
            '<problem url_name="good">x</problem>',
        ]

    def test_is_never_expanded(self, read_unit):
        entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
        bomb = f'<!DOCTYPE p [<!ENTITY l0 "lol">{entities}]><problem a="&l19;">&l19;</problem>'
        assert usage_key("problem", "p") in read_unit('<problem url_name="p"/>', {"problem/p.xml": bomb}).problems

    def test_is_not_read_where_it_is_too_large(self, read_unit, monkeypatch):
        monkeypatch.setattr(export_files, "MAX_XML_BYTES", 1000)
        found = read_unit('<problem url_name="p"/>', {"problem/p.xml": f"<problem>{'x' * 1000}</problem>"})
        assert "too large for a block" in found.problems[usage_key("problem", "p")]

    def test_keeps_the_name_that_its_policy_gives_it(self, read_unit):
        files = {"policies/R1/policy.json": '{"problem/p": {"display_name": "Lost"}}'}
        assert read_unit('<problem url_name="p"/>', files).unit[0].get("display_name") == "Lost"

    def test_containers_are_reported_too(self, read):
        course = '<course><chapter url_name="gone"/><chapter url_name="s"/></course>'
        found = read(section("s"), files={"course/R1.xml": course})
        assert list(found.problems) == [usage_key("chapter", "gone")]
        assert [root.get("url_name") for root in found.roots] == ["gone", "s"]

    def test_deep_xml_of_a_component_is_read(self, read_unit):
        assert read_unit(f'<problem url_name="p">{"<a>" * 190}{"</a>" * 190}</problem>').problems == {}


class TestOutside:
    """No name leads out of the export's folder."""

    @pytest.mark.parametrize("name", ["../../secret", "../secret", "/etc/passwd", "..:..:secret", "....//secret"])
    @pytest.mark.parametrize("attributes", ["", ' display_name="x"'])
    def test_by_its_name(self, read_unit, tmp_path, name, attributes):
        (tmp_path / "secret.xml").write_text("<problem>SECRET</problem>")
        found = read_unit(f'<problem url_name="{name}"{attributes}/>')
        assert "SECRET" not in xml(found.unit)

    @pytest.mark.parametrize("tag", ["html", "problem"])
    @pytest.mark.parametrize("filename", ["../../secret", "/etc/passwd", "../html/../../secret"])
    def test_by_its_filename(self, read_unit, tmp_path, tag, filename):
        for suffix in ("xml", "html"):
            (tmp_path / f"secret.{suffix}").write_text("<problem>SECRET</problem>")
        found = read_unit(f'<{tag} url_name="x" filename="{filename}"/>')
        assert "SECRET" not in xml(found.unit)
        assert list(found.problems) == [usage_key(tag, "x")]

    @pytest.mark.parametrize("link", ["problem", "problem/p.xml", "drafts/problem/p.xml", "drafts"])
    def test_by_a_link(self, tmp_path, link):
        (tmp_path / "secret/problem").mkdir(parents=True)
        for name in ("p.xml", "problem/p.xml"):
            (tmp_path / "secret" / name).write_text("<problem>SECRET</problem>")
        folder = write_course(tmp_path / "c1", unit_of('<problem url_name="p"/>'))
        (folder / link).parent.mkdir(parents=True, exist_ok=True)
        (folder / link).symlink_to(tmp_path / "secret" / ("p.xml" if link.endswith("xml") else ""))
        [root] = Export(folder, "c1").read(Branch.DRAFT)
        assert "SECRET" not in xml(root.element)
        assert list(root.problems) == [usage_key("problem", "p")]

    @pytest.mark.parametrize("make", [lambda path: path.symlink_to(path), os.mkfifo, lambda path: path.mkdir()])
    def test_loops_pipes_and_folders_are_not_read(self, tmp_path, make):
        folder = write_course(tmp_path / "c1", problem("q"), unit_of('<problem url_name="p"/>'))
        make(folder / "problem" / "p.xml")
        root = list(Export(folder, "c1").read(Branch.DRAFT))[-1]
        assert list(root.problems) == [usage_key("problem", "p")]


class TestNames:
    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            ('url_name="a" slug="b" display_name="c"', "a"),
            ('slug="b" name="n"', "b"),
            ('name="n n" display_name="c"', "n_n"),
            ('display_name="Why? Ü"', "Why_Ü"),
            ('display_name="100% sure"', "100__sure"),
            ('url_name=" "  display_name="c"', "c"),
        ],
    )
    def test_come_from_the_first_that_is_there(self, read_unit, attributes, expected):
        assert read_unit(f"<problem {attributes}>x</problem>").unit[0].get("url_name") == expected

    def test_are_made_of_the_content_where_there_is_none(self, read_unit):
        first, again = (read_unit("<problem>x</problem><problem>y</problem>").unit for _ in range(2))
        assert names(first) == names(again)
        assert len(set(names(first))) == 2

    @pytest.mark.parametrize(("name", "expected"), [("a b", "a_b"), ("50%", "50_"), ("a+b@c", "a_b_c"), ("x/y", "x_y")])
    def test_that_no_key_can_hold_are_replaced_with_a_warning(self, read_unit, name, expected):
        found = read_unit(f'<problem url_name="{name}">x</problem>')
        assert found.unit[0].get("url_name") == expected
        assert "which no key can hold" in found.warnings[usage_key("problem", expected)][0]

    def test_that_no_key_can_hold_still_lead_to_their_files(self, read_unit):
        found = read_unit('<problem url_name="a b"/>', {"problem/a b.xml": "<problem>x</problem>"})
        assert found.unit[0].text == "x"

    @pytest.mark.parametrize("inner", ['<problem url_name="{}">x</problem>', '<problem url_name="{}"/>'])
    def test_too_long_for_a_key_are_cut(self, read_unit, inner):
        found = read_unit(inner.format("n" * 300) + inner.format("n" * 301))
        keys = [usage_key("problem", child.get("url_name")) for child in found.unit]
        assert [len(key) for key in keys] == [255, 255]
        assert len(set(keys)) == 2

    def test_that_different_blocks_share_are_made_of_their_content(self, read_unit):
        found = read_unit("".join(f'<problem url_name="p">{text}</problem>' for text in "xyx"))
        x, y = (
            f"problem_p_{sha1(f'<problem url_name="p">{text}</problem>'.encode()).hexdigest()[:12]}" for text in "xy"
        )
        assert [(child.get("url_name"), child.text) for child in found.unit] == [(x, "x"), (y, "y"), (x, None)]
        assert (found.notices, found.warnings) == ({Notice.KNOWN_BY_CONTENT: 2}, {})

    @pytest.mark.parametrize("place", [0, 1, 3])
    @pytest.mark.parametrize("name", ["", 'display_name="Video"', 'url_name="v"'])
    def test_stay_where_a_block_is_put_in(self, read_unit, name, place):
        videos = [f'<video {name} youtube="{n}"/>' for n in range(3)]
        before = names(read_unit("".join(videos)).unit)
        videos.insert(place, f'<video {name} youtube="new"/>')
        after = names(read_unit("".join(videos)).unit)
        del after[place]
        assert after == before

    @pytest.mark.parametrize("order", [1, -1])
    def test_that_are_shared_with_a_file_are_the_files(self, read_unit, order):
        inner = ['<problem url_name="p">1</problem>', '<problem url_name="p"/>'][::order]
        found = read_unit("".join(inner), {"problem/p.xml": "<problem>file</problem>"})
        assert {child.get("url_name"): child.text for child in found.unit}["p"] == "file"

    @pytest.mark.parametrize("name", ["", 'display_name="Video"'])
    def test_do_not_depend_on_how_it_is_indented(self, read_unit, name):
        found = [read_unit(f"<video {name}>{gap}<source/></video><video {name}/>").unit for gap in ("", "\n  ")]
        assert names(found[0]) == names(found[1])

    def test_in_a_refused_block_are_told_of_since_they_can_be_taken_out_of_it(self, read_unit):
        found = read_unit('<conditional url_name="c"><problem>1</problem></conditional>')
        assert names(found.unit[0])[0].startswith("problem problem_")
        assert found.notices == {Notice.KNOWN_BY_CONTENT: 1}

    def test_that_are_given_are_never_taken_twice(self, read_unit):
        first = read_unit('<problem url_name="p">1</problem><problem url_name="p">2</problem>').unit
        taken = first[0].get("url_name")
        inner = (
            f'<problem url_name="{taken}">0</problem><problem url_name="p">1</problem><problem url_name="p">2</problem>'
        )
        found = names(read_unit(inner).unit)
        assert found[0] == f"problem {taken}"
        assert len(set(found)) == 3

    def test_alike_after_replacement_are_kept_apart(self, read_unit):
        found = read_unit('<problem url_name="a b">1</problem><problem url_name="a_b">2</problem>')
        assert len(set(names(found.unit))) == 2
        files = {"problem/a b.xml": "<problem>1</problem>", "problem/a_b.xml": "<problem>2</problem>"}
        found = read_unit('<problem url_name="a b"/><problem url_name="a_b"/>', files)
        assert [child.text for child in found.unit] == ["1", "2"]
        assert len(set(names(found.unit))) == 2

    def test_alike_of_two_types_are_two_names(self, read_unit):
        found = read_unit('<problem url_name="a">1</problem><html url_name="a">1</html>')
        assert names(found.unit) == ["problem a", "html a"]

    def test_in_great_number_cost_linear_time(self, read_unit):
        def reading(count: int) -> int:
            def read() -> None:
                found = read_unit("".join(f'<problem url_name="p" n="{n}"/>' for n in range(count)))
                assert len({child.get("url_name") for child in found.unit}) == count

            return work_of(read)

        assert reading(800) < 2.2 * reading(400)


class TestRepeats:
    def test_a_block_shown_twice_is_read_once(self, read_unit):
        found = read_unit('<problem url_name="p"/><problem url_name="p"/>', {"problem/p.xml": "<problem>x</problem>"})
        assert [child.text for child in found.unit] == ["x", None]
        assert found.warnings == found.problems == {}

    def test_so_is_one_shown_in_two_sections(self, read):
        found = read(*(section(f"s{n}", subsection(f"b{n}", unit("u", problem("p")))) for n in (1, 2)))
        assert [len(list(root.iter("problem"))) for root in found.roots] == [1, 0]

    def test_one_inside_a_component_is_read_again_outside(self, read_unit):
        inner = '<split_test url_name="s"><problem url_name="p"/></split_test><problem url_name="p"/>'
        found = read_unit(inner, {"problem/p.xml": "<problem>x</problem>"})
        assert [element.text for element in found.unit.iter("problem")] == ["x", "x"]

    def test_a_container_that_holds_itself_is_read_without_itself(self, read_unit):
        found = read_unit('<vertical url_name="u"/><problem url_name="p">x</problem>')
        assert names(found.unit) == ["problem p"]
        assert "which holds it in turn" in found.warnings[usage_key("vertical", "u")][0]
        assert found.problems == {}

    def test_containers_that_hold_each_other_end(self, read):
        files = {"sequential/b.xml": '<sequential><chapter url_name="s"/></sequential>'}
        found = read(unit_of(""), files=files)
        assert [element.tag for element in found.roots[0].iter()] == ["chapter", "sequential"]
        assert list(found.warnings) == [usage_key("sequential", "b")]

    def test_a_namesake_of_its_container_is_another_block(self, read_unit):
        found = read_unit('<vertical url_name="u"><problem url_name="p">x</problem></vertical>')
        assert names(found.unit)[0].startswith("vertical vertical_u_")
        assert len(found.unit[0]) == 1

    def test_containers_without_end_are_cut_off(self, read):
        files = {f"vertical/v{n}.xml": f'<vertical><vertical url_name="v{n + 1}"/></vertical>' for n in range(60)}
        found = read(unit_of('<vertical url_name="v0"/>'), files=files)
        assert "more than 40 levels deep" in next(iter(found.problems.values()))

    def test_doubling_at_every_level_costs_linear_time(self, read):
        pointers = [f'<vertical url_name="c{n}"/>' for n in range(31)]
        files = {f"vertical/c{n}.xml": f"<vertical>{pointers[n + 1] * 2}</vertical>" for n in range(30)}

        def reading(depth: int) -> int:
            def read_below() -> None:
                found = read(unit_of(pointers[-1 - depth]), files=files)
                assert len(list(found.roots[0].iter("vertical"))) == 1 + 1 + 2 * depth

            return work_of(read_below)

        assert reading(20) < 2.2 * reading(10)

    def test_so_does_a_namesake_that_doubles_itself(self, read_unit):
        inner = '<vertical url_name="v"><problem url_name="p">x</problem></vertical><vertical url_name="v"/>'
        doubled = f"<vertical>{'<vertical url_name="v"/>' * 2}</vertical>"
        found = read_unit(inner, {"vertical/v.xml": doubled})
        assert [name.partition("_")[0] for name in names(found.unit)] == ["vertical vertical", "vertical v"]
        assert len(found.unit[1]) == 0


class TestDrafts:
    def test_a_newer_draft_stands_for_the_published_block(self, read, tmp_path):
        write_block(tmp_path / "c1", text("t", "new"), under="drafts/")
        draft, published = (
            read(section("s", subsection("b", unit("u", text("t", "old")))), branch=branch) for branch in Branch
        )
        assert (draft.unit[0].text, published.unit[0].text) == ("new", "old")

    @pytest.mark.parametrize(
        "place",
        [
            {"parent_url": "block-v1:Acme+C1+R1+type@sequential+block@b"},
            {"parent_url": "i4x://Acme/C1/sequential/b"},
            {"parent_sequential_url": "i4x://Acme/C1/sequential/b"},
        ],
    )
    @pytest.mark.parametrize(
        ("index", "expected"), [("0", 0), ("1", 1), ("99", 2), ("9" * 5000, 2), ("-1", 2), ("", 2)]
    )
    def test_a_draft_unit_goes_to_its_place(self, read, tmp_path, place, index, expected):
        write_block(tmp_path / "c1", block("vertical", "d"), under="drafts/", index_in_children_list=index, **place)
        sections = section("s", block("sequential", "b", "", block("vertical", "u"), block("vertical", "v")))
        subsection = read(sections).roots[0][0]
        assert names(subsection).index("vertical d") == expected
        assert dict(subsection[expected].attrib) == {"url_name": "d"}

    def test_several_go_to_their_places_in_order(self, read, tmp_path):
        for name, index in (("d3", "3"), ("d0", "0"), ("d2", "2")):
            place = {"parent_url": usage_key("sequential", "b"), "index_in_children_list": index}
            write_block(tmp_path / "c1", block("vertical", name), under="drafts/", **place)
        assert names(read(unit_of("")).roots[0][0]) == [f"vertical {name}" for name in ("d0", "u", "d2", "d3")]

    def test_one_that_its_parent_shows_already_is_not_shown_again(self, read, tmp_path):
        place = {"parent_url": usage_key("vertical", "u"), "index_in_children_list": "0"}
        write_block(tmp_path / "c1", problem("p"), under="drafts/", **place)
        assert names(read(unit_of('<problem url_name="p"/>')).unit) == ["problem p"]

    def test_the_published_branch_has_none(self, read, tmp_path):
        place = {"parent_url": usage_key("vertical", "u"), "index_in_children_list": "0"}
        write_block(tmp_path / "c1", problem("p"), under="drafts/", **place)
        assert names(read(unit_of(""), branch=Branch.PUBLISHED).unit) == []

    def test_one_in_a_folder_has_a_colon_in_its_name(self, read, tmp_path):
        place = f'parent_url="{usage_key("vertical", "u")}" index_in_children_list="0"'
        files = {"drafts/problem/a/b.xml": f"<problem {place}>x</problem>"}
        assert names(read(unit_of(""), files=files).unit) == ["problem a:b"]

    def test_an_unreadable_one_leaves_the_published_block(self, read_unit):
        files = {"problem/p.xml": "<problem>old</problem>", "drafts/problem/p.xml": "<problem"}
        found = read_unit('<problem url_name="p"/>', files)
        assert found.unit[0].text == "old"
        assert "The published version was read in place of the draft" in found.warnings[usage_key("problem", "p")][0]

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("problem/p.xml", b"<problem"),
            ("problem/p.xml", b""),
            ("problem/p.xml", b'<problem parent_url="nonsense" index_in_children_list="0"/>'),
            ("we ird/p.xml", f'<problem parent_url="{usage_key("vertical", "u")}"/>'.encode()),
            ("problem/\x01.xml", f'<problem parent_url="{usage_key("vertical", "u")}"/>'.encode()),
            (os.fsdecode(b"problem/\xff.xml"), f'<problem parent_url="{usage_key("vertical", "u")}"/>'.encode()),
        ],
    )
    def test_an_unreadable_one_that_was_never_published_is_reported(self, tmp_path, name, data):
        export = Export(write_course(tmp_path, unit_of(""), files={f"drafts/{name}": data}), "c1")
        assert names(next(export.read(Branch.DRAFT)).element[0][0]) == []
        [warning] = export.warnings
        assert warning.startswith("drafts/")
        assert "it is missing here" in warning
        warning.encode()

    def test_one_that_has_no_place_is_reported(self, tmp_path):
        draft = f'<problem parent_url="{usage_key("vertical", "gone")}" index_in_children_list="0"/>'
        export = Export(write_course(tmp_path, unit_of(""), files={"drafts/problem/p.xml": draft}), "c1")
        assert export.warnings == [
            "The draft <problem> 'p' was left out: it belongs below <vertical> 'gone', which is not in the export."
        ]

    def test_litter_among_them_is_no_draft(self, tmp_path):
        assert Export(write_course(tmp_path, files={"drafts/problem/._p.xml": b"\0\5\x16\7"}), "c1").warnings == []


class TestNumbering:
    def test_is_the_same_when_the_staged_text_is_read_again(self, read):
        [root] = read(unit_of('<problem url_name="p"><p/></problem><html url_name="t">x</html>')).roots
        again = parse_xml(etree.tostring(root, encoding="unicode"))
        first, second = (
            [(block.index, block.parent, block.depth, block.block_type, block.block_id) for block in walk(element)]
            for element in (root, again)
        )
        assert first == second
        assert first == [
            (0, None, 0, "chapter", "s"),
            (1, 0, 1, "sequential", "b"),
            (2, 1, 2, "vertical", "u"),
            (3, 2, 3, "problem", "p"),
            (4, 2, 3, "html", "t"),
        ]
