"""History, to be read: what happened to each block, and what undos and redos did."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from openedx_content.models_api import PublishableEntity

from ..actions.records import MAX_SEARCH
from ..actions.work import on_list
from ..data import BlockKind, ConflictState, Decision, Outcome, ReversalKind, ReversalOutcome
from ..hosts import item_url
from ..models import Import, ImportRecord, Reversal, ReversalRecord
from ..templatetags.modulestore_imports import NOTHING, versions, when
from .base import (
    ReadOnlyAdmin,
    badge,
    counts,
    link,
    link_where_allowed,
    list_url,
    name_of,
    page_url,
    two_lines,
)
from .bounds import number

MAX_ITEMS = 50
"""How many items of an undo or redo its page names; a list has them all."""


def _all(field: str, description: Any) -> Any:
    """A column of a record that holds several texts: one a line."""
    return admin.display(description=description)(lambda _pages, record: _lines(getattr(record, field)))


class _HistoryAdmin(ReadOnlyAdmin):
    """Lists of history say what they are about when they are about one thing."""

    list_title: ClassVar[Any]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with a line about what it is the list of."""
        context = {"title": self.list_title, "about": self.about(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def about(self, request: HttpRequest) -> SafeString | str:
        """What all rows have in common, by the filters in the address; empty where that is nothing."""
        return _about_import(self, request, request.GET.get(f"{self.path_to_import}__exact", ""))

    @admin.display(description=_("import"), ordering="import_run")
    def of_import(self, row: Any) -> SafeString:
        """A link to the import."""
        run = getattr(row, "reversal", row).import_run
        return two_lines(link(page_url(Import, run.pk), name_of(run)), str(run.uuid)[:8])


class _WorkFilter(admin.SimpleListFilter):
    """Records that are on the work lists of their imports."""

    title = _("what could not go")
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two ways that an entry can stand."""
        return [("open", _("Open")), ("done", _("Done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ImportRecord]) -> QuerySet[ImportRecord]:
        """The records that are asked for."""
        if self.value() not in ("open", "done"):
            return queryset
        return on_list(queryset, done=self.value() == "done")


@admin.register(ImportRecord)
class ImportRecordAdmin(_HistoryAdmin):
    """What happened to each source block."""

    list_title = _("What happened to blocks")
    path_to_import = "import_run"
    linked_by = ("import_run", "usage_key", "item_key")
    list_display = (
        "block",
        "type_of_block",
        "what_happened",
        "was",
        "as_in",
        "draft",
        "published",
        "in_library",
        "of_import",
    )
    list_display_links = ("block",)
    list_filter = (_WorkFilter, "outcome", "state", "kind", "undone")
    list_select_related = ("import_run", "choices_from")
    search_fields = ("title", "name", "usage_key", "item_key", "reason")
    search_help_text = _("Title, usage key of the source block, key of the library's item, or reason.")
    fieldsets = (
        (None, {"fields": ("title", "type_of_block", "from_block", "of_import")}),
        (_("What happened"), {"fields": ("what_happened", "was", "decided", "as_in", "reason", "undone", "reversals")}),
        (_("In the library"), {"fields": ("item", "draft", "published", "collected", "contents", "came_from_inside")}),
        (
            _("Worth knowing"),
            {
                "fields": (
                    "all_warnings",
                    "all_files",
                    "all_missing_files",
                    "all_left_out",
                    "all_tags",
                    "all_tags_left_out",
                )
            },
        ),
    )
    readonly_fields = (
        "type_of_block",
        "from_block",
        "of_import",
        "what_happened",
        "was",
        "decided",
        "as_in",
        "reversals",
        "item",
        "draft",
        "published",
        "came_from_inside",
        "all_warnings",
        "all_files",
        "all_missing_files",
        "all_left_out",
        "all_tags",
        "all_tags_left_out",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRecord]:
        """Newest import first, in each the order of the source."""
        return super().get_queryset(request).order_by("-import_run_id", "num")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole key is looked up; a search for a text goes through all records."""
        key = search_term.strip()
        found = queryset.filter(Q(usage_key=key) | Q(item_key=key))
        if key and len(key) <= MAX_SEARCH and found.exists():
            return found, False
        return super().get_search_results(request, queryset, search_term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The record, with a link to its item for this user."""
        record: Any = super().get_object(request, object_id, from_field)
        if record is not None:
            record.item_link = link_where_allowed(
                request, self.admin_site, PublishableEntity, record.entity_id, record.item_key
            )
        return record

    def about(self, request: HttpRequest) -> SafeString | str:
        """The import, the source block or the library's item that the list is of."""
        if key := request.GET.get("usage_key__exact"):
            return gettext("Where {key} went, newest first").format(key=key)
        if key := request.GET.get("item_key__exact"):
            return gettext("Where {key} came from, newest first").format(key=key)
        return super().about(request)

    @admin.display(description=_("block"), ordering="title")
    def block(self, record: ImportRecord) -> SafeString:
        """Title and key of the source block."""
        return two_lines(record.called, record.usage_key)

    @admin.display(description=_("type"), ordering="block_type")
    def type_of_block(self, record: ImportRecord) -> str:
        """The kind of a container, the type of a component."""
        kind = BlockKind(record.kind)
        return str(kind.label) if kind.is_container else record.block_type

    @admin.display(description=_("outcome"), ordering="outcome")
    def what_happened(self, record: ImportRecord) -> SafeString:
        """The outcome, and whether it was taken back."""
        return badge(Outcome(record.outcome), gettext("undone") if record.undone else "")

    @admin.display(description=_("state before"), ordering="state")
    def was(self, record: ImportRecord) -> str:
        """How the block stood to the library."""
        return str(ConflictState(record.state).label)

    @admin.display(description=_("decision"))
    def decided(self, record: ImportRecord) -> str:
        """The decision that led to the outcome."""
        return str(Decision(record.decision).label) if record.decision else NOTHING

    @admin.display(description=_("choices"))
    def as_in(self, record: ImportRecord) -> SafeString | str:
        """The earlier import whose review has said what was done with the block, where this one let that be."""
        if record.choices_from is None:
            return NOTHING
        told = gettext("as in import {id}").format(id=str(record.choices_from.uuid)[:8])
        return link(page_url(Import, record.choices_from_id), told)

    @admin.display(description=_("draft"))
    def draft(self, record: ImportRecord) -> str:
        """The item's draft versions around the import."""
        return versions(record.draft_before_num, record.draft_after_num)

    @admin.display(description=_("published"))
    def published(self, record: ImportRecord) -> str:
        """The item's published versions around the import."""
        return versions(record.published_before_num, record.published_after_num)

    @admin.display(description=_("library item"), ordering="item_key")
    def in_library(self, record: ImportRecord) -> SafeString | str:
        """The item, with a link to all its records."""
        return _all_records("item_key", record.item_key, record.item_key)

    @admin.display(description=_("source block"))
    def from_block(self, record: ImportRecord) -> SafeString:
        """The source block, with a link to all its records."""
        return format_html(
            "{} · {}", record.usage_key, _all_records("usage_key", record.usage_key, gettext("Where did it go?"))
        )

    @admin.display(description=_("library item"))
    def item(self, record: ImportRecord) -> SafeString | str:
        """The item, with a link to it where there is a page, and one to all its records."""
        if not record.item_key:
            return NOTHING
        name = getattr(record, "item_link", record.item_key)
        came_from = _all_records("item_key", record.item_key, gettext("Where did it come from?"))
        if url := item_url(record.item_key):
            return format_html("{} · {} · {}", name, link(url, gettext("Open in Studio")), came_from)
        return format_html("{} · {}", name, came_from)

    @admin.display(description=_("undos and redos"))
    def reversals(self, record: ImportRecord) -> SafeString | str:
        """What was done with the item since."""
        done = record.reversal_records.select_related("reversal").order_by("pk")
        return _lines(
            format_html(
                "{} · {} {}",
                link(page_url(Reversal, each.reversal_id), ReversalKind(each.reversal.kind).label),
                badge(ReversalOutcome(each.outcome)),
                each.reason,
            )
            for each in done
        )

    all_warnings = _all("warnings", _("warnings"))
    all_files = _all("files", _("files"))
    all_missing_files = _all("missing_files", _("missing files"))
    all_left_out = _all("left_out", _("left out with it"))
    came_from_inside = _all("inside", _("came from inside"))

    @admin.display(description=_("tags carried over"))
    def all_tags(self, record: ImportRecord) -> SafeString | str:
        """What the import has tagged the item with."""
        return _lines([value for values in record.tags.values() for value in values])

    @admin.display(description=_("tags without a taxonomy here"))
    def all_tags_left_out(self, record: ImportRecord) -> SafeString | str:
        """What the import could not tag the item with."""
        return _lines([f"{name}: {value}" for name, values in record.tags_left_out.items() for value in values])


@admin.register(Reversal)
class ReversalAdmin(_HistoryAdmin):
    """Undos and redos that were carried out."""

    list_title = _("Undos and redos")
    path_to_import = "import_run"
    linked_by = ("import_run",)
    list_display = ("what", "of_import", "result", "also_changed", "username", "finished_at")
    list_filter = ("kind", "forced", ("finished", admin.DateFieldListFilter))
    list_select_related = ("import_run",)
    search_fields = ("username", "import_run__source_title", "import_run__library_key")
    fields = ("what", "of_import", "username", "finished_at", "also_changed", "result", "items")
    readonly_fields = ("what", "of_import", "finished_at", "also_changed", "result", "items")

    @admin.display(description=_("with what was changed since"), boolean=True, ordering="forced")
    def also_changed(self, reversal: Reversal) -> bool:
        """Whether items that were changed or put to use meanwhile went back too."""
        return reversal.forced

    @admin.display(description=_("finished"), ordering="finished")
    def finished_at(self, reversal: Reversal) -> str:
        """With the time zone."""
        return when(reversal.finished)

    @admin.display(description=_("undo or redo"), ordering="kind")
    def what(self, reversal: Reversal) -> str:
        """Undo or redo."""
        return str(ReversalKind(reversal.kind).label)

    @admin.display(description=_("result"))
    def result(self, reversal: Reversal) -> SafeString | str:
        """Numbers by outcome."""
        return counts(ReversalOutcome, reversal.counts)

    @admin.display(description=_("items"))
    def items(self, reversal: Reversal) -> SafeString | str:
        """The first of them, and a link to all."""
        records = reversal.records.select_related("record").order_by("record__num")[:MAX_ITEMS]
        lines = [
            format_html(
                "{} {} {}",
                badge(ReversalOutcome(each.outcome)),
                link(page_url(ImportRecord, each.record_id), each.record.called or each.record.usage_key),
                each.reason,
            )
            for each in records
        ]
        every = link(list_url(ReversalRecord, reversal__exact=reversal.pk), gettext("All, with their versions"))
        return _lines([*lines, every])


@admin.register(ReversalRecord)
class ReversalRecordAdmin(_HistoryAdmin):
    """What undos and redos did with each item; reached from the page about one."""

    list_title = _("What happened to items")
    path_to_import = "reversal__import_run"
    linked_by = ("reversal",)
    list_display = ("block", "what_happened", "reason", "draft", "published", "in_library")
    list_display_links = None
    list_filter = ("outcome",)
    list_select_related = ("record", "reversal__import_run")
    search_fields = ("record__title", "record__usage_key", "record__item_key", "reason")
    ordering = ("reversal", "record__num")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """It is not listed among the pages."""
        return False

    def about(self, request: HttpRequest) -> SafeString | str:
        """The undo or redo that the list is of."""
        pk = number(request.GET.get("reversal__exact", ""))
        row = self.get_queryset(request).filter(reversal=pk).first() if pk is not None else None
        if row is None:
            return ""
        kind = link(page_url(Reversal, row.reversal_id), ReversalKind(row.reversal.kind).label)
        return format_html("{} · {}", kind, _about_import(self, request, str(row.reversal.import_run_id)))

    @admin.display(description=_("block"), ordering="record__title")
    def block(self, row: ReversalRecord) -> SafeString:
        """Title and key of the source block, with a link to its record."""
        return two_lines(link(page_url(ImportRecord, row.record_id), row.record.called), row.record.usage_key)

    @admin.display(description=_("outcome"), ordering="outcome")
    def what_happened(self, row: ReversalRecord) -> SafeString:
        """The outcome."""
        return badge(ReversalOutcome(row.outcome))

    @admin.display(description=_("draft"))
    def draft(self, row: ReversalRecord) -> str:
        """The item's draft versions around it."""
        return versions(row.draft_before_num, row.draft_after_num)

    @admin.display(description=_("published"))
    def published(self, row: ReversalRecord) -> str:
        """The item's published versions around it."""
        return versions(row.published_before_num, row.published_after_num)

    @admin.display(description=_("library item"))
    def in_library(self, row: ReversalRecord) -> SafeString | str:
        """The item, with a link to all its records."""
        return _all_records("item_key", row.record.item_key, row.record.item_key)


def _about_import(pages: ReadOnlyAdmin, request: HttpRequest, pk: str) -> SafeString | str:
    imports = pages.admin_site._registry[Import]
    run = imports.get_queryset(request).filter(pk=number(pk)).first()
    return link(page_url(Import, run.pk), name_of(run)) if run else ""


def _all_records(field: str, key: str, text: str) -> SafeString | str:
    return link(list_url(ImportRecord, **{f"{field}__exact": key}), text) if key else NOTHING


def _lines(texts: Any) -> SafeString | str:
    return format_html_join("", "<div>{}</div>", ((text,) for text in texts)) or NOTHING
