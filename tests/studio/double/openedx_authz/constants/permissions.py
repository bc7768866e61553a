"""PyPI: openedx-authz, openedx_authz/constants/permissions.py."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PermissionData:
    identifier: str


COURSES_VIEW_COURSE = PermissionData("courses.view_course")
COURSES_EDIT_COURSE_CONTENT = PermissionData("courses.edit_course_content")
EDIT_LIBRARY_CONTENT = PermissionData("content_libraries.edit_library_content")
PUBLISH_LIBRARY_CONTENT = PermissionData("content_libraries.publish_library_content")
