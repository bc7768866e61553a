"""Studio's sources: the courses and legacy libraries of the modulestore."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import LibraryLocator

from ...data import Branch, SourceData, SourceKind, StagedRoot
from ...errors import NotFound, SourceError
from ...keys import parse_source_key
from ...olx.units import UNIT_TAG, UnitMaker
from ...packets import measured
from ..base import Host
from .assets import Assets
from .outline import outline_of
from .platform import authoring_address, modulestore, reading, versions_of
from .staging import Stager

# .. toggle_name: modulestore_imports.enabled
# .. toggle_implementation: CourseWaffleFlag
# .. toggle_default: False
# .. toggle_description: Lets courses and legacy libraries be imported into content libraries. Installing the app makes
#   the flag, on for everyone. To have it on for some organizations only, set it to "No" for everyone, and add waffle
#   flag org overrides (or course overrides). What was imported while it was on can be undone and redone after.
# .. toggle_use_cases: opt_in
# .. toggle_creation_date: 2026-11-23
FLAG = "modulestore_imports.enabled"
"""The waffle flag that says from which courses and legacy libraries may be imported."""

_COUNTS_KEPT_FOR = 30 * 24 * 3600


class StudioSources(Host):
    """The half of the host that deals with sources: the modulestore, and Studio's own permissions."""

    def list_sources(self, user: Any) -> Iterator[SourceData]:
        """As Studio's own lists of courses and legacy libraries. A fixed number of queries, and no course is loaded."""
        from cms.djangoapps.contentstore.views.course import get_courses_accessible_to_user

        if not user.is_active:
            return
        request = HttpRequest()
        request.user = user
        overviews, _being_made = get_courses_accessible_to_user(request)
        for overview in overviews:
            yield self._source(overview.id, overview.display_name)
        for summary in modulestore().get_library_summaries():
            key = summary.location.library_key
            if self.can_read_source(user, key):
                yield self._source(key, summary.display_name)

    def describe_sources(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """
        With block counts and the version that they are of, and a ``problem`` where imports are switched off.

        One query for the versions, and the flag's own for each source. A course whose blocks were not counted since it
        changed costs the reading of its structure: one document, and no blocks.
        """
        keys = {source.key: parse_source_key(source.key) for source in sources}
        versions = versions_of(keys.values())
        known = _cache().get_many([_cache_key(key, version) for key, version in versions.items()])
        described = []
        for source in sources:
            key = keys[source.key]
            problem = self.refusal_of_source(key)
            facts = known.get(_cache_key(source.key, versions.get(source.key, "")))
            if facts is None:
                try:
                    facts = outline_of(key, Branch.DRAFT).facts()
                    _cache().set(_cache_key(source.key, facts["version"]), facts, _COUNTS_KEPT_FOR)
                except (NotFound, SourceError) as error:
                    facts, problem = {}, str(error)
            described.append(replace(source, **facts, problem=problem))
        return described

    def get_source(
        self, source_key: LearningContextKey, branch: Branch, export: str = "", user: Any = None
    ) -> SourceData:
        """The version is that of the structure that was read, which changes with every edit of the branch."""
        if export:
            raise NotFound(_("Studio has no exports to choose from. Leave the name of the export out."))
        outline = outline_of(source_key, branch)
        return replace(self._source(source_key, outline.title), **outline.facts())

    def refusal_of_source(self, source_key: LearningContextKey) -> str:
        """That the flag :data:`FLAG` is on neither for the course, nor for its organization, nor for everybody."""
        from openedx.core.djangoapps.waffle_utils import CourseWaffleFlag

        if CourseWaffleFlag(FLAG, __name__).is_enabled(source_key):
            return ""
        return _("Importing is not switched on for courses of {org}. Ask those who run this site.").format(
            org=getattr(source_key, "org", source_key)
        )

    def stage(
        self, source_key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        """
        One section at a time, through the platform's ``content_staging``.

        Where the platform fails with a section, for the sake of one of its blocks, the section is put together from its
        components, and the bad ones are named.
        """
        outline = outline_of(source_key, branch)
        assets = Assets(source_key)
        units = UnitMaker(source_key, lambda name: (UNIT_TAG, name) not in outline.blocks)
        for usage_key in outline.roots:
            with reading(source_key, branch), measured(str(usage_key)):
                staged = Stager(source_key, user, purpose, outline, assets, units).stage(usage_key)
            yield from staged

    def can_read_source(self, user: Any, source_key: LearningContextKey, export: str = "") -> bool:
        """As Studio: by roles in ``openedx-authz`` where the site uses them for courses, else by course roles."""
        from common.djangoapps.student.auth import has_studio_read_access
        from openedx.core.djangoapps.authz.constants import LegacyAuthoringPermission
        from openedx.core.djangoapps.authz.decorators import user_has_course_permission
        from openedx_authz.constants.permissions import COURSES_VIEW_COURSE

        if not user.is_active:
            return False
        if isinstance(source_key, LibraryLocator):
            return has_studio_read_access(user, source_key)
        permission = COURSES_VIEW_COURSE.identifier
        return user_has_course_permission(user, permission, source_key, LegacyAuthoringPermission.READ)

    def source_url(self, source_key: LearningContextKey) -> str:
        base = authoring_address()
        if isinstance(source_key, LibraryLocator):
            return f"{getattr(settings, 'CMS_ROOT_URL', '')}/library/{source_key}"
        return f"{base}/course/{source_key}" if base else ""

    def _source(self, source_key: LearningContextKey, title: str | None) -> SourceData:
        is_library = isinstance(source_key, LibraryLocator)
        return SourceData(
            key=str(source_key),
            title=title or str(source_key),
            kind=SourceKind.LIBRARY if is_library else SourceKind.COURSE,
            location=self.source_url(source_key),
        )


def _cache() -> Any:
    return caches[getattr(settings, "IMPORT_FROM_MODULESTORE_CACHE", "default")]


def _cache_key(source_key: str, version: str) -> str:
    digest = hashlib.sha1(f"{source_key} {version}".encode(), usedforsecurity=False)
    return f"modulestore_imports:counts:{digest.hexdigest()}"
