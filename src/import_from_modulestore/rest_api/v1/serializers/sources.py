"""Sources, exports and libraries."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .... import keys
from ....data import SourceKind
from ...fields import Body, EnumField, Key, Query, Text, Truth
from .shared import SearchQuery, numbers_field, page_of, page_url_field, texts_field


def origin_field(help_text: Any, **more: Any) -> Text:
    """The name of where a source lies, or none."""
    return Text(allow_blank=True, max_length=50, help_text=help_text, **more)


class SourceQuery(Query):
    """Which of several sources of one key."""

    origin = origin_field(_("Where several have it: its name. Default: the first that has it."), default="")
    export = Text(
        default="",
        allow_blank=True,
        max_length=500,
        help_text=_("Where several hold it: its name. Default: the newest."),
    )


class SourcesQuery(SearchQuery):
    """Which sources, and what of them."""

    origin = origin_field(_("Only those of this origin."), default="")
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
    counts = numbers_field(help_text=_("Blocks by kind."))
    types = numbers_field(help_text=_("Components by block type."))
    size = serializers.IntegerField(help_text=_("Bytes; 0 where unknown."))
    warnings = texts_field(help_text=_("What could not be read and belongs to no block."))
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
    url = page_url_field()


class LibraryRequest(Body):
    """A content library to make."""

    key = Key(keys.parse_library_key, help_text=_("`lib:Org:slug`"))
    title = Text(max_length=500)


SourcePage = page_of("SourcePage", Source)


LibraryPage = page_of(
    "LibraryPage",
    Library,
    __doc__="Part of the list of libraries.",
    may_create=serializers.BooleanField(help_text=_("Whether you may make libraries.")),
)
