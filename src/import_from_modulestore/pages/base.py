"""What all pages share: who is let in, how an error of the API looks, and the two ways in which a page is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from .. import api
from ..data import ImportData
from ..hosts import get_host
from ..unavailable import answered
from .security import secure

PLAN_CHANGED = "plan-changed"
"""The event that tells the parts of a review that the plan is another."""

_TITLES = {
    403: _("You may not do this"),
    404: _("It is not there, or you may not see it"),
    409: _("This does not fit what has happened meanwhile"),
    429: _("Too many requests"),
    503: _("Not now"),
}


class AuthorView(View):
    """
    A page for everybody who is signed in; what they may see and do, the API says.

    A page is asked for as a whole, or by htmx, which puts a part of it in place (:meth:`is_part`). Everything that a
    page changes is a form that is sent: without JavaScript the answer leads back to a page, by :meth:`done`.
    """

    section: ClassVar[str] = ""
    """Which entry of the navigation stands for the page."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:
        """The view, with an answer where the database has none; whatever the answer, under the rules of all pages."""
        view = answered(super().as_view(**initkwargs))

        @wraps(view)
        def secured(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase = view(request, *args, **kwargs)
            secure(response)
            return response

        return secured

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who is signed in, and tell what the API refuses."""
        self.htmx = HtmxDetails(request)
        if not (request.user.is_authenticated and request.user.is_active):
            response: HttpResponseBase = self._to_sign_in(request)
        else:
            try:
                response = super().dispatch(request, *args, **kwargs)
            except api.DatabaseUnavailable:
                raise
            except api.ImportFromModulestoreError as error:
                response = self.refused(error)
            except Http404:
                response = self.refused(api.NotFound(gettext("There is nothing at this address.")))
        return response

    @property
    def is_part(self) -> bool:
        """Whether only a part of the page is asked for; not so where the browser goes back to it."""
        return bool(self.htmx) and not self.htmx.history_restore_request

    def page(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """A page, or a part of one, from a template in ``modulestore_imports/``."""
        common = {"section": self.section, "host": get_host()}
        response = render(self.request, f"modulestore_imports/{template}", {**common, **context}, status=status)
        if self.is_part and messages.get_messages(self.request):
            # What was told by the form that htmx has sent goes to its place, whatever part is asked for.
            response.content += render(self.request, "modulestore_imports/_told.html").content
        response["Vary"] = "HX-Request, Cookie"
        response["Cache-Control"] = "private, no-store"
        return response

    def done(self, url: str, told: str = "") -> HttpResponse:
        """Go to another page once something is done, and say what."""
        if told:
            messages.success(self.request, told)
        return HttpResponseClientRedirect(url) if self.htmx else HttpResponseRedirect(url)

    def refused(self, error: api.ImportFromModulestoreError) -> HttpResponse:
        """What is wrong and what to do about it."""
        return self.refusal(str(error), error.http_status)

    def refusal(self, error: str, status: int) -> HttpResponse:
        """A refusal in these words: as a page, or in the place for messages of the page that asked."""
        if self.is_part:
            response = self.page("_refusal.html", error=error, status=status)
            response["HX-Retarget"] = "#messages"
            response["HX-Reswap"] = "innerHTML show:window:top"
            return response
        title = _TITLES.get(status, _("This cannot be done"))
        return self.page("refusal.html", error=error, title=title, status=status, back=self._came_from())

    def _came_from(self) -> str:
        """The page of ours that led here, where the browser says so and it is another request than this one."""
        page = self.request.headers.get("Referer", "")
        is_ours = url_has_allowed_host_and_scheme(page, {self.request.get_host()}, self.request.is_secure())
        is_this = self.request.method == "GET" and page == self.request.build_absolute_uri()
        return page if is_ours and not is_this else ""

    def _to_sign_in(self, request: HttpRequest) -> HttpResponse:
        if self.htmx:
            try:
                current = self.htmx.current_url_abs_path
            except ValueError:  # It is no address at all.
                current = None
            return HttpResponseClientRedirect(redirect_to_login(current or "/")["Location"])
        return redirect_to_login(request.get_full_path())


def can_do(request: HttpRequest, run: ImportData) -> dict[str, bool]:
    """Which buttons a page about the import has: for what its state allows, and the user may."""
    return {action.value: True for action in api.get_permitted_actions(user=request.user, import_id=run.id)}


def number_of(text: str | None) -> int | None:
    """A whole number that was sent; ``None`` for what is none, or is larger than any that we send."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def page_number(request: HttpRequest) -> int:
    """The page that an address asks for. Raises ``Http404`` where there can be none."""
    number = number_of(request.GET.get("page", "1"))
    if number is None or not 0 < number < 1_000_000:
        raise Http404
    return number


def pages_of(total: int, size: int) -> int:
    """How many pages a list has; at least one."""
    return max(1, -(-total // size))
