"""Beginning an import: choose what to read, say how, and have it staged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha1
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from .. import api
from ..actions.batches import MAX_SOURCES
from ..data import Action, LibraryData, SourceData, SourceReference
from .base import AuthorView, page_number, pages_of
from .options import NEW, OptionsForm, suggested_key

PAGE_SIZE = 25

MAX_LIBRARIES = 6
"""How many libraries are there to choose at once; others are found by a search."""


class Choice(NamedTuple):
    """A source to choose, and by what it is known on the page and in addresses."""

    value: str
    id: str
    source: SourceData
    chosen: bool

    @property
    def url(self) -> str:
        """Where one says how this one alone is imported."""
        return f"{reverse('modulestore_imports:options')}?{urlencode({'source': self.value})}"


class Choose(AuthorView):
    """Courses and legacy libraries, to choose one or several."""

    section = "choose"

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of them, or its list alone; what was chosen on another page stays chosen."""
        context = _listed(request, counted=False)
        on_page = {choice.value for choice in context["choices"]}
        elsewhere = [value for value in chosen_in(request) if value not in on_page]
        context["elsewhere"] = [
            choice for choice in found_sources(request.user, elsewhere) if not choice.source.problem
        ]
        if self.is_part:
            return self.page("_sources.html", **context)
        return self.page("choose.html", upload_limit=api.upload_limit(user=request.user), **context)


class Upload(AuthorView):
    """Keep an export that somebody has, and lead on to how it is imported."""

    section = "choose"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep it; what is refused is told where the file was chosen."""
        file: Any = request.FILES.get("file")
        try:
            if file is None:
                raise api.InvalidOption(gettext("Choose a file."))
            source = api.upload_export(user=request.user, file=file, name=file.name or "")
        except (api.InvalidOption, api.SourceError, api.StepFailed) as error:
            if self.is_part:
                return self.page("_refusal.html", error=error)
            context = _listed(request, counted=False)
            limit = api.upload_limit(user=request.user)
            return self.page("choose.html", upload_error=error, upload_limit=limit, **context)
        return self.done(_choice(source, chosen=True).url, gettext("The export is uploaded."))


class RemoveUpload(AuthorView):
    """Remove an export that was uploaded."""

    section = "choose"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remove it, and lead back to the list."""
        api.remove_export(user=request.user, export=request.POST.get("export", ""))
        told = gettext("The export is removed. What was imported from it stays.")
        return self.done(reverse("modulestore_imports:choose"), told)


class Counts(AuthorView):
    """What costs more to be told of a page of the list: block counts. Put in place after the page is there."""

    section = "choose"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The counts; without htmx, the list itself."""
        if not self.is_part:
            return HttpResponseRedirect(f"{reverse('modulestore_imports:choose')}?{request.GET.urlencode()}")
        return self.page("_counts.html", **_listed(request, counted=True))


class Options(AuthorView):
    """How the chosen sources are imported, and into which library."""

    section = "choose"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, as it suits most."""
        choices, missing = self._choices(request)
        for told in missing:
            messages.warning(request, told)
        if not choices:
            messages.warning(request, gettext("Choose at least one course or legacy library."))
            return HttpResponseRedirect(reverse("modulestore_imports:choose"))
        return self._answer(choices, None)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make an import, or a batch where there are several sources, and have it staged."""
        choices, missing = self._choices(request)
        if not choices:
            return self.get(request)
        form = self._form(choices, request.POST)
        for told in missing:
            form.add_error(None, told)
        if not form.is_valid():
            return self._answer(choices, form)
        made = self._create(choices, form)
        return self._answer(choices, form) if made is None else self.done(made)

    def _form(self, choices: Sequence[Choice], *args: Any, **kwargs: Any) -> OptionsForm:
        user, sources = self.request.user, [choice.source for choice in choices]
        can_forward = any(source.key and api.may_forward(user=user, source_key=source.key) for source in sources)
        return OptionsForm(*args, sources=sources, can_forward=can_forward, **kwargs)

    def _create(self, choices: Sequence[Choice], form: OptionsForm) -> str | None:
        """Make the import, or the batch, and give its address; ``None`` where that was refused, as the form says."""
        user, sources = self.request.user, [choice.source for choice in choices]
        try:
            if len(sources) > 1:
                named = [source.reference for source in sources]
                batch = api.create_batch(user=user, sources=named, **form.arguments())
                self._begin(partial(api.start_batch_step, batch_id=batch.id, action=Action.STAGE))
                return reverse("modulestore_imports:batch", args=[batch.id])
            [source] = sources
            which: dict[str, Any] = {"source_key": source.key, "origin": source.origin, "export": source.export}
            run = api.create_import(user=user, **which, **form.arguments())
            self._begin(partial(api.start_staging, import_id=run.id))
            return reverse("modulestore_imports:import", args=[run.id])
        except api.DatabaseUnavailable:
            raise
        except api.ImportFromModulestoreError as error:
            form.refuse(error)
            return None

    def _begin(self, start: Callable[..., object]) -> None:
        try:
            start(user=self.request.user)
        except api.StepFailed as error:  # What was made is there, and can be begun again.
            messages.error(self.request, str(error))

    def _choices(self, request: HttpRequest) -> tuple[list[Choice], list[str]]:
        """The sources, and what to say of those that are not there. Raises ``NotFound`` where none is."""
        values = chosen_in(request)
        choices = found_sources(request.user, values)
        missing = [value for value in values if value not in {choice.value for choice in choices}]
        gone = gettext("{source} is not there any more, or you may not read it.")
        told = [gone.format(source=value) for value in missing]
        if told and not choices:
            raise api.NotFound(" ".join(told))
        return choices, told

    def _answer(self, choices: Sequence[Choice], form: OptionsForm | None) -> HttpResponse:
        user, sources = self.request.user, [choice.source for choice in choices]
        if form is None:
            form = self._form(choices, initial=_suggested(user, sources))
        context = _libraries(self.request, str(form["library"].value() or ""))
        return self.page("options.html", choices=choices, form=form, **context)


class Libraries(AuthorView):
    """Libraries to choose from, as they are searched for."""

    section = "choose"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list; without htmx, the page that it is a part of."""
        if not self.is_part:
            return HttpResponseRedirect(f"{reverse('modulestore_imports:options')}?{request.GET.urlencode()}")
        return self.page("_library_choices.html", **_libraries(request, request.GET.get("library", "")))


def chosen_in(request: HttpRequest) -> list[str]:
    """The sources that an address or a form names, each once. Raises ``InvalidOption`` for more than can be at once."""
    given = request.POST if request.method == "POST" else request.GET
    chosen = list(dict.fromkeys(filter(None, given.getlist("source"))))
    if len(chosen) > MAX_SOURCES:
        raise api.InvalidOption(gettext("Choose at most {max} at once.").format(max=MAX_SOURCES))
    return chosen


def found_sources(user: Any, values: Sequence[str]) -> list[Choice]:
    """The sources that are known by these, in their order; those that are not there are left out."""
    if not values:
        return []
    references = {value: SourceReference.of(value) for value in values}
    found: dict[SourceReference, SourceData] = {}
    for origin in {reference.origin for reference in references.values()}:
        named = [reference for reference in references.values() if reference.origin == origin]
        exports = {reference.export for reference in named}
        with suppress(api.NotFound):  # The site has that origin no more.
            page = api.list_sources(
                user=user,
                source_keys={reference.key for reference in named},
                origin=origin,
                exports=() if "" in exports else exports,
                counted=False,
                limit=1000,
            )
            for source in page.items:
                found[source.reference] = source
                if not source.problem:  # The first, and of exports the newest.
                    any_of_it = replace(source, origin=origin, export="")
                    found.setdefault(any_of_it.reference, any_of_it)
    return [_choice(found[reference], chosen=True) for value, reference in references.items() if reference in found]


def _listed(request: HttpRequest, *, counted: bool) -> dict[str, Any]:
    """What a template is to know of a page of the list."""
    number, search = page_number(request), request.GET.get("q", "").strip()
    only_uploads = "uploads" in request.GET
    page = api.list_sources(
        user=request.user,
        search=search,
        uploaded=True if only_uploads else None,
        counted=counted,
        offset=(number - 1) * PAGE_SIZE,
        limit=PAGE_SIZE,
    )
    chosen = set(chosen_in(request))
    return {
        "choices": [_choice(source, chosen=str(source.reference) in chosen) for source in page.items],
        "q": search,
        "only_uploads": only_uploads,
        "query": urlencode({"q": search, "page": number, **({"uploads": ""} if only_uploads else {})}),
        "number": number,
        "pages": pages_of(page.total, PAGE_SIZE),
        "total": page.total,
        "reading": any(source.is_being_read for source in page.items),
    }


def _choice(source: SourceData, *, chosen: bool) -> Choice:
    value = str(source.reference)
    place = f"{source.location}\0{value}".encode()
    return Choice(value, sha1(place, usedforsecurity=False).hexdigest()[:10], source, chosen)


def _suggested(user: Any, sources: Sequence[SourceData]) -> dict[str, Any]:
    """Into the library that a source went into the last time; else a new one; else the only one that there is."""
    first = sources[0]
    initial: dict[str, Any] = {"new_title": first.title}
    last = next((source.last_import.library_key for source in sources if source.last_import), "")
    if last and _editable(user, last):
        initial["library"] = last
    elif api.may_create_libraries(user=user):
        initial["library"] = NEW
    else:
        libraries = api.list_libraries(user=user, editable=True, limit=2)
        if len(libraries) == 1:
            initial["library"] = libraries[0].key
    taken = {library.key for library in api.list_libraries(user=user, search=f"lib:{first.org}:")}
    initial["new_key"] = suggested_key(first, taken)
    return initial


def _libraries(request: HttpRequest, chosen: str) -> dict[str, Any]:
    """Some libraries that the user may change, the chosen one before all others."""
    user, search = request.user, request.GET.get("library_search", "").strip()
    found = api.list_libraries(user=user, search=search, editable=True, limit=MAX_LIBRARIES + 1)
    shown = found[:MAX_LIBRARIES]
    before = [] if chosen in ("", NEW, *(library.key for library in shown)) else _editable(user, chosen)
    return {
        "libraries": [*before, *shown],
        "more": len(found) > MAX_LIBRARIES,
        "library_search": search,
        "library": chosen,
        "may_create": api.may_create_libraries(user=user),
    }


def _editable(user: Any, key: str) -> list[LibraryData]:
    """The library of this key, where the user may change it."""
    return [library for library in api.list_libraries(user=user, search=key, editable=True) if library.key == key]
