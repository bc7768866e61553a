"""
Exports that people upload: for each of them a folder of their own, which is read like the shelf.

An upload is for who made it, and for those who see to the site, who also may remove it. The name of its export says
whose it is (``upload:7/tides.tar.gz``), so that a worker finds it, and the right to it is known also once the file is
gone.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.files import locks
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from opaque_keys.edx.keys import LearningContextKey

from ..data import SourceData
from ..errors import InvalidOption, NotFound, SourceError, StepFailed
from ..quoting import shortened
from ..sizes import size_told
from ..texts import clean
from .archive import SUFFIXES, format_of
from .entries import PIECE
from .files import remove_left_over
from .shelf import Shelf

_PREFIX = "upload:"

_KEPT_FREE = 1_000_000_000
"""Bytes of the disk that uploads leave alone: the database is on it, and what is unpacked."""

_MORE_THAN_ONE = gettext_lazy("{name} is too large: an upload has {size} at most.")
_MORE_THAN_YOURS = gettext_lazy(
    "{name} is too large: {size} are left for you here. Remove uploads that you need no more, or ask those who run "
    "this site for more room."
)
_MORE_THAN_DISK = gettext_lazy(
    "{name} is too large: the disk on which uploads are kept has {size} left for them, and {kept} stay free for the "
    "database. Make room on it, or ask those who run this site to."
)

_MAX_STEM = 100

_PARTIAL = ".partial-"
_LOCK = ".lock"

type _Room = tuple[int, Promise]
"""Of so many bytes, and what is said of more."""


def is_upload(export: str) -> bool:
    """Whether this is the name of an upload, also of one that is gone."""
    return bool(_parts(export))


def may_read(user: Any, export: str, *, everybodys: bool) -> bool:
    """Whether the upload is for this user: it is their own, or everybody's are."""
    parts = _parts(export)
    return parts is not None and (everybodys or parts[0] == str(user.pk))


@dataclass(frozen=True)
class Uploads:
    """All uploads of the site, in folders that its processes share; ``patience`` as of :class:`.Shelf`."""

    folder: Path
    cache: Path
    max_bytes: int
    """How large one may be."""
    max_bytes_per_user: int
    """How much is kept for one person."""
    patience: float | None = None

    def list(self, user: Any, *, everybodys: bool) -> Iterator[SourceData]:
        """The user's own, or everybody's."""
        owners = self._owners() if everybodys else [str(user.pk)]
        names = _usernames(owners)
        for owner in owners:
            if self._folder_of(owner).is_dir():
                for source in self._shelf_of(owner).list():
                    yield self._told(owner, source, names)

    def describe(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """As the shelf does: with counts, size and time."""
        described = []
        for source in sources:
            owner, name = _parts(source.export) or ("", "")
            found = source
            if self._folder_of(owner).is_dir():
                [found] = self._shelf_of(owner).describe([replace(source, export=name)])
            described.append(replace(found, export=source.export))
        return described

    def may_hold(self, key: LearningContextKey, user: Any) -> bool:
        """Whether the user has uploaded an export of this source, or one of which that is not known yet."""
        owner = str(user.pk)
        keys = {source.key for source in self._shelf_of(owner).list()} if self._files(owner) else set()
        return str(key) in keys or "" in keys

    def newest(self, key: LearningContextKey, user: Any) -> SourceData | None:
        """The newest of the user's own uploads that holds the source, if one does. Raises what the shelf does."""
        owner = str(user.pk)
        if not self._files(owner):
            return None
        try:
            return self._told(owner, self._shelf_of(owner).get(key), _usernames([owner]))
        except NotFound:
            return None

    def get(self, key: LearningContextKey, export: str) -> SourceData:
        """One upload, with its counts. Raises what :meth:`.Shelf.get` does."""
        owner, name = self._there(export)
        return self._told(owner, self._shelf_of(owner).get(key, name), _usernames([owner]))

    def read(self, key: LearningContextKey, export: str) -> SourceData:
        """The same, of all that it holds. Raises what :meth:`.Shelf.read` does."""
        owner, name = self._there(export)
        return self._told(owner, self._shelf_of(owner).read(key, name), _usernames([owner]))

    def shelf(self, export: str) -> tuple[Shelf, str]:
        """The shelf that the upload lies on, and its name there. Raises ``NotFound`` where it is gone."""
        owner, name = self._there(export)
        return self._shelf_of(owner), name

    # Uploading

    def limit(self, user: Any, *, copied: int = 0) -> int:
        """How many bytes the next upload of the user may have, of which so many are on the disk already."""
        return self._room(user, copied)[0]

    def _room(self, user: Any, copied: int = 0) -> _Room:
        """The same, with what a larger one is told."""
        self.folder.mkdir(parents=True, exist_ok=True)
        used = sum(stat.st_size for stat in self._stats(str(user.pk)))
        free = shutil.disk_usage(self.folder).free + copied - _KEPT_FREE
        rooms = (
            (self.max_bytes, _MORE_THAN_ONE),
            (self.max_bytes_per_user - used, _MORE_THAN_YOURS),
            (free, _MORE_THAN_DISK),
        )
        size, told = min(rooms, key=itemgetter(0))
        return max(0, size), told

    @contextmanager
    def adding(self, user: Any, file: BinaryIO, name: str) -> Iterator[tuple[SourceData, bool]]:
        """
        Keep what can be read of ``file`` as an export of this name, if it is one; nothing of it stays where it is not.

        What the user has uploaded already, byte for byte, is not kept twice: that upload is the one then. Tells whether
        it is new. Nobody takes it for theirs as long as this process is within.

        Costs at most some seconds beside the copying: the archive is looked through as one that is put on the shelf.

        Raises ``InvalidOption`` for what is too large, ``SourceError`` for what holds no export, or several, and
        ``StepFailed`` where the disk does not take it.
        """
        owner = str(user.pk)
        with ExitStack() as held:
            path, is_new = self._kept(user, file, name, held)
            try:
                source = self._told(owner, self._checked(owner, path.name), _usernames([owner]))
            except BaseException:
                if is_new:
                    self._remove(owner, path.name)
                raise
            yield source, is_new

    def _kept(self, user: Any, file: BinaryIO, name: str, held: ExitStack) -> tuple[Path, bool]:
        """Where the content of a file is kept, and whether it is new there."""
        called, folder = _called(name), self._folder_of(str(user.pk))
        room = self._room(user)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = folder / f"{_PARTIAL}{uuid4().hex}"
        try:
            suffix = _copy(file, called, partial, room)
            with (folder / _LOCK).open("w") as lock:
                locks.lock(lock, locks.LOCK_EX)
                for path in self._same(user, partial):
                    if _hold(path, held):
                        self._make_newest(user, path)
                        return path, False
                size = partial.stat().st_size
                room = self._room(user, size)
                if size > room[0]:  # Another has come meanwhile.
                    raise _too_large(called, room)
                path = _free_name(folder, name, suffix)
                _hold(partial, held)
                partial.rename(path)
                return path, True
        finally:
            partial.unlink(missing_ok=True)

    def _same(self, user: Any, file: Path) -> Iterator[Path]:
        """The user's uploads that hold what the file does."""
        size = file.stat().st_size
        for path in sorted(self._files(str(user.pk))):
            with suppress(FileNotFoundError):  # Somebody removes it.
                if path.stat().st_size == size and filecmp.cmp(path, file, shallow=False):
                    yield path

    def _make_newest(self, user: Any, path: Path) -> None:
        """Of several that hold one source, the newest is read; the one that is stays as those know it who read it."""
        if any(other.st_mtime_ns > path.stat().st_mtime_ns for other in self._stats(str(user.pk))):
            os.utime(path)

    def remove(self, export: str) -> None:
        """Remove an upload, with all that was unpacked of it. Raises ``NotFound``."""
        self._remove(*self._there(export))

    def remove_left_over(self) -> None:
        """Remove what processes had begun that were killed, a day later."""
        for owner in self._owners():
            remove_left_over(self._folder_of(owner).glob(f"{_PARTIAL}*"))

    def _checked(self, owner: str, name: str) -> SourceData:
        found = self._shelf_of(owner, patience=None).look(name)
        for source in found:
            if source.problem:
                raise SourceError(source.problem)
        if len(found) > 1:
            raise SourceError(
                _("{name} holds {count} exports. Upload each in an archive of its own.").format(
                    name=name, count=len(found)
                )
            )
        return found[0]

    def _remove(self, owner: str, name: str) -> None:
        shelf = self._shelf_of(owner)
        with suppress(OSError, SourceError):
            shelf.forget(name)
        (self._folder_of(owner) / name).unlink(missing_ok=True)

    # Where they are

    def _owners(self) -> Sequence[str]:
        """All who have folders; of others, as ``lost+found`` of a disk, nothing is known."""
        names = sorted(path.name for path in self.folder.iterdir() if path.is_dir()) if self.folder.is_dir() else []
        return list(filter(_is_of_account, names))

    def _folder_of(self, owner: str) -> Path:
        return self.folder / owner

    def _files(self, owner: str) -> Iterable[Path]:
        folder = self._folder_of(owner)
        return [path for path in folder.iterdir() if _is_shown(path)] if folder.is_dir() else []

    def _stats(self, owner: str) -> Iterator[os.stat_result]:
        for path in self._files(owner):
            with suppress(FileNotFoundError):  # Somebody removes it.
                yield path.stat()

    def _shelf_of(self, owner: str, **more: Any) -> Shelf:
        return Shelf(self._folder_of(owner), self.cache, **{"patience": self.patience, **more})

    def _there(self, export: str) -> tuple[str, str]:
        """Whose an upload is, and its name there, which is that of a file in the folder and of nothing else."""
        parts = _parts(export)
        if not parts or parts[1] not in {path.name for path in self._files(parts[0])}:
            raise NotFound(_("The upload {name} is gone. Upload the export again.").format(name=export), field="export")
        return parts

    def _told(self, owner: str, source: SourceData, names: dict[str, str]) -> SourceData:
        uploaded = None
        with suppress(OSError):  # It is gone since.
            stat = (self._folder_of(owner) / source.export).stat()
            uploaded = datetime.fromtimestamp(stat.st_mtime, tz=UTC)
            source = replace(source, modified=uploaded, size=stat.st_size)
        return replace(
            source,
            export=f"{_PREFIX}{owner}/{source.export}",
            uploaded=uploaded,
            uploaded_by=names.get(owner, ""),
            removable=True,
        )


def _parts(export: str) -> tuple[str, str] | None:
    """Whose an upload is, and its name there."""
    owner, _sep, name = export.removeprefix(_PREFIX).partition("/")
    is_plain = not owner.startswith(".")  # Else it would lead out of the folder.
    return (owner, name) if export.startswith(_PREFIX) and owner and name and is_plain else None


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file()


def _hold(path: Path, held: ExitStack) -> bool:
    """Take a file for oneself as long as ``held`` is open and this process lives; ``False`` where another has it."""
    file = held.enter_context(path.open("rb"))
    return locks.lock(file, locks.LOCK_EX | locks.LOCK_NB)


def _is_of_account(name: str) -> bool:
    with suppress(ValidationError):
        get_user_model()._meta.pk.to_python(name)
        return True
    return False


def _usernames(owners: Sequence[str]) -> dict[str, str]:
    """Of accounts that are there; one query."""
    users = get_user_model()._default_manager.filter(pk__in=owners)
    return {str(pk): name for pk, name in users.values_list("pk", get_user_model().USERNAME_FIELD)}


def _copy(file: BinaryIO, called: str, target: Path, room: _Room) -> str:
    """Write what comes to a file of our own; returns the suffix of its format, whatever it was called."""
    suffix, size = "", 0
    with open(target, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        while piece := file.read(PIECE):
            if not size:
                suffix = format_of(piece)
                if not suffix:
                    raise SourceError(
                        _(
                            "{name} is neither a tar.gz nor a zip archive. Export the course from Studio (Tools › "
                            "Export), and upload the file that you get."
                        ).format(name=called)
                    )
            size += len(piece)
            if size > room[0]:
                raise _too_large(called, room)
            try:
                out.write(piece)
            except OSError as error:
                raise _not_kept(error) from error
        try:
            out.flush()
        except OSError as error:
            raise _not_kept(error) from error
    if not size:
        raise SourceError(_("{name} is empty. Choose the export that Studio made.").format(name=called))
    return suffix


def _too_large(called: str, room: _Room) -> InvalidOption:
    size, told = room
    return InvalidOption(str(told).format(name=called, size=size_told(size), kept=size_told(_KEPT_FREE)), field="file")


def _not_kept(error: OSError) -> StepFailed:
    return StepFailed(
        _("The upload could not be kept: {reason}. Tell those who run this site.").format(
            reason=error.strerror or error
        )
    )


def _free_name(folder: Path, name: str, suffix: str) -> Path:
    """A name of our own after the one that was given: plain, visible, not taken, and with the suffix of the format."""
    stem = _stem(name)
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


def _called(name: str) -> str:
    """What people find a file by whose upload is refused: the name that they gave, without folders."""
    return shortened(clean(_base(name))) or "export"


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _stem(name: str) -> str:
    """
    What a file is called that came by this name, plain and visible, and without the suffix of an archive.

    >>> [_stem(name) for name in ("Tides.TAR.GZ", "exports/a b.zip", "../.hidden.tar", "notes.txt", "t.tar.zip")]
    ['Tides', 'a_b', 'hidden', 'notes.txt', 't.tar']
    >>> _stem("…/.tgz")
    'export'
    """
    base = _base(name)
    ending = next((suffix for suffix in SUFFIXES if base.lower().endswith(suffix)), "")
    stem = re.sub(r"[^\w.-]+", "_", base[: len(base) - len(ending)]).strip("._-")[:_MAX_STEM] or "export"
    return stem.encode()[:_MAX_STEM].decode(errors="ignore")
