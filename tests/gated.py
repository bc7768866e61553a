"""Settings of a site whose steps can be held: the standalone project's, with a gate (see :mod:`.gates`)."""

from import_from_modulestore_standalone.settings import *  # noqa: F403

CACHES["default"]["BACKEND"] = "tests.gates.RedisGate" if REDIS_URL else "tests.gates.FolderGate"  # noqa: F405
