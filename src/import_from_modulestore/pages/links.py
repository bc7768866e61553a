"""Having blocks of a course follow the items that they became."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import api
from ..data import LinkState, tally
from .base import AuthorView, page_number, pages_of

PAGE_SIZE = 100


class Links(AuthorView):
    """The blocks of the course that became items: which follow these, and which can."""

    section = "imports"

    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """A page of them."""
        number = page_number(request)
        run = api.get_import(user=request.user, import_id=import_id)
        plan = api.preview_links(user=request.user, import_id=import_id)
        first = (number - 1) * PAGE_SIZE
        return self.page(
            "links.html",
            run=run,
            plan=plan,
            items=plan.items[first : first + PAGE_SIZE],
            tally=tally(LinkState, plan.counts()),
            number=number,
            pages=pages_of(len(plan.items), PAGE_SIZE),
        )

    def post(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Link or unlink: those that are ticked, or all."""
        do = request.POST.get("do", "")
        asked: dict[str, Any] = {"user": request.user, "import_id": import_id}
        if not do.endswith("all"):
            asked["usage_keys"] = request.POST.getlist("usage_keys")
            if not asked["usage_keys"]:
                raise api.InvalidOption(_("Choose at least one block."))
        if do.startswith("unlink"):
            changed = api.unlink(**asked)
            told = ngettext("{count} block is unlinked.", "{count} blocks are unlinked.", changed)
        else:
            changed = api.link_back(**asked)
            told = ngettext("{count} block is linked.", "{count} blocks are linked.", changed)
        return self.done(request.get_full_path(), told.format(count=changed))
