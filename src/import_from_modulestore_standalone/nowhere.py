"""An address at which the site has nothing, told on a page like all others, from which one can go on."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.defaults import page_not_found

from import_from_modulestore.pages.base import AuthorView


class Nowhere(AuthorView):
    """The page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Say that there is nothing, as other pages do of what is not there."""
        raise Http404


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """The page for who is signed in and looks at it; Django's few words for all others."""
    user = getattr(request, "user", None)
    if request.method != "GET" or user is None or not user.is_authenticated:
        return page_not_found(request, exception)
    return Nowhere.as_view()(request)
