"""The pages for authors: as answers to requests, and in a real browser on a site that is served."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client, TestCase
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from ..processes import Project
from .browsers import SAMPLE, chromium, signed_in


class Visitor:
    """Somebody who is signed in; what workers are asked for is done when a form is sent."""

    def __init__(self, user) -> None:
        self.client = Client()
        self.client.force_login(user)

    def get(self, url: str, *, htmx: bool = False, **query):
        """A page, or the part of it that htmx asks for."""
        return self.client.get(url, query, headers={"HX-Request": "true"} if htmx else None)

    def post(self, url: str, data: dict | None = None, *, htmx: bool = False):
        """Send a form, and give the page that it leads to; or the answer, where it leads nowhere or htmx sent it."""
        with TestCase.captureOnCommitCallbacks(execute=True):
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
def author_of(db):
    return Visitor


@pytest.fixture
def author(user, author_of):
    """The pages, for the superuser."""
    return author_of(user)


HAS_FOCUS = """([selector, name]) => {
    const focused = document.activeElement, text = (focused.textContent || "").trim();
    return focused.matches(selector) && (!name || text === name || (name.endsWith("…") && text.startsWith(name)));
}"""


def at_rest(page: Page) -> None:
    """Wait until the page and all that it has asked for has come, stands in its place, and does what it should."""
    page.wait_for_load_state()
    at_work = ".htmx-request, .htmx-swapping, .htmx-settling, [aria-busy=true], [data-waiting]"
    expect(page.locator(at_work)).to_have_count(0)


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
        """Open a page, and wait until it is there as a whole."""
        self.page.goto(self.address + path)
        self.rest()

    def follow(self, link: Locator) -> None:
        """Click on what leads to another page, and wait for that: what is done next is done there."""
        with self.page.expect_navigation():
            link.click()
        self.rest()

    def rest(self) -> None:
        """See :func:`at_rest`."""
        at_rest(self.page)

    def violations(self, *schemes: str) -> list[str]:
        """What axe-core finds on the page, and where, once it is at rest: in light and in dark, or as is said."""
        self.rest()
        found = []
        for scheme in schemes or ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            found += [
                f"{scheme}: {each['id']}: {each['help']}: {each['nodes'][0]['target']}"
                for each in Axe().run(self.page).response["violations"]
            ]
        return found

    def tab_to(self, selector: str = "*", *, name: str = "", back: bool = False, within: int = 80) -> None:
        """
        Go on by the keyboard until this has the focus.

        With a ``name``, it also has to have this text, or one that begins so where the name ends with “…”.
        """
        for _tab in range(within):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            if self.page.evaluate(HAS_FOCUS, [selector, name]):
                return
        raise AssertionError(f"the keyboard does not reach {name or selector}")


@contextmanager
def site_of(project: Project) -> Iterator[Site]:
    """The project as a site on the sample course; what its browser's console calls an error fails the test."""
    program = chromium()
    if program is None:
        missing = "no Chromium is installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    project.environment["DJANGO_SETTINGS_MODULE"] = "tests.patient"
    shutil.copytree(SAMPLE, project.courses / SAMPLE.name)
    errors: list[str] = []
    with project.serving() as (process, said), signed_in(program, project, said) as (page, address):
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        yield Site(page, address, lambda *words: project.manage(*words).stdout, project.courses, process.pid)
    assert errors == []


@pytest.fixture
def site(project) -> Iterator[Site]:
    """A site of the test's own, on the sample course."""
    with site_of(project) as site:
        yield site
