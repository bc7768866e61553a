"""Forms: starting an import, editing a staged block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from .. import api
from ..actions.batches import MAX_SOURCES
from ..actions.records import MAX_PAGE
from ..block_forms import edits_in
from ..data import (
    BatchDetails,
    BlockDetails,
    BlockIds,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    Forward,
    ImportData,
    ImportOptions,
    SourceData,
    SourceKind,
    SourceReference,
)
from ..hosts import get_host
from ..sizes import size_told

_FIELD_OF_ARGUMENT = {
    "source_key": "source",
    "origin": "source",
    "export": "source",
    "title": "new_title",
    "collection": "collection_title",
}


class _OneOf(forms.ChoiceField):
    """One of a list; what is none of it is not quoted, however long it is."""

    default_error_messages = {"invalid_choice": _("Choose one of those that are listed.")}


class StartForm(forms.Form):
    """A new import; what the API refuses is shown at the field at fault."""

    source_field: ClassVar[str] = "source"
    """The field that names what is read."""

    source = _OneOf(label=_("Source"), help_text=_("The course or legacy library to read."))
    library = _OneOf(label=_("Library"), required=False, help_text=_("The content library that gets the content."))
    new_key = forms.CharField(
        label=_("Key of the new library"),
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("lib:Org:slug. The library is made when the import is completed."),
    )
    new_title = forms.CharField(
        label=_("Title of the new library"),
        required=False,
        max_length=500,
        widget=AdminTextInputWidget,
        help_text=_("The title of the source, if you leave this empty."),
    )
    level = _OneOf(
        label=_("Structure to keep"), choices=CompositionLevel.choices, initial=CompositionLevel.SECTION, required=False
    )
    on_conflict = _OneOf(
        label=_("On conflict"),
        choices=Decision.choices,
        initial=Decision.SKIP,
        required=False,
        help_text=_(
            "Where the library holds something else in a block's place. In the review, you can decide for each block."
        ),
    )
    contents = forms.ChoiceField(
        label=_("Contents of what a library cannot hold"),
        choices=Contents.choices,
        initial=Contents.LEAVE_OUT,
        required=False,
        help_text=_(
            "Experiments and banks of questions are made of other blocks. In the review, you can choose for each."
        ),
    )
    unmerged = forms.ChoiceField(
        label=_("Instead of merges that need you"),
        choices=[
            ("", _("Wait: complete it once everything is chosen")),
            *(choice for choice in Decision.choices if choice[0] != Decision.MERGE.value),
        ],
        required=False,
    )
    as_last_time = forms.BooleanField(
        label=_("As last time"),
        initial=True,
        required=False,
        help_text=_(
            "Begin the review with what was left out, edited and decided when this source was last imported into the "
            "library."
        ),
    )
    forward = forms.ChoiceField(
        label=_("Forward references of courses"),
        choices=[("", _("Those to a legacy library, if it is forwarded nowhere else")), *Forward.choices],
        required=False,
        help_text=_("Courses refer to blocks of legacy libraries. Where Studio can, they lead to the library’s items."),
    )
    publish = forms.BooleanField(
        label=_("Publish what is created, overwritten or forked"), initial=True, required=False
    )
    block_ids = _OneOf(label=_("IDs of new items"), choices=BlockIds.choices, initial=BlockIds.KEEP, required=False)
    branch = _OneOf(label=_("Content to read"), choices=Branch.choices, initial=Branch.DRAFT, required=False)
    collect = forms.BooleanField(label=_("Put what stands at the top into a collection"), initial=True, required=False)
    collection_title = forms.CharField(
        label=_("Title of the collection"),
        required=False,
        max_length=500,
        widget=AdminTextInputWidget,
        help_text=_("It is made where there is none. The title of the source, if you leave this empty."),
    )
    collection_code = forms.CharField(
        label=_("Code of an existing collection"), required=False, max_length=255, widget=AdminTextInputWidget
    )

    fieldsets = (
        (None, {"fields": ["source"]}),
        (_("Library"), {"fields": ["library", "new_key", "new_title"]}),
        (
            _("Options"),
            {
                "fields": [
                    "level",
                    "on_conflict",
                    "unmerged",
                    "contents",
                    "as_last_time",
                    "forward",
                    "publish",
                    "block_ids",
                    "branch",
                ]
            },
        ),
        (_("Collection"), {"fields": ["collect", "collection_title", "collection_code"]}),
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        try:
            sources, nothing = _all_sources(user), str(_("– there is nothing that you may read –"))
        except api.ImportFromModulestoreError as error:
            sources, nothing = [], str(error)
        readable = [source for source in sources if not source.problem]
        held = Counter(source.key for source in readable)
        of_kind = {
            kind: [_choice(source, several=held[source.key] > 1) for source in readable if source.kind is kind]
            for kind in SourceKind
        }
        self.unreadable = [source for source in sources if source.problem]
        choices: list[Any] = [("", _("– choose –") if readable else nothing)]
        for kind, named in of_kind.items():
            if named:
                choices.append((kind.label, sorted(named, key=lambda choice: choice[1])))
        self.fields[self.source_field].choices = choices  # type: ignore[attr-defined]
        libraries = [(library.key, f"{library.title} ({library.key})") for library in api.list_libraries(user=user)]
        self.fields["library"].choices = [("", _("– a new library –")), *libraries]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A library that exists, or the key of a new one; an option that is not given has its default."""
        data = super().clean() or {}
        if not data.get("library") and not data.get("new_key") and "library" not in self.errors:
            self.add_error("library", _("Choose a library, or give the key of a new one."))
        elif data.get("library") and data.get("new_key"):
            self.add_error("new_key", _("Choose a library, or give the key of a new one; not both."))
        return data

    def create(self) -> ImportData | None:
        """Create the import; ``None`` where that was refused, with the reason at its field."""
        source = SourceReference.of(self.cleaned_data["source"])
        return self._made(partial(api.create_import, source_key=source.key, origin=source.origin, export=source.export))

    def _made[Made](self, create: Callable[..., Made]) -> Made | None:
        data = self.cleaned_data
        new = not data["library"]
        collection = CollectionChoice(code=data["collection_code"], title=data["collection_title"])
        is_collected = data["collect"] or collection != CollectionChoice()
        try:
            return create(
                user=self._user,
                library_key=data["new_key"].strip() if new else data["library"],
                options=ImportOptions(
                    level=CompositionLevel(data["level"] or CompositionLevel.SECTION),
                    on_conflict=Decision(data["on_conflict"] or Decision.SKIP),
                    contents=Contents(data["contents"] or Contents.LEAVE_OUT),
                    unmerged=Decision(data["unmerged"]) if data["unmerged"] else None,
                    as_last_time=data["as_last_time"],
                    forward=Forward(data["forward"]) if data["forward"] else None,
                    publish=data["publish"],
                    block_ids=BlockIds(data["block_ids"] or BlockIds.KEEP),
                    branch=Branch(data["branch"] or Branch.DRAFT),
                    collection=collection if is_collected else None,
                ),
                new_library_title=data["new_title"] if new else None,
            )
        except api.ImportFromModulestoreError as error:
            self.add_error(self._field_of(error, new), str(error))
            return None

    def _field_of(self, error: api.ImportFromModulestoreError, new: bool) -> str:
        field = _FIELD_OF_ARGUMENT.get(error.field, error.field)
        if field == "collection_title" and self.cleaned_data["collection_code"]:
            return "collection_code"
        if field == "source":
            return self.source_field
        if field in self.fields and field != "library":
            return field
        if isinstance(error, api.SourceError):
            return self.source_field
        # Source and library are ones that the user was offered, or they were no choices.
        return "new_key" if new else "library"


class StartBatchForm(StartForm):
    """A new batch: several sources, with what is said of one."""

    source_field = "sources"

    source = None  # type: ignore[assignment]
    sources = forms.MultipleChoiceField(
        label=_("Sources"),
        help_text=format_lazy(
            _("Up to {max} courses and legacy libraries; each becomes an import of its own."), max=MAX_SOURCES
        ),
        error_messages={"invalid_choice": _("Choose some of those that are listed.")},
        widget=forms.SelectMultiple(attrs={"size": 12}),
    )

    fieldsets = ((None, {"fields": ["sources"]}), *StartForm.fieldsets[1:])

    def create_batch(self) -> BatchDetails | None:
        """Create the batch; ``None`` where that was refused, with the reason at its field."""
        sources = [SourceReference.of(value) for value in self.cleaned_data["sources"]]
        return self._made(partial(api.create_batch, sources=sources))


def _choice(source: SourceData, *, several: bool) -> tuple[str, str]:
    """A source to choose; where several have its key, one of these: its origin, its export, its time and size."""
    value, name = source.key, f"{source.title} ({source.key})"
    if not several:
        return value, name
    modified = date_format(localtime(source.modified), "DATETIME_FORMAT") if source.modified else ""
    origin = get_host().sources.called(source.origin)
    facts = (origin, source.export, modified, size_told(source.size) if source.size else "")
    return str(source.reference), f"{name}: {', '.join(filter(None, facts))}"


def _all_sources(user: Any) -> list[SourceData]:
    found: list[SourceData] = []
    while True:
        page = api.list_sources(user=user, counted=False, offset=len(found), limit=MAX_PAGE)
        found += page.items
        if not page.items or len(found) >= page.total:
            return found


class BlockForm(forms.Form):
    """The title and, for a component, the OLX of a staged block."""

    title = forms.CharField(label=_("Title"), required=False, max_length=500, widget=AdminTextInputWidget)
    olx = forms.CharField(
        label=_("OLX"),
        required=False,
        strip=False,
        widget=AdminTextareaWidget(attrs={"rows": 24, "spellcheck": "false", "class": "msi-olx"}),
    )

    def __init__(self, details: BlockDetails, data: Any = None) -> None:
        self._details = details
        super().__init__(data, initial={"title": details.block.title, "olx": details.olx})
        if not details.is_editable:
            del self.fields["olx"]

    def changes(self) -> dict[str, str]:
        """What is other than before, as arguments of ``edit_block``."""
        return edits_in(self._details, self.cleaned_data["title"], self.cleaned_data.get("olx"))
