"""The form that says how sources are imported, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from .. import api
from ..data import (
    BlockIds,
    Branch,
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    Forward,
    ImportOptions,
    SourceData,
    SourceKind,
)

NEW = "new"

_CONSEQUENCES = {
    Decision.SKIP: _("What the library holds stays as it is, and the source’s version is not imported."),
    Decision.OVERWRITE: _(
        "The source’s version takes its place, and learners see it at once. The former version is kept in the history."
    ),
    Decision.NEW_VERSION: _(
        "The source’s version becomes a draft. Learners go on seeing what is there, until an author publishes it."
    ),
    Decision.FORK: _("What the library holds stays, and the source’s version becomes a second item beside it."),
    Decision.MERGE: _(
        "What was changed on either side comes into one version. Where both have changed the same, you choose."
    ),
}

_FIELD_OF_ARGUMENT = {
    "library_key": "new_key",
    "new_library_title": "new_title",
    "title": "new_title",
    "collection": "collection_title",
}

_MAX_SLUG = 60


class OptionsForm(forms.Form):
    """Into which library, and how; what the API refuses is shown at the field at fault."""

    library = forms.CharField(required=False, max_length=255)
    new_title = forms.CharField(required=False, max_length=500)
    new_key = forms.CharField(required=False, max_length=255)
    level = forms.ChoiceField(choices=CompositionLevel.choices, initial=CompositionLevel.SECTION, required=False)
    on_conflict = forms.ChoiceField(choices=Decision.choices, initial=Decision.SKIP, required=False)
    collection = forms.ChoiceField(
        choices=[("by_title", ""), ("named", ""), ("none", "")], initial="by_title", required=False
    )
    collection_title = forms.CharField(required=False, max_length=500)
    publish = forms.BooleanField(initial=True, required=False)
    as_last_time = forms.BooleanField(initial=True, required=False)
    contents = forms.ChoiceField(choices=Contents.choices, initial=Contents.LEAVE_OUT, required=False)
    unmerged = forms.ChoiceField(
        choices=[
            ("", _("Wait: I choose in the review")),
            *(choice for choice in Decision.choices if choice[0] != Decision.MERGE.value),
        ],
        required=False,
    )
    forward = forms.ChoiceField(
        choices=[("", _("Those to a legacy library, if it is forwarded nowhere else")), *Forward.choices],
        required=False,
    )
    branch = forms.ChoiceField(choices=Branch.choices, initial=Branch.DRAFT, required=False)
    block_ids = forms.ChoiceField(choices=BlockIds.choices, initial=BlockIds.KEEP, required=False)

    rare = ("contents", "unmerged", "as_last_time", "forward", "branch", "block_ids")
    """Fields that are folded away, unless there is something wrong with one."""

    def __init__(
        self, data: Any = None, *, sources: Sequence[SourceData], can_forward: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self._sources = sources
        self.can_forward = can_forward

    @property
    def levels(self) -> Sequence[tuple[str, Any]]:
        """What structure can be kept."""
        return CompositionLevel.choices

    @property
    def decisions(self) -> list[tuple[Decision, Any]]:
        """What can be done with conflicts, each with what comes of it."""
        return list(_CONSEQUENCES.items())

    @property
    def is_several(self) -> bool:
        """Whether there are several sources."""
        return len(self._sources) > 1

    @property
    def has_branches(self) -> bool:
        """Whether what learners see may be other than what authors see."""
        return any(source.kind is SourceKind.COURSE for source in self._sources)

    @property
    def rare_is_wrong(self) -> bool:
        """Whether something is wrong with what is folded away."""
        return any(name in self.errors for name in self.rare)

    def clean(self) -> dict[str, Any]:
        """That there is a library; a collection that is named has a name."""
        data = super().clean() or {}
        if not data.get("library"):
            self.add_error("library", _("Choose a library."))
        elif data["library"] == NEW and not data.get("new_key", "").strip():
            self.add_error("new_key", _("Give the new library a key: lib:Org:slug."))
        if data.get("collection") == "named" and not data.get("collection_title", "").strip():
            self.add_error("collection_title", _("Give the collection a title."))
        for source in self._sources:
            if source.problem:
                self.add_error(None, source.problem)
        return data

    def arguments(self) -> dict[str, Any]:
        """What ``create_import`` and ``create_batch`` take besides the sources."""
        data = self.cleaned_data
        new = data["library"] == NEW
        collections = {"none": None, "named": CollectionChoice(title=data["collection_title"])}
        return {
            "library_key": data["new_key"].strip() if new else data["library"],
            "new_library_title": data["new_title"] if new else None,
            "options": ImportOptions(
                level=CompositionLevel(data["level"] or CompositionLevel.SECTION),
                on_conflict=Decision(data["on_conflict"] or Decision.SKIP),
                unmerged=Decision(data["unmerged"]) if data["unmerged"] else None,
                publish=data["publish"],
                block_ids=BlockIds(data["block_ids"] or BlockIds.KEEP),
                branch=Branch(data["branch"] or Branch.DRAFT),
                collection=collections.get(data["collection"], CollectionChoice()),
                contents=Contents(data["contents"] or Contents.LEAVE_OUT),
                as_last_time=data["as_last_time"],
                forward=Forward(data["forward"]) if data["forward"] else None,
            ),
        }

    def refuse(self, error: api.ImportFromModulestoreError) -> None:
        """Show what the API has said where it belongs."""
        field: str | None = _FIELD_OF_ARGUMENT.get(error.field, error.field)
        if field not in self.fields:
            field = self._place_of(error)
        if field == "new_key" and self.cleaned_data["library"] != NEW:
            field = "library"
        self.add_error(field, str(error))

    def _place_of(self, error: api.ImportFromModulestoreError) -> str | None:
        """Where an error stands that names no field of the form."""
        if isinstance(error, api.SourceError) or error.field in ("source_key", "origin", "export", "sources"):
            return None
        return "new_key"


def suggested_key(source: SourceData, taken: Collection[str]) -> str:
    """
    A key for a new library: the source's organization, and its title as a slug that is not taken.

    Titles in other letters than ours leave nothing of themselves; then it is the source's own name.

    >>> from ..data import SourceKind
    >>> sea = SourceData(key="course-v1:Acme+T1+R", title="The Sea!", kind=SourceKind.COURSE)
    >>> suggested_key(sea, ()), suggested_key(sea, {"lib:Acme:the-sea"})
    ('lib:Acme:the-sea', 'lib:Acme:the-sea-2')
    >>> suggested_key(SourceData(key="course-v1:Acme+T1+R", title="潮汐", kind=SourceKind.COURSE), ())
    'lib:Acme:t1'
    """
    name = source.key.partition(":")[2].split("+")[1] if "+" in source.key else ""
    slug = (slugify(source.title) or slugify(name) or "library")[:_MAX_SLUG].strip("-")
    lowered = {key.casefold() for key in taken}
    number = 1
    while True:
        key = f"lib:{source.org}:{slug}" + (f"-{number}" if number > 1 else "")
        if key.casefold() not in lowered:
            return key
        number += 1
