"""Platform: cms/djangoapps/contentstore/views/course.py."""

from dataclasses import dataclass
from typing import Any

from common.djangoapps.student.auth import has_studio_read_access
from opaque_keys.edx.locator import CourseLocator
from xmodule.modulestore import ModuleStoreEnum
from xmodule.modulestore.django import modulestore


@dataclass
class CourseOverview:
    id: Any
    display_name: str | None


def get_courses_accessible_to_user(request: Any) -> tuple[list[CourseOverview], list[Any]]:
    assert not request.GET
    return [
        CourseOverview(key, structure.blocks[structure.root].fields.get("display_name"))
        for key, branches in modulestore().branches.items()
        if isinstance(key, CourseLocator) and has_studio_read_access(request.user, key)
        for structure in [branches[ModuleStoreEnum.Branch.draft_preferred]]
    ], []
