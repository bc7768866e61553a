"""
What a review says, as JSON: to be kept, and to be applied to other imports.

``choices.schema.json``, beside this, says what such a document holds; it is published with the package, and what comes
in is checked by it. A later format has another ``version``, and a schema of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from .data import ChosenBlock, Contents, Decision, ReviewChoices
from .errors import InvalidOption
from .quoting import listed, shortened

VERSION = 1

MAX_SIZE = 20_000_000
"""Bytes of a document."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the documents."""
    read: dict[str, Any] = json.loads(Path(__file__).with_name("choices.schema.json").read_text(encoding="utf-8"))
    return read


def plain_schema() -> dict[str, Any]:
    """The same without what makes it a document of its own, to be a part of another."""
    return {name: value for name, value in schema().items() if not name.startswith("$")}


def as_json(choices: ReviewChoices) -> dict[str, Any]:
    """The document, as what JSON is made of."""
    about = {name: getattr(choices, name) for name in ("import_id", "source_key", "library_key")}
    return {
        "version": VERSION,
        **{name: value for name, value in about.items() if value},
        "blocks": [_block_as_json(block) for block in choices.blocks],
    }


def as_text(choices: ReviewChoices) -> str:
    """The document, to be kept in a file."""
    return json.dumps(as_json(choices), indent=1, ensure_ascii=False) + "\n"


def from_json(document: Any) -> ReviewChoices:
    """
    What a document says.

    Raises ``InvalidOption``, whose ``field`` is the place that is at fault: ``blocks.3.selected``.
    """
    for place, fault in _faults(document, schema(), ()):
        where = ".".join(map(str, place))
        raise InvalidOption(f"{where}: {fault}" if where else fault, field=where)
    about = {name: document[name] for name in ("import_id", "source_key", "library_key") if name in document}
    return ReviewChoices(blocks=tuple(map(_block_from_json, document["blocks"])), **about)


def from_text(text: str | bytes) -> ReviewChoices:
    """What a document says that was kept in a file. Raises ``InvalidOption``."""
    if len(text) > MAX_SIZE:
        raise InvalidOption(_("Choices have at most {max:,} bytes.").format(max=MAX_SIZE))
    try:
        document = json.loads(text.decode() if isinstance(text, bytes) else text)
    except RecursionError as error:
        raise InvalidOption(_("These are no choices: the JSON nests too deeply.")) from error
    except ValueError as error:
        raise InvalidOption(_("These are no choices: {reason}").format(reason=shortened(str(error)))) from error
    return from_json(document)


def _block_as_json(block: ChosenBlock) -> dict[str, Any]:
    said = {
        "block_type": block.block_type,
        "block_id": block.block_id,
        "showing": block.showing,
        "decision": block.decision.value if block.decision else "",
        "contents": block.contents.value if block.contents else "",
        "title": block.title,
        "olx": block.olx,
        "source_title": block.source_title,
        "source_digest": block.source_digest,
    }
    left_out = {} if block.selected else {"selected": False}
    return {name: value for name, value in said.items() if value} | left_out


def _block_from_json(block: Mapping[str, Any]) -> ChosenBlock:
    said = dict(block)
    if "decision" in said:
        said["decision"] = Decision(said["decision"])
    if "contents" in said:
        said["contents"] = Contents(said["contents"])
    return ChosenBlock(**said)


def _faults(value: Any, wanted: Mapping[str, Any], place: tuple[str | int, ...]) -> Iterator[tuple[Any, str]]:
    """What is wrong with a value by this schema, each with the place; as far as our schema goes, and no further."""
    if not isinstance(value, _TYPES[wanted["type"]]) or (isinstance(value, bool) and wanted["type"] != "boolean"):
        yield place, _("This is not of the type {type}.").format(type=wanted["type"])
    elif isinstance(value, dict):
        known = wanted["properties"]
        if unknown := [name for name in value if name not in known]:
            yield place, _("There is no such field: {names}.").format(names=listed(unknown))
        if missing := [name for name in wanted["required"] if name not in value]:
            yield place, _("This is missing: {names}.").format(names=listed(missing))
        for name in known.keys() & value.keys():
            yield from _faults(value[name], known[name], (*place, name))
    elif isinstance(value, list):
        if len(value) > wanted["maxItems"]:
            yield place, _("At most {max:,} are taken.").format(max=wanted["maxItems"])
        for number, each in enumerate(value):
            yield from _faults(each, wanted["items"], (*place, number))
    elif "enum" in wanted:
        if value not in wanted["enum"]:
            allowed = ", ".join(map(str, wanted["enum"]))
            yield place, _("“{input}” is not one of {allowed}.").format(input=shortened(str(value)), allowed=allowed)
    elif isinstance(value, str):
        if not wanted.get("minLength", 0) <= len(value) <= wanted["maxLength"]:
            yield (
                place,
                _("This has {length:,} characters; {max:,} are taken.").format(
                    length=len(value), max=wanted["maxLength"]
                ),
            )
    elif isinstance(value, int) and not isinstance(value, bool) and not wanted["minimum"] <= value <= wanted["maximum"]:
        yield place, _("This is not from {min} to {max:,}.").format(min=wanted["minimum"], max=wanted["maximum"])
