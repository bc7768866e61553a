"""Batches: several sources that are imported into one library."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from .... import api
from ....data import Action, BatchDetails
from ...base import ApiView, BatchView
from ...pagination import part_of
from ...schema import operation
from .. import serializers

BATCH_ID = {"batch_id": _("The batch's ID")}


class Batches(ApiView):
    """All batches that you may see."""

    places: ClassVar = {name: ("options", name) for name in serializers.OPTIONS}

    @operation(
        id="list_batches",
        tag="batches",
        summary=_("List batches"),
        description=_("Newest first: into libraries that you may see, and your own into libraries still to be made."),
        query=serializers.BatchesQuery,
        ok={200: serializers.BatchPage},
    )
    def get(self, request: Request) -> Response:
        """A page of batches."""
        return self.listed(serializers.BatchesQuery, partial(api.list_batches, user=request.user), serializers.Batch)

    @operation(
        id="create_batch",
        tag="batches",
        method="POST",
        summary=_("Import several sources"),
        description=_(
            "Makes an import of each source, all of them or none, and, unless `start` is false, asks a worker to stage "
            "them, one after another. Each is an import like any other, with its own address below `imports/`. Where "
            "no worker can be asked, they are made all the same, with the state `staging_failed`."
        ),
        body=serializers.BatchRequest,
        ok={201: serializers.BatchDetails},
        errors=[404],
        examples=[
            OpenApiExample(
                "two courses into a new library",
                value={
                    "sources": [{"source_key": "course-v1:Acme+Tides+2026"}, {"source_key": "library-v1:Acme+Bank"}],
                    "library_key": "lib:Acme:Sea",
                    "new_library_title": "The Sea",
                    "options": {"level": "unit"},
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Make the imports, and have them staged."""
        checked = serializers.BatchRequest(data=request.data)
        checked.is_valid(raise_exception=True)
        made = api.create_batch(user=request.user, **checked.asked())
        if checked.validated_data["start"]:
            made = _staged(request.user, made)
        return Response(
            serializers.BatchDetails(made).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": reverse("modulestore_imports_api:v1:batch", [made.id], request=request)},
        )


def _staged(user: Any, made: BatchDetails) -> BatchDetails:
    try:
        return api.start_batch_step(user=user, batch_id=made.id, action=Action.STAGE).batch
    except api.StepFailed:  # The imports are there and say so themselves.
        return api.get_batch(user=user, batch_id=made.id)


class BatchDetail(BatchView):
    """One batch."""

    @operation(
        id="get_batch",
        tag="batches",
        summary=_("Look at a batch"),
        description=_("With all its imports, in the order of their sources, and how far each is."),
        path=BATCH_ID,
        ok={200: serializers.BatchDetails},
        errors=[404],
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """The batch, and its imports."""
        return Response(serializers.BatchDetails(api.get_batch(user=request.user, batch_id=batch_id)).data)


def _step(action: Action, summary: Any, description: Any, body: Any = serializers.BatchStepRequest) -> Any:
    return operation(
        id=f"{action.value}_batch",
        tag="batches",
        method="POST",
        summary=summary,
        description=description,
        path=BATCH_ID,
        body=body,
        ok={202: serializers.BatchStep},
        errors=[404],
    )


class _Step(BatchView):
    """Something that is done with all imports of a batch, or some; by workers, one after another."""

    request_body: ClassVar[Any] = serializers.BatchStepRequest

    def _start(self, request: Request, batch_id: str, action: Action) -> Response:
        how = self.body(self.request_body)
        asked = api.start_batch_step(user=request.user, batch_id=batch_id, action=action, **how)
        return Response(serializers.BatchStep(asked).data, status=status.HTTP_202_ACCEPTED)


class BatchStage(_Step):
    """Stage what was not staged."""

    @_step(Action.STAGE, _("Stage"), _("Asks workers to stage the imports that were not begun: one after another."))
    def post(self, request: Request, batch_id: str) -> Response:
        """Ask for it."""
        return self._start(request, batch_id, Action.STAGE)


class BatchComplete(_Step):
    """Write what is staged."""

    request_body = serializers.BatchCompletionRequest

    @_step(
        Action.COMPLETE,
        _("Complete"),
        _(
            "Asks workers to write the imports that are staged, one after another, each whole or not at all. One in "
            "which a conflict is not decided waits for its review, unless `undecided` is true."
        ),
        serializers.BatchCompletionRequest,
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Ask for it."""
        return self._start(request, batch_id, Action.COMPLETE)


class BatchRetry(_Step):
    """Retry what failed."""

    @_step(Action.RETRY, _("Retry"), _("Asks workers to do the step again that failed, import by import."))
    def post(self, request: Request, batch_id: str) -> Response:
        """Ask for it."""
        return self._start(request, batch_id, Action.RETRY)


class BatchCancel(_Step):
    """Give up what is not written."""

    @_step(
        Action.CANCEL,
        _("Cancel"),
        _("Gives up every import that is not written yet, and stops undos and redos. Done when this answers."),
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Do it."""
        return self._start(request, batch_id, Action.CANCEL)


class _Reversal(_Step):
    request_body = serializers.BatchReversalRequest

    def _preview(self, request: Request, batch_id: str, action: Action) -> Response:
        query = self.query(serializers.BatchForceQuery)
        page, page_size = query.pop("page"), query.pop("page_size")
        told = api.preview_batch_step(user=request.user, batch_id=batch_id, action=action, **query)
        return self.page(part_of(told), serializers.BatchReversal, page=page, page_size=page_size)


def _preview(action: Action, summary: Any) -> Any:
    return operation(
        id=f"preview_{action.value}_batch",
        tag="batches",
        summary=summary,
        description=_("Import by import, in the order in which it is done, with what is kept. Changes nothing."),
        path=BATCH_ID,
        query=serializers.BatchForceQuery,
        ok={200: serializers.BatchReversalPage},
        errors=[404, 409],
    )


class BatchUndo(_Reversal):
    """Take the imports of a batch back."""

    @_preview(Action.UNDO, _("See what an undo would do"))
    def get(self, request: Request, batch_id: str) -> Response:
        """A page of it."""
        return self._preview(request, batch_id, Action.UNDO)

    @_step(
        Action.UNDO,
        _("Undo"),
        _(
            "Asks workers to take the imports back, the last one first. Items that were edited since, or that others "
            "have come to use, are kept, unless `force` is true."
        ),
        serializers.BatchReversalRequest,
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Ask for it."""
        return self._start(request, batch_id, Action.UNDO)


class BatchRedo(_Reversal):
    """Put back what an undo took away."""

    @_preview(Action.REDO, _("See what a redo would do"))
    def get(self, request: Request, batch_id: str) -> Response:
        """A page of it."""
        return self._preview(request, batch_id, Action.REDO)

    @_step(
        Action.REDO,
        _("Redo"),
        _(
            "Asks workers to put back what undos have taken away, the first one first. Items that were changed since "
            "are kept, unless `force` is true."
        ),
        serializers.BatchReversalRequest,
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Ask for it."""
        return self._start(request, batch_id, Action.REDO)
