"""Which of the two writers does the work."""

from __future__ import annotations

import logging
from functools import cache

from ..proved import is_bulk, reasons
from .job import WriteJob, Writer
from .reference import ReferenceWriter

log = logging.getLogger(__name__)


def writer_for(job: WriteJob) -> Writer:
    """The writer that carries the job out."""
    if is_bulk() and not _writes_twice(job):
        from .bulk import BulkWriter  # It may not even load where it was not proved.

        return BulkWriter(job)
    _say_why()
    return ReferenceWriter(job)


def _writes_twice(job: WriteJob) -> bool:
    """Whether an item is to get two versions at once, which the reference alone can do. No plan of today says so."""
    entities = [item.entity_id for item in (*job.changes, *job.removed) if item.entity_id is not None]
    return len(set(entities)) < len(entities)


@cache
def _say_why() -> None:
    """Say once a process why it is not the fast one; ``check`` says so as well."""
    for reason in reasons():
        log.warning("%s Imports are written item by item.", reason)
