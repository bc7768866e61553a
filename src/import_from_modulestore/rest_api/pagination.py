"""Lists, a page at a time, in the envelope of the Open edX APIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from edx_rest_framework_extensions.paginators import DefaultPagination
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from ..data import Page

PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
MAX_PAGE = 1_000_000


class Fetch(Protocol):
    """Gives the page of a list from its offset and limit."""

    def __call__(self, *, offset: int, limit: int) -> Page[Any]:
        """The page."""


class ApiPagination(DefaultPagination):
    """Open edX's pagination over a :data:`Fetch`; the numbers of page and size have been checked before."""

    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE

    def fetch(self, fetch: Fetch, request: Request, *, page: int, page_size: int) -> Page[Any]:
        """A page; raises ``NotFound`` beyond the last one."""
        self.request = request
        found = fetch(offset=(page - 1) * page_size, limit=page_size)
        paginator = Paginator(range(found.total), page_size)
        if page > paginator.num_pages:
            raise NotFound(
                _("There is no page {page}; the last one is {last}.").format(page=page, last=paginator.num_pages)
            )
        self.page = paginator.page(page)
        return found

    def response(self, results: Any, more: Mapping[str, Any]) -> Response:
        """The page in its envelope, with what the answer says besides."""
        response = self.get_paginated_response(results)
        response.data = {**more, **response.data}
        return response


def part_of(items: Sequence[Any]) -> Fetch:
    """A :data:`Fetch` over a list that is there as a whole."""
    return lambda offset, limit: Page(
        items=tuple(items[offset : offset + limit]), total=len(items), offset=offset, limit=limit
    )
