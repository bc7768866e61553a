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
from django.utils.translation import gettext as _

from ..data import Progress, ProgressData
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

log = logging.getLogger(__name__)


class Reporter:
    """A :class:`..data.Progress` that reports to the cache, and passes on to another one."""

    def __init__(self, run: Import, inner: Progress) -> None:
        self._key, self._stop_key = _keys(run)
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
            raise StepCanceled(_("The import was canceled while this ran. Nothing was written."))

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
    report = _try(lambda cache: cache.get(_keys(run)[0]))
    return ProgressData(**report) if report else None


def ask_to_stop(run: Import) -> None:
    """Make the running step's next report raise."""
    _try(lambda cache: cache.set(_keys(run)[1], True, _ASKED_FOR))


def withdraw(run: Import) -> None:
    """Take :func:`ask_to_stop` back: there was nothing to stop, and a later step is not to be stopped instead."""
    _try(lambda cache: cache.delete(_keys(run)[1]))


def _keys(run: Import) -> tuple[str, str]:
    return f"modulestore_imports:progress:{run.uuid.hex}", f"modulestore_imports:stop:{run.uuid.hex}"


def _try[T](use: Callable[[Any], T]) -> T | None:
    """Use the cache; ``None`` where that fails, in whatever way its backend does: no work may fail with it."""
    try:
        return use(caches[getattr(settings, "IMPORT_FROM_MODULESTORE_CACHE", "default")])
    except Exception as error:
        log.warning("No live progress, since the cache cannot be used: %s", error)
        return None
