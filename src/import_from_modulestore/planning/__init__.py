"""Planning: what an import would do, as a pure function of what is staged, what the library holds, and the options."""

from .data import Letters, PastImport, SourceBlock, TargetItem, TargetState
from .ids import wanted_code
from .plan import make_plan

__all__ = [
    "Letters",
    "PastImport",
    "SourceBlock",
    "TargetItem",
    "TargetState",
    "make_plan",
    "wanted_code",
]
