"""How the API describes itself: OpenAPI 3, by drf-spectacular."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from .. import __version__
from ..data import Action, ImportState
from ..trouble import Trouble
from .errors import MEDIA_TYPE, Problem, ServerError
from .fields import EnumField
from .idempotency import HEADER, KEY_PATTERN, REPLAYED

DESCRIPTION = _(
    """\
Brings Open edX courses and legacy libraries into content libraries: staged, reviewed, edited, decided, written all or
nothing, recorded, undone and redone.

**The way of an import.** `POST imports/` makes one and has its source staged by a worker. Look at `GET imports/{id}/`
until its `state` is `staged`; `progress` says how far it is. Then look through `blocks/`, leave out, edit and decide;
`plan/` says at any time what would happen. `POST complete/` writes it. `actions` names what the state allows now.

**Lists** come in pages: `page` and `page_size` ask, `count`, `num_pages`, `next` and `previous` answer.

**Errors** are problem details (RFC 9457): `title` and `detail` are for people, `code` is for programs. `errors` names
each `field`, `parameter` or `header` that is at fault. Unknown fields and parameters are refused, so that a slip of the
pen is not taken for a wish. What you may not see is answered as what is not there.

**Sending again.** A POST with an `Idempotency-Key` header is carried out once: the same request under the same key
gets the first answer again, for a day, marked `Idempotent-Replayed: true`. Refused requests change nothing and leave
their key free.
"""
)


TAGS = {
    "sources": _("What can be imported"),
    "libraries": _("Content libraries, which content is imported into"),
    "imports": _("Imports, how far they are, and what they would do"),
    "review": _("Look through what is staged, change it, decide"),
    "steps": _("What a worker does"),
    "undo and redo": _("Take an import back, and put it back"),
    "history": _("What happened"),
    "links": _("Have blocks of a course follow the items that they became"),
    "batches": _("Several sources at once: an import of each, and what can be done with all of them"),
}
"""The groups of requests, in the order of an import."""


class ProblemDetails(serializers.Serializer):
    """What is wrong, as RFC 9457 has it."""

    type = serializers.CharField(help_text=_("An address that stands for this kind of problem."))
    title = serializers.CharField(help_text=_("The kind of problem, for people."))
    status = serializers.IntegerField(help_text=_("The HTTP status."))
    detail = serializers.CharField(help_text=_("What is wrong, and what to do about it, for people."))
    code = EnumField(Problem, help_text=_("The kind of problem, for programs."))


class RequestError(serializers.Serializer):
    """One thing that is wrong with a request; about it as a whole where nothing is named."""

    field = serializers.CharField(required=False, help_text=_("Of the body; with dots: `options.level`."))
    parameter = serializers.CharField(required=False, help_text=_("Of the address."))
    header = serializers.CharField(required=False)
    code = serializers.CharField()
    detail = serializers.CharField()


class InvalidRequest(ProblemDetails):
    """What is wrong with the request."""

    errors = RequestError(  # type: ignore[assignment]
        many=True, required=False, help_text=_("Each thing that is wrong, with `invalid_request`.")
    )


class Conflict(ProblemDetails):
    """What is in the way: the import's state, or the reasons why its plan cannot be written."""

    state = EnumField(ImportState, required=False, help_text=_("Of the import, with `wrong_state`."))
    actions = serializers.ListField(
        child=EnumField(Action), required=False, help_text=_("What this state allows, with `wrong_state`.")
    )
    blockers = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=_("Reasons, with `plan_blocked`.")
    )


def _error(status: int, description: Any, code: str, detail: str, serializer: Any = ProblemDetails, **more: Any) -> Any:
    value = {
        "type": f"/api/modulestore_imports/v1/docs/#{code}",
        "title": Problem(code).label,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    example = OpenApiExample(code, value=value, media_type=MEDIA_TYPE, response_only=True, status_codes=[str(status)])
    return OpenApiResponse(serializer, description=description, examples=[example])


_NO_LEVEL = "“chapter” is not one of section, subsection, unit, component."

_ERRORS = {
    400: _error(
        400,
        _("The request is not as it should be."),
        "invalid_request",
        _NO_LEVEL,
        InvalidRequest,
        errors=[{"field": "options.level", "code": "invalid_choice", "detail": _NO_LEVEL}],
    ),
    401: _error(401, _("You are not signed in."), "not_authenticated", "Authentication credentials were not provided."),
    403: _error(403, _("You may not do this."), "not_permitted", "You may not change lib:Acme:Sea."),
    404: _error(
        404, _("There is no such thing, or none that you may see."), "not_found", "There is no import 5e9b2c7a-…."
    ),
    409: _error(
        409,
        _("Something is in the way: the import's state, its plan, or the same request, still under way."),
        "wrong_state",
        "This is not possible now: the import is completed.",
        Conflict,
        state="imported",
        actions=["undo"],
    ),
    413: _error(413, _("The body is too large."), "too_large", "The body of the request is too large."),
    415: _error(
        415,
        _("The body is of another type."),
        "unsupported_media_type",
        'Unsupported media type "text/plain" in request.',
    ),
    422: _error(
        422,
        _("The source cannot be read, or the Idempotency-Key stands for another request."),
        "source_error",
        "tides.tar.gz: there is no course in it.",
    ),
    429: _error(429, _("Too many requests."), "throttled", "Request was throttled. Expected available in 5 seconds."),
    500: _error(500, _("Something went wrong on the server."), "server_error", str(ServerError.default_detail)),
    503: _error(
        503,
        _(
            "The database is busy or cannot be used, the work cannot be handed to a worker, or the source is being "
            "read for the first time."
        ),
        "database_unavailable",
        str(Trouble.BUSY.label),
    ),
}

_IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": KEY_PATTERN, "minLength": 1, "maxLength": 255},
    OpenApiParameter.HEADER,
    description=_("Carries the request out once, however often it is sent with this key; see above."),
)


def operation(
    *,
    id: str,  # noqa: A002
    tag: str,
    summary: Any,
    ok: Mapping[Any, Any],
    description: Any = "",
    path: Mapping[str, Any] | None = None,
    query: Any = None,
    body: Any = None,
    method: str = "GET",
    errors: Sequence[int] = (),
    examples: Sequence[OpenApiExample] = (),
) -> Any:
    """
    Describe one method of a view.

    ``path`` describes the keys in its address, ``ok`` are the answers where all goes well; ``errors`` those that the
    rest does not imply already.
    """
    parameters: list[Any] = [query] if query else []
    for name, text in (path or {}).items():
        kind: Any = {"type": "string", "format": "uuid"} if name in ("import_id", "batch_id") else str
        parameters.append(OpenApiParameter(name, kind, OpenApiParameter.PATH, description=text))
    found = {401, 429, 500, 503, *errors}
    parameters.append(
        OpenApiParameter(
            "Retry-After",
            int,
            OpenApiParameter.HEADER,
            response=[503],
            description=_("Seconds after which to ask again, where that may help."),
        )
    )
    if query or body:
        found.add(400)
    if method == "POST":
        parameters.append(_IDEMPOTENCY_KEY)
        parameters.append(
            OpenApiParameter(
                REPLAYED,
                {"type": "string", "enum": ["true"]},
                OpenApiParameter.HEADER,
                response=list(ok),
                description=_("The answer was given before, to the same request."),
            )
        )
        found |= {400, 409, 422}
    if 201 in ok:
        parameters.append(
            OpenApiParameter("Location", str, OpenApiParameter.HEADER, response=[201], description=_("Where it is."))
        )
    if method != "GET":
        found |= {403, 413, 415}
    extend = extend_schema(
        operation_id=id,
        tags=[tag],
        summary=summary,
        description=description,
        parameters=parameters,
        request=body,
        responses={**ok, **{(status, MEDIA_TYPE): _ERRORS[status] for status in sorted(found)}},
        examples=list(examples),
    )

    def describe(method: Any) -> Any:
        method.kwargs = {"schema": AutoSchema}  # Whatever the project's default is.
        return extend(method)

    return describe


class ApiSchemaGenerator(SchemaGenerator):
    """Describes this API by its own name, and not by the project's."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        """The whole description."""
        schema = super().get_schema(request=request, public=public)
        schema["info"] = {
            "title": "Import from modulestore",
            "version": __version__,
            "description": str(DESCRIPTION),
            "license": {"name": "AGPL-3.0", "url": "https://www.gnu.org/licenses/agpl-3.0.html"},
        }
        schema["tags"] = [{"name": name, "description": str(text)} for name, text in TAGS.items()]
        return schema


class _JwtAuthentication(OpenApiAuthenticationExtension):
    target_class = "import_from_modulestore.rest_api.authentication.JwtAuthentication"
    name = "jwt"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": str(_("`JWT` and a token: `Authorization: JWT eyJ…`")),
        }


class _EnumField(OpenApiSerializerFieldExtension):
    """Each enumeration is one component, under its own name."""

    target_class = EnumField

    def get_name(self) -> str:
        """The enumeration's name."""
        return self.target.enum.__name__

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Its values, and what they mean."""
        meanings = "\n".join(f"* `{value}`: {label}" for value, label in self.target.enum.choices)
        return {"type": "string", "enum": list(self.target.enum.values), "description": meanings}


class _Body(OpenApiSerializerExtension):
    """Requests take no unknown fields."""

    target_class = "import_from_modulestore.rest_api.fields.Body"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """As drf-spectacular has it, and nothing more."""
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}
