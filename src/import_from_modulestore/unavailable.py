"""The page that is shown where the database does not do its part: it needs neither a session nor a user."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse

from .errors import DatabaseUnavailable
from .trouble import RETRY_AFTER, in_full, recognized
from .waiting import as_a_request

log = logging.getLogger("django.request")


def answered(view: Callable[..., Any]) -> Callable[..., Any]:
    """
    The view, which waits no longer than a request may, and answers with :func:`unavailable_page` in time of trouble.

    It is rendered here, and stands outside of ``ATOMIC_REQUESTS``: rendering reads, too, and a commit may fail. The API
    knows what has to be written together.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            with recognized(), as_a_request():
                response = view(request, *args, **kwargs)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response
        except DatabaseUnavailable as error:
            return unavailable_page(request, error)

    return transaction.non_atomic_requests(answer)


def unavailable_page(request: HttpRequest, error: DatabaseUnavailable) -> HttpResponse:
    """What is wrong and what to do about it, with the status 503."""
    log.warning("%s: %s", request.path, in_full(error))
    page = render_to_string("modulestore_imports/unavailable.html", {"error": error})
    return HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER} if error.is_passing else {})
