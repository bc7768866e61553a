"""
Which process is at a step, and whether it still is.

While a step runs, the import names the process in ``worker``, and the process renews the import's ``heartbeat``.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import psutil
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ..models import Import
from .logs import ImportLog

HEARTBEAT_EVERY = timedelta(seconds=20)
"""How often a step that runs says so."""

STALE_AFTER = timedelta(minutes=3)
"""How old a heartbeat may be before the process on another host that should send it counts as dead."""

log = logging.getLogger(__name__)


def this_process() -> str:
    """What an import says of this process when it is at the import's step: host, process ID, when it started."""
    process = psutil.Process(os.getpid())
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


@contextmanager
def heart(run: Import) -> Iterator[None]:
    """
    Renew the import's heartbeat while a step runs, over a connection of its own.

    Not on SQLite: a step that writes lets nobody else write there, and all processes are on one host, which knows.
    """
    if connection.vendor == "sqlite":
        yield
        return
    ended = Event()
    thread = Thread(target=_beat, args=(run, run.worker, ended), name=f"heart of {run.uuid}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)


def _beat(run: Import, worker: str, ended: Event) -> None:
    while not ended.wait(HEARTBEAT_EVERY.total_seconds()):
        try:
            with transaction.atomic():
                # The step itself holds the row near its end. To wait for it would be in its way, and in vain.
                own = Import.objects.filter(pk=run.pk, worker=worker).select_for_update(skip_locked=True)
                if own.values_list("pk").first():
                    own.update(heartbeat=timezone.now())
        except DatabaseError as error:
            ImportLog(log, run).warning("a heartbeat was left out: %s", error)
            connection.close()
    connection.close()


def is_alive(run: Import) -> bool:
    """Whether the process that the import names as its worker still runs."""
    host, _sep, pid = run.worker.rpartition(":")[0].rpartition(":")
    started = run.worker.rpartition(":")[2]
    if host == socket.gethostname() and pid.isdecimal():
        try:
            process = psutil.Process(int(pid))
            return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - float(started)) < 1
        except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
            return False
    return has_beaten(run)


def has_beaten(run: Import) -> bool:
    """Whether the import's heartbeat is fresh."""
    return run.heartbeat is not None and run.heartbeat > timezone.now() - STALE_AFTER
