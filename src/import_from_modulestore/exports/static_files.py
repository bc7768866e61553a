"""The files of an export's ``static/`` folder, by the names that OLX uses for them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from opaque_keys.edx.locator import AssetLocator

from ..olx.files.addresses import CourseName
from ..olx.files.references import MAX_READ_BYTES, normal_name
from ..texts import clean
from .files import read_json

_FOLDER = "static"
_MAX_FILENAME = 255


class StaticFiles:
    """
    Finds files by the names that OLX refers to them by.

    Names are exact. Besides the file's own path below ``static/``, a file answers to the name that Studio gave its
    asset key: ``/`` and characters that a key cannot have become ``_``, so ``tide table.svg`` is referred to as
    ``tide_table.svg``; where ``policies/assets.json`` records the key, that is taken as it stands.

    ``left_out`` says, by name, which files there are and cannot be taken, and why. ``recorded_courses`` are
    the courses that the assets belonged to when they were exported.
    """

    def __init__(self, folder: Path) -> None:
        self.left_out: dict[str, str] = {}
        self._by_name: dict[str, Path] = {}
        static = folder / _FOLDER
        paths = []
        if static.is_symlink():
            self.left_out[""] = f"The folder {_FOLDER} was left out: it is a link. Put the folder itself in its place."
        elif static.is_dir():
            paths = sorted(self._plain_files(static))
        by_path = {path.relative_to(static).as_posix(): path for path in paths}
        self._by_name.update(by_path)
        assets = _recorded_assets(folder)
        self.recorded_courses = set(map(CourseName.of_key, assets))
        for key, recorded in assets.items():
            if found := next((by_path[path] for path in recorded if path in by_path), None):
                self._by_name.setdefault(_name_in_key(key), found)
        for name, path in by_path.items():
            self._by_name.setdefault(asset_name(name), path)
        self._by_normal_name: dict[str, set[Path]] = {}
        for name, path in self._by_name.items():
            self._by_normal_name.setdefault(normal_name(name), set()).add(path)

    def find(self, name: str) -> Path | None:
        """The file that OLX means by this name, or ``None``."""
        if len(name) > _MAX_FILENAME:
            return None
        return self._by_name.get(name) or self._by_name.get(asset_name(name))

    def alike(self, name: str) -> Path | None:
        """The file whose name differs in its Unicode normal form only, where there is exactly one."""
        paths = self._by_normal_name.get(normal_name(name), ()) if len(name) <= _MAX_FILENAME else ()
        return next(iter(paths)) if len(paths) == 1 else None

    def read(self, file: Path) -> bytes | None:
        """The content of one of the files, unless it is too large to be looked into."""
        try:
            return file.read_bytes() if file.stat().st_size <= MAX_READ_BYTES else None
        except OSError:
            return None

    def _plain_files(self, folder: Path) -> Iterator[Path]:
        """All plain files below the folder, and links to such; notes what is left out."""
        inside = Path(os.path.realpath(folder))
        for parent, folders, names in os.walk(folder, followlinks=False):
            for name in (*names, *(each for each in folders if Path(parent, each).is_symlink())):
                path = Path(parent, name)
                if name.startswith("._") or name == ".DS_Store":
                    continue
                where = path.relative_to(folder).as_posix()
                if path.is_symlink() and not (path.is_file() and Path(os.path.realpath(path)).is_relative_to(inside)):
                    self.left_out[where] = (
                        f"{_FOLDER}/{clean(where)} was left out: it is a link to what is not a file in the folder "
                        f"{_FOLDER}. Put the file itself in its place."
                    )
                elif not path.is_file():
                    continue
                elif clean(where) != where:
                    self.left_out[where] = (
                        f"{_FOLDER}/{clean(where)} was left out: its name is not UTF-8, so nothing can refer to it. "
                        "Rename it."
                    )
                else:
                    yield path


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


def _name_in_key(key: str) -> str:
    return key.rpartition("@" if "@" in key else "/")[2]


def _recorded_assets(folder: Path) -> dict[str, list[str]]:
    """By an asset's key, the paths below ``static/`` at which the export may have put the asset."""
    recorded = {}
    for name, asset in read_json(folder.resolve(), "policies/assets.json").items():
        values = asset if isinstance(asset, dict) else {}
        key, title, import_path = (values.get(field) for field in ("filename", "displayname", "import_path"))
        if isinstance(key, str) and ("@" in key or "c4x/" in key):
            parent = PurePosixPath(import_path).parent if isinstance(import_path, str) else PurePosixPath()
            names = (import_path, name, title)
            recorded[key] = [(parent / PurePosixPath(path).name).as_posix() for path in names if isinstance(path, str)]
    return recorded
