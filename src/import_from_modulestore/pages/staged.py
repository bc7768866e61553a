"""The summary of a staged import: what would happen, in numbers, each a way into the review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import api
from ..data import ConflictState, ImportData, ImportSummary, Outcome, tally
from .base import AuthorView, can_do

MAX_AT_ONCE = 300
"""Up to so many blocks are planned while the page is asked for; a larger plan is put in place once it is there."""

_REFUSED = (Outcome.UNSUPPORTED, Outcome.FAILED, Outcome.NEEDS_YOU)


@dataclass(frozen=True)
class Number:
    """A number of the summary; ``query`` is what the review shows of it."""

    count: int
    label: str
    tone: str
    query: str


class Summary(AuthorView):
    """What would happen, as it is put in place on the page of an import."""

    section = "imports"

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """The part of the page; without htmx, all of it."""
        run = api.get_import(user=request.user, import_id=import_id)
        more = summary_of(request, run)
        if not self.is_part:
            address = reverse("modulestore_imports:import", args=[run.id])
            return HttpResponseRedirect(f"{address}?summary=")
        return self.page("_summary.html", run=run, can=can_do(request, run), **more)


def staged(request: HttpRequest, run: ImportData) -> dict[str, Any]:
    """What the page about a staged import shows: its summary, or that it comes."""
    if run.block_count > MAX_AT_ONCE and "summary" not in request.GET:
        return {"summary": None}
    return summary_of(request, run)


def summary_of(request: HttpRequest, run: ImportData) -> dict[str, Any]:
    """The summary, or why the user may not see it."""
    try:
        summary = api.get_summary(user=request.user, import_id=run.id)
    except api.NotPermitted as error:
        return {"unseen": str(error)}
    planned = [(outcome, count) for outcome, count in tally(Outcome, summary.outcomes) if outcome not in _REFUSED]
    return {"summary": summary, "numbers": _numbers(summary), "planned": planned}


def _numbers(summary: ImportSummary) -> list[Number]:
    states, outcomes = summary.states, summary.outcomes
    cannot = outcomes.get(Outcome.UNSUPPORTED, 0)
    unread, needs_you = outcomes.get(Outcome.FAILED, 0), outcomes.get(Outcome.NEEDS_YOU, 0)
    numbers = [
        Number(states.get(ConflictState.NEW, 0), _("new"), "green", "state=new"),
        Number(states.get(ConflictState.UNCHANGED, 0), _("unchanged"), "grey", "state=unchanged"),
        Number(summary.conflicts, ngettext("conflict", "conflicts", summary.conflicts), "amber", "only=conflicts"),
        Number(needs_you, ngettext("merge needs you", "merges need you", needs_you), "amber", "outcome=needs_you"),
        Number(cannot, _("cannot go"), "red", "outcome=unsupported"),
        Number(unread, _("cannot be read"), "red", "outcome=failed"),
        Number(summary.warnings, _("with warnings"), "amber", "only=warnings"),
        Number(summary.missing_files, _("with files missing"), "amber", "only=files_missing"),
        Number(summary.gone, _("gone from the source"), "purple", "at=gone"),
        Number(summary.left_out, _("left out"), "grey", "only=left_out"),
        Number(summary.edited, _("edited"), "blue", "only=edited"),
        Number(summary.as_last_time, _("as last time"), "blue", "only=as_last_time"),
    ]
    return [number for number in numbers if number.count]
