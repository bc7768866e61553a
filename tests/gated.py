"""
Settings of a site whose steps can be held: one that has time, with a gate (see :mod:`.gates`).

As in :mod:`.patient`, what is changed is a copy: who looks for doctests loads this where the tests' own settings hold.
"""

from tests.patient import *  # noqa: F403

_gate = "tests.gates.RedisGate" if REDIS_URL else "tests.gates.FolderGate"  # noqa: F405
CACHES = {"default": CACHES["default"] | {"BACKEND": _gate}}  # noqa: F405
