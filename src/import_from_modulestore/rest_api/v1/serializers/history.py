"""Records of imports, the history of items, and the work that imports leave to people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .... import keys
from ....data import Action, BlockKind, ConflictState, Contents, Decision, HistoryKind, Outcome, Work
from ...fields import Body, EnumField, Key, Truth
from .shared import (
    INSIDE_HELP,
    MAX_KEYS,
    PageQuery,
    SearchQuery,
    choices_from_field,
    name_field,
    numbers_field,
    page_of,
    page_url_field,
    texts_field,
    version_field,
)


class Record(serializers.Serializer):
    """What happened to one source block."""

    import_id = serializers.UUIDField()
    num = serializers.IntegerField()
    depth = serializers.IntegerField()
    usage_key = serializers.CharField(help_text=_("Usage key of the source block."))
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = name_field()
    state = EnumField(ConflictState)
    outcome = EnumField(Outcome)
    decision = EnumField(Decision, allow_null=True)
    item_key = serializers.CharField(help_text=_("Key of the library's item; empty where there is none."))
    item_url = page_url_field()
    draft_before = version_field(_("Version numbers; null where there was no such version."))
    draft_after = version_field("")
    published_before = version_field("")
    published_after = version_field("")
    reason = serializers.CharField()
    warnings = texts_field()
    files = texts_field()
    missing_files = texts_field()
    left_out = texts_field(help_text=_("Names of the blocks inside one that a library cannot hold that went with it."))
    contents = EnumField(
        Contents, allow_null=True, help_text=_("What became of the others; null for all other blocks.")
    )
    contents_collection = serializers.CharField(
        help_text=_("Code of the collection that they were put into; empty where there is none.")
    )
    contents_collection_url = page_url_field()
    inside = texts_field(help_text=INSIDE_HELP)
    tags = texts_field(
        help_text=_("Tags of the source block that the import gave the item; of a removed one, those that it had.")
    )
    tags_left_out = texts_field(
        help_text=_("Tags of the source block whose taxonomy is not here, each after that taxonomy's export ID.")
    )
    choices_from = choices_from_field()
    undone = serializers.BooleanField(help_text=_("Whether this was taken back since."))


class HistoryEntry(serializers.Serializer):
    """One thing that happened to a library, or to an item of it."""

    kind = EnumField(HistoryKind)
    import_id = serializers.UUIDField(help_text=_("The import that it was, or that was undone or redone."))
    source_key = serializers.CharField()
    source_title = serializers.CharField()
    library_key = serializers.CharField()
    username = serializers.CharField(help_text=_("Who did it."))
    time = serializers.DateTimeField()
    sentence = serializers.CharField(help_text=_("What happened, in the language of the request."))
    actions = serializers.ListField(child=EnumField(Action), help_text=_("What the import's state allows now."))
    forced = serializers.BooleanField(help_text=_("Whether an undo or redo also took what was changed since."))
    counts = numbers_field(help_text=_("Of a library's history: blocks or items by outcome."))
    outcome = serializers.CharField(allow_null=True, help_text=_("Of an item's history: what came of it."))
    num = serializers.IntegerField(allow_null=True, help_text=_("Of an item's history: `num` of the import's record."))


class WorkItem(serializers.Serializer):
    """An entry of the work list: a block that could not go, or not as it should."""

    record = Record()
    reasons = serializers.ListField(child=EnumField(Work), help_text=_("Why it is on the list."))
    is_open = serializers.BooleanField(help_text=_("Whether something is still to be done about it."))
    done = serializers.DateTimeField(allow_null=True, help_text=_("When somebody marked it as done."))
    done_by = serializers.CharField(help_text=_("Who did; empty where nobody has."))
    brought_by = serializers.CharField(
        help_text=_("ID of the later import that has brought the block whole; empty where none has.")
    )


class WorkQuery(PageQuery):
    """Which entries of the work list."""

    done = Truth(required=False, help_text=_("Only those that are done, or those that are open. Default: all."))


class WorkChange(Body):
    """Which entries are done, or open again."""

    nums = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**31 - 1),
        min_length=1,
        max_length=MAX_KEYS,
        help_text=_("`num` of their records."),
    )
    done = Truth(help_text=_("False opens them again."))


class WorkChanged(serializers.Serializer):
    """How many marks were changed."""

    changed = serializers.IntegerField()


class RecordsQuery(SearchQuery):
    """Which records of an import."""

    outcome = EnumField(Outcome, required=False)


class WhereQuery(PageQuery):
    """An item of a library, or a block of a source: one of the two."""

    item_key = Key(keys.parse_item_key, required=False, help_text=_("`lb:…` or `lct:…`: where did this come from?"))
    usage_key = Key(keys.parse_usage_key, required=False, help_text=_("`block-v1:…`: where did this go?"))

    def validate(self, attrs: Any) -> Any:
        """Refuse neither, and both."""
        if ("item_key" in attrs) == ("usage_key" in attrs):
            raise serializers.ValidationError(
                _("Give an item_key or a usage_key, and not both."), code="item_key_or_usage_key"
            )
        return attrs


RecordPage = page_of("RecordPage", Record)


HistoryPage = page_of("HistoryPage", HistoryEntry)


WorkPage = page_of(
    "WorkPage",
    WorkItem,
    __doc__="Part of a work list, and how much of it is open.",
    open=serializers.IntegerField(help_text=_("How many entries are open, on all pages, whatever was asked for.")),
)
