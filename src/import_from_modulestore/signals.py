"""
Django signals for other apps: what an import has come to::

    from import_from_modulestore.signals import import_completed

    @receiver(import_completed, dispatch_uid="acme.tell_the_team")
    def tell_the_team(sender, step, **kwargs):
        ...

Receivers get one frozen :class:`.data.FinishedStep`, in the manner of openedx-events: plain data, which can be handed
to a task or an event bus as it is, and no rows. ``sender`` is ``None``. Take ``**kwargs``: more may come.

Each is sent once the transaction that did the step is committed, by the process that did it: a worker, a command, or
whoever called the API. So a receiver finds the library as the step has left it, and what takes long belongs into a
task. A receiver that raises harms neither the import nor other receivers; Django logs it.

Each is sent **at most once** for a step that is done, whichever attempt at it was the one. It is not sent where the
process dies between the commit and the signal, or the answer to the commit is lost with the database: who has to know
for sure looks (``api.list_imports``, ``api.get_reversals``). Steps that fail or are canceled, and previews, send none.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from .data import FinishedStep, ImportState
from .models import Import

import_staged = Signal()
"""What is to be imported is staged, for the first time or anew, and waits for its review."""

import_completed = Signal()
"""An import is written into its library."""

import_undone = Signal()
"""An import was taken back, but for what was kept."""

import_redone = Signal()
"""An import that was undone was put back. Whoever follows a library by these signals hears of the content again."""

_OF_STEP = {
    ImportState.STAGING: import_staged,
    ImportState.IMPORTING: import_completed,
    ImportState.UNDOING: import_undone,
    ImportState.REDOING: import_redone,
}


def tell(run: Import, was: str, counts: Mapping[str, int], *, seconds: float) -> None:
    """
    Tell other apps that the step of state ``was`` is done, and took so long, once the transaction around this is
    committed.

    Costs no statement.
    """
    if run.is_preview:
        return
    step = FinishedStep(
        import_id=str(run.uuid),
        source_key=run.source_key,
        source_title=run.source_title,
        library_key=run.library_key,
        library_title=run.library_title,
        user_id=run.actor_id,
        state=ImportState(run.state),
        counts=dict(counts),
        forced=run.force and was in (ImportState.UNDOING, ImportState.REDOING),
        finished=timezone.now(),
        seconds=seconds,
        block_count=run.block_count,
    )
    signal = _OF_STEP[ImportState(was)]
    transaction.on_commit(lambda: signal.send_robust(sender=None, step=step), robust=True)
