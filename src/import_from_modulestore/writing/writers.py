"""Which of the two ways is taken: in batches where that is proved, else item by item."""

from __future__ import annotations

import logging
from functools import cache

from ..proved import is_bulk, reasons
from .job import Job, WriteJob
from .reference import ReferenceSetter, ReferenceWriter
from .setter import Setter
from .writer import Writer

log = logging.getLogger(__name__)


def writer_for(job: WriteJob) -> Writer:
    """The writer that carries the job out."""
    if is_bulk() and not _writes_twice(job):
        from .bulk import BulkWriter  # It may not even load where it was not proved.

        return BulkWriter(job)
    _say_why()
    return ReferenceWriter(job)


def setter_for(job: Job) -> Setter:
    """What sets items to versions that the library holds."""
    if is_bulk():
        from .bulk import BulkSetter

        return BulkSetter(job)
    _say_why()
    return ReferenceSetter(job)


def _writes_twice(job: WriteJob) -> bool:
    """Whether an item is to get two versions at once, which the reference alone can do. No plan of today says so."""
    entities = [item.entity_id for item in (*job.changes, *job.removed) if item.entity_id is not None]
    return len(set(entities)) < len(entities)


@cache
def _say_why() -> None:
    """Say once a process why it is not the fast one; ``check`` says so as well."""
    for reason in reasons():
        log.warning("%s Libraries are written to item by item.", reason)
