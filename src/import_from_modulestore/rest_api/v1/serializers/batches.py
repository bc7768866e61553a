"""Batches, and what is asked of all their imports at once."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from .... import data, keys
from ....actions.batches import MAX_SOURCES
from ...fields import Body, Key, Text, Truth
from .imports import Import, OptionsRequest, options_in
from .plans import ForceQuery, ReversalItem, ReversalRequest, links_field, reversed_forwarding_field
from .shared import PageQuery, numbers_field, page_of, page_url_field
from .sources import origin_field

MAX_KEPT = 100
"""How many items that an undo or redo of a batch would keep are named of each import."""


class BatchesQuery(PageQuery):
    """Which batches."""

    library_key = Key(keys.parse_library_key, required=False)
    running = Truth(required=False, help_text=_("Whether a step of one of its imports is under way, or waits."))


class BatchSource(Body):
    """A source of a batch."""

    source_key = Key(keys.parse_source_key)
    origin = origin_field(_("Where several origins have the source: the name of the one to read."), required=False)
    export = Text(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text=_("Where several exports hold the source: the name of the one to read. Default: the newest."),
    )

    def validate(self, attrs: Any) -> data.SourceReference:
        """As the API has it."""
        return data.SourceReference(attrs["source_key"], attrs.get("origin", ""), attrs.get("export", ""))


class BatchOptionsRequest(OptionsRequest):
    """How to import each of the sources; all of it has defaults."""

    selection = None  # type: ignore[assignment]


class BatchRequest(Body):
    """Several sources to import into one library."""

    sources = BatchSource(many=True, allow_empty=False, max_length=MAX_SOURCES)  # type: ignore[call-arg]
    library_key = Key(keys.parse_library_key)
    options = BatchOptionsRequest(required=False)
    new_library_title = Text(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=500,
        help_text=_("Where the first that is written is to make the library: its title; empty for the first source's."),
    )
    start = Truth(default=True, help_text=_("Whether to have the sources staged at once."))

    def asked(self) -> dict[str, Any]:
        """What is asked for, by the API's arguments."""
        body = self.validated_data
        return {
            "sources": body["sources"],
            "library_key": body["library_key"],
            "options": options_in(body),
            "new_library_title": body.get("new_library_title"),
        }


class BatchStepRequest(Body):
    """With which imports of the batch."""

    import_ids = serializers.ListField(
        child=Text(max_length=36),
        required=False,
        max_length=MAX_SOURCES,
        help_text=_("Some of them. Default: all of which it is possible."),
    )


class BatchCompletionRequest(BatchStepRequest):
    """Which imports of the batch to write."""

    undecided = Truth(
        default=False, help_text=_("Also those with conflicts that nobody has decided: as `on_conflict` says.")
    )


class BatchReversalRequest(BatchStepRequest, ReversalRequest):
    """How to undo or redo, and which imports of the batch."""


class BatchForceQuery(ForceQuery):
    """Which part of a preview, and of what."""

    import_ids = serializers.ListField(
        child=Text(max_length=36), required=False, help_text=_("May be repeated: only these imports of the batch.")
    )


class Batch(serializers.Serializer):
    """Several sources that are imported into one library, and how far that is."""

    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text=_("Its page for people, from the root of the site."))
    library_key = serializers.CharField()
    library_title = serializers.CharField()
    library_url = page_url_field()
    username = serializers.CharField()
    created = serializers.DateTimeField()
    states = numbers_field(help_text=_("Its imports by state."))
    size = serializers.IntegerField(help_text=_("How many imports it has."))
    running = serializers.BooleanField(
        source="is_running", help_text=_("Whether a step of one of its imports is under way, or waits.")
    )

    def get_url(self, batch: data.BatchData) -> str:
        """Where people look at it."""
        return reverse("modulestore_imports:batch", args=[batch.id])


class BatchDetails(Batch):
    """One batch with its imports, in the order of their sources."""

    imports = Import(many=True)
    permitted = serializers.DictField(
        child=serializers.ListField(child=serializers.UUIDField()),
        help_text=_("What you may do with all of it now: by action, the imports that it is about."),
    )


class LeftImport(serializers.Serializer):
    """An import that something was not asked of, and why."""

    import_id = serializers.UUIDField()
    reason = serializers.CharField()


class BatchStep(serializers.Serializer):
    """What was asked for."""

    batch = BatchDetails()
    asked = serializers.ListField(child=serializers.UUIDField(), help_text=_("The imports it was asked of, in order."))
    left = LeftImport(many=True)


class BatchReversal(serializers.Serializer):
    """What an undo or redo would do with one import of a batch."""

    import_id = serializers.UUIDField(source="run.id")
    source_key = serializers.CharField(source="run.source_key")
    source_title = serializers.CharField(source="run.source_title")
    refusal = serializers.CharField(help_text=_("Why it cannot be done; empty where it can."))
    counts = serializers.SerializerMethodField(help_text=_("Items by outcome."))
    links = links_field(source="plan.links", default=0)
    forwarding = reversed_forwarding_field(source="plan.forwarding", default="")
    kept_count = serializers.SerializerMethodField(help_text=_("How many items stay as they are."))
    kept = serializers.SerializerMethodField(help_text=format_lazy(_("The first {max} of them."), max=MAX_KEPT))

    def get_counts(self, told: data.BatchReversal) -> dict[str, int]:
        """By the values of the outcomes."""
        return told.plan.counts() if told.plan else {}

    def get_kept_count(self, told: data.BatchReversal) -> int:
        """Of all of them."""
        return len(told.plan.kept) if told.plan else 0

    @extend_schema_field(ReversalItem(many=True))
    def get_kept(self, told: data.BatchReversal) -> Any:
        """Each with its reason."""
        return ReversalItem(told.plan.kept[:MAX_KEPT] if told.plan else (), many=True).data


BatchPage = page_of("BatchPage", Batch)


BatchReversalPage = page_of("BatchReversalPage", BatchReversal)
