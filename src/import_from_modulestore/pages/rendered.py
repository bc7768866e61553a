"""A block as learners see it: the document that a page shows in a sandboxed frame."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from .. import api
from ..data import Side
from ..frames import FileAddresses, framed, rendered_answer
from ..rendering import document
from ..rendering.markup import tag, words
from .base import AuthorView


class Rendered(AuthorView):
    """
    One side of a block, to be shown in a frame: ``<iframe sandbox src="…/rendered/?side=comparison">``.

    What the API refuses is told in the same frame: a whole page may be shown in none.
    """

    @property
    def _addresses(self) -> FileAddresses:
        return FileAddresses(self.request, "modulestore_imports:signed_file")

    def get(self, request: HttpRequest, import_id: str, usage_key: str) -> HttpResponse:
        """The document."""
        side = request.GET.get("side", Side.BLOCK)
        if side not in Side:
            raise Http404
        asked: dict[str, Any] = {"user": request.user, "import_id": import_id, "usage_key": usage_key}
        addresses = self._addresses
        return rendered_answer(api.render_block(**asked, side=Side(side), address=addresses), addresses)

    def refused(self, error: api.ImportFromModulestoreError) -> HttpResponse:
        """What is wrong and what to do about it, as a document for the frame."""
        told = document(gettext("As learners see it"), tag("p", words(str(error))), lambda _token: None)
        return framed(told, self._addresses, status=error.http_status)
