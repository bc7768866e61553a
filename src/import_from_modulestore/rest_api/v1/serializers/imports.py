"""Imports, their options, and how far they are."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .... import keys
from ....data import (
    Action,
    BlockIds,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    Forward,
    ImportData,
    ImportOptions,
    ImportOrder,
    ImportState,
    ReversalKind,
    StateGroup,
)
from ...fields import Body, EnumField, Key, Text, Truth
from .shared import MAX_KEYS, SearchQuery, numbers_field, page_of, page_url_field, texts_field
from .sources import origin_field


class Collection(serializers.Serializer):
    """A collection of the library: the code of one that is there, or the title of one to make."""

    code = serializers.CharField()
    title = serializers.CharField()


class Options(serializers.Serializer):
    """How to import."""

    level = EnumField(CompositionLevel)
    on_conflict = EnumField(Decision)
    unmerged = EnumField(Decision, allow_null=True, help_text=_("Null: the import waits for what needs somebody."))
    publish = serializers.BooleanField()
    block_ids = EnumField(BlockIds)
    branch = EnumField(Branch)
    selection = texts_field()
    collection = Collection(allow_null=True)
    contents = EnumField(Contents)
    as_last_time = serializers.BooleanField()
    forward = EnumField(
        Forward, allow_null=True, help_text=_("Null: the first import of a legacy library is forwarded.")
    )


class Progress(serializers.Serializer):
    """How far the running step is."""

    phase = serializers.CharField(help_text=_("`staging`, `planning`, `writing`, `publishing` or `reverting`."))
    done = serializers.IntegerField()
    total = serializers.IntegerField(help_text=_("0 while unknown."))
    title = serializers.CharField(help_text=_("What is being done."))
    seconds_left = serializers.FloatField(allow_null=True, help_text=_("From the pace so far; null while unknown."))
    updated = serializers.DateTimeField()


class Import(serializers.Serializer):
    """One import: who, what, how, when, and how far."""

    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text=_("Its page for people, from the root of the site."))
    source_key = serializers.CharField()
    source_title = serializers.CharField()
    source_url = page_url_field()
    source_version = serializers.CharField()
    source_origin = serializers.CharField(help_text=_("Where the source comes from: `origin` of the source."))
    source_export = serializers.CharField(
        help_text=_("Name of the export that it is read from; empty where sources are no exports.")
    )
    library_key = serializers.CharField()
    library_title = serializers.CharField()
    library_url = page_url_field()
    collection_url = serializers.CharField(
        help_text=_("Page in Studio of the collection that its items were put into; empty where there is none.")
    )
    state = EnumField(ImportState)
    actions = serializers.ListField(
        child=EnumField(Action), help_text=_("What the state allows; whether you may is checked when you ask for it.")
    )
    options = Options()
    username = serializers.CharField()
    error = serializers.CharField(
        help_text=_("Why the last step failed, or why one that is queued was put off; empty where neither is so.")
    )
    warnings = texts_field(help_text=_("About the source as a whole."))
    batch_id = serializers.CharField(help_text=_("The batch that it is one of; empty where it stands alone."))
    to_decide = serializers.IntegerField(
        allow_null=True,
        help_text=_("Of a batch: conflicts that nobody has decided about; null where that is not known."),
    )
    block_count = serializers.IntegerField(help_text=_("Blocks that are staged, or were."))
    counts = numbers_field(help_text=_("Source blocks by outcome, once imported."))
    created = serializers.DateTimeField()
    staged = serializers.DateTimeField(allow_null=True)
    started = serializers.DateTimeField(allow_null=True)
    finished = serializers.DateTimeField(allow_null=True)
    queued = serializers.BooleanField(help_text=_("Whether a step was asked for that no worker has taken up yet."))
    progress = Progress(allow_null=True, help_text=_("Of the step that runs; null where none does."))
    forwards = serializers.BooleanField(
        help_text=_("Whether references of courses to the source are forwarded to what this import has brought.")
    )

    def get_url(self, run: ImportData) -> str:
        """Where people look at it."""
        return reverse("modulestore_imports:import", args=[run.id])


class Reversal(serializers.Serializer):
    """One undo or redo that was carried out."""

    kind = EnumField(ReversalKind)
    username = serializers.CharField()
    forced = serializers.BooleanField(
        help_text=_("Whether items that were edited or used meanwhile were reverted too.")
    )
    counts = numbers_field(help_text=_("Items by outcome."))
    finished = serializers.DateTimeField()


class ImportDetails(Import):
    """One import, with its undos and redos, oldest first."""

    permitted_actions = serializers.ListField(
        child=EnumField(Action), help_text=_("Of `actions`, those that you may do.")
    )
    reversals = Reversal(many=True)


class ImportsQuery(SearchQuery):
    """Which imports."""

    source_key = Key(keys.parse_source_key, required=False)
    library_key = Key(keys.parse_library_key, required=False)
    state = serializers.ListField(
        child=EnumField(ImportState), source="states", required=False, help_text=_("May be repeated: any of these.")
    )
    group = EnumField(StateGroup, required=False, help_text=_("A group of states."))
    username = Text(required=False, max_length=150)
    created_after = serializers.DateTimeField(
        required=False, help_text=_("At this time or later; in the server's time zone where it names none.")
    )
    created_before = serializers.DateTimeField(required=False, help_text=_("Before this time."))
    ordering = EnumField(ImportOrder, source="order", required=False, help_text=_("Default: `-created`."))


class CollectionRequest(Body):
    """A collection of the library: the code of one that is there, or a title. Without either, the source's title."""

    code = Text(required=False, allow_blank=True, max_length=255)
    title = Text(required=False, allow_blank=True, max_length=500)


class OptionsRequest(Body):
    """How to import; all of it has defaults."""

    level = EnumField(CompositionLevel, required=False, help_text=_("Default: `section`."))
    on_conflict = EnumField(
        Decision, required=False, help_text=_("For conflicts without a decision of their own. Default: `skip`.")
    )
    unmerged = EnumField(
        Decision,
        required=False,
        allow_null=True,
        help_text=_("For merges that need somebody; not `merge`. Default: the import waits for that."),
    )
    publish = Truth(
        required=False,
        help_text=_("Whether what is created, overwritten and forked goes live. Default: true."),
    )
    block_ids = EnumField(BlockIds, required=False, help_text=_("Default: `keep`."))
    branch = EnumField(Branch, required=False, help_text=_("Default: `draft`."))
    selection = serializers.ListField(
        child=Key(keys.parse_usage_key),
        required=False,
        max_length=MAX_KEYS,
        help_text=_("Blocks to import, each with everything below it. Default: all."),
    )
    collection = CollectionRequest(
        required=False,
        allow_null=True,
        help_text=_(
            "The collection of the library for what stands at the top. Default: of the source's title, made "
            "where there is none. Null: none."
        ),
    )
    contents = EnumField(
        Contents,
        required=False,
        help_text=_("What becomes of the blocks inside components that a library cannot hold. Default: `leave_out`."),
    )
    as_last_time = Truth(
        required=False,
        help_text=_("Whether the review begins with what the last one of this source has said. Default: true."),
    )
    forward = EnumField(
        Forward,
        required=False,
        allow_null=True,
        help_text=_(
            "Whether references of courses to the source are forwarded to the items of this import, where the "
            "site can. Default: those to a legacy library, which are forwarded nowhere else, by whoever may change it."
        ),
    )


OPTIONS = tuple(str(name) for name in OptionsRequest().fields)


class PreviewRequest(Body):
    """An import that might be made."""

    source_key = Key(keys.parse_source_key)
    library_key = Key(keys.parse_library_key)
    origin = origin_field(
        _("Where several origins have the source: the name of the one to read. Default: the first that has it."),
        required=False,
    )
    export = Text(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text=_("Where several exports hold the source: the name of the one to read. Default: the newest."),
    )
    options = OptionsRequest(required=False)
    new_library_title = Text(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=500,
        help_text=_("Where the library is to be made with the import: its title; empty for the source's."),
    )

    def asked(self) -> dict[str, Any]:
        """What is asked for, by the API's arguments."""
        body = self.validated_data
        return {
            "source_key": body["source_key"],
            "library_key": body["library_key"],
            "options": options_in(body),
            "new_library_title": body.get("new_library_title"),
            "origin": body.get("origin", ""),
            "export": body.get("export", ""),
        }


def options_in(body: Any) -> ImportOptions:
    """The options of a request's body."""
    options = dict(body.get("options") or {})
    collection = options.pop("collection", {})
    return ImportOptions(
        **{**options, "selection": tuple(options.get("selection", ()))},
        collection=None if collection is None else CollectionChoice(**collection),
    )


class ImportRequest(PreviewRequest):
    """An import to make."""

    start = Truth(default=True, help_text=_("Whether to have the source staged at once."))


class EmptyRequest(Body):
    """Nothing: the address says it all."""


ImportPage = page_of("ImportPage", Import)


ReversalPage = page_of("ReversalPage", Reversal)
