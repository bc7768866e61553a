"""
The tags of an export: ``tags.csv``, beside ``course.xml``.

Studio writes it where a course has tags: a row for each block with its ``Name``, ``Type`` and ``ID``, and a column for
each taxonomy, headed by its ``export_id``, with the values separated by ``;`` (platform:
``openedx/core/djangoapps/content_tagging/api.py``, ``generate_csv_rows`` and ``import_course_tags_from_csv``).
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO

from django.apps import apps
from django.utils.translation import gettext as _

from ..texts import xml_text
from .files import Folder, UnreadableFile
from .texts import decode

FILE = "tags.csv"

MAX_TAGS = 100
"""Tags of one taxonomy that a block may have (``openedx_tagging.api``: ``_check_new_tag_count``)."""

BY_EXPORT_ID = "export_id:"
"""How the key of a taxonomy begins in staged tags, where it is not its primary key: exports know no others."""

_MAX_VALUE = 500
_MAX_EXPORT_ID = 255
"""Characters of a tag and of a taxonomy's ``export_id`` (``openedx_tagging.models``)."""

_MAX_COLUMNS = 200
_SEPARATOR = ";"
_ABOUT_BLOCKS = frozenset(("Name", "Type", "ID"))
_COURSE = "course"
"""Its own tags are about the course, not about what is in it."""


@dataclass(frozen=True)
class ExportedTags:
    """The tags of an export's blocks, by type and ID, then by ``export_id``; and what was wrong with the file."""

    of_blocks: Mapping[tuple[str, str], Mapping[str, list[str]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_tags(files: Folder) -> ExportedTags:
    """Read the tags of an export; none where it has no file of them, or one that is no table of tags."""
    if not files.has(FILE):
        return ExportedTags()
    try:
        text, guessed = decode(files.read(FILE))
        of_blocks = _tags_of(csv.reader(StringIO(text, newline="")))
    except (UnreadableFile, csv.Error, KeyError) as error:
        reason = _("it has no column {error}").format(error=error) if isinstance(error, KeyError) else str(error)
        return ExportedTags(
            warnings=(
                _("{file} could not be read, so there are no tags: {reason}. Export the course again.").format(
                    file=FILE, reason=reason
                ),
            )
        )
    return ExportedTags(
        of_blocks,
        (_("{file} is not UTF-8; it was read as {guessed}.").format(file=FILE, guessed=guessed),) if guessed else (),
    )


def as_staged(exported: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Tags by the ``export_id`` of their taxonomy, in the form that :mod:`..writing.tags` reads them in."""
    return {f"{BY_EXPORT_ID}{export_id}": values for export_id, values in exported.items()}


def known_taxonomies(export_ids: Collection[str]) -> dict[str, int]:
    """Primary keys of these taxonomies, those of them that are here. One query, or none."""
    if not export_ids or not apps.is_installed("openedx_tagging"):
        return {}
    from openedx_tagging.models import Taxonomy

    known = Taxonomy._default_manager.filter(export_id__in=export_ids)
    # Exactly that: what the database compares by may take others for equal.
    return {export_id: pk for export_id, pk in known.values_list("export_id", "pk") if export_id in export_ids}


def known_here() -> list[str]:
    """The ``export_id`` of each taxonomy that is here. One query, or none."""
    if not apps.is_installed("openedx_tagging"):
        return []
    from openedx_tagging.models import Taxonomy

    return sorted(map(str, Taxonomy._default_manager.values_list("export_id", flat=True)))


def _tags_of(rows: Iterator[list[str]]) -> dict[tuple[str, str], dict[str, list[str]]]:
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    header: list[str] = next(rows, [])
    columns = {name.strip(): number for number, name in enumerate(header[:_MAX_COLUMNS])}
    block_type, block_id = columns["Type"], columns["ID"]
    taxonomies = {
        name: number
        for name, number in columns.items()
        if name not in _ABOUT_BLOCKS and 0 < len(name) <= _MAX_EXPORT_ID
    }
    for row in rows:
        if len(row) <= max(block_type, block_id) or row[block_type] == _COURSE:
            continue
        tags = {name: values for name, number in taxonomies.items() if (values := _values(row[number : number + 1]))}
        if tags:
            found[row[block_type], row[block_id]] = tags
    return found


def _values(cell: list[str]) -> list[str]:
    values = (xml_text(value).strip() for text in cell for value in text.split(_SEPARATOR))
    return list(dict.fromkeys(value for value in values if 0 < len(value) <= _MAX_VALUE))[:MAX_TAGS]
