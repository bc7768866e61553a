"""docs/tutorials/author.md, gone through in a browser: what it says is seen, and what it names is there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ..guides import DOCS
from .conftest import Site

pytestmark = pytest.mark.slow

TUTORIAL = (DOCS / "tutorials" / "author.md").read_text()


def test_the_tutorial_can_be_followed(site: Site):
    page, seen = site.page, []

    def look() -> None:
        site.rest()
        seen.append(page.locator("body").inner_text() + page.title())

    def follow(name: str) -> None:
        look()
        site.follow(page.get_by_role("link", name=name, exact=True).first)

    def click(name: str, *, within=page) -> None:
        look()
        within.get_by_role("button", name=name, exact=True).first.click()

    def choose() -> None:
        site.follow(page.locator("main li", has_text="Tides and the Sea").get_by_role("link", name="Import…"))

    def row(name: str):
        return page.locator("[role=treeitem]", has=page.locator(".name", has_text=re.compile(f"^{name}$"))).first

    def unfold(*names: str) -> None:
        for name in names:
            if row(name).get_attribute("aria-expanded") == "false":
                row(name).locator(".fold").click()

    # 1 to 4: a course is chosen, and read.
    site.go("/")
    follow("Import a course")
    look()
    choose()
    page.get_by_text("More options").click()
    page.get_by_label("Content to read").select_option(label="What learners see: published content only")
    click("Start")
    expect(page.get_by_text("can go into the library")).to_be_visible()
    follow("Review")

    # 5: a title is changed, a unit is left out.
    unfold("Why the sea rises and falls", "The pull of the Moon", "Start here")
    row("Welcome to the shore").locator(".name").click()
    page.locator("#block iframe").first.wait_for()
    look()
    page.locator("#block").get_by_role("link", name="Edit").click()
    page.get_by_label("Title", exact=True).fill("Welcome aboard")
    click("Keep the edit")
    expect(row("Welcome aboard")).to_be_visible()
    unfold("Living with the tide", "Looking back")
    row("Review").locator(".check").click()
    expect(row("Review")).to_have_attribute("aria-checked", "false")
    expect(page.locator("#bar")).to_contain_text("8 left out")

    # 6: it is written.
    click("Import", within=page.locator(".review-bar"))
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    look()

    # 7: once more, with what its authors have written since.
    follow("New import")
    choose()
    click("Start")
    expect(page.get_by_text("can go into the library")).to_be_visible()
    expect(page.locator("main")).to_contain_text("conflicts")
    follow("Review")
    expect(page.locator("#bar")).to_be_visible()
    for number in (1, 2):
        page.keyboard.press("n")
        expect(page.locator("#conflict-place")).to_have_text(f"Conflict {number} of 2")
    expect(page.locator("#block-head")).to_contain_text("The rule of twelfths")
    page.locator("#block iframe").first.wait_for()
    look()
    page.locator("#block").get_by_role("button", name="Overwrite").click()
    expect(page.locator("#bar")).to_contain_text("1 Update")
    expect(row("The rule of twelfths")).to_contain_text("Update")
    click("Import", within=page.locator(".review-bar"))
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()

    # 8: and back.
    follow("Undo…")
    click("Undo")
    expect(page.get_by_role("heading", name="It was undone")).to_be_visible()
    look()
    follow("Libraries")
    site.follow(page.locator("main li a").first)
    expect(page.locator(".timeline li")).to_have_count(3)

    told = " ".join(" ".join(seen).split())
    named = {" ".join(name.split()) for name in re.findall(r"\*\*(.+?)\*\*", TUTORIAL, re.DOTALL)}
    assert len(named) > 15
    assert {name for name in named if name not in told} == set()
