"""Not looking for garbage where little is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_within = 0
_was_enabled = True


@contextmanager
def no_garbage() -> Iterator[None]:
    """
    Within this, Python does not look for cycles of objects that nobody has any more; also a decorator.

    For what makes objects by the ten thousand and keeps nearly all of them: the collector goes through all that a
    process has each time that there is a quarter more, which took a fifth of completing an import. It stays off in all
    threads until none of them is within, and what they leave meanwhile is found then. Not for what goes item by item
    through the API of ``openedx_content``: that leaves 16 kB of garbage an item.
    """
    global _within, _was_enabled
    with _lock:
        if not _within:
            _was_enabled = gc.isenabled()
            gc.disable()
        _within += 1
    try:
        yield
    finally:
        with _lock:
            _within -= 1
            if not _within and _was_enabled:
                gc.enable()
