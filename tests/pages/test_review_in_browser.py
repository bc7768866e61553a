"""The review in a real browser, on the sample course: by mouse, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Request, Route, expect

from .browsers import COMMAND, LIBRARY, SOURCE
from .conftest import Site, at_rest

pytestmark = pytest.mark.slow


@pytest.fixture
def review(site: Site) -> str:
    """The address of the review of the sample course, whose drafts have changed since its published part came in."""
    site.manage(COMMAND, "run", SOURCE, LIBRARY, "--create", "--branch", "published")
    site.manage(COMMAND, "stage", SOURCE, LIBRARY)
    site.go("/imports/?state=staged")
    site.follow(site.page.locator("main ul.rows a").first)
    address = site.page.url.removeprefix(site.address)
    return f"{address}review/"


def expect_focus(page: Page, name: str) -> None:
    expect(page.locator(":focus .name").first).to_have_text(name)


def row(page: Page, name: str):
    return page.locator("[role=treeitem]", has=page.locator(".name", has_text=name)).first


def test_a_course_is_reviewed_by_mouse(site: Site, review):
    page = site.page
    site.go(review)
    moon = row(page, "The pull of the Moon")
    moon.locator(".fold").click()
    expect(row(page, "Start here")).to_be_visible()
    row(page, "Start here").locator(".check").click()
    expect(row(page, "Start here")).to_have_attribute("aria-checked", "false")
    expect(moon).to_have_attribute("aria-checked", "mixed")
    expect(moon).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#bar")).to_contain_text("3 left out")
    page.get_by_role("button", name="Take back").click()
    expect(moon).to_have_attribute("aria-checked", "true")
    expect(page.locator("#told")).to_contain_text("as it was before")

    moon.locator(".name").click()
    expect(page.locator("#block iframe")).to_have_count(3)
    moon.locator(".check").click()
    expect(page.locator("#block-head")).to_contain_text("Left out")
    page.locator("#block").get_by_role("button", name="Select").click()
    expect(moon).to_have_attribute("aria-checked", "true")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#block-head").get_by_role("button", name="Select")).to_be_visible()
    expect(page.locator("#block iframe")).to_have_count(3)
    page.get_by_role("button", name="Take back").click()
    expect(moon).to_have_attribute("aria-checked", "true")

    page.get_by_text("Choices", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("All as last time")).to_be_hidden()

    page.get_by_role("link", name="Next conflict").click()
    expect(page.locator("#conflict-place")).to_have_text("Conflict 1 of 2")
    page.get_by_role("link", name="Next conflict").click()
    expect(page.locator("#conflict-place")).to_have_text("Conflict 2 of 2")
    twelfths = row(page, "The rule of twelfths")
    expect(page.locator("#block")).to_contain_text("The rule of twelfths")
    twelfths.locator("[data-menu]").click()
    page.locator("#menu").get_by_role("button", name="Overwrite").click()
    expect(twelfths).to_contain_text("Update")
    expect(page.locator("#bar")).to_contain_text("1 Update")
    assert site.violations() == []

    page.locator("#only").select_option("conflicts")
    expect(page.get_by_text("2 blocks match")).to_be_visible()
    page.get_by_role("button", name="Leave out all that match").click()
    expect(page.locator("#told")).to_contain_text("2 blocks are left out now")
    assert site.violations() == []
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#told")).to_contain_text("as it was before")
    page.get_by_role("link", name="Back to the tree").click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Imported").first).to_be_visible()


def test_a_course_is_reviewed_by_keyboard_alone(site: Site, review):
    page = site.page
    site.go(review)
    press = page.keyboard.press
    site.tab_to("[role=treeitem]", within=20)
    expect_focus(page, "Why the sea rises and falls")
    press("ArrowDown")
    expect_focus(page, "The pull of the Moon")
    press("ArrowRight")
    expect(row(page, "Start here")).to_be_visible()
    press("ArrowRight")
    expect_focus(page, "Start here")
    press("Space")
    expect(row(page, "The pull of the Moon")).to_have_attribute("aria-checked", "mixed")
    site.rest()
    expect_focus(page, "Start here")
    press("Space")
    expect(row(page, "The pull of the Moon")).to_have_attribute("aria-checked", "true")
    site.rest()
    press("ArrowLeft")
    expect_focus(page, "The pull of the Moon")
    press("ArrowLeft")
    expect(row(page, "Start here")).to_be_hidden()
    press("l")
    expect_focus(page, "Living with the tide")
    press("End")
    expect_focus(page, "Looking back")
    press("Home")
    expect_focus(page, "Why the sea rises and falls")
    press("ArrowDown")
    press("*")
    expect(row(page, "Why tides happen")).to_be_visible()
    site.rest()
    press("n")
    expect(page.locator("#conflict-place")).to_have_text("Conflict 1 of 2")
    expect(page.locator("[role=treeitem]:focus")).to_contain_text("Reading tide tables")
    press("n")
    expect(page.locator("[role=treeitem]:focus")).to_contain_text("The rule of twelfths")
    press("p")
    expect(page.locator("[role=treeitem]:focus")).to_contain_text("Reading tide tables")
    press("n")
    expect(page.locator("[role=treeitem]:focus")).to_contain_text("The rule of twelfths")
    press("Shift+F10")
    expect(page.locator("#menu button:focus")).to_contain_text("Skip")
    press("ArrowDown")
    press("Enter")
    expect(page.locator("[role=treeitem]:focus")).to_contain_text("Update")
    press("Enter")
    expect(page.locator("#block")).to_contain_text("The rule of twelfths")
    expect(page.locator("#tree [tabindex='0']")).to_have_count(1)


def test_nothing_overflows_on_a_telephone(site: Site, review):
    page = site.page
    page.set_viewport_size({"width": 400, "height": 800})
    for address in (review, f"{review}?only=conflicts"):
        site.go(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert site.violations() == []
    site.go(review)
    row(page, "The pull of the Moon").locator("a.name").click()
    expect(page.get_by_role("heading", name="The pull of the Moon")).to_be_visible()


@contextmanager
def held(page: Page, part: str, method: str = "GET") -> Iterator[None]:
    """The first request for an address with this in it, which there has to be, is not sent before this is left."""
    kept: list[Route] = []
    is_over = False

    def is_like_it(request: Request) -> bool:
        return part in request.url and request.method == method

    def hold(route: Route) -> None:
        if kept or is_over or not is_like_it(route.request):
            route.continue_()
        else:
            kept.append(route)

    page.route("**", hold)
    with page.expect_request(is_like_it):
        yield
    is_over = True
    for route in kept:
        route.continue_()


class TestWhileAnAnswerIsAwaited:
    """Whatever is asked for meanwhile is done, too."""

    def test_about_a_block_one_unfolds(self, site: Site, review):
        page = site.page
        site.go(review)
        with held(page, "/blocks/"):
            row(page, "Living with the tide").locator(".name").click()
            row(page, "The pull of the Moon").locator(".fold").click()
            expect(row(page, "Start here")).to_be_visible()
        expect(page.locator("#block-heading")).to_have_text("Living with the tide")

    def test_about_a_change_one_makes_others(self, site: Site, review):
        page, names = site.page, ("The pull of the Moon", "Living with the tide", "Looking back")
        site.go(review)
        with held(page, "/review/", "POST"):
            for name in names:
                row(page, name).locator(".check").click()
        site.rest()
        site.go(review)
        for name in names:
            expect(row(page, name)).to_have_attribute("aria-checked", "false")

    def test_about_a_conflict_one_goes_on_to_the_one_after_it(self, site: Site, review):
        page = site.page
        site.go(review)
        with held(page, "/under/"):
            page.keyboard.press("n")
            expect(page.locator("#conflict-place")).to_have_text("Conflict 1 of 2")
            page.keyboard.press("n")
        expect(page.locator("#conflict-place")).to_have_text("Conflict 2 of 2")
        expect(page.locator("[role=treeitem]:focus")).to_contain_text("The rule of twelfths")

    def test_about_what_a_block_holds_the_block_comes_anew(self, site: Site, review):
        page = site.page
        site.go(review)
        moon = row(page, "The pull of the Moon")
        with held(page, "/under/"):
            moon.locator(".fold").click()
            with page.expect_response("**/rows/"):
                moon.locator(".check").click()
            expect(moon.locator("button[name=select]")).to_be_visible()
        expect(row(page, "Start here")).to_be_visible()
        expect(moon).to_have_attribute("aria-expanded", "true")
        site.rest()


def test_two_people_review_one_import(site: Site, review):
    page = site.page
    site.go(review)
    other = page.context.new_page()
    other.goto(site.address + review)
    at_rest(other)
    row(page, "Living with the tide").locator(".check").click()
    expect(page.locator("#bar")).to_contain_text("left out")
    row(other, "The pull of the Moon").locator(".check").click()
    expect(row(other, "Living with the tide")).to_have_attribute("aria-checked", "false")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Imported").first).to_be_visible()
    row(other, "Sun and Moon together").locator(".check").click()
    expect(other.locator("#messages")).to_contain_text("not possible now: the import is completed")
