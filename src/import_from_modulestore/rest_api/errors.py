"""
Errors as answers.

What the API raises becomes ``{"detail": …, "code": …}``, or ``{"field": ["…"]}`` where a field of the request is at
fault. Anything else that this app does not expect is left to Django, and to whoever watches its logs.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ParseError, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from .. import api
from ..data import ImportState
from ..lifecycle import actions_in

_ANSWERS: dict[type[api.ImportFromModulestoreError], tuple[int, str]] = {
    api.InvalidKey: (status.HTTP_400_BAD_REQUEST, "invalid_key"),
    api.InvalidOption: (status.HTTP_400_BAD_REQUEST, "invalid_option"),
    api.InvalidEdit: (status.HTTP_400_BAD_REQUEST, "invalid_edit"),
    api.NotPermitted: (status.HTTP_403_FORBIDDEN, "not_permitted"),
    api.NotFound: (status.HTTP_404_NOT_FOUND, "not_found"),
    api.WrongState: (status.HTTP_409_CONFLICT, "wrong_state"),
    api.PlanBlocked: (status.HTTP_409_CONFLICT, "plan_blocked"),
    api.StepCanceled: (status.HTTP_409_CONFLICT, "step_canceled"),
    api.SourceError: (status.HTTP_422_UNPROCESSABLE_ENTITY, "source_error"),
    api.StepFailed: (status.HTTP_503_SERVICE_UNAVAILABLE, "step_failed"),
}


class Refusal(APIException):
    """An error of the API with its status, code, and what else the answer says."""

    def __init__(self, error: api.ImportFromModulestoreError) -> None:
        self.status_code, code = next(_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS)
        super().__init__(str(error), code)
        self.more: dict[str, Any] = {}
        if isinstance(error, api.WrongState):
            state = ImportState(error.state)
            self.more = {"state": state.value, "actions": [action.value for action in actions_in(state)]}
        elif isinstance(error, api.PlanBlocked):
            self.more = {"blockers": list(error.blockers)}


class BodyTooLarge(APIException):
    """The request's body is larger than what is taken."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body of the request is too large.")
    default_code = "too_large"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error; ``None`` for one that nobody expects."""
    if isinstance(error, api.ImportFromModulestoreError):
        error = _refusal(error, context["view"])
    elif isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    elif isinstance(error, SuspiciousOperation | MultiPartParserError):
        error = ParseError(str(error))
    response = drf_exception_handler(error, context)
    if response is not None:
        response.data = {**_data(response.data), **getattr(error, "more", {})}
    return response


def _refusal(error: api.ImportFromModulestoreError, view: Any) -> APIException:
    field = error.field or (view.key_field if isinstance(error, api.InvalidKey) else "")
    if not field or not isinstance(error, api.InvalidKey | api.InvalidOption | api.InvalidEdit):
        return Refusal(error)
    detail: Any = [str(error)]
    for name in reversed(view.places.get(field, (field,))):
        detail = {name: detail}
    return ValidationError(detail)


def _data(data: Any) -> dict[str, Any]:
    """What DRF answers, with a code beside each ``detail``."""
    if isinstance(data, dict) and set(data) == {"non_field_errors"}:
        data = data["non_field_errors"]
    if isinstance(data, list):
        data = {"detail": data[0]}
    detail = data.get("detail")
    return {"detail": detail, "code": detail.code} if isinstance(detail, ErrorDetail) else data
