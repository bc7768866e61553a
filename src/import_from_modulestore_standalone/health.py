"""
Whether the site lives, and whether it can do its work: for those who start and watch its processes.

``/healthz`` is answered by a process that answers at all, ``/readyz`` by one whose database, migrations, broker and
storage are there as well; where one is not, with 503 and the word for it. Neither says what is not for everybody; the
log says more.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from threading import Lock
from time import monotonic

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from import_from_modulestore.errors import DatabaseUnavailable
from import_from_modulestore.trouble import Trouble, in_full, recognized
from import_from_modulestore.waiting import at_most

from .celery import app
from .database import is_up_to_date

FRESH = 2.0
"""For how many seconds an answer holds: however often one asks, it costs the site next to nothing."""

OK = "ok"

log = logging.getLogger(__name__)


def lives(request: HttpRequest) -> HttpResponse:
    """``/healthz``."""
    return _told(200, {"status": OK})


def is_ready(request: HttpRequest) -> HttpResponse:
    """``/readyz``."""
    checks = _readiness.checks()
    if set(checks.values()) == {OK}:
        return _told(200, {"status": "ready", "checks": checks})
    return _told(503, {"status": "not ready", "checks": checks})


class Readiness:
    """What :func:`check_all` has found out last; one thread at a time looks anew, and the others do not wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: dict[str, str] = {}
        self._until = 0.0

    def checks(self) -> dict[str, str]:
        """The word for each thing, not older than :data:`FRESH` unless that is being found out."""
        if monotonic() >= self._until and self._lock.acquire(blocking=not self._found):
            try:
                if monotonic() >= self._until:
                    self._found = check_all()
                    self._until = monotonic() + FRESH
            finally:
                self._lock.release()
        return self._found


_readiness = Readiness()


def check_all() -> dict[str, str]:
    """
    A word for each thing that the site needs: ``ok``, or what is wrong with it.

    Cost: two or three statements, and as many messages to the broker.
    """
    return {**_check_database(), "broker": _check_broker(), "storage": _check_storage()}


def _check_database() -> dict[str, str]:
    try:
        with at_most(1), recognized():
            return {"database": OK, "migrations": OK if is_up_to_date() else "missing"}
    except DatabaseUnavailable as error:
        log.warning("Not ready: %s", in_full(error))
        if error.kind == Trouble.OLD:
            return {"database": OK, "migrations": "newer"}
        return {"database": error.kind, "migrations": "unknown"}


def _check_broker() -> str:
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=4)
            channel = broker.default_channel
            folder = getattr(channel, "data_folder_out", None)
            if folder and Path(folder).exists():  # It is made for the first message.
                _write_in(Path(folder))
    except Exception as error:  # Each kind of broker has errors of its own.
        log.warning("Not ready: the message broker cannot be reached: %s", error)
        return "unreachable"
    return OK


def _check_storage() -> str:
    try:
        _write_in(Path(settings.VAR_DIR))
    except OSError as error:
        log.warning("Not ready: nothing can be written to the folder of this site: %s", error)
        return "not_writable"
    return OK


def _write_in(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        file.write(bytes(4096))


def _told(status: int, what: dict[str, object]) -> HttpResponse:
    response = JsonResponse(what, status=status, headers={"Cache-Control": "no-store"})
    response.headers["Content-Length"] = str(len(response.content))
    return response
