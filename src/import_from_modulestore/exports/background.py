"""Work that a page begins, and may not see the end of: one thread of one process of the site is at it at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

from django.core.files import locks

log = logging.getLogger(__name__)

_threads: dict[Path, Thread] = {}
_guard = Lock()


def begin(work: Callable[[], None], lock: Path, *, wait: float) -> None:
    """
    Have the work done that the file ``lock`` stands for, unless this process is at it; ``wait`` so long for its end.

    Where another process is at it, it is done after that: it has to find out by itself that nothing is left to do.
    """
    with _guard:
        thread = _threads.get(lock)
        if thread is None or not thread.is_alive():
            thread = _threads[lock] = Thread(target=_do, args=(work, lock), name=work.__name__, daemon=True)
            thread.start()
    thread.join(wait)


def _do(work: Callable[[], None], lock: Path) -> None:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as file:
            locks.lock(file, locks.LOCK_EX)
            work()
    except Exception:
        log.exception("%s was given up", work.__name__)
