"""
Requests and answers.

Answers are :mod:`import_from_modulestore.data` under the names that this version promises; they change with it, and not
with the data.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ... import data, keys
from ...actions.batches import MAX_SOURCES
from ...actions.records import MAX_SEARCH
from ...data import (
    MAX_OLX_CHARACTERS,
    Action,
    BlockIds,
    BlockKind,
    Branch,
    CollectionChoice,
    CompositionLevel,
    ConflictState,
    Contents,
    Decision,
    DifferenceKind,
    Forward,
    HistoryKind,
    ImportData,
    ImportOptions,
    ImportOrder,
    ImportState,
    LinkState,
    MergeSide,
    Outcome,
    ReversalKind,
    ReversalOutcome,
    Side,
    SourceKind,
    StateGroup,
    WhyUnapplied,
    Work,
)
from ...quoting import shortened
from ..fields import Body, EnumField, Key, Query, Text, Truth
from ..pagination import MAX_PAGE, MAX_PAGE_SIZE, PAGE_SIZE

MAX_KEPT = 100
"""How many items that an undo or redo of a batch would keep are named of each import."""

MAX_KEYS = 10_000
"""How many blocks one request may name."""


def _texts(**kwargs: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), **kwargs)


def _numbers(**kwargs: Any) -> serializers.DictField:
    return serializers.DictField(child=serializers.IntegerField(), **kwargs)


def _name() -> serializers.CharField:
    return serializers.CharField(
        help_text=_("What people call it: its title, or where it has none, how its text begins.")
    )


def _choices_from() -> serializers.CharField:
    return serializers.CharField(
        help_text=_("ID of the earlier import whose review has said this of the block; empty where there is none.")
    )


def _version(help_text: Any) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True, help_text=help_text)


def _change_number() -> serializers.IntegerField:
    return serializers.IntegerField(
        allow_null=True, help_text=_("By which the change can be taken back, as the last one; null where none can.")
    )


def _page_url() -> serializers.CharField:
    return serializers.CharField(help_text=_("Its page in Studio; empty where there is none."))


_INSIDE_HELP = _(
    "Of a block from inside one that a library cannot hold: what is around it, that one first; the groups of an "
    "experiment, say."
)

# Lists


class PageQuery(Query):
    """Which part of a list."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=MAX_PAGE, help_text=_("The first one is 1."))
    page_size = serializers.IntegerField(default=PAGE_SIZE, min_value=1, max_value=MAX_PAGE_SIZE)


class SearchQuery(PageQuery):
    """Which part of a list that can be searched."""

    search = Text(
        default="", allow_blank=True, max_length=MAX_SEARCH, help_text=_("Text in keys or titles, in any case.")
    )


class _Page(serializers.Serializer):
    """Part of a list."""

    count = serializers.IntegerField(help_text=_("Of all pages."))
    num_pages = serializers.IntegerField()
    current_page = serializers.IntegerField()
    start = serializers.IntegerField(help_text=_("How many items the pages before hold."))
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


def _page(name: str, serializer: type[serializers.Serializer], **more: Any) -> type[serializers.Serializer]:
    """A page of these, for the description of the API, under this name; ``more`` is what it says besides."""
    return type(name, (_Page,), {"__doc__": _Page.__doc__, **more, "results": serializer(many=True)})


# Sources and libraries


def _origin(help_text: Any, **more: Any) -> Text:
    return Text(allow_blank=True, max_length=50, help_text=help_text, **more)


class SourceQuery(Query):
    """Which of several sources of one key."""

    origin = _origin(_("Where several have it: its name. Default: the first that has it."), default="")
    export = Text(
        default="",
        allow_blank=True,
        max_length=500,
        help_text=_("Where several hold it: its name. Default: the newest."),
    )


class SourcesQuery(SearchQuery):
    """Which sources, and what of them."""

    origin = _origin(_("Only those of this origin."), default="")
    uploaded = Truth(required=False, help_text=_("Whether the export was uploaded."))
    counted = Truth(default=True, help_text=_("Whether blocks are counted, which may take a while."))


class LastImport(serializers.Serializer):
    """The last import of a source that is written."""

    id = serializers.UUIDField()
    library_key = serializers.CharField()
    library_title = serializers.CharField()
    finished = serializers.DateTimeField()


class Source(serializers.Serializer):
    """A course or legacy library that can be imported, or what lies there and cannot, and why (`problem`)."""

    key = serializers.CharField()
    title = serializers.CharField()
    kind = EnumField(SourceKind)
    org = serializers.CharField(help_text=_("Short name of the organization."))
    run = serializers.CharField(help_text=_("Of a course; empty for a legacy library."))
    location = serializers.CharField(help_text=_("Where it lies, for people."))
    origin = serializers.CharField(help_text=_("Where it comes from: `modulestore`, `folder`, `upload`."))
    export = serializers.CharField(
        help_text=_(
            "Name of the export that holds it, to choose one of several by; empty where sources are no exports."
        )
    )
    modified = serializers.DateTimeField(allow_null=True, help_text=_("Of the export; null where unknown."))
    version = serializers.CharField(help_text=_("Of its content; empty where sources have no versions."))
    block_count = serializers.IntegerField()
    counts = _numbers(help_text=_("Blocks by kind."))
    types = _numbers(help_text=_("Components by block type."))
    size = serializers.IntegerField(help_text=_("Bytes; 0 where unknown."))
    warnings = _texts(help_text=_("What could not be read and belongs to no block."))
    problem = serializers.CharField(help_text=_("Why it cannot be imported; empty where it can."))
    uploaded = serializers.DateTimeField(
        allow_null=True, help_text=_("When the export was uploaded; null: it was not.")
    )
    uploaded_by = serializers.CharField(
        help_text=_("User name; empty where nobody has uploaded it, or nobody any more.")
    )
    removable = serializers.BooleanField(help_text=_("Whether you may remove the export."))
    is_being_read = serializers.BooleanField(help_text=_("Whether `problem` is only that it is not read yet."))
    last_import = LastImport(
        allow_null=True, help_text=_("The last one that is written, of those that you may see; told in the list.")
    )


class ExportRequest(Body):
    """An export to upload."""

    file = serializers.FileField(
        allow_empty_file=True, help_text=_("A `.tar.gz` or `.zip`, as Studio exports a course or legacy library.")
    )


class LibrariesQuery(SearchQuery):
    """Which libraries."""

    editable = Truth(default=False, help_text=_("Only those that you may change, so that you can import into them."))


class Library(serializers.Serializer):
    """A content library."""

    key = serializers.CharField()
    title = serializers.CharField()
    url = _page_url()


class LibraryRequest(Body):
    """A content library to make."""

    key = Key(keys.parse_library_key, help_text=_("`lib:Org:slug`"))
    title = Text(max_length=500)


# Imports


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
    selection = _texts()
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
    source_url = _page_url()
    source_version = serializers.CharField()
    source_origin = serializers.CharField(help_text=_("Where the source comes from: `origin` of the source."))
    source_export = serializers.CharField(
        help_text=_("Name of the export that it is read from; empty where sources are no exports.")
    )
    library_key = serializers.CharField()
    library_title = serializers.CharField()
    library_url = _page_url()
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
    warnings = _texts(help_text=_("About the source as a whole."))
    batch_id = serializers.CharField(help_text=_("The batch that it is one of; empty where it stands alone."))
    to_decide = serializers.IntegerField(
        allow_null=True,
        help_text=_("Of a batch: conflicts that nobody has decided about; null where that is not known."),
    )
    block_count = serializers.IntegerField(help_text=_("Blocks that are staged, or were."))
    counts = _numbers(help_text=_("Source blocks by outcome, once imported."))
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
    counts = _numbers(help_text=_("Items by outcome."))
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
    origin = _origin(
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
            "options": _options_in(body),
            "new_library_title": body.get("new_library_title"),
            "origin": body.get("origin", ""),
            "export": body.get("export", ""),
        }


def _options_in(body: Any) -> ImportOptions:
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


# Blocks


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
    name = _name()
    child_count = serializers.IntegerField()
    repeats = serializers.IntegerField(
        allow_null=True, help_text=_("`num` of the first showing of a block that the source shows again here.")
    )
    selected = serializers.BooleanField()
    edited = serializers.BooleanField()
    own_decision = EnumField(Decision, allow_null=True, help_text=_("Null: the import's default."))
    own_contents = EnumField(Contents, allow_null=True, help_text=_("Null: the import's default."))
    choices_from = _choices_from()
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
    warnings = _texts()
    path = _texts(help_text=_("Names of the blocks that it is in, outermost first."))
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
    url = _page_url()
    title = serializers.CharField()
    draft_num = _version(_("Number of its draft version; null where it is deleted."))
    published_num = _version(_("Number of its published version; null where there is none."))
    modified = serializers.DateTimeField(allow_null=True)
    olx = _Olx(help_text=_("Empty for containers."))
    children = _texts(help_text=_("Titles of a container's children, in order."))


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
    missing_files = _texts()
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
    change = _change_number()


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
    change = _change_number()


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
    item_url = _page_url()
    usage_key = serializers.CharField(help_text=_("Of the block that is gone."))
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = _name()
    outcome = EnumField(Outcome, help_text=_("`removed` or `kept`."))
    edited = serializers.BooleanField(help_text=_("Whether it was edited in the library since it was imported."))
    used_by = _texts(help_text=_("Titles of the containers that hold it and stay as they are."))
    also_from = _texts(help_text=_("Keys of the other sources that it was imported from as well."))
    reason = serializers.CharField()
    warnings = _texts(help_text=_("What speaks against removing it."))


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


# Plan, undo, redo


class PlannedItem(serializers.Serializer):
    """What would happen with one source block, or with an item whose block is gone from the source."""

    num = serializers.IntegerField()
    depth = serializers.IntegerField(help_text=_("Levels below the top of what the library will hold."))
    usage_key = serializers.CharField()
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = _name()
    state = EnumField(ConflictState)
    outcome = EnumField(Outcome)
    decision = EnumField(Decision, allow_null=True, help_text=_("That led to `outcome`; null where none was needed."))
    item_key = serializers.SerializerMethodField(help_text=_("Key of the library's item; empty where there is none."))
    publish = serializers.BooleanField(help_text=_("Whether it goes live."))
    children = _texts(help_text=_("What a container will hold, in order, as `type:id`."))
    reason = serializers.CharField()
    warnings = _texts()
    contents = EnumField(
        Contents,
        allow_null=True,
        help_text=_("What becomes of the blocks inside one that a library cannot hold; null for all others."),
    )
    collection_title = serializers.CharField(
        help_text=_("Title of the collection that they go into; empty where they go into none.")
    )
    inner = _texts(help_text=_("What these become, in order, as `type:id`."))
    left_out = _texts(help_text=_("Names of the blocks inside that go with it."))
    inside = _texts(help_text=_INSIDE_HELP)

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
    outcomes = _numbers(help_text=_("Blocks by outcome."))
    states = _numbers(help_text=_("Blocks by state."))
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
    blockers = _texts(help_text=_("Reasons why nothing of this can be written."))
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
    name = _name()
    item_key = serializers.CharField()
    item_url = _page_url()
    outcome = EnumField(ReversalOutcome)
    reason = serializers.CharField(help_text=_("Why it is kept."))
    draft_before = _version(_("Version numbers; null where there is no such version."))
    draft_after = _version("")
    published_before = _version("")
    published_after = _version("")


class ForceQuery(PageQuery):
    """Which part of a preview, and of what."""

    force = Truth(default=False, help_text=_("Also items that were changed or put to use since."))


class ReversalRequest(Body):
    """How to undo or redo."""

    force = Truth(default=False, help_text=_("Also items that were changed or put to use since."))


# Links of a course's blocks


class Link(serializers.Serializer):
    """A block of the course, the item that it became, and whether it follows that, or can."""

    num = serializers.IntegerField()
    depth = serializers.IntegerField()
    usage_key = serializers.CharField(help_text=_("Usage key of the course's block."))
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = _name()
    item_key = serializers.CharField()
    item_url = _page_url()
    state = EnumField(
        LinkState, help_text=_("`ready` and `changed` can be linked; of all, those that are `ready` are.")
    )
    reason = serializers.CharField(help_text=_("Why it cannot be linked, or only where it is asked for by its key."))
    warnings = _texts(help_text=_("What an update from the library will do to it."))
    version = _version(_("The item's version that the block counts as having, once it is linked."))
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


# Batches


class BatchesQuery(PageQuery):
    """Which batches."""

    library_key = Key(keys.parse_library_key, required=False)
    running = Truth(required=False, help_text=_("Whether a step of one of its imports is under way, or waits."))


class BatchSource(Body):
    """A source of a batch."""

    source_key = Key(keys.parse_source_key)
    origin = _origin(_("Where several origins have the source: the name of the one to read."), required=False)
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
            "options": _options_in(body),
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
    library_url = _page_url()
    username = serializers.CharField()
    created = serializers.DateTimeField()
    states = _numbers(help_text=_("Its imports by state."))
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


# History


class Record(serializers.Serializer):
    """What happened to one source block."""

    import_id = serializers.UUIDField()
    num = serializers.IntegerField()
    depth = serializers.IntegerField()
    usage_key = serializers.CharField(help_text=_("Usage key of the source block."))
    block_type = serializers.CharField()
    kind = EnumField(BlockKind)
    title = serializers.CharField()
    name = _name()
    state = EnumField(ConflictState)
    outcome = EnumField(Outcome)
    decision = EnumField(Decision, allow_null=True)
    item_key = serializers.CharField(help_text=_("Key of the library's item; empty where there is none."))
    item_url = _page_url()
    draft_before = _version(_("Version numbers; null where there was no such version."))
    draft_after = _version("")
    published_before = _version("")
    published_after = _version("")
    reason = serializers.CharField()
    warnings = _texts()
    files = _texts()
    missing_files = _texts()
    left_out = _texts(help_text=_("Names of the blocks inside one that a library cannot hold that went with it."))
    contents = EnumField(
        Contents, allow_null=True, help_text=_("What became of the others; null for all other blocks.")
    )
    contents_collection = serializers.CharField(
        help_text=_("Code of the collection that they were put into; empty where there is none.")
    )
    contents_collection_url = _page_url()
    inside = _texts(help_text=_INSIDE_HELP)
    tags = _texts(
        help_text=_("Tags of the source block that the import gave the item; of a removed one, those that it had.")
    )
    tags_left_out = _texts(
        help_text=_("Tags of the source block whose taxonomy is not here, each after that taxonomy's export ID.")
    )
    choices_from = _choices_from()
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
    counts = _numbers(help_text=_("Of a library's history: blocks or items by outcome."))
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


# One of each: the description knows them by name.

SourcePage = _page("SourcePage", Source)
LibraryPage = _page(
    "LibraryPage",
    Library,
    __doc__="Part of the list of libraries.",
    may_create=serializers.BooleanField(help_text=_("Whether you may make libraries.")),
)
ImportPage = _page("ImportPage", Import)
BatchPage = _page("BatchPage", Batch)
BatchReversalPage = _page("BatchReversalPage", BatchReversal)
BlockPage = _page("BlockPage", Block)
GonePage = _page(
    "GonePage",
    GoneItem,
    __doc__="Part of the list of what is gone, and its sums.",
    removed=serializers.IntegerField(help_text=_("How many are to be removed, on all pages.")),
    unknown=serializers.CharField(help_text=_("Why it cannot be said what is gone; empty where it can.")),
)
PlanPage = _page(
    "PlanPage",
    PlannedItem,
    __doc__="Part of a plan, and its sums.",
    counts=_numbers(help_text=_("Blocks by outcome, on all pages.")),
    writes=serializers.IntegerField(help_text=_("How many items get a new version.")),
    removes=serializers.IntegerField(help_text=_("How many items are taken out of the library.")),
    gone_unknown=serializers.CharField(
        help_text=_("Why it cannot be said what the source has lost; empty where it can.")
    ),
    blockers=_texts(help_text=_("Reasons why nothing of this can be written.")),
    forwarding=_forwarding(),
)
ReversalPreviewPage = _page(
    "ReversalPreviewPage",
    ReversalItem,
    __doc__="Part of a preview of an undo or redo, and its sums.",
    counts=_numbers(help_text=_("Items by outcome, on all pages.")),
    links=serializers.IntegerField(
        help_text=_("How many blocks of the course are unlinked, or linked again if they can.")
    ),
    forwarding=serializers.CharField(help_text=_("What becomes of references of courses to the source; or empty.")),
)
LinkPage = _page(
    "LinkPage",
    Link,
    __doc__="Part of the list of blocks that became items, and its sums.",
    counts=_numbers(help_text=_("Blocks by state, on all pages.")),
    ready=serializers.IntegerField(help_text=_("How many are linked where all are asked for.")),
)
RecordPage = _page("RecordPage", Record)
HistoryPage = _page("HistoryPage", HistoryEntry)
WorkPage = _page(
    "WorkPage",
    WorkItem,
    __doc__="Part of a work list, and how much of it is open.",
    open=serializers.IntegerField(help_text=_("How many entries are open, on all pages, whatever was asked for.")),
)
ReversalPage = _page("ReversalPage", Reversal)
ReversalItemPage = _page("ReversalItemPage", ReversalItem)
