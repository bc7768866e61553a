"""Review: what is staged, and what a reviewer makes of it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from .... import api, choices
from ....data import MergeChoice
from ...base import ImportView
from ...schema import operation
from .. import serializers
from .imports import IMPORT_ID

BLOCK = {**IMPORT_ID, "usage_key": _("The block's usage key: `block-v1:…`")}


class Blocks(ImportView):
    """The staged blocks of an import."""

    @operation(
        id="list_blocks",
        tag="review",
        summary=_("Look through what is staged"),
        description=_(
            "In the order of the source, each block with what the plan makes of it now. Without filters it is the "
            "whole tree, flat; `top` and `parent` go through it level by level."
        ),
        path=IMPORT_ID,
        query=serializers.BlocksQuery,
        ok={200: serializers.BlockPage},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of blocks."""
        blocks = partial(api.list_blocks, user=request.user, import_id=import_id)
        return self.listed(serializers.BlocksQuery, blocks, serializers.Block)

    @operation(
        id="change_blocks",
        tag="review",
        method="PATCH",
        summary=_("Select blocks, leave them out, decide about them"),
        description=_(
            "Selects blocks or leaves them out (`selected`), decides about their conflicts (`decision`), and chooses "
            "what becomes of the blocks inside components that a library cannot hold (`contents`); with everything "
            "below them, unless `below` is false. They are named in `usage_keys`, or are all that a list with the "
            "filters in `matching` has."
        ),
        path=IMPORT_ID,
        body=serializers.BlocksChange,
        ok={200: serializers.BlocksChanged},
        errors=[404, 409],
        examples=[
            OpenApiExample(
                "overwrite in a section",
                value={
                    "usage_keys": ["block-v1:Acme+Tides+2026+type@chapter+block@moon"],
                    "decision": "overwrite",
                },
                request_only=True,
            ),
            OpenApiExample(
                "leave two blocks out",
                value={
                    "usage_keys": [
                        "block-v1:Acme+Tides+2026+type@html+block@spring",
                        "block-v1:Acme+Tides+2026+type@html+block@neap",
                    ],
                    "below": False,
                    "selected": False,
                },
                request_only=True,
            ),
        ],
    )
    def patch(self, request: Request, import_id: str) -> Response:
        """Change blocks: all that is asked for, or nothing."""
        body = self.body(serializers.BlocksChange)
        api.get_import(user=request.user, import_id=import_id)
        arguments: dict[str, Any] = {
            "user": request.user,
            "import_id": import_id,
            "below": body["below"],
        }
        selected = decided = chosen = None
        is_one = len(body.keys() & {"selected", "decision", "contents"}) == 1
        meant = {name: body[name] for name in ("usage_keys", "matching") if name in body}
        try:
            with _at_once(is_one=is_one), api.NotedChange() as change:
                if "selected" in body:
                    selected = api.select_blocks(**arguments, **meant, selected=body["selected"])
                if "decision" in body:
                    decided = api.decide_blocks(**arguments, **meant, decision=body["decision"])
                if "contents" in body:
                    chosen = api.choose_contents(**arguments, **meant, contents=body["contents"])
        except api.NotFound as error:  # The import was found before.
            fault = [str(error)]
            named = {"matching": {"parent": fault}} if "matching" in body else {"usage_keys": fault}
            raise ValidationError(named, code="not_found") from error
        number = change.number if is_one else None
        changed = {"selected": selected, "decided": decided, "chosen": chosen, "change": number}
        return Response(serializers.BlocksChanged(changed).data)


class TakeBack(ImportView):
    """The last change of a review."""

    @operation(
        id="take_back",
        tag="review",
        summary=_("Take the last change of a review back"),
        description=_(
            "Of each block that it changed, the review says again what it said before: whether it is selected, how it "
            "is decided, what becomes of what is inside it. That is a change as well, and can be taken back. Edits are "
            "taken back at the block."
        ),
        path=IMPORT_ID,
        body=serializers.TakeBack,
        ok={200: serializers.TakenBack},
        errors=[404, 409],
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Take it back."""
        body = self.body(serializers.TakeBack)
        with api.NotedChange() as change:
            changed = api.take_back(user=request.user, import_id=import_id, change=body["change"])
        return Response(serializers.TakenBack({"changed": changed, "change": change.number}).data)


def _at_once(*, is_one: bool) -> AbstractContextManager[None]:
    """All or nothing. One change is that by itself, and makes a plan that it needs before it locks what it writes."""
    return nullcontext() if is_one else transaction.atomic()


class BlockDetail(ImportView):
    """One staged block."""

    @operation(
        id="get_block",
        tag="review",
        summary=_("Look at a block"),
        description=_("Its OLX and files, what stands in the library in its place, and the differences."),
        path=BLOCK,
        ok={200: serializers.BlockDetails},
        errors=[400, 403, 404, 409],
    )
    def get(self, request: Request, import_id: str, usage_key: str) -> Response:
        """The block."""
        found = api.get_block(user=request.user, import_id=import_id, usage_key=usage_key)
        return Response(serializers.BlockDetails(found).data)

    @operation(
        id="change_block",
        tag="review",
        method="PATCH",
        summary=_("Edit a block, select it or leave it out, decide about it"),
        description=_(
            "OLX has to be well-formed, to have the block's own root tag and `url_name`, and to name only files that "
            "are staged. A title given with it takes the place of its `display_name`."
        ),
        path=BLOCK,
        body=serializers.BlockChange,
        ok={200: serializers.BlockDetails},
        errors=[404, 409],
        examples=[
            OpenApiExample("another title", value={"title": "High and low water"}, request_only=True),
            OpenApiExample("a decision", value={"decision": "fork"}, request_only=True),
            OpenApiExample(
                "pieces of a merge",
                value={"pieces": [{"name": "title", "take": "library"}, {"name": "body:1", "take": "source"}]},
                request_only=True,
            ),
            OpenApiExample("what is inside, in the unit", value={"contents": "unit"}, request_only=True),
            OpenApiExample("back to the import's decision", value={"decision": None}, request_only=True),
        ],
    )
    def patch(self, request: Request, import_id: str, usage_key: str) -> Response:
        """Change the block: all that is asked for, or nothing."""
        body = self.body(serializers.BlockChange)
        block: dict[str, Any] = {"user": request.user, "import_id": import_id}
        changes = {"olx" if name == "title" else name for name in body}  # Both are one edit.
        with _at_once(is_one=len(changes) == 1):
            if "title" in body or "olx" in body:
                api.edit_block(**block, usage_key=usage_key, title=body.get("title"), olx=body.get("olx"))
            if "selected" in body:
                api.select_blocks(**block, usage_keys=[usage_key], selected=body["selected"], below=False)
            if "decision" in body:
                api.decide_blocks(**block, usage_keys=[usage_key], decision=body["decision"], below=False)
            if "contents" in body:
                api.choose_contents(**block, usage_keys=[usage_key], contents=body["contents"], below=False)
            if "pieces" in body:
                api.choose_pieces(**block, usage_key=usage_key, choices=_choices(body["pieces"]))
        changed = api.get_block(**block, usage_key=usage_key)
        return Response(serializers.BlockDetails(changed).data)


def _choices(pieces: list[dict[str, Any]]) -> dict[str, MergeChoice | None]:
    return {
        piece["name"]: MergeChoice(take=piece["take"], text=piece.get("text", "")) if piece["take"] else None
        for piece in pieces
    }


class BlockEdit(ImportView):
    """The edits of one staged block."""

    @operation(
        id="check_edit",
        tag="review",
        method="POST",
        summary=_("See whether OLX could be kept"),
        description=_("For who is still writing it: says what an edit with this OLX would be refused for, if so."),
        path=BLOCK,
        body=serializers.EditCheck,
        ok={204: None},
        errors=[404, 409],
    )
    def post(self, request: Request, import_id: str, usage_key: str) -> Response:
        """Check it. Changes nothing."""
        body = self.body(serializers.EditCheck)
        api.check_edit(user=request.user, import_id=import_id, usage_key=usage_key, olx=body["olx"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @operation(
        id="revert_block",
        tag="review",
        method="DELETE",
        summary=_("Take the edits of a block back"),
        description=_("Its title and OLX are the source's again; whether it is selected, and its decision, stay."),
        path=BLOCK,
        ok={200: serializers.BlockDetails},
        errors=[400, 404, 409],
    )
    def delete(self, request: Request, import_id: str, usage_key: str) -> Response:
        """Take them back."""
        reverted = api.revert_block(user=request.user, import_id=import_id, usage_key=usage_key)
        return Response(serializers.BlockDetails(reverted).data)


class Choices(ImportView):
    """What the review says as a whole."""

    @operation(
        id="export_choices",
        tag="review",
        summary=_("Export what the review says"),
        description=_(
            "What is left out, decided, edited, and what becomes of contents: to be applied to another run of the "
            "course, or for another library. As long as what was staged is kept, also of an import that is completed."
        ),
        path=IMPORT_ID,
        ok={200: choices.plain_schema()},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """All of it."""
        return Response(choices.as_json(api.export_choices(user=request.user, import_id=import_id)))

    @operation(
        id="apply_choices",
        tag="review",
        method="POST",
        summary=_("Apply what another review says"),
        description=_(
            "Blocks are found by type and ID. An edit is made where the source holds what it was made for, a decision "
            "is taken where there is something to decide; the answer names what does not stand. Of blocks of which "
            "this review says something itself, that stays."
        ),
        path=IMPORT_ID,
        body={"application/json": choices.plain_schema()},
        ok={200: serializers.ChoicesApplied},
        errors=[404, 409],
        examples=[
            OpenApiExample(
                "leave a unit out",
                value={
                    "version": 1,
                    "blocks": [{"block_type": "vertical", "block_id": "review", "selected": False}],
                },
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Apply them: all of it, or nothing."""
        applied = api.apply_choices(user=request.user, import_id=import_id, choices=choices.from_json(request.data))
        return Response(serializers.ChoicesApplied(applied).data)

    @operation(
        id="choose_as_last_time",
        tag="review",
        method="PATCH",
        summary=_("Take all that was said last time, or nothing of it"),
        description=_(
            "With `as_last_time`, all that the last reviews of the source have said, for the library, of blocks of "
            "which this one says nothing; without, nothing of what other reviews have said."
        ),
        path=IMPORT_ID,
        body=serializers.ChoicesChange,
        ok={200: serializers.ChoicesChanged},
        errors=[404, 409],
        examples=[OpenApiExample("all of it", value={"as_last_time": True}, request_only=True)],
    )
    def patch(self, request: Request, import_id: str) -> Response:
        """Take all of it, or nothing."""
        body = self.body(serializers.ChoicesChange)
        changed = api.choose_as_last_time(user=request.user, import_id=import_id, **body)
        return Response(serializers.ChoicesChanged({"changed": changed}).data)


class Forwarding(ImportView):
    """What becomes of references of courses to the source."""

    @operation(
        id="get_forwarding",
        tag="review",
        summary=_("See what becomes of references of courses"),
        description=_(
            "Courses refer to the blocks of legacy libraries. Whether these references are forwarded to the items of "
            "this import once it is completed; the plan and the summary tell it too."
        ),
        path=IMPORT_ID,
        ok={200: serializers.ForwardingChanged},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """What becomes of them now."""
        found = api.get_forwarding(user=request.user, import_id=import_id)
        return Response(serializers.ForwardingChanged({"forwarding": found}).data)

    @operation(
        id="choose_forward",
        tag="review",
        method="PATCH",
        summary=_("Say whether references of courses are forwarded"),
        description=_(
            "Courses refer to the blocks of legacy libraries. With `yes`, these references are forwarded to the items "
            "of this import once it is completed, unless they are forwarded to another library; with `instead`, also "
            "then; with `no`, they are not; with null, as where nothing is said of it. The plan tells what comes of it."
        ),
        path=IMPORT_ID,
        body=serializers.ForwardChange,
        ok={200: serializers.ForwardingChanged},
        errors=[404, 409],
        examples=[OpenApiExample("to this library from now on", value={"forward": "instead"}, request_only=True)],
    )
    def patch(self, request: Request, import_id: str) -> Response:
        """Choose."""
        body = self.body(serializers.ForwardChange)
        found = api.choose_forward(user=request.user, import_id=import_id, **body)
        return Response(serializers.ForwardingChanged({"forwarding": found}).data)


class Gone(ImportView):
    """What the source has lost since it was imported."""

    @operation(
        id="list_gone",
        tag="review",
        summary=_("See what the source has lost"),
        description=_(
            "Items of the library that came from this source, and whose blocks are nowhere in it any more; larger ones "
            "first. They stay, unless you have them removed. Once the import is written, its records tell of them."
        ),
        path=IMPORT_ID,
        query=serializers.PageQuery,
        ok={200: serializers.GonePage},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of it."""
        gone = partial(api.list_gone, user=request.user, import_id=import_id)
        return self.listed(serializers.PageQuery, gone, serializers.GoneItem, told=["removed", "unknown"])

    @operation(
        id="change_gone",
        tag="review",
        method="PATCH",
        summary=_("Remove what the source has lost, or keep it"),
        description=_(
            "The items are removed from the library when the import is completed, and an undo restores them. What is "
            "edited in the library, or in use, has to be named. What is edited or put to use after this stays."
        ),
        path=IMPORT_ID,
        body=serializers.GoneChange,
        ok={200: serializers.GoneChanged},
        errors=[404, 409],
        examples=[
            OpenApiExample("remove all that is untouched", value={"remove": True}, request_only=True),
            OpenApiExample(
                "keep one after all", value={"item_keys": ["lb:Acme:Sea:html:moon"], "remove": False}, request_only=True
            ),
        ],
    )
    def patch(self, request: Request, import_id: str) -> Response:
        """Choose: all that is asked for, or nothing."""
        body = self.body(serializers.GoneChange)
        asked: dict[str, Any] = {"user": request.user, "import_id": import_id}
        api.get_import(**asked)
        try:
            changed = api.remove_gone(**asked, item_keys=body.get("item_keys"), remove=body["remove"])
        except api.NotFound as error:  # The import was found before.
            raise ValidationError({"item_keys": [str(error)]}, code="not_found") from error
        return Response(serializers.GoneChanged({"changed": changed}).data)
