"""Tags in batches, in place of ``openedx_tagging.api.tag_object``: of items that had none, where all is plain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from ...rows import Row, in_batches, insert
from ...versions import defines_tags

type Kept = tuple[str, Any, list[str]]
"""The key of an item, a taxonomy, and the values of the tags."""

_MAX_KEY, _MAX_VALUE = 255, 500
_NOT_IN_KEYS = ",*"


class BulkTags:
    """
    Keeps the tags of items until they are written all at once.

    Whatever ``tag_object`` might refuse, or do otherwise, is not kept: it is for the caller to ask it.
    """

    def __init__(self, item_keys: Collection[str], ids: Mapping[tuple[int, str], int]) -> None:
        """``ids`` are the tags that taxonomies have, by taxonomy and value. One query for each thousand items."""
        from openedx_tagging.models import ObjectTag

        self._ids = ids
        self._alike = Counter((taxonomy, value.casefold()) for taxonomy, value in ids)
        self._kept: list[Kept] = []
        self._counts: Counter[str] = Counter()
        self._had_some: set[str] = set()
        for batch in in_batches(item_keys):
            rows = ObjectTag._default_manager.filter(object_id__in=batch)
            self._had_some.update(rows.values_list("object_id", flat=True))

    def keep(self, item_key: str, taxonomy: Any, values: list[str]) -> bool:
        """Keep tags of one taxonomy that an item lacks; whether they are."""
        from openedx_tagging.api import OBJECT_MAX_TAGS

        is_plain = (
            item_key not in self._had_some
            and len(item_key) <= _MAX_KEY
            and not any(character in item_key for character in _NOT_IN_KEYS)
            and bool(taxonomy.export_id)
            and not defines_tags(taxonomy)
            and (taxonomy.allow_multiple or len(values) == 1)
            and len({value.strip().casefold() for value in values}) == len(values)
            and self._counts[item_key] + len(values) <= OBJECT_MAX_TAGS
            and all(self._is_plain(taxonomy, value) for value in values)
        )
        if is_plain:
            self._counts[item_key] += len(values)
            self._kept.append((item_key, taxonomy, values))
        return is_plain

    def write(self) -> tuple[list[Kept], bool]:
        """
        Write what is kept; returns it, and whether that went. Where the database takes two values for the same, nothing
        is written.
        """
        from openedx_tagging.models import ObjectTag

        kept, self._kept = self._kept, []
        columns = ("object_id", "taxonomy", "tag", "is_copied", "_export_id", "_value")
        rows = [self._row(item_key, taxonomy, value) for item_key, taxonomy, values in kept for value in values]
        try:
            with transaction.atomic():
                for batch in in_batches(rows):
                    insert(ObjectTag, columns, batch)
        except IntegrityError:
            return kept, False
        return kept, True

    def _is_plain(self, taxonomy: Any, value: str) -> bool:
        from openedx_tagging.models.utils import RESERVED_TAG_CHARS

        if taxonomy.allow_free_text:
            return 0 < len(value) <= _MAX_VALUE and not any(reserved in value for reserved in RESERVED_TAG_CHARS)
        found = taxonomy.pk, value.strip()
        return found in self._ids and self._alike[found[0], found[1].casefold()] == 1

    def _row(self, item_key: str, taxonomy: Any, value: str) -> Row:
        tag = None
        if not taxonomy.allow_free_text:
            value = value.strip()
            tag = self._ids[taxonomy.pk, value]
        return item_key, taxonomy.pk, tag, False, taxonomy.export_id, value
