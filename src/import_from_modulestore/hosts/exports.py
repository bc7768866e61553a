"""Exports as sources: those that lie in a folder, and those that people upload; :mod:`..exports` reads them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from opaque_keys.edx.keys import LearningContextKey

from ..data import Branch, SourceData, StagedRoot
from ..errors import NotFound
from ..exports.shelf import Shelf
from ..exports.staging import remove_files, stage_export
from ..exports.uploads import Uploads, is_upload, may_read
from ..waiting import patience
from .libraries import Libraries
from .sources import Sources, UploadedSources


class ExportFolder(Sources):
    """The exports that lie on a shelf."""

    name: ClassVar[str] = "folder"
    label = gettext_lazy("Courses folder")
    has_exports = True

    @abstractmethod
    def shelf(self, patience: float | None) -> Shelf:
        """The shelf, for somebody who waits so many seconds for what was not met before."""

    @abstractmethod
    def is_reader(self, user: Any) -> bool:
        """Whether the user may read what lies there."""

    def list(self, user: Any) -> Iterable[SourceData]:
        return self.shelf(patience()).list() if self.is_reader(user) else ()

    def find(self, user: Any, keys: Collection[str], exports: Collection[str]) -> Iterable[SourceData]:
        """Exports that are not named are not looked into."""
        if not exports:
            return super().find(user, keys, exports)
        found = self.shelf(patience()).list(exports) if self.is_reader(user) else ()
        return (source for source in found if source.key in keys and source.export in exports)

    def describe(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        return self.shelf(patience()).describe(sources) if sources else ()

    def get(self, key: LearningContextKey, branch: Branch, export: str = "", user: Any = None) -> SourceData:
        return _of_branch(self.shelf(patience()).get(key, export), branch)

    def read(self, key: LearningContextKey, branch: Branch, export: str = "") -> SourceData:
        return _of_branch(self.shelf(None).read(key, export), branch)

    def identity(self, key: LearningContextKey, export: str = "") -> str:
        return self.shelf(None).identity(key, export)

    def stage(
        self, key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        with self.shelf(None).reading(key, export) as opened:
            yield from stage_export(opened, branch, user, purpose)

    def forget(self, purpose: str) -> None:
        remove_files(purpose)

    def can_read(self, user: Any, key: LearningContextKey, export: str = "") -> bool:
        """Of an upload nothing is said here, not even that there is none."""
        return not is_upload(export) and self.is_reader(user)


class ExportUploads(UploadedSources):
    """The exports that people upload, each for themselves. Who may write into a library may upload."""

    name: ClassVar[str] = "upload"
    label = gettext_lazy("Upload")

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries

    @abstractmethod
    def uploads(self, patience: float | None) -> Uploads:
        """All uploads of the site, for somebody who waits so many seconds for what was not met before."""

    @abstractmethod
    def sees_all(self, user: Any) -> bool:
        """Whether the user, whose account is open, may read and remove everybody's."""

    def list(self, user: Any) -> Iterable[SourceData]:
        return self.uploads(patience()).list(user, everybodys=self.sees_all(user)) if user.is_active else ()

    def find(self, user: Any, keys: Collection[str], exports: Collection[str]) -> Iterable[SourceData]:
        """Where other exports are named, none is looked into."""
        return super().find(user, keys, exports) if not exports or any(map(is_upload, exports)) else ()

    def describe(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        return self.uploads(patience()).describe(sources)

    def get(self, key: LearningContextKey, branch: Branch, export: str = "", user: Any = None) -> SourceData:
        """The newest is looked for among the user's own."""
        uploads = self.uploads(patience())
        found = uploads.get(key, export) if export else uploads.newest(key, user)
        if found is None:
            raise NotFound(_("You have uploaded no export of {key}.").format(key=key))
        return _of_branch(found, branch)

    def read(self, key: LearningContextKey, branch: Branch, export: str = "") -> SourceData:
        return _of_branch(self.uploads(None).read(key, export), branch)

    def identity(self, key: LearningContextKey, export: str = "") -> str:
        shelf, name = self.uploads(None).shelf(export)
        return shelf.identity(key, name)

    def stage(
        self, key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        shelf, name = self.uploads(None).shelf(export)
        with shelf.reading(key, name) as opened:
            yield from stage_export(opened, branch, user, purpose)

    def forget(self, purpose: str) -> None:
        remove_files(purpose)

    def can_read(self, user: Any, key: LearningContextKey, export: str = "") -> bool:
        """Who made it, and who sees all; without the name of an export, who has one of this source."""
        if not user.is_active:
            return False
        if export:
            return may_read(user, export, everybodys=self.sees_all(user))
        return self.uploads(patience()).may_hold(key, user)

    def remove_left_over(self) -> None:
        self.uploads(None).remove_left_over()

    def refusal_of_uploads(self, user: Any) -> str:
        """For all who may import at all: who may change a library, or make one."""
        if self._libraries.may_import(user):
            return ""
        return _("You may not upload exports: that takes the right to change a library, or to make one.")

    def limit(self, user: Any) -> int:
        return self.uploads(None).limit(user)

    @contextmanager
    def adding(self, user: Any, file: BinaryIO, name: str) -> Iterator[tuple[SourceData, bool]]:
        with self.uploads(None).adding(user, file, name) as (source, is_new):
            yield replace(source, origin=self.name), is_new

    def can_remove(self, user: Any, export: str) -> bool:
        return user.is_active and may_read(user, export, everybodys=self.sees_all(user))

    def remove(self, export: str) -> None:
        self.uploads(None).remove(export)


def _of_branch(source: SourceData, branch: Branch) -> SourceData:
    return replace(source, is_partial=source.is_partial and branch is Branch.DRAFT)  # Only drafts can be missing.
