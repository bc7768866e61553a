"""
What the app needs from its surroundings.

A host knows where courses and libraries live and who may do what with them. One is chosen by the setting
``IMPORT_FROM_MODULESTORE_HOST``; nothing else in the app knows which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import LibraryLocatorV2

from ..data import Branch, LibraryData, SourceData, StagedRoot
from ..errors import AlreadyExists, NotFound, NotPermitted
from ..keys import parse_library_key
from .forwarding import Forwarding

_BUSY = (1205, 1213)
"""MySQL's errors where somebody else holds what one needs, and goes on to hold it (lock wait timeout, deadlock)."""


class Host(ABC):
    """
    The surroundings of the app: sources, staging, libraries, permissions.

    Methods that look something up raise :class:`~import_from_modulestore.errors.NotFound` where there is nothing; they
    do not check permissions: actions ask the ``can_…`` methods first. ``user`` is an instance of the user model.
    """

    # Sources

    @abstractmethod
    def list_sources(self, user: Any) -> Iterable[SourceData]:
        """Every source that the user may read, and the unreadable ones with their ``problem``. Cheap for each."""

    def find_sources(self, user: Any, source_keys: Collection[str], exports: Collection[str]) -> Iterable[SourceData]:
        """Those of :meth:`list_sources` that have these keys; of these exports alone, where some are named."""
        found = (source for source in self.list_sources(user) if source.key in source_keys)
        return (source for source in found if not exports or source.export in exports)

    def describe_sources(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """The same with what is not had as cheaply, for a part of the list: block counts, above all."""
        return sources

    def nothing_to_import(self) -> str:
        """What to say to a user who has no sources."""
        return _("There is no course or legacy library that you may read.")

    @abstractmethod
    def get_source(
        self, source_key: LearningContextKey, branch: Branch, export: str = "", user: Any = None
    ) -> SourceData:
        """
        One branch of a source, with its block counts, soon: where somebody waits for a page.

        ``export`` is the name of the export that is to be read, where sources are exports. Without it, hosts take the
        newest that holds the source, of those that are for this ``user``. Raises ``NotFound``, ``SourceError`` where
        it cannot be read, and ``SourceBeingRead`` where that takes longer than a page can wait.
        """

    def read_source(self, source_key: LearningContextKey, branch: Branch, export: str = "") -> SourceData:
        """The same for the step that stages it next: read as a whole, however long that takes."""
        return self.get_source(source_key, branch, export)

    def no_such_source(self, source_key: LearningContextKey) -> NotFound:
        """What to say of a source that is not there, or that the user may not read."""
        return NotFound(
            _("There is no course or legacy library {key}, or none that you may read.").format(key=source_key)
        )

    def refusal_of_source(self, source_key: LearningContextKey) -> str:
        """Why nothing may be imported from there, whoever asks; empty where it may."""
        return ""

    @abstractmethod
    def stage(
        self, source_key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        """
        Put the source into ``content_staging``, one root at a time, with the files that its components name.

        ``export`` as in :meth:`get_source`.

        Roots come in the order of the source. OLX is inlined: one tree per root, a ``url_name`` on every block, HTML as
        CDATA. A block that is met again, because several parents show it, is an empty element the second time.
        Components that stand in no unit are put into units (:mod:`..olx.units`).
        """

    def forget(self, purpose: str) -> None:  # noqa: B027 - most hosts leave nothing
        """Remove what :meth:`stage` has left for a purpose of which nothing is in ``content_staging`` any more."""

    # Uploads

    def refusal_of_uploads(self, user: Any) -> str:
        """Why the user may upload no export; empty where they may."""
        return _(
            "Exports cannot be uploaded here: this site imports the courses and legacy libraries that it holds. Import "
            "the export into a course of its own first, then that course from here."
        )

    def upload_limit(self, user: Any) -> int:
        """How many bytes an export may have that this user uploads now, if they may."""
        return 0

    def upload_export(self, user: Any, file: BinaryIO, name: str) -> SourceData:
        """
        Keep an export that a user has who may upload; ``name`` is what they call the file, and is not to be trusted.

        Nothing stays of what is refused. Raises ``InvalidOption``, ``SourceError`` and ``StepFailed``.
        """
        raise NotPermitted(self.refusal_of_uploads(user))

    def can_remove_export(self, user: Any, export: str) -> bool:
        """Whether there is an export of this name that was uploaded, and the user may remove it."""
        return False

    def remove_export(self, export: str) -> None:
        """Remove an export that was uploaded. Raises ``NotFound``."""
        raise NotFound(_("There is no export {name}.").format(name=export), field="export")

    # Permissions

    @abstractmethod
    def can_read_source(self, user: Any, source_key: LearningContextKey, export: str = "") -> bool:
        """Whether the user may see the source's content, in this export; without one, in any."""

    @abstractmethod
    def can_view_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        """Whether the user may see the library's content."""

    @abstractmethod
    def can_edit_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        """Whether the user may change the library's content."""

    def viewable_libraries(self, user: Any, library_keys: Collection[str]) -> set[str]:
        """Of these libraries, which may be gone, those that the user may see; for hosts that can tell all at once."""
        return {key for key in library_keys if self.can_view_library(user, parse_library_key(key))}

    def editable_libraries(self, user: Any, library_keys: Collection[str]) -> set[str]:
        """Of these libraries, those that the user may change; for hosts that can tell all at once."""
        return {key for key in library_keys if self.can_edit_library(user, parse_library_key(key))}

    def can_publish_in_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        """Whether the user, who may change the library, may also publish what is in it."""
        return True

    def can_back_up_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        """Whether the user, who may see the library, may take all of it along as an archive."""
        return self.can_edit_library(user, library_key)

    @abstractmethod
    def can_create_library(self, user: Any) -> bool:
        """Whether the user may make a new library."""

    # Libraries

    @abstractmethod
    def list_libraries(self, user: Any) -> Sequence[LibraryData]:
        """Every library that the user may view."""

    @abstractmethod
    def get_library(self, library_key: LibraryLocatorV2) -> LibraryData:
        """One library."""

    def no_such_library(self, library_key: LibraryLocatorV2) -> NotFound:
        """What to say of a library that is not there, or that the user is not to know of."""
        return NotFound(_("There is no library {key}, or none that you may see.").format(key=library_key))

    def make_library(self, library_key: LibraryLocatorV2, *, title: str, user: Any) -> LibraryData:
        """
        Make an empty library. Of several who make the same one at once, one does.

        Raises ``AlreadyExists`` for the others: the database has let them wait for the one, or for as long as it lets
        anybody wait. What else may be made along with a library (an organization) is no reason to give up.
        """
        for last in (False, False, True):
            try:
                with transaction.atomic():
                    return self.create_library(library_key, title=title, user=user)
            except (IntegrityError, ValidationError):  # openedx_content looks before it writes, and so may see it too.
                if self._is_there(library_key):
                    raise self.library_exists(library_key) from None
                if last:
                    raise
            except OperationalError as error:
                if error.args[0] not in _BUSY:
                    raise
                raise AlreadyExists(
                    _("The library {key} is being made by somebody else. Wait until it is there.").format(
                        key=library_key
                    )
                ) from error
        raise AssertionError("the last attempt returns or raises")

    def library_exists(self, library_key: LibraryLocatorV2) -> AlreadyExists:
        """What to say of a library that is to be made, and is there."""
        return AlreadyExists(_("The library {key} exists already.").format(key=library_key))

    def _is_there(self, library_key: LibraryLocatorV2) -> bool:
        try:
            self.get_library(library_key)
        except NotFound:
            return False
        return True

    @abstractmethod
    def create_library(self, library_key: LibraryLocatorV2, *, title: str, user: Any) -> LibraryData:
        """Make an empty library; :meth:`make_library` sees to who else does. Raises ``AlreadyExists``."""

    # Its pages

    @property
    def site_name(self) -> str:
        """What the pages call themselves."""
        return _("Import into libraries")

    @property
    def site_url(self) -> str:
        """Where the pages lead back to; empty where they stand alone."""
        return ""

    def absolute_url(self, path: str) -> str:
        """The address of a page of this site, for messages; empty where nothing tells what the site is called."""
        return ""

    @property
    def sign_out_url(self) -> str:
        """Where one signs out, by a form that is sent; empty where that is not for the pages to offer."""
        return ""

    # Links

    def source_url(self, source_key: LearningContextKey) -> str:
        """Where people look at a source; empty where there is no such page."""
        return ""

    def library_url(self, library_key: LibraryLocatorV2) -> str:
        """Where people look at a library; empty where there is no such page."""
        return ""

    def item_url(self, item_key: str) -> str:
        """Where people look at an item of a library; empty where there is no such page."""
        return ""

    # References to sources

    def forwarding(self) -> Forwarding | None:
        """What forwards references of courses to a source; ``None`` where nothing does."""
        return None

    # What a library takes

    @abstractmethod
    def block_limit(self, library_key: LibraryLocatorV2) -> int:
        """How many live items the library may hold."""

    @abstractmethod
    def refusal_of(self, block_type: str) -> str:
        """Why libraries do not take components of this type; empty where they do."""

    def permitted_taxonomies(self, library_key: LibraryLocatorV2, taxonomy_ids: Collection[int]) -> set[int]:
        """Of these taxonomies (``openedx_tagging``), those whose tags items of the library may bear."""
        return set()

    @abstractmethod
    def warning_about(self, block_type: str) -> str:
        """What to know before importing components of this type; empty where there is nothing."""
