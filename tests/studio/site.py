"""What the tests do with a site, in the words of both grounds: the platform itself, and its double."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import LibraryLocatorV2
from openedx_content.models_api import DraftSideEffect, EntityListRow, LearningPackage, PublishSideEffect


@dataclass(frozen=True)
class Link:
    """A link of a block to an item: what Studio's pages show of it."""

    item: str
    synced: int
    available: int | None
    top: str = ""
    customized: tuple[str, ...] = ()

    @property
    def has_update(self) -> bool:
        """Whether an update is offered; of what is in a linked container, with that."""
        return self.available is None or self.available > self.synced


class Site(ABC):
    """An Open edX site with nothing in it."""

    @abstractmethod
    def load(self, folder: Path) -> str:
        """Import an export into the modulestore, and publish it; returns the key of the course or legacy library."""

    @abstractmethod
    def export(self, source_key: str, folder: Path) -> Path:
        """Export a source as Studio does; returns the folder of the export, which is in ``folder`` or elsewhere."""

    @abstractmethod
    def add_file(self, source_key: str, name: str, data: bytes) -> None:
        """Put a file into "Files & Uploads"."""

    @abstractmethod
    def edit(self, usage_key: str, olx: str) -> None:
        """Change a block as an author does in Studio, and leave it a draft."""

    @abstractmethod
    def configure(self, usage_key: str, **fields: Any) -> None:
        """Set fields of a block, and leave it a draft."""

    @abstractmethod
    def lose(self, usage_key: str) -> None:
        """Remove a block without telling its parent."""

    @abstractmethod
    def break_block(self, usage_key: str) -> None:
        """Make a block one that Studio cannot write as OLX."""

    def migrate(self, source_key: str, library_key: str, user: Any, *, level: str = "component", **how: Any) -> None:
        """Have the platform itself import a source into a library, under IDs made of titles."""
        from cms.djangoapps.modulestore_migrator import api
        from cms.djangoapps.modulestore_migrator.data import CompositionLevel, RepeatHandlingStrategy

        api.start_migration_to_library(
            user=user,
            source_key=context(source_key),
            target_library_key=LibraryLocatorV2.from_string(library_key),
            composition_level=CompositionLevel(level),
            repeat_handling_strategy=RepeatHandlingStrategy("skip"),
            **{"preserve_url_slugs": False, "forward_source_to_target": None} | how,
        )

    @abstractmethod
    def person(self, username: str, **fields: Any) -> Any:
        """Make a user."""

    @abstractmethod
    def let_read(self, user: Any, source_key: str) -> None:
        """Make the user one of a course's or legacy library's team."""

    @abstractmethod
    def let_change(self, user: Any, source_key: str) -> None:
        """Make the user one of those who may change a course or legacy library."""

    @abstractmethod
    def let_edit(self, user: Any, library_key: str) -> None:
        """Make the user an author of a library."""

    @abstractmethod
    def let_contribute(self, user: Any, library_key: str) -> None:
        """Make the user one who may edit in a library, and not publish."""

    @abstractmethod
    def let_create_libraries(self, user: Any) -> None:
        """Make the user one who may make libraries."""

    @abstractmethod
    def take_rights(self, user: Any) -> None:
        """Take all of that away again."""

    @abstractmethod
    def close_account(self, user: Any) -> None:
        """Make the account inactive, with all its rights in their places."""

    @abstractmethod
    def sign_in(self, client: Any, user: Any) -> None:
        """Give a test client a session of the user's."""

    def remove_library(self, library_key: str) -> None:
        """Delete a library with all that is in it."""
        package = LearningPackage.objects.get(package_ref=library_key)
        # openedx_content (to 1.15) lets these rows hold back the package that they belong to.
        EntityListRow.objects.filter(entity__learning_package=package).delete()
        DraftSideEffect.objects.filter(cause__entity__learning_package=package).delete()
        PublishSideEffect.objects.filter(cause__entity__learning_package=package).delete()
        self._delete_library(library_key)

    @abstractmethod
    def _delete_library(self, library_key: str) -> None:
        """Delete a library that nothing holds back."""

    @abstractmethod
    def link_of(self, usage_key: str) -> Link | None:
        """What Studio knows of the link of a block to an item of a library; ``None`` where it follows none."""

    @abstractmethod
    def row_of(self, usage_key: str) -> tuple[str, int, str] | None:
        """
        The platform's row about it: the item, its version, and the outermost block that is linked around it, or "".
        """

    @abstractmethod
    def has_draft(self, usage_key: str) -> bool:
        """Whether the block, or what is in it, has changes that are not published."""

    @abstractmethod
    def tag(self, usage_key: str, *values: str, orgs: tuple[str, ...] = ()) -> None:
        """Tag a block, with values of one taxonomy, which is for all organizations or for some."""

    @abstractmethod
    def switch(self, *, on: bool, org: str = "") -> None:
        """Switch importing on or off, for everybody or for an organization."""


def usage(key: str) -> Any:
    """The usage key."""
    return UsageKey.from_string(key)


def context(key: str) -> Any:
    """The key of a course or legacy library."""
    return CourseKey.from_string(key)
