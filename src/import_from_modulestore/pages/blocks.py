"""One staged block, beside the tree of the review or as a page of its own: seen, compared, decided about, edited."""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import api
from ..block_forms import edits_in, one_of, pieces_in
from ..data import BlockDetails, Contents, Decision, Side
from .base import PLAN_CHANGED, AuthorView

_EDITS = ("edit", "revert", "pieces")
"""What is done with one block alone, and taken back there."""


class Tab(TextChoices):
    """What of a block is shown."""

    SEEN = "seen", gettext_lazy("As learners see it")
    MERGE = "merge", gettext_lazy("Merge")
    DIFFERENCES = "differences", gettext_lazy("Differences")
    EDIT = "edit", gettext_lazy("Edit")
    FILES = "files", gettext_lazy("Files")


class Block(AuthorView):
    """A block as it would be imported, and what it meets in the library."""

    section = "imports"

    def get(self, request: HttpRequest, import_id: str, usage_key: str) -> HttpResponse:
        """The page; for htmx, the part that stands beside the tree."""
        return self._shown(import_id, usage_key)

    def post(self, request: HttpRequest, import_id: str, usage_key: str) -> HttpResponse:
        """Do what a button asks for, and show the block then; an edit that cannot be made stays to be mended."""
        typed: dict[str, str] = {}
        fault: api.InvalidEdit | None = None
        told, change = "", api.NotedChange()
        try:
            with change:
                told = (self._edit if request.POST.get("do") in _EDITS else self._choose)(import_id, usage_key)
        except api.InvalidEdit as error:
            if request.POST.get("do") != "edit":
                raise
            typed = {name: request.POST.get(name, "") for name in ("title", "olx")}
            fault = error
        else:
            if not self.is_part:
                return self.done(request.get_full_path(), told)
        response = self._shown(import_id, usage_key, typed=typed, fault=fault, told=told, change=change.number)
        if fault is None:
            response["HX-Trigger"] = PLAN_CHANGED
        return response

    def _choose(self, import_id: str, usage_key: str) -> str:
        """Choose what a form asks for, which can be taken back; says what came of it."""
        sent = self.request.POST
        many: dict[str, Any] = {
            "user": self.request.user,
            "import_id": import_id,
            "usage_keys": [usage_key],
            "below": "below" in sent,
        }
        match sent.get("do", ""):
            case "select" | "leave_out" as do:
                api.select_blocks(**many, selected=do == "select")
                return _("It is selected.") if do == "select" else _("It is left out.")
            case "decide":
                decision = one_of(Decision, sent.get("decision", ""))
                api.decide_blocks(**many, decision=decision)
                return _("Decided.") if decision else _("It goes by the import's default again.")
            case "contents":
                api.choose_contents(**many, contents=one_of(Contents, sent.get("contents", "")))
                return _("The choice is kept.")
        raise Http404

    def _edit(self, import_id: str, usage_key: str) -> str:
        """Edit the block as a form asks for; says what came of it."""
        sent = self.request.POST
        one: dict[str, Any] = {"user": self.request.user, "import_id": import_id, "usage_key": usage_key}
        match sent["do"]:
            case "pieces":
                api.choose_pieces(**one, choices=pieces_in(api.get_block(**one), sent))
                return _("The pieces of the merge are chosen.")
            case "revert":
                api.revert_block(**one)
                return _("The edits are taken back.")
        changes = edits_in(api.get_block(**one), sent.get("title", ""), sent.get("olx"))
        if not changes:
            return _("There was nothing to change.")
        api.edit_block(**one, **changes)
        return _("The block is edited. The source stays as it was.")

    def _shown(
        self, import_id: str, usage_key: str, *, typed: dict[str, str] | None = None, fault: Any = None, **told: Any
    ) -> HttpResponse:
        details = api.get_block(user=self.request.user, import_id=import_id, usage_key=usage_key)
        run = api.get_import(user=self.request.user, import_id=import_id)
        tabs = _tabs(details)
        asked = Tab.EDIT if fault else self.request.GET.get("tab", "")
        tab = Tab(asked) if asked in tabs else tabs[0]
        typed = typed or {"title": details.block.title, "olx": details.olx}
        return self.page(
            "_block.html" if self.is_part else "block.html",
            run=run,
            details=details,
            staged=details.block,
            tab=tab,
            tabs=tabs,
            sides=_sides(details),
            decisions=Decision,
            default=run.options.on_conflict,
            contents=Contents,
            default_contents=run.options.contents,
            typed=typed,
            fault=fault,
            url=reverse("modulestore_imports:block", args=[run.id, usage_key]),
            **told,
        )


class Check(AuthorView):
    """Whether OLX that is being written could be kept: asked while one types."""

    def post(self, request: HttpRequest, import_id: str, usage_key: str) -> HttpResponse:
        """What is wrong, and in which line; or that nothing is."""
        fault = None
        try:
            olx = request.POST.get("olx", "").replace("\r\n", "\n")
            api.check_edit(user=request.user, import_id=import_id, usage_key=usage_key, olx=olx)
        except api.InvalidEdit as error:
            fault = error
        return self.page("_check.html", fault=fault)


class File(AuthorView):
    """A file of a block."""

    def get(self, request: HttpRequest, import_id: str, usage_key: str, name: str) -> HttpResponse:
        """Lead to an address that is good for some minutes, and at which nothing but the file is."""
        file = api.sign_file(user=request.user, import_id=import_id, usage_key=usage_key, name=name)
        return HttpResponseRedirect(reverse("modulestore_imports:signed_file", args=[file.signed]))


def _tabs(details: BlockDetails) -> list[Tab]:
    """What there is to show; what is to be done first comes first."""
    tabs = [Tab.SEEN, Tab.DIFFERENCES, Tab.EDIT]
    if not any(difference.lines for difference in details.differences):
        tabs.remove(Tab.DIFFERENCES)
    if details.pieces:
        tabs.insert(0, Tab.MERGE)
    if details.files or details.missing_files:
        tabs.append(Tab.FILES)
    return tabs


def _sides(details: BlockDetails) -> list[Side]:
    """What can be shown of it; both beside each other first, where it meets something."""
    return [Side.COMPARISON, Side.BLOCK, Side.ITEM] if details.library else [Side.BLOCK]
