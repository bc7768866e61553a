"""
What is stored about imports.

An :class:`Import` is one run from a source into a library. While it is open it owns :class:`StagedRoot` and
:class:`StagedBlock` rows, an index over the OLX in ``content_staging`` that also holds what a reviewer changed. Once
written it has one :class:`ImportRecord` per source block that was considered, and one :class:`Reversal` for each undo
and redo since; these are history.

History outlives what it describes: every link to a user, to staged content or to the library is nulled when that
goes, and the facts (names, keys, version numbers) stand beside the links.
"""

from .accounts import account
from .history import DoneMark, ImportRecord, Reversal, ReversalRecord
from .imports import Batch, Import
from .links import BlockLink, LinkChange
from .requests import IdempotentRequest
from .review import BlockChoices, LastChange, Removal, ReviewedBlock, StandingChoice
from .staged import StagedBlock, StagedRoot, StagedSource

__all__ = [
    "Batch",
    "BlockChoices",
    "BlockLink",
    "DoneMark",
    "IdempotentRequest",
    "Import",
    "ImportRecord",
    "LastChange",
    "LinkChange",
    "Removal",
    "Reversal",
    "ReversalRecord",
    "ReviewedBlock",
    "StagedBlock",
    "StagedRoot",
    "StagedSource",
    "StandingChoice",
    "account",
]
