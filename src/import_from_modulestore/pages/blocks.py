"""One staged block: beside the tree of the review, or as a page of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from .. import api
from .base import AuthorView


class Block(AuthorView):
    """A block as it would be imported, and what it meets in the library."""

    section = "imports"

    def get(self, request: HttpRequest, import_id: str, usage_key: str) -> HttpResponse:
        """The page; for htmx, the part that stands beside the tree."""
        details = api.get_block(user=request.user, import_id=import_id, usage_key=usage_key)
        template = "_block.html" if self.is_part else "block.html"
        run = api.get_import(user=request.user, import_id=import_id)
        return self.page(template, run=run, details=details, staged=details.block)
