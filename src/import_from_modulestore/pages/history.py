"""What happened to a library and to one of its items, each with the way to take it back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from .. import api
from ..data import LibraryData
from .base import AuthorView, page_number
from .results import pages_of

PAGE_SIZE = 25


class Libraries(AuthorView):
    """The libraries that you may see."""

    section = "libraries"

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of them, by title."""
        number, search = page_number(request), request.GET.get("q", "")
        found = sorted(api.list_libraries(user=request.user, search=search), key=_by_title)
        first = (number - 1) * PAGE_SIZE
        return self.page(
            "libraries.html",
            libraries=found[first : first + PAGE_SIZE],
            total=len(found),
            number=number,
            pages=pages_of(len(found), PAGE_SIZE),
            q=search,
        )


class Library(AuthorView):
    """One library: what was imported into it, by whom and when, newest first."""

    section = "libraries"

    def get(self, request: HttpRequest, library_key: str) -> HttpResponse:
        """A page of its imports."""
        number = page_number(request)
        library = api.get_library(user=request.user, library_key=library_key)
        imports = api.list_imports(
            user=request.user, library_key=library.key, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE
        )
        live = any(run.state.is_running for run in imports.items)
        if self.is_part:
            return self.page("_recent.html", imports=imports, live=live)
        return self.page(
            "library.html",
            library=library,
            imports=imports,
            live=live,
            number=number,
            pages=pages_of(imports.total, PAGE_SIZE),
        )


class Item(AuthorView):
    """Where one item of a library came from: every import that has met it, newest first."""

    section = "libraries"

    def get(self, request: HttpRequest, item_key: str) -> HttpResponse:
        """The page."""
        records = api.where_from(user=request.user, item_key=item_key)
        runs = api.get_imports(user=request.user, import_ids={record.import_id for record in records})
        entries = [(record, runs[record.import_id]) for record in records if record.import_id in runs]
        return self.page("item.html", item_key=item_key, entries=entries)


def _by_title(library: LibraryData) -> tuple[str, str]:
    return library.title.casefold(), library.key
