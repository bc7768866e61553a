"""Platform: cms/lib/xblock/upstream_sync_block.py."""

from typing import Any

from opaque_keys.edx.locator import LibraryUsageLocatorV2
from openedx.core.djangoapps.content_libraries import api as lib_api


def fetch_customizable_fields_from_block(*, downstream: Any, user: Any, upstream: Any = None) -> None:
    block = upstream or lib_api.get_library_block(LibraryUsageLocatorV2.from_string(downstream.upstream))
    downstream.upstream_display_name = block.display_name
