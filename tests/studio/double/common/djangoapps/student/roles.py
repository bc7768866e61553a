"""Platform: common/djangoapps/student/roles.py."""

from typing import Any


class GlobalStaff:
    def has_user(self, user: Any) -> bool:
        return bool(user and user.is_staff)
