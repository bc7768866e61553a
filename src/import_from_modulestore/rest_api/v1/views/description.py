"""The description of the API, for programs and for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.urls import include, path, reverse
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from ...errors import exception_handler
from ...schema import ApiSchemaGenerator

_HERE = "modulestore_imports_api:v1:schema"
_TITLE = "Import from modulestore"


class _ByFormat(DefaultContentNegotiation):
    """``?format=json`` chooses, also where the project, as Studio does, takes that from its own APIs."""

    def select_renderer(self, request: Any, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        return super().select_renderer(request, renderers, request.query_params.get("format") or format_suffix)


class _PublicView(APIView):
    """A view for everybody, which has its own format; what goes wrong is told as everywhere else."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Our own, whatever the project's is."""
        return exception_handler

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Errors are JSON."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.exception:
            response.accepted_renderer = JSONRenderer()
        return response


class Schema(_PublicView, SpectacularAPIView):
    """OpenAPI, of this API alone and at the address where the project has it. Says nothing about data."""

    content_negotiation_class = _ByFormat
    generator_class = ApiSchemaGenerator
    api_version = "v1"
    # Studio's own are about its own APIs.
    custom_settings = {
        "TITLE": _TITLE,
        "PREPROCESSING_HOOKS": [],
        "POSTPROCESSING_HOOKS": [],
        "SCHEMA_PATH_PREFIX": None,
        "SCHEMA_PATH_PREFIX_TRIM": False,
        "SERVERS": [],
        "COMPONENT_SPLIT_PATCH": False,  # What is required stays so, and keeps its name.
    }

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The description."""
        prefix = reverse(_HERE).removesuffix("schema/").lstrip("/")
        self.patterns = [path(prefix, include("import_from_modulestore.rest_api.v1.urls"))]
        return super().get(request, *args, **kwargs)


class Docs(_PublicView, SpectacularSwaggerView):
    """A page to read it on, and to try it out."""

    url_name = _HERE
    title = _TITLE
