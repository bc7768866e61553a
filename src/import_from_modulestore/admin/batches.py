"""Batches: the list, the page about one, starting one, and what is done with all of its imports."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import api
from ..actions.access import visible_batches
from ..data import Action, BatchReversal, ImportData, ImportState, Outcome, ReversalOutcome, tally
from ..models import Batch, Import
from ..templatetags.modulestore_imports import when
from .base import StartingAdmin, badge, counts, name_of, page_url, two_lines
from .forms import StartBatchForm

MAX_KEPT = 25
"""How many items that an undo would keep a page names of each import."""


@admin.register(Batch)
class BatchAdmin(StartingAdmin):
    """Batches of imports into the libraries that the user may see."""

    list_display = ("library", "imports_by_state", "username", "created_at")
    list_display_links = ("library",)
    list_filter = (("created", admin.DateFieldListFilter), ("username", admin.AllValuesFieldListFilter))
    search_fields = ("library_key", "library_title", "username", "uuid__startswith")
    search_help_text = _("Title or key of the library, user, or the beginning of a batch's ID.")
    list_per_page = 50
    change_form_template = "admin/modulestore_imports/batch/detail.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under a title of its own."""
        return super().changelist_view(request, {"title": _("Batches"), **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        """Those that the user may know of, each with its imports."""
        return visible_batches(request.user).prefetch_related("imports")

    @admin.display(description=_("library"), ordering="library_title")
    def library(self, batch: Batch) -> SafeString:
        """Title and key."""
        return two_lines(batch.library_title, batch.library_key)

    @admin.display(description=_("imports"))
    def imports_by_state(self, batch: Batch) -> SafeString:
        """How many there are in each state."""
        states: dict[str, int] = {}
        for run in batch.imports.all():
            states[run.state] = states.get(run.state, 0) + 1
        return _states(states)

    @admin.display(description=_("created"), ordering="created")
    def created_at(self, batch: Batch) -> str:
        """With the time zone."""
        return when(batch.created)

    def own_urls(self) -> list[URLPattern]:
        """That of what is done with all imports."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_action"
        return [path("<int:pk>/do/<slug:action>/", self.admin_site.admin_view(self.action_view), name=name)]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The batch, import by import, and buttons for what is possible with all of them."""
        batch = self.get_object(request, unquote(object_id))
        if batch is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if request.method != "GET":
            raise PermissionDenied
        found = api.get_batch(user=request.user, batch_id=str(batch.uuid))
        pks = {str(run.uuid): run.pk for run in batch.imports.all()}
        context = self.page_context(
            request,
            batch,
            title=name_of(batch),
            batch=found,
            states=_states(found.states),
            steps=[(self._url(batch, action), action.label, len(ids)) for action, ids in found.permitted.items()],
            rows=[_row(run, pks[run.id]) for run in found.imports],
        )
        return TemplateResponse(request, self.change_form_template, context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form that starts one: it is made, and staged by workers."""
        form = StartBatchForm(request.user, request.POST or None)
        if request.method == "POST" and form.is_valid() and (made := form.create_batch()):
            batch = Batch.objects.get(uuid=made.id)
            self.log_addition(request, batch, gettext("Started."))
            self._carry_out(request, batch, Action.STAGE, {})
            return HttpResponseRedirect(page_url(Batch, batch.pk))
        return self.start_page(request, form, gettext("Start a batch"))

    def action_view(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        """What would be done with which imports, and doing it."""
        batch = self.get_queryset(request).filter(pk=pk).first()
        if batch is None or action not in api.STARTS:
            raise Http404
        step = Action(action)
        if request.method == "POST":
            how = {name: name in request.POST for name in ("force", "undecided")}
            self._carry_out(request, batch, step, how)
            return HttpResponseRedirect(page_url(Batch, batch.pk))
        force = "force" in request.GET
        found = api.get_batch(user=request.user, batch_id=str(batch.uuid))
        ids = found.permitted.get(step, ())
        told: list[BatchReversal] = []
        if step in api.PREVIEWS and ids:
            told = api.preview_batch_step(user=request.user, batch_id=found.id, action=step, force=force)
        label = ngettext("{action} {count} import?", "{action} {count} imports?", len(ids))
        none = gettext("{action}: not possible").format(action=step.label)
        context = self.page_context(
            request,
            batch,
            title=label.format(action=step.label, count=len(ids)) if ids else none,
            action=step,
            runs=[run for run in found.imports if run.id in ids],
            told=[_foretold(each) for each in told],
            force=force,
            may_force=force or any(each.plan and each.plan.kept for each in told),
            back_url=page_url(Batch, batch.pk),
        )
        return TemplateResponse(request, "admin/modulestore_imports/batch/confirm.html", context)

    def _carry_out(self, request: HttpRequest, batch: Batch, action: Action, how: dict[str, Any]) -> None:
        try:
            done = api.start_batch_step(user=request.user, batch_id=str(batch.uuid), action=action, **how)
        except api.ImportFromModulestoreError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.log_change(request, batch, f"{action.label}: {len(done.asked)}.")
        self.message_user(request, done.told_of(action), messages.SUCCESS)
        for each in done.left:
            self.message_user(request, f"{each.import_id[:8]}: {each.reason}", messages.WARNING)

    def _url(self, batch: Batch, action: Action) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_action"
        return reverse(name, args=[batch.pk, action.value])


def _states(states: Any) -> SafeString:
    parts = [(state.value, count, state.label) for state, count in tally(ImportState, states)]
    return format_html_join(" ", '<span class="msi-badge msi-{}">{} {}</span>', parts)


def _row(run: ImportData, pk: int) -> dict[str, Any]:
    return {
        "run": run,
        "url": page_url(Import, pk),
        "state": badge(run.state),
        "counts": counts(Outcome, run.counts) if run.counts else "",
    }


def _foretold(told: BatchReversal) -> dict[str, Any]:
    kept = told.plan.kept if told.plan else ()
    return {
        "run": told.run,
        "refusal": told.refusal,
        "counts": counts(ReversalOutcome, told.plan.counts(), planned=True) if told.plan else "",
        "kept": kept[:MAX_KEPT],
        "links": told.plan.links if told.plan else 0,
        "forwarding": told.plan.forwarding if told.plan else "",
        "more": len(kept) - len(kept[:MAX_KEPT]),
    }
