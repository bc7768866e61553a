"""
How often one may do what costs the site much, or serves to guess passwords: sign in, upload, ask for a step.

Counts are kept in the cache, which all web servers share (``REDIS_URL``), and are those of REST framework, on pages and
in the admin as well. Where the cache cannot be used, nobody is refused. Whoever has given up is let do so: cancels are
not counted.

Passwords are tried by names; whoever tries one all the time keeps it from signing in. So a browser in which somebody
has signed in before counts apart: it shows a cookie that nobody else can have for this name (OWASP: "Slow Down Online
Guessing Attacks with Device Cookies").
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import UsernameField
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext
from django_htmx.middleware import HtmxDetails
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from import_from_modulestore.data import Action
from import_from_modulestore.pages.base import AuthorView
from import_from_modulestore.pages.security import secure

NAMES_AT_ONE_ADDRESS = 6
"""How many times as often as one name all names may be tried from one address."""

KNOWN = "known_browser"
"""The cookie of a browser in which somebody has signed in."""

_GOES_ON = 302
_KNOWN_FOR = 365 * 24 * 3600
_OF_ONE_CUSTOMER = 64

_STEPS = ("stage", "complete", "retry", "undo", "redo")
_VIEWS = {
    "sign_in": ("sign_in", "admin:login", "admin:password_change"),
    "upload": ("modulestore_imports_api:v1:sources", "modulestore_imports:upload"),
    "step": (
        *(f"modulestore_imports_api:v1:{name}" for name in ("imports", "batches", "preview", "links", "unlink")),
        *(f"modulestore_imports_api:v1:{kind}{step}" for kind in ("", "batch-") for step in _STEPS),
        *(
            f"modulestore_imports:{name}"
            for name in ("options", "do", "reversal", "batch_do", "batch_reversal", "links")
        ),
        *(f"admin:modulestore_imports_{kind}_{name}" for kind in ("import", "batch") for name in ("add", "action")),
    ),
}
_SCOPES = {view: scope for scope, views in _VIEWS.items() for view in views}
"""What a form or request to a view counts as, by the view's name."""

_PATIENCE = 1.0
"""Seconds for which one request waits for the counting of another."""

_locks = [Lock() for _ in range(64)]

log = logging.getLogger(__name__)


class Limits(BaseThrottle):
    """For REST framework: all limits, by what is asked for."""

    _wait: float | None = None

    def allow_request(self, request: Any, view: Any) -> bool:
        """Whether the request is answered."""
        self._wait = seconds_to_wait(request, view)
        return self._wait is None

    def wait(self) -> float | None:
        """For how many seconds others will not be."""
        return self._wait


class OnPages:
    """A middleware: the same for everything that is not REST framework's; after those for users and forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """What is found further in; who has just given the right password is known by it the next time."""
        response = self.get_response(request)
        if request.method == "POST" and response.status_code == _GOES_ON and _scope(request) == "sign_in":
            _remember(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """A page that says so, where it is too often."""
        if hasattr(view, "cls"):  # Who asks over REST, its own view finds out.
            return None
        seconds = seconds_to_wait(request, view)
        return None if seconds is None else _refusal(request, math.ceil(seconds))


def seconds_to_wait(request: Any, view: Any) -> float | None:
    """For how long the request is to wait; ``None`` where it need not. One look into the cache for each count."""
    try:
        for count in _counts(request):
            if not count.allow_request(request, view):
                return count.wait() or 1.0
    except Exception as error:  # Whatever the cache's errors are: nobody is kept from work by it.
        log.warning("Nobody is limited now, since the cache cannot be used: %s", error)
    return None


class _Count(SimpleRateThrottle):
    """How often somebody may do something."""

    def __init__(self, rate: str, scope: str, who: str, times: int = 1) -> None:
        self.rate, self._times = rate, times
        super().__init__()
        self._key = f"modulestore_imports:limit:{scope}:{who}"

    def parse_rate(self, rate: Any) -> Any:
        """How many in how many seconds."""
        number, seconds = super().parse_rate(rate)
        return (number or 0) * self._times, seconds

    def allow_request(self, request: Any, view: Any) -> bool:
        """
        Whether this one is let do it now.

        REST framework reads what was counted, and then writes it: of those who come at the same time, all would be the
        first. Here one waits for the other, unless the cache keeps it waiting.
        """
        lock = _locks[hash(self._key) % len(_locks)]
        is_ours = lock.acquire(timeout=_PATIENCE)
        try:
            return super().allow_request(request, view)
        finally:
            if is_ours:
                lock.release()

    def get_cache_key(self, request: Any, view: Any) -> str:
        """Of whom and what it is."""
        return self._key


def _scope(request: Any) -> str:
    match = request.resolver_match
    return _SCOPES.get(match.view_name, "") if match else ""


def _counts(request: Any) -> Iterator[_Count]:
    scope = _scope(request)
    rate = settings.RATE_LIMITS.get(scope)
    if not rate or request.method != "POST" or request.resolver_match.kwargs.get("action") == Action.CANCEL:
        return
    if scope == "sign_in":
        name, account = _tried(request)
        who = sha256(name.encode(errors="replace")).hexdigest()
        if account is not None and compare_digest(_shown(request), _proof(account).encode()):
            yield _Count(rate, scope, f"known:{who}")
            return
        yield _Count(rate, scope, f"name:{who}")
        yield _Count(rate, scope, f"address:{_whence(request)}", NAMES_AT_ONE_ADDRESS)
    elif request.user.is_authenticated:
        yield _Count(rate, scope, f"user:{request.user.pk}")


def _tried(request: Any) -> tuple[str, Any]:
    """
    Whose password is tried, however that is spelled, and their account, where there is one: as the form reads a name,
    and as the database finds it, which may make no difference between ``a`` and ``à``. Who is signed in tries their
    own, to set another.
    """
    if request.user.is_authenticated:
        return request.user.get_username().casefold(), request.user
    name = str(UsernameField().to_python(request.POST.get("username", "")) or "")
    users = get_user_model()
    with suppress(users.DoesNotExist, ValueError):  # SQLite and others take no NUL.
        account = users._default_manager.get_by_natural_key(name)
        return account.get_username().casefold(), account
    return name.casefold(), None


def _proof(account: Any) -> str:
    """What only a browser has in which this password was right. All browsers of an account count as one."""
    return salted_hmac(
        "known browser", f"{account.pk}:{account.get_session_auth_hash()}", algorithm="sha256"
    ).hexdigest()


def _shown(request: Any) -> bytes:
    return request.COOKIES.get(KNOWN, "").encode(errors="replace")


def _remember(request: HttpRequest, response: HttpResponseBase) -> None:
    if not request.user.is_authenticated:
        return
    response.set_cookie(
        KNOWN,
        _proof(request.user),
        max_age=_KNOWN_FOR,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _whence(request: Any) -> str:
    """
    The address, or, with IPv6, the network that one customer has.

    It is what :mod:`.public` has made of it, and no header's.
    """
    said = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(said.partition("%")[0])
    except ValueError:  # A socket has none.
        return said
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, _OF_ONE_CUSTOMER), strict=False))
    return said


def _refusal(request: HttpRequest, seconds: int) -> HttpResponseBase:
    page = AuthorView()
    page.setup(request)
    page.htmx = HtmxDetails(request)
    told = ngettext(
        "This was asked for too often just now. Try again in {count} second.",
        "This was asked for too often just now. Try again in {count} seconds.",
        seconds,
    )
    response = page.refusal(told.format(count=seconds), 429)
    response.headers["Retry-After"] = str(seconds)
    secure(response)
    return response
