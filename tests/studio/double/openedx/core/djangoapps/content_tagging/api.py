"""Platform: openedx/core/djangoapps/content_tagging/api.py."""

from typing import Any

from openedx_tagging.models import ObjectTag, Taxonomy

type TagsByTaxonomy = dict[int, list[str]]


def get_all_object_tags(
    content_key: Any, prefetch_orgs: bool = False
) -> tuple[dict[str, TagsByTaxonomy], dict[int, Taxonomy]]:
    found: dict[str, TagsByTaxonomy] = {}
    taxonomies: dict[int, Taxonomy] = {}
    tags = ObjectTag.objects.filter(object_id=content_key, tag__isnull=False, tag__taxonomy__isnull=False)
    for each in tags.select_related("tag__taxonomy").order_by("object_id"):
        taxonomies[each.tag.taxonomy_id] = each.tag.taxonomy
        found.setdefault(each.object_id, {}).setdefault(each.tag.taxonomy_id, []).append(each.value)
    return found, taxonomies
