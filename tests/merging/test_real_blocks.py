"""Merging over real blocks: all components of the sample course and of the real exports, edited as people edit them."""

import copy
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from lxml import etree

from import_from_modulestore.data import Branch, MergeChoice, MergeSide
from import_from_modulestore.exports.export import Export
from import_from_modulestore.merging import ComponentFile, ComponentTexts, merge_component
from import_from_modulestore.merging.markup import html_lines, xml_lines
from import_from_modulestore.olx.blocks import has_children, title_of
from import_from_modulestore.olx.files.closure import Closure, gather
from import_from_modulestore.olx.files.references import names_in
from import_from_modulestore.olx.normal_form import component_olx, is_left_aside
from import_from_modulestore.olx.parsing import parse_xml, set_cdata
from import_from_modulestore.olx.tree import walk

from ..conftest import REAL_EXPORTS

SAMPLE = Path(__file__).parents[2] / "courses" / "sample-course"
PAIRS = 6
"""Pairs of edits that are tried with each block."""

type Edit = Callable[[etree._Element], None]


DEMO_COURSE = pytest.param("openedx-demo-course", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=["sample-course", DEMO_COURSE, "openedx-demo-library"])
def blocks(request, tmp_path_factory) -> list[ComponentTexts]:
    """All components of an export; a real one is skipped where it is not there."""
    folder, archive = SAMPLE, REAL_EXPORTS / f"{request.param}.tar.gz"
    if request.param != SAMPLE.name:
        if not archive.is_file():
            pytest.skip("the real exports are not here; set REAL_EXPORTS_DIR")
        folder = tmp_path_factory.mktemp("export")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (folder,) = (found.parent for name in ("course.xml", "library.xml") for found in folder.glob(f"*/{name}"))
    export = Export(folder, "export")
    return [found for root in export.read(Branch.DRAFT) for found in _components(root.element, export)]


def _components(root: etree._Element, export: Export) -> Iterator[ComponentTexts]:
    gather(root, export.static_files)
    for block in walk(root):
        if not block.kind.is_container and not has_children(block.element):
            element = parse_xml(component_olx(block.element))
            named = Closure(export.static_files).of(names_in(element)).found
            files = tuple(ComponentFile(each.name, each.name, 1) for each in named if each.file is not None)
            yield ComponentTexts(title_of(element), element, files)


def edited(block: ComponentTexts, *edits: Edit) -> ComponentTexts:
    element = copy.deepcopy(block.element)
    for edit in edits:
        edit(element)
    return ComponentTexts(title_of(element), element, block.files)


# How people edit


def retitle(element: etree._Element) -> None:
    element.set("display_name", "Another title")


def set_setting(element: etree._Element) -> None:
    element.set("editor" if element.tag == "html" else "weight", "raw" if element.tag == "html" else "17")


def set_json(*, last: bool) -> Edit:
    """Change a text in the JSON of an attribute, the first or the last that there is."""

    def edit(element: etree._Element) -> None:
        for name, value in element.items():
            if is_left_aside(element.tag, name, value) or not value.startswith("{"):
                continue
            found = json.loads(value)
            if places := list(_texts_in(found)):
                holder, key = places[-1 if last else 0]
                holder[key] += " Changed."
                element.set(name, json.dumps(found))
                for transcript in element.iterchildren("transcript"):  # Studio names them in both places.
                    transcript.set("src", found.get(transcript.get("language"), transcript.get("src")))
                return

    return edit


def change_text(*, last: bool) -> Edit:
    """Change a line of an attribute that has many, as the simple editor of problems keeps their text."""

    def edit(element: etree._Element) -> None:
        if "\n" in (text := element.get("markdown", "")):
            first, *inner, end = text.split("\n")
            changed = (first, *inner, f"{end} Changed.") if last else (f"{first} Changed.", *inner, end)
            element.set("markdown", "\n".join(changed))

    return edit


def _texts_in(value: object) -> Iterator[tuple]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(inner, str):
                yield value, key
            else:
                yield from _texts_in(inner)


def _is_text(element: etree._Element) -> bool:
    return element.tag == "html" and not len(element)


def _in_html(pattern: str, replacement: str, *, last: bool) -> Edit:
    def edit(element: etree._Element) -> None:
        body = element.text or ""
        if found := list(re.finditer(pattern, body)):
            match = found[-1 if last else 0]
            set_cdata(element, body[: match.start()] + match.expand(replacement) + body[match.end() :])

    return edit


def _either(in_html: Edit, in_xml: Edit) -> Edit:
    return lambda element: (in_html if _is_text(element) else in_xml)(element)


def _leaf(element: etree._Element, *, last: bool) -> etree._Element | None:
    leaves = [each for each in element.iterdescendants(etree.Element) if not len(each) and (each.text or "").strip()]
    return leaves[-1 if last else 0] if leaves else None


def change_line(*, last: bool) -> Edit:
    def in_xml(element: etree._Element) -> None:
        if (leaf := _leaf(element, last=last)) is not None:
            leaf.text += " Changed."

    return _either(_in_html(r"<p>(.*?)</p>", r"<p>\1 Changed.</p>", last=last), in_xml)


def add_line(*, last: bool) -> Edit:
    def in_xml(element: etree._Element) -> None:
        if (leaf := _leaf(element, last=last)) is not None:
            added = etree.Element(leaf.tag)
            added.text, added.tail = "Added.", leaf.tail
            leaf.addnext(added)
            leaf.tail = None

    return _either(_in_html(r"</p>", r"</p>\n<p>Added.</p>", last=last), in_xml)


def remove_line(*, last: bool) -> Edit:
    def in_xml(element: etree._Element) -> None:
        if (leaf := _leaf(element, last=last)) is not None:
            tail = leaf.tail
            before, parent = leaf.getprevious(), leaf.getparent()
            parent.remove(leaf)
            if before is not None:
                before.tail = (before.tail or "") + (tail or "")
            else:
                parent.text = (parent.text or "") + (tail or "")

    return _either(_in_html(r"<p>(?:(?!</?p>).)*?</p>", "", last=last), in_xml)


EDITS: dict[str, Edit] = {
    "retitle": retitle,
    "setting": set_setting,
    "first JSON": set_json(last=False),
    "last JSON": set_json(last=True),
    "first of markdown": change_text(last=False),
    "last of markdown": change_text(last=True),
    "change first": change_line(last=False),
    "change last": change_line(last=True),
    "add first": add_line(last=False),
    "add last": add_line(last=True),
    "remove first": remove_line(last=False),
    "remove last": remove_line(last=True),
}


ATTRIBUTES = list(EDITS)[:6]
"""Those that change nothing of the body: no two of them change the same."""


def edits_of(block: ComponentTexts) -> dict[str, ComponentTexts]:
    """What people may make of a block, each once, without what leaves it as it is."""
    made = {edited(block, edit).digest: name for name, edit in reversed(EDITS.items())}
    made.pop(block.digest, None)
    return {name: edited(block, EDITS[name]) for name in reversed(made.values())}


def pairs_of(number: int, block: ComponentTexts) -> list[tuple[str, ComponentTexts, str, ComponentTexts]]:
    pairs = list(combinations(edits_of(block).items(), 2))
    chosen = Random(number).sample(pairs, min(PAIRS, len(pairs)))
    return [(*one, *other) for one, other in chosen]


def olx(texts: ComponentTexts) -> str:
    return component_olx(texts.element)


def lines(texts: ComponentTexts) -> list[str]:
    """What it says, whatever its layout."""
    element = copy.deepcopy(texts.element)
    body = html_lines(element.text or "") if _is_text(element) else []
    if body:
        element.text = None
    return [line.key for line in (*xml_lines(component_olx(element)), *body) if line.key]


def test_they_are_edited_in_many_ways(blocks):
    assert sum(len(edits_of(block)) for block in blocks) > 4 * len(blocks)


def test_an_unchanged_side_gives_the_other_exactly(blocks):
    for block in blocks:
        for change in edits_of(block).values():
            for merged in (merge_component(block, block, change, {}), merge_component(block, change, block, {})):
                assert (merged.open, olx(merged.texts)) == ((), olx(change))
                assert (merged.texts.title, merged.texts.files) == (change.title, change.files)


def test_both_edits_are_in_it_whichever_side_has_made_which(blocks):
    for number, block in enumerate(blocks):
        for name, one, other_name, other in pairs_of(number, block):
            said = f"{name}, {other_name}: {olx(block)}"
            merged, turned = merge_component(block, one, other, {}), merge_component(block, other, one, {})
            assert [piece.name for piece in merged.open] == [piece.name for piece in turned.open], said
            parse_xml(olx(merged.texts))
            if not merged.open:
                assert olx(merged.texts) == olx(turned.texts), said
                both = [edited(block, EDITS[a], EDITS[b]) for a, b in ((name, other_name), (other_name, name))]
                assert lines(merged.texts) in [lines(each) for each in both], said


def test_what_is_changed_in_different_places_needs_nobody(blocks):
    for block in blocks:
        made = edits_of(block)
        for name, other_name in combinations(made, 2):
            if name in ATTRIBUTES or other_name in ATTRIBUTES:
                assert not merge_component(block, made[name], made[other_name], {}).open, (name, other_name)


def test_merging_again_changes_nothing(blocks):
    for number, block in enumerate(blocks):
        for name, one, other_name, other in pairs_of(number, block):
            said = f"{name}, {other_name}: {olx(block)}"
            merged = merge_component(block, one, other, {})
            if merged.open:
                continue
            again = merge_component(other, merged.texts, other, {})
            assert (again.open, again.texts.digest) == ((), merged.texts.digest), said
            for versions in ((block, merged.texts, other), (block, one, merged.texts)):
                again = merge_component(*versions, {})
                assert again.open or lines(again.texts) == lines(merged.texts), said


def test_once_every_piece_is_chosen_it_is_that_side_there(blocks):
    for number, block in enumerate(blocks):
        for _name, one, _other_name, other in pairs_of(number, block):
            pieces = merge_component(block, one, other, {}).open
            for side in (MergeSide.LIBRARY, MergeSide.SOURCE):
                merged = merge_component(block, one, other, {piece.name: MergeChoice(take=side) for piece in pieces})
                assert not merged.open
                parse_xml(olx(merged.texts))
