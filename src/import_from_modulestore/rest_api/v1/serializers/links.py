"""Links of a course's blocks to the items that came of them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .... import keys
from ....data import BlockKind, LinkState
from ...fields import Body, EnumField, Key
from .shared import MAX_KEYS, name_field, numbers_field, page_of, page_url_field, texts_field, version_field


class Link(serializers.Serializer):
    """A block of the course, the item that it became, and whether it follows that, or can."""

    num = serializers.IntegerField()
    depth = serializers.IntegerField()
    usage_key = serializers.CharField(help_text=_("Usage key of the course's block."))
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = name_field()
    item_key = serializers.CharField()
    item_url = page_url_field()
    state = EnumField(
        LinkState, help_text=_("`ready` and `changed` can be linked; of all, those that are `ready` are.")
    )
    reason = serializers.CharField(help_text=_("Why it cannot be linked, or only where it is asked for by its key."))
    warnings = texts_field(help_text=_("What an update from the library will do to it."))
    version = version_field(_("The item's version that the block counts as having, once it is linked."))
    has_update = serializers.BooleanField(
        help_text=_("Whether the library has a newer one, so that an update is offered.")
    )
    by_import = serializers.BooleanField(help_text=_("Whether this import has linked it, and can unlink it."))
    linked_by = serializers.CharField(help_text=_("Who has, then."))
    linked = serializers.DateTimeField(allow_null=True, help_text=_("And when."))


class LinksRequest(Body):
    """Which blocks to link, or to unlink."""

    usage_keys = serializers.ListField(
        child=Key(keys.parse_usage_key),
        required=False,
        min_length=1,
        max_length=MAX_KEYS,
        help_text=_("Default: all that are `ready`, or all that this import has linked."),
    )


class LinksChanged(serializers.Serializer):
    """How many blocks were linked, or unlinked."""

    changed = serializers.IntegerField()


LinkPage = page_of(
    "LinkPage",
    Link,
    __doc__="Part of the list of blocks that became items, and its sums.",
    counts=numbers_field(help_text=_("Blocks by state, on all pages.")),
    ready=serializers.IntegerField(help_text=_("How many are linked where all are asked for.")),
)
