"""Studio's sources: the courses and legacy libraries of the modulestore, and exports that its authors upload."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import LibraryLocator

from ...data import Branch, SourceData, SourceKind, StagedRoot
from ...errors import NotFound, SourceError
from ...exports.uploads import Uploads
from ...keys import parse_source_key
from ...olx.units import UNIT_TAG, UnitMaker
from ...packets import measured
from ...settings import DEFAULTS
from ..exports import ExportUploads
from ..links import CourseLinks
from ..sources import Sources
from .assets import Assets
from .outline import outline_of
from .platform import authoring_address, modulestore, reading, tags_known, tags_of, versions_of
from .staging import Stager
from .upstream import StudioLinks

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


class Modulestore(Sources):
    """
    What is in the modulestore, by ``course-v1:`` and ``library-v1:`` keys, for whom Studio lets see it.

    Which of a course's two branches is read is a matter of choice, while a legacy library has but one.
    """

    name = "modulestore"
    label = gettext_lazy("Studio")

    def list(self, user: Any) -> Iterator[SourceData]:
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
            if self.can_read(user, key):
                yield self._source(key, summary.display_name)

    def describe(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """
        With block counts and the version that they are of.

        One query for the versions. A course whose blocks were not counted since it changed costs the reading of its
        structure: one document, and no blocks.
        """
        keys = {source.key: parse_source_key(source.key) for source in sources}
        versions = versions_of(keys.values())
        known = _cache().get_many([_cache_key(key, version) for key, version in versions.items()])
        described = []
        for source in sources:
            key = keys[source.key]
            problem = source.problem
            facts = known.get(_cache_key(source.key, versions.get(source.key, "")))
            if facts is None:
                try:
                    facts = outline_of(key, Branch.DRAFT).facts()
                    _cache().set(_cache_key(source.key, facts["version"]), facts, _COUNTS_KEPT_FOR)
                except (NotFound, SourceError) as error:
                    facts, problem = {}, str(error)
            described.append(replace(source, **facts, problem=problem))
        return described

    def get(self, key: LearningContextKey, branch: Branch, export: str = "", user: Any = None) -> SourceData:
        """The version is that of the structure that was read, which changes with every edit of the branch."""
        outline = outline_of(key, branch)
        return replace(self._source(key, outline.title), **outline.facts())

    def refusal_of(self, key: LearningContextKey) -> str:
        return refusal_of(key)

    def stage(
        self, key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        """
        One section at a time, through the platform's ``content_staging``.

        Where the platform fails with a section, for the sake of one of its blocks, the section is put together from its
        components, and the bad ones are named.
        """
        outline = outline_of(key, branch)
        assets = Assets(key)
        units = UnitMaker(key, lambda name: (UNIT_TAG, name) not in outline.blocks)
        tags = tags_of(key)
        for usage_key in outline.roots:
            with reading(key, branch), measured(str(usage_key)), tags_known(key, tags):
                staged = Stager(key, user, purpose, outline, assets, units).stage(usage_key)
            yield from staged

    def can_read(self, user: Any, key: LearningContextKey, export: str = "") -> bool:
        """As Studio: by roles in ``openedx-authz`` where the site uses them for courses, else by course roles."""
        from common.djangoapps.student.auth import has_studio_read_access
        from openedx.core.djangoapps.authz.constants import LegacyAuthoringPermission
        from openedx.core.djangoapps.authz.decorators import user_has_course_permission
        from openedx_authz.constants.permissions import COURSES_VIEW_COURSE

        if not user.is_active:
            return False
        if isinstance(key, LibraryLocator):
            return has_studio_read_access(user, key)
        permission = COURSES_VIEW_COURSE.identifier
        return user_has_course_permission(user, permission, key, LegacyAuthoringPermission.READ)

    def links(self) -> CourseLinks:
        return StudioLinks()

    def url(self, key: LearningContextKey) -> str:
        base = authoring_address()
        if isinstance(key, LibraryLocator):
            return f"{getattr(settings, 'CMS_ROOT_URL', '')}/library/{key}"
        return f"{base}/course/{key}" if base else ""

    def _source(self, source_key: LearningContextKey, title: str | None) -> SourceData:
        is_library = isinstance(source_key, LibraryLocator)
        return SourceData(
            key=str(source_key),
            title=title or str(source_key),
            kind=SourceKind.LIBRARY if is_library else SourceKind.COURSE,
            location=self.url(source_key),
        )


class StudioUploads(ExportUploads):
    """
    What authors upload: exports of another site, say, or of legacy libraries that the platform has dropped.

    They lie in a folder that the web servers and the workers of Studio share (``IMPORT_FROM_MODULESTORE_EXPORTS_DIR``).
    """

    def uploads(self, patience: float | None) -> Uploads:
        folder = Path(_setting("EXPORTS_DIR"))
        return Uploads(
            folder / "uploads",
            folder / "unpacked",
            max_bytes=_setting("MAX_UPLOAD_BYTES"),
            max_bytes_per_user=_setting("MAX_UPLOADS_BYTES_PER_USER"),
            patience=patience,
        )

    def sees_all(self, user: Any) -> bool:
        """Global staff."""
        from common.djangoapps.student.roles import GlobalStaff

        return GlobalStaff().has_user(user)

    def refusal_of(self, key: LearningContextKey) -> str:
        """As of courses that are here: what is switched off is not to be had by a detour."""
        return refusal_of(key)


def refusal_of(source_key: LearningContextKey) -> str:
    """That the flag :data:`FLAG` is on neither for the course, nor for its organization, nor for everybody."""
    from openedx.core.djangoapps.waffle_utils import CourseWaffleFlag

    if CourseWaffleFlag(FLAG, __name__).is_enabled(source_key):
        return ""
    return _("Importing is not switched on for courses of {org}. Ask those who run this site.").format(
        org=getattr(source_key, "org", source_key)
    )


def _setting(name: str) -> Any:
    return getattr(settings, f"IMPORT_FROM_MODULESTORE_{name}", DEFAULTS[f"IMPORT_FROM_MODULESTORE_{name}"])


def _cache() -> Any:
    return caches[getattr(settings, "IMPORT_FROM_MODULESTORE_CACHE", "default")]


def _cache_key(source_key: str, version: str) -> str:
    digest = hashlib.sha1(f"{source_key} {version}".encode(), usedforsecurity=False)
    return f"modulestore_imports:counts:{digest.hexdigest()}"
