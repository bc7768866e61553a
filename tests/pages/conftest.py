"""The pages for authors: as answers to requests, and in a real browser on a site that is served."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from ..builders import problem, section, subsection, text, unit, write_course
from .browsers import SAMPLE, chromium, signed_in


class Author:
    """Somebody who is signed in; what workers are asked for is done when a form is sent."""

    def __init__(self, user, commits) -> None:
        self.client = Client()
        self.client.force_login(user)
        self._commits = commits

    def get(self, url: str, *, htmx: bool = False, **query):
        """A page, or the part of it that htmx asks for."""
        return self.client.get(url, query, headers={"HX-Request": "true"} if htmx else None)

    def post(self, url: str, data: dict | None = None, *, htmx: bool = False):
        """Send a form, and give the page that it leads to; or the answer, where it leads nowhere or htmx sent it."""
        with self._commits(execute=True):
            response = self.client.post(url, data or {}, headers={"HX-Request": "true"} if htmx else None)
        return self.client.get(response.url) if response.status_code == 302 else response


def page_url(name: str, *args: str) -> str:
    """The address of a page, by the name that ``pages/urls.py`` gives it."""
    return reverse(f"modulestore_imports:{name}", args=args)


def dom(response) -> lxml.html.HtmlElement:
    """What a page holds, to look things up in."""
    return lxml.html.fromstring(response.content.decode())


def text_of(response) -> str:
    """What a person reads on a page."""
    return " ".join(dom(response).text_content().split())


@pytest.fixture
def author_of(db, django_capture_on_commit_callbacks):
    return lambda user: Author(user, django_capture_on_commit_callbacks)


@pytest.fixture
def author(user, author_of):
    """The pages, for the superuser."""
    return author_of(user)


@pytest.fixture
def course(courses, library):
    """A course of seven blocks on the shelf, and the library for it."""
    units = unit("u1", text("t1"), problem("p1")), unit("u2", text("t2"))
    write_course(courses / "c1", section("s", subsection("b", *units)), title="Tides")


@dataclass
class Site:
    """A site that is served, with a worker, and a browser in which its author is signed in."""

    page: Page
    address: str
    manage: Callable[..., str]
    courses: Path
    pid: int
    """Of the process that serves; its children work."""

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def violations(self) -> list[str]:
        """What axe-core finds on the page, in light and in dark."""
        found = []
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            found += [f"{scheme}: {each['id']}: {each['help']}" for each in Axe().run(self.page).response["violations"]]
        return found


@pytest.fixture
def site(project, serve) -> Iterator[Site]:
    """A site on the sample course; what its browser's console calls an error fails the test."""
    program = chromium()
    if program is None:
        missing = "no Chromium is installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    shutil.copytree(SAMPLE, project.courses / SAMPLE.name)
    process, said = serve()
    errors: list[str] = []
    with signed_in(program, project, said) as (page, address):
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        yield Site(page, address, lambda *words: project.manage(*words).stdout, project.courses, process.pid)
    assert errors == []
