"""
Reading the blocks of an export into inlined OLX.

An export spreads a block over files: a pointer (``<problem url_name="x"/>``), its definition (``problem/x.xml``), for
text a body (``html/x.html``), and drafts over all of these. Hand-written courses mix in inline definitions and leave
names out. What the platform makes of each form is in its ``xmodule/xml_block.py``, ``xmodule/html_block.py`` and
``xmodule/modulestore/xml.py``; where that fails for a whole course, this reads on and reports the block.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from django.utils.translation import gettext as _
from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import BlockUsageLocator

from ..data import Notice
from ..garbage import no_garbage
from ..keys import UsageKeys
from ..olx.blocks import PARENT_TYPES, holds_block, is_component, read_display_name
from ..olx.course_bound import drop_places, is_place
from ..olx.files.addresses import CourseName, OwnAddresses, may_hold_address
from ..olx.parsing import (
    MAX_COMPONENT_DEPTH,
    MAX_TEXT_BYTES,
    UnreadableXML,
    child_elements,
    is_too_deep,
    set_cdata,
)
from ..olx.units import UNIT_TAG, UnitMaker
from ..texts import xml_text
from .drafts import FOLDER as DRAFTS_FOLDER
from .drafts import Drafts
from .files import Folder, UnreadableFile
from .policy import Policy
from .texts import decode, read_xml

MAX_DEPTH = 40
"""Levels of blocks in blocks; a course has four."""

_TYPE = re.compile(r"[\w.-]+")
_MAX_TYPE_LENGTH = 100
_MAY_BE_PATH = re.compile("[:/.]").search
_POINTER_ATTRIBUTES = frozenset(("url_name", "slug", "org", "course"))

type BlockName = tuple[str, str]
"""Type and ``url_name``: what identifies a block within its course."""


class _Name(NamedTuple):
    """The name that a block goes by, whether its content made it, and why else it is not the one that it was given."""

    url_name: str
    by_content: bool
    warning: str = ""


class UnreadableBlock(ValueError):
    """A block whose content cannot be read; the message names the file, the reason and the way out."""


def is_block(element: etree._Element) -> bool:
    """Whether a usage key can hold the element's tag; a namespaced one it cannot."""
    return _is_type(element.tag)


@lru_cache(maxsize=1_000)
def _is_type(tag: str) -> bool:
    return _TYPE.fullmatch(tag) is not None and len(tag) <= _MAX_TYPE_LENGTH


@dataclass
class ReadRoot:
    """One root with everything below it; problems and warnings by usage key; notices with how often."""

    element: etree._Element
    usage_key: str
    problems: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    notices: Counter[Notice] = field(default_factory=Counter)


class BlockReader:
    """
    Reads the blocks of one export, root by root, in the order of the course.

    One reader serves one reading: it remembers which blocks it has met, so that a block that several parents show is
    read once, and so that two blocks of one name get two keys. With ``outline`` set, components are not read, only
    named. ``shared_names`` gives the names that several blocks of the export have; it is asked where that matters.
    """

    def __init__(
        self,
        files: Folder,
        source_key: LearningContextKey,
        *,
        drafts: Drafts | None = None,
        policy: Policy | None = None,
        addresses: OwnAddresses | None = None,
        outline: bool = False,
        shared_names: Callable[[], Collection[BlockName]] = frozenset,
    ) -> None:
        self._files = files
        self._usage_key = UsageKeys(source_key)
        self._drafts = drafts
        self._has_drafts = drafts is not None and files.may_hold(DRAFTS_FOLDER)
        self._policy = policy or Policy()
        self._addresses = addresses or OwnAddresses(CourseName.of_key(str(source_key)))
        self._outline = outline
        self._names: dict[tuple[str, str, str], _Name] = {}
        self._taken: set[BlockName] = set()
        self._first_content: dict[BlockName, str] = {}
        self._ask_shared_names = shared_names
        self.shared_names: set[BlockName] = set()
        """Names that several blocks have, of those that were read."""
        self._met: dict[tuple[BlockName, bool], str | None] = {}
        self._units = UnitMaker(source_key, self._claim_unit)
        self._root: ReadRoot

    @no_garbage()
    def read_root(self, node: etree._Element) -> ReadRoot:
        """Read one root, given as it stands in the course's own element."""
        self._root = ReadRoot(etree.Element("unread"), "")
        element = self._read(node, parent_key="", path=())
        if element is not None:  # Always, since a root is a block and nothing is above it.
            self._root.element = element
            if made := self._units.make(element):
                self._root.notices[Notice.UNITS_MADE] = made
        self._root.usage_key = self._usage_key(self._root.element.tag, self._root.element.get("url_name", ""))
        return self._root

    def children_of(self, element: etree._Element, url_name: str) -> list[etree._Element]:
        """The element's children with the drafts that belong below it, in order."""
        children = child_elements(element)
        below = self._drafts.below(element.tag, url_name) if self._drafts is not None else ()
        if not below:
            return children
        present = {(child.tag, child.get("url_name")) for child in children}
        for draft in below:
            if (draft.tag, draft.url_name) not in present:
                children.insert(min(draft.index, len(children)), etree.Element(draft.tag, url_name=draft.url_name))
        return children

    def _read(
        self, node: etree._Element, *, parent_key: str, path: tuple[BlockName, ...], inside_component: bool = False
    ) -> etree._Element | None:
        """The block as one inlined element; empty where met before or unreadable, ``None`` where left out."""
        tag = node.tag
        if not is_block(node):
            self._warn(parent_key, _("The element <{tag}> is not a block and was left out.").format(tag=tag))
            return None
        file_name = _given_name(node)
        definition_file = self._definition_file(node, tag, file_name)
        url_name, by_content, warning = self._own_name(node, file_name, definition_file)
        name = (tag, url_name)
        if name in path:
            self._warn(
                parent_key,
                _("It held <{tag}> {url_name!r}, which holds it in turn; this second showing was left out.").format(
                    tag=tag, url_name=url_name
                ),
            )
            return None
        # What is first met inside a component may be left out with it, and is read in full where it is met outside.
        met = (name, inside_component)
        if met in self._met:
            return _bare(etree.Element(tag, url_name=url_name, display_name=self._met[met] or ""))
        self._met[met] = None
        if by_content:
            self._root.notices[Notice.KNOWN_BY_CONTENT] += 1
        usage_key = self._usage_key(tag, url_name)
        if warning:
            self._warn(usage_key, warning)
        if self._outline and is_component(tag):
            if not path:  # It stands in the course's own element.
                return etree.Element(tag, url_name=url_name)
            node.clear()
            node.set("url_name", url_name)
            return node
        element = None
        try:
            if len(path) > MAX_DEPTH:
                raise UnreadableBlock(_("It lies more than {limit} levels deep. Move it up.").format(limit=MAX_DEPTH))
            element = self._definition(node, tag, usage_key, definition_file)
            self._give_names(element, url_name)
            self._met[met] = element.get("display_name")
            if not is_component(tag):
                self._read_children(element, url_name, usage_key, path, inside_component)
            else:
                self._read_component(element, file_name, usage_key, path)
        except UnreadableBlock as problem:
            self._root.problems[usage_key] = str(problem)
            if element is None:
                element = etree.Element(tag, dict(node.attrib))
                self._give_names(element, url_name)
            return _bare(element)
        return element

    # Definitions

    def _definition_file(self, node: etree._Element, tag: str, file_name: str) -> str:
        """The file that defines the block; empty where the node itself does."""
        if not file_name or child_elements(node) or ((text := node.text) and text.strip()):
            return ""
        attributes = node.keys()
        is_pointer = "url_name" in attributes and _POINTER_ATTRIBUTES.issuperset(attributes)
        if not is_pointer and ("xblock-family" in attributes or "filename" in attributes):
            return ""
        name = _plain_path(f"{tag}/{file_name.replace(':', '/')}.xml")
        if self._has_drafts and self._files.has(f"{DRAFTS_FOLDER}/{name}"):
            return f"{DRAFTS_FOLDER}/{name}"
        return name if is_pointer or self._files.has(name) else ""

    def _definition(self, node: etree._Element, tag: str, usage_key: str, definition_file: str) -> etree._Element:
        if not definition_file:
            return copy.copy(node)
        try:
            element = self._parse(definition_file, usage_key)
        except UnreadableBlock as problem:
            published = definition_file.removeprefix(f"{DRAFTS_FOLDER}/")
            if published == definition_file or not self._files.has(published):
                raise
            element = self._parse(published, usage_key)
            self._warn(
                usage_key, _("{problem} The published version was read in place of the draft.").format(problem=problem)
            )
        if element.tag != tag:
            raise UnreadableBlock(
                _("{definition_file} defines a <{tag}>, but is named as a <{named}>. Correct one of the two.").format(
                    definition_file=definition_file, tag=element.tag, named=tag
                )
            )
        for name, value in node.items():
            element.set(name, value)
        return element

    def _parse(self, name: str, usage_key: str) -> etree._Element:
        try:
            element, guessed = read_xml(self._read_file(name))
        except UnreadableXML as error:
            raise UnreadableBlock(
                _("{name} could not be read: {error}. Correct the file, or export the course again.").format(
                    name=name, error=error
                )
            ) from None
        if guessed:
            self._warn(
                usage_key, _("{name} is not UTF-8; it was read as {guessed}.").format(name=name, guessed=guessed)
            )
        return element

    def _give_names(self, element: etree._Element, url_name: str) -> None:
        drop_places(element)
        element.tail = None
        element.set("url_name", url_name)
        read_display_name(element)
        for name, value in self._policy.fields(element.tag, url_name).items():
            element.set(name, value)

    # What a block holds

    def _read_children(
        self,
        element: etree._Element,
        url_name: str,
        usage_key: str,
        path: tuple[BlockName, ...],
        inside_component: bool,
    ) -> None:
        children = self.children_of(element, url_name)
        del element[:]
        element.text = None
        path = (*path, (element.tag, url_name))
        for child in children:
            read = self._read(child, parent_key=usage_key, path=path, inside_component=inside_component)
            if read is not None:
                element.append(read)

    def _read_component(
        self, element: etree._Element, file_name: str, usage_key: str, path: tuple[BlockName, ...]
    ) -> None:
        if element.tag == "html":
            self._read_html(element, file_name, usage_key)
        elif filename := element.attrib.pop("filename", None):
            definition = self._parse(_plain_path(f"{element.tag}/{filename}.xml"), usage_key)
            element.text = definition.text
            element.extend(list(definition))
            for name, value in definition.attrib.items():
                if name not in element.attrib and not is_place(name):
                    element.set(name, value)
        for child in child_elements(element):
            if self._is_child_block(element, child):
                tail = child.tail
                within = (*path, (element.tag, element.get("url_name", "")))
                read = self._read(child, parent_key=usage_key, path=within, inside_component=True)
                if read is None:
                    element.remove(child)
                elif read is not child:
                    read.tail = tail
                    element.replace(child, read)
        written = etree.tostring(element, encoding="unicode", with_tail=False)
        if may_hold_address(written):
            self._addresses.rewrite_all(element, text=element.tag != "html")  # Its text is rewritten already.
        if written.count("<") > MAX_COMPONENT_DEPTH and is_too_deep(element):
            raise UnreadableBlock(
                _("Its XML is more than {limit} levels deep. Make it simpler.").format(limit=MAX_COMPONENT_DEPTH)
            )

    def _is_child_block(self, element: etree._Element, child: etree._Element) -> bool:
        if element.tag in PARENT_TYPES:
            return holds_block(element, child)
        url_name = child.get("url_name")
        return url_name is not None and bool(self._definition_file(child, child.tag, url_name))

    def _read_html(self, element: etree._Element, file_name: str, usage_key: str) -> None:
        filename = element.attrib.pop("filename", None)
        if filename is None:
            body = (element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)
        else:
            body = self._html_file(filename, file_name, usage_key)
        length = len(body)
        body = xml_text(body)
        if dropped := length - len(body):
            self._warn(
                usage_key,
                _("{dropped} control characters, which XML cannot hold, were removed from the text.").format(
                    dropped=dropped
                ),
            )
        body = self._addresses.rewrite(body)
        if 4 * len(body) > MAX_TEXT_BYTES and len(body.encode()) > MAX_TEXT_BYTES:
            raise UnreadableBlock(
                _("Its text is larger than {limit} MB. Put the images in it into files of their own.").format(
                    limit=MAX_TEXT_BYTES // 1000000
                )
            )
        set_cdata(element, body)

    def _html_file(self, filename: str, file_name: str, usage_key: str) -> str:
        folder = PurePosixPath("html", file_name.replace(":", "/")).parent if _MAY_BE_PATH(file_name) else "html"
        candidates = [f"{folder}/{filename}.html", f"html/{filename}.html", f"{folder}/{filename}", f"html/{filename}"]
        if self._has_drafts:
            candidates = [f"{DRAFTS_FOLDER}/{name}" for name in candidates] + candidates
        for name in candidates:
            if self._files.has(name):
                text, guessed = decode(self._read_file(_plain_path(name)))
                if guessed:
                    self._warn(
                        usage_key,
                        _("{name} is not UTF-8; it was read as {guessed}.").format(name=name, guessed=guessed),
                    )
                return text
        raise UnreadableBlock(
            _(
                "html/{filename}.html, the text of this block, is not in the export. Add the file, or "
                "export the course again."
            ).format(filename=filename)
        )

    def _read_file(self, name: str) -> bytes:
        try:
            return self._files.read(name)
        except UnreadableFile as error:
            raise UnreadableBlock(str(error)) from None

    # Names

    def _own_name(self, node: etree._Element, file_name: str, definition_file: str) -> _Name:
        """
        The name by which this content goes: the same whenever it is met, and never one that other content has.

        A block without a name goes by its content, and so do several of one name, but for one with a file of its own:
        one more then changes the names of no others. Names are made as in the platform (``xmodule/modulestore/xml.py``,
        ``make_name_unique``), but that there the first of several keeps its own, and one put before it would take it.
        """
        tag = node.tag
        mark = definition_file or _content_hash(node)
        known = self._names.get((tag, file_name, mark))
        if known is not None:
            return known
        wanted = url_name = self._key_name(tag, file_name or f"{tag}_{mark}")
        by_content = not file_name
        if self._first_content.setdefault((tag, wanted), mark) != mark:
            self.shared_names.add((tag, wanted))
        shared = not definition_file and file_name and (tag, wanted) in self._shared_in_export
        while shared or (tag, url_name) in self._taken:
            digest = _short_hash(file_name) if definition_file else mark
            url_name = self._key_name(tag, f"{tag}_{wanted}_{digest}" if url_name == wanted else f"{url_name}_")
            shared, by_content = False, not definition_file
        self._taken.add((tag, url_name))
        warning = ""
        if not by_content and url_name != wanted:
            warning = _("Another block is called {file_name!r} as well; this one was read as {url_name!r}.").format(
                file_name=file_name, url_name=url_name
            )
        elif not by_content and url_name != file_name:
            warning = _(
                "The block is called {file_name!r}, which no key can hold; it was read as {url_name!r}."
            ).format(file_name=file_name, url_name=url_name)
        self._names[tag, file_name, mark] = _Name(url_name, by_content, warning)
        return self._names[tag, file_name, mark]

    @cached_property
    def _shared_in_export(self) -> Collection[BlockName]:
        return self._ask_shared_names()

    def _claim_unit(self, name: str) -> bool:
        is_free = (UNIT_TAG, name) not in self._taken
        self._taken.add((UNIT_TAG, name))
        return is_free

    def _key_name(self, tag: str, name: str) -> str:
        """The name, or where a usage key cannot hold it, the nearest one that it can."""
        try:
            return self._usage_key.fitting_id(tag, name)
        except InvalidKeyError:
            cleaned = _clean(name)
            name = cleaned if any(map(str.isalnum, cleaned)) else f"{tag}_{_short_hash(name)}"
        return self._usage_key.fitting_id(tag, name)

    def _warn(self, usage_key: str, warning: str) -> None:
        self._root.warnings.setdefault(usage_key, []).append(warning)


def _given_name(node: etree._Element) -> str:
    """
    The block's name: its ``url_name``, ``slug``, ``name`` or ``display_name``; empty where it has none.

    In this order, as the platform's (``xmodule/modulestore/xml.py``, ``make_name_unique``).
    """
    for attribute in ("url_name", "slug"):
        if (given := node.get(attribute)) and (name := given.strip()):
            return name
    for attribute in ("name", "display_name"):
        if name := (node.get(attribute) or "").strip():
            return _clean(name)
    return ""


def _plain_path(name: str) -> str:
    """The path without slashes and dots that lead nowhere."""
    return PurePosixPath(name).as_posix() if "//" in name or "./" in name or name.endswith(("/", "/.")) else name


def _clean(name: str) -> str:
    """The name with ``_`` for what no key can hold; ``BlockUsageLocator.clean`` leaves ``%``, which it then refuses."""
    return BlockUsageLocator.clean(name).replace("%", "_")


def _content_hash(node: etree._Element) -> str:
    """
    What the platform makes names of: the node as text, without blanks between its elements.

    Platform: ``EDX_XML_PARSER`` in ``xmodule/xml_block.py``, ``fallback_name`` in ``xmodule/modulestore/xml.py``.
    """
    text = etree.tostring(node, encoding="unicode", with_tail=False)
    parser = etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True)
    return _short_hash(etree.tostring(etree.fromstring(text, parser), encoding="unicode"))


def _short_hash(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:12]


def _bare(element: etree._Element) -> etree._Element:
    bare = etree.Element(element.tag)
    for name in ("url_name", "display_name"):
        if value := element.get(name):
            bare.set(name, value)
    return bare
