"""All imports, and the page about one: what it waits for, how far it is, what came of it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django_htmx.http import HttpResponseClientRefresh

from .. import api
from ..data import Action, ImportData, ImportState
from .base import AuthorView, can_do, page_number, pages_of
from .results import result_of
from .staged import staged

PAGE_SIZE = 25

_COMPLETED = (ImportState.IMPORTED, ImportState.UNDONE)


class Imports(AuthorView):
    """All imports that you may see, newest first."""

    section = "imports"

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of them, or its list alone."""
        number = page_number(request)
        search, state = request.GET.get("q", ""), request.GET.get("state", "")
        if state and state not in ImportState:
            raise Http404
        page = api.list_imports(
            user=request.user,
            search=search,
            states=[ImportState(state)] if state else [],
            offset=(number - 1) * PAGE_SIZE,
            limit=PAGE_SIZE,
        )
        if self.is_part:
            return self.page("_recent.html", imports=page)
        return self.page(
            "imports.html",
            imports=page,
            number=number,
            pages=pages_of(page.total, PAGE_SIZE),
            q=search,
            state=state,
            states=ImportState,
        )


class Import(AuthorView):
    """One import, as its state has it."""

    section = "imports"

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """The page."""
        run = api.get_import(user=request.user, import_id=import_id)
        more: dict[str, Any] = {}
        shown = "_ended.html"
        if run.state.is_running:
            shown = "_progress.html"
        elif run.state in _COMPLETED:
            shown, more = "_result.html", result_of(request, run)
        elif Action.REVIEW in run.actions:
            shown, more = "_staged.html", staged(request, run)
        elif run.state is ImportState.CANCELED:
            more = _given_up(request, run)
        can = can_do(request, run)
        return self.page("import.html", run=run, shown=f"modulestore_imports/{shown}", can=can, **more)


def _given_up(request: HttpRequest, run: ImportData) -> dict[str, Any]:
    """What is left of an import that was canceled, for who may read its source: of how many blocks its review spoke."""
    try:
        said = len(api.export_choices(user=request.user, import_id=run.id).blocks)
    except api.WrongState:  # Nothing was staged, or it is not kept any more.
        said = 0
    except api.NotPermitted:
        return {}
    return {"may_begin": True, "said": said}


class Progress(AuthorView):
    """How far the running step is; once it has ended, the whole page is loaded again."""

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """The part of the page that is asked for every second; without htmx, the page."""
        run = api.get_import(user=request.user, import_id=import_id)
        if not self.is_part:
            return HttpResponseRedirect(reverse("modulestore_imports:import", args=[run.id]))
        if not run.state.is_running:
            return HttpResponseClientRefresh()
        return self.page("_progress.html", run=run, can=can_do(request, run))


class Do(AuthorView):
    """Ask for a step of an import."""

    def post(self, request: HttpRequest, import_id: str, action: str) -> HttpResponse:
        """Ask, and lead to the import's page, which says how it goes on."""
        if action not in Action or Action(action) not in api.STARTS:
            raise Http404
        step = Action(action)
        asked: dict[str, Any] = {"user": request.user, "import_id": import_id}
        before = api.get_import(**asked) if step is Action.CANCEL else None
        force: dict[str, Any] = {"force": "force" in request.POST} if step in api.PREVIEWS else {}
        run = api.STARTS[step](**asked, **force)
        told = ""
        if before is not None:
            told = (
                gettext("The import is canceled. Nothing was written.")
                if run.state is ImportState.CANCELED
                else gettext("{label}: asked for.").format(label=step.label_in(before.state))
            )
        return self.done(reverse("modulestore_imports:import", args=[run.id]), told)
