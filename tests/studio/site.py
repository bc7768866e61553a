"""What the tests do with a site, in the words of both grounds: the platform itself, and its double."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from opaque_keys.edx.keys import CourseKey, UsageKey


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

    @abstractmethod
    def person(self, username: str, **fields: Any) -> Any:
        """Make a user."""

    @abstractmethod
    def let_read(self, user: Any, source_key: str) -> None:
        """Make the user one of a course's or legacy library's team."""

    @abstractmethod
    def let_edit(self, user: Any, library_key: str) -> None:
        """Make the user an author of a library."""

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
