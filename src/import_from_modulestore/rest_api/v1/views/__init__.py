"""The views, by what they show."""

from .blocks import BlockDetail, BlockEdit, Blocks, Gone
from .description import Docs, Schema
from .history import ItemHistory, LastReversal, LibraryHistory, Records, Report, Reversals, Where, Work
from .imports import Cancel, Complete, ImportDetail, Imports, Plan, Redo, Retry, Stage, Undo
from .rendered import BlockFile, BlockRendered
from .sources import ExportDetail, Libraries, LibraryDetail, SourceDetail, Sources

__all__ = [
    "BlockDetail",
    "BlockEdit",
    "BlockFile",
    "BlockRendered",
    "Blocks",
    "Cancel",
    "Complete",
    "Docs",
    "ExportDetail",
    "Gone",
    "ImportDetail",
    "Imports",
    "ItemHistory",
    "LastReversal",
    "Libraries",
    "LibraryDetail",
    "LibraryHistory",
    "Plan",
    "Records",
    "Redo",
    "Report",
    "Retry",
    "Reversals",
    "Schema",
    "SourceDetail",
    "Sources",
    "Stage",
    "Undo",
    "Where",
    "Work",
]
