"""Planning: what an import would do, as a pure function of what is staged, what the library holds, and the options."""

from .data import (
    Collections,
    ComponentMerge,
    ContainerBase,
    Holder,
    Letters,
    LibraryItem,
    LibraryState,
    Merges,
    PastImport,
    SourceBlock,
)
from .ids import wanted_code
from .plan import make_plan

__all__ = [
    "Collections",
    "ComponentMerge",
    "ContainerBase",
    "Holder",
    "Letters",
    "LibraryItem",
    "LibraryState",
    "Merges",
    "PastImport",
    "SourceBlock",
    "make_plan",
    "wanted_code",
]
