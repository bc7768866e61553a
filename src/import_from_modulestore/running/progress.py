"""
Live progress, seen from any process, also while the step's transaction is open.

It goes through Django's cache (alias ``IMPORT_FROM_MODULESTORE_CACHE``, by default ``default``), since other
connections see nothing of an open transaction. Where processes share no cache, or it cannot be reached, there is no
live progress and nothing else is missing. The cache is also how a running step is asked to stop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.utils.translation import gettext_lazy as _

from ..data import ImportState, Progress, ProgressData
from ..errors import StepCanceled
from ..models import Import

INTERVAL = 0.3
"""Seconds between two reports."""

_PAUSE = 10
"""Seconds until a cache that could not be reached is tried again, so that a step is not slowed down by it."""

_KEPT_FOR = 3600
"""Seconds that a report stays readable, unless the next one or the end of the step comes first."""

_ASKED_FOR = 120
"""Seconds that a request to stop stays; longer than whoever cancels waits for the database."""

_STOPPED = {
    ImportState.UNDOING: _("The undo was stopped while it ran. Nothing was taken back."),
    ImportState.REDOING: _("The redo was stopped while it ran. Nothing was put back."),
    "": _("The import was canceled while this ran. Nothing was written."),
}

log = logging.getLogger(__name__)


class Reporter:
    """A :class:`..data.Progress` that reports to the cache, and passes on to another one."""

    def __init__(self, run: Import, inner: Progress) -> None:
        self._key, self._stop_key, self._told = _key(run), _stop_key(run), _STOPPED.get(run.state, _STOPPED[""])
        self._inner = inner
        self._phase = ""
        self._phase_began = self._next = 0.0
        self._done_before = 0
        _try(lambda cache: cache.delete(self._key))  # What a killed process may have left.

    def __call__(self, phase: str, done: int, total: int, title: str = "") -> None:
        """Report, at most every :data:`INTERVAL`; raises :class:`..errors.StepCanceled` where asked to stop."""
        self._inner(phase, done, total, title)
        now = monotonic()
        if phase == self._phase and now < self._next:
            return
        if phase != self._phase:
            self._phase, self._phase_began, self._done_before = phase, now, done
        report = {
            "phase": phase,
            "done": done,
            "total": total,
            "title": title,
            "seconds_left": self._seconds_left(now, done, total),
            "updated": datetime.now(UTC),
        }

        def tell(cache: Any) -> bool:
            cache.set(self._key, report, _KEPT_FOR)
            return bool(cache.get(self._stop_key))

        asked_to_stop = _try(tell)
        self._next = now + (INTERVAL if asked_to_stop is not None else _PAUSE)
        if asked_to_stop:
            raise StepCanceled(str(self._told))

    def clear(self) -> None:
        """Remove the report; the step has ended."""
        _try(lambda cache: cache.delete_many([self._key, self._stop_key]))

    def _seconds_left(self, now: float, done: int, total: int) -> float | None:
        """From the pace of this phase, once a second of it has passed."""
        spent, done_since = now - self._phase_began, done - self._done_before
        if spent < 1 or done_since <= 0 or not total:
            return None
        return spent / done_since * max(total - done, 0)


def live_progress(run: Import) -> ProgressData | None:
    """The last report of the import's running step, if there is one."""
    report = _try(lambda cache: cache.get(_key(run)))
    return ProgressData(**report) if report else None


def ask_to_stop(run: Import) -> None:
    """Make the next report of the attempt that the import names raise, and of no other."""
    if run.worker:
        _try(lambda cache: cache.set(_stop_key(run), True, _ASKED_FOR))


def _key(run: Import) -> str:
    return f"modulestore_imports:progress:{run.uuid.hex}"


def _stop_key(run: Import) -> str:
    return f"modulestore_imports:stop:{run.uuid.hex}:{run.worker.rpartition(':')[2]}"


def _try[T](use: Callable[[Any], T]) -> T | None:
    """Use the cache; ``None`` where that fails, in whatever way its backend does: no work may fail with it."""
    try:
        return use(caches[getattr(settings, "IMPORT_FROM_MODULESTORE_CACHE", "default")])
    except Exception as error:
        log.warning("No live progress, since the cache cannot be used: %s", error)
        return None
