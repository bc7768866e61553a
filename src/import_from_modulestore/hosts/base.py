"""
What the app needs from its surroundings.

A host has two halves: :mod:`.sources`, which courses and legacy libraries are read from, and :mod:`.libraries`, which
imports are written into. One host is chosen by the setting ``IMPORT_FROM_MODULESTORE_HOST``; nothing else in the app
knows which.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.utils.translation import gettext as _
from opaque_keys.edx.keys import LearningContextKey

from ..errors import NotFound
from .forwarding import Forwarding
from .libraries import Libraries
from .sources import AllSources


class Host(Libraries):
    """The surroundings of the app: sources, libraries, and the site that its pages are a part of."""

    # Sources

    @property
    @abstractmethod
    def sources(self) -> AllSources:
        """What can be imported, of all origins that this site has."""

    def nothing_to_import(self) -> str:
        """What to say to a user who has no sources."""
        return _("There is no course or legacy library that you may read.")

    def no_such_source(self, source_key: LearningContextKey) -> NotFound:
        """What to say of a source that is not there, or that the user may not read."""
        return NotFound(
            _("There is no course or legacy library {key}, or none that you may read.").format(key=source_key)
        )

    def no_uploads(self) -> str:
        """Why nobody may upload an export, where the site has no origin for that."""
        return _("Exports cannot be uploaded here: this site imports the courses and legacy libraries that it holds.")

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

    # Languages

    @property
    def language_url(self) -> str:
        """Where one chooses the language of the pages, by a form that is sent; empty where they do not offer it."""
        return ""

    def language_of(self, user: Any) -> str:
        """The code of the language that somebody reads; empty where that is not known."""
        return ""

    # References to sources

    def forwarding(self) -> Forwarding | None:
        """What forwards references of courses to a source; ``None`` where nothing does."""
        return None
