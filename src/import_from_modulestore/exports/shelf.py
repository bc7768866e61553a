"""A folder of exports: the standalone host's modulestore."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files import locks
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import LearningContextKey

from ..data import SourceData, SourceKind
from ..errors import NotFound, SourceBeingRead, SourceError
from ..stamps import stamp_of
from ..texts import clean
from .archive import STANDARD_LIMITS, SUFFIXES, TooSlow, UnpackLimits, is_archive, unpack
from .background import begin
from .export import Export, find_roots, no_export
from .files import Folder, remove
from .looks import Look, known_of, look
from .outline import BACKUP_FILE, Outline
from .tags import FILE as TAGS_FILE
from .tags import known_here

log = logging.getLogger(__name__)

_FORM = 3
"""Of what is kept about an archive; another number has every archive looked through again."""

_VERDICT = "verdict.json"
_OUTLINE = "outline"
_CONTENT = "content"
_WHOLE = "whole.json"
_PARTIAL = "partial"
_LOCK = "lock"

_MAX_SECONDS_IN_LIST = 10
"""Of a processor's time: gigabytes of a course, and all that somebody who lists it in a terminal has to wait for."""

_MAX_EXPORTS = 100
"""How many exports one archive or folder may hold."""

_SUMMARY_KEYS = {"counts", "types", "warnings", "is_partial", "problem"}

_MAX_TOML_BYTES = 100_000

_passing_problems: dict[Path, dict[str, str]] = {}
"""Of archives that were looked through in vain: the disk was full, say. By cache and stamp."""

_OTHER_ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".xz", ".zst")


class _EntryKind(Enum):
    FOLDER = "folder"
    ARCHIVE = "archive"
    OTHER = "other"


@dataclass(frozen=True)
class _Entry:
    """Something that lies on the shelf."""

    path: Path
    kind: _EntryKind

    @property
    def name(self) -> str:
        return clean(self.path.name)

    @property
    def stamp(self) -> str:
        """By what that is known which is kept of an archive. All but the time of the last change can be set."""
        stat = self.stat()
        return f"{self.path.name}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}"

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        try:
            return self.path.stat(follow_symlinks=follow_symlinks)
        except OSError as error:
            raise SourceError(
                _("{name} could not be read: {error}. List the sources again.").format(
                    name=self.name, error=error.strerror or error
                )
            ) from None


@dataclass(frozen=True)
class _Found:
    """An export in an entry; where none can be read, why."""

    entry: _Entry
    name: str
    """The entry's name; where that holds several exports, with the place in it."""
    export: Export | None = None
    """Of an archive: the outline alone."""
    root: str = ""
    problem: str = ""
    is_being_read: bool = False
    """Whether what it holds is not known yet."""
    seen: Look | None = None
    """Its folder, where that was looked at closely."""

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What is to be said besides, as fields of :class:`SourceData`. Of a folder, every file is looked at."""
        if self.export is None or self.entry.kind is _EntryKind.ARCHIVE:
            stat = self.entry.stat()
            size, changed = stat.st_size, stat.st_mtime
        else:
            size, changed = (self.seen or look(self.export.folder)).measure
        modified = datetime.fromtimestamp(changed, tz=UTC)
        return {
            "size": size,
            "modified": modified,
            "version": f"{self.name} of {modified:%Y-%m-%d %H:%M:%S} UTC",
        }

    def data(self) -> SourceData:
        return SourceData(
            key=str(self.export.key) if self.export else "",
            title=self.export.title if self.export else self.name,
            kind=self.export.kind if self.export else SourceKind.COURSE,
            location=self.name,
            export=self.name,
            problem=self.problem,
            is_being_read=self.is_being_read,
        )


class Shelf:
    """
    Finds and opens the exports in ``folder``: in each sub-folder and each archive in it, or the folder itself where it
    is an export.

    An archive is looked through once, as a stream, for what a page has to say of it. Once one of its exports is to be
    read, it is unpacked as a whole, into ``cache``, by name, size and time. What is kept of an archive that has changed
    or gone is dropped after ``keep``, since an import may still be reading it.

    With ``patience``, in seconds, archives that were not met before are looked through in a thread of their own, by one
    process of the site at a time. What is not known by the end of it is said to be so, and nothing is waited for.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        limits: UnpackLimits = STANDARD_LIMITS,
        keep: timedelta = timedelta(hours=6),
        patience: float | None = None,
    ) -> None:
        self._folder = folder
        self._cache = cache / _short_hash(str(folder.resolve()))
        self._limits = limits
        self._keep = keep
        self._patience = patience
        self.lock = self._cache.with_name(f"{self._cache.name}.lock")
        """The file that is held by who looks through archives for pages."""

    def list(self, names: Collection[str] = ()) -> Iterator[SourceData]:
        """
        All that lies there, in order of name: every export, and what is none or cannot be read with its problem; or
        what lies where exports of these ``names`` do.

        Nothing is counted (see :meth:`describe`), but of several exports with one key, size and time are told. An
        archive that was not met before costs the reading of it.
        """
        entries = self._entries()
        self._meet(entries)
        if names:
            entries = _of_names(entries, names)
        found = [one for entry in entries for one in self._found_in(entry)]
        held = Counter(one.export.key for one in found if one.export)
        for one in found:
            yield self._measured(one) if one.export and held[one.export.key] > 1 else one.data()

    def describe(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """The same with counts, size and time. Reads the hierarchy of each, and unpacks nothing."""
        names = {source.export for source in sources if not source.problem}
        found = {found.name: found for entry in _of_names(self._entries(), names) for found in self._found_in(entry)}
        return [self._described(source, found.get(source.export)) for source in sources]

    def get(self, key: LearningContextKey, name: str = "") -> SourceData:
        """
        One export with its counts: of several that hold the key the newest, or the one of this ``name``.

        Nothing is unpacked. Raises ``NotFound``, ``SourceError`` where it cannot be read, and ``SourceBeingRead``.
        """
        found = self._find(key, name)
        source = self._described(found.data(), found)
        if source.problem:
            raise SourceError(source.problem)
        return source

    def read(self, key: LearningContextKey, name: str = "") -> SourceData:
        """The same, of all that the export holds: an archive is unpacked. Raises what :meth:`get` does."""
        found = self._seen_closely(self._find(key, name))  # Before it is read.
        source = self._counted(found.data(), found, self._open(found), _CONTENT)
        return replace(source, identity=self._identity(found))

    def identity(self, key: LearningContextKey, name: str = "") -> str:
        """
        What :meth:`read` says of the same export as long as it would tell the same, and the same be read; empty where
        nothing tells for certain. Every file is looked at, and none is read.

        Raises what :meth:`get` does.
        """
        return self._identity(self._seen_closely(self._find(key, name)))

    def open(self, key: LearningContextKey, name: str = "") -> Export:
        """One export, to be read; chosen as by :meth:`get`."""
        return self._open(self._find(key, name))

    def look(self, name: str) -> Sequence[SourceData]:
        """What one entry holds, by its name, with counts; what cannot be read with its problem. Unpacks nothing."""
        return [
            self._described(found.data(), found)
            for entry in _of_names(self._entries(), {name})
            for found in self._found_in(entry)
        ]

    def forget(self, name: str) -> None:
        """Drop what is kept of an archive that is to go, whoever may still be reading it."""
        for entry in _of_names(self._entries(), {name}):
            remove(self._cache_folder(entry))

    @contextmanager
    def reading(self, key: LearningContextKey, name: str = "") -> Iterator[Export]:
        """
        The same, while it is being read; every file of it is looked at twice.

        Raises ``SourceError`` in the end where it has not been the same all the time.
        """
        export = self.open(key, name)
        before = _stamp(export.folder)
        yield export
        if _stamp(export.folder) != before:
            raise SourceError(
                _("{name} was changed, or taken away, while it was read. Stage it again.").format(name=export.name)
            )

    # What there is

    def _entries(self) -> Sequence[_Entry]:
        try:
            if not self._folder.is_dir():
                log.error("the folder of courses, %s, is not there", self._folder)
                raise SourceError(_("The folder of courses is not there. Make it, or set COURSES_DIR."))
            if (self._folder / "course.xml").is_file() or (self._folder / "library.xml").is_file():
                return [_Entry(self._folder.resolve(), _EntryKind.FOLDER)]
            paths = sorted(self._folder.iterdir())
        except OSError as error:
            log.error("the folder of courses, %s, could not be read", self._folder, exc_info=error)
            raise SourceError(
                _(
                    "The folder of courses could not be read: {error}. Correct its permissions, or set COURSES_DIR."
                ).format(error=error.strerror or error)
            ) from None
        return [_Entry(path, _kind_of(path)) for path in paths if not path.name.startswith((".", "__MACOSX"))]

    def _found_in(self, entry: _Entry) -> Sequence[_Found]:
        """The exports in an entry. Whatever is wrong with it is its problem, and that of no other."""
        try:
            if entry.kind is _EntryKind.OTHER:
                raise SourceError(_what_is_ignored(entry))
            folder = self._outline_of(entry) if entry.kind is _EntryKind.ARCHIVE else entry.path
            roots = find_roots(folder)
            if not roots:
                raise SourceError(_what_it_is(folder, entry.name))
            if len(roots) > _MAX_EXPORTS:
                raise SourceError(
                    _("{name} holds more than {max} exports. Divide it into several.").format(
                        name=entry.name, max=_MAX_EXPORTS
                    )
                )
        except SourceBeingRead as error:
            return [_Found(entry, entry.name, problem=str(error), is_being_read=True)]
        except Exception as error:
            return [_Found(entry, entry.name, problem=_problem(entry.name, error))]
        found = []
        for root, name in _names(entry.name, roots).items():
            try:
                export = Export(folder, name, root)
                assert export.title
                found.append(_Found(entry, name, export, root))
            except Exception as error:
                found.append(_Found(entry, name, problem=_problem(name, error)))
        return found

    def _find(self, key: LearningContextKey, name: str) -> _Found:
        entries = self._entries()
        if name:
            entries = _of_names(entries, {name})
        self._meet(entries)
        found = [found for entry in entries for found in self._found_in(entry)]
        holding = [one for one in found if one.export and one.export.key == key]
        named = [one for one in found if name in (one.name, one.entry.name)]
        candidates = [one for one in holding if one in named] if name else holding
        # Of those that are not known yet, any that is newer may hold the key.
        unknown = [one for one in found if one.is_being_read]
        if len(candidates) + len(unknown) > 1:
            candidates = [max(candidates + unknown, key=lambda one: one.facts["modified"])]
        for one in candidates or unknown:
            if one.is_being_read:
                raise SourceBeingRead(one.problem)
            return one
        if problems := [one.problem for one in named if one.problem]:
            raise SourceError(" ".join(problems))
        if named:
            raise NotFound(
                _("{name} does not hold {key}. `sources` lists what is there.").format(name=name, key=key),
                field="export",
            )
        if name:
            raise NotFound(
                _(
                    "There is no export {name} in the folder of courses. Put it back, or see `sources` for others."
                ).format(name=name),
                field="export",
            )
        problems = [one.problem for one in found if one.problem and one.entry.kind is not _EntryKind.OTHER]
        hint = _(" These could not be read: {problems}").format(problems=" ".join(problems)) if problems else ""
        raise NotFound(
            _("No export in the folder of courses holds {key}. `sources` lists what is there.{hint}").format(
                key=key, hint=hint
            )
        )

    def _measured(self, found: _Found) -> SourceData:
        try:
            return replace(found.data(), **found.facts)
        except (OSError, SourceError) as error:  # It is gone since.
            return replace(found.data(), problem=_problem(found.name, error))

    def _described(self, source: SourceData, found: _Found | None) -> SourceData:
        if found is None or found.export is None:
            return source
        try:
            if found.entry.kind is _EntryKind.ARCHIVE:
                if self._summary(found.entry, _CONTENT, found.root):
                    return self._counted(source, found, found.export, _CONTENT)
                if not self._verdict_on(found.entry)["is_whole"]:
                    warning = _("It is too large for its blocks to be counted before it is staged.")
                    return replace(source, **found.facts, warnings=(warning,))
            return self._counted(source, found, found.export, _OUTLINE)
        except Exception as error:
            return replace(source, problem=_problem(found.name, error))

    def _counted(self, source: SourceData, found: _Found, export: Export, part: str) -> SourceData:
        """With the counts of what was read of the export, which are kept for an archive."""
        is_archive = found.entry.kind is _EntryKind.ARCHIVE
        summary = self._summary(found.entry, part, found.root) if is_archive else None
        if summary is None:
            summary = _summary_of(export)
            if is_archive:
                self._keep_summary(found.entry, part, found.root, summary)
        return replace(source, **{**summary, "warnings": tuple(summary["warnings"])}, **found.facts)

    def _summary(self, entry: _Entry, part: str, root: str) -> dict[str, Any] | None:
        return _read_json(self._summary_file(entry, part, root), _SUMMARY_KEYS)

    def _keep_summary(self, entry: _Entry, part: str, root: str, summary: dict[str, Any]) -> None:
        with suppress(OSError):  # It only saves time.
            self._summary_file(entry, part, root).write_text(json.dumps(summary))

    def _summary_file(self, entry: _Entry, part: str, root: str) -> Path:
        return self._cache_folder(entry) / f"{part}-{_short_hash(root)}.json"

    # Whether it is what it was

    def _seen_closely(self, found: _Found) -> _Found:
        if found.export is None or found.entry.kind is _EntryKind.ARCHIVE:
            return found
        with suppress(OSError):
            return replace(found, seen=look(found.export.folder, closely=True))
        return found

    def _identity(self, found: _Found) -> str:
        """
        Of a folder, by what is to be seen of its files; of an archive, by itself and what it was unpacked to: that is
        written once, and by nobody else. Of a link also by itself: it may have led elsewhere as long as it was read.

        The rest is what reading goes by beside: the account that reads, and the taxonomies that tags may be of.
        """
        if found.entry.kind is _EntryKind.ARCHIVE:
            cached = self._cache_folder(found.entry)
            content: list[Any] = [found.entry.stamp, _kept_stamp(cached)]
            folder = (cached / _CONTENT / found.root).parent
        else:
            assert found.export is not None
            content = [found.seen.digest if found.seen and found.seen.is_settled else None]
            folder = found.export.folder
        if not all(content):
            return ""
        reader = (os.geteuid(), os.getegid(), sorted(os.getgroups()))
        taxonomies = known_here() if (folder / TAGS_FILE).exists() else []
        entry = known_of(found.entry.stat(follow_symlinks=False))
        return stamp_of(_FORM, found.name, found.root, entry, content, reader, taxonomies)

    # Archives that were not met before

    def _meet(self, entries: Sequence[_Entry]) -> None:
        """
        Have what is kept fit what lies there. Where there is no patience without end, that is begun, and what is not
        done by the end of it is not known yet.
        """
        if self._patience is None:
            self._drop_stale(entries)
        elif self._stale(entries) or any(
            entry.kind is _EntryKind.ARCHIVE and self._kept_verdict(entry) is None for entry in entries
        ):
            begin(self._read_archives, self.lock, wait=self._patience)

    def _read_archives(self) -> None:
        """Look through all archives that were not met before. What stands against one for a time only is remembered."""
        patient = copy(self)
        patient._patience = None
        entries = patient._entries()
        patient._drop_stale(entries)
        passing = {}
        for entry in entries:
            if entry.kind is _EntryKind.ARCHIVE:
                [first, *_others] = patient._found_in(entry)
                with suppress(SourceError):  # It is gone.
                    if first.problem and self._kept_verdict(entry) is None:
                        passing[entry.stamp] = first.problem
        _passing_problems[self._cache] = passing

    # Archives

    def _open(self, found: _Found) -> Export:
        assert found.export is not None
        if found.entry.kind is not _EntryKind.ARCHIVE:
            return found.export
        try:
            return Export(self._unpacked(found.entry), found.name, found.root)
        except OSError as error:
            raise SourceError(_problem(found.name, error)) from None

    def _unpacked(self, entry: _Entry) -> Path:
        """The folder with all that is in an archive; unpacked again where the cache has lost some of it."""
        cached = self._cache_folder(entry)
        content = cached / _CONTENT

        def is_whole() -> bool:
            return _kept_stamp(cached) is not None

        with self._kept(entry, is_whole) as is_kept:
            if not is_kept:
                remove(content)
                remove(cached / _PARTIAL)
                unpack(entry.path, cached / _PARTIAL, self._limits)
                (cached / _PARTIAL).rename(content)
                (cached / _WHOLE).write_text(json.dumps({"stamp": _stamp(content)}))
        return content

    def _outline_of(self, entry: _Entry) -> Path:
        """What the archive has of its hierarchy. Raises ``SourceError`` where it is refused."""
        verdict = self._verdict_on(entry)
        if verdict["problem"]:
            raise SourceError(verdict["problem"])
        return self._cache_folder(entry) / _OUTLINE

    def _verdict_on(self, entry: _Entry) -> dict[str, Any]:
        """
        What there was to say of the archive when it was looked through; kept, so that it is done once.

        Raises ``SourceBeingRead`` where it is not known yet, and whoever asks has no time to find out.
        """
        if self._patience is not None:
            if verdict := self._kept_verdict(entry):
                return verdict
            if problem := _passing_problems.get(self._cache, {}).get(entry.stamp):
                raise SourceError(problem)
            raise SourceBeingRead(
                _("{name} is being read for the first time. Try again in a moment.").format(name=entry.name)
            )
        with self._kept(entry, lambda: self._kept_verdict(entry)) as verdict:
            if verdict is None:
                cached = self._cache_folder(entry)
                verdict = self._look_through(entry, cached / _OUTLINE)
                if verdict["is_whole"] and not verdict["problem"]:
                    for root, name in _names(entry.name, verdict["roots"]).items():
                        self._keep_summary(entry, _OUTLINE, root, _summary_of_outline(cached / _OUTLINE, name, root))
                (cached / _VERDICT).write_text(json.dumps(verdict))
        return verdict

    def _kept_verdict(self, entry: _Entry) -> dict[str, Any] | None:
        cached = self._cache_folder(entry)
        verdict = _read_json(cached / _VERDICT, {"form", "problem", "is_whole", "roots"})
        if not verdict or verdict["form"] != _FORM:
            return None
        is_there = all((cached / _OUTLINE / root).is_file() for root in verdict["roots"])
        return verdict if is_there else None

    def _look_through(self, entry: _Entry, outline: Path) -> dict[str, Any]:
        pick = Outline()
        problem, is_whole = "", True
        remove(outline)
        try:
            limits = replace(self._limits, seconds=min(self._limits.seconds, _MAX_SECONDS_IN_LIST))
            unpack(entry.path, outline, limits, wanted=pick)
        except TooSlow as error:
            is_whole = False
            problem = "" if find_roots(outline) else str(error)
        except SourceError as error:
            if getattr(error.__cause__, "errno", None) is not None:  # Of the disk: another time it may do.
                raise
            problem = str(error)
        return {
            "form": _FORM,
            "problem": problem,
            "is_whole": is_whole and pick.is_whole,
            "roots": find_roots(outline)[:_MAX_EXPORTS],
        }

    @contextmanager
    def _kept(self, entry: _Entry, look: Any) -> Iterator[Any]:
        """
        What ``look`` finds in the cache; where that is nothing, under the lock of this archive, to be made.

        The lock goes with its process; what that had begun is then cleared away.
        """
        cached = self._cache_folder(entry)
        if found := look():
            os.utime(cached)
            yield found
            return
        cached.mkdir(parents=True, exist_ok=True)
        with (cached / _LOCK).open("w") as lock:
            locks.lock(lock, locks.LOCK_EX)
            yield look()

    def _cache_folder(self, entry: _Entry) -> Path:
        return self._cache / _short_hash(entry.stamp)

    def _drop_stale(self, entries: Sequence[_Entry]) -> None:
        for folder in self._stale(entries):
            remove(folder)

    def _stale(self, entries: Sequence[_Entry]) -> Sequence[Path]:
        """What is kept of archives that are gone or changed, and was not used for long."""
        current = set()
        for entry in entries:
            with suppress(SourceError):  # It is gone.
                current.add(self._cache_folder(entry).name)
        stale = []
        for folder in self._cache.iterdir() if self._cache.is_dir() else ():
            with suppress(OSError):  # Somebody else drops it too.
                unused = time.time() - folder.stat().st_mtime
                if folder.name not in current and unused >= self._keep.total_seconds():
                    stale.append(folder)
        return stale


def _of_names(entries: Sequence[_Entry], names: Collection[str]) -> Sequence[_Entry]:
    """The entries that exports of these names are in."""
    return [
        entry for entry in entries if any(name == entry.name or name.startswith(f"{entry.name}/") for name in names)
    ]


def _summary_of(export: Export) -> dict[str, Any]:
    """What a page has to say of an export, beside its title: reads the hierarchy."""
    kinds, types = export.count()
    return {
        "counts": kinds,
        "types": types,
        "warnings": export.warnings,
        "is_partial": export.is_partial,
        "problem": "",
    }


def _summary_of_outline(folder: Path, name: str, root: str) -> dict[str, Any]:
    """The same of an archive's outline; of one that breaks it, as its problem, so that it is not tried again."""
    try:
        return _summary_of(Export(folder, name, root))
    except Exception as error:
        return {"counts": {}, "types": {}, "warnings": [], "is_partial": False, "problem": _problem(name, error)}


def _kind_of(path: Path) -> _EntryKind:
    with suppress(OSError):
        if path.is_dir():
            return _EntryKind.FOLDER
        if is_archive(path) and (path.is_file() or not path.exists()):  # A pipe would be waited for.
            return _EntryKind.ARCHIVE
    return _EntryKind.OTHER


def _names(entry_name: str, roots: Sequence[str]) -> dict[str, str]:
    """What the exports of an entry are called, by their root files: where there are several, with the place."""
    if len(roots) == 1:
        return {roots[0]: entry_name}
    folders = [PurePosixPath(root).parent.as_posix() for root in roots]
    return {
        root: f"{entry_name}/{clean(folder if folder != '.' and folders.count(folder) == 1 else root)}"
        for root, folder in zip(roots, folders, strict=True)
    }


def _problem(name: str, error: Exception) -> str:
    """What to say of an entry with which something is wrong."""
    if isinstance(error, SourceError):
        return str(error)
    if isinstance(error, OSError):
        log.warning("%s could not be read", name, exc_info=error)
        return _("{name} could not be read: {error}. Correct its permissions, or the cache's.").format(
            name=name, error=error.strerror or error
        )
    log.warning("%s could not be read", name, exc_info=error)
    return _("{name} could not be read ({kind}: {error}). Export it again.").format(
        name=name, kind=type(error).__name__, error=error
    )


def _what_is_ignored(entry: _Entry) -> str:
    if is_archive(entry.path):
        return _("{name} is neither a file nor a folder, and is not read.").format(name=entry.name)
    if entry.path.suffix.lower() in _OTHER_ARCHIVES:
        return _("{name} is packed in a way that is not read here. Make it a {suffixes}, or a folder.").format(
            name=entry.name, suffixes=_or(SUFFIXES)
        )
    return _("{name} is no export, and is not read: exports are folders, {suffixes}.").format(
        name=entry.name, suffixes=_or(SUFFIXES)
    )


def _what_it_is(folder: Path, name: str) -> str:
    """What to say of a folder, or of an archive's outline, in which there is no export."""
    if not (folder / BACKUP_FILE).is_file():
        return no_export(name)
    which = ""
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        package = tomllib.loads(Folder(folder).read(BACKUP_FILE)[:_MAX_TOML_BYTES].decode())["learning_package"]
        which = f", “{package['title']}” ({package['key']})"
    return _(
        "{name} is the backup of a content library{which}, and none of a course: there is nothing "
        "to import. Studio restores it: Libraries › New library › Create from archive."
    ).format(name=name, which=which)


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]


def _read_json(path: Path, keys: set[str]) -> dict[str, Any] | None:
    """What was kept in a file; ``None`` where there is nothing, or nothing of this form."""
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) and kept.keys() == keys else None


def _kept_stamp(cached: Path) -> list[float] | None:
    """The :func:`_stamp` of what an archive was unpacked to; ``None`` where the cache has lost some of it."""
    kept = _read_json(cached / _WHOLE, {"stamp"})
    return kept["stamp"] if kept is not None and kept["stamp"] == _stamp(cached / _CONTENT) else None


def _stamp(folder: Path) -> list[float] | None:
    """What tells whether a folder is as it was; ``None`` where it is gone."""
    try:
        return [*look(folder).measure]
    except OSError:
        return None
