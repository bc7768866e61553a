"""
Steps that are held in their middle, in processes of their own: what is to happen meanwhile does, at whatever speed.

A process that has the settings :mod:`.gated` waits where it reports its progress, as long as ``VAR_DIR`` has a file
that names the phase, and nobody asks the step to stop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache

from import_from_modulestore.exports import looks
from import_from_modulestore.running import progress

NEVER = 10**20
"""Nanoseconds for which a source has to be at rest before what was staged of it is taken over: it is always read."""


class _Gate:
    """A gate between the two, in the cache that they go through."""

    _phase = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        progress.INTERVAL = 0  # Each report is told, and followed by a look whether to stop.
        looks._SETTLED_AFTER = NEVER  # What is taken over from another import may have no middle.

    def set(self, key: str, value: Any, *args: Any, **kwargs: Any) -> None:
        super().set(key, value, *args, **kwargs)  # type: ignore[misc]
        if ":progress:" in key:
            self._phase = value["phase"] if value["done"] > 1 else ""

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        while True:
            value = super().get(key, default, version)  # type: ignore[misc]
            if value or ":stop:" not in key or not self._is_closed():
                return value
            _reached(settings.VAR_DIR).touch()
            time.sleep(0.02)

    def _is_closed(self) -> bool:
        with suppress(FileNotFoundError):
            return bool(self._phase) and _gate(settings.VAR_DIR).read_text() == self._phase
        return False


class FolderGate(_Gate, FileBasedCache):
    """In a folder."""


class RedisGate(_Gate, RedisCache):
    """In Redis."""


@contextmanager
def closed(var: str, phase: str) -> Iterator[Callable[[], bool]]:
    """Hold whoever comes to the middle of this phase, until this is left; it gives whether somebody has come."""
    gate, reached = _gate(var), _reached(var)
    gate.parent.mkdir(exist_ok=True)
    reached.unlink(missing_ok=True)
    gate.with_suffix(".new").write_text(phase)
    gate.with_suffix(".new").replace(gate)
    try:
        yield reached.exists
    finally:
        gate.unlink()


def _gate(var: str | Path) -> Path:
    return Path(var, "gate")


def _reached(var: str | Path) -> Path:
    return Path(var, "gate.reached")
