"""Imports: the list, the page about one, starting one, and its steps, each after a page that says what it would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from openedx_content.models_api import LearningPackage

from .. import api
from ..data import (
    Action,
    ConflictState,
    ImportData,
    ImportState,
    Outcome,
    Plan,
    PlannedItem,
    ReversalItem,
    ReversalOutcome,
    ReversalPlan,
)
from ..imports import import_data
from ..models import Batch, Import, ImportRecord, Reversal
from ..quoting import joined, shortened
from ..templatetags.modulestore_imports import origin, when
from .base import (
    StartingAdmin,
    badge,
    counts,
    link,
    link_if_any,
    link_where_allowed,
    list_url,
    name_of,
    page_url,
    two_lines,
)
from .bounds import number
from .forms import StartForm
from .review import BlockPages

MAX_AT_ONCE = 50
"""How many imports one confirmation page takes."""

MAX_ITEMS = 25
"""How many blocks of each outcome a confirmation page names."""

_EXPLANATIONS = {
    Action.STAGE: _(
        "The source is read into the staging area, to be reviewed. The library is not touched. Where it was staged "
        "before, what the review has chosen and edited is kept."
    ),
    Action.COMPLETE: _("What is planned below is written into the library: everything or nothing."),
    Action.RETRY: _("The step that failed is tried again, and no other."),
    Action.CANCEL: _(
        "The import is given up. A step that runs is stopped; the library stays as it is. Of an import that is being "
        "undone or redone, that is stopped alone."
    ),
    Action.UNDO: _(
        "The library's items go back to their versions from before the import, and lose the tags that it gave them. "
        "All their versions are kept."
    ),
    Action.REDO: _("The library's items get back the versions that the import had written."),
}

_PLAN_ORDER = (
    Outcome.FAILED,
    Outcome.UNSUPPORTED,
    Outcome.REMOVED,
    Outcome.UPDATED,
    Outcome.FORKED,
    Outcome.CREATED,
    Outcome.SKIPPED,
    Outcome.UNCHANGED,
    Outcome.KEPT,
)
_REVERSAL_ORDER = (ReversalOutcome.KEPT, ReversalOutcome.REVERTED, ReversalOutcome.REMOVED, ReversalOutcome.RESTORED)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Blocks of one outcome: the first of them, and how many there are."""

    outcome: Outcome | ReversalOutcome
    items: Sequence[PlannedItem | ReversalItem]
    total: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.items)


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What a step would do with one import, or why it cannot be done."""

    run: ImportData
    url: str
    name: str
    refusal: str = ""
    blockers: Sequence[str] = ()
    gone_unknown: str = ""
    forwarding: str = ""
    """What becomes of references of courses to the source."""
    links: int = 0
    """How many blocks of the course are unlinked, or linked again if they can."""
    counts: SafeString | str = ""
    groups: Sequence[Group] = ()
    kept: int = 0
    is_planned: bool = False
    """Whether ``groups`` says what would happen; the other steps change nothing in the library."""

    @property
    def is_possible(self) -> bool:
        """Whether there is anything to confirm."""
        return not self.refusal and not self.blockers


def _list_action(action: Action) -> Callable[..., HttpResponse | None]:
    """An action of the list: it leads to the page that says what it would do."""

    def confirm(pages: ImportAdmin, request: HttpRequest, queryset: QuerySet[Import]) -> HttpResponse | None:
        pks = list(queryset.values_list("pk", flat=True)[: MAX_AT_ONCE + 1])
        if len(pks) > MAX_AT_ONCE:
            pages.message_user(
                request,
                _("Choose at most {max} imports at once.").format(max=MAX_AT_ONCE),
                messages.ERROR,
            )
            return None
        return HttpResponseRedirect(pages.action_url(action, pks))

    confirm.__name__ = action.value
    return admin.action(description=format_lazy("{}…", action.label))(confirm)


@admin.register(Import)
class ImportAdmin(BlockPages, StartingAdmin):
    """Imports into the libraries that the user may see."""

    path_to_import = ""
    list_display = ("source", "library", "state_now", "result", "username", "created_at")
    list_display_links = ("source",)
    list_filter = (
        "state",
        ("created", admin.DateFieldListFilter),
        ("username", admin.AllValuesFieldListFilter),
        "level",
    )
    search_fields = ("source_key", "source_title", "library_key", "library_title", "username", "uuid__startswith")
    search_help_text = _("Title or key of source or library, user, or the beginning of an import's ID.")
    list_per_page = 50
    actions = [_list_action(action) for action in api.STARTS]
    change_form_template = "admin/modulestore_imports/import/detail.html"

    # The list

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under a title of its own."""
        return super().changelist_view(request, {"title": _("Imports"), **(extra_context or {})})

    @admin.display(description=_("source"), ordering="source_title")
    def source(self, run: Import) -> SafeString:
        """Title and key."""
        return two_lines(run.source_title, run.source_key)

    @admin.display(description=_("library"), ordering="library_title")
    def library(self, run: Import) -> SafeString:
        """Title and key."""
        return two_lines(run.library_title, run.library_key)

    @admin.display(description=_("state"), ordering="state")
    def state_now(self, run: Import) -> SafeString:
        """State, and how far the running step is."""
        return _state(import_data(run))

    @admin.display(description=_("result"))
    def result(self, run: Import) -> SafeString | str:
        """Numbers by outcome; what went wrong; or how much is staged."""
        if run.error:
            return format_html('<span class="msi-error">{}</span>', shortened(run.error))
        if run.counts:
            return counts(Outcome, run.counts)
        blocks = ngettext("{count} block staged", "{count} blocks staged", run.block_count)
        return blocks.format(count=run.block_count) if run.block_count else ""

    @admin.display(description=_("created"), ordering="created")
    def created_at(self, run: Import) -> str:
        """With the time zone."""
        return when(run.created)

    # The pages

    def own_urls(self) -> list[URLPattern]:
        """Those of the steps and those of the review."""
        wrap, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [path("do/<slug:action>/", wrap(self.action_view), name=f"{name}_action"), *self.block_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Everything about one import, and buttons for what its state allows."""
        run = self.get_object(request, unquote(object_id))
        if run is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if request.method != "GET":
            raise PermissionDenied
        data = api.get_import(user=request.user, import_id=str(run.uuid))
        reversals = api.get_reversals(user=request.user, import_id=data.id)
        pks = run.reversals.order_by("id").values_list("pk", flat=True)
        context = self.page_context(
            request,
            run,
            title=name_of(run),
            run=data,
            state=_state(data),
            facts=self._facts(request, run, data),
            counts=counts(Outcome, data.counts) if data.counts else "",
            steps=[
                (self.action_url(action, [run.pk]), action.label_in(data.state))
                for action in data.actions
                if action in api.STARTS
            ],
            review_url=self.blocks_url(run) if Action.REVIEW in data.actions else "",
            gone_url=self._gone_url(run, data),
            choices_url=self.choices_url(run) if run.counts and not run.staged_removed else "",
            records_url=list_url(ImportRecord, import_run__exact=run.pk) if run.counts else "",
            report_url=reverse("modulestore_imports_api:v1:report", args=[data.id]) if run.counts else "",
            work_url=list_url(ImportRecord, import_run__exact=run.pk, work="open") if run.counts else "",
            work_open=api.list_work(user=request.user, import_id=data.id, limit=1).open if run.counts else 0,
            reversals=[
                (page_url(Reversal, pk), reversal, counts(ReversalOutcome, reversal.counts))
                for pk, reversal in zip(pks, reversals, strict=False)
            ],
        )
        return TemplateResponse(request, self.change_form_template, context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form that starts an import: it is created, and staged by a worker."""
        form = StartForm(request.user, request.POST or None)
        if request.method == "POST" and form.is_valid() and (data := form.create()):
            run = Import.objects.get(uuid=data.id)
            self.log_addition(request, run, gettext("Started."))
            self._carry_out(request, Action.STAGE, run, force=False)
            return HttpResponseRedirect(page_url(Import, run.pk))
        return self.start_page(request, form, gettext("Start an import"))

    def action_view(self, request: HttpRequest, action: str) -> HttpResponse:
        """What a step would do with the imports in ``ids``, and doing it."""
        pks = [number(pk) for pk in request.GET.get("ids", "").split(",")][:MAX_AT_ONCE]
        if action not in api.STARTS or None in pks:
            raise Http404
        step = Action(action)
        runs = list(self.get_queryset(request).filter(pk__in=pks).order_by("pk"))
        if not runs:
            raise Http404
        if request.method == "POST":
            for run in runs:
                self._carry_out(request, step, run, force="force" in request.POST)
            return HttpResponseRedirect(page_url(Import, runs[0].pk) if len(runs) == 1 else list_url(Import))
        force = "force" in request.GET
        prospects = [self._prospect(request.user, step, run, force=force) for run in runs]
        possible = sum(prospect.is_possible for prospect in prospects)
        context = self.page_context(
            request,
            runs[0] if len(runs) == 1 else None,
            title=self._question(step, prospects, possible),
            action=step,
            label=self._label(step, prospects),
            explanation=_EXPLANATIONS[step],
            prospects=prospects,
            may_force=force or any(prospect.kept for prospect in prospects),
            force=force,
            possible=possible,
            impossible=len(runs) - possible,
            back_url=page_url(Import, runs[0].pk) if len(runs) == 1 else list_url(Import),
        )
        return TemplateResponse(request, "admin/modulestore_imports/import/confirm.html", context)

    def action_url(self, action: Action, pks: Iterable[int]) -> str:
        """The address of the page that says what a step would do with these imports."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_action"
        return f"{reverse(name, args=[action.value])}?ids={','.join(map(str, pks))}"

    # Their parts

    @staticmethod
    def _label(action: Action, prospects: Sequence[Prospect]) -> Any:
        """What is asked for, as it is called where it is for one import."""
        return action.label_in(prospects[0].run.state) if len(prospects) == 1 else action.label

    @classmethod
    def _question(cls, action: Action, prospects: Sequence[Prospect], possible: int) -> str:
        label = cls._label(action, prospects)
        if not possible:
            return gettext("{action}: not possible").format(action=label)
        if len(prospects) == 1:
            is_stop = label != action.label
            question = gettext("{action} of this import?") if is_stop else gettext("{action} this import?")
            return question.format(action=label)
        told = ngettext("{action} {count} import?", "{action} {count} imports?", possible)
        return told.format(action=action.label, count=possible)

    def _carry_out(self, request: HttpRequest, action: Action, run: Import, *, force: bool) -> None:
        options: dict[str, Any] = {"force": force} if action in api.PREVIEWS else {}
        told = format_html('<a href="{}">{}</a>', page_url(Import, run.pk), name_of(run))
        label = action.label_in(ImportState(run.state))
        try:
            now = api.STARTS[action](user=request.user, import_id=str(run.uuid), **options)
        except api.ImportFromModulestoreError as error:
            self.message_user(request, format_html("{}: {}", told, str(error)), messages.ERROR)
            return
        forced = gettext(", with what was changed since") if force else ""
        self.log_change(request, run, f"{label}{forced}.")
        if action is not Action.CANCEL:
            done = gettext("“{action}{forced}” was asked for; a worker does it")
        elif now.state is ImportState.CANCELED:
            done = gettext("canceled")
        else:
            done = gettext("stopped; the import {is_so} as before")
        message = format_html("{}: {}.", told, done.format(action=label, forced=forced, is_so=now.state.told))
        self.message_user(request, message, messages.SUCCESS)

    def _gone_url(self, run: Import, data: ImportData) -> str:
        """The address of what the source has lost: a part of the review, then of the records."""
        if Action.REVIEW in data.actions:
            return self.gone_url(run)
        if any(data.counts.get(outcome.value) for outcome in Outcome if outcome.is_of_gone):
            return list_url(ImportRecord, import_run__exact=run.pk, state__exact=ConflictState.GONE.value)
        return ""

    def _prospect(self, user: Any, action: Action, run: Import, *, force: bool) -> Prospect:
        data = import_data(run)
        common: dict[str, Any] = {"run": data, "url": page_url(Import, run.pk), "name": name_of(run)}
        if action not in data.actions:
            possible = joined(str(each.label) for each in data.actions) or gettext("nothing")
            told = gettext("The import {is_so}. Possible now: {possible}.")
            return Prospect(**common, refusal=told.format(is_so=data.state.told, possible=possible))
        try:
            if action in api.PREVIEWS:
                reversal = api.PREVIEWS[action](user=user, import_id=data.id, force=force)
                return Prospect(**common, **_reversal_parts(reversal))
            if action is Action.COMPLETE or (action is Action.RETRY and Action.COMPLETE in data.actions):
                return Prospect(**common, **_plan_parts(api.plan_import(user=user, import_id=data.id)))
        except api.ImportFromModulestoreError as error:
            return Prospect(**common, refusal=str(error))
        return Prospect(**common)

    def _facts(self, request: HttpRequest, run: Import, data: ImportData) -> list[tuple[Any, Any]]:
        options = data.options
        library = link_where_allowed(
            request, self.admin_site, LearningPackage, run.learning_package_id, data.library_key
        )
        facts: list[tuple[Any, Any]] = [
            (_("Import"), data.id),
            (_("Source"), two_lines(link_if_any(data.source_url, data.source_title), data.source_key)),
            (_("Origin of the source"), origin(data.source_origin)),
            (_("Version of the source"), data.source_version),
            (_("Library"), two_lines(link_if_any(data.library_url, data.library_title), library)),
            (_("Started by"), data.username),
            (_("Batch"), link(page_url(Batch, run.batch.pk), run.batch_id) if run.batch else ""),
            (_("Structure kept"), options.level.label),
            (_("On conflict"), options.on_conflict.label),
            (_("Instead of merges that need you"), options.unmerged.label if options.unmerged else _("Wait")),
            (_("Contents of what a library cannot hold"), options.contents.label),
            (_("As last time"), _("Yes") if options.as_last_time else _("No")),
            (_("Forward references of courses"), _forwarding(data)),
            (_("Published at once"), _("What is created, overwritten or forked") if options.publish else _("Nothing")),
            (_("IDs of new items"), options.block_ids.label),
            (_("Content read"), options.branch.label),
            (_("Only these blocks"), format_html_join("", "<div>{}</div>", ((key,) for key in options.selection))),
            (_("Collection"), _collection(data)),
            (_("Blocks staged"), data.block_count),
            (_("Created"), when(data.created)),
            (_("Staged"), when(data.staged)),
            (_("Written"), when(data.started)),
            (_("Finished"), when(data.finished)),
            (_("Staged content removed"), when(run.staged_removed)),
        ]
        if not run.learning_package_id and not run.makes_library:
            facts.insert(5, ("", _("This library is gone.")))
        return [(name, value) for name, value in facts if value not in ("", None)]


def _collection(data: ImportData) -> str:
    collection = data.options.collection
    return link_if_any(data.collection_url, collection.title or collection.code) if collection else ""


def _state(data: ImportData) -> SafeString:
    progress = data.progress
    if data.queued and progress is None:
        waiting = gettext("waiting for the database") if data.is_put_off else gettext("waiting for a worker")
        return badge(data.state, waiting)
    if progress is None:
        return badge(data.state)
    if not progress.total:
        return badge(data.state, progress.title)
    told = gettext("{done} of {total}").format(done=progress.done, total=progress.total)
    if progress.seconds_left is not None:
        told += gettext(", {seconds} s left").format(seconds=round(progress.seconds_left))
    bar = format_html('<progress value="{}" max="{}"></progress>', progress.done, progress.total)
    title = shortened(progress.title, 60)
    return format_html('{}<br>{} <span class="quiet">{}</span>', badge(data.state, told), bar, title)


def _forwarding(data: ImportData) -> Any:
    if data.forwards:
        return _("Forwarded to what it has brought")
    return data.options.forward.label if data.options.forward else ""


def _plan_parts(plan: Plan) -> dict[str, Any]:
    return {
        "is_planned": True,
        "blockers": plan.blockers,
        "gone_unknown": plan.gone_unknown,
        "forwarding": plan.forwarding.reason if plan.forwarding else "",
        "counts": plan.everything and counts(Outcome, plan.counts(), planned=True),
        "groups": _grouped(plan.everything, _PLAN_ORDER),
    }


def _reversal_parts(plan: ReversalPlan) -> dict[str, Any]:
    return {
        "is_planned": True,
        "counts": plan.items and counts(ReversalOutcome, plan.counts(), planned=True),
        "groups": _grouped(plan.items, _REVERSAL_ORDER),
        "kept": len(plan.kept),
        "forwarding": plan.forwarding,
        "links": plan.links,
    }


def _grouped(items: Iterable[Any], order: Iterable[Outcome | ReversalOutcome]) -> list[Group]:
    by_outcome: dict[Outcome | ReversalOutcome, list[Any]] = {outcome: [] for outcome in order}
    for item in items:
        by_outcome[item.outcome].append(item)
    return [
        Group(outcome=outcome, items=found[:MAX_ITEMS], total=len(found))
        for outcome, found in by_outcome.items()
        if found
    ]
