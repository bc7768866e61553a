"""Blocks as learners see them, and their files."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from .... import api
from ....frames import FileAddresses, rendered_answer
from ...base import ImportView
from ...schema import operation
from .. import serializers
from .blocks import BLOCK

_SIGNED_FILE = "modulestore_imports_api:v1:signed-file"


class BlockRendered(ImportView):
    """A staged block as learners see it."""

    @operation(
        id="render_block",
        tag="review",
        summary=_("See a block as learners do"),
        description=_(
            "What would be written, what the library holds, or both with marks at what differs. An HTML document that "
            "runs nothing and loads nothing but the block's own files, from addresses that are good for some minutes; "
            "show it in a frame with an empty `sandbox`. As JSON where `Accept` asks for that and not for HTML."
        ),
        path=BLOCK,
        query=serializers.SideQuery,
        ok={(200, "text/html"): OpenApiTypes.STR, (200, "application/json"): serializers.RenderedBlock},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str, usage_key: str) -> Any:
        """The document, or what is known of it."""
        query = self.query(serializers.SideQuery)
        addresses = FileAddresses(request._request, _SIGNED_FILE)
        rendered = api.render_block(
            user=request.user, import_id=import_id, usage_key=usage_key, address=addresses, **query
        )
        if _asks_for_json(request):
            return Response(serializers.RenderedBlock(rendered).data, headers={"Vary": "Accept, Cookie"})
        return rendered_answer(rendered, addresses)


class BlockFile(ImportView):
    """A file of a staged block, or of the library's item in its place."""

    @operation(
        id="get_block_file",
        tag="review",
        summary=_("Get a file of a block"),
        description=_(
            "Leads on to an address at which whoever has it gets the file, for some minutes. As JSON where `Accept` "
            "asks for that and not for HTML."
        ),
        path={**BLOCK, "name": _("The file's name, as the block lists it.")},
        query=serializers.SideQuery,
        ok={200: serializers.SignedFile, 302: OpenApiResponse(description=_("`Location` is the file's address."))},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str, usage_key: str, name: str) -> Any:
        """Where the file is."""
        query = self.query(serializers.SideQuery)
        file = api.sign_file(user=request.user, import_id=import_id, usage_key=usage_key, name=name, **query)
        address = FileAddresses(request._request, _SIGNED_FILE)(file.signed)
        if not _asks_for_json(request):
            return HttpResponseRedirect(address, headers={"Cache-Control": "private, no-store"})
        told = {"name": file.name, "size": file.size, "address": address, "until": file.until}
        return Response(serializers.SignedFile(told).data)


def _asks_for_json(request: Request) -> bool:
    """Whether the client names JSON, and is no browser, which names HTML."""
    accepted = request.headers.get("Accept", "")
    return "json" in accepted and "text/html" not in accepted
