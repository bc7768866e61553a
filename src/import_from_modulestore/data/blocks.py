"""What blocks are, and what they become."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

_RANKS = {"component": 0, "unit": 1, "subsection": 2, "section": 3}


class BlockKind(TextChoices):
    """What a source block becomes in a library."""

    SECTION = "section", _("Section")
    SUBSECTION = "subsection", _("Subsection")
    UNIT = "unit", _("Unit")
    COMPONENT = "component", _("Component")

    rank: int
    """Height in the hierarchy: 0 for a component, 3 for a section."""
    is_container: bool
    """Whether an item of this kind holds other items."""

    def __init__(self, value: str) -> None:
        self.rank = _RANKS[value]
        self.is_container = self.rank > 0


class CompositionLevel(TextChoices):
    """The highest container that an import keeps; what lies above it is dissolved."""

    SECTION = "section", _("Sections, subsections, units and components")
    SUBSECTION = "subsection", _("Subsections, units and components")
    UNIT = "unit", _("Units and components")
    COMPONENT = "component", _("Components only")

    def keeps(self, kind: BlockKind) -> bool:
        """Whether blocks of this kind become items of their own at this level."""
        return kind.rank <= _RANKS[self.value]


class LocalKey(NamedTuple):
    """What is unique in a library: the component type or container type, and the local code."""

    type: str
    code: str

    def __str__(self) -> str:
        return f"{self.type}:{self.code}"
