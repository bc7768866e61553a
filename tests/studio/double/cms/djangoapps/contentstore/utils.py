"""Platform: cms/djangoapps/contentstore/utils.py."""

from datetime import datetime
from typing import Any

from .models import ComponentLink, ContainerLink


def create_or_update_xblock_upstream_link(xblock: Any, created: datetime | None = None) -> None:
    """A row names the row of the outermost block around it, if that is there by now."""
    model = ComponentLink if xblock.upstream.startswith("lb:") else ContainerLink
    top = xblock.top_level_downstream_parent_key
    parent = ContainerLink.rows.get(xblock.usage_key.course_key.make_usage_key(*top.split(":"))) if top else None
    model.rows[xblock.usage_key] = model(xblock.upstream, xblock.usage_key, xblock.upstream_version, parent)
