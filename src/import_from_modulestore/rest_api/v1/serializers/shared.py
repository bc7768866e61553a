"""What the rooms of requests and answers share: parts of lists, and fields that several of them have."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from ....actions.records import MAX_SEARCH
from ...fields import Query, Text
from ...pagination import MAX_PAGE, MAX_PAGE_SIZE, PAGE_SIZE

MAX_KEYS = 10_000
"""How many blocks one request may name."""


def texts_field(**kwargs: Any) -> serializers.ListField:
    """A list of texts."""
    return serializers.ListField(child=serializers.CharField(), **kwargs)


def numbers_field(**kwargs: Any) -> serializers.DictField:
    """Numbers by name."""
    return serializers.DictField(child=serializers.IntegerField(), **kwargs)


def name_field() -> serializers.CharField:
    """What people call a block or an item."""
    return serializers.CharField(
        help_text=_("What people call it: its title, or where it has none, how its text begins.")
    )


def choices_from_field() -> serializers.CharField:
    """The import whose review a choice comes from."""
    return serializers.CharField(
        help_text=_("ID of the earlier import whose review has said this of the block; empty where there is none.")
    )


def version_field(help_text: Any) -> serializers.IntegerField:
    """The number of an item's version, or none."""
    return serializers.IntegerField(allow_null=True, help_text=help_text)


def change_number_field() -> serializers.IntegerField:
    """The number of a reviewer's change, or none."""
    return serializers.IntegerField(
        allow_null=True, help_text=_("By which the change can be taken back, as the last one; null where none can.")
    )


def page_url_field() -> serializers.CharField:
    """The address of a page in Studio."""
    return serializers.CharField(help_text=_("Its page in Studio; empty where there is none."))


INSIDE_HELP = _(
    "Of a block from inside one that a library cannot hold: what is around it, that one first; the groups of an "
    "experiment, say."
)


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


def page_of(name: str, serializer: type[serializers.Serializer], **more: Any) -> type[serializers.Serializer]:
    """A page of these, for the description of the API, under this name; ``more`` is what it says besides."""
    return type(name, (_Page,), {"__doc__": _Page.__doc__, **more, "results": serializer(many=True)})
