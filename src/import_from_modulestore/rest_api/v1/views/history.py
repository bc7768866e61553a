"""What happened."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from .... import api
from ...base import ApiView, ImportView
from ...pagination import part_of
from ...schema import operation
from .. import serializers
from .imports import IMPORT_ID


class Records(ImportView):
    """What an import did."""

    @operation(
        id="list_records",
        tag="history",
        summary=_("See what an import did"),
        description=_("One record for each source block, in the order of the source."),
        path=IMPORT_ID,
        query=serializers.RecordsQuery,
        ok={200: serializers.RecordPage},
        errors=[404],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of records."""
        records = partial(api.list_records, user=request.user, import_id=import_id)
        return self.listed(serializers.RecordsQuery, records, serializers.Record)


class Report(ImportView):
    """What an import did, as a table."""

    @operation(
        id="get_report",
        tag="history",
        summary=_("Download what an import did"),
        description=_(
            "A table for a spreadsheet: CSV in UTF-8, with a byte order mark, headings in your language, and one row "
            "for each source block, in the order of the source. Cells of several values have one a line. A cell that "
            "a spreadsheet would take for a formula begins with an apostrophe."
        ),
        path=IMPORT_ID,
        ok={(200, "text/csv"): OpenApiTypes.STR},
        errors=[404],
    )
    def get(self, request: Request, import_id: str) -> StreamingHttpResponse:
        """The table, as it is read."""
        report = api.get_report(user=request.user, import_id=import_id)
        return StreamingHttpResponse(
            report.chunks,
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{report.file_name}"',
                "X-Content-Type-Options": "nosniff",
            },
        )


class Work(ImportView):
    """What could not go."""

    @operation(
        id="list_work",
        tag="history",
        summary=_("See what could not go"),
        description=_(
            "A list to work off: what a library cannot hold, what could not be read, what came without some of its "
            "files, and what stayed a draft for the sake of an item that was never published. An entry is done once "
            "somebody says so, or a later import has brought the block whole. Of an import that is undone, it is empty."
        ),
        path=IMPORT_ID,
        query=serializers.WorkQuery,
        ok={200: serializers.WorkPage},
        errors=[404],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of it."""
        work = partial(api.list_work, user=request.user, import_id=import_id)
        return self.listed(serializers.WorkQuery, work, serializers.WorkItem, told=["open"])

    @operation(
        id="mark_done",
        tag="history",
        method="PATCH",
        summary=_("Say what is done, or open it again"),
        path=IMPORT_ID,
        body=serializers.WorkChange,
        ok={200: serializers.WorkChanged},
        errors=[404, 409],
        examples=[OpenApiExample("done", value={"nums": [12, 13], "done": True}, request_only=True)],
    )
    def patch(self, request: Request, import_id: str) -> Response:
        """Mark: all that is asked for, or nothing."""
        body = self.body(serializers.WorkChange)
        asked: dict[str, Any] = {"user": request.user, "import_id": import_id}
        api.get_import(**asked)
        try:
            changed = api.mark_done(**asked, nums=body["nums"], done=body["done"])
        except api.NotFound as error:  # The import was found before.
            raise ValidationError({"nums": [str(error)]}, code="not_found") from error
        return Response(serializers.WorkChanged({"changed": changed}).data)


class Reversals(ImportView):
    """The undos and redos of an import."""

    @operation(
        id="list_reversals",
        tag="history",
        summary=_("List the undos and redos of an import"),
        description=_("Oldest first."),
        path=IMPORT_ID,
        query=serializers.PageQuery,
        ok={200: serializers.ReversalPage},
        errors=[404],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of them."""
        query = self.query(serializers.PageQuery)
        found = api.get_reversals(user=request.user, import_id=import_id)
        return self.page(part_of(found), serializers.Reversal, **query)


class LastReversal(ImportView):
    """What the last undo or redo did."""

    @operation(
        id="get_last_reversal",
        tag="history",
        summary=_("See what the last undo or redo did"),
        description=_("Item by item; empty where there was none."),
        path=IMPORT_ID,
        query=serializers.PageQuery,
        ok={200: serializers.ReversalItemPage},
        errors=[404],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of it."""
        query = self.query(serializers.PageQuery)
        found = api.get_last_reversal_items(user=request.user, import_id=import_id)
        return self.page(part_of(found), serializers.ReversalItem, **query)


class Where(ApiView):
    """Where items came from, and where blocks went."""

    @operation(
        id="where",
        tag="history",
        summary=_("Ask where an item came from, or where a block went"),
        description=_("Every import of it that you may see, newest first: the record that the import made of it."),
        query=serializers.WhereQuery,
        ok={200: serializers.RecordPage},
        errors=[404],
    )
    def get(self, request: Request) -> Response:
        """A page of records."""
        query = self.query(serializers.WhereQuery)
        if item_key := query.pop("item_key", None):
            found = api.where_from(user=request.user, item_key=item_key)
        else:
            found = api.where_to(user=request.user, usage_key=query.pop("usage_key"))
        return self.page(part_of(found), serializers.Record, **query)


class LibraryHistory(ApiView):
    """What happened to a library."""

    key_field = "key"

    @operation(
        id="get_library_history",
        tag="history",
        summary=_("See what happened to a library"),
        description=_(
            "The imports that were written into it, their undos and redos, oldest first, each as a sentence in the "
            "language of the request. Of imports that you may see."
        ),
        path={"key": _("`lib:…`")},
        query=serializers.PageQuery,
        ok={200: serializers.HistoryPage},
        errors=[404],
    )
    def get(self, request: Request, key: str) -> Response:
        """A page of it."""
        history = partial(api.get_library_history, user=request.user, library_key=key)
        return self.listed(serializers.PageQuery, history, serializers.HistoryEntry)


class ItemHistory(ApiView):
    """What happened to an item of a library."""

    key_field = "key"

    @operation(
        id="get_item_history",
        tag="history",
        summary=_("See what happened to an item of a library"),
        description=_(
            "What imports, undos and redos did with it, oldest first, each as a sentence in the language of the "
            "request. Of imports that you may see."
        ),
        path={"key": _("`lb:…` or `lct:…`")},
        query=serializers.PageQuery,
        ok={200: serializers.HistoryPage},
        errors=[404],
    )
    def get(self, request: Request, key: str) -> Response:
        """A page of it."""
        query = self.query(serializers.PageQuery)
        return self.page(
            part_of(api.get_item_history(user=request.user, item_key=key)), serializers.HistoryEntry, **query
        )
