"""Platform: cms/lib/xblock/upstream_sync.py."""

from dataclasses import dataclass
from typing import Any

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey
from opaque_keys.edx.locator import LibraryContainerLocator, LibraryUsageLocatorV2
from openedx.core.djangoapps.content_libraries import api as lib_api


class UpstreamLinkException(Exception):
    pass


class BadUpstream(UpstreamLinkException):
    pass


class NoUpstream(UpstreamLinkException):
    pass


@dataclass(frozen=True)
class UpstreamLink:
    upstream_ref: str | None
    upstream_key: Any
    version_synced: int | None
    version_available: int | None
    version_declined: int | None
    downstream_customized: list[str]
    top_level_parent_key: str | None

    @property
    def is_ready_to_sync_individually(self) -> bool:
        """Also where nothing of the item is published: it counts as deleted."""
        if self.version_available is None:
            return True
        return self.version_available > max(self.version_synced or 0, self.version_declined or 0)

    @classmethod
    def get_for_block(cls, downstream: Any) -> "UpstreamLink":
        if not downstream.upstream:
            raise NoUpstream("Content is not linked to a Content Library.")
        try:
            key: Any = LibraryUsageLocatorV2.from_string(downstream.upstream)
            expected, version = key.block_type, lib_api.get_library_block(key).published_version_num
        except InvalidKeyError:
            key = LibraryContainerLocator.from_string(downstream.upstream)
            container = lib_api.get_container(key)
            expected, version = container.container_type.olx_tag, container.published_version_num
        except lib_api.ContentLibraryBlockNotFound as error:
            raise BadUpstream("Linked upstream library block was not found in the system") from error
        if downstream.usage_key.block_type != expected:
            raise BadUpstream(f"Content type mismatch: {downstream.usage_key} cannot be linked to {key}.")
        top = downstream.top_level_downstream_parent_key
        return cls(
            upstream_ref=downstream.upstream,
            upstream_key=key,
            version_synced=downstream.upstream_version,
            version_available=version,
            version_declined=downstream.upstream_version_declined,
            downstream_customized=downstream.downstream_customized,
            top_level_parent_key=_usage_key(downstream, top) if top else None,
        )


def _usage_key(downstream: Any, name: str) -> str:
    block_type, block_id = name.split(":")
    key: UsageKey = downstream.usage_key.course_key.make_usage_key(block_type, block_id)
    return str(key)
