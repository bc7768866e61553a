"""
The host inside Studio, the ``cms`` service of an Open edX site.

This is the only package that imports the platform, and it does so inside its functions: loading it loads nothing, so
that the app starts, and is tested, where there is no platform. All that it uses of the platform is listed in
``docs/platform_contract.md``.
"""

from __future__ import annotations

from django.conf import settings

from ..forwarding import Forwarding
from .forwarding import forwarding_of_platform
from .libraries import StudioLibraries
from .sources import FLAG, StudioSources

__all__ = ["FLAG", "StudioHost"]


class StudioHost(StudioSources, StudioLibraries):
    """
    The modulestore for courses, ``content_libraries`` for libraries, and Studio's own permissions on both.

    Sources are named by ``course-v1:`` and ``library-v1:`` keys; which of the course's two branches is read is a matter
    of choice, while a legacy library has but one.

    Who has closed their account has no rights. That is looked at here: the platform does not, where it asks for global
    staff, or for roles of ``openedx-authz``.
    """

    def forwarding(self) -> Forwarding | None:
        return forwarding_of_platform()

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
