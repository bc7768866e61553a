"""What all views have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpResponsePermanentRedirect
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListField, Serializer
from rest_framework.views import APIView

from .. import api
from ..data import Page
from ..waiting import as_a_request
from .authentication import JwtAuthentication
from .errors import BodyTooLarge, InvalidParameter, exception_handler, server_error
from .idempotency import HEADER, AlreadyAnswered, Claim
from .pagination import ApiPagination, Fetch
from .parsing import AlwaysJSON, StrictJSONParser


class ApiView(APIView):
    """
    A view onto the API, for users who are signed in; what each may do is checked by the API itself.

    Nothing here depends on a project's REST framework settings, but throttling, which is the operator's. Views stand
    outside of ``ATOMIC_REQUESTS``: the API knows what has to be written together, and other requests have to see at
    once that a step was asked for, or an ``Idempotency-Key`` taken.
    """

    authentication_classes = (JwtAuthentication, SessionAuthentication)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    parser_classes: tuple[type[BaseParser], ...] = (StrictJSONParser,)
    content_negotiation_class = AlwaysJSON
    versioning_class = None
    schema = AutoSchema()

    key_field: ClassVar[str] = ""
    """The field to name where the API refuses a key and does not say which."""
    takes_files: ClassVar[bool] = False
    """Whether bodies hold files, which go to disk: how large they may be, the API says (``upload_limit``)."""
    places: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Where arguments of the API stand in the request, if not under their own name at its top."""

    _claim: Claim | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view as a function."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, without waiting long for a database that somebody else writes to."""
        with as_a_request():
            return super().dispatch(request, *args, **kwargs)

    def get_authenticators(self) -> list[Any]:
        """With those of the project, by name, after tokens of Open edX and before sessions."""
        found = super().get_authenticators()
        own = getattr(settings, "IMPORT_FROM_MODULESTORE_AUTHENTICATION", ()) if found else ()
        return [*found[:-1], *(import_string(name)() for name in own), *found[-1:]]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Our own, whatever the project's is."""
        return exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is too large, find out who asks, and take the request's ``Idempotency-Key``, if it has one."""
        limit, length = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, request.META.get("CONTENT_LENGTH") or ""
        is_too_large = limit is not None and length.isdecimal() and int(length) > limit
        if is_too_large and not self.takes_files:  # Older REST frameworks do not look.
            raise BodyTooLarge
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and HEADER in request.headers:
            self._claim = Claim(request, request.headers[HEADER])

    def handle_exception(self, exc: Exception) -> Response:
        """The answer to an error."""
        if isinstance(exc, AlreadyAnswered):
            return exc.response
        try:
            return super().handle_exception(exc)
        except Exception as error:
            if self._claim:
                self._claim.release()
            if settings.DEBUG or settings.DEBUG_PROPAGATE_EXCEPTIONS:
                raise
            return server_error(error, self.get_exception_handler_context())

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep the answer, if the request had an ``Idempotency-Key``; nobody on its way may: it is for who asked."""
        if self._claim:
            self._claim.settle(response)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return super().finalize_response(request, response, *args, **kwargs)

    def query(self, serializer: type[Serializer]) -> dict[str, Any]:
        """The request's parameters, checked. Raises ``ValidationError``."""
        fields = serializer().fields
        # Not the QueryDict itself: DRF takes it for a form, where a truth value that is missing is false.
        given: dict[str, Any] = {}
        for name, values in self.request.query_params.lists():
            several = isinstance(fields.get(name), ListField) or len(values) > 1
            given[name] = values if several else values[0]
        try:
            return _checked(serializer, given)
        except ValidationError as error:
            raise InvalidParameter(error.detail) from error

    def body(self, serializer: type[Serializer]) -> dict[str, Any]:
        """The request's body, checked. Raises ``ValidationError``."""
        return _checked(serializer, self.request.data)

    def listed(
        self,
        query: type[Serializer],
        fetch: Callable[..., Page[Any]],
        serializer: type[Serializer],
        *,
        told: Sequence[str] = (),
    ) -> Response:
        """A page of a list of the API, which takes what the request's parameters ask for by name; as :meth:`page`."""
        asked = self.query(query)
        page, page_size = asked.pop("page"), asked.pop("page_size")
        return self.page(partial(fetch, **asked), serializer, page=page, page_size=page_size, told=told)

    def page(
        self,
        fetch: Fetch,
        serializer: type[Serializer],
        *,
        page: int,
        page_size: int,
        context: Mapping[str, Any] | None = None,
        told: Sequence[str] = (),
        **more: Any,
    ) -> Response:
        """A page of a list, in its envelope; what is ``told`` of the page itself, and ``more``, stand beside it."""
        pagination = ApiPagination()
        found = pagination.fetch(fetch, self.request, page=page, page_size=page_size)
        more |= {name: getattr(found, name) for name in told}
        return pagination.response(serializer(found.items, many=True, context=dict(context or {})).data, more)


class ImportView(ApiView):
    """A view of one import. REST takes whole IDs only: what begins alike today may not tomorrow."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is no ID."""
        super().initial(request, *args, **kwargs)
        _require_id(kwargs["import_id"], _("There is no import {id}."))


class BatchView(ApiView):
    """A view of one batch."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is no ID."""
        super().initial(request, *args, **kwargs)
        _require_id(kwargs["batch_id"], _("There is no batch {id}."))


def _require_id(found: str, told: str) -> None:
    try:
        UUID(found)
    except ValueError:
        raise api.NotFound(told.format(id=found)) from None


class Nowhere(ApiView):
    """Every address below the API at which there is nothing; whoever looks and left the last slash out is led on."""

    authentication_classes = ()  # type: ignore[assignment]
    permission_classes = ()  # type: ignore[assignment]
    schema = None  # type: ignore[assignment]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Lead on, or refuse."""
        if request.method in ("GET", "HEAD") and not request.path.endswith("/"):
            return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say so, whatever the method is."""
        if not request.path.endswith("/"):
            raise NotFound(_("There is nothing at this address. All addresses here end with a slash."))
        raise NotFound(_("There is nothing at this address."))


def _checked(serializer: type[Serializer], data: Any) -> dict[str, Any]:
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    return checked.validated_data
