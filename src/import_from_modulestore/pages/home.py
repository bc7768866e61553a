"""The first page: what is going on, where to begin, and which libraries there are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from .. import api
from .base import AuthorView

RECENT = 8
"""How many imports the first page shows."""

LIBRARIES = 12


class Home(AuthorView):
    """Recent imports, live; libraries that you may see; the way to a new import."""

    section = "home"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or its list of imports alone."""
        imports = api.list_imports(user=request.user, limit=RECENT)
        if self.is_part:
            return self.page("_recent.html", imports=imports)
        libraries = api.list_libraries(user=request.user)
        return self.page(
            "home.html",
            imports=imports,
            libraries=libraries[:LIBRARIES],
            more_libraries=max(0, len(libraries) - LIBRARIES),
        )
