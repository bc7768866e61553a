"""A block as learners see it: the document that a page shows in a sandboxed frame."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from .. import api
from ..data import Side
from ..frames import FileAddresses, rendered_answer
from .base import AuthorView


class Rendered(AuthorView):
    """
    One side of a block, to be shown in a frame: ``<iframe sandbox src="…/rendered/?side=comparison">``.

    What the API refuses is a page of its own as well, in the same frame.
    """

    def get(self, request: HttpRequest, import_id: str, usage_key: str) -> HttpResponse:
        """The document."""
        side = request.GET.get("side", Side.BLOCK)
        if side not in Side:
            raise Http404
        addresses = FileAddresses(request, "modulestore_imports:signed_file")
        asked: dict[str, Any] = {"user": request.user, "import_id": import_id, "usage_key": usage_key}
        return rendered_answer(api.render_block(**asked, side=Side(side), address=addresses), addresses)
