"""What all pages share: who sees what, and how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.helpers import AdminErrorList, AdminForm
from django.db.models import Model, QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..actions.access import all_visible_imports
from ..data import Outcome, ReversalOutcome
from ..models import Batch, Import
from ..templatetags.modulestore_imports import NOTHING
from ..unavailable import answered
from .bounds import BoundedAdmin
from .forms import StartForm


class ReadOnlyAdmin(BoundedAdmin):
    """
    Pages to look at for every member of the staff; each sees the rows that the API would tell them of.

    Django's model permissions are not asked: what may be seen and done is a matter of libraries and sources. Nothing
    can be added, changed or deleted.
    """

    path_to_import: ClassVar[str]
    """The lookup from a row to its import; empty for the import itself."""
    list_per_page = 100
    empty_value_display = NOTHING

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("modulestore_imports/admin.css",)}
        js = ("modulestore_imports/admin.js",)

    @property
    def urls(self) -> list[URLPattern]:
        """The pages, each with an answer where the database has none."""
        patterns: list[URLPattern] = super().urls
        for pattern in patterns:
            pattern.callback = answered(pattern.callback)
        return patterns

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of imports that the user may know of."""
        visible = all_visible_imports(request.user)
        if not self.path_to_import:
            return visible
        return super().get_queryset(request).filter(**{f"{self.path_to_import}__in": visible.order_by()})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the pages are linked; that what they show is another matter is said in the class."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may look; :meth:`get_queryset` says at what."""
        return bool(request.user.is_active and request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class StartingAdmin(ReadOnlyAdmin):
    """The same, where something is started by a form of its own, in place of that of a row."""

    add_form_template = "admin/modulestore_imports/import/start.html"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Whether the form is shown; whether the user may start something is checked when it is sent."""
        return self.has_view_permission(request)

    def start_page(self, request: HttpRequest, form: StartForm, title: str) -> HttpResponse:
        """The page of the form, as Django's own are."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "adminform": AdminForm(form, list(form.fieldsets), {}, model_admin=self),  # type: ignore[arg-type]
            "errors": AdminErrorList(form, []),  # type: ignore[arg-type]
            "media": self.media + form.media,
            "inline_admin_formsets": [],
            "unreadable": form.unreadable,
            "is_popup": False,
            "to_field": None,
            "save_as": False,
            "show_save": True,
        }
        return self.render_change_form(request, context, add=True)

    def page_context(self, request: HttpRequest, original: Import | Batch | None, /, **values: Any) -> dict[str, Any]:
        """What the templates of all pages here need; ``original`` is what a page is about."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "original": original,
            "original_url": page_url(type(original), original.pk) if original else "",
            "original_name": name_of(original) if original else "",
            **values,
        }


def list_url(model: type[Model], **lookups: Any) -> str:
    """The address of the list of a model's rows, with filters."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(lookups)}" if lookups else address


def page_url(model: type[Model], pk: Any) -> str:
    """The address of the page about one row."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def link(url: str, text: object) -> SafeString:
    """A link; the text is escaped."""
    return format_html('<a href="{}">{}</a>', url, text)


def link_if_any(url: str, text: str) -> str:
    """A link where there is an address, else just the text."""
    return link(url, text) if url else text


def link_where_allowed(request: HttpRequest, site: admin.AdminSite, model: type[Model], pk: Any, text: str) -> str:
    """A link to a page of another app, where it has one that the user may see; else just the text."""
    pages = site._registry.get(model)
    if pk is None or pages is None or not pages.has_view_permission(request):
        return text
    try:
        return link(page_url(model, pk), text)
    except NoReverseMatch:
        return text


def badge(choice: TextChoices, note: str = "") -> SafeString:
    """A state or outcome as a coloured label, with more words after it."""
    label = format_html('<span class="msi-badge msi-{}">{}</span>', choice.value, choice.label)
    return format_html('{} <span class="quiet">{}</span>', label, note) if note else label


def counts(
    choices: type[Outcome] | type[ReversalOutcome], by_value: Mapping[str, int], *, planned: bool = False
) -> SafeString | str:
    """Numbers by outcome, past or planned, as labels in the order of the choices."""
    parts = [
        (choice.value, by_value[choice.value], choice.planned if planned else choice.label)
        for choice in choices
        if by_value.get(choice.value)
    ]
    return format_html_join(" ", '<span class="msi-badge msi-{}">{} {}</span>', parts) or NOTHING


def two_lines(first: object, second: object) -> SafeString:
    """Something, and below it something quieter: a title and its key."""
    return format_html('{}<br><span class="quiet msi-key">{}</span>', first, second)


def name_of(original: Import | Batch) -> str:
    """What an import or a batch is called in lists and messages."""
    library = original.library_title or original.library_key
    if isinstance(original, Batch):
        return gettext("Batch into {library}").format(library=library)
    return f"{original.source_title or original.source_key} → {library}"
