"""The files of an export's ``static/`` folder, by the names that OLX uses for them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _
from opaque_keys.edx.locator import AssetLocator

from ..olx.files.addresses import CourseName
from ..olx.files.references import MAX_READ_BYTES, normal_name
from ..texts import clean
from .files import Folder

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

    def __init__(self, files: Folder) -> None:
        self.left_out: dict[str, str] = {}
        self._by_name: dict[str, Path] = {}
        static = files.path / _FOLDER
        by_path: dict[str, Path] = {}
        if static.is_symlink():
            self.left_out[""] = _(
                "The folder {folder} was left out: it is a link. Put the folder itself in its place."
            ).format(folder=_FOLDER)
        elif static.is_dir():
            names = sorted(self._plain_files(static), key=lambda name: name.split("/"))
            by_path = {name: static / name for name in names}
        self._by_name.update(by_path)
        assets = _recorded_assets(files)
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

    def _plain_files(self, static: Path) -> Iterator[str]:
        """All plain files below the folder, and links to such, by their paths; notes what is left out."""
        inside = Path(os.path.realpath(static))
        folders = [""]
        while folders:
            folder = folders.pop()
            below = []
            for entry in _entries(static / folder):
                where = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    below.append(f"{where}/")
                elif entry.name.startswith("._") or entry.name == ".DS_Store":
                    continue
                elif entry.is_symlink() and not (
                    Path(entry.path).is_file() and Path(os.path.realpath(entry.path)).is_relative_to(inside)
                ):
                    self.left_out[where] = _(
                        "{folder}/{where} was left out: it is a link to what is not a file in the folder {folder}. "
                        "Put the file itself in its place."
                    ).format(folder=_FOLDER, where=clean(where))
                elif not entry.is_symlink() and not entry.is_file(follow_symlinks=False):
                    continue
                elif clean(where) != where:
                    self.left_out[where] = _(
                        "{folder}/{where} was left out: its name is not UTF-8, so nothing can refer to it. Rename it."
                    ).format(folder=_FOLDER, where=clean(where))
                else:
                    yield where
            folders += reversed(below)


def asset_name(name: str) -> str:
    """
    The name as part of an asset key, as Studio makes it.

    >>> asset_name("diagrams/tide table.svg")
    'diagrams_tide_table.svg'
    """
    return AssetLocator.clean_keeping_underscores(name.replace("/", "_"))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing of one that cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def md5_of(path: Path) -> str:
    """MD5 of a file's content, read in pieces (the hash that ``content_staging`` keeps; it only identifies)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _name_in_key(key: str) -> str:
    return key.rpartition("@" if "@" in key else "/")[2]


def _recorded_assets(files: Folder) -> dict[str, list[str]]:
    """By an asset's key, the paths below ``static/`` at which the export may have put the asset."""
    recorded = {}
    for name, asset in files.read_json("policies/assets.json").items():
        values = asset if isinstance(asset, dict) else {}
        key, title, import_path = (values.get(field) for field in ("filename", "displayname", "import_path"))
        if isinstance(key, str) and ("@" in key or "c4x/" in key):
            parent = PurePosixPath(import_path).parent if isinstance(import_path, str) else PurePosixPath()
            names = (import_path, name, title)
            recorded[key] = [(parent / PurePosixPath(path).name).as_posix() for path in names if isinstance(path, str)]
    return recorded
