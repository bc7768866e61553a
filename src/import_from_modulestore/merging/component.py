"""Merging a component: title, settings, body and files."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from xml.sax.saxutils import quoteattr

from django.utils.translation import gettext as _
from lxml import etree

from ..data import MergeChoice, MergePiece, MergeSide
from ..olx.blocks import title_of
from ..olx.files.transcripts import set_transcripts
from ..olx.normal_form import component_digest, component_olx, is_left_aside, normal_digest
from ..olx.parsing import UnreadableXML, parse_xml, set_cdata
from ..texts import is_xml_text
from .lines import Clash, merge_lines
from .markup import html_lines, is_balanced, xml_lines
from .pieces import BODY, TITLE, Choices, Ledger, Open, UnusableChoice, chosen, usable_title
from .settings import json_object, merge_settings

_TITLE_ATTRIBUTE = "display_name"
_TRANSCRIPTS = "transcripts"
_TRANSCRIPT = "transcript"
_PLACED = "placed"


@dataclass(frozen=True, slots=True)
class ComponentFile:
    """A file of a component; ``content`` is its hash, and ``origin`` where its bytes are, for whoever asked."""

    name: str
    content: str
    size: int
    origin: object = field(default=None, compare=False)

    @property
    def told(self) -> str:
        """The file in a few words."""
        return _("{size:,} bytes, content {content}").format(size=self.size, content=self.content[:8])


@dataclass(frozen=True)
class ComponentTexts:
    """One version of a component."""

    title: str
    element: etree._Element
    files: tuple[ComponentFile, ...] = ()
    known_digest: str = ""
    """:attr:`digest`, where somebody has made it already."""

    @cached_property
    def digest(self) -> str:
        """Hash of all of it, as in :mod:`..olx.normal_form`."""
        if self.known_digest:
            return self.known_digest
        files = ((file.name, file.content) for file in self.files)
        return component_digest(normal_digest(self.element), self.title, files)


@dataclass(frozen=True)
class MergedComponent:
    """
    What a component comes to. While a piece is open, ``texts`` have the library's there.

    ``taken`` says what was taken from which side, by the names of pieces.
    """

    texts: ComponentTexts
    pieces: tuple[MergePiece, ...]
    taken: Mapping[MergeSide, list[str]]

    @property
    def open(self) -> tuple[MergePiece, ...]:
        """The pieces that somebody has to choose."""
        return tuple(piece for piece in self.pieces if piece.choice is None)


type Files = tuple[ComponentFile, ...]

type FilesOf = Callable[[etree._Element, tuple[ComponentFile, ...]], Iterable[str]]
"""The names of the files that an element needs, these loaded ones among them, given what there is."""


def merge_component(
    base: ComponentTexts,
    library: ComponentTexts,
    source: ComponentTexts,
    choices: Choices,
    files_of: FilesOf = lambda _element, _files: (),
) -> MergedComponent:
    """
    Merge three versions of a component.

    Where only one side has changed, it is that side, exactly. ``files_of`` names the files that the merged body needs:
    one that a side has taken off comes along all the same where the body names it.

    Raises :class:`.UnusableChoice` for a choice that cannot be used.
    """
    ledger = Ledger(choices)
    if (side := _side_that_changed(base, library, source)) is not None:
        ledger.note("everything", side)
        return MergedComponent(source if side is MergeSide.SOURCE else library, (), ledger.taken)
    versions = [replace(each, element=_prepared(each.element)) for each in (base, library, source)]
    elements = [each.element for each in versions]
    title = _title(ledger, base, library, source)
    element = _body(ledger, *elements)
    _set_attributes(ledger, element, title, versions)
    if element.tag == "video":
        _place_transcripts(element, (library.element, source.element))
    files = _files(ledger, base.files, library.files, source.files)
    files = _with_needed_files(files, element, (library, source), files_of)
    return MergedComponent(ComponentTexts(title, element, files), tuple(ledger.pieces), ledger.taken)


def whole_body(base: ComponentTexts, library: ComponentTexts, source: ComponentTexts) -> MergePiece:
    """The body as one piece, which nobody has chosen yet."""
    texts = [_markup(_prepared(each.element)) for each in (base, library, source)]
    return MergePiece(name=BODY, base=texts[0], library=texts[1], source=texts[2], choice=None)


def _side_that_changed(base: ComponentTexts, library: ComponentTexts, source: ComponentTexts) -> MergeSide | None:
    """The side that has all that there is to take; where only the layout differs, the one that has changed that."""
    if source.digest == base.digest != library.digest:
        return MergeSide.LIBRARY
    if library.digest not in (base.digest, source.digest):
        return None
    if library.digest == source.digest and component_olx(library.element) != component_olx(base.element):
        return MergeSide.LIBRARY
    return MergeSide.SOURCE


def _prepared(element: etree._Element) -> etree._Element:
    """The element as a library stores it, with the transcripts of a video in one place: its attribute."""
    element = parse_xml(component_olx(element))
    if element.tag == "video":
        named = {child.get("language", ""): child.get("src", "") for child in element.iterchildren(_TRANSCRIPT)}
        if named and not element.get(_TRANSCRIPTS):
            set_transcripts(element, named)
        for child in element.findall(
            _TRANSCRIPT
        ):  # Those within ``video_asset`` tell of what edX's video pipeline has.
            child.tag = _PLACED
        etree.strip_elements(element, _PLACED, with_tail=False)
    return element


def _title(ledger: Ledger, base: ComponentTexts, library: ComponentTexts, source: ComponentTexts) -> str:
    title = ledger.text(TITLE, base.title, library.title, source.title) or ""
    if title in (base.title, library.title, source.title):
        return title
    return usable_title(title)


# Settings


def _set_attributes(ledger: Ledger, element: etree._Element, title: str, versions: Sequence[ComponentTexts]) -> None:
    """Give the merged element its attributes; ``versions`` are base, library and source."""
    then, ours, theirs = (dict(each.element.items()) for each in versions)
    merged = merge_settings(ledger, *(_that_count(element.tag, each) for each in (then, ours, theirs)))
    for name in dict.fromkeys((*ours, *theirs)):
        if name == _TITLE_ATTRIBUTE or not is_left_aside(element.tag, name, ""):
            continue
        # It says nothing, so nobody would know what to choose.
        value = theirs.get(name) if ours.get(name) == then.get(name) else ours.get(name)
        if value is not None:
            merged[name] = value
    for name in element.attrib:
        del element.attrib[name]
    for name, value in merged.items():
        element.set(name, value)
    named = [each.element.get(_TITLE_ATTRIBUTE) for each in versions[1:] if each.title == title] or [title]
    changed = [name for name in named if name != versions[0].element.get(_TITLE_ATTRIBUTE)] or named
    if (name := min(changed, key=lambda name: name or "")) is not None:
        element.set(_TITLE_ATTRIBUTE, name)
    if title_of(element) != title:
        element.set(_TITLE_ATTRIBUTE, title)


def _that_count(tag: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes that say something, but for the title, which is merged by itself."""
    return {
        name: value
        for name, value in attributes.items()
        if name != _TITLE_ATTRIBUTE and not is_left_aside(tag, name, value)
    }


def _place_transcripts(element: etree._Element, sides: Sequence[etree._Element]) -> None:
    """Name a video's transcripts where the sides have them: in the attribute, in elements, or in both."""
    named = json_object(element.get(_TRANSCRIPTS))
    if named is None:
        return
    if any(side.find(_TRANSCRIPT) is not None for side in sides):
        for language, name in sorted(named.items()):
            etree.SubElement(element, _TRANSCRIPT, language=language, src=str(name))
    if not any(side.get(_TRANSCRIPTS) for side in sides):
        del element.attrib[_TRANSCRIPTS]


# Body


def _body(ledger: Ledger, base: etree._Element, library: etree._Element, source: etree._Element) -> etree._Element:
    """An element with the merged body; its attributes are those of a side."""
    digests = [_body_digest(each) for each in (base, library, source)]
    found = ledger.three_way(BODY, *digests)
    if not isinstance(found, Open):
        return copy.deepcopy(library if found == digests[1] else source)
    texts = [_markup(each) for each in (base, library, source)]
    if BODY not in ledger.choices and (merged := _merged_lines(ledger, library, source, texts)) is not None:
        return merged
    choice = ledger.ask(BODY, *texts)
    if choice is None or choice.take is MergeSide.LIBRARY:
        return copy.deepcopy(library)
    return copy.deepcopy(source) if choice.take is MergeSide.SOURCE else _with_markup(library, choice.text, source)


def _merged_lines(
    ledger: Ledger, library: etree._Element, source: etree._Element, texts: Sequence[str]
) -> etree._Element | None:
    """The element with its lines merged; ``None`` where what comes of them is no markup that could be used."""
    lines = html_lines if library.tag == "html" else xml_lines
    parts = merge_lines(*(lines(text) for text in texts))
    clashes = {f"{BODY}:{number}": part for number, part in enumerate((p for p in parts if isinstance(p, Clash)), 1)}
    must_close = library.tag == "html" and all(map(is_balanced, texts[1:]))
    found = []
    for side in MergeSide.LIBRARY, MergeSide.SOURCE:  # Either may be chosen where nothing is yet.
        default = MergeChoice(take=side)
        texts_chosen = (
            chosen(ledger.choices.get(name, default), clash.library, clash.source) for name, clash in clashes.items()
        )
        text = "".join(part if isinstance(part, str) else next(texts_chosen) for part in parts)
        try:
            found.append(_with_markup(library, text, source))
        except UnusableChoice:
            return None
        if must_close and not is_balanced(text):
            return None
        if not clashes:
            break
    for name, clash in clashes.items():
        ledger.ask(name, clash.base, clash.library, clash.source)
    ledger.note(BODY, MergeSide.LIBRARY)
    ledger.note(BODY, MergeSide.SOURCE)
    return found[0]


def _markup(element: etree._Element) -> str:
    """What is inside an element: the HTML of a text, or XML."""
    if element.tag == "html" and not len(element):
        return element.text or ""
    element = copy.deepcopy(element)
    for name in element.attrib:
        del element.attrib[name]
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    return text.partition(">")[2].rpartition("</")[0]


def _with_markup(element: etree._Element, text: str, other: etree._Element) -> etree._Element:
    """A copy of the element with this inside. Raises :class:`.UnusableChoice`."""
    if element.tag == "html":
        if not is_xml_text(text):
            raise UnusableChoice(BODY, _("It holds a character that XML cannot hold."))
        element = copy.deepcopy(element)
        set_cdata(element, text)
        return element
    names = {**other.nsmap, **element.nsmap}
    spaces = "".join(f" xmlns{prefix and ':' + prefix}={quoteattr(uri)}" for prefix, uri in names.items())
    try:
        return parse_xml(f"<{element.tag}{spaces}>{text}</{element.tag}>")
    except UnreadableXML as error:
        raise UnusableChoice(BODY, str(error)) from error


def _body_digest(element: etree._Element) -> str:
    return normal_digest(element, with_attributes=False)


# Files


def _files(ledger: Ledger, base: Files, library: Files, source: Files) -> tuple[ComponentFile, ...]:
    then, ours, theirs = ({file.name: file for file in files} for files in (base, library, source))
    merged = []
    for name in sorted(ours.keys() | theirs.keys()):
        versions = [each.get(name) for each in (then, ours, theirs)]
        contents = [file.content if file else None for file in versions]
        piece = f"file:{name}"
        found = ledger.three_way(piece, *contents)
        if isinstance(found, Open):
            choice = ledger.ask(piece, *(file.told if file else None for file in versions))
            if choice and choice.take is MergeSide.EDIT:
                raise UnusableChoice(piece, _("A file cannot be edited here. Take the library's or the source's."))
            file = versions[2] if choice and choice.take is MergeSide.SOURCE else versions[1]
        else:
            file = versions[1] if found == contents[1] else versions[2]
        if file is not None:
            merged.append(file)
    return tuple(merged)


def _with_needed_files(
    files: Files, element: etree._Element, versions: Sequence[ComponentTexts], files_of: FilesOf
) -> Files:
    """The files, and those that the merged body needs though a side has taken them off."""
    there = {file.name: file for each in versions for file in each.files}
    there.update({file.name: file for file in files})
    kept = {file.name for file in files}
    if kept == there.keys():
        return files
    more = [there[name] for name in files_of(element, tuple(there.values())) if name in there and name not in kept]
    return tuple(sorted((*files, *more), key=lambda file: file.name))
