"""A course that is staged, beside a library that has already met it."""

from __future__ import annotations

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import BlockData

from ..builders import small_course, usage_key, write_course


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


def key(block_id: str, tag: str = "html") -> str:
    return usage_key(tag, block_id)
