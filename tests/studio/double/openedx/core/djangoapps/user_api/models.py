"""Platform: openedx/core/djangoapps/user_api/models.py."""

from typing import Any

preferences: dict[tuple[str, str], str] = {}
"""For the tests: what users have chosen, by their name and the key."""


class UserPreference:
    @classmethod
    def get_value(cls, user: Any, preference_key: str, default: Any = None) -> Any:
        return preferences.get((user.username, preference_key), default)
