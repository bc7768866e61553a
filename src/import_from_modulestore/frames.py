"""
Answers with content that others wrote: renderings of blocks, and their files, for all doors that speak HTTP.

A browser shows a rendering in a frame with an empty ``sandbox``, and keeps to the policies that are sent along, so that
it does no more where somebody opens it on its own. The frame has no origin and sends no cookies: files have signed
addresses. They are sent as what their names say where that is harmless to look at, and else to be kept.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from . import api
from .data import OpenedFile, RenderedBlock
from .unavailable import answered

_SHOWN = {
    "apng": "image/apng",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "m4v": "video/mp4",
    "mp4": "video/mp4",
    "ogv": "video/ogg",
    "webm": "video/webm",
}
"""Files that are looked at or listened to, by the ends of their names. SVG runs nothing under the policy below."""

_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


class FileAddresses:
    """The addresses of signed files at a door: those of the view ``name``, which is :func:`signed_file`."""

    def __init__(self, request: HttpRequest, name: str) -> None:
        self._request, self._name = request, name

    def __call__(self, signed: str) -> str:
        """The address at which a file is had; a whole one, since a frame need not know where it is."""
        return self._request.build_absolute_uri(resolve_url(self._name, signed))

    @property
    def policy(self) -> str:
        """What a document that has such addresses may load: nothing else."""
        whole = urlsplit(self("-"))
        return f"{whole.scheme}://{whole.netloc}{whole.path.removesuffix('-/')}"


def rendered_answer(rendered: RenderedBlock, addresses: FileAddresses) -> HttpResponse:
    """A rendering, to be shown in a frame of our own pages."""
    return framed(rendered.document, addresses)


def framed(document: str, addresses: FileAddresses, *, status: int = 200) -> HttpResponse:
    """A document for a frame of our own pages, which loads the files at these addresses alone."""
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; img-src {addresses.policy}; media-src {addresses.policy}; style-src 'unsafe-inline'; "
            "sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        ),
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-store",
    }
    response = HttpResponse(document, headers=headers, status=status)
    patch_vary_headers(response, ("Accept", "Cookie", "Accept-Language"))
    return response


def file_answer(file: OpenedFile) -> FileResponse:
    """A file in pieces as it is read; looked at where it is an image, sound or video, else to be kept."""
    content_type = _SHOWN.get(file.name.rpartition(".")[2].lower())
    seconds = max(0, int((file.until - timezone.now()).total_seconds())) if file.until else 0
    headers = {
        "Content-Security-Policy": _FILE_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": f"private, max-age={seconds}, immutable" if seconds else "private, no-store",
    }
    return FileResponse(
        file.content,
        as_attachment=content_type is None,
        filename=file.name.rpartition("/")[2],
        content_type=content_type or "application/octet-stream",
        headers=headers,
    )


@require_safe
def _signed_file(request: HttpRequest, signed: str) -> HttpResponseBase:
    try:
        return file_answer(api.open_signed_file(signed=signed))
    except (api.NotFound, api.StagedContentGone) as error:
        headers = {"Content-Security-Policy": _FILE_POLICY, "X-Content-Type-Options": "nosniff"}
        return HttpResponse(str(error), status=404, content_type="text/plain; charset=utf-8", headers=headers)


signed_file: Callable[..., HttpResponseBase] = answered(_signed_file)
"""The view of a file under a signed address, for whoever has the address; it looks at no cookie."""
