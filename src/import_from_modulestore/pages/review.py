"""Reviewing what is staged: the tree, or the blocks that filters leave, and the bar that says what would happen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_htmx.http import HttpResponseClientRefresh

from .. import api, choices
from ..data import (
    BLOCK_OUTCOMES,
    BLOCK_STATES,
    BlockData,
    BlockFilters,
    BlockKind,
    ConflictState,
    Contents,
    Decision,
    Forward,
    GonePage,
    ImportData,
    Outcome,
    Page,
    ReviewTree,
    tally,
)
from ..quoting import listed
from .base import PLAN_CHANGED, AuthorView, can_do, number_of, page_number, pages_of

ROWS = 90
"""How many rows the tree begins with, unless more stand at its top."""

SHOWN = 200
"""How many children of a block are shown at once."""

HITS = 50
"""How many hits a page has."""

AT_ONCE = 1_000
"""Up to so many blocks, the page comes with its tree; of more, a plan takes longer than a page should."""

_NAMED = 5
"""How many choices that do not stand are named."""

MAX_ROWS = 200
"""How many rows are made anew by one request."""

_ONLY: dict[str, tuple[Any, dict[str, Any]]] = {
    "conflicts": (gettext_lazy("Conflicts"), {"conflicts": True}),
    "needs_you": (gettext_lazy("Merges that need you"), {"outcomes": (Outcome.NEEDS_YOU,)}),
    "selected": (gettext_lazy("Selected"), {"selected": True}),
    "left_out": (gettext_lazy("Left out"), {"selected": False}),
    "edited": (gettext_lazy("Edited"), {"edited": True}),
    "as_last_time": (gettext_lazy("As last time"), {"as_last_time": True}),
    "warnings": (gettext_lazy("With warnings"), {"warnings": True}),
    "files_missing": (gettext_lazy("Files missing"), {"files_missing": True}),
}
"""Filters of one word: its label, and what it stands for."""

_FILTERS = ("q", "only", "state", "outcome", "kind", "block_type", "parent")
"""What an address may say of the blocks that are asked for."""


@dataclass(frozen=True)
class Row:
    """A row of the tree: a block, where it stands among its siblings, and what is unfolded below it."""

    block: BlockData
    level: int
    place: int
    size: int
    below: Below | None = None

    @property
    def holds(self) -> bool:
        """Whether there is something to unfold."""
        return self.block.child_count > 0 and self.block.repeats is None

    @property
    def checked(self) -> str:
        """As ``aria-checked`` has it."""
        return {True: "true", False: "false", None: "mixed"}[self.block.all_selected]

    @property
    def inside_what(self) -> str:
        """What it is in, for a list without a tree."""
        return " › ".join(self.block.path)


@dataclass(frozen=True)
class Below:
    """Rows with the same parent, and how many more there are."""

    of: str
    rows: Sequence[Row]
    level: int
    next: int = 0
    more: int = 0


def rows_of(page: Page[BlockData], of: str, level: int, size: int, tree: ReviewTree | None = None) -> Below:
    """A page of siblings as rows, with what the tree has below them."""
    unfolded = tree.below if tree else {}
    rows = [
        Row(
            block,
            level,
            place,
            size,
            rows_of(page_below, block.usage_key, level + 1, page_below.total, tree)
            if (page_below := unfolded.get(block.num))
            else None,
        )
        for place, block in enumerate(page.items, page.offset + 1)
    ]
    return Below(of, rows, level, page.offset + len(rows), _left(page))


class ReviewView(AuthorView):
    """What the parts of the review share."""

    section = "imports"

    def part(self, template: str, run: ImportData, **context: Any) -> HttpResponse:
        """A part of the page, for the import's review."""
        return self.page(
            template,
            run=run,
            decisions=Decision,
            default=run.options.on_conflict,
            contents=Contents,
            **context,
        )

    def back_to(self, request: HttpRequest, import_id: str, **query: str) -> str:
        """The address of the review, with what it shows now."""
        shown = request.GET.copy()
        for name, value in query.items():
            shown[name] = value
        address = reverse("modulestore_imports:review", args=[import_id])
        return f"{address}?{shown.urlencode()}" if shown else address


class Review(ReviewView):
    """The page."""

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """The tree, or what the filters leave; of a large import, first the page and then that."""
        run = api.get_import(user=request.user, import_id=import_id)
        context: dict[str, Any] = {
            **_asked(request),
            "staged_mark": staged_mark(run),
            "only_choices": _ONLY,
            "kinds": BlockKind,
            "outcomes": BLOCK_OUTCOMES,
            "states": BLOCK_STATES,
        }
        if not self.is_part and run.block_count > AT_ONCE and "whole" not in request.GET:
            return self.part("review.html", run, whole=self.back_to(request, import_id, whole="1"), **context)
        if is_filtered(request.GET):
            context |= self._hits(request, run)
        else:
            context |= self._tree(request, run)
        if self.is_part:
            return self.part("_tree.html", run, **context)
        return self.part(
            "review.html", run, **context, **bar_of(request, run), change=number_of(request.GET.get("change"))
        )

    def post(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Change something; answered with what was done, and how it can be taken back."""
        with api.NotedChange() as change:
            told = _change(request, import_id)
        if not self.htmx:
            query = {"change": str(change.number)} if change.number else {}
            return self.done(self.back_to(request, import_id, **query), told)
        run = api.get_import(user=request.user, import_id=import_id)
        response = self.part("_change_told.html", run, told=told, change=change.number)
        response["HX-Trigger"] = PLAN_CHANGED
        return response

    def _tree(self, request: HttpRequest, run: ImportData) -> dict[str, Any]:
        at = request.GET.get("at", "")
        shows_gone = at == "gone"
        tree = api.get_tree(user=request.user, import_id=run.id, at="" if shows_gone else at, rows=ROWS, limit=SHOWN)
        gone = api.list_gone(user=request.user, import_id=run.id, limit=SHOWN if shows_gone else 1)
        size = tree.top.total + bool(gone.total)
        return {
            "below": rows_of(tree.top, "", 1, size, tree),
            "gone": gone,
            "shows_gone": shows_gone,
            "gone_place": size,
            "next": len(gone.items),
            "left": _left(gone),
            "at": at,
        }

    def _hits(self, request: HttpRequest, run: ImportData) -> dict[str, Any]:
        number = page_number(request)
        found = api.list_blocks(
            user=request.user,
            import_id=run.id,
            **vars(filters_of(request.GET)),
            offset=(number - 1) * HITS,
            limit=HITS,
        )
        return {
            "hits": rows_of(found, "", 1, found.total),
            "total": found.total,
            "number": number,
            "pages": pages_of(found.total, HITS),
        }


class Under(ReviewView):
    """What is below one block of the tree, or what is gone from the source."""

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Some children of a block, for the tree; as many as it takes to get to one, where one is named."""
        of, offset = request.GET.get("of", ""), number_of(request.GET.get("offset")) or 0
        run = api.get_import(user=request.user, import_id=import_id)
        if not self.is_part:
            address = reverse("modulestore_imports:review", args=[import_id])
            return HttpResponseRedirect(f"{address}?{urlencode({'at' if of == 'gone' else 'parent': of})}")
        level = min(number_of(request.GET.get("level")) or 1, 99)
        if of == "gone":
            gone = api.list_gone(user=request.user, import_id=import_id, offset=offset, limit=SHOWN)
            return self.part("_gone.html", run, gone=gone, next=offset + len(gone.items), left=_left(gone))
        until = number_of(request.GET.get("until"))
        shown = {"parent": of} if of else {"top": True}
        page = api.list_blocks(user=request.user, import_id=import_id, **shown, offset=offset, limit=SHOWN)
        while (
            until is not None
            and page.items
            and page.items[-1].num < until
            and page.offset + len(page.items) < page.total
        ):
            more = api.list_blocks(
                user=request.user, import_id=import_id, **shown, offset=offset + len(page.items), limit=SHOWN
            )
            page = Page(items=(*page.items, *more.items), total=more.total, offset=offset, limit=SHOWN)
        return self.part("_branch.html", run, below=rows_of(page, of, level, page.total))


class Rows(ReviewView):
    """Rows of the tree that are shown, as they are now."""

    def post(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Those that are named by number; where the import was staged anew, the page has to be loaded again."""
        run = api.get_import(user=request.user, import_id=import_id)
        nums = [num for num in map(number_of, request.POST.getlist("num")) if num is not None][:MAX_ROWS]
        page = api.list_blocks(user=request.user, import_id=import_id, nums=nums, limit=MAX_ROWS) if nums else None
        if request.POST.get("staged") != staged_mark(run):
            return HttpResponseClientRefresh()
        gone: GonePage | None = None
        if "gone" in request.POST:
            gone = api.list_gone(user=request.user, import_id=import_id, limit=SHOWN)
        rows = rows_of(page, "", 0, 0).rows if page else ()
        return self.part("_rows.html", run, rows=rows, hits="paths" in request.POST, gone=gone)


class Bar(ReviewView):
    """What would happen now, and the way to it."""

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """The bar alone."""
        run = api.get_import(user=request.user, import_id=import_id)
        return self.part("_bar.html", run, **bar_of(request, run))


class Conflict(ReviewView):
    """The way from one conflict to the next."""

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Lead to the conflict after a block, or before it: htmx is told where it is in the tree."""
        beside = {name: request.GET[name] for name in ("after", "before") if request.GET.get(name)}
        place = api.find_conflict(user=request.user, import_id=import_id, **beside)
        address = reverse("modulestore_imports:review", args=[import_id])
        if place is None:
            return self.done(address, _("There is no conflict."))
        if not self.htmx:
            return HttpResponseRedirect(f"{address}?{urlencode({'at': place.block.usage_key})}")
        run = api.get_import(user=request.user, import_id=import_id)
        said = _("Conflict {number} of {total}").format(number=place.number, total=place.total)
        response = self.part("_place.html", run, said=said)
        going = {"num": place.block.num, "way": place.way, "key": place.block.usage_key}
        response["HX-Trigger"] = json.dumps({"go-to-block": going})
        return response


def bar_of(request: HttpRequest, run: ImportData) -> dict[str, Any]:
    """What the bar says."""
    summary = api.get_summary(user=request.user, import_id=run.id)
    return {"summary": summary, "tally": tally(Outcome, summary.outcomes), "can": can_do(request, run)}


def is_filtered(query: QueryDict) -> bool:
    """Whether a list is asked for, and no tree."""
    return any(query.get(name) for name in _FILTERS)


def filters_of(query: QueryDict) -> BlockFilters:
    """The filters that an address asks for. Raises ``Http404`` for those that there are not."""
    only = query.get("only", "")
    try:
        chosen: dict[str, Any] = {
            "states": tuple(ConflictState(state) for state in query.getlist("state") if state),
            "outcomes": tuple(Outcome(outcome) for outcome in query.getlist("outcome") if outcome),
            "kind": BlockKind(query.get("kind", "")) if query.get("kind") else None,
        }
        chosen |= _ONLY[only][1] if only else {}
    except (ValueError, KeyError) as error:
        raise Http404 from error
    return BlockFilters(
        search=query.get("q", ""), block_type=query.get("block_type", ""), parent=query.get("parent") or None, **chosen
    )


def staged_mark(run: ImportData) -> str:
    """What tells one staging of an import from the next."""
    return run.staged.isoformat() if run.staged else ""


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What the form of the filters says."""
    return {"asked": {name: request.GET.get(name, "") for name in _FILTERS}, "query": request.GET.urlencode()}


def _left(page: Page[Any]) -> int:
    return min(SHOWN, page.total - page.offset - len(page.items))


def _change(request: HttpRequest, import_id: str) -> str:
    """Do what a button of the review stands for; what was done, in words. Raises ``Http404`` for what there is not."""
    post = request.POST
    common: dict[str, Any] = {"user": request.user, "import_id": import_id}
    for name, selected in (("select", True), ("leave_out", False)):
        if key := post.get(name):
            return _told_selected(api.select_blocks(**common, usage_keys=[key], selected=selected), selected=selected)
    for name, remove in (("remove", True), ("keep", False)):
        if key := post.get(name):
            return _told_gone(api.remove_gone(**common, item_keys=None if key == "*" else [key], remove=remove), remove)
    if number := number_of(post.get("take_back")):
        api.take_back(**common, change=number)
        return _("It is as it was before.")
    if "choices" in request.FILES:
        return _apply(request, import_id)
    below = "below" in post
    meant: dict[str, Any]
    if "matching" in post:
        if not is_filtered(request.GET):
            raise Http404
        meant = {"matching": filters_of(request.GET)}
    else:
        meant = {"usage_keys": post.getlist("key")}
    do = post.get("do", "")
    if do in ("select", "leave_out"):
        selected = do == "select"
        return _told_selected(api.select_blocks(**common, **meant, selected=selected, below=below), selected=selected)
    kind, _colon, value = do.partition(":")
    if kind == "decide" and value in ("", *Decision.values):
        decision = Decision(value) if value else None
        return _told_decided(api.decide_blocks(**common, **meant, decision=decision, below=below))
    if kind == "contents" and value in ("", *Contents.values) and "matching" not in post:
        contents = Contents(value) if value else None
        return _told_decided(api.choose_contents(**common, **meant, contents=contents, below=below))
    if kind == "forward" and value in Forward.values:
        found = api.choose_forward(**common, forward=Forward(value))
        return found.reason if found else _("Decided.")
    if kind == "as_last_time" and value in ("all", "none"):
        changed = api.choose_as_last_time(**common, as_last_time=value == "all")
        return ngettext("{count} block is other now.", "{count} blocks are other now.", changed).format(count=changed)
    raise Http404


def _apply(request: HttpRequest, import_id: str) -> str:
    """Apply the choices of another review, from a file. Raises ``InvalidOption`` for one that holds none."""
    file: Any = request.FILES["choices"]
    if file.size > choices.MAX_SIZE:
        raise api.InvalidOption(_("The file is too large to hold choices."))
    applied = api.apply_choices(user=request.user, import_id=import_id, choices=choices.from_text(file.read()))
    told = ngettext("{count} block is other now.", "{count} blocks are other now.", applied.changed)
    told = told.format(count=applied.changed)
    if applied.unapplied:
        reasons = [each.told for each in applied.unapplied]
        told += " " + ngettext(
            "{count} choice does not stand here: {reasons}",
            "{count} choices do not stand here: {reasons}",
            len(reasons),
        ).format(count=len(reasons), reasons=listed(reasons, _NAMED))
    return told


def _told_selected(count: int, *, selected: bool) -> str:
    if not count:
        return _("That was so already.")
    if selected:
        told = ngettext("{count} block is selected now.", "{count} blocks are selected now.", count)
    else:
        told = ngettext("{count} block is left out now.", "{count} blocks are left out now.", count)
    return told.format(count=localize(count))


def _told_decided(count: int) -> str:
    return _("Decided.") if count else _("That was so already.")


def _told_gone(count: int, remove: bool) -> str:
    if not count:
        return _("That was so already.")
    if remove:
        told = ngettext("{count} item will be removed.", "{count} items will be removed.", count)
    else:
        told = ngettext("{count} item will be kept.", "{count} items will be kept.", count)
    return told.format(count=localize(count))
