"""
The addresses that are for machines: what they ask is answered before anything else.

They have no session and no account, and come by whatever name or number they know of this process.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from . import health, metrics

VIEWS: dict[str, Callable[[HttpRequest], HttpResponseBase | None]] = {
    "/healthz": health.lives,
    "/readyz": health.is_ready,
    "/metrics": metrics.told,
}
"""What answers; ``None`` where there is nothing at the address after all."""


def before_all_else(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware, the first of all."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        view = VIEWS.get(request.path_info) if request.method in ("GET", "HEAD") else None
        return (view(request) if view else None) or get_response(request)

    return answer
