"""The admin as a person uses it: pages by name, messages, what is in them."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.messages import get_messages
from django.test import Client, TestCase
from django.urls import reverse

from import_from_modulestore.models import Import

from ..builders import KEY, TARGET
from ..keeping import kept, kept_at_first


class Pages:
    """The admin, for one member of the staff; what workers are asked for is done when the page is."""

    def __init__(self, user) -> None:
        user.is_staff = True
        user.save()
        self._client = Client()
        self._client.force_login(user)

    def get(self, url: str, **query):
        return self._client.get(url, query)

    def post(self, url: str, **data):
        """Send a form, and give the page that it leads to; or the form again, where it is refused."""
        with TestCase.captureOnCommitCallbacks(execute=True):
            response = self._client.post(url, data)
        return self._client.get(response.url) if response.status_code == 302 else response

    def do(self, action: str, *runs: Import, **data):
        """Confirm a step."""
        return self.post(action_url(action, *runs), **data)


def url(model: str, page: str = "changelist", *args) -> str:
    return reverse(f"admin:modulestore_imports_{model}_{page}", args=args)


def action_url(action: str, *runs: Import) -> str:
    return f"{url('import', 'action', action)}?ids={','.join(str(run.pk) for run in runs)}"


def text_of(response) -> str:
    """What a person reads on a page, without its menus and filters: on Django 5.2 and 6.0 in other elements."""
    beside = '(?s)<head>.*?</head>|<nav(?! class="paginator").*?</nav>|<search id="changelist-filter".*?</search>'
    content = re.sub(beside, "", response.content.decode())
    content = re.sub("(?s)<[^>]*>", " ", content)
    return re.sub(r"\s+", " ", html.unescape(content))


def messages_of(response) -> list[str]:
    """The messages on a page, without their links."""
    return [html.unescape(re.sub("<[^>]*>", "", str(message))) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def pages_of(db):
    return Pages


@pytest.fixture
def pages(user, pages_of):
    """The admin, for the superuser."""
    return pages_of(user)


@pytest.fixture
def start(pages, course, request):
    """Start an import through the form: ``start(level="unit")``; it is staged then."""

    def start(**changed) -> Import:
        ticked = dict.fromkeys(("publish", "as_last_time", "collect"), "on")
        fields = {"source": KEY, "library": TARGET, **ticked, **changed}
        response = pages.post(url("import", "add"), **fields)
        assert response.status_code == 200, response
        return Import.objects.latest("pk")

    return kept_at_first(start, request)


@pytest.fixture
@kept
def imported(start, pages):
    """An import that is completed."""
    run = start()
    pages.do("complete", run)
    run.refresh_from_db()
    return run
