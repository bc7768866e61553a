"""What an import would do, or an undo or redo of it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .... import data, keys
from ....data import BlockKind, ConflictState, Contents, Decision, Forward, Outcome, ReversalOutcome
from ...fields import Body, EnumField, Truth
from .shared import (
    INSIDE_HELP,
    PageQuery,
    name_field,
    numbers_field,
    page_of,
    page_url_field,
    texts_field,
    version_field,
)


class PlannedItem(serializers.Serializer):
    """What would happen with one source block, or with an item whose block is gone from the source."""

    num = serializers.IntegerField()
    depth = serializers.IntegerField(help_text=_("Levels below the top of what the library will hold."))
    usage_key = serializers.CharField()
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = name_field()
    state = EnumField(ConflictState)
    outcome = EnumField(Outcome)
    decision = EnumField(Decision, allow_null=True, help_text=_("That led to `outcome`; null where none was needed."))
    item_key = serializers.SerializerMethodField(help_text=_("Key of the library's item; empty where there is none."))
    publish = serializers.BooleanField(help_text=_("Whether it goes live."))
    children = texts_field(help_text=_("What a container will hold, in order, as `type:id`."))
    reason = serializers.CharField()
    warnings = texts_field()
    contents = EnumField(
        Contents,
        allow_null=True,
        help_text=_("What becomes of the blocks inside one that a library cannot hold; null for all others."),
    )
    collection_title = serializers.CharField(
        help_text=_("Title of the collection that they go into; empty where they go into none.")
    )
    inner = texts_field(help_text=_("What these become, in order, as `type:id`."))
    left_out = texts_field(help_text=_("Names of the blocks inside that go with it."))
    inside = texts_field(help_text=INSIDE_HELP)

    def get_item_key(self, item: data.PlannedItem) -> str:
        """The item's key in the library that the view names in the context."""
        if item.local_key is None:
            return ""
        return keys.library_item_key(keys.parse_library_key(self.context["library_key"]), item.kind, item.local_key)


class CannotGo(serializers.Serializer):
    """Blocks of one type that cannot be imported, all for the same reason."""

    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    outcome = EnumField(Outcome, help_text=_("`unsupported` or `failed`."))
    reason = serializers.CharField()
    count = serializers.IntegerField()


class Forwarding(serializers.Serializer):
    """What completing an import would do to references of courses to its source."""

    forwards = serializers.BooleanField(help_text=_("Whether they are forwarded to items of this import."))
    reason = serializers.CharField(help_text=_("The same in words, and why."))
    elsewhere = serializers.CharField(help_text=_("Key of the other library to which they are forwarded; or empty."))
    is_conflict = serializers.BooleanField(help_text=_("Whether somebody has to say which library it is to be."))
    without_item = serializers.IntegerField(
        help_text=_("Components of the source of which no item comes: references to these are forwarded nowhere.")
    )
    choices = serializers.ListField(child=EnumField(Forward), help_text=_("What else you can say of it."))


def _forwarding() -> Forwarding:
    return Forwarding(
        allow_null=True,
        help_text=_("What becomes of references of courses to the source; null where that is not in question."),
    )


class ForwardingChanged(serializers.Serializer):
    """What comes of it."""

    forwarding = _forwarding()


class Summary(serializers.Serializer):
    """What completing an import would do, in numbers."""

    blocks = serializers.IntegerField(help_text=_("That would be imported, if a library could hold everything."))
    held = serializers.IntegerField(help_text=_("How many of these a library can hold."))
    percent = serializers.IntegerField(help_text=_("The same in percent; 100 only where it is everything."))
    outcomes = numbers_field(help_text=_("Blocks by outcome."))
    states = numbers_field(help_text=_("Blocks by state."))
    conflicts = serializers.IntegerField(help_text=_("Blocks that a decision settles."))
    cannot_go = CannotGo(many=True, help_text=_("What cannot be imported, and why; the most frequent first."))
    goes_with = serializers.IntegerField(help_text=_("Blocks inside one that a library cannot hold, which go with it."))
    missing_files = serializers.IntegerField(help_text=_("Blocks that name files which the source does not hold."))
    warnings = serializers.IntegerField(help_text=_("Blocks of which there is something to know."))
    left_out = serializers.IntegerField()
    edited = serializers.IntegerField()
    as_last_time = serializers.IntegerField(
        help_text=_("Blocks of which the review says what an earlier one has said.")
    )
    gone = serializers.IntegerField(help_text=_("Items of the library whose blocks the source does not hold any more."))
    gone_unknown = serializers.CharField(help_text=_("Why that cannot be said; empty where it can."))
    writes = serializers.IntegerField(help_text=_("How many items get a new version."))
    removes = serializers.IntegerField(help_text=_("How many items are taken out of the library."))
    blockers = texts_field(help_text=_("Reasons why nothing of this can be written."))
    forwarding = _forwarding()


class ForwardChange(Body):
    """Whether references of courses to the source are forwarded."""

    forward = EnumField(Forward, allow_null=True, help_text=_("Null: as where nothing is said of it."))


class ReversalItem(serializers.Serializer):
    """What an undo or redo does, or did, with one item."""

    num = serializers.IntegerField()
    usage_key = serializers.CharField()
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = name_field()
    item_key = serializers.CharField()
    item_url = page_url_field()
    outcome = EnumField(ReversalOutcome)
    reason = serializers.CharField(help_text=_("Why it is kept."))
    draft_before = version_field(_("Version numbers; null where there is no such version."))
    draft_after = version_field("")
    published_before = version_field("")
    published_after = version_field("")


class ForceQuery(PageQuery):
    """Which part of a preview, and of what."""

    force = Truth(default=False, help_text=_("Also items that were changed or put to use since."))


class ReversalRequest(Body):
    """How to undo or redo."""

    force = Truth(default=False, help_text=_("Also items that were changed or put to use since."))


PlanPage = page_of(
    "PlanPage",
    PlannedItem,
    __doc__="Part of a plan, and its sums.",
    counts=numbers_field(help_text=_("Blocks by outcome, on all pages.")),
    writes=serializers.IntegerField(help_text=_("How many items get a new version.")),
    removes=serializers.IntegerField(help_text=_("How many items are taken out of the library.")),
    gone_unknown=serializers.CharField(
        help_text=_("Why it cannot be said what the source has lost; empty where it can.")
    ),
    blockers=texts_field(help_text=_("Reasons why nothing of this can be written.")),
    forwarding=_forwarding(),
)


def links_field(**more: Any) -> serializers.IntegerField:
    """What an undo or redo does with blocks of the course that follow the import's items."""
    return serializers.IntegerField(
        help_text=_("How many blocks of the course are unlinked, or linked again if they can."), **more
    )


def reversed_forwarding_field(**more: Any) -> serializers.CharField:
    """What an undo or redo does with references of courses to the source."""
    return serializers.CharField(help_text=_("What becomes of references of courses to the source; or empty."), **more)


ReversalPreviewPage = page_of(
    "ReversalPreviewPage",
    ReversalItem,
    __doc__="Part of a preview of an undo or redo, and its sums.",
    counts=numbers_field(help_text=_("Items by outcome, on all pages.")),
    links=links_field(),
    forwarding=reversed_forwarding_field(),
)


ReversalItemPage = page_of("ReversalItemPage", ReversalItem)
