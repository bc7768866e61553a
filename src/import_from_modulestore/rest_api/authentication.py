"""Who is asking."""

from __future__ import annotations

from typing import Any

import jwt
from django.conf import settings
from django.db import connection
from edx_rest_framework_extensions.auth.jwt.authentication import JwtAuthentication as EdxJwtAuthentication
from rest_framework.exceptions import AuthenticationFailed

from ..trouble import recognized, unavailable


class JwtAuthentication(EdxJwtAuthentication):
    """
    Open edX's JSON Web Tokens, where the project names the public keys that sign them.

    Where ``JWT_AUTH["JWT_PUBLIC_SIGNING_JWK_SET"]`` is empty, edx-drf-extensions (10.9) has no key to try, finds no
    fault, and takes any signature for a good one. Such a project gets no tokens accepted here.
    """

    @classmethod
    def jwt_decode_token(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The claims of a token; raises ``InvalidTokenError``."""
        if not getattr(settings, "JWT_AUTH", {}).get("JWT_PUBLIC_SIGNING_JWK_SET"):
            raise jwt.InvalidTokenError("No public keys are configured.")
        return super().jwt_decode_token(*args, **kwargs)

    def authenticate_credentials(self, payload: dict[str, Any]) -> Any:
        """
        The token's user. Raises :class:`.errors.DatabaseUnavailable` where nobody can be looked up now.

        edx-drf-extensions (10.9) takes any error of the database for one of the token, and answers with 401.
        """
        with recognized():
            connection.ensure_connection()
        try:
            return super().authenticate_credentials(payload)
        except AuthenticationFailed as error:
            if error.__cause__ is not None and (told := unavailable(error.__cause__)) is not None:
                raise told from error
            raise
