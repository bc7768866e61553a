"""Signing in, in the look of the pages; Django does the rest."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from import_from_modulestore.hosts import get_host
from import_from_modulestore.pages.security import secure

from .languages import on_sign_in


class SignIn(LoginView):
    """A form for name and password, that leads to where one wanted to go."""

    template_name = "import_from_modulestore_standalone/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The page, under the rules of all pages."""
        response = super().dispatch(request, *args, **kwargs)
        secure(response)
        return response

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, and go on in the language of who that is."""
        response = super().form_valid(form)
        on_sign_in(self.request, response)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the frame of the page names."""
        return super().get_context_data(**{"host": get_host(), **kwargs})
