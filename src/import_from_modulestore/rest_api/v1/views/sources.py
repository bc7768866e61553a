"""Sources and libraries."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from django.http import FileResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from .... import api
from ...base import ApiView
from ...pagination import part_of
from ...schema import operation
from .. import serializers

_SOURCE_KEY = {"key": _("`course-v1:…` or `library-v1:…`")}
_LIBRARY_KEY = {"key": _("`lib:…`")}


class Sources(ApiView):
    """What can be imported."""

    parser_classes = (MultiPartParser,)  # The file goes to disk as it comes.
    takes_files = True

    @operation(
        id="list_sources",
        tag="sources",
        summary=_("List sources"),
        description=_("Courses and legacy libraries that you may read, and those that cannot be read, and why."),
        query=serializers.SourcesQuery,
        ok={200: serializers.SourcePage},
        errors=[404],
    )
    def get(self, request: Request) -> Response:
        """A page of sources."""
        return self.listed(serializers.SourcesQuery, partial(api.list_sources, user=request.user), serializers.Source)

    @operation(
        id="upload_export",
        tag="sources",
        method="POST",
        summary=_("Upload an export"),
        description=_(
            "Keeps an export of a course or legacy library, for you alone, until you remove it. What holds no export, "
            "or is larger than there is room for, is refused, and nothing of it is kept. In Studio, only where the "
            "site has a place for uploads."
        ),
        body=serializers.ExportRequest,
        ok={201: serializers.Source},
    )
    def post(self, request: Request) -> Response:
        """Keep the file."""
        file = self.body(serializers.ExportRequest)["file"]
        made = api.upload_export(user=request.user, file=file, name=file.name)
        where = reverse("modulestore_imports_api:v1:source", [made.key], request=request)
        return Response(
            serializers.Source(made).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": f"{where}?{urlencode({'origin': made.origin, 'export': made.export})}"},
        )


class ExportDetail(ApiView):
    """One export that was uploaded."""

    @operation(
        id="remove_export",
        tag="sources",
        method="DELETE",
        summary=_("Remove an export"),
        description=_("Removes an export that you have uploaded, unless an import reads it. What was imported stays."),
        path={"export": _("Its name: `export` of the source")},
        ok={204: None},
        errors=[404, 409],
    )
    def delete(self, request: Request, export: str) -> Response:
        """Remove it."""
        api.remove_export(user=request.user, export=export)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SourceDetail(ApiView):
    """One source."""

    key_field = "key"

    @operation(
        id="get_source",
        tag="sources",
        summary=_("Look at a source"),
        path=_SOURCE_KEY,
        query=serializers.SourceQuery,
        ok={200: serializers.Source},
        errors=[400, 404, 422],
    )
    def get(self, request: Request, key: str) -> Response:
        """The source, with its counts."""
        query = self.query(serializers.SourceQuery)
        return Response(serializers.Source(api.get_source(user=request.user, source_key=key, **query)).data)


class Libraries(ApiView):
    """Where to."""

    key_field = "key"

    @operation(
        id="list_libraries",
        tag="libraries",
        summary=_("List libraries"),
        description=_("Content libraries that you may see."),
        query=serializers.LibrariesQuery,
        ok={200: serializers.LibraryPage},
        errors=[404],
    )
    def get(self, request: Request) -> Response:
        """A page of libraries."""
        query = self.query(serializers.LibrariesQuery)
        found = api.list_libraries(user=request.user, search=query.pop("search"), editable=query.pop("editable"))
        may_create = api.may_create_libraries(user=request.user)
        return self.page(part_of(found), serializers.Library, **query, may_create=may_create)

    @operation(
        id="create_library",
        tag="libraries",
        method="POST",
        summary=_("Make a library"),
        description=_("Makes an empty content library."),
        body=serializers.LibraryRequest,
        ok={201: serializers.Library},
        errors=[409],
        examples=[OpenApiExample("a library", value={"key": "lib:Acme:Sea", "title": "The Sea"})],
    )
    def post(self, request: Request) -> Response:
        """Make a library."""
        body = self.body(serializers.LibraryRequest)
        made = api.create_library(user=request.user, library_key=body["key"], title=body["title"])
        return Response(
            serializers.Library(made).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": reverse("modulestore_imports_api:v1:library", [made.key], request=request)},
        )


class LibraryDetail(ApiView):
    """One library."""

    key_field = "key"

    @operation(
        id="get_library",
        tag="libraries",
        summary=_("Look at a library"),
        path=_LIBRARY_KEY,
        ok={200: serializers.Library},
        errors=[400, 404],
    )
    def get(self, request: Request, key: str) -> Response:
        """The library."""
        return Response(serializers.Library(api.get_library(user=request.user, library_key=key)).data)


class LibraryBackup(ApiView):
    """A library, to be taken along."""

    key_field = "key"

    @operation(
        id="backup_library",
        tag="libraries",
        summary=_("Download a backup"),
        description=_(
            "An archive of the whole library, which a current Studio restores as a content library. It is made while "
            "you wait, which takes minutes for a large one."
        ),
        path=_LIBRARY_KEY,
        ok={(200, "application/zip"): OpenApiTypes.BINARY},
        errors=[400, 403, 404],
    )
    def get(self, request: Request, key: str) -> FileResponse:
        """The archive, once it is there as a whole: what goes wrong is told before its first byte."""
        with TemporaryDirectory() as folder:
            file = Path(folder, "backup.zip")
            api.backup_library(user=request.user, library_key=key, file=file)
            content = file.open("rb")  # And so on disk until it is sent, or the process ends, and no longer.
        name = f"{key.removeprefix('lib:').replace(':', '-')}.zip"
        return FileResponse(content, as_attachment=True, filename=name, content_type="application/zip")
