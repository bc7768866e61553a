"""How a step ends, and how that is recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from ..errors import ImportFromModulestoreError, StepFailed
from ..models import Import
from ..packets import measured
from .attempts import heart, this_process
from .lifecycle import STATES, Step, finished
from .logs import ImportLog, monitor

log = logging.getLogger(__name__)


@contextmanager
def running(run: Import, step: Step) -> Iterator[None]:
    """
    Run a step that was begun or claimed; where it raises, the import goes to the step's failed state.

    The body itself moves on to the next state, in the transaction that does the work. Errors that this app raises on
    purpose come out as they are; any other becomes a :class:`StepFailed` that names it.
    """
    states = STATES[step]
    monitor(run)
    try:
        with heart(run), measured(run.source_title or run.source_key):
            yield
    except BaseException as error:
        reason = _reason(error)
        Import.objects.filter(pk=run.pk, state=states.running, worker=this_process()).update(
            state=states.failed, error=reason, worker="", **finished(step)
        )
        run.refresh_from_db(fields=["state", "error"])
        unforeseen = isinstance(error, Exception) and not isinstance(error, ImportFromModulestoreError)
        # An error that no one foresaw is for those who look after the code.
        facts = {"state": run.state, "step": step.value}
        ImportLog(log, run).warning("%s failed: %s", step.value, reason, extra=facts, exc_info=unforeseen)
        if unforeseen:
            raise StepFailed(reason) from error
        raise


def _reason(error: BaseException) -> str:
    if isinstance(error, ImportFromModulestoreError):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return _("Interrupted before it was done.")
    if isinstance(error, OSError) and error.strerror:  # Which file of the server it was, is for the log.
        return f"{type(error).__name__}: {error.strerror}"
    return f"{type(error).__name__}: {error}"
