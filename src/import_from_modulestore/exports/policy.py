"""
The policy of an export: fields that lie beside the blocks.

``policies/<run>/policy.json``, or ``policies/<run>.json`` before there were folders, gives fields by ``type/url_name``
(platform: ``xmodule/modulestore/xml.py``, ``load_course``). They stand over what the block's XML says, and go into the
XML when the course is exported again (``xmodule/xml_block.py``: ``apply_policy``, ``serialize_field``), so that is what
is done with them here. The run is the ``url_name`` of the course's root element, as there: policies of other runs are
not looked at. The platform does not ask the policy for videos and for XBlocks of their own make; here it counts for
every block, since it was written for the block.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..olx.course_bound import is_place
from ..texts import xml_text
from .files import Folder

MAX_VALUE = 100_000
"""Characters of the largest value of a field that is taken; settings are short, and content is not in policies."""

_FIELD_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)

_NO_FIELDS = frozenset(
    (
        # What XML says, whatever the policy does (platform: xmodule/xml_block.py, parse_xml).
        "children",
        "data",
        # What is not written into XML (platform: xmodule/xml_block.py, metadata_to_strip).
        "course",
        "data_dir",
        "discussion_blackouts",
        "filename",
        "grading_policy",
        "org",
        "tabs",
        "x-is-pointer-node",
        "xml_attributes",
    )
)


class Policy:
    """The fields that an export's policy gives to its blocks, as XML attributes; empty where it has no policy."""

    def __init__(self, blocks: Mapping[str, Any] | None = None) -> None:
        self._blocks = blocks or {}

    @classmethod
    def of(cls, files: Folder, run: str) -> Policy:
        """Read an export's policy. One that cannot be read, or is no policy, counts as none."""
        return cls(files.read_json(f"policies/{run}/policy.json") or files.read_json(f"policies/{run}.json"))

    def fields(self, tag: str, url_name: str) -> dict[str, str]:
        """The attributes of one block."""
        given = self._blocks.get(f"{tag}/{url_name}")
        if not isinstance(given, dict):
            return {}
        return {
            name: value
            for name, given_value in given.items()
            if _FIELD_NAME.fullmatch(name) and name not in _NO_FIELDS and not is_place(name)
            if isinstance(given_value, str) or name != "display_name"  # A title is a text, or there is none.
            if len(value := _serialized(given_value)) <= MAX_VALUE
        }


def _serialized(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else json.dumps(value)
    except RecursionError:
        text = "null"
    return xml_text(text)
