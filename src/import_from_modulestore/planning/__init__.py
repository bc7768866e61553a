"""Planning: what an import would do, as a pure function of what is staged, what the library holds, and the options."""

from .data import PastImport, SourceBlock, TargetItem, TargetState
from .ids import slug_from_title, usable_code
from .plan import make_plan

__all__ = [
    "PastImport",
    "SourceBlock",
    "TargetItem",
    "TargetState",
    "make_plan",
    "slug_from_title",
    "usable_code",
]
