"""The language of the pages: the one that is chosen on them, else the one that the browser asks for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import get_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from .models import UserLanguage


@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Django's view, which keeps the language in a cookie; here also for the user, whom workers write to."""
    response = set_language(request)
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        _keep(request.user, language)
    return response


def on_sign_in(request: HttpRequest, response: HttpResponseBase) -> None:
    """
    Go on in the language that somebody has chosen elsewhere; what they have chosen here goes before it.

    Of who has chosen none, that of the page is kept.
    """
    kept = language_of(request.user)
    if kept and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            kept,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            path=settings.LANGUAGE_COOKIE_PATH,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    elif kept != (now := get_language() or settings.LANGUAGE_CODE):
        _keep(request.user, now)


def language_of(user: Any) -> str:
    """The language that is kept for somebody; empty where none is."""
    return UserLanguage.objects.filter(user_id=user.pk).values_list("language", flat=True).first() or ""


def _keep(user: Any, language: str) -> None:
    UserLanguage.objects.update_or_create(user_id=user.pk, defaults={"language": language})
