"""A folder of exports: the standalone host's modulestore."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.files import locks
from opaque_keys.edx.keys import LearningContextKey

from import_from_modulestore.data import SourceData, SourceKind
from import_from_modulestore.errors import NotFound, SourceError

from .archive import STANDARD_LIMITS, UnpackLimits, is_archive, unpack
from .export import Export
from .files import shown

_SUMMARY = "summary.json"
_SUMMARY_KEYS = {"counts", "types", "size", "warnings"}
_CONTENT = "content"
_PARTIAL = "partial"
_LOCK = "lock"


@dataclass(frozen=True)
class _Entry:
    """A folder or archive on the shelf."""

    path: Path
    is_archive: bool

    @property
    def name(self) -> str:
        return shown(self.path.name)

    @property
    def stamp(self) -> str:
        stat = self._stat()
        return f"{self.path.name}\0{stat.st_size}\0{stat.st_mtime_ns}"

    @property
    def version(self) -> str:
        modified = datetime.fromtimestamp(self._stat().st_mtime, tz=UTC)
        return f"{self.name} of {modified:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def size(self) -> int:
        return self._stat().st_size if self.is_archive else _size_of(self.path)

    def _stat(self) -> os.stat_result:
        try:
            return self.path.stat()
        except OSError as error:
            raise SourceError(
                f"{self.name} could not be read: {error.strerror or error}. List the sources again."
            ) from None


class Shelf:
    """
    Finds and opens the exports in ``folder``: each sub-folder and each ``.tar.gz`` in it, or the folder itself where it
    is an export.

    Archives are unpacked once into ``cache``, by name, size and time. What is unpacked of an archive that has changed
    or gone is dropped after ``keep``, since an import may still be reading it.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        limits: UnpackLimits = STANDARD_LIMITS,
        keep: timedelta = timedelta(hours=6),
    ) -> None:
        self._folder = folder
        self._cache = cache / _short_hash(str(folder.resolve()))
        self._limits = limits
        self._keep = keep

    def list(self) -> Iterator[SourceData]:
        """Every export with its counts, in order of name; unreadable ones with their problem."""
        entries = self._entries()
        self._drop_stale(entries)
        for entry in entries:
            try:
                yield self._describe(entry)
            except SourceError as error:
                yield SourceData(
                    key="", title=entry.name, kind=SourceKind.COURSE, location=entry.name, problem=str(error)
                )

    def get(self, key: LearningContextKey) -> SourceData:
        """One export with its counts. Raises ``NotFound``, or ``SourceError`` where two exports claim the key."""
        return self._describe(self._entry_for(key))

    def open(self, key: LearningContextKey) -> Export:
        """One export, to be read."""
        return self._open(self._entry_for(key))

    def _entries(self) -> Sequence[_Entry]:
        if not self._folder.is_dir():
            raise SourceError(f"The folder of courses, {self._folder}, is not there. Make it, or set COURSES_DIR.")
        if (self._folder / "course.xml").is_file() or (self._folder / "library.xml").is_file():
            return [_Entry(self._folder.resolve(), is_archive=False)]
        try:
            return [
                _Entry(path, is_archive=not path.is_dir())
                for path in sorted(self._folder.iterdir())
                if not path.name.startswith((".", "__MACOSX")) and (path.is_dir() or is_archive(path))
            ]
        except OSError as error:
            raise SourceError(
                f"The folder of courses, {self._folder}, could not be read: {error.strerror or error}. "
                "Correct its permissions, or set COURSES_DIR."
            ) from None

    def _entry_for(self, key: LearningContextKey) -> _Entry:
        found: list[_Entry] = []
        unreadable: list[str] = []
        for entry in self._entries():
            try:
                if self._open(entry).key == key:
                    found.append(entry)
            except SourceError as error:
                unreadable.append(str(error))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(entry.name for entry in found)
            raise SourceError(f"Several exports hold {key}: {names}. Move all but one out of {self._folder}.")
        hint = f" These could not be read: {' '.join(unreadable)}" if unreadable else ""
        raise NotFound(f"No export in {self._folder} holds {key}. `sources` lists what is there.{hint}")

    def _describe(self, entry: _Entry) -> SourceData:
        export = self._open(entry)
        summary_file = self._cache_folder(entry) / _SUMMARY if entry.is_archive else None
        summary = _read_summary(summary_file) if summary_file else None
        if summary is None:
            kinds, types = export.count()
            summary = {"counts": kinds, "types": types, "size": entry.size, "warnings": export.warnings}
            if summary_file:
                with suppress(OSError):  # It only saves time.
                    summary_file.write_text(json.dumps(summary))
        return SourceData(
            key=str(export.key),
            title=export.title,
            kind=export.kind,
            location=entry.name,
            version=entry.version,
            counts=summary["counts"],
            types=summary["types"],
            size=summary["size"],
            warnings=tuple(summary["warnings"]),
        )

    def _open(self, entry: _Entry) -> Export:
        try:
            return Export(self._unpacked(entry) if entry.is_archive else entry.path, entry.name)
        except OSError as error:
            raise SourceError(
                f"{entry.name} could not be read: {error.strerror or error} ({shown(error.filename or entry.path)}). "
                "Correct its permissions, or those of the cache."
            ) from None

    def _unpacked(self, entry: _Entry) -> Path:
        cached = self._cache_folder(entry)
        content = cached / _CONTENT
        if content.is_dir():
            os.utime(cached)
        else:
            cached.mkdir(parents=True, exist_ok=True)
            # One at a time. The lock goes with its process, and what that had unpacked is then cleared away.
            with (cached / _LOCK).open("w") as lock:
                locks.lock(lock, locks.LOCK_EX)
                if not content.is_dir():
                    shutil.rmtree(cached / _PARTIAL, ignore_errors=True)
                    unpack(entry.path, cached / _PARTIAL, self._limits)
                    (cached / _PARTIAL).rename(content)
        return content

    def _cache_folder(self, entry: _Entry) -> Path:
        return self._cache / _short_hash(entry.stamp)

    def _drop_stale(self, entries: Sequence[_Entry]) -> None:
        current = {self._cache_folder(entry).name for entry in entries if entry.is_archive and entry.path.exists()}
        if self._cache.is_dir():
            for folder in self._cache.iterdir():
                unused = time.time() - folder.stat().st_mtime
                if folder.name not in current and unused >= self._keep.total_seconds():
                    shutil.rmtree(folder, ignore_errors=True)


def _short_hash(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]


def _read_summary(path: Path) -> dict | None:
    """The summary as it was kept; ``None`` where there is none, or not one of this form."""
    try:
        summary = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return summary if isinstance(summary, dict) and summary.keys() == _SUMMARY_KEYS else None


def _size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
