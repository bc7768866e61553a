"""What happened to a library and to one of its items, each with the way to take it back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from .. import api
from ..data import LibraryData, StateGroup
from ..hosts import get_host
from ..keys import parse_item_key, parse_library_key
from .base import AuthorView, page_number, pages_of

PAGE_SIZE = 25

_UNDER_WAY = (*StateGroup.RUNNING.states, *StateGroup.WAITING.states)


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
    """One library: what was imported into it, undone and redone, newest first; and what is under way."""

    section = "libraries"

    def get(self, request: HttpRequest, library_key: str) -> HttpResponse:
        """A page of its history."""
        number = page_number(request)
        library = api.get_library(user=request.user, library_key=library_key)
        imports = api.list_imports(user=request.user, library_key=library.key, states=_UNDER_WAY, limit=PAGE_SIZE)
        if self.is_part:
            return self.page("_recent.html", imports=imports)
        history = api.get_library_history(
            user=request.user,
            library_key=library.key,
            newest_first=True,
            offset=(number - 1) * PAGE_SIZE,
            limit=PAGE_SIZE,
        )
        host, key = get_host(), parse_library_key(library.key)
        return self.page(
            "library.html",
            library=library,
            can_back_up=host.can_back_up_library(request.user, key),
            can_change=host.can_edit_library(request.user, key),
            imports=imports,
            history=history,
            number=number,
            pages=pages_of(history.total, PAGE_SIZE),
        )


class Item(AuthorView):
    """Where one item of a library came from: what every import, undo and redo did with it, newest first."""

    section = "libraries"

    def get(self, request: HttpRequest, item_key: str) -> HttpResponse:
        """The page."""
        entries = api.get_item_history(user=request.user, item_key=item_key)
        records = api.where_from(user=request.user, item_key=item_key)
        last = records[0] if records else None
        library_key = parse_item_key(item_key).lib_key
        return self.page(
            "item.html",
            item_key=item_key,
            library_key=str(library_key),
            entries=entries[::-1],
            can_change=get_host().can_edit_library(request.user, library_key),
            last=last,
        )


def _by_title(library: LibraryData) -> tuple[str, str]:
    return library.title.casefold(), library.key
