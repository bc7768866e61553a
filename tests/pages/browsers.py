"""A browser in which the author of a site that is served is signed in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from ..processes import PATIENCE, Project

COMMAND, SOURCE, LIBRARY = "import_from_modulestore", "course-v1:Acme+Tides+2026", "lib:Acme:Tides"
SAMPLE = Path(__file__).parents[2] / "courses" / "sample-course"

expect.set_options(timeout=1000 * PATIENCE)


def chromium() -> str | None:
    """The browser that is installed here."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def signed_in(program: str, project: Project, greeting: str) -> Iterator[tuple[Page, str]]:
    """A page of a browser, and the site's address, which ``serve`` has told in its ``greeting``."""
    address = "http://" + greeting.partition("http://")[2].partition("/")[0]
    password = Path(project.environment["VAR_DIR"], "password").read_text().strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=1000 * PATIENCE)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        page.goto(f"{address}/")
        page.get_by_label("Username").fill("author")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
        yield page, address
        browser.close()
