"""Platform: common/djangoapps/student/auth.py."""

from typing import Any

from .roles import GlobalStaff

readers: set[tuple[str, str]] = set()
"""For the tests: pairs of user's name and key of a course or legacy library."""
writers: set[tuple[str, str]] = set()
"""For the tests: the same pairs of those who may change it, too."""


def has_studio_read_access(user: Any, course_key: Any) -> bool:
    found = (user.username, str(course_key))
    return GlobalStaff().has_user(user) or (user.is_active and (found in readers or found in writers))


def has_studio_write_access(user: Any, course_key: Any, service_variant: str | None = None) -> bool:
    return GlobalStaff().has_user(user) or (user.is_active and (user.username, str(course_key)) in writers)
