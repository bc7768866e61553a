"""Reviewing what is staged: the list of blocks, and the page about one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import api, choices
from ..block_forms import one_of, pieces_in
from ..data import (
    BLOCK_OUTCOMES,
    BLOCK_STATES,
    BlockDetails,
    BlockKind,
    ConflictState,
    Contents,
    Decision,
    Forward,
    MergeSide,
    Outcome,
)
from ..models import Import, ImportRecord
from ..quoting import MAX_NAMES, MAX_TEXT, bounded, shortened
from .base import list_url, page_url
from .bounds import BoundedAdmin, number
from .forms import BlockForm

PAGE_SIZE = 100


class BlockPages(BoundedAdmin):
    """The review's pages, as a part of the pages about imports."""

    page_context: Callable[..., dict[str, Any]]

    def block_urls(self) -> list[URLPattern]:
        """Their addresses."""
        wrap, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<int:pk>/blocks/", wrap(self.blocks_view), name=f"{name}_blocks"),
            path("<int:pk>/blocks/<str:usage_key>/", wrap(self.block_view), name=f"{name}_block"),
            path("<int:pk>/choices/", wrap(self.choices_view), name=f"{name}_choices"),
            path("<int:pk>/gone/", wrap(self.gone_view), name=f"{name}_gone"),
        ]

    def blocks_url(self, run: Import) -> str:
        """The address of the list of an import's staged blocks."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_blocks", args=[run.pk])

    def gone_url(self, run: Import) -> str:
        """The address of the list of what the source has lost."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_gone", args=[run.pk])

    def choices_url(self, run: Import) -> str:
        """The address of what an import's review says as a whole."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_choices", args=[run.pk])

    def block_url(self, run: Import, usage_key: str) -> str:
        """The address of the page about one staged block."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_block", args=[run.pk, usage_key])

    def blocks_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The staged blocks of an import as a tree, with filters; selecting, leaving out, deciding."""
        run = self._run(request, pk)
        if request.method == "POST":
            self._change(request, run)
            return HttpResponseRedirect(request.get_full_path())
        chosen = request.GET.dict()
        page_num = _page_num(chosen)
        try:
            page = api.list_blocks(
                user=request.user,
                import_id=str(run.uuid),
                offset=(page_num - 1) * PAGE_SIZE,
                limit=PAGE_SIZE,
                **_filters(chosen),
            )
            gone = api.list_gone(user=request.user, import_id=str(run.uuid), limit=1)
            forwarding = api.get_forwarding(user=request.user, import_id=str(run.uuid))
        except api.ImportFromModulestoreError as error:
            return self._refused(request, run, error)
        pages = max(1, -(-page.total // PAGE_SIZE))
        context = self.page_context(
            request,
            run,
            title=_("Review"),
            blocks=[(block, self.block_url(run, block.usage_key)) for block in page.items],
            total=page.total,
            all_blocks=run.block_count,
            gone=gone,
            forwarding=forwarding,
            gone_url=self.gone_url(run),
            choices_url=self.choices_url(run),
            number=page_num,
            pages=pages,
            previous_url=_with_page(chosen, page_num - 1) if page_num > 1 else "",
            next_url=_with_page(chosen, page_num + 1) if page_num < pages else "",
            chosen=chosen,
            states=BLOCK_STATES,
            outcomes=BLOCK_OUTCOMES,
            kinds=BlockKind,
            decisions=Decision,
            default=Decision(run.on_conflict),
            contents=Contents,
            default_contents=Contents(run.contents),
        )
        return TemplateResponse(request, "admin/modulestore_imports/import/blocks.html", context)

    def block_view(self, request: HttpRequest, pk: int, usage_key: str) -> HttpResponse:
        """One staged block: its content as text, what it meets in the library, and changing it."""
        run = self._run(request, pk)
        try:
            details = api.get_block(user=request.user, import_id=str(run.uuid), usage_key=usage_key)
        except api.ImportFromModulestoreError as error:
            return self._refused(request, run, error)
        form = BlockForm(details)
        if request.method == "POST":
            if request.POST.get("do") == "edit":
                form = BlockForm(details, request.POST)
                if form.is_valid() and self._edit(request, run, details, form):
                    return HttpResponseRedirect(request.get_full_path())
            elif request.POST.get("do") == "pieces":
                self._choose_pieces(request, run, details)
                return HttpResponseRedirect(request.get_full_path())
            else:
                self._change(request, run, usage_keys=[usage_key])
                return HttpResponseRedirect(request.get_full_path())
        context = self.page_context(
            request,
            run,
            title=details.block.name or details.block.usage_key,
            details=details,
            staged=details.block,
            form=form,
            blocks_url=self.blocks_url(run),
            records_url=list_url(ImportRecord, usage_key__exact=details.block.usage_key),
            item_records_url=list_url(ImportRecord, item_key__exact=details.library.key) if details.library else "",
            decisions=Decision,
            default=Decision(run.on_conflict),
            contents=Contents,
            default_contents=Contents(run.contents),
            sides=MergeSide,
        )
        return TemplateResponse(request, "admin/modulestore_imports/import/block.html", context)

    def choices_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the review says as a whole: exporting it, taking all of last time's or none, applying another's."""
        run = self._run(request, pk)
        if request.method == "POST":
            self._choose(request, run)
            return HttpResponseRedirect(self.blocks_url(run))
        try:
            exported = api.export_choices(user=request.user, import_id=str(run.uuid))
        except api.ImportFromModulestoreError as error:
            return self._refused(request, run, error)
        return HttpResponse(
            choices.as_text(exported),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="choices-{str(run.uuid)[:8]}.json"'},
        )

    def gone_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the source has lost since it was imported; removing it, or keeping it after all."""
        run = self._run(request, pk)
        if request.method == "POST":
            self._remove_or_keep(request, run)
            return HttpResponseRedirect(request.get_full_path())
        page_num = _page_num(request.GET)
        try:
            page = api.list_gone(
                user=request.user, import_id=str(run.uuid), offset=(page_num - 1) * PAGE_SIZE, limit=PAGE_SIZE
            )
        except api.ImportFromModulestoreError as error:
            return self._refused(request, run, error)
        pages = max(1, -(-page.total // PAGE_SIZE))
        context = self.page_context(
            request,
            run,
            title=_("Gone from the source"),
            gone=page,
            number=page_num,
            pages=pages,
            previous_url=_with_page({}, page_num - 1) if page_num > 1 else "",
            next_url=_with_page({}, page_num + 1) if page_num < pages else "",
        )
        return TemplateResponse(request, "admin/modulestore_imports/import/gone.html", context)

    def _run(self, request: HttpRequest, pk: int) -> Import:
        run = self.get_queryset(request).filter(pk=pk).first()
        if run is None:
            raise Http404
        return run

    def _refused(self, request: HttpRequest, run: Import, error: api.ImportFromModulestoreError) -> HttpResponse:
        self.refuse(request, error)
        return HttpResponseRedirect(page_url(Import, run.pk))

    def _change(self, request: HttpRequest, run: Import, usage_keys: list[str] | None = None) -> None:
        """Do what a button asks for with the chosen blocks, and say what came of it."""
        keys = usage_keys if usage_keys is not None else request.POST.getlist("blocks")
        common: dict[str, Any] = {"user": request.user, "import_id": str(run.uuid)}
        many: dict[str, Any] = {"usage_keys": keys, "below": "below" in request.POST}
        do = request.POST.get("do", "")
        if not keys:
            self.message_user(request, gettext("Choose at least one block."), messages.WARNING)
            return
        try:
            if do == "revert":
                api.revert_block(**common, usage_key=keys[0])
                told = gettext("The edits were taken back.")
            elif do in ("select", "leave_out"):
                changed = api.select_blocks(**common, **many, selected=do == "select")
                told = (
                    ngettext("{count} block was selected.", "{count} blocks were selected.", changed)
                    if do == "select"
                    else ngettext("{count} block was left out.", "{count} blocks were left out.", changed)
                )
                told = told.format(count=changed)
            elif do == "default" or do in Decision:
                changed = api.decide_blocks(**common, **many, decision=None if do == "default" else Decision(do))
                told = ngettext("{count} decision was changed.", "{count} decisions were changed.", changed)
                told = told.format(count=changed)
            elif do == "contents":
                choice = one_of(Contents, request.POST.get("contents", ""))
                changed = api.choose_contents(**common, **many, contents=choice)
                told = ngettext("{count} choice was changed.", "{count} choices were changed.", changed)
                told = told.format(count=changed)
            else:
                raise Http404
        except api.ImportFromModulestoreError as error:
            self.refuse(request, error)
        else:
            self.message_user(request, told, messages.SUCCESS)

    def _choose(self, request: HttpRequest, run: Import) -> None:
        """Do what a button asks for with the review as a whole, and say what came of it."""
        common: dict[str, Any] = {"user": request.user, "import_id": str(run.uuid)}
        do, left = request.POST.get("do", ""), []
        try:
            if do in ("as_last_time", "not_as_last_time"):
                changed = api.choose_as_last_time(**common, as_last_time=do == "as_last_time")
            elif do.startswith("forward_"):
                found = api.choose_forward(**common, forward=one_of(Forward, do.removeprefix("forward_")))
                self.message_user(request, found.reason if found else gettext("Decided."), messages.SUCCESS)
                return
            elif do != "apply":
                raise Http404
            elif file := request.FILES.get("choices"):
                applied = api.apply_choices(**common, choices=choices.from_text(file.read(choices.MAX_SIZE + 1)))
                changed = applied.changed
                left = [each.told for each in applied.unapplied]
            else:
                self.message_user(request, gettext("Choose a file."), messages.WARNING)
                return
        except api.ImportFromModulestoreError as error:
            self.refuse(request, error)
            return
        told = ngettext("{count} block was changed.", "{count} blocks were changed.", changed)
        self.message_user(request, told.format(count=changed), messages.SUCCESS)
        if left:
            told = gettext("Not applied: {choices}").format(choices=" ".join(bounded(left, MAX_NAMES)))
            self.message_user(request, shortened(told, MAX_TEXT), messages.WARNING)

    def _choose_pieces(self, request: HttpRequest, run: Import, details: BlockDetails) -> None:
        """Keep what is chosen for the pieces of a merge."""
        choices = pieces_in(details, request.POST)
        try:
            api.choose_pieces(
                user=request.user, import_id=str(run.uuid), usage_key=details.block.usage_key, choices=choices
            )
        except api.ImportFromModulestoreError as error:
            self.refuse(request, error)
        else:
            self.message_user(request, gettext("The pieces of the merge are chosen."), messages.SUCCESS)

    def _remove_or_keep(self, request: HttpRequest, run: Import) -> None:
        """Do what a button asks for with the chosen items, or with all, and say what came of it."""
        do = request.POST.get("do", "")
        if do not in ("remove", "keep", "remove_all", "keep_all"):
            raise Http404
        items = None if do.endswith("_all") else request.POST.getlist("items")
        try:
            changed = api.remove_gone(
                user=request.user, import_id=str(run.uuid), item_keys=items, remove=do.startswith("remove")
            )
        except api.ImportFromModulestoreError as error:
            self.refuse(request, error)
        else:
            told = ngettext("{count} choice was changed.", "{count} choices were changed.", changed)
            self.message_user(request, told.format(count=changed), messages.SUCCESS)

    def _edit(self, request: HttpRequest, run: Import, details: BlockDetails, form: BlockForm) -> bool:
        changes = form.changes()
        if not changes:
            self.message_user(request, gettext("There was nothing to change."), messages.WARNING)
            return True
        try:
            api.edit_block(user=request.user, import_id=str(run.uuid), usage_key=details.block.usage_key, **changes)
        except api.InvalidEdit as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
            return False
        except api.ImportFromModulestoreError as error:
            self.refuse(request, error)
            return True
        self.message_user(request, gettext("The block was edited. The source stays as it was."), messages.SUCCESS)
        return True


def _page_num(chosen: Mapping[str, Any]) -> int:
    """The page that an address asks for. Raises ``Http404`` where it cannot be."""
    page_num = number(chosen.get("page", "1"))
    if page_num is None:
        raise Http404
    return max(1, page_num)


def _filters(chosen: dict[str, str]) -> dict[str, Any]:
    """The filters in an address, as arguments of ``list_blocks``. Raises ``Http404`` for those that cannot be."""
    try:
        return _known_filters(chosen)
    except ValueError as error:
        raise Http404 from error


def _known_filters(chosen: dict[str, str]) -> dict[str, Any]:
    yes_or_no = {"yes": True, "no": False}
    filters: dict[str, Any] = {
        "states": [ConflictState(chosen["state"])] if chosen.get("state") else (),
        "outcomes": [Outcome(chosen["outcome"])] if chosen.get("outcome") else (),
        "kind": BlockKind(chosen["kind"]) if chosen.get("kind") else None,
        "selected": yes_or_no.get(chosen.get("selected", "")),
        "edited": True if chosen.get("edited") else None,
        "as_last_time": True if chosen.get("as_last_time") else None,
        "conflicts": bool(chosen.get("conflicts")),
        "search": chosen.get("q", ""),
    }
    if chosen.get("parent"):
        filters["parent"] = chosen["parent"]
    return filters


def _with_page(chosen: dict[str, str], page_num: int) -> str:
    return "?" + urlencode({**chosen, "page": page_num})
