"""What came of an import: block by block, what is left to work off, and taking it back or putting it there again."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import api
from ..data import Action, ImportData, Outcome, ReversalOutcome, tally
from ..hosts import get_host
from ..keys import parse_library_key
from .base import AuthorView, can_do, number_of, page_number, pages_of

PAGE_SIZE = 100


def result_of(request: HttpRequest, run: ImportData) -> dict[str, Any]:
    """What the page about a completed import shows: a page of its records, and how much is left to work off."""
    number = page_number(request)
    chosen, search = request.GET.get("outcome", ""), request.GET.get("q", "")
    if chosen and chosen not in Outcome:
        raise Http404
    records = api.list_records(
        user=request.user,
        import_id=run.id,
        outcome=Outcome(chosen) if chosen else None,
        search=search,
        offset=(number - 1) * PAGE_SIZE,
        limit=PAGE_SIZE,
    )
    reversals = api.get_reversals(user=request.user, import_id=run.id)
    return {
        "tally": tally(Outcome, run.counts),
        "records": records,
        "number": number,
        "pages": pages_of(records.total, PAGE_SIZE),
        "chosen": chosen,
        "q": search,
        # Where the library has pages of its own, that is where it is looked after.
        "can_back_up": not run.library_url
        and get_host().can_back_up_library(request.user, parse_library_key(run.library_key)),
        "links": api.may_link(user=request.user, import_id=run.id),
        "work": api.list_work(user=request.user, import_id=run.id, limit=1),
        "reversals": [(reversal, tally(ReversalOutcome, reversal.counts)) for reversal in reversals],
    }


class Work(AuthorView):
    """What could not go, as a list to work off."""

    section = "imports"

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """A page of the list: what is open, or all of it."""
        number, shown = page_number(request), request.GET.get("show", "open")
        if shown not in ("open", "done", "all"):
            raise Http404
        run = api.get_import(user=request.user, import_id=import_id)
        work = api.list_work(
            user=request.user,
            import_id=import_id,
            done={"open": False, "done": True, "all": None}[shown],
            offset=(number - 1) * PAGE_SIZE,
            limit=PAGE_SIZE,
        )
        return self.page(
            "work.html",
            run=run,
            work=work,
            shown=shown,
            can_change=get_host().can_edit_library(request.user, parse_library_key(run.library_key)),
            number=number,
            pages=pages_of(work.total, PAGE_SIZE),
        )

    def post(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Mark entries as done, or as open again."""
        nums = [num for num in map(number_of, request.POST.getlist("nums")) if num is not None]
        done = request.POST.get("do") != "open"
        if not nums:
            raise api.InvalidOption(_("Choose at least one entry."))
        changed = api.mark_done(user=request.user, import_id=import_id, nums=nums, done=done)
        told = (
            ngettext("{count} entry is done.", "{count} entries are done.", changed)
            if done
            else ngettext("{count} entry is open again.", "{count} entries are open again.", changed)
        )
        return self.done(request.get_full_path(), told.format(count=changed))


class Reversal(AuthorView):
    """What an undo or redo would do, item by item, and asking for it."""

    section = "imports"

    def get(self, request: HttpRequest, import_id: str, kind: str) -> HttpResponse:
        """A page of the preview; with ``force``, as it would be where nothing is kept for what others did since."""
        action, force, number = Action(kind), "force" in request.GET, page_number(request)
        run = api.get_import(user=request.user, import_id=import_id)
        plan = api.PREVIEWS[action](user=request.user, import_id=import_id, force=force)
        first = (number - 1) * PAGE_SIZE
        items = sorted(plan.items, key=lambda item: item.outcome is not ReversalOutcome.KEPT)
        top = max((item.kind.rank for item in plan.items), default=0)
        return self.page(
            "reversal.html",
            run=run,
            action=action,
            may_do=action.value in can_do(request, run),
            force=force,
            plan=plan,
            kept=len(plan.kept),
            tally=tally(ReversalOutcome, plan.counts()),
            items=[
                (item, 0 if item.outcome is ReversalOutcome.KEPT else top - item.kind.rank)
                for item in items[first : first + PAGE_SIZE]
            ],
            number=number,
            pages=pages_of(len(plan.items), PAGE_SIZE),
            back=reverse("modulestore_imports:import", args=[run.id]),
        )
