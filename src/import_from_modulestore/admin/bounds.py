"""
What an address or a form may ask of a page: so much, and nothing else.

Django's admin takes any lookup of any field, page numbers and primary keys of any length, and searches for whatever it
is given; the database then refuses, each in its own way, or takes minutes. Here a list answers what its own pages can
ask it, and refuses all else with 400, 404 or a message.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from ..actions.records import MAX_SEARCH
from ..quoting import MAX_TEXT, shortened

MAX_LISTED = 100_000
"""How many rows the pages of a list go through; whoever looks for one beyond filters or searches."""

MAX_PARAMETER = 2_000
"""Characters of any other parameter, and of each part of an address."""

_FILTERS = ("", "__exact", "__id__exact", "__isnull", "__gte", "__lt")
"""The lookups by which Django's filters name their choices."""


def number(text: str) -> int | None:
    """
    A primary key or the number of a page; ``None`` for what is none, or is larger than a database has.

    >>> number("12"), number("-1"), number("9" * 20)
    (12, None, None)
    """
    return int(text) if text.isdecimal() and len(text) <= 18 else None


class _SearchForm(ChangeListSearchForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=MAX_SEARCH)


class _BoundedPaginator(Paginator):
    """
    Goes through the first rows of a list, by pages; counts no further either.

    A page is found by primary keys alone, which an index gives: a database that skips rows reads all of each otherwise.
    """

    object_list: Any

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most :data:`MAX_LISTED`."""
        return self.object_list.order_by()[:MAX_LISTED].count()

    def page(self, number: Any) -> Page:
        """The page of this number. Raises ``InvalidPage``."""
        page = super().page(number)
        rows: Any = page.object_list
        pks = list(rows.values_list("pk", flat=True))
        page.object_list = self.object_list.filter(pk__in=pks)
        return page


class BoundedChangeList(ChangeList):
    """A list that takes what can be searched for."""

    search_form_class = _SearchForm

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than its pages go through."""
        return self.result_count >= MAX_LISTED


class BoundedAdmin(admin.ModelAdmin):
    """Pages that take what they offer themselves."""

    linked_by: ClassVar[tuple[str, ...]] = ()
    """Fields by whose value other pages link to the list, besides those of its filters."""

    paginator = _BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # They would count all rows for each choice.

    def get_urls(self) -> list[URLPattern]:
        """All pages, none of which sees what is too long to be meant."""
        urls = [*self.own_urls(), *super().get_urls()]
        for url in urls:
            url.callback = _within_bounds(url.callback)
        return urls

    def own_urls(self) -> list[URLPattern]:
        """The pages that Django's admin does not have."""
        return []

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Our own."""
        return BoundedChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether a page links to the list so, or a filter does."""
        field, _sep, _kind = lookup.rpartition("__")
        if field in self.linked_by and lookup == f"{field}__exact":
            return number(value) is not None or not self.opts.get_field(field).is_relation
        filters: Any = self.list_filter
        if any(isinstance(each, type) and lookup == vars(each).get("parameter_name") for each in filters):
            return True
        filtered = (each if isinstance(each, str) else each[0] for each in filters if not isinstance(each, type))
        return any(lookup == f"{each}{kind}" for each in filtered for kind in _FILTERS)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What is found, also for the fields of forms that complete what is typed."""
        if len(search_term) > MAX_SEARCH:
            raise BadRequest(_("Search for at most {max} characters.").format(max=MAX_SEARCH))
        return super().get_search_results(request, queryset, search_term)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """The action, where what was chosen are rows."""
        if None in map(number, request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest(_("What was chosen is not in the list."))
        return super().response_action(request, queryset, *args, **kwargs)

    def refuse(self, request: HttpRequest, reason: object) -> None:
        """Tell why something cannot be done; it may quote what came with the request."""
        self.message_user(request, shortened(str(reason), MAX_TEXT), messages.ERROR)


def _within_bounds(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, for addresses and parameters that are not too long to be meant. Raises ``BadRequest``."""

    @wraps(view)
    def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        parameters = (text for name, values in request.GET.lists() for text in (name, *values))
        if any(len(text) > MAX_PARAMETER for text in (*parameters, *map(str, kwargs.values()))):
            raise BadRequest(_("A part of the address is too long."))
        return view(request, *args, **kwargs)

    return bounded
