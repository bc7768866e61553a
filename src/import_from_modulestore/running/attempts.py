"""
Attempts: who is at a step, and whether they still are.

An attempt is one time that a process does a step. The import names it in ``worker`` as long as it lasts, and it renews
the import's ``heartbeat``. It is over when the process has left the step and that is recorded, or when the process is
gone. A process knows its own attempts; of others it looks at the process, where it runs on the same host, and at the
heartbeat: a process may live on and have left the step, where the database failed before it could say so.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from uuid import uuid4

from django.db import transaction
from django.db.utils import Error
from django.utils import timezone

from ..models import Import
from ..waiting import at_most, let_go
from .logs import ImportLog

HEARTBEAT_EVERY = timedelta(seconds=20)
"""How often a step that runs says so."""

STALE_AFTER = timedelta(minutes=3)
"""How old a heartbeat may be before the attempt that should send it counts as dead."""

_GLANCE = 1.0
"""Seconds between two looks at the clock: one that was late, after the machine has slept, say, comes at once."""

log = logging.getLogger(__name__)

_CORRECTION = 60
"""
Seconds by which a machine's clock may be corrected while a step runs: a process is said to have started by as much
earlier or later then. Another that gets the same ID so soon looks alive no longer than the heartbeat is fresh.
"""

_own: dict[str, float] = {}
"""The attempts of this process, of all its threads, and when they began. Its operations are atomic."""

os.register_at_fork(after_in_child=_own.clear)


@contextmanager
def attempt() -> Iterator[str]:
    """
    A new attempt of this process, by its name: host, process ID, when the process started, and a number of its own.

    It lasts until it is given to :func:`leave`, and is over at once where this is left by an exception.
    """
    import psutil  # For those that do a step.

    process = psutil.Process(os.getpid())
    name = f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}:{uuid4().hex[:12]}"
    _own[name] = monotonic()
    try:
        yield name
    except BaseException:
        leave(name)
        raise


def leave(name: str) -> None:
    """Say that this process is not at the attempt any more."""
    _own.pop(name, None)


def seconds_of(name: str) -> float:
    """How long this process has been at the attempt; 0 where it is not."""
    began = _own.get(name)
    return monotonic() - began if began is not None else 0.0


def own_attempts() -> frozenset[str]:
    """What this process is at."""
    return frozenset(_own)


def is_alive(run: Import) -> bool:
    """Whether the attempt that the import names as its worker still lasts."""
    match run.worker.rsplit(":", 3):
        case [host, pid, started, _number] if host == socket.gethostname():
            if pid == str(os.getpid()):
                return run.worker in _own
            return _is_running(pid, started) and has_beaten(run)
    return has_beaten(run)


def is_own(run: Import) -> bool:
    """Whether the attempt is one of this process, whether it lasts or not."""
    return run.worker.rsplit(":", 3)[:2] == [socket.gethostname(), str(os.getpid())]


def has_beaten(run: Import) -> bool:
    """Whether the import's heartbeat is fresh."""
    return run.heartbeat is not None and run.heartbeat > timezone.now() - STALE_AFTER


@contextmanager
def heart(run: Import) -> Iterator[None]:
    """
    Renew the import's heartbeat while a step runs, over a connection of its own.

    On SQLite it is left out while somebody writes: nobody can write then that the attempt is dead, either. The step's
    own transactions end with a fresh heartbeat where they take long (:func:`.lifecycle.hold`).
    """
    ended = Event()
    thread = Thread(target=_beat, args=(run, run.worker, ended), name=f"heart of {run.uuid}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)


def _beat(run: Import, worker: str, ended: Event) -> None:
    due, is_late = timezone.now() + HEARTBEAT_EVERY, False
    while not ended.wait(min(_GLANCE, HEARTBEAT_EVERY.total_seconds())):
        if timezone.now() < due:
            continue
        try:
            with at_most(1), transaction.atomic():
                # The step itself holds the row near its end. To wait for it would be in its way, and in vain.
                own = Import.objects.filter(pk=run.pk, worker=worker).select_for_update(skip_locked=True)
                if own.values_list("pk").first():
                    own.update(heartbeat=timezone.now())
            due, is_late = timezone.now() + HEARTBEAT_EVERY, False
        except Error as error:  # The next one comes soon: who waits for the same lock may ask whether this lasts.
            if not is_late:
                ImportLog(log, run).info("a heartbeat is late: %s", error)
            is_late = True
            let_go()
    let_go()


def _is_running(pid: str, started: str) -> bool:
    """Whether a process of this host runs, and is the one that started then."""
    import psutil

    try:
        process = psutil.Process(int(pid))
        is_same = abs(process.create_time() - float(started)) < _CORRECTION
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return False
