"""
The states of an import, and the only code that changes them.

Every change is one ``UPDATE … WHERE state = …``: of two clicks, two workers or a message delivered twice, one wins and
the others are told so. A step in progress names its process in ``worker``; when that process is gone, :func:`recover`
marks the import as failed, and the step can be tried again. Nothing is half-written then: each step writes in
transactions that the database has rolled back.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psutil
from django.utils import timezone
from django.utils.translation import gettext as _

from .data import ImportState
from .errors import ImportFromModulestoreError, StepFailed, WrongState
from .models import Import

STALE_AFTER = timedelta(hours=6)
"""How long a step may run on another host, where nobody can look, before it counts as dead."""

_RUNNING_TO_FAILED = {
    ImportState.STAGING: ImportState.STAGING_FAILED,
    ImportState.IMPORTING: ImportState.IMPORT_FAILED,
}


def transition(run: Import, allowed: tuple[ImportState, ...], to: ImportState, **fields: Any) -> None:
    """
    Move an import to another state, in one statement, and refresh the given instance.

    Raises :class:`WrongState`, with nothing changed, where it is in none of the ``allowed`` states (any more).
    """
    changed = Import.objects.filter(pk=run.pk, state__in=allowed).update(state=to, **fields)
    run.refresh_from_db(fields=["state", *fields])
    if not changed:
        raise WrongState(
            _("The import is {state}, so this step is not possible; it needs one that is {allowed}.").format(
                state=ImportState(run.state).label.lower(),
                allowed=_(" or ").join(str(state.label).lower() for state in allowed),
            )
        )


@contextmanager
def step(run: Import, allowed: tuple[ImportState, ...], running: ImportState) -> Iterator[None]:
    """
    Run one step of an import: into the running state before it, into the failed state when it raises.

    The body itself moves on to the next state, in the transaction that does the work. Errors that this app raises on
    purpose come out as they are; any other becomes a :class:`StepFailed` that names it.
    """
    now = timezone.now()
    transition(run, allowed, running, worker=_this_process(), heartbeat=now, error="")
    try:
        yield
    except BaseException as error:
        reason = _reason(error)
        Import.objects.filter(pk=run.pk, state=running, worker=_this_process()).update(
            state=_RUNNING_TO_FAILED[running], error=reason, worker="", finished=timezone.now()
        )
        run.refresh_from_db(fields=["state", "error"])
        if isinstance(error, Exception) and not isinstance(error, ImportFromModulestoreError):
            raise StepFailed(reason) from error
        raise


def recover() -> int:
    """
    Mark imports whose process is gone as failed, ready to be tried again; returns how many.

    A process of this host is looked up; one of another host counts as gone after :data:`STALE_AFTER`. One statement
    when nothing is running.
    """
    recovered = 0
    for run in Import.objects.filter(state__in=_RUNNING_TO_FAILED):
        if not _is_alive(run):
            recovered += Import.objects.filter(pk=run.pk, state=run.state, worker=run.worker).update(
                state=_RUNNING_TO_FAILED[ImportState(run.state)],
                error=_("The process that did this stopped before it was done. Nothing was half-written; try again."),
                worker="",
                finished=timezone.now(),
            )
    return recovered


def may_be_running(run: Import) -> bool:
    """Whether a step of the import runs, or one may be about to: between two steps nothing tells, for an hour."""
    if run.worker:
        return _is_alive(run)
    return run.state not in _RUNNING_TO_FAILED.values() and run.created > timezone.now() - timedelta(hours=1)


def _reason(error: BaseException) -> str:
    if isinstance(error, ImportFromModulestoreError):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return _("Interrupted before it was done.")
    return f"{type(error).__name__}: {error}"


def _this_process() -> str:
    process = psutil.Process(os.getpid())
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def _is_alive(run: Import) -> bool:
    host, _sep, rest = run.worker.rpartition(":")[0].rpartition(":")
    pid, started = rest, run.worker.rpartition(":")[2]
    if host == socket.gethostname() and pid.isdecimal():
        try:
            return abs(psutil.Process(int(pid)).create_time() - float(started)) < 1
        except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
            return False
    return run.heartbeat is not None and run.heartbeat > timezone.now() - STALE_AFTER
