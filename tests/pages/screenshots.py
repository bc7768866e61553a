"""
Pictures of every page, at 1280 and 400 pixels, light and dark: ``python -m tests.pages.screenshots FOLDER``.

A site of its own is served, on the sample course; those that the documentation shows are kept in ``docs/images``.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from ..processes import Project
from .browsers import COMMAND, LIBRARY, SAMPLE, SOURCE, chromium, signed_in

BLOCK = "block-v1:Acme+Tides+2026+type@html+block@twelfths_rule"

IN_DOCUMENTATION = {"summary", "review", "block", "result", "undo"}
"""Pages whose picture at 1280 pixels, in light, is kept."""

SIZES = ((1280, "light"), (1280, "dark"), (400, "light"))


def take(page: Page, folder: Path, name: str) -> None:
    """Pictures of a page as it is, in all sizes."""
    for width, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(400)  # Frames and images that come with the page.
        page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=width == 400)
        if width == 1280 and scheme == "light" and name in IN_DOCUMENTATION:
            kept = Path(__file__).parents[2] / "docs" / "images" / f"{name}.png"
            kept.parent.mkdir(exist_ok=True)
            shutil.copy(folder / f"{name}-{width}-{scheme}.png", kept)
    page.set_viewport_size({"width": 1280, "height": 860})


def walk(page: Page, address: str, folder: Path, project: Project) -> None:
    """The way through, with a picture of each page."""

    def go(path: str, name: str) -> None:
        page.goto(address + path)
        take(page, folder, name)

    go("/", "home-empty")
    go("/import/", "choose")
    go(f"/import/options/?source={SOURCE.replace('+', '%2B')}", "options")
    project.manage(COMMAND, "run", SOURCE, LIBRARY, "--create", "--branch", "published")
    project.manage(COMMAND, "stage", SOURCE, LIBRARY)
    project.manage(COMMAND, "edit", "last", "welcome", "--title", "Welcome aboard")
    project.manage(COMMAND, "decide", "last", "overwrite", "twelfths_rule")
    go("/", "home")
    go("/imports/?state=staged", "imports")
    with page.expect_navigation():
        page.locator("main ul.rows a").first.click()
    staged = page.url.removeprefix(address)
    take(page, folder, "summary")
    page.goto(f"{address}{staged}review/?at={BLOCK.replace('+', '%2B')}")
    page.locator("[role=treeitem] a.name", has_text="The rule of twelfths").click()
    page.locator("#block iframe").first.wait_for()
    take(page, folder, "review")
    for tab in ("seen", "differences", "edit"):
        go(f"{staged}blocks/{BLOCK}/?tab={tab}", "block" if tab == "seen" else f"block-{tab}")
    project.manage(COMMAND, "complete", "last")
    go(staged, "result")
    go(f"{staged}work/", "work")
    go(f"{staged}undo/", "undo")
    go("/libraries/", "libraries")
    go(f"/libraries/{LIBRARY}/", "library")
    go(f"/items/lb:{LIBRARY.removeprefix('lib:')}:html:twelfths_rule/", "item")
    go("/imports/00000000/", "not-there")


def main(folder: Path) -> None:
    """Serve, walk through, and say where the pictures are."""
    program = chromium()
    if program is None:
        raise SystemExit("No Chromium is installed.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as place:
        project = Project(Path(place))
        shutil.copytree(SAMPLE, project.courses / SAMPLE.name)
        with project.serving() as (process, said):
            try:
                with signed_in(program, project, said) as (page, address):
                    walk(page, address, folder, project)
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures are in {folder}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
