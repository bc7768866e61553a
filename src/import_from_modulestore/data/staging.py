"""What a host stages, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.utils.translation import ngettext_lazy

MAX_OLX_CHARACTERS = 1_000_000
"""Length of the longest OLX that an edit may give a component."""


class Notice(Enum):
    """
    What may be met at many blocks of a source, and is said of the source once, with how often.

    Each is told by its sentence, with ``%(count)d`` in it; lazy ones are equal to each other, and so no values.
    """

    def __new__(cls, text: Any) -> Notice:
        """Numbered in their order."""
        member = object.__new__(cls)
        member._value_ = len(cls.__members__)
        return member

    def __init__(self, text: Any) -> None:
        self._text = text

    PYTHON_LIBRARY_LEFT_OUT = ngettext_lazy(
        "python_lib.zip was left out, and %(count)d problem that runs Python may need it.",
        "python_lib.zip was left out, and %(count)d problems that run Python may need it.",
        "count",
    )
    UNNAMED_BLOCKS = ngettext_lazy(
        "Studio did not say which blocks are which (copied_from_block) in %(count)d section, so each was read by "
        "itself. Ask those who run this site for a version of the import that is made for this Studio.",
        "Studio did not say which blocks are which (copied_from_block) in %(count)d sections, so each was read by "
        "itself. Ask those who run this site for a version of the import that is made for this Studio.",
        "count",
    )
    TAGS_WITHOUT_TAXONOMY = ngettext_lazy(
        "%(count)d block has tags of a taxonomy that is not here. They are put on record, and not carried over.",
        "%(count)d blocks have tags of a taxonomy that is not here. They are put on record, and not carried over.",
        "count",
    )
    KNOWN_BY_CONTENT = ngettext_lazy(
        "%(count)d block has no name of its own, or shares it with another. It is known by its content: once that is "
        "changed in the source, it counts as new.",
        "%(count)d blocks have no name of their own, or share it with another. They are known by their content: once "
        "that is changed in the source, they count as new.",
        "count",
    )
    UNITS_MADE = ngettext_lazy(
        "%(count)d unit was made for components that stand in none. It is named after the first of them.",
        "%(count)d units were made for components that stand in none. Each is named after the first of them.",
        "count",
    )

    EDITS_WITHOUT_BLOCK = ngettext_lazy(
        "%(count)d block that was edited in the review is not in the source any more, and so is its edit.",
        "%(count)d blocks that were edited in the review are not in the source any more, and so are their edits.",
        "count",
    )
    SELECTED_WITHOUT_BLOCK = ngettext_lazy(
        "%(count)d block that was to be imported is not in the source any more.",
        "%(count)d blocks that were to be imported are not in the source any more.",
        "count",
    )
    AS_LAST_TIME = ngettext_lazy(
        "As last time: of %(count)d block, the review has begun with what the last one had said.",
        "As last time: of %(count)d blocks, the review has begun with what the last one had said.",
        "count",
    )
    WRITTEN_AGAIN = ngettext_lazy(
        "%(count)d file of the library was gone from its storage, and was written again.",
        "%(count)d files of the library were gone from its storage, and were written again.",
        "count",
    )

    def sentence(self, count: int) -> str:
        """What to say of a source in which it was met so often."""
        return str(self._text % {"count": count})


@dataclass(frozen=True, kw_only=True)
class StagedRoot:
    """
    One root that a host has put into ``content_staging``, in the order of the source.

    ``problems`` names the blocks below it whose own content could not be read, by usage key: each stands in the OLX as
    an empty element, and is reported, not imported. ``warnings`` are about blocks that were read after a repair.
    ``notices`` counts what was met in this root and is said once for the whole source.
    """

    staged_content_id: int
    usage_key: str
    title: str = ""
    """What people call it who watch it being staged; without it, its first block's."""
    problems: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: Mapping[Notice, int] = field(default_factory=dict)
    olx: str | None = None
    """What was staged, where the host has it at hand."""
    names: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """
    What components name, by type and ID, as ``olx.files.references.names_in`` has it, where the host has looked
    already; of those that are shown again, where they stand first.
    """
    continues: int = 0
    """
    How many blocks at its beginning, each in the one before, the roots before it have already: what is in them goes on
    here, and of themselves nothing is staged again but attributes. See :mod:`.olx.pieces`.
    """
