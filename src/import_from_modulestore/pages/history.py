"""What happened to a library and to one of its items, each with the way to take it back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from .. import api
from .base import AuthorView


class Item(AuthorView):
    """Where one item of a library came from: every import that has met it, newest first."""

    section = "libraries"

    def get(self, request: HttpRequest, item_key: str) -> HttpResponse:
        """The page."""
        records = api.where_from(user=request.user, item_key=item_key)
        runs = api.get_imports(user=request.user, import_ids={record.import_id for record in records})
        entries = [(record, runs[record.import_id]) for record in records if record.import_id in runs]
        return self.page("item.html", item_key=item_key, entries=entries)
