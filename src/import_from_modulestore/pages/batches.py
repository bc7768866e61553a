"""Several sources at once: how far each of their imports is, live, and what can be done with all of them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import ngettext

from .. import api
from ..data import Action, BatchDetails, BatchStep, ImportData, ImportState, Outcome, ReversalOutcome, tally
from .base import AuthorView, page_number, pages_of

PAGE_SIZE = 25

MAX_KEPT = 10
"""How many items that an undo would keep are named of each import; its own preview names all."""


class Batches(AuthorView):
    """All batches that you may see, newest first."""

    section = "imports"

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of them."""
        number = page_number(request)
        found = api.list_batches(user=request.user, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        batches = [(batch, tally(ImportState, batch.states)) for batch in found.items]
        return self.page("batches.html", batches=batches, number=number, pages=pages_of(found.total, PAGE_SIZE))


class Batch(AuthorView):
    """One batch: its imports, and what can be done with all of them."""

    section = "imports"

    def get(self, request: HttpRequest, batch_id: str) -> HttpResponse:
        """The page, or what of it changes while something is under way."""
        batch = api.get_batch(user=request.user, batch_id=batch_id)
        return self.page("_batch.html" if self.is_part else "batch.html", **_told(batch))


class Do(AuthorView):
    """Ask for a step of all imports of a batch, or of some."""

    def post(self, request: HttpRequest, batch_id: str, action: str) -> HttpResponse:
        """Ask, and lead to the page of the batch, which says how it goes on."""
        if action not in api.STARTS:
            raise Http404
        how: dict[str, Any] = {name: name in request.POST for name in ("force", "undecided")}
        done = api.start_batch_step(
            user=request.user,
            batch_id=batch_id,
            action=Action(action),
            import_ids=request.POST.getlist("import"),
            **how,
        )
        told = _what_was_done(Action(action), done)
        return self.done(reverse("modulestore_imports:batch", args=[done.batch.id]), told)


class Reversal(AuthorView):
    """What an undo or redo of a batch would do, import by import, and asking for it."""

    section = "imports"

    def get(self, request: HttpRequest, batch_id: str, kind: str) -> HttpResponse:
        """The preview; with ``force``, as it would be where nothing is kept for what others did since."""
        action, force = Action(kind), "force" in request.GET
        batch = api.get_batch(user=request.user, batch_id=batch_id)
        told = api.preview_batch_step(user=request.user, batch_id=batch_id, action=action, force=force)
        rows = [
            {
                "run": each.run,
                "refusal": each.refusal,
                "tally": tally(ReversalOutcome, each.plan.counts()) if each.plan else (),
                "kept": each.plan.kept[:MAX_KEPT] if each.plan else (),
                "links": each.plan.links if each.plan else 0,
                "forwarding": each.plan.forwarding if each.plan else "",
                "more": max(0, len(each.plan.kept) - MAX_KEPT) if each.plan else 0,
            }
            for each in told
        ]
        kept = sum(len(each.plan.kept) for each in told if each.plan)
        may_do = action in batch.permitted
        about: dict[str, Any] = {"batch": batch, "action": action, "may_do": may_do, "force": force}
        return self.page("batch_reversal.html", **about, rows=rows, kept=kept)


def _told(batch: BatchDetails) -> dict[str, Any]:
    """What the page of a batch shows."""
    permitted = {action.value: ids for action, ids in batch.permitted.items()}
    to_decide = [run.to_decide for run in batch.imports if run.id in permitted.get("complete", ())]
    meeting = sum(map(bool, to_decide))
    return {
        "batch": batch,
        "rows": [_row(run, permitted) for run in batch.imports],
        "tally": tally(ImportState, batch.states),
        "can": {action: len(ids) for action, ids in permitted.items()},
        "meeting": meeting,
        "ready": len(to_decide) - meeting,
        "is_unsure": None in to_decide,
    }


def _row(run: ImportData, permitted: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    can = [action for action, ids in permitted.items() if run.id in ids]
    return {"run": run, "outcomes": tally(Outcome, run.counts), "can": can}


def _what_was_done(action: Action, done: BatchStep) -> str:
    told = done.told_of(action)
    if done.left:
        left = ngettext("{count} is left as it is: {why}", "{count} are left as they are: {why}", len(done.left))
        told += " " + left.format(count=len(done.left), why=done.left[0].reason)
    return told
