"""
Where the site is for those who use it, behind a proxy that speaks TLS.

Its address is named once (``PUBLIC_URL``), and nothing that a request says of it is believed: no header, and so none
that was forged by somebody who reaches the port past the proxy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase

from .early import gettext as _

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]")
"""What Django takes for the name of a host, and no pattern that stands for others."""

_PATH = re.compile(r"(/[\w.~-]+)*", re.ASCII)
"""A path that is the same in addresses and in WSGI, where nothing is escaped."""

type Environ = dict[str, Any]
type Application = Callable[[Environ, Any], Iterable[bytes]]


@dataclass(frozen=True)
class PublicAddress:
    """The parts of ``PUBLIC_URL``, as browsers and links have them."""

    scheme: str
    host: str
    """With the port, where that is not the scheme's own."""
    name: str
    """The host's, without a port."""
    path: str
    """Where the site begins, without a slash at its end: empty, or ``/imports``."""

    @classmethod
    def of(cls, url: str) -> PublicAddress:
        """Raises ``ValueError`` for what is no such address; says why."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(_("It is no address: {error}.").format(error=error)) from None
        name = parts.hostname
        shown, path = f"[{name}]" if name and ":" in name else name or "", parts.path.rstrip("/")
        is_plain = _HOST.fullmatch(shown) and _PATH.fullmatch(path)
        if parts.scheme not in ("http", "https") or not is_plain or "@" in parts.netloc or parts.query + parts.fragment:
            told = _(
                "Give the site's address as browsers send it, in plain letters, digits, dots and hyphens (xn--… for a "
                "name in other letters): https://imports.example.org, or https://example.org/imports."
            )
            raise ValueError(told)
        own_port = port in (None, {"http": 80, "https": 443}[parts.scheme])
        return cls(parts.scheme, shown if own_port else f"{shown}:{port}", shown, path)

    @property
    def is_secure(self) -> bool:
        """Whether browsers are to keep to TLS."""
        return self.scheme == "https"

    @property
    def origin(self) -> str:
        """Scheme and host: what browsers send as ``Origin``."""
        return f"{self.scheme}://{self.host}"


def stand_at(address: PublicAddress | None, application: Application) -> Application:
    """The same WSGI application, for which every request has come to this address; its path is ours to take off."""
    if address is None:
        return application

    def standing(environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if address.path and f"{path}/".startswith(f"{address.path}/"):
            path = path[len(address.path) :]
        environ |= {
            "wsgi.url_scheme": address.scheme,
            "HTTP_HOST": address.host,
            "SCRIPT_NAME": address.path,
            "PATH_INFO": path or "/",
        }
        return application(environ, start_response)

    return standing


def in_no_frame(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """
    Middleware: no page of another site shows one of ours in a frame.

    For browsers that look at it; others heed ``X-Frame-Options``, which Django's own middleware sets.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
        return response

    return answer
