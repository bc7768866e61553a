"""Reading the files of an export: never one outside its folder, never a pipe or a device, never one without bounds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from ..olx.parsing import MAX_XML_BYTES
from ..texts import clean

_LEFT_OVER_AFTER = 24 * 3600


class UnreadableFile(ValueError):
    """A file that cannot be read; the message names the file, the reason and the way out."""


def has_file(folder: Path, name: str) -> bool:
    """Whether the export holds this file. ``folder`` is a resolved path, as everywhere here."""
    path = folder / name
    try:
        return path.is_file() and _is_inside(folder, path)
    except OSError:  # A name longer than the file system takes, or a folder that may not be entered.
        return False


def read_file(folder: Path, name: str) -> bytes:
    """
    The content of one file of the export.

    Raises :class:`UnreadableFile` where it is not there, lies outside, or is larger than ``MAX_XML_BYTES``.
    """
    path = folder / name
    if ".." in PurePosixPath(name).parts or not _is_inside(folder, path):
        raise UnreadableFile(f"{clean(name)} lies outside the export. Give the block a plain url_name.")
    try:
        if path.exists() and not path.is_file():
            raise UnreadableFile(f"{clean(name)} is not a plain file. Replace it, or export the course again.")
        if path.stat().st_size > MAX_XML_BYTES:
            raise UnreadableFile(
                f"{clean(name)} is larger than {MAX_XML_BYTES // 1_000_000} MB, too large for a block. Make it smaller."
            )
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise UnreadableFile(f"{clean(name)} is not in the export. Add the file, or export the course again.") from None
    except OSError as error:
        raise UnreadableFile(f"{clean(name)} could not be read: {error.strerror or error}.") from None


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of the export; an empty one where it is not there or is anything else."""
    try:
        value = json.loads(read_file(folder, name))
    except (ValueError, RecursionError):  # UnreadableFile is a ValueError.
        return {}
    return value if isinstance(value, dict) else {}


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as it can be, however deep; ``shutil.rmtree`` recurses."""
    for parent, folders, names in os.walk(folder, topdown=False):
        for name in names:
            with suppress(OSError):
                Path(parent, name).unlink()
        for name in folders:
            path = Path(parent, name)
            with suppress(OSError):
                path.unlink() if path.is_symlink() else path.rmdir()
    with suppress(OSError):
        folder.rmdir()


def remove_left_over(paths: Iterable[Path]) -> None:
    """Remove those that a process had begun to write which was killed: nothing has been written to them for a day."""
    for path in paths:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _LEFT_OVER_AFTER:
                remove(path) if path.is_dir() else path.unlink()


def _is_inside(folder: Path, path: Path) -> bool:
    # Not Path.resolve(), which raises on a loop of links.
    return Path(os.path.realpath(path)).is_relative_to(folder)
