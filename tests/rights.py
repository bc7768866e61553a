"""Being a user like others: the superuser, as whom tests run in containers, may read everything."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522
_OVERRIDE = 0b110
"""``CAP_DAC_OVERRIDE`` and ``CAP_DAC_READ_SEARCH`` (Linux: ``include/uapi/linux/capability.h``)."""


@contextmanager
def without_override() -> Iterator[None]:
    """Have the modes of files hold for the superuser too, in this thread."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, before = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    reduced = (ctypes.c_uint32 * 6)(*before)
    reduced[0] &= ~_OVERRIDE
    assert libc.capset(header, reduced) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


def as_others(words: list[str]) -> list[str]:
    """The words that start a program, for which the modes of files hold, whoever starts it."""
    return words if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *words]
