"""
Reading the blocks of an export into inlined OLX.

An export spreads a block over files: a pointer (``<problem url_name="x"/>``), its definition (``problem/x.xml``), for text
a body (``html/x.html``), and drafts over all of these. Hand-written courses mix in inline definitions and leave names out.
What the platform makes of each form is in its ``xmodule/xml_block.py``, ``xmodule/html_block.py`` and
``xmodule/modulestore/xml.py``; where that fails for a whole course, this reads on and reports the block.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import BlockUsageLocator

from import_from_modulestore.olx.blocks import CONTAINER_KINDS, PARENT_TYPES, ROOT_TAGS
from import_from_modulestore.olx.normal_form import COURSE_ONLY_ATTRIBUTES
from import_from_modulestore.olx.parsing import MAX_XML_BYTES, UnreadableXML, child_elements, parse_xml
from import_from_modulestore.olx.references import rewrite_asset_urls

from . import drafts
from .drafts import Drafts

MAX_DEPTH = 40
"""Levels of blocks in blocks; a course has four."""

_POINTER_ATTRIBUTES = frozenset(("url_name", "slug", "org", "course"))
_NOT_XML_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

type BlockName = tuple[str, str]
"""Type and ``url_name``: what identifies a block within its course."""


class UnreadableBlock(ValueError):
    """A block whose content cannot be read; the message names the file, the reason and the way out."""


@dataclass
class ReadRoot:
    """One root with everything below it; problems and warnings by usage key."""

    element: etree._Element
    usage_key: str
    problems: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)


class BlockReader:
    """
    Reads the blocks of one export, root by root, in the order of the course.

    One reader serves one reading: it remembers which blocks it has met, so that a block that several parents show is read
    once, and so that two blocks of one name get two keys. With ``outline`` set, components are not read, only named.
    """

    def __init__(
        self,
        folder: Path,
        source_key: LearningContextKey,
        *,
        drafts: Drafts | None = None,
        titles: Mapping[str, str] | None = None,
        outline: bool = False,
    ) -> None:
        self._folder = folder.resolve()
        self._source_key = source_key
        self._drafts = drafts
        self._titles = titles or {}
        self._outline = outline
        self._met: dict[BlockName, str] = {}
        self._root: ReadRoot

    def read_root(self, node: etree._Element) -> ReadRoot:
        """Read one root, given as it stands in the course's own element."""
        self._root = ReadRoot(etree.Element("unread"), "")
        element = self._read(node, parent_key="", path=())
        self._root.element = element if element is not None else etree.Element("unread")
        self._root.usage_key = self._usage_key(self._root.element.tag, self._root.element.get("url_name", ""))
        return self._root

    def children_of(self, element: etree._Element, url_name: str) -> list[etree._Element]:
        """The element's children with the drafts that belong below it, in order."""
        children = child_elements(element)
        if self._drafts is None:
            return children
        present = {(child.tag, child.get("url_name")) for child in children}
        for draft in self._drafts.below(element.tag, url_name):
            if (draft.tag, draft.url_name) not in present:
                children.insert(min(draft.index, len(children)), etree.Element(draft.tag, url_name=draft.url_name))
        return children

    def _read(self, node: etree._Element, *, parent_key: str, path: tuple[BlockName, ...]) -> etree._Element | None:
        """The block as one inlined element; an empty one where it was met before or cannot be read."""
        tag = node.tag
        url_name = _name_of(node)
        file_name = url_name
        try:
            usage_key = self._usage_key(tag, url_name)
        except InvalidKeyError:
            url_name = BlockUsageLocator.clean(url_name)
            try:
                usage_key = self._usage_key(tag, url_name)
            except InvalidKeyError:
                self._warn(parent_key, f"The element <{tag}> is not a block and was left out.")
                return None
            self._warn(usage_key, f"The block is called {file_name!r}, which no key can hold; it was read as {url_name!r}.")

        if (tag, url_name) in path:
            return self._give_up(tag, url_name, usage_key, "It contains itself. Remove it from among its own children.")
        if len(path) > MAX_DEPTH:
            return self._give_up(tag, url_name, usage_key, f"It lies more than {MAX_DEPTH} levels deep.")

        definition_file = self._definition_file(node, tag, file_name)
        content_mark = definition_file.as_posix() if definition_file else _hash_of(node)
        if (tag, url_name) in self._met:
            if self._met[tag, url_name] == content_mark:
                return etree.Element(tag, url_name=url_name)
            url_name, repeated = self._free_name(tag, url_name, content_mark), url_name
            usage_key = self._usage_key(tag, url_name)
            self._warn(usage_key, f"Two different blocks are called {repeated!r}; this one was read as {url_name!r}.")
        self._met[tag, url_name] = content_mark

        try:
            element = self._definition(node, tag, usage_key, definition_file)
            self._give_names(element, tag, url_name)
            if tag in CONTAINER_KINDS or tag in ROOT_TAGS:
                self._read_children(element, url_name, usage_key, path)
            elif self._outline:
                return _bare(element)
            else:
                self._read_component(element, file_name, usage_key, path)
        except UnreadableBlock as problem:
            return self._give_up(tag, url_name, usage_key, str(problem), title=node.get("display_name"))
        return element

    def _give_up(
        self, tag: str, url_name: str, usage_key: str, problem: str, title: str | None = None
    ) -> etree._Element:
        self._root.problems[usage_key] = problem
        element = etree.Element(tag, url_name=url_name)
        if title := title or self._titles.get(f"{tag}/{url_name}"):
            element.set("display_name", title)
        return element

    # Definitions

    def _definition_file(self, node: etree._Element, tag: str, file_name: str) -> Path | None:
        """The file that defines the block, or ``None`` where the node itself does."""
        if not file_name or len(child_elements(node)) or (node.text or "").strip():
            return None
        is_pointer = "url_name" in node.attrib and set(node.attrib) <= _POINTER_ATTRIBUTES
        if not is_pointer and ("xblock-family" in node.attrib or "filename" in node.attrib):
            return None
        name = f"{tag}/{file_name.replace(':', '/')}.xml"
        if self._drafts is not None and self._has_file(f"{drafts.FOLDER}/{name}"):
            return Path(drafts.FOLDER, name)
        if is_pointer or self._has_file(name):
            return Path(name)
        return None

    def _definition(
        self, node: etree._Element, tag: str, usage_key: str, definition_file: Path | None
    ) -> etree._Element:
        if self._outline and tag not in CONTAINER_KINDS and tag not in ROOT_TAGS:
            return node
        if definition_file is None:
            element = etree.Element(tag, dict(node.attrib))
            element.text = node.text
            element.extend(list(node))
            return element
        try:
            element = self._parse(definition_file, usage_key)
        except UnreadableBlock as problem:
            published = definition_file.relative_to(drafts.FOLDER) if definition_file.parts[0] == drafts.FOLDER else None
            if published is None or not self._has_file(published.as_posix()):
                raise
            element = self._parse(published, usage_key)
            self._warn(usage_key, f"{problem} The published version was read in place of the draft.")
        if element.tag != tag:
            raise UnreadableBlock(
                f"{definition_file.as_posix()} defines a <{element.tag}>, but is named as a <{tag}>. Correct one of the two."
            )
        for name, value in node.attrib.items():
            element.set(name, value)
        return element

    def _parse(self, name: Path, usage_key: str) -> etree._Element:
        data = self._read_file(name)
        try:
            return parse_xml(data)
        except UnreadableXML as error:
            decoded = _decoded(data)
            if decoded.guessed and b"encoding=" not in data[:200]:
                try:
                    element = parse_xml(decoded.text)
                except UnreadableXML:
                    pass
                else:
                    self._warn(usage_key, f"{name.as_posix()} is not UTF-8; it was read as Windows-1252.")
                    return element
            raise UnreadableBlock(
                f"{name.as_posix()} could not be read: {error}. Correct the file, or export the course again."
            ) from None

    def _give_names(self, element: etree._Element, tag: str, url_name: str) -> None:
        for name in COURSE_ONLY_ATTRIBUTES:
            element.attrib.pop(name, None)
        element.tail = None
        element.set("url_name", url_name)
        if title := self._titles.get(f"{tag}/{url_name}"):
            element.set("display_name", title)

    # What a block holds

    def _read_children(
        self, element: etree._Element, url_name: str, usage_key: str, path: tuple[BlockName, ...]
    ) -> None:
        children = self.children_of(element, url_name)
        for child in list(element):
            element.remove(child)
        element.text = None
        for child in children:
            read = self._read(child, parent_key=usage_key, path=(*path, (element.tag, url_name)))
            if read is not None:
                element.append(read)

    def _read_component(
        self, element: etree._Element, file_name: str, usage_key: str, path: tuple[BlockName, ...]
    ) -> None:
        if element.tag == "html":
            self._read_html(element, file_name, usage_key)
        elif filename := element.attrib.pop("filename", None):
            definition = self._parse(Path(f"{element.tag}/{filename}.xml"), usage_key)
            element.text = definition.text
            element.extend(list(definition))
            for name, value in definition.attrib.items():
                if name not in element.attrib and name not in COURSE_ONLY_ATTRIBUTES:
                    element.set(name, value)
        for child in child_elements(element):
            if self._is_child_block(element, child):
                tail = child.tail
                read = self._read(child, parent_key=usage_key, path=(*path, (element.tag, element.get("url_name", ""))))
                if read is None:
                    element.remove(child)
                elif read is not child:
                    read.tail = tail
                    element.replace(child, read)
        _rewrite_asset_urls(element, str(self._source_key))

    def _is_child_block(self, element: etree._Element, child: etree._Element) -> bool:
        if element.tag in PARENT_TYPES:
            return "url_name" in child.attrib
        return "url_name" in child.attrib and self._definition_file(child, child.tag, child.get("url_name", "")) is not None

    def _read_html(self, element: etree._Element, file_name: str, usage_key: str) -> None:
        filename = element.attrib.pop("filename", None)
        if filename is None:
            body = (element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)
        else:
            body = self._html_file(filename, file_name, usage_key)
        for child in list(element):
            element.remove(child)
        body, dropped = _NOT_XML_CHARACTERS.subn("", body)
        if dropped:
            self._warn(usage_key, f"{dropped} control characters, which XML cannot hold, were removed from the text.")
        body = rewrite_asset_urls(body, str(self._source_key))
        element.text = etree.CDATA(body.replace("]]>", "]]&gt;")) if body else None

    def _html_file(self, filename: str, file_name: str, usage_key: str) -> str:
        folder = PurePosixPath("html", file_name.replace(":", "/")).parent
        candidates = [f"{folder}/{filename}.html", f"html/{filename}.html", f"{folder}/{filename}", f"html/{filename}"]
        if self._drafts is not None:
            candidates = [f"{drafts.FOLDER}/{name}" for name in candidates] + candidates
        for name in candidates:
            if self._has_file(name):
                decoded = _decoded(self._read_file(Path(name)))
                if decoded.guessed:
                    self._warn(usage_key, f"{name} is not UTF-8; it was read as {decoded.guessed}.")
                return decoded.text
        raise UnreadableBlock(
            f"html/{filename}.html, the text of this block, is not in the export. Add the file, or export the course again."
        )

    # Files, never outside the export's folder

    def _has_file(self, name: str) -> bool:
        path = self._folder / name
        return path.is_file() and path.resolve().is_relative_to(self._folder)

    def _read_file(self, name: Path) -> bytes:
        path = self._folder / name
        if ".." in name.parts or not path.resolve().is_relative_to(self._folder):
            raise UnreadableBlock(f"{name.as_posix()} lies outside the export. Give the block a plain url_name.")
        try:
            if path.stat().st_size > MAX_XML_BYTES:
                raise UnreadableBlock(
                    f"{name.as_posix()} is larger than {MAX_XML_BYTES // 1_000_000} MB, too large for a block."
                )
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise UnreadableBlock(
                f"{name.as_posix()} is not in the export. Add the file, or export the course again."
            ) from None
        except OSError as error:
            raise UnreadableBlock(f"{name.as_posix()} could not be read: {error.strerror or error}.") from None

    # Names

    def _usage_key(self, tag: Any, url_name: str) -> str:
        if not isinstance(tag, str) or not re.fullmatch(r"[\w.-]+", tag):
            raise InvalidKeyError(LearningContextKey, str(tag))
        key: Any = self._source_key
        return str(key.make_usage_key(tag, url_name))

    def _free_name(self, tag: str, url_name: str, content_mark: str) -> str:
        number = 2
        while self._met.get((tag, name := f"{url_name}_{number}"), content_mark) != content_mark:
            number += 1
        return name

    def _warn(self, usage_key: str, warning: str) -> None:
        self._root.warnings.setdefault(usage_key, []).append(warning)


@dataclass(frozen=True)
class _Decoded:
    text: str
    guessed: str = ""
    """The encoding, where it is not the one that the text should have."""


def _decoded(data: bytes) -> _Decoded:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _Decoded(data.decode("utf-16", errors="replace"), "UTF-16")
    try:
        return _Decoded(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _Decoded(data.decode("cp1252", errors="replace"), "Windows-1252")


def _name_of(node: etree._Element) -> str:
    """
    The block's ``url_name``, or what the platform would make in its place.

    In order: ``url_name``, ``slug``, ``name``, ``display_name``, a hash of the content (platform:
    ``xmodule/modulestore/xml.py``, ``make_name_unique``).
    """
    for attribute in ("url_name", "slug"):
        if name := (node.get(attribute) or "").strip():
            return name
    for attribute in ("name", "display_name"):
        if name := (node.get(attribute) or "").strip():
            return BlockUsageLocator.clean(name)
    return f"{node.tag}_{_hash_of(node)[:12]}"


def _hash_of(node: etree._Element) -> str:
    return hashlib.sha1(etree.tostring(node, with_tail=False), usedforsecurity=False).hexdigest()


def _bare(element: etree._Element) -> etree._Element:
    bare = etree.Element(element.tag)
    for name in ("url_name", "display_name"):
        if value := element.get(name):
            bare.set(name, value)
    return bare


def _rewrite_asset_urls(element: etree._Element, source_key: str) -> None:
    for node in element.iter(etree.Element):
        for name, value in node.attrib.items():
            if "asset-v1:" in value:
                node.set(name, rewrite_asset_urls(value, source_key))
        if element.tag != "html" and node.text and "asset-v1:" in node.text:
            node.text = rewrite_asset_urls(node.text, source_key)
