"""Settings of a site whose steps can be held: one that has time, with a gate (see :mod:`.gates`)."""

from tests.patient import *  # noqa: F403

CACHES["default"]["BACKEND"] = "tests.gates.RedisGate" if REDIS_URL else "tests.gates.FolderGate"  # noqa: F405
