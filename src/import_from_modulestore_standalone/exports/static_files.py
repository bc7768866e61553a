"""The files of an export's ``static/`` folder, by the names that OLX uses for them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

from opaque_keys.edx.locator import AssetLocator

from .files import read_json


class StaticFiles:
    """
    Finds files by the names that OLX refers to them by.

    Names are exact. Besides the file's own path below ``static/``, a file answers to the name that Studio gave its
    asset key: ``/`` and characters that a key cannot have become ``_``, so ``tide table.svg`` is referred to as
    ``tide_table.svg``; where ``policies/assets.json`` records the key, that is taken as it stands.
    """

    def __init__(self, folder: Path) -> None:
        self._by_name: dict[str, Path] = {}
        static = folder / "static"
        paths = sorted(_plain_files(static)) if static.is_dir() and not static.is_symlink() else []
        by_path = {path.relative_to(static).as_posix(): path for path in paths}
        self._by_name.update(by_path)
        for key_name, recorded in _recorded_paths(folder).items():
            if found := next((by_path[path] for path in recorded if path in by_path), None):
                self._by_name.setdefault(key_name, found)
        for name, path in by_path.items():
            self._by_name.setdefault(asset_name(name), path)

    def find(self, name: str) -> Path | None:
        """The file that OLX means by this name, or ``None``."""
        return self._by_name.get(name) or self._by_name.get(asset_name(name))


def asset_name(name: str) -> str:
    """
    The name as part of an asset key, as Studio makes it.

    >>> asset_name("diagrams/tide table.svg")
    'diagrams_tide_table.svg'
    """
    return AssetLocator.clean_keeping_underscores(name.replace("/", "_"))


def md5_of(path: Path) -> str:
    """MD5 of a file's content, read in pieces (the hash that ``content_staging`` keeps; it only identifies)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _plain_files(folder: Path) -> list[Path]:
    found = []
    for parent, _folders, names in os.walk(folder, followlinks=False):
        for name in names:
            path = Path(parent, name)
            if not name.startswith("._") and name != ".DS_Store" and path.is_file() and not path.is_symlink():
                found.append(path)
    return found


def _recorded_paths(folder: Path) -> dict[str, list[str]]:
    """By the name in an asset's key, the paths below ``static/`` at which the export may have put the asset."""
    recorded = {}
    for name, asset in read_json(folder.resolve(), "policies/assets.json").items():
        values = asset if isinstance(asset, dict) else {}
        key, title, import_path = (values.get(field) for field in ("filename", "displayname", "import_path"))
        if isinstance(key, str) and "@" in key:
            parent = PurePosixPath(import_path).parent if isinstance(import_path, str) else PurePosixPath()
            names = (import_path, name, title)
            recorded[key.rpartition("@")[2]] = [
                (parent / PurePosixPath(path).name).as_posix() for path in names if isinstance(path, str)
            ]
    return recorded
