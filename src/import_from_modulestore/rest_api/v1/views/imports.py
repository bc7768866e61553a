"""Imports, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from .... import api
from ....data import ImportData, ReversalPlan
from ...base import ApiView, ImportView
from ...pagination import part_of
from ...schema import operation
from .. import serializers

IMPORT_ID = {"import_id": _("The import's ID")}


class Imports(ApiView):
    """All imports that you may see."""

    places = {name: ("options", name) for name in serializers.OPTIONS}

    @operation(
        id="list_imports",
        tag="imports",
        summary=_("List imports"),
        description=_(
            "Newest first unless `ordering` says otherwise: into libraries that you may see, and your own into "
            "libraries still to be made."
        ),
        query=serializers.ImportsQuery,
        ok={200: serializers.ImportPage},
        errors=[404],
    )
    def get(self, request: Request) -> Response:
        """A page of imports."""
        return self.listed(serializers.ImportsQuery, partial(api.list_imports, user=request.user), serializers.Import)

    @operation(
        id="create_import",
        tag="imports",
        method="POST",
        summary=_("Start an import"),
        description=_(
            "Makes an import and, unless `start` is false, asks a worker to stage its source. Nothing is written into "
            "the library before it is completed. Where no worker can be asked, the import is made all the same, with "
            "the state `staging_failed`, and can be retried."
        ),
        body=serializers.ImportRequest,
        ok={201: serializers.Import},
        errors=[404],
        examples=[
            OpenApiExample(
                "into a library",
                value={"source_key": "course-v1:Acme+Tides+2026", "library_key": "lib:Acme:Sea"},
                request_only=True,
            ),
            OpenApiExample(
                "one unit into a new library",
                value={
                    "source_key": "course-v1:Acme+Tides+2026",
                    "library_key": "lib:Acme:Sea",
                    "new_library_title": "The Sea",
                    "options": {
                        "level": "unit",
                        "on_conflict": "new_version",
                        "selection": ["block-v1:Acme+Tides+2026+type@vertical+block@moon"],
                        "collection": {"title": "Tides"},
                    },
                    "start": False,
                },
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make an import, and have it staged."""
        checked = serializers.ImportRequest(data=request.data)
        checked.is_valid(raise_exception=True)
        made = api.create_import(user=request.user, **checked.asked())
        if checked.validated_data["start"]:
            made = _staged(request.user, made)
        return Response(
            serializers.Import(made).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": reverse("modulestore_imports_api:v1:import", [made.id], request=request)},
        )


def _staged(user: Any, made: ImportData) -> ImportData:
    try:
        return api.start_staging(user=user, import_id=made.id)
    except api.StepFailed:  # The import is there and says so itself.
        return api.get_import(user=user, import_id=made.id)


class ImportDetail(ImportView):
    """One import."""

    @operation(
        id="get_import",
        tag="imports",
        summary=_("Look at an import"),
        description=_("With the progress of the step that runs, if one does: also while nothing of it is written yet."),
        path=IMPORT_ID,
        ok={200: serializers.ImportDetails},
        errors=[404],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """The import, its progress, and its undos and redos."""
        found = api.get_import(user=request.user, import_id=import_id)
        details = {
            "permitted_actions": [
                action.value for action in api.get_permitted_actions(user=request.user, import_id=import_id)
            ],
            "reversals": serializers.Reversal(
                api.get_reversals(user=request.user, import_id=import_id), many=True
            ).data,
        }
        return Response({**serializers.Import(found).data, **details})


class Plan(ImportView):
    """What completing an import would do."""

    @operation(
        id="get_plan",
        tag="imports",
        summary=_("See the plan"),
        description=_("What completing the import would do now, in numbers and block by block. Changes nothing."),
        path=IMPORT_ID,
        query=serializers.PageQuery,
        ok={200: serializers.PlanPage},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """A page of the plan."""
        query = self.query(serializers.PageQuery)
        plan = api.plan_import(user=request.user, import_id=import_id)
        return _plan_page(self, plan, api.get_import(user=request.user, import_id=import_id).library_key, query)


class Preview(ApiView):
    """What an import would do that is not made."""

    places = Imports.places

    @operation(
        id="preview_import",
        tag="imports",
        method="POST",
        summary=_("Preview an import"),
        description=_(
            "What an import would do, without making one: the source is staged while you wait, and nothing of that is "
            "kept. Only for sources of up to 2,000 blocks and 200 MB; of others, make an import, and look at its plan."
        ),
        query=serializers.PageQuery,
        body=serializers.PreviewRequest,
        ok={200: serializers.PlanPage},
        errors=[404],
    )
    def post(self, request: Request) -> Response:
        """A page of the plan."""
        query = self.query(serializers.PageQuery)
        checked = serializers.PreviewRequest(data=request.data)
        checked.is_valid(raise_exception=True)
        asked = checked.asked()
        _source, plan = api.preview_import(user=request.user, **asked, soon=True)
        return _plan_page(self, plan, asked["library_key"], query)


def _plan_page(view: ApiView, plan: Any, library_key: str, query: dict[str, Any]) -> Response:
    return view.page(
        part_of(plan.everything),
        serializers.PlannedItem,
        **query,
        context={"library_key": library_key},
        counts=plan.counts(),
        writes=plan.writes,
        removes=plan.removes,
        gone_unknown=plan.gone_unknown,
        blockers=list(plan.blockers),
        forwarding=serializers.ForwardingChanged(plan).data["forwarding"],
    )


class Summary(ImportView):
    """What completing an import would do, in numbers."""

    @operation(
        id="get_summary",
        tag="imports",
        summary=_("See the plan in numbers"),
        description=_("How much of what is staged a library can hold, what cannot go and why. Changes nothing."),
        path=IMPORT_ID,
        ok={200: serializers.Summary},
        errors=[403, 404, 409],
    )
    def get(self, request: Request, import_id: str) -> Response:
        """The numbers."""
        return Response(serializers.Summary(api.get_summary(user=request.user, import_id=import_id)).data)


def _step(id: str, summary: Any, description: Any) -> Any:  # noqa: A002
    return operation(
        id=id,
        tag="steps",
        method="POST",
        summary=summary,
        description=description,
        path=IMPORT_ID,
        body=serializers.EmptyRequest,
        ok={202: serializers.Import},
        errors=[404],
    )


class _Step(ImportView):
    """A step that a worker does."""

    start: Callable[..., ImportData]

    def _start(self, request: Request, import_id: str) -> Response:
        self.body(serializers.EmptyRequest)
        asked = type(self).start(user=request.user, import_id=import_id)
        return Response(serializers.Import(asked).data, status=status.HTTP_202_ACCEPTED)


class Stage(_Step):
    """Stage an import that was made with ``start: false``."""

    start = staticmethod(api.start_staging)

    @_step("stage_import", _("Stage"), _("Asks a worker to read the source into the staging area."))
    def post(self, request: Request, import_id: str) -> Response:
        """Ask for it."""
        return self._start(request, import_id)


class Complete(_Step):
    """Write an import."""

    start = staticmethod(api.start_completion)

    @_step(
        "complete_import",
        _("Complete"),
        _("Asks a worker to write what the plan says into the library: everything or nothing."),
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Ask for it."""
        return self._start(request, import_id)


class Retry(_Step):
    """Retry the step that failed."""

    start = staticmethod(api.start_retry)

    @_step(
        "retry_import",
        _("Retry"),
        _("Asks a worker to do the step that failed, and no other: after a staging that failed, a review comes next."),
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Ask for it."""
        return self._start(request, import_id)


class Cancel(_Step):
    """Give an import up."""

    start = staticmethod(api.cancel_import)

    @_step(
        "cancel_import",
        _("Cancel"),
        _(
            "Gives the import up, at any point before it is written. A step that runs is stopped, and rolled back. Of "
            "an import that is being undone or redone, that is stopped alone, and the import stays as it was."
        ),
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Do it."""
        return self._start(request, import_id)


def _preview(id: str, summary: Any, description: Any) -> Any:  # noqa: A002
    return operation(
        id=id,
        tag="undo and redo",
        summary=summary,
        description=description,
        path=IMPORT_ID,
        query=serializers.ForceQuery,
        ok={200: serializers.ReversalPreviewPage},
        errors=[404, 409],
    )


def _reversal(id: str, summary: Any, description: Any) -> Any:  # noqa: A002
    return operation(
        id=id,
        tag="undo and redo",
        method="POST",
        summary=summary,
        description=description,
        path=IMPORT_ID,
        body=serializers.ReversalRequest,
        ok={202: serializers.Import},
        errors=[404],
    )


class _Reversal(ImportView):
    """A way through an import's history."""

    preview: Callable[..., ReversalPlan]
    start: Callable[..., ImportData]

    def _preview(self, request: Request, import_id: str) -> Response:
        query = self.query(serializers.ForceQuery)
        plan = type(self).preview(user=request.user, import_id=import_id, force=query.pop("force"))
        return self.page(
            part_of(plan.items),
            serializers.ReversalItem,
            **query,
            counts=plan.counts(),
            links=plan.links,
            forwarding=plan.forwarding,
        )

    def _start(self, request: Request, import_id: str) -> Response:
        body = self.body(serializers.ReversalRequest)
        asked = type(self).start(user=request.user, import_id=import_id, force=body["force"])
        return Response(serializers.Import(asked).data, status=status.HTTP_202_ACCEPTED)


class Undo(_Reversal):
    """Take an import back."""

    preview = staticmethod(api.preview_undo)
    start = staticmethod(api.start_undo)

    @_preview("preview_undo", _("See what an undo would do"), _("Item by item. Changes nothing."))
    def get(self, request: Request, import_id: str) -> Response:
        """A page of it."""
        return self._preview(request, import_id)

    @_reversal(
        "undo_import",
        _("Undo"),
        _(
            "Asks a worker to take the import back. Items that were edited since, or that containers outside the "
            "import have come to use, are kept, unless `force` is true."
        ),
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Ask for it."""
        return self._start(request, import_id)


class Redo(_Reversal):
    """Put back what an undo took away."""

    preview = staticmethod(api.preview_redo)
    start = staticmethod(api.start_redo)

    @_preview("preview_redo", _("See what a redo would do"), _("Item by item. Changes nothing."))
    def get(self, request: Request, import_id: str) -> Response:
        """A page of it."""
        return self._preview(request, import_id)

    @_reversal(
        "redo_import",
        _("Redo"),
        _(
            "Asks a worker to put back what the last undo took away. Items that were changed since are kept, unless "
            "`force` is true."
        ),
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Ask for it."""
        return self._start(request, import_id)
