"""Platform: openedx/core/djangoapps/authz/decorators.py."""

from typing import Any

from common.djangoapps.student.auth import has_studio_read_access, has_studio_write_access

from .constants import LegacyAuthoringPermission

auditors: set[tuple[str, str]] = set()
"""For the tests: pairs of user's name and course key, of a role that ``openedx-authz`` alone knows."""


def user_has_course_permission(
    user: Any, authz_permission: str, course_key: Any, legacy_permission: LegacyAuthoringPermission | None = None
) -> bool:
    if (user.username, str(course_key)) in auditors:
        return authz_permission == "courses.view_course"
    if legacy_permission is LegacyAuthoringPermission.WRITE:
        return has_studio_write_access(user, course_key)
    return legacy_permission is LegacyAuthoringPermission.READ and has_studio_read_access(user, course_key)
