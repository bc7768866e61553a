"""Platform: common/djangoapps/student/auth.py."""

from typing import Any

from opaque_keys.edx.locator import LibraryLocator

from .roles import GlobalStaff

readers: set[tuple[str, str]] = set()
"""For the tests: pairs of user's name and key of a course or legacy library."""
writers: set[tuple[str, str]] = set()
"""For the tests: the same pairs of those who may change it, too."""


def has_studio_read_access(user: Any, course_key: Any) -> bool:
    found = (user.username, str(course_key))
    return GlobalStaff().has_user(user) or (user.is_active and (found in readers or found in writers))


def has_studio_write_access(user: Any, course_key: Any, service_variant: str | None = None) -> bool:
    """Who is of a course's team may change it; legacy libraries have some who only read."""
    found = (user.username, str(course_key))
    of_team = found in writers or (found in readers and not isinstance(course_key, LibraryLocator))
    return GlobalStaff().has_user(user) or (user.is_active and of_team)
