"""Sources, and libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SourceKind(TextChoices):
    """The two kinds of modulestore content."""

    COURSE = "course", _("Course")
    LIBRARY = "library", _("Legacy library")


@dataclass(frozen=True, kw_only=True)
class LastImport:
    """The last import of a source that is written: which, into what, and when."""

    id: str
    library_key: str
    library_title: str
    finished: datetime | None


class SourceReference(NamedTuple):
    """What names a source among all; without an origin the first that has it is meant, of exports the newest."""

    key: str
    origin: str = ""
    export: str = ""

    def __str__(self) -> str:
        return " ".join(self).rstrip()

    @classmethod
    def of(cls, text: str) -> SourceReference:
        """
        From the text that it becomes in forms and addresses: neither a key nor an origin holds a space.

        >>> SourceReference.of("library-v1:Acme+Sea upload upload:7/the sea.zip")
        SourceReference(key='library-v1:Acme+Sea', origin='upload', export='upload:7/the sea.zip')
        """
        return cls(*text.split(" ", 2))


@dataclass(frozen=True, kw_only=True)
class SourceData:
    """
    One course or legacy library that can be imported; or what lies among them and cannot, and why (``problem``): it has
    a key only where the key could be read.
    """

    key: str
    title: str
    kind: SourceKind
    location: str = ""
    """Where the source lies, for people: a file name, a Studio address."""
    origin: str = ""
    """Where it comes from: ``modulestore``, ``folder`` (of exports), ``upload``, or what else a site has."""
    export: str = ""
    """Name of the export that holds it, which is chosen by that where there are several; empty where there are none."""
    modified: datetime | None = None
    """When the export was made or changed; ``None`` where unknown."""
    version: str = ""
    """What identifies the state that was read; empty where the source has no versions."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Blocks by :class:`BlockKind` value."""
    types: Mapping[str, int] = field(default_factory=dict)
    """Components by block type."""
    size: int = 0
    """Bytes on disk; 0 where unknown."""
    warnings: tuple[str, ...] = ()
    """What could not be read and belongs to no block."""
    problem: str = ""
    """Why it cannot be imported; empty where it can."""
    is_partial: bool = False
    """Whether blocks may be missing that are in the source: ``warnings`` say why."""
    uploaded: datetime | None = None
    """When the export was uploaded; ``None`` where it was not."""
    uploaded_by: str = ""
    """Who uploaded it; empty where nobody did, or the account is gone."""
    removable: bool = False
    """Whether the user may remove the export (:func:`.api.remove_export`)."""
    is_being_read: bool = False
    """Whether ``problem`` says no more than that it is not known yet what lies there."""
    identity: str = field(default="", compare=False)
    """
    What is the same at two times only where all that is read of it was, byte for byte, and in between as well; told
    where it is read to be staged next. Empty where nothing tells for certain.
    """
    last_import: LastImport | None = None
    """The last import of it that is written, of those that the user may know of; told where sources are listed."""

    org: str = field(init=False)
    """The organization's short name; empty for an export without a readable key."""
    run: str = field(init=False)
    """The course's run; empty for a legacy library."""

    def __post_init__(self) -> None:
        org, _course, run, *_rest = (*self.key.partition(":")[2].split("+"), "", "")
        object.__setattr__(self, "org", org)
        object.__setattr__(self, "run", run)

    @property
    def reference(self) -> SourceReference:
        """What names it."""
        return SourceReference(self.key, self.origin, self.export)

    @property
    def block_count(self) -> int:
        """All blocks, containers included."""
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class LibraryData:
    """One content library; ``package_id`` is the primary key of its learning package, 0 while it is to be made."""

    key: str
    title: str
    package_id: Any
    url: str = ""
    """Its page, where the host has one."""
