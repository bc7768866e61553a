"""
The host inside Studio, the ``cms`` service of an Open edX site.

This is the only package that imports the platform, and it does so inside its functions: loading it loads nothing, so
that the app starts, and is tested, where there is no platform. All that it uses of the platform is listed in
``docs/reference/platform_contract.md``.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from ..base import Host
from ..forwarding import Forwarding
from ..sources import AllSources
from .forwarding import forwarding_of_platform
from .libraries import StudioLibraries
from .platform import language_of
from .sources import FLAG, Modulestore, StudioUploads

__all__ = ["FLAG", "StudioHost"]


class StudioHost(StudioLibraries, Host):
    """
    The modulestore for courses, ``content_libraries`` for libraries, and Studio's own permissions on both.

    Who has closed their account has no rights. That is looked at here: the platform does not, where it asks for global
    staff, or for roles of ``openedx-authz``.
    """

    # Sources

    @property
    def sources(self) -> AllSources:
        """What is here first; uploads only where there is a place for them."""
        has_place = bool(getattr(settings, "IMPORT_FROM_MODULESTORE_EXPORTS_DIR", None))
        return AllSources(Modulestore(), *([StudioUploads(self)] if has_place else []))

    def no_uploads(self) -> str:
        return _(
            "Exports cannot be uploaded here yet: there is no place for them. Ask those who run this site to set "
            "IMPORT_FROM_MODULESTORE_EXPORTS_DIR. Or import the export into a course of its own, and then that course "
            "from here."
        )

    # References to sources

    def forwarding(self) -> Forwarding | None:
        return forwarding_of_platform()

    # Languages

    def language_of(self, user: Any) -> str:
        """What they have chosen in their account; Studio's pages have it from a middleware of the platform."""
        return language_of(user)

    # Its pages

    @property
    def site_name(self) -> str:
        return str(getattr(settings, "STUDIO_NAME", "") or super().site_name)

    @property
    def site_url(self) -> str:
        return f"{getattr(settings, 'CMS_ROOT_URL', '')}/home/"

    def absolute_url(self, path: str) -> str:
        base = getattr(settings, "CMS_ROOT_URL", "")
        return f"{base}{path}" if base else ""
