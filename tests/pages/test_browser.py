"""The whole way through in a real browser: from the first page to the redo, on the sample course and on a real one."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from ..conftest import REAL_EXPORTS
from ..databases import held
from ..processes import Project
from .browsers import COMMAND, LIBRARY, SOURCE
from .conftest import Site, at_rest

pytestmark = pytest.mark.slow

DEMO = REAL_EXPORTS / "openedx-demo-course.tar.gz"


def click(page: Page, role, name: str) -> None:
    at_rest(page)
    page.get_by_role(role, name=name, exact=True).first.click()


def begin(site: Site, title: str) -> None:
    """From the first page: choose the course, and take what is suggested."""
    page = site.page
    site.follow(page.get_by_role("link", name="Import a course").first)
    site.follow(page.locator("main li", has_text=title).get_by_role("link", name="Import…").first)
    click(page, "button", "Start")
    expect(page.get_by_text("can go into the library")).to_be_visible()


@pytest.mark.parametrize("title", ["Tides and the Sea", "Open edX Demo Course"])
def test_a_course_goes_the_whole_way_and_back(site: Site, title):
    if title.startswith("Open"):
        if not DEMO.is_file():
            pytest.skip("the real exports are not here; set REAL_EXPORTS_DIR")
        shutil.copy(DEMO, site.courses / DEMO.name)
    page = site.page
    site.go("/")
    assert site.violations() == []
    begin(site, title)
    assert site.violations() == []
    site.follow(page.get_by_role("link", name="Review").first)
    page.locator("[role=treeitem] a.name").first.click()
    expect(page.locator("#block iframe").first).to_be_visible()
    click(page, "button", "Import")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    assert site.violations() == []
    site.follow(page.get_by_role("link", name="Undo…").first)
    assert site.violations() == []
    click(page, "button", "Undo")
    expect(page.get_by_role("heading", name="It was undone")).to_be_visible()
    site.follow(page.get_by_role("link", name="Redo…").first)
    click(page, "button", "Redo")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    site.follow(page.get_by_role("link", name="Libraries", exact=True).first)
    site.follow(page.locator("main li a").first)
    expect(page.locator(".timeline li")).to_have_count(3)
    assert site.violations() == []
    site.follow(page.locator(".timeline a").first)
    site.follow(page.locator(".block-row a.name").first)
    expect(page.locator(".timeline li").first).to_be_visible()
    assert site.violations() == []


def press(site: Site, name: str) -> None:
    """Go on with Tab until something of this name has the focus, and press Enter."""
    site.rest()
    site.tab_to(name=name)
    site.page.keyboard.press("Enter")


def test_names_and_times_stand_in_their_place_among_words_from_right_to_left(site: Site):
    site.manage(COMMAND, "stage", SOURCE, LIBRARY, "--create", "--title", "Why not?")
    page = site.page
    page.set_extra_http_headers({"Accept-Language": "ar"})
    site.go("/imports/")
    row = page.locator(".import-row").first
    where = [row.locator(part).first.bounding_box()["x"] for part in ("strong", ".turns", ".name bdi >> nth=1")]
    assert where == sorted(where, reverse=True)
    where = [row.locator(part).bounding_box()["x"] for part in ("time", ".small > .name")]
    assert where == sorted(where, reverse=True)
    counted = row.locator(".small").last.evaluate(
        "line => { const range = document.createRange(); range.selectNodeContents(line.lastChild);"
        " return range.getBoundingClientRect().x; }"
    )
    assert counted < where[1]


def test_the_way_is_gone_by_keyboard_alone(site: Site):
    page = site.page
    site.go("/")
    press(site, "Import a course")
    expect(page.get_by_role("heading", name="Import a course")).to_be_visible()
    press(site, "Import…")
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    press(site, "Start")
    expect(page.get_by_text("can go into the library")).to_be_visible()
    press(site, "Import")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    press(site, "Undo…")
    expect(page.get_by_role("heading", name="Undo this import?")).to_be_visible()
    press(site, "Undo")
    expect(page.get_by_role("heading", name="It was undone")).to_be_visible()
    press(site, "Redo…")
    expect(page.get_by_role("heading", name="Redo this import?")).to_be_visible()
    press(site, "Redo")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()


def test_a_block_is_merged_where_both_sides_have_changed_it(site: Site):
    page = site.page
    site.manage(COMMAND, "run", SOURCE, LIBRARY, "--create")
    site.manage(
        "shell",
        "--command",
        "from openedx_content.models_api import LearningPackage\n"
        "from tests.authoring import Author\n"
        f"package = LearningPackage.objects.get(package_ref='{LIBRARY}')\n"
        "Author(package.id).edit('xblock.v1:html:spring_neap', title='Springs in the library')",
    )
    folder = site.courses / "sample-course" / "html"
    change(folder / "spring_neap.xml", "Springs and neaps", "Springs in the source")
    change(folder / "spring_neap.html", "smaller partner", "lesser partner")
    site.go("/")
    begin(site, "Tides and the Sea")
    site.follow(page.get_by_role("link", name="conflict").first)
    page.locator("[role=treeitem] a.name", has_text="Springs in the source").click()
    click(page, "button", "Merge")
    expect(page.locator("#bar")).to_contain_text("Merge needs you")
    site.rest()
    page.locator("#block").get_by_role("link", name="Merge").click()
    page.locator("#block").get_by_text("The library’s", exact=True).click()
    assert site.violations() == []
    click(page, "button", "Choose")
    expect(page.locator("#bar")).to_contain_text("1 Update")
    click(page, "button", "Import")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Springs in the library")


def test_a_block_is_edited_where_what_is_not_well_formed_is_marked(site: Site):
    page = site.page
    site.manage(COMMAND, "run", SOURCE, LIBRARY, "--create")
    change(site.courses / "sample-course" / "html" / "spring_neap.html", "smaller partner", "lesser partner")
    site.go("/")
    begin(site, "Tides and the Sea")
    site.follow(page.get_by_role("link", name="conflict").first)
    page.locator("[role=treeitem] a.name", has_text="Springs and neaps").click()
    expect(page.frame_locator("#block iframe >> nth=0").locator("ins", has_text="lesser")).to_be_visible()
    click(page, "button", "Overwrite")
    expect(page.locator("#bar")).to_contain_text("1 Update")
    site.rest()
    page.locator("#block").get_by_role("link", name="Edit").click()
    olx = page.get_by_label("OLX")
    whole = olx.input_value()
    site.rest()
    olx.fill(whole.replace("</html>", ""))
    expect(page.locator("#block-olx-check")).to_contain_text("Line")
    olx.fill(whole.replace("lesser partner", "weaker partner"))
    expect(page.locator("#block-olx-check")).to_contain_text("It can be kept")
    click(page, "button", "Keep the edit")
    expect(page.locator("#block")).to_contain_text("Edited")
    assert site.violations() == []


def test_a_step_that_no_worker_takes_up_says_so_and_is_canceled(site: Site, project: Project):
    page = site.page
    site.go("/")
    begin(site, "Tides and the Sea")
    with held(project.database):  # Nobody stops amid a change, which would keep all others waiting.
        for process in psutil.Process(site.pid).children(recursive=True):
            os.kill(process.pid, signal.SIGSTOP)
    click(page, "button", "Import")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    button = page.get_by_role("button", name="Cancel", exact=True)
    # The part of the page in which it is comes anew every second.
    button.focus()
    come_anew(page)
    expect(button).to_be_focused()
    button.hover()
    page.mouse.down()
    come_anew(page)
    page.mouse.up()
    expect(page.get_by_text("Nothing was written").first).to_be_visible()
    for process in psutil.Process(site.pid).children(recursive=True):
        os.kill(process.pid, signal.SIGCONT)


def come_anew(page: Page) -> None:
    """Wait until progress has come, and stands in its place where it does."""
    with page.expect_response("**/progress/"):
        pass
    at_rest(page)


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
