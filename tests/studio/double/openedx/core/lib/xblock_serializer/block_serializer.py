"""Platform: openedx/core/lib/xblock_serializer/block_serializer.py, as far as it asks for tags."""

from typing import Any

from openedx.core.djangoapps.content_tagging.api import get_all_object_tags


def tags_of(usage_key: Any) -> dict[int, list[str]]:
    """As the serializer does for each block, when it has written it."""
    object_tags, _taxonomies = get_all_object_tags(content_key=usage_key)
    return object_tags.get(str(usage_key), {})
