"""
What is written is for the account that the project runs as, and for nobody else on the machine: files of courses that
are not public, the sessions of those who are signed in.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.files import locks
from django.core.management.utils import get_random_secret_key

_OURS = (
    "broker",
    "cache",
    "celerybeat-schedule*",
    "courses",
    "db.sqlite3*",
    "exports",
    "library-media",
    "media",
    "password",
    "secret_key*",
    "tmp",
    "uploads",
)
"""What the project writes into its folder, by name."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_privately() -> int:
    """Have all that this process makes from now on be for its account alone; returns the umask that it had."""
    return os.umask(_OTHERS)


def keep_to_ourselves(folder: Path) -> None:
    """
    Close what is open to others: what the project has in its folder, and the folder, where nothing else is in it.

    A folder that somebody shares with us, as a home, is for its owner to close.
    """
    shared = False
    for path in folder.iterdir():
        if _is_ours(path):
            _close(path)
        else:
            shared = True
    if not shared:
        _close(folder)


def kept_secret_key(folder: Path) -> str:
    """
    Django's secret key, which is made once, however many begin at the same time.

    Raises ``OSError``, and ``ValueError`` where the file holds something else.
    """
    file = folder / "secret_key"
    try:
        if (key := file.read_text("utf-8")).strip():
            return key
    except FileNotFoundError:
        pass
    except UnicodeDecodeError:
        raise ValueError(f"{file}: no key, but something else") from None
    with file.open("a+", encoding="utf-8") as kept:
        locks.lock(kept, locks.LOCK_EX)
        kept.seek(0)
        if not (key := kept.read()).strip():
            key = get_random_secret_key()
            kept.truncate(0)
            kept.write(key)
        return key


@checks.register(checks.Tags.security)
def check_what_is_open(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """What could not be closed: it belongs to another account."""
    with suppress(OSError):
        folder = Path(settings.VAR_DIR)
        names = sorted(path.name for path in folder.iterdir() if _is_ours(path) and _is_open(path))
        if names and _is_open(folder):
            return [
                checks.Warning(
                    f"Others on this machine can read what is kept in {folder}: {', '.join(names)}.",
                    hint="They belong to another account than this one. Run everything as one, which owns them.",
                    id="import_from_modulestore_standalone.W001",
                )
            ]
    return []


def _is_ours(path: Path) -> bool:
    return any(fnmatchcase(path.name, pattern) for pattern in _OURS)


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & _OTHERS)


def _close(path: Path) -> None:
    with suppress(OSError):  # Gone, or another's: the check tells.
        found = path.stat()
        if found.st_mode & _OTHERS and found.st_uid == os.geteuid():
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
