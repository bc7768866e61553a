"""Platform: openedx/core/djangoapps/waffle_utils/__init__.py."""

from typing import Any

from opaque_keys.edx.keys import CourseKey

for_all: dict[str, bool] = {}
for_orgs: dict[tuple[str, str], bool] = {}
"""For the tests: flags, and what overrides them for an organization."""


class CourseWaffleFlag:
    def __init__(self, flag_name: str, module_name: str, log_prefix: str = "") -> None:
        self._name = flag_name

    def is_enabled(self, course_key: Any = None) -> bool:
        override = for_orgs.get((self._name, course_key.org)) if isinstance(course_key, CourseKey) else None
        return for_all.get(self._name, False) if override is None else override
