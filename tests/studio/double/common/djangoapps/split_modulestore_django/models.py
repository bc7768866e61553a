"""Platform: common/djangoapps/split_modulestore_django/models.py."""

from collections.abc import Iterable
from typing import Any

from opaque_keys.edx.locator import LibraryLocator
from xmodule.modulestore import ModuleStoreEnum
from xmodule.modulestore.django import modulestore


class _Rows:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def values_list(self, *fields: str) -> list[tuple[Any, ...]]:
        return [tuple(row[name] for name in fields) for row in self._rows]


class _Manager:
    def filter(self, *, course_id__in: Iterable[Any]) -> _Rows:
        branches = modulestore().branches
        return _Rows([_row(key, branches[key]) for key in course_id__in if key in branches])


def _row(key: Any, branches: dict[str, Any]) -> dict[str, Any]:
    draft = branches[ModuleStoreEnum.Branch.draft_preferred].version
    is_library = isinstance(key, LibraryLocator)
    return {
        "course_id": key,
        "draft_version": "" if is_library else draft,
        "library_version": draft if is_library else "",
    }


class SplitModulestoreCourseIndex:
    objects = _Manager()
