"""Platform: cms/lib/xblock/upstream_sync_container.py."""

from typing import Any

from opaque_keys.edx.locator import LibraryContainerLocator
from openedx.core.djangoapps.content_libraries import api as lib_api


def fetch_customizable_fields_from_container(*, downstream: Any) -> None:
    container = lib_api.get_container(LibraryContainerLocator.from_string(downstream.upstream))
    downstream.upstream_display_name = container.published_display_name
