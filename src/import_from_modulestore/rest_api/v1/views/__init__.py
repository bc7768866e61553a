"""The views, by what they show."""

from .batches import (
    BatchCancel,
    BatchComplete,
    BatchDetail,
    Batches,
    BatchRedo,
    BatchRetry,
    BatchStage,
    BatchUndo,
)
from .blocks import BlockDetail, BlockEdit, Blocks, Choices, Forwarding, Gone, TakeBack
from .description import Docs, Schema
from .history import ItemHistory, LastReversal, LibraryHistory, Records, Report, Reversals, Where, Work
from .imports import Cancel, Complete, ImportDetail, Imports, Plan, Preview, Redo, Retry, Stage, Summary, Undo
from .links import Links, Unlink
from .rendered import BlockFile, BlockRendered
from .sources import ExportDetail, Libraries, LibraryBackup, LibraryDetail, SourceDetail, Sources

__all__ = [
    "BatchCancel",
    "BatchComplete",
    "BatchDetail",
    "BatchRedo",
    "BatchRetry",
    "BatchStage",
    "BatchUndo",
    "Batches",
    "BlockDetail",
    "BlockEdit",
    "BlockFile",
    "BlockRendered",
    "Blocks",
    "Cancel",
    "Choices",
    "Complete",
    "Docs",
    "ExportDetail",
    "Forwarding",
    "Gone",
    "ImportDetail",
    "Imports",
    "ItemHistory",
    "LastReversal",
    "Libraries",
    "LibraryBackup",
    "LibraryDetail",
    "LibraryHistory",
    "Links",
    "Plan",
    "Preview",
    "Records",
    "Redo",
    "Report",
    "Retry",
    "Reversals",
    "Schema",
    "SourceDetail",
    "Sources",
    "Stage",
    "Summary",
    "TakeBack",
    "Undo",
    "Unlink",
    "Where",
    "Work",
]
