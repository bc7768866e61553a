"""A course that is staged, beside a library that has already met it."""

from __future__ import annotations

import pytest
from openedx_content import api as content_api
from openedx_content.models_api import Component, LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import BlockData

from ..builders import TARGET, small_course, usage_key, write_course


@pytest.fixture
def write(courses):
    """Write the course on the shelf; by default the small one."""
    return lambda *sections, **more: write_course(courses / "c1", *(sections or small_course()), **more)


@pytest.fixture
def blocks(user):
    """The staged blocks by block ID: ``blocks(import_id, conflicts=True)``."""

    def listed(import_id: str, **filters) -> dict[str, BlockData]:
        page = api.list_blocks(user=user, import_id=import_id, **filters)
        return {block.usage_key.rpartition("@")[2]: block for block in page.items}

    return listed


@pytest.fixture
def edit_in_library(library):
    """Give a text in the library another body, as its editor would: ``edit_in_library("t1", "<p>Mine.</p>")``."""

    def edit(code: str, body: str, title: str | None = None) -> None:
        package = LearningPackage.objects.get(package_ref=TARGET)
        component = Component.objects.get(learning_package=package, component_code=code)
        title = title or component.versioning.draft.title
        media_type = content_api.get_or_create_media_type("application/vnd.openedx.xblock.v1.html+xml")
        media = content_api.get_or_create_text_media(
            package.id,
            media_type.id,
            text=f'<html display_name="{title}"><![CDATA[{body}]]></html>',
            created=component.created,
        )
        content_api.create_next_component_version(
            component.id,
            media_to_replace={"block.xml": media.id},
            created=component.created,
            title=title,
            created_by=None,
        )

    return edit


def key(block_id: str, tag: str = "html") -> str:
    return usage_key(tag, block_id)
