"""Blocks of an import: what a review shows of them, and takes of a reviewer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .... import data, keys
from ....actions.records import MAX_SEARCH
from ....data import (
    MAX_OLX_CHARACTERS,
    BlockKind,
    ConflictState,
    Contents,
    Decision,
    DifferenceKind,
    MergeSide,
    Outcome,
    Side,
    WhyUnapplied,
)
from ....quoting import shortened
from ...fields import Body, EnumField, Key, Query, Text, Truth
from .shared import (
    MAX_KEYS,
    SearchQuery,
    change_number_field,
    choices_from_field,
    name_field,
    page_of,
    page_url_field,
    texts_field,
    version_field,
)


class Block(serializers.Serializer):
    """
    One staged block.

    `state`, `outcome`, `decision`, `item_key` and `reason` are what the plan makes of it now; null or empty for a block
    that is left out, that the level dissolves, or that only repeats an earlier one.
    """

    num = serializers.IntegerField(help_text=_("Place in the source, counted depth-first."))
    parent = serializers.IntegerField(allow_null=True, help_text=_("`num` of the parent."))  # type: ignore[assignment]
    depth = serializers.IntegerField()
    usage_key = serializers.CharField()
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = name_field()
    child_count = serializers.IntegerField()
    repeats = serializers.IntegerField(
        allow_null=True, help_text=_("`num` of the first showing of a block that the source shows again here.")
    )
    selected = serializers.BooleanField()
    edited = serializers.BooleanField()
    own_decision = EnumField(Decision, allow_null=True, help_text=_("Null: the import's default."))
    own_contents = EnumField(Contents, allow_null=True, help_text=_("Null: the import's default."))
    choices_from = choices_from_field()
    contents = EnumField(
        Contents,
        allow_null=True,
        help_text=_("What becomes of the blocks inside one that a library cannot hold; null for all others."),
    )
    collection_title = serializers.CharField(
        help_text=_("Title of the collection that they go into; empty where they go into none.")
    )
    left_with = serializers.IntegerField(
        allow_null=True, help_text=_("`num` of the block that it is inside of, and goes with.")
    )
    state = EnumField(ConflictState, allow_null=True)
    is_conflict = serializers.BooleanField(help_text=_("Whether a decision settles what happens."))
    outcome = EnumField(Outcome, allow_null=True)
    decision = EnumField(Decision, allow_null=True, help_text=_("That led to `outcome`; null where none was needed."))
    item_key = serializers.CharField(help_text=_("Key of the library's item."))
    reason = serializers.CharField()
    warnings = texts_field()
    path = texts_field(help_text=_("Names of the blocks that it is in, outermost first."))
    blocks_below = serializers.IntegerField()
    selected_below = serializers.IntegerField(help_text=_("How many of them are selected."))
    conflicts_below = serializers.IntegerField(help_text=_("How many of them a decision settles."))
    needs_you_below = serializers.IntegerField(help_text=_("How many of them are merges that need you."))
    warnings_below = serializers.IntegerField(help_text=_("Of how many of them there is something to know."))


class _BlockFilters(serializers.Serializer):
    parent = Text(required=False, max_length=255, help_text=_("Usage key: only the direct children of this block."))  # type: ignore[assignment]
    top = Truth(default=False, help_text=_("Only blocks that have no parent."))
    state = serializers.ListField(
        child=EnumField(ConflictState), source="states", default=list, help_text=_("One of these.")
    )
    outcome = serializers.ListField(
        child=EnumField(Outcome), source="outcomes", default=list, help_text=_("One of these.")
    )
    kind = EnumField(BlockKind, required=False)
    block_type = Text(required=False, max_length=100, help_text=_("`html`, `problem`, `vertical`, …"))
    selected = Truth(required=False)
    edited = Truth(required=False)
    as_last_time = Truth(
        required=False, help_text=_("Whether what is said of the block is what an earlier review said.")
    )
    files_missing = Truth(required=False, help_text=_("Whether the block names files that the source does not hold."))
    warnings = Truth(default=False, help_text=_("Only blocks of which something is worth knowing."))
    conflicts = Truth(default=False, help_text=_("Only blocks for which a decision settles what happens."))


class BlocksQuery(SearchQuery, _BlockFilters):
    """Which of the staged blocks; all that is asked for has to hold."""


class BlocksMatching(Body, _BlockFilters):
    """Which of the staged blocks; all that is asked for has to hold, and without anything it is all of them."""

    search = Text(
        default="", allow_blank=True, max_length=MAX_SEARCH, help_text=_("Text in keys or titles, in any case.")
    )

    def validate(self, attrs: Any) -> data.BlockFilters:
        """As the API has them."""
        return data.BlockFilters(**attrs)


class _Olx(serializers.CharField):
    """OLX, whole where an edit could send it back."""

    def to_representation(self, value: str) -> str:
        """The text, or the beginning of it."""
        return shortened(value, MAX_OLX_CHARACTERS)


class DiffLine(serializers.Serializer):
    """One line of a difference."""

    mark = serializers.CharField(
        trim_whitespace=False, help_text=_("`-` first text only, `+` second only, space both, `@` a heading.")
    )
    text = serializers.CharField()


class Difference(serializers.Serializer):
    """A comparison of two states of one item; no lines where they are the same."""

    kind = EnumField(DifferenceKind)
    lines = DiffLine(many=True)


class File(serializers.Serializer):
    """A file that goes with a component."""

    name = serializers.CharField()
    size = serializers.IntegerField(help_text=_("Bytes."))


class LibraryItem(serializers.Serializer):
    """What stands in the library in a block's place."""

    key = serializers.CharField()
    url = page_url_field()
    title = serializers.CharField()
    draft_num = version_field(_("Number of its draft version; null where it is deleted."))
    published_num = version_field(_("Number of its published version; null where there is none."))
    modified = serializers.DateTimeField(allow_null=True)
    olx = _Olx(help_text=_("Empty for containers."))
    children = texts_field(help_text=_("Titles of a container's children, in order."))


class MergeChoice(serializers.Serializer):
    """What was chosen for a piece; `text` is that of an edit."""

    take = EnumField(MergeSide)
    text = serializers.CharField(trim_whitespace=False)


class MergePiece(serializers.Serializer):
    """What both sides have changed since the last import: the three texts, each null where there is none."""

    name = serializers.CharField(help_text=_("`title`, `body:1`, `setting:weight`, `file:photo.png` …"))
    base = serializers.CharField(allow_null=True, trim_whitespace=False)
    library = serializers.CharField(allow_null=True, trim_whitespace=False)
    source = serializers.CharField(allow_null=True, trim_whitespace=False)  # type: ignore[assignment]
    choice = MergeChoice(allow_null=True, help_text=_("Null while somebody has to choose."))


class BlockDetails(serializers.Serializer):
    """One staged block with its content, and what it meets in the library."""

    block = Block()
    olx = _Olx(help_text=_("What would be imported; empty for blocks that hold others."))
    staged_olx = _Olx(help_text=_("What the source holds, empty for containers: other than `olx` where it was edited."))
    files = File(many=True)
    missing_files = texts_field()
    library = LibraryItem(allow_null=True)
    differences = Difference(many=True)
    pieces = MergePiece(many=True, help_text=_("Of a merge: what the library and the source have both changed."))
    merged_olx = _Olx(help_text=_("What comes of a merge; where a piece needs somebody, with the library's."))
    whole_body = MergePiece(
        allow_null=True,
        help_text=_("Where parts of the body are pieces: all of it, which can be chosen in their stead."),
    )


class SideQuery(Query):
    """Which side of a block."""

    side = EnumField(Side, default=Side.BLOCK)


class RenderedBlock(serializers.Serializer):
    """A block as learners see it."""

    usage_key = serializers.CharField()
    side = EnumField(Side)
    name = serializers.CharField(help_text=_("What people call it."))
    in_library = serializers.BooleanField(help_text=_("Whether the library holds something in its place."))
    document = serializers.CharField(help_text=_("A whole HTML document, to be shown in a sandboxed frame."))


class SignedFile(serializers.Serializer):
    """Where a file is had, by whoever has the address."""

    name = serializers.CharField()
    size = serializers.IntegerField(help_text=_("In bytes."))
    address = serializers.CharField()
    until = serializers.DateTimeField(help_text=_("Until when the address is good."))


class _AtLeastOneOf(Body):
    changes: tuple[str, ...] = ()

    def validate(self, attrs: Any) -> Any:
        """Refuse a change that changes nothing."""
        if not any(name in attrs for name in self.changes):
            raise serializers.ValidationError(
                _("Nothing is to be changed. Give one or more of: {names}.").format(names=", ".join(self.changes)),
                code="no_change",
            )
        return attrs


_DECISION_HELP = _("Null goes back to the import's default.")


_CONTENTS_HELP = _(
    "What becomes of the blocks inside components that a library cannot hold. Null goes back to the import's option."
)


class BlocksChange(_AtLeastOneOf):
    """Select blocks, leave them out, decide about conflicts, choose about contents. All of it is done, or nothing."""

    usage_keys = serializers.ListField(
        child=Text(max_length=255),
        required=False,
        min_length=1,
        max_length=MAX_KEYS,
        help_text=_("The blocks; or else `matching`, those that a list with the same filters has."),
    )
    matching = BlocksMatching(required=False)
    below = Truth(default=True, help_text=_("Whether everything below them is meant too."))
    selected = Truth(required=False)
    decision = EnumField(Decision, required=False, allow_null=True, help_text=_DECISION_HELP)
    contents = EnumField(Contents, required=False, allow_null=True, help_text=_CONTENTS_HELP)

    changes = ("selected", "decision", "contents")

    def validate(self, attrs: Any) -> Any:
        """Refuse a change of no blocks, and of blocks that are named in two ways."""
        if ("usage_keys" in attrs) == ("matching" in attrs):
            raise serializers.ValidationError(
                {"usage_keys": [_("Name blocks, or say which are meant in `matching`: one of the two.")]}
            )
        if "matching" in attrs and "contents" in attrs:
            raise serializers.ValidationError({"contents": [_("For this, name blocks in `usage_keys`.")]})
        return super().validate(attrs)


class TakeBack(Body):
    """Take the last change of a review back."""

    change = serializers.IntegerField(min_value=1, help_text=_("The number that the change was answered with."))


class TakenBack(serializers.Serializer):
    """What was taken back."""

    changed = serializers.IntegerField(help_text=_("How many blocks, and items to remove, are said of as before."))
    change = change_number_field()


class PieceChoice(Body):
    """What is to stand for a piece of a merge."""

    name = Text(max_length=1000)
    take = EnumField(MergeSide, allow_null=True, help_text=_("Null takes a choice back."))
    text = Text(required=False, allow_blank=True, trim_whitespace=False, help_text=_("For `edit`."))


class BlockChange(_AtLeastOneOf):
    """Change one block, and nothing below it. All of it is done, or nothing."""

    title = Text(required=False, max_length=500)
    olx = Text(required=False, help_text=_("For components."))
    selected = Truth(required=False)
    decision = EnumField(Decision, required=False, allow_null=True, help_text=_DECISION_HELP)
    contents = EnumField(Contents, required=False, allow_null=True, help_text=_CONTENTS_HELP)

    pieces = PieceChoice(many=True, required=False, help_text=_("Of a merge: what is to stand."))

    changes = ("title", "olx", "selected", "decision", "contents", "pieces")


class EditCheck(Body):
    """OLX that is being written."""

    olx = Text()


class BlocksChanged(serializers.Serializer):
    """How many blocks were changed; null for what was not asked for."""

    selected = serializers.IntegerField(allow_null=True)
    decided = serializers.IntegerField(allow_null=True)
    chosen = serializers.IntegerField(allow_null=True, help_text=_("Components whose `contents` changed."))
    change = change_number_field()


class ChoicesChange(Body):
    """Take all that was said last time, or nothing of it."""

    as_last_time = Truth(help_text=_("False: nothing of what other reviews have said."))


class ChoicesChanged(serializers.Serializer):
    """What came of it."""

    changed = serializers.IntegerField(help_text=_("How many blocks are other than before."))


class UnappliedChoice(serializers.Serializer):
    """What was chosen for a block and does not stand."""

    block_type = serializers.CharField()
    block_id = serializers.CharField()
    showing = serializers.IntegerField()
    why = EnumField(WhyUnapplied)
    reason = serializers.CharField(help_text=_("The same in words, with what is the matter."))


class ChoicesApplied(ChoicesChanged):
    """What came of applying choices."""

    unapplied = UnappliedChoice(many=True)


class GoneItem(serializers.Serializer):
    """An item of the library whose block the source does not hold any more."""

    num = serializers.IntegerField(help_text=_("Place after the staged blocks."))
    item_key = serializers.CharField(help_text=_("Key of the library's item."))
    item_url = page_url_field()
    usage_key = serializers.CharField(help_text=_("Of the block that is gone."))
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = name_field()
    outcome = EnumField(Outcome, help_text=_("`removed` or `kept`."))
    edited = serializers.BooleanField(help_text=_("Whether it was edited in the library since it was imported."))
    used_by = texts_field(help_text=_("Titles of the containers that hold it and stay as they are."))
    also_from = texts_field(help_text=_("Keys of the other sources that it was imported from as well."))
    reason = serializers.CharField()
    warnings = texts_field(help_text=_("What speaks against removing it."))


class GoneChange(Body):
    """Which items to take out of the library with the import, or to keep after all."""

    item_keys = serializers.ListField(
        child=Key(keys.parse_item_key),
        required=False,
        min_length=1,
        max_length=MAX_KEYS,
        help_text=_("Default: all; to be removed, all that nobody has edited in the library, and that are not in use."),
    )
    remove = Truth(help_text=_("False keeps them."))


class GoneChanged(serializers.Serializer):
    """How many choices were changed."""

    changed = serializers.IntegerField()


BlockPage = page_of("BlockPage", Block)


GonePage = page_of(
    "GonePage",
    GoneItem,
    __doc__="Part of the list of what is gone, and its sums.",
    removed=serializers.IntegerField(help_text=_("How many are to be removed, on all pages.")),
    unknown=serializers.CharField(help_text=_("Why it cannot be said what is gone; empty where it can.")),
)
