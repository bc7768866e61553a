"""
Tags of source blocks, carried over to the library items that are made of them.

Tags are added, and none is taken away: what authors of the library have tagged stays. What an import added stands in
its records, so that an undo takes away just that. What an import removes loses its tags in Studio; they stand in its
records too, so that an undo gives them back. Tags are rows of ``openedx_tagging`` beside the content, not part of
its versions. They are written in the transaction that writes the items, and before the events about these, which is
when search indexes read them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import batched
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ..exports.tags import BY_EXPORT_ID, known_taxonomies
from ..models import Import, StagedRoot
from ..proved import TAGS, is_bulk
from ..quoting import joined
from ..versions import makes_tag
from .bulk.tags import BulkTags

type Tags = dict[int, list[str]]
"""Values of tags, by the primary key of their taxonomy."""

type TagsLeftOut = dict[str, list[str]]
"""Values of tags whose taxonomy is not here, by its ``export_id``."""

_BATCH_SIZE = 500

_NAME = Coalesce("tag__value", "_value")
"""What a tag of an item is called now."""


def staged_tags(run: Import, usage_keys: Collection[str]) -> dict[str, tuple[Tags, TagsLeftOut]]:
    """
    What is staged of the tags of these blocks, by usage key; untagged ones are left out.

    Taxonomies that exports name are looked up now, not when they were staged. One query, and one for those.
    """
    staged: dict[str, dict[str, list[str]]] = {}
    for tags in StagedRoot.objects.filter(import_run=run).values_list("staged_content__tags", flat=True):
        for usage_key, by_taxonomy in (tags or {}).items():
            if usage_key in usage_keys and any(by_taxonomy.values()):
                staged[usage_key] = {key: list(values) for key, values in by_taxonomy.items() if values}
    exported = {key for tags in staged.values() for key in tags if key.startswith(BY_EXPORT_ID)}
    here = known_taxonomies({key.removeprefix(BY_EXPORT_ID) for key in exported})
    found: dict[str, tuple[Tags, TagsLeftOut]] = {}
    for usage_key, by_taxonomy in staged.items():
        known, left_out = found.setdefault(usage_key, ({}, {}))
        for key, values in by_taxonomy.items():
            export_id = key.removeprefix(BY_EXPORT_ID)
            if not key.startswith(BY_EXPORT_ID):
                known[int(key)] = values
            elif export_id in here:
                known[here[export_id]] = values
            else:
                left_out[export_id] = values
    return found


def add_tags(
    wanted: Mapping[str, Tags], permitted: Callable[[Collection[int]], set[int]]
) -> tuple[dict[str, Tags], dict[str, list[str]]]:
    """
    Give library items tags that they lack; returns what was added, and warnings, by the item's key.

    ``permitted`` tells which of some taxonomies the library may use. Statements go by batches of items that had no tags
    yet, and by items that had some; memory grows with the size of their taxonomies.
    """
    if not wanted:
        return {}, {}
    from openedx_tagging.api import tag_object
    from openedx_tagging.models import Tag, Taxonomy

    taxonomy_ids = {pk for tags in wanted.values() for pk in tags}
    taxonomies: dict[int, Any] = Taxonomy._default_manager.in_bulk(list(permitted(taxonomy_ids)))
    tags = Tag._default_manager.filter(taxonomy__in=taxonomies).values_list("taxonomy_id", "value", "pk")
    ids = {(taxonomy, value): pk for taxonomy, value, pk in tags}
    known = {(taxonomy, value.casefold()) for taxonomy, value in ids}

    def is_known(taxonomy: Any, value: str) -> bool:
        return taxonomy.allow_free_text or (taxonomy.pk, value.casefold()) in known or makes_tag(taxonomy, value)

    there = tags_of(wanted)
    added: dict[str, Tags] = {}
    warnings: dict[str, list[str]] = {}
    bulk = BulkTags(wanted.keys(), ids) if is_bulk(TAGS) else None

    def leave_out(item_key: str, values: Iterable[str], reason: object) -> None:
        text = _("These tags were not carried over: {tags}; {reason}")
        warnings.setdefault(item_key, []).append(text.format(tags=joined(values), reason=reason))

    def ask(item_key: str, taxonomy: Any, missing: list[str]) -> None:
        has = there.get(item_key, {}).get(taxonomy.pk, [])
        try:
            with transaction.atomic():
                tag_object(item_key, taxonomy, [*has, *missing])
        except (Tag.DoesNotExist, ValidationError, ValueError) as error:
            leave_out(item_key, missing, error)
        else:
            added.setdefault(item_key, {})[taxonomy.pk] = missing

    def write_kept() -> None:
        kept, written = bulk.write() if bulk else ((), True)
        for item_key, taxonomy, values in kept:
            if written:
                added.setdefault(item_key, {})[taxonomy.pk] = values
            else:
                ask(item_key, taxonomy, values)

    for item_key, by_taxonomy in wanted.items():
        for pk, values in by_taxonomy.items():
            has = there.get(item_key, {}).get(pk, [])
            missing = [value for value in values if value not in has]
            taxonomy = taxonomies.get(pk)
            if taxonomy is None:
                leave_out(item_key, missing, _("their taxonomy is not one of this library's organization."))
                continue
            if gone := [tag for tag in missing if not is_known(taxonomy, tag)]:
                leave_out(item_key, gone, _("there are no such tags any more."))
                missing = [tag for tag in missing if tag not in gone]
            if missing and not (bulk and bulk.keep(item_key, taxonomy, missing)):
                write_kept()  # In the order in which they are wanted.
                ask(item_key, taxonomy, missing)
    write_kept()
    return added, warnings


def remove_tags(tags: Mapping[str, Tags]) -> None:
    """
    Take tags away from library items, those of them that are still there.

    Two statements for each 500 items, and one for each item and taxonomy where a tag is called otherwise now.
    """
    if not tags:  # As wherever openedx_tagging is not installed.
        return
    from openedx_tagging.models import ObjectTag

    for item_keys in batched(tags, _BATCH_SIZE):
        rows = ObjectTag._default_manager.filter(object_id__in=item_keys, taxonomy__isnull=False)
        there: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for item_key, taxonomy, name, pk in rows.values_list("object_id", "taxonomy_id", _NAME, "pk"):
            there.setdefault((item_key, taxonomy), []).append((name, pk))
        found: set[int] = set()
        for item_key in item_keys:
            for taxonomy, values in tags[item_key].items():
                names = dict(there.get((item_key, taxonomy), ()))
                found.update(pk for name, pk in there.get((item_key, taxonomy), ()) if name in values)
                if names.keys() - values and not names.keys() >= set(values):  # Perhaps in other letters.
                    named = Q(tag__value__in=values) | Q(tag=None, _value__in=values)
                    ObjectTag._default_manager.filter(named, object_id=item_key, taxonomy_id=taxonomy).delete()
        ObjectTag._default_manager.filter(pk__in=found).delete()


def tags_of(item_keys: Collection[str]) -> dict[str, Tags]:
    """The tags that library items have; one query for each 500."""
    if not item_keys or not apps.is_installed("openedx_tagging"):
        return {}
    from openedx_tagging.models import ObjectTag

    found: dict[str, Tags] = {}
    for batch in batched(item_keys, _BATCH_SIZE):
        rows = ObjectTag._default_manager.filter(object_id__in=batch, taxonomy__isnull=False)
        for object_id, pk, name in rows.values_list("object_id", "taxonomy_id", _NAME):
            found.setdefault(object_id, {}).setdefault(pk, []).append(name)
    return found
