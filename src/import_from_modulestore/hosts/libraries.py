"""The libraries of a site: who may do what with them, where people look at them, and what they take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from itertools import batched
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _
from opaque_keys.edx.locator import LibraryLocatorV2

from ..data import LibraryData
from ..errors import AlreadyExists, NotFound
from ..keys import parse_library_key

_BUSY = (1205, 1213)
"""MySQL's errors where somebody else holds what one needs, and goes on to hold it (lock wait timeout, deadlock)."""

_RIGHTS_AT_ONCE = 50
"""Of how many libraries rights are looked at at once, where one is to be found."""


class Libraries(ABC):
    """
    The half of a :class:`.base.Host` that imports are written into.

    Methods that look something up raise :class:`~import_from_modulestore.errors.NotFound` where there is nothing; they
    do not check permissions: actions ask the ``can_…`` methods first. ``user`` is an instance of the user model.
    """

    # Permissions

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

    def may_import(self, user: Any) -> bool:
        """Whether the user may change some library, or make one: for hosts that can tell without looking at each."""
        if not user.is_active:
            return False
        return self.can_create_library(user) or any(
            self.editable_libraries(user, {library.key for library in batch})
            for batch in batched(self.list_libraries(user), _RIGHTS_AT_ONCE)
        )

    # Libraries

    @abstractmethod
    def list_libraries(self, user: Any) -> Sequence[LibraryData]:
        """Every library that the user may view."""

    @abstractmethod
    def get_library(self, library_key: LibraryLocatorV2) -> LibraryData:
        """One library."""

    def no_such_library(self, library_key: LibraryLocatorV2) -> NotFound:
        """What to say of a library that is not there, or that the user is not to know of."""
        return NotFound(
            _("There is no library {key}, or none that you may see.").format(key=library_key), field="library_key"
        )

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

    # Links

    def library_url(self, library_key: LibraryLocatorV2) -> str:
        """Where people look at a library; empty where there is no such page."""
        return ""

    def collection_url(self, library_key: LibraryLocatorV2, code: str) -> str:
        """Where people look at a collection of a library; empty where there is no such page."""
        return ""

    def item_url(self, item_key: str) -> str:
        """Where people look at an item of a library; empty where there is no such page."""
        return ""

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
