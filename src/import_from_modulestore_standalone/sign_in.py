"""Signing in, in the look of the pages; Django does the rest."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponseBase

from import_from_modulestore.hosts import get_host
from import_from_modulestore.pages.security import secure


class SignIn(LoginView):
    """A form for name and password, that leads to where one wanted to go."""

    template_name = "import_from_modulestore_standalone/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The page, under the rules of all pages."""
        response = super().dispatch(request, *args, **kwargs)
        secure(response)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the frame of the page names."""
        return super().get_context_data(**{"host": get_host(), **kwargs})
