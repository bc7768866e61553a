"""
Errors as answers: problem details, as RFC 9457 has them, whatever went wrong.

Every one has ``type``, ``title``, ``status``, ``detail`` and ``code``; a request that is at fault has ``errors`` as
well, each with its own ``detail`` and ``code`` and the ``field``, ``parameter`` or ``header`` that it is about. Written
here, since drf-problems and drf-standardized-errors go by settings of the whole project, which are Studio's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db.models import TextChoices
from django.http.multipartparser import MultiPartParserError
from django.urls import reverse
from django.utils.log import log_response
from django.utils.translation import gettext_lazy, ngettext
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ParseError, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from .. import api
from ..data import ImportState
from ..running.lifecycle import actions_in
from ..trouble import RETRY_AFTER, in_full, unavailable

MEDIA_TYPE = "application/problem+json"

MAX_ERRORS = 100
"""How many things that are wrong with a request are named, each; of a list that is all wrong, nobody reads more."""

log = logging.getLogger("django.request")


class Problem(TextChoices):
    """What can be wrong: a word for programs, and a title for people."""

    INVALID_REQUEST = "invalid_request", gettext_lazy("The request is not as it should be")
    PARSE_ERROR = "parse_error", gettext_lazy("The body cannot be read")
    NOT_AUTHENTICATED = "not_authenticated", gettext_lazy("You are not signed in")
    AUTHENTICATION_FAILED = "authentication_failed", gettext_lazy("The token is not accepted")
    NOT_PERMITTED = "not_permitted", gettext_lazy("You may not do this")
    PERMISSION_DENIED = "permission_denied", gettext_lazy("The CSRF token is missing, or wrong")
    NOT_FOUND = "not_found", gettext_lazy("It is not there, or you may not see it")
    METHOD_NOT_ALLOWED = "method_not_allowed", gettext_lazy("This address does not take this method")
    WRONG_STATE = "wrong_state", gettext_lazy("The import's state does not allow this")
    ALREADY_EXISTS = "already_exists", gettext_lazy("It is there already")
    STAGED_CONTENT_GONE = "staged_content_gone", gettext_lazy("What was staged is gone")
    PLAN_BLOCKED = "plan_blocked", gettext_lazy("The plan cannot be written")
    STEP_CANCELED = "step_canceled", gettext_lazy("The import was canceled")
    REQUEST_UNDER_WAY = "request_under_way", gettext_lazy("The same request is under way")
    TOO_LARGE = "too_large", gettext_lazy("The body is too large")
    UNSUPPORTED_MEDIA_TYPE = (
        "unsupported_media_type",
        gettext_lazy("The body is of a type that is not taken here"),
    )
    SOURCE_ERROR = "source_error", gettext_lazy("The source cannot be read")
    SOURCE_BEING_READ = "source_being_read", gettext_lazy("The source is being read for the first time")
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused", gettext_lazy("The Idempotency-Key stands for another request")
    THROTTLED = "throttled", gettext_lazy("Too many requests")
    SERVER_ERROR = "server_error", gettext_lazy("Something went wrong on the server")
    STEP_FAILED = "step_failed", gettext_lazy("It could not be done")
    DATABASE_UNAVAILABLE = "database_unavailable", gettext_lazy("The database cannot be used now")


_PROBLEMS: dict[type[api.ImportFromModulestoreError], Problem] = {
    api.NotPermitted: Problem.NOT_PERMITTED,
    api.NotFound: Problem.NOT_FOUND,
    api.WrongState: Problem.WRONG_STATE,
    api.AlreadyExists: Problem.ALREADY_EXISTS,
    api.StagedContentGone: Problem.STAGED_CONTENT_GONE,
    api.PlanBlocked: Problem.PLAN_BLOCKED,
    api.StepCanceled: Problem.STEP_CANCELED,
    api.SourceBeingRead: Problem.SOURCE_BEING_READ,
    api.SourceError: Problem.SOURCE_ERROR,
    api.StepFailed: Problem.STEP_FAILED,
    api.DatabaseUnavailable: Problem.DATABASE_UNAVAILABLE,
}

_FAULTS: dict[type[api.ImportFromModulestoreError], str] = {
    api.InvalidKey: "invalid_key",
    api.InvalidOption: "invalid_option",
    api.InvalidEdit: "invalid_edit",
}
"""Errors of the API that are about something in the request."""


class Refusal(APIException):
    """An error of the API with its status, code, and what else the answer says."""

    def __init__(self, error: api.ImportFromModulestoreError) -> None:
        self.status_code = error.http_status
        problem = next(_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS)
        super().__init__(str(error), problem.value)
        self.more: dict[str, Any] = {}
        if isinstance(error, api.WrongState) and error.state:
            state = ImportState(error.state)
            self.more = {"state": state.value, "actions": [action.value for action in actions_in(state)]}
        elif isinstance(error, api.PlanBlocked):
            self.more = {"blockers": list(error.blockers)}
        elif isinstance(error, api.SourceBeingRead) or getattr(error, "is_passing", False):
            self.wait = RETRY_AFTER


class InvalidParameter(ValidationError):
    """A parameter of the address is at fault."""

    place = "parameter"


class InvalidHeader(ValidationError):
    """A header is at fault."""

    place = "header"


class BodyTooLarge(APIException):
    """The request's body is larger than what is taken."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The body of the request is too large.")
    default_code = Problem.TOO_LARGE.value


class ServerError(APIException):
    """What nobody expects; the log says what it was."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_detail = gettext_lazy(
        "Something went wrong here, and was logged. The request may not have been carried out."
    )
    default_code = Problem.SERVER_ERROR.value


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error; ``None`` for one that nobody expects."""
    if (trouble := unavailable(error)) is not None:
        log.warning("%s: %s", context["request"].path, in_full(trouble))
        error = trouble
    if isinstance(error, api.ImportFromModulestoreError):
        error = refusal(error, context["view"])
    elif isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    elif isinstance(error, SuspiciousOperation | MultiPartParserError):
        error = ParseError(str(error))
    response = drf_exception_handler(error, context)
    if response is not None:
        response.data = _problem(error, response)
        response.content_type = MEDIA_TYPE
    return response


def server_error(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to an error that nobody expects. Whoever watches Django's signals and logs is told, as by Django."""
    request = context["request"]._request
    got_request_exception.send(sender=type(context["view"]), request=request)
    response = exception_handler(ServerError(), context)
    assert response is not None
    response.exception = True
    log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request, exception=error)
    return response


def refusal(error: api.ImportFromModulestoreError, view: Any) -> APIException:
    """The error of the API as one of the request; names the field or parameter that is at fault, where one is."""
    code = next((_FAULTS[kind] for kind in type(error).__mro__ if kind in _FAULTS), None)
    if code is None:
        return Refusal(error)
    name = error.field or (view.key_field if isinstance(error, api.InvalidKey) else "")
    if not name:
        return ValidationError([str(error)], code)
    in_address = view.request.method not in ("POST", "PATCH") or name in view.kwargs
    detail: Any = [str(error)]
    for part in reversed((name,) if in_address else view.places.get(name, (name,))):
        detail = {part: detail}
    return (InvalidParameter if in_address else ValidationError)(detail, code)


def _problem(error: Exception, response: Response) -> dict[str, Any]:
    more = getattr(error, "more", {})
    if isinstance(error, ValidationError):
        place = getattr(error, "place", "field")
        faults = list(_faults(error.detail))
        errors = [
            # A parameter that is repeated is one: which of its values is wrong, the detail says.
            {
                **({place: ".".join(path if place == "field" else path[:1])} if path else {}),
                "code": detail.code,
                "detail": str(detail),
            }
            for path, detail in faults[:MAX_ERRORS]
        ]
        code, more = Problem.INVALID_REQUEST.value, {"errors": errors}
        detail = ngettext("{detail}", "{count} things are wrong; see errors.", len(faults)).format(
            detail=errors[0]["detail"], count=len(faults)
        )
    else:
        detail = str(response.data["detail"])
        code = response.data["detail"].code
    known = code in Problem
    return {
        "type": f"{reverse('modulestore_imports_api:v1:docs')}#{code}" if known else "about:blank",
        "title": str(Problem(code).label) if known else response.reason_phrase,
        "status": response.status_code,
        "detail": detail,
        "code": code,
        **more,
    }


def _faults(detail: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], ErrorDetail]]:
    """What REST framework nests by field, as one list, each with the way to its field."""
    if isinstance(detail, ErrorDetail):
        yield path, detail
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _faults(inner, path if name == "non_field_errors" else (*path, str(name)))
    else:
        for number, inner in enumerate(detail):  # Up to REST framework 3.17, also what is wrong with each of a list.
            yield from _faults(inner, (*path, str(number)) if isinstance(inner, Mapping) else path)
