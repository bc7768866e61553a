"""What becomes of requests where the database does not do its part, also those that are none of the app's own."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

from import_from_modulestore.trouble import unavailable
from import_from_modulestore.unavailable import unavailable_page
from import_from_modulestore.waiting import as_a_request


def waits_for_seconds(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: sessions, sign-in and the pages of Django's own apps wait no longer than the app's."""

    def answer(request: HttpRequest) -> HttpResponse:
        with as_a_request():
            return get_response(request)

    return answer


def handler500(request: HttpRequest) -> HttpResponse:
    """The answer to an error of any page or middleware: advice where it is the database's, else Django's page."""
    error = sys.exception()
    told = unavailable(error) if error is not None else None
    return unavailable_page(request, told) if told is not None else server_error(request)
