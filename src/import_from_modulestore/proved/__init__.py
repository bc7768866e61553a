"""
The versions of openedx-core that the bulk writer was proved on: one file for each, beside this one.

The bulk writer (:mod:`.writing.bulk`) writes into tables that are not ours, in place of functions that are not ours.
What it relies on is cut into parts (a function, a file of models, the migrations), each known by a hash of its source.
It may run where every part is one that the proof was run against, whatever the version is called; and where nobody
listens to the saving of single rows, of which it tells nobody.

The proof is ``tests/test_bulk.py``; ``make prove`` runs it on what is installed, and adds the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db.models.signals import post_init, post_save, pre_init, pre_save
from django.utils.translation import gettext as _

from ..quoting import listed

BULK = "bulk"
REFERENCE = "reference"

_FOLDER = Path(__file__).parent

_STOOD_IN_FOR = {
    "openedx_content/applets/publishing/api.py": (
        "create_publishable_entity",
        "create_publishable_entity_version",
        "set_version_dependencies",
        "publish_from_drafts",
        "set_draft_version",
        "soft_delete_draft",
        "_add_to_existing_draft_change_log",
        "_create_side_effects_for_change_log",
        "_emit_event_for_change_log",
        "update_dependencies_hash_digests_for_log",
        "_bulk_update_hashes",
        "hash_for_log_record",
        "bulk_draft_changes_for",
    ),
    "openedx_content/applets/publishing/contextmanagers.py": ("DraftChangeLogContext",),
    "openedx_content/applets/publishing/signals.py": (
        "LearningPackageEventData",
        "UserAttributionEventData",
        "ChangeLogRecordData",
        "DraftChangeLogEventData",
        "PublishLogEventData",
        "ENTITIES_DRAFT_CHANGED",
        "ENTITIES_PUBLISHED",
    ),
    "openedx_content/applets/components/api.py": (
        "get_or_create_component_type",
        "create_component",
        "create_component_version",
        "create_next_component_version",
        "create_component_and_version",
        "_set_component_version_media",
    ),
    "openedx_content/applets/containers/api.py": (
        "ParsedEntityReference",
        "create_container",
        "create_entity_list",
        "create_entity_list_with_rows",
        "_create_container_version",
        "create_container_version",
        "create_container_and_version",
        "create_next_entity_list",
        "create_next_container_version",
    ),
    "openedx_content/applets/media/api.py": (
        "get_or_create_media_type",
        "get_or_create_text_media",
        "get_or_create_file_media",
    ),
    "openedx_django_lib/fields.py": ("create_hash_digest",),
}
"""The functions that the bulk writer stands in for, and what they use, by file."""

_WHOLE = (
    "openedx_content/apps.py",
    "openedx_content/applets/**/models.py",
    "openedx_content/applets/**/models/*.py",
    "openedx_content/applets/**/signal_handlers.py",
    "openedx_django_lib/managers.py",
)
"""Files of which everything counts: the schema, and who listens to what is done with it."""

_MIGRATIONS = "openedx_content/migrations/*.py"

_TAGGING = {
    "openedx_tagging/api.py": ("OBJECT_MAX_TAGS", "tag_object", "_check_new_tag_count", "_get_current_tags"),
    "openedx_tagging/models/base.py": ("Tag", "Taxonomy", "ObjectTag"),
    "openedx_tagging/models/utils.py": ("RESERVED_TAG_CHARS",),
}
"""The function that tags in bulk stand in for, and what it uses."""


_ROW_BY_ROW = {"LearningPackage", "Collection", "CollectionPublishableEntity", "DraftChangeLog", "PublishLog"}
_ROW_BY_ROW |= {"ComponentType", "ContainerType", "MediaType"}
"""Models of which the bulk writer saves instances, as the reference does."""


@dataclass(frozen=True)
class Area:
    """Tables that are written to in bulk, and what that relies on."""

    app: str
    functions: Mapping[str, tuple[str, ...]]
    """Functions, classes and values, by file."""
    migrations: str
    whole: tuple[str, ...] = ()
    """Files of which everything counts."""
    row_by_row: Collection[str] = ()
    """Models whose rows are saved one by one."""
    folder: str = ""
    """Where the files of its versions are, below this one."""

    def __hash__(self) -> int:
        return hash(self.app)


LIBRARIES = Area("openedx_content", _STOOD_IN_FOR, _MIGRATIONS, _WHOLE, _ROW_BY_ROW)
TAGS = Area("oel_tagging", _TAGGING, "openedx_tagging/migrations/*.py", row_by_row={"Tag", "Taxonomy"}, folder="tags")

_NAMED = 3
"""How many parts a reason names."""

_WITHIN = frozenset(("", " ", "\t", ")", "]", "}", "#", '"', "'"))
"""How lines begin that go on with what the line before began."""

_DEFINITION = re.compile(r"(?:async def|def|class)\s+(\w+)|(\w+)\s*(?::[^=]+)?=[^=]")


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the bulk writer may run, and on what grounds."""

    installed: str
    """The version of openedx-core that is installed."""
    proved_on: str
    """The version that it equals, or the nearest to it."""
    differing: tuple[str, ...]
    """The parts in which the two differ; none where the bulk writer may run."""

    @property
    def holds(self) -> bool:
        """Whether the proof was run against what is installed."""
        return not self.differing


@cache
def proof(area: Area = LIBRARIES) -> Proof:
    """What the proof says of what is installed. Reads some twenty files, once a process."""
    installed, parts = version("openedx-core"), fingerprint(area)
    found = [
        Proof(installed, path.stem, _differing(json.loads(path.read_text()), parts))
        for path in sorted((_FOLDER / area.folder).glob("*.json"))
    ]
    return min(found, key=lambda each: len(each.differing), default=Proof(installed, "", tuple(parts)))


def is_bulk(area: Area = LIBRARIES) -> bool:
    """Whether rows are written in bulk: as the setting says, or else where nothing speaks against it."""
    own = getattr(settings, "IMPORT_FROM_MODULESTORE_WRITER", None)
    return own == BULK if own else not reasons(area)


def reasons(area: Area = LIBRARIES) -> list[str]:
    """What speaks against writing in bulk here, as sentences."""
    found, listened_to, proved = [], _listened_to(area), proof(area)
    if not proved.holds:
        found.append(
            _(
                "What writes to libraries in bulk was not proved on openedx-core {installed}: it differs from "
                "{proved_on} in {parts}."
            ).format(installed=proved.installed, proved_on=proved.proved_on, parts=listed(proved.differing, _NAMED))
        )
    if listened_to:
        found.append(
            _("An app wants to be told of single rows of libraries, which writing in bulk does not: {models}.").format(
                models=listed(listened_to, _NAMED)
            )
        )
    return found


def check_writer(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Why libraries are written to item by item, or by a writer that was not proved here."""
    own = getattr(settings, "IMPORT_FROM_MODULESTORE_WRITER", None)
    if own not in (None, BULK, REFERENCE):
        return [
            checks.Error(
                f"IMPORT_FROM_MODULESTORE_WRITER is {own!r}, which is no writer.",
                hint=f"{BULK!r}, {REFERENCE!r}, or None, for the first where it was proved.",
                id="modulestore_imports.E001",
            )
        ]
    found: list[checks.CheckMessage] = []
    if own != REFERENCE and (speaking := reasons()):
        found.append(_warning(speaking, forced=own == BULK))
    if own is None and apps.is_installed("openedx_tagging") and (speaking := reasons(TAGS)):
        found.append(
            checks.Warning(
                f"{' '.join(speaking)} Tags are given to one item after the other, which takes longer.",
                hint="Nothing has to be done. An upgrade of the app may know this version.",
                id="modulestore_imports.W003",
            )
        )
    return found


def _warning(speaking: list[str], *, forced: bool) -> checks.CheckMessage:
    told = " ".join(speaking)
    if forced:
        return checks.Warning(
            f"{told} It is used all the same.",
            hint="IMPORT_FROM_MODULESTORE_WRITER says so. Without it, libraries are written to item by item here.",
            id="modulestore_imports.W002",
        )
    return checks.Warning(
        f"{told} Imports are written and undone item by item, which takes many times as long, and leaves the same.",
        hint="Nothing has to be done. An upgrade of the app may know this version.",
        id="modulestore_imports.W001",
    )


def renew(area: Area = LIBRARIES) -> Path:
    """Write down that the proof has passed on what is installed; returns the file."""
    path = _FOLDER / area.folder / f"{version('openedx-core')}.json"
    path.write_text(json.dumps(fingerprint(area), indent=1, sort_keys=True) + "\n")
    proof.cache_clear()
    return path


def fingerprint(area: Area = LIBRARIES) -> dict[str, str]:
    """Hashes of all that writing in bulk relies on, by part; empty for what is not there."""
    parts: dict[str, str] = {}
    for file, names in area.functions.items():
        path = _path(file)
        blocks = dict(_blocks(path.read_text())) if path.is_file() else {}
        parts |= {f"{file}:{name}": _hash(blocks.get(name, "")) for name in names}
    for pattern in area.whole:
        package, _slash, inner = pattern.partition("/")
        for path in sorted(_root(package).glob(inner)):
            parts[f"{package}/{path.relative_to(_root(package)).as_posix()}"] = _hash(path.read_text())
    package, _slash, inner = area.migrations.partition("/")
    migrations = sorted(_root(package).glob(inner))
    parts[area.migrations] = _hash("\n".join(f"{path.name}\n{path.read_text()}" for path in migrations))
    return parts


def _blocks(source: str) -> Iterator[tuple[str, str]]:
    """What stands at the top level of a module, by name: functions and classes with what decorates them, values."""
    name, lines = "", list[str]()
    for line in source.splitlines():
        if line[:1] not in _WITHIN:
            if name:
                yield name, "\n".join(lines).rstrip()
            found = _DEFINITION.match(line)
            if name or not found:
                lines = []
            name = (found[1] or found[2]) if found else ""
        lines.append(line)
    if name:
        yield name, "\n".join(lines).rstrip()


def _differing(proved: Mapping[str, str], parts: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(part for part in proved.keys() | parts.keys() if proved.get(part) != parts.get(part)))


def _listened_to(area: Area) -> list[str]:
    """The models that rows are written of in bulk and whose saving somebody listens to."""
    listeners = {key[1] for signal in (pre_init, post_init, pre_save, post_save) for key, *_rest in signal.receivers}
    models = apps.get_app_config(area.app).get_models()
    return [model.__name__ for model in models if model.__name__ not in area.row_by_row and id(model) in listeners]


def _root(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def _path(file: str) -> Path:
    package, _slash, inner = file.partition("/")
    return _root(package) / inner


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest() if text else ""
