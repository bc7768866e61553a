"""What browsers are told to keep to on our pages (https://www.w3.org/TR/CSP3/)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponseBase


def secure(response: HttpResponseBase) -> None:
    """
    Let the page load what is ours, run our scripts alone, and be shown in no frame; nothing inline is run or applied.

    Responses that say more of themselves, rendered content above all, keep what they say.
    """
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")


def _policy() -> str:
    ours = " ".join(("'self'", *_static_origin()))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {ours}",
            f"style-src {ours}",
            f"img-src {ours} data:",
            f"font-src {ours}",
            "connect-src 'self'",
            "frame-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _static_origin() -> tuple[str, ...]:
    """Where static files lie, if that is another place."""
    address = urlsplit(settings.STATIC_URL or "")
    return (f"{address.scheme or 'https'}://{address.netloc}",) if address.netloc else ()
