"""
What can be imported: courses and legacy libraries, of one origin or of several.

An origin is where sources come from: the modulestore, a folder of exports, what people upload. A source is named by its
origin and its key, and by its export where an origin has several of one course; so a course that is in the modulestore
and in an upload is two sources. A further origin is one more class, and nothing else in the app changes for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, ClassVar

from django.utils.translation import gettext as _
from opaque_keys.edx.keys import LearningContextKey

from ..data import Branch, SourceData, StagedRoot
from ..errors import NotFound, NotPermitted, SourceBeingRead, SourceError
from ..keys import parse_source_key
from ..quoting import joined
from .links import CourseLinks


class Sources(ABC):
    """
    The sources of one origin.

    Methods that look something up raise :class:`~import_from_modulestore.errors.NotFound` where there is nothing, and
    ``SourceError`` where a source cannot be read; they do not check permissions: actions ask :meth:`can_read` first.
    ``user`` is an instance of the user model. The origin is filled into what they return by :class:`AllSources`.
    """

    name: ClassVar[str]
    """What the origin is called in requests and records, for good: a short word."""
    label: Any
    """The same for people: a text that is translated where it is shown."""
    has_exports: ClassVar[bool] = False
    """Whether sources are exports, of which one course may have several."""

    @abstractmethod
    def list(self, user: Any) -> Iterable[SourceData]:
        """Every source that the user may read, and the unreadable ones with their ``problem``. Cheap for each."""

    def find(self, user: Any, keys: Collection[str], exports: Collection[str]) -> Iterable[SourceData]:
        """Those of :meth:`list` that have these keys; of these exports alone, where some are named."""
        found = (source for source in self.list(user) if source.key in keys)
        return (source for source in found if not exports or source.export in exports)

    def describe(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """The same with what is not had as cheaply, for a part of the list: block counts, above all."""
        return sources

    @abstractmethod
    def get(self, key: LearningContextKey, branch: Branch, export: str = "", user: Any = None) -> SourceData:
        """
        One branch of a source, with its block counts, soon: where somebody waits for a page.

        ``export`` is the name of the export that is to be read; without it, it is the newest that holds the source, of
        those that are for this ``user``. Raises ``SourceBeingRead`` where that takes longer than a page can wait.
        """

    def read(self, key: LearningContextKey, branch: Branch, export: str = "") -> SourceData:
        """The same for the step that stages it next: read as a whole, however long that takes."""
        return self.get(key, branch, export)

    def identity(self, key: LearningContextKey, export: str = "") -> str:
        """
        The :attr:`.data.SourceData.identity` that :meth:`read` would tell now, without reading.

        Raises what :meth:`read` does.
        """
        return ""

    @abstractmethod
    def stage(
        self, key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        """
        Put the source into ``content_staging``, one root at a time, with the files that its components name.

        Roots come in the order of the source. OLX is inlined: one tree per root, a ``url_name`` on every block, HTML as
        CDATA. A block that is met again, because several parents show it, is an empty element the second time.
        Components that stand in no unit are put into units (:mod:`..olx.units`).
        """

    def forget(self, purpose: str) -> None:  # noqa: B027 - most leave nothing
        """Remove what :meth:`stage` has left for a purpose of which nothing is in ``content_staging`` any more."""

    @abstractmethod
    def can_read(self, user: Any, key: LearningContextKey, export: str = "") -> bool:
        """Whether the user may see the source's content, in this export; without one, in any."""

    def refusal_of(self, key: LearningContextKey) -> str:
        """Why nothing may be imported from there, whoever asks; empty where it may."""
        return ""

    def url(self, key: LearningContextKey) -> str:
        """Where people look at a source; empty where there is no such page."""
        return ""

    def links(self) -> CourseLinks | None:
        """What has blocks of its courses follow items of libraries; ``None`` where there are no courses to change."""
        return None

    def remove_left_over(self) -> None:  # noqa: B027 - most leave nothing
        """Remove what a process had begun to write that was killed; for the daily housekeeping."""


class UploadedSources(Sources):
    """An origin that people add to."""

    has_exports = True

    @abstractmethod
    def refusal_of_uploads(self, user: Any) -> str:
        """Why the user may upload no export; empty where they may."""

    @abstractmethod
    def limit(self, user: Any) -> int:
        """How many bytes an export may have that this user uploads now, if they may."""

    @abstractmethod
    def adding(self, user: Any, file: BinaryIO, name: str) -> AbstractContextManager[tuple[SourceData, bool]]:
        """
        Keep an export that a user has who may upload; ``name`` is what they call the file, and is not to be trusted.

        What they have uploaded already is not kept twice; tells whether it is new. Within, it is taken for theirs by
        nobody else who uploads the same. Nothing stays of what is refused. Raises ``InvalidOption``, ``SourceError``
        and ``StepFailed``.
        """

    @abstractmethod
    def can_remove(self, user: Any, export: str) -> bool:
        """Whether there is an export of this name that was uploaded, and the user may remove it."""

    @abstractmethod
    def remove(self, export: str) -> None:
        """Remove an export that was uploaded. Raises ``NotFound``."""


class AllSources:
    """The sources of a site, or those of some of its origins, in the order in which a source is looked for."""

    def __init__(self, *origins: Sources) -> None:
        self._origins = {origin.name: origin for origin in origins}

    def __iter__(self) -> Iterator[Sources]:
        return iter(self._origins.values())

    def __len__(self) -> int:
        return len(self._origins)

    def of(self, origin: str) -> Sources:
        """Those of one origin. Raises ``NotFound`` where the site does not have it, or not any more."""
        if origin in self._origins:
            return self._origins[origin]
        raise NotFound(
            _("This site has no sources of the origin “{origin}”. It has: {origins}.").format(
                origin=origin, origins=joined(self._origins)
            ),
            field="origin",
        )

    def called(self, origin: str) -> str:
        """What people call an origin, where it says something: empty where a site has no other."""
        if origin not in self._origins:
            return origin
        return str(self._origins[origin].label) if len(self) > 1 else ""

    @property
    def uploads(self) -> UploadedSources | None:
        """The origin that people may add to."""
        return next((origin for origin in self if isinstance(origin, UploadedSources)), None)

    # Many

    def list(self, user: Any) -> Iterator[SourceData]:
        """As :meth:`Sources.list`."""
        for origin in self:
            for source in origin.list(user):
                yield replace(source, origin=origin.name)

    def find(self, user: Any, keys: Collection[str], exports: Collection[str]) -> Iterator[SourceData]:
        """As :meth:`Sources.find`; where exports are named, only of origins that have some."""
        for origin in self:
            if origin.has_exports or not exports:
                for source in origin.find(user, keys, exports):
                    yield replace(source, origin=origin.name)

    def describe(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """As :meth:`Sources.describe`, with a ``problem`` where nothing may be imported from there."""
        described = {
            origin.name: iter(origin.describe([source for source in sources if source.origin == origin.name]))
            for origin in self
        }
        return [self._checked(replace(next(described[source.origin]), origin=source.origin)) for source in sources]

    def _checked(self, source: SourceData) -> SourceData:
        if source.problem or not source.key:
            return source
        return replace(source, problem=self._origins[source.origin].refusal_of(parse_source_key(source.key)))

    # One

    def readable(self, user: Any, key: LearningContextKey, *, origin: str = "", export: str = "") -> AllSources:
        """
        Those origins in which the user may read the source: of all, or of the one that is named.

        Raises ``NotFound`` where the site does not have that, or an export is named and none of them has any.
        """
        asked = [self.of(origin)] if origin else list(self)
        if export:
            asked = [each for each in asked if each.has_exports]
            if not asked:
                raise NotFound(
                    _("There are no exports to choose from. Leave the name of the export out."), field="export"
                )
        return AllSources(*(each for each in asked if each.can_read(user, key, export)))

    def get(
        self, key: LearningContextKey, branch: Branch, export: str = "", user: Any = None, *, to_import: bool = False
    ) -> SourceData:
        """
        The source of the first origin that has it, as :meth:`Sources.get`; of exports, the newest.

        Raises ``NotFound`` and ``SourceError`` where no origin has one that can be read; and where it is ``to_import``,
        ``NotPermitted``: origins that refuse that are not asked.
        """
        found: list[SourceData] = []
        wrong: list[Exception] = []
        for origin in self:
            if to_import and (refusal := origin.refusal_of(key)):
                wrong.append(NotPermitted(refusal, field="source_key"))
                continue
            try:
                found.append(replace(origin.get(key, branch, export, user), origin=origin.name))
            except SourceBeingRead:  # It may be newer than what is known.
                raise
            except (NotFound, SourceError) as error:
                wrong.append(error)
            if found and found[0].modified is None:  # It is no export: it is as authors see it now.
                break
        if found:
            return to_read(found)
        for kind in (NotPermitted, SourceError, NotFound):
            if reason := next((each for each in wrong if isinstance(each, kind)), None):
                raise reason
        raise NotFound(_("There is no course or legacy library {key}.").format(key=key))

    def read(self, origin: str, key: LearningContextKey, branch: Branch, export: str = "") -> SourceData:
        """As :meth:`Sources.read`, of one origin."""
        return replace(self.of(origin).read(key, branch, export), origin=origin)

    def url(self, origin: str, key: LearningContextKey) -> str:
        """As :meth:`Sources.url`; empty where the origin is no more."""
        return self._origins[origin].url(key) if origin in self._origins else ""


def to_read(sources: Sequence[SourceData]) -> SourceData:
    """Of what has one key, in the order of the origins: the first; of exports, the newest."""
    if sources[0].modified is None:
        return sources[0]
    return max(sources, key=lambda source: source.modified or datetime.min.replace(tzinfo=UTC))
