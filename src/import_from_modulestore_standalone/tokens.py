"""
Tokens for scripts: who sends one is who it was made for, until it expires or is revoked.

Only a digest is kept. A token has 256 random bits, so that a plain SHA-256 of it cannot be guessed back.
django-rest-knox (5.1) does the same, but knows neither names nor when a token was used last, and looks through all
tokens of the user at each request; with these it would be as much code.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.db.models import Q
from django.db.utils import Error
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import TokenAuthentication as DrfTokenAuthentication
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from import_from_modulestore.trouble import recognized
from import_from_modulestore.waiting import at_most

from .models import Token

_BEGINNING = "imports_"
"""So that people, and programs that look for secrets where none should be, see what it is."""

_USED_EACH = timedelta(minutes=1)
"""How often the time of the last use is written down, at most."""


def make_token(user: Any, *, name: str = "", expires: datetime | None = None) -> tuple[Token, str]:
    """A new token for the user, and what is to be sent: that is told this once, and kept nowhere."""
    secret = _BEGINNING + token_urlsafe(32)
    return Token.objects.create(user=user, name=name, digest=_digest(secret), expires=expires), secret


def find_token(secret: str) -> Token | None:
    """The token that was sent, with its user; one query. ``None`` for one that has expired or is of no open account."""
    now = timezone.now()
    unexpired = Token.objects.filter(Q(expires=None) | Q(expires__gt=now))
    return unexpired.select_related("user").filter(digest=_digest(secret), user__is_active=True).first()


def note_use(token: Token) -> None:
    """Write down that the token was used, unless that has been done just now, or the database is busy."""
    now = timezone.now()
    if token.last_used is None or now - token.last_used > _USED_EACH:
        with suppress(Error), at_most(0):
            Token.objects.filter(pk=token.pk).update(last_used=now)


class TokenAuthentication(DrfTokenAuthentication):
    """``Authorization: Token imports_…``, or ``Bearer``, as many tools send it."""

    def authenticate(self, request: Any) -> tuple[Any, Token] | None:
        """The user of the token that was sent, and that; bearers of others are nothing to us."""
        is_bearer = get_authorization_header(request).lower().startswith(f"bearer {_BEGINNING}".encode())
        self.keyword = "Bearer" if is_bearer else "Token"
        return super().authenticate(request)

    def authenticate_credentials(self, key: str) -> tuple[Any, Token]:
        """The token's user. Raises ``AuthenticationFailed``, and ``DatabaseUnavailable``."""
        with recognized():
            token = find_token(key)
        if token is None:
            raise AuthenticationFailed(_("This token is not known here, has expired or was revoked."))
        note_use(token)
        return token.user, token


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
