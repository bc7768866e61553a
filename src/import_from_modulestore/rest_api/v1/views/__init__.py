"""The views, by what they show."""

from .blocks import BlockDetail, BlockEdit, Blocks, Gone
from .description import Docs, Schema
from .history import LastReversal, Mappings, Records, Reversals
from .imports import Cancel, Complete, ImportDetail, Imports, Plan, Redo, Retry, Stage, Undo
from .sources import SourceDetail, Sources, TargetDetail, Targets

__all__ = [
    "BlockDetail",
    "BlockEdit",
    "Blocks",
    "Cancel",
    "Complete",
    "Docs",
    "Gone",
    "ImportDetail",
    "Imports",
    "LastReversal",
    "Mappings",
    "Plan",
    "Records",
    "Redo",
    "Retry",
    "Reversals",
    "Schema",
    "SourceDetail",
    "Sources",
    "Stage",
    "TargetDetail",
    "Targets",
    "Undo",
]
