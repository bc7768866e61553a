"""
How an attempt ends, and how that is recorded.

One that succeeds moves the import on in the transaction that did the work. Of one that fails, the import has to be told
afterwards, and it may have failed since the database did: so that is tried again, here for a while, then beside what
the process does next, until it is told or somebody else has moved the import. Where the process ends before that,
:mod:`.recovery` finds it gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, repeat
from threading import Thread
from time import sleep

from django.db import connection
from django.db.utils import Error
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import signals
from ..data import ImportState
from ..errors import ImportFromModulestoreError, StepFailed, Undecided
from ..models import Import
from ..packets import measured
from ..trouble import Trouble, is_disk_full, trouble_of
from ..waiting import at_most, let_go, patiently
from . import queue
from .attempts import heart, leave
from .lifecycle import STATES, Step, failing, finished
from .logs import ImportLog, monitor

PUT_OFF_FOR = (5, 20, 60)
"""Seconds after which a worker tries a step again that passing trouble with the database has stopped."""

_HERE = (0.2, 0.8, 2, 3)
"""Seconds between the tries to record how an attempt ended, before whoever called the step is told of it."""

_BESIDE = (2, 5, 10, 15)
"""The same afterwards; the last one again and again."""

log = logging.getLogger(__name__)


@contextmanager
def running(run: Import, step: Step) -> Iterator[None]:
    """
    Run a step that was begun or claimed; where it raises, the import goes to the step's failed state.

    The body itself moves on to the next state, in the transaction that does the work. Errors that this app raises on
    purpose come out as they are; any other becomes a :class:`StepFailed` that says what it is, except one of the
    database after which the step is done all the same.

    Where a worker was asked for the step, what fails in a way that passes is put off: the import waits for a worker
    again, whose message comes after a while (:data:`PUT_OFF_FOR`), and nothing comes out.
    """
    name = run.worker
    monitor(run)
    try:
        with heart(run), measured(run.source_title or run.source_key):
            yield
    except Undecided as error:
        own = Import.objects.filter(pk=run.pk, state=STATES[step].running, worker=name)
        waiting = {"state": ImportState.STAGED, "worker": "", "to_decide": error.count}
        _record(run, name, partial(own.update, **waiting))
        ImportLog(log, run).info("it waits for its review, of %s conflicts", error.count)
        raise
    except BaseException as error:
        trouble = trouble_of(error)
        if run.asked and trouble and trouble.is_passing and run.put_off < len(PUT_OFF_FOR):
            _put_off(run, step, name)
            return
        reason = reason_of(error, trouble)
        _fail(run, step, name, reason)
        with suppress(Error):  # Else it is not known yet, and what is said below is.
            run.refresh_from_db(fields=["state", "error"])
            if isinstance(error, Error) and run.state == STATES[step].done and not run.error:
                return  # All that was lost is the answer to the commit.
        foreign = isinstance(error, Exception) and not isinstance(error, ImportFromModulestoreError)
        # An error that no one foresaw is for those who look after the code.
        unforeseen = foreign and trouble in (None, Trouble.OTHER) and not is_disk_full(error)
        said = f"{reason} ({error})" if foreign and not unforeseen else reason
        facts = {"state": run.state, "step": step.value}
        ImportLog(log, run).warning("%s failed: %s", step.value, said, extra=facts, exc_info=unforeseen)
        if foreign:
            raise StepFailed(reason) from error
        raise
    leave(name)


def _fail(run: Import, step: Step, name: str, reason: str) -> None:
    own = Import.objects.filter(pk=run.pk, state=STATES[step].running, worker=name)

    def fail() -> None:
        with at_most(1):
            has_failed = own.update(worker="", **failing(step, reason), **finished(step))
        if has_failed:
            signals.tell_stopped([run], step.value, reason=reason)

    _record(run, name, fail)


def _put_off(run: Import, step: Step, name: str) -> None:
    """Have the step wait for a worker, as it did when it was asked for, and send the message of before again."""
    left, wait = len(PUT_OFF_FOR) - run.put_off, PUT_OFF_FOR[run.put_off]
    reason = ngettext(
        "The database was busy, or could not be reached. This is tried again by itself, once more.",
        "The database was busy, or could not be reached. This is tried again by itself, up to {count} times.",
        left,
    ).format(count=left)

    own = Import.objects.filter(pk=run.pk, state=STATES[step].running, worker=name)
    waiting = {"queued": run.asked, "heartbeat": timezone.now(), "worker": "", "put_off": run.put_off + 1}

    def put_off() -> None:
        with at_most(1):
            is_waiting = own.update(error=reason, **waiting)
        if is_waiting:
            ImportLog(log, run).warning("%s is put off for %s seconds", step.value, wait)
            with suppress(StepFailed):  # The import says so.
                queue.send(run, step, countdown=wait)

    _record(run, name, put_off)


def _record(run: Import, name: str, write: Callable[[], object]) -> None:
    """Record how an attempt ended, now or later. Raises no error of the database."""

    def record() -> None:
        write()
        leave(name)

    def go_on() -> None:
        try:
            for pause in chain(_BESIDE, repeat(_BESIDE[-1])):
                sleep(pause)
                with suppress(Error):
                    return record()
                let_go()
        finally:
            leave(name)
            let_go()

    if connection.in_atomic_block:  # What began the step goes with this transaction, where that has failed as well.
        with suppress(Error):
            record()
        leave(name)
        return
    try:
        patiently(record, _HERE)
    except Error as error:
        let_go()
        ImportLog(log, run).warning("how it ended could not be recorded yet: %s", error)
        Thread(target=go_on, name=f"ending of {run.uuid}", daemon=True).start()


def reason_of(error: BaseException, trouble: Trouble | None) -> str:
    """Why a step failed, as its import tells it."""
    if isinstance(error, ImportFromModulestoreError):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return _("Interrupted before it was done.")
    if isinstance(error, OSError) and error.strerror:  # Which file of the server it was, is for the log.
        return f"{type(error).__name__}: {error.strerror}"
    if trouble and trouble is not Trouble.OTHER:
        return str(trouble.label)
    return f"{type(error).__name__}: {error}"
