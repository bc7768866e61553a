"""Having blocks of a course follow the items that they became."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from .... import api
from ...base import ImportView
from ...pagination import part_of
from ...schema import operation
from .. import serializers
from .imports import IMPORT_ID

_EXAMPLE = OpenApiExample(
    "a unit and all in it",
    value={"usage_keys": ["block-v1:Acme+Tides+2026+type@vertical+block@moon"]},
    request_only=True,
)


class _Links(ImportView):
    """Links of an import."""

    def _change(self, request: Request, import_id: str, act: Callable[..., int]) -> Response:
        body = self.body(serializers.LinksRequest)
        asked: dict[str, Any] = {"user": request.user, "import_id": import_id}
        try:
            changed = act(**asked, usage_keys=body.get("usage_keys"))
        except api.NotFound as error:
            if error.field != "usage_keys":
                raise
            raise ValidationError({"usage_keys": [str(error)]}, code="not_found") from error
        return Response(serializers.LinksChanged({"changed": changed}).data)


class Links(_Links):
    """What can be linked, and linking it."""

    @operation(
        id="list_links",
        tag="links",
        summary=_("See what can be linked"),
        description=_(
            "The blocks of the course that became items, and how each stands to its item now: whether it follows it, "
            "or can. Of a completed import from a course in Studio; it takes the right to read the course. Changes "
            "nothing."
        ),
        path=IMPORT_ID,
        query=serializers.PageQuery,
        ok={200: serializers.LinkPage},
        errors=[403, 404, 409, 422],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of them."""
        query = self.query(serializers.PageQuery)
        plan = api.preview_links(user=request.user, import_id=import_id)
        return self.page(part_of(plan.items), serializers.Link, **query, counts=plan.counts(), ready=plan.ready)

    @operation(
        id="link_back",
        tag="links",
        method="POST",
        summary=_("Link blocks to the items that they became"),
        description=_(
            "From then on the course's blocks follow the library, as if they had been added from it. Done while you "
            "wait, for up to 1,000 blocks; it takes the right to change the course. Nothing is published."
        ),
        path=IMPORT_ID,
        body=serializers.LinksRequest,
        ok={200: serializers.LinksChanged},
        errors=[404],
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Link them: all that are asked for, or none."""
        return self._change(request, import_id, api.link_back)


class Unlink(_Links):
    """Taking links off again."""

    @operation(
        id="unlink",
        tag="links",
        method="POST",
        summary=_("Unlink blocks"),
        description=_(
            "Blocks that this import has linked say again what they said before, with the linked containers around "
            "them and all in these. It takes the right to change the course."
        ),
        path=IMPORT_ID,
        body=serializers.LinksRequest,
        ok={200: serializers.LinksChanged},
        errors=[404],
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Unlink them."""
        return self._change(request, import_id, api.unlink)
