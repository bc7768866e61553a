"""Platform: common/djangoapps/student/auth.py."""

from typing import Any

from .roles import GlobalStaff

readers: set[tuple[str, str]] = set()
"""For the tests: pairs of user's name and key of a course or legacy library."""


def has_studio_read_access(user: Any, course_key: Any) -> bool:
    return GlobalStaff().has_user(user) or (user.is_active and (user.username, str(course_key)) in readers)
