"""What others have imported into a library, as history: the platform's own imports, say."""

from __future__ import annotations

from collections.abc import Collection
from itertools import batched

from openedx_content.models_api import ComponentVersion, LearningPackage, PublishableEntityVersion

from ..hosts.forwarding import Forwarding
from ..keys import parse_source_key, parse_usage_key
from ..olx.normal_form import component_digest, container_digest, normal_digest
from ..olx.parsing import UnreadableXML
from ..planning import PastImport
from .items import children_of, stored_components

_BATCH_SIZE = 500


def known_elsewhere(
    forwarding: Forwarding, package_id: LearningPackage.ID, source_key: str, *, known: Collection[str]
) -> dict[str, PastImport]:
    """
    What others have imported of the source into the library, of blocks that are not ``known``: as if we had.

    What the source held then is taken to be what they wrote; where that is not known any more, both may have changed.
    One query, and five for each 500 blocks.
    """
    items = forwarding.known_items(parse_source_key(source_key), package_id)
    items = {usage_key: item for usage_key, item in items.items() if usage_key not in known}
    digests: dict[int, str] = {}
    for batch in batched({item.version_id for item in items.values() if item.version_id is not None}, _BATCH_SIZE):
        digests |= _digests_of(batch)
    return {
        usage_key: PastImport(
            entity_id=item.entity_id,
            source_digest=digests.get(item.version_id or 0, ""),
            item_digest=digests.get(item.version_id or 0, ""),
            block_type=parse_usage_key(usage_key).block_type,
        )
        for usage_key, item in items.items()
    }


def _digests_of(version_ids: Collection[int]) -> dict[int, str]:
    """Digests of these versions of items, by ID."""
    titles = dict(PublishableEntityVersion.objects.filter(pk__in=version_ids).values_list("pk", "title"))
    components = set(
        ComponentVersion.objects.filter(pk__in=version_ids).values_list("publishable_entity_version_id", flat=True)
    )
    digests = {}
    for pk, stored in stored_components(components).items():
        try:
            normal = normal_digest(stored.olx)
        except UnreadableXML:
            continue
        files = [(name, digest) for name, _media_id, _size, digest in stored.files]
        digests[pk] = component_digest(normal, stored.title, files)
    for pk, children in children_of(titles.keys() - components).items():
        digests[pk] = container_digest(titles[pk], map(str, children))
    return digests
