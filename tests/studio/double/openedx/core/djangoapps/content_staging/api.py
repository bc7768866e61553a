"""
Staging (platform: openedx/core/djangoapps/content_staging/api.py, openedx/core/lib/xblock_serializer/).

It has the platform's habits: a block that nobody can write becomes ``<root>``, one that fails takes everything with it
and leaves a patch behind, files are looked for in quotes, and those of more than 10 MB are noted without their data.
"""

import copy
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from lxml import etree
from xblock.core import XBlock
from xblock.plugin import PluginMissingError
from xmodule.contentstore.content import StaticContent
from xmodule.contentstore.django import contentstore
from xmodule.modulestore.django import BlockData, BlockKey
from xmodule.xml_block import XmlMixin

from openedx.core.lib.xblock_serializer import block_serializer

from .models import StagedContent

LIMIT = 10 * 1024 * 1024
HTML_ATTRIBUTES = ("display_name", "editor")

transcripts: dict[str, dict[str, bytes]] = {}
"""For the tests: files that a video keeps outside the course, by usage key and name."""
not_written: set[str] = set()
"""For the tests: marks that this version of the serializer does not write."""


def stage_xblock_temporarily(block: Any, user_id: int, purpose: str, version_num: int | None = None) -> StagedContent:
    structure = block.runtime.course_entry.structure
    serializer = _Serializer(block.usage_key.course_key, structure["blocks"])
    key = BlockKey(block.usage_key.block_type, block.usage_key.block_id)
    element = serializer.serialize(key, [BlockKey(child.block_type, child.block_id) for child in block.children])
    with transaction.atomic():
        content = StagedContent.objects.create(
            user_id=user_id,
            purpose=purpose,
            status="ready",
            block_type=block.usage_key.block_type,
            olx=etree.tostring(element, encoding="unicode", pretty_print=True),
            display_name=block.display_name or "",
            suggested_url_name=block.usage_key.block_id,
            tags=serializer.tags,
        )
    _save_files(content, block.usage_key, serializer.files)
    return content


class _Serializer:
    def __init__(self, course_key: Any, blocks: dict[BlockKey, BlockData]) -> None:
        self._course_key = course_key
        self._blocks = blocks
        self.tags: dict[str, dict[int, list[str]]] = {}
        self.files: dict[str, bytes] = {}

    def serialize(self, key: BlockKey, children: Sequence[BlockKey] | None = None) -> etree._Element:
        data = self._blocks[key]
        XmlMixin.export_to_file = lambda _self: False
        element = self._own(key, data)
        XmlMixin.export_to_file = _export_to_file
        block_key = self._course_key.make_usage_key(*key)
        usage_key = str(block_key)
        element.set("url_name", key.id)
        for child in data.fields.get("children", ()) if children is None else children:
            if child in self._blocks:
                element.append(self.serialize(child))
        if "copied_from_block" not in not_written:
            element.set("copied_from_block", usage_key)
        self.tags[usage_key] = block_serializer.tags_of(block_key)
        self.files.update(transcripts.get(usage_key, {}))
        return element

    def _own(self, key: BlockKey, data: BlockData) -> etree._Element:
        try:
            XBlock.load_class(key.type)
        except PluginMissingError:
            return etree.Element("root")
        if data.definition is None:
            element = etree.Element(key.type)
        elif len(data.definition) == 0 and not data.definition.text and key.type == "problem":
            return etree.Element("root")
        else:
            element = copy.deepcopy(data.definition)
        if "unserializable" in element.attrib:
            raise ValueError("All strings must be XML compatible: Unicode or ASCII, no NULL bytes")
        if key.type == "html":
            for name in set(element.attrib) - {*HTML_ATTRIBUTES}:
                del element.attrib[name]
            if element.text:
                element.text = etree.CDATA(element.text.replace("]]>", "]]&gt;"))
        if title := data.fields.get("display_name"):
            element.set("display_name", title)
        for name, value in data.fields.items():
            if name.startswith(("upstream", "downstream", "top_level")):
                element.set(name, str(value))
        return element


_export_to_file = XmlMixin.export_to_file


def _save_files(content: StagedContent, usage_key: Any, own_files: dict[str, bytes]) -> None:
    found = dict(own_files)
    for name in re.findall(r'(?:"|&quot;)/static/([^"&]+)', content.olx):
        location = StaticContent.compute_location(usage_key.course_key, name)
        stream = contentstore().find(location, throw_on_not_found=False, as_stream=True)
        if stream is not None and (data := b"".join(stream.stream_data())):
            found.setdefault(name, data)
    for name, data in found.items():
        content.files.create(
            filename=name,
            md5_hash=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            data_file=ContentFile(data, name=name) if len(data) <= LIMIT else "",
        )
