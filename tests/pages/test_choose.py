"""Beginning an import: the list to choose from, the form that says how, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from import_from_modulestore import api
from import_from_modulestore.data import BlockIds, Branch, Contents, Decision, ImportState
from import_from_modulestore.exports import shelf as shelf_of_exports
from import_from_modulestore_standalone.grants import Role
from import_from_modulestore_standalone.host import CoursesFolder

from ..builders import (
    KEY,
    LIBRARY_KEY,
    TARGET,
    small_course,
    text,
    write_course,
    write_library,
)
from .browsers import COMMAND, SOURCE
from .conftest import Site, dom, page_url, text_of

FORM = {"library": TARGET, "publish": "on", "as_last_time": "on"}


@pytest.fixture
def shelf(courses, library):
    """A course, a legacy library, and what is neither."""
    write_course(courses / "c1", *small_course(), title="Tides")
    write_library(courses / "l1", text("t1"), title="Bank")
    (courses / "broken.zip").write_bytes(b"broken")


def others(courses, count: int) -> None:
    """So many further courses."""
    for number in range(count):
        files = {"course.xml": f'<course url_name="R1" org="Acme" course="X{number:02}"/>'}
        write_course(courses / f"x{number:02}", title=f"Course {number:02}", files=files)


def values(page, name: str) -> list[str]:
    return [element.get("value") for element in dom(page).xpath(f"//input[@name='{name}']")]


def chosen(page, name: str) -> list[str]:
    return [element.get("value") for element in dom(page).xpath(f"//input[@name='{name}'][@checked]")]


def errors(page) -> list[str]:
    return [" ".join(each.text_content().split()) for each in dom(page).xpath("//ul[@class='errorlist']/li")]


class TestList:
    def test_shows_what_can_be_imported_and_what_cannot_and_why(self, author, shelf):
        page = author.get(page_url("choose"))
        assert values(page, "source") == [f"{LIBRARY_KEY} folder l1", f"{KEY} folder c1"]
        said = text_of(page)
        assert "broken.zip is neither a tar nor a zip archive" in said
        assert "blocks" not in said.partition("Bank")[2]

    def test_runs_of_one_title_come_in_the_order_of_their_keys(self, author, courses, library):
        for folder, run in (("a", "R2"), ("b", "R1")):
            write_course(courses / folder, *small_course(), title="Tides", run=run)
        assert [value.split("+")[2] for value in values(author.get(page_url("choose")), "source")] == [
            "R1 folder b",
            "R2 folder a",
        ]

    def test_counts_come_after_the_page(self, author, shelf):
        address = dom(author.get(page_url("choose"))).xpath("//div[@hx-trigger='load']")[0].get("hx-get")
        part = author.get(address, htmx=True)
        places = {place.get("id"): " ".join(place.text_content().split()) for place in dom(part).xpath("//span[@id]")}
        assert sum("12 blocks" in told for told in places.values()) == 1
        assert set(places) == set(dom(author.get(page_url("choose"))).xpath("//span[starts-with(@id, 'counts-')]/@id"))
        assert author.get(address).url == f"{page_url('choose')}?q=&page=1"

    def test_says_what_was_imported_before_when_and_into_what(self, author, shelf, run_import):
        run, _records = run_import()
        page = author.get(page_url("choose"))
        assert f"Imported before, on {run.finished:%Y-%m-%d}" in text_of(page)
        assert dom(page).xpath("//li//a[contains(., 'Imported before')]/@href") == [page_url("import", run.id)]

    def test_is_searched_and_what_was_chosen_stays_chosen(self, author, shelf):
        part = author.get(page_url("choose"), htmx=True, q="bank", source=f"{KEY} folder c1")
        assert dom(part).get("id") == "sources"
        assert values(part, "source") == [f"{KEY} folder c1", f"{LIBRARY_KEY} folder l1"]
        assert chosen(part, "source") == [f"{KEY} folder c1"]
        assert "Nothing has that" in text_of(author.get(page_url("choose"), q="no such thing"))

    def test_comes_in_pages(self, author, shelf, courses):
        others(courses, 30)
        first, second = author.get(page_url("choose")), author.get(page_url("choose"), page="2")
        assert (len(values(first, "source")), len(values(second, "source"))) == (25, 7)
        assert "Page 1 of 2" in text_of(first)
        assert author.get(page_url("choose"), page="0").status_code == 404

    def test_is_asked_for_again_while_archives_are_being_read(self, author, user, shelf, monkeypatch):
        assert not dom(author.get(page_url("choose"))).xpath("//div[@id='sources']/@hx-trigger")
        [broken] = [replace(source, is_being_read=True) for source in CoursesFolder().list(user) if source.problem]
        monkeypatch.setattr(CoursesFolder, "list", lambda *_args: [broken])
        assert dom(author.get(page_url("choose"))).xpath("//div[@id='sources']/@hx-trigger") == ["every 2s"]

    def test_who_may_read_nothing_is_told_what_to_do(self, author_of, stranger, shelf):
        page = author_of(stranger).get(page_url("choose"))
        assert "There is nothing to import yet" in text_of(page)
        assert not values(page, "source")

    @pytest.mark.parametrize("more", [0, 20])
    def test_costs_the_same_whatever_there_is(
        self, author, shelf, courses, run_import, more, django_assert_num_queries
    ):
        others(courses, more)
        run_import()
        with django_assert_num_queries(4):
            page = author.get(page_url("choose"))
        assert len(page.content) < 60_000


class TestForm:
    def test_names_the_source_as_runs_of_a_course_bear_one_title(self, author, shelf):
        said = text_of(author.get(page_url("options"), source=f"{KEY} folder c1"))
        assert f"Import Tides {KEY} · c1" in said

    def test_suggests_a_new_library_of_the_source_s_name(self, author, shelf):
        page = author.get(page_url("options"), source=KEY)
        assert chosen(page, "library") == ["new"]
        assert (values(page, "new_title"), values(page, "new_key")) == (["Tides"], ["lib:Acme:tides"])

    def test_suggests_no_key_that_is_taken(self, author, user, shelf):
        api.create_library(user=user, library_key="lib:Acme:tides", title="Other")
        assert values(author.get(page_url("options"), source=KEY), "new_key") == ["lib:Acme:tides-2"]

    def test_suggests_the_library_of_the_last_time(self, author, shelf, run_import):
        run_import()
        assert chosen(author.get(page_url("options"), source=KEY), "library") == [TARGET]

    def test_offers_only_libraries_that_one_may_change(self, author_of, author, person, user, shelf):
        api.create_library(user=user, library_key="lib:Acme:Other", title="Other")
        assert values(author.get(page_url("options"), source=KEY), "library") == ["new", "lib:Acme:Other", TARGET]
        page = author_of(person("erin", Role.EDITOR, Role.READER)).get(page_url("options"), source=KEY)
        assert (values(page, "library"), chosen(page, "library")) == ([TARGET], [TARGET])
        assert "A new library" not in text_of(page)

    def test_who_may_change_none_and_make_none_is_told_so(self, author_of, reviewer, shelf):
        page = author_of(reviewer).get(page_url("options"), source=KEY)
        assert "There is no library that you may change" in text_of(page)
        assert not dom(page).xpath("//button[.='Start']")

    def test_finds_other_libraries_and_keeps_the_chosen_one(self, author, user, shelf):
        for number in range(9):
            api.create_library(user=user, library_key=f"lib:Acme:L{number}", title=f"Library {number}")
        page = author.get(page_url("options"), source=KEY)
        assert len(values(page, "library")) == 7
        part = author.get(page_url("choose_library"), htmx=True, library_search="library 8", library="lib:Acme:L1")
        assert values(part, "library") == ["lib:Acme:L1", "lib:Acme:L8"]
        assert chosen(part, "library") == ["lib:Acme:L1"]
        whole = author.get(page_url("options"), source=KEY, library_search="library 8")
        assert values(whole, "library") == ["new", "lib:Acme:L8"]

    def test_looks_into_no_other_export(self, author, shelf, monkeypatch):
        author.get(page_url("choose"))  # Archives that were not met before are looked through.
        seen, find_roots = [], shelf_of_exports.find_roots
        monkeypatch.setattr(
            shelf_of_exports, "find_roots", lambda folder: seen.append(folder.name) or find_roots(folder)
        )
        assert author.get(page_url("options"), source=f"{KEY} folder c1").status_code == 200
        assert seen == ["c1"]

    def test_of_nothing_leads_back(self, author, shelf):
        assert author.get(page_url("options"), source="").url == page_url("choose")
        page = author.get(page_url("options"), source="course-v1:Acme+No+R1")
        assert page.status_code == 404
        assert "course-v1:Acme+No+R1 is not there any more, or you may not read it." in text_of(page)

    def test_more_than_there_may_be_at_once_is_refused(self, author, shelf):
        assert author.get(page_url("options"), source=[f"course-v1:A+B+{n}" for n in range(51)]).status_code == 400

    def test_costs_the_same_whatever_there_is(
        self, author, user, shelf, courses, run_import, django_assert_num_queries
    ):
        run_import()
        for number in range(12):
            api.create_library(user=user, library_key=f"lib:Acme:L{number}", title=f"Library {number}")
        others(courses, 20)
        with django_assert_num_queries(8):
            page = author.get(page_url("options"), source=KEY)
        assert len(page.content) < 30_000


class TestStart:
    def test_two_clicks_suffice(self, author, user, shelf):
        page = author.get(page_url("options"), source=KEY)
        form = {
            field.name: field.value
            for field in dom(page).xpath("//main//form")[-1].inputs
            if field.name and field.value
        }
        done = author.post(page_url("options"), form)
        run = api.list_imports(user=user).items[0]
        assert done.request["PATH_INFO"] == page_url("import", run.id)
        assert (run.state, run.library_key, run.library_title) == (ImportState.STAGED, "lib:Acme:tides", "Tides")
        assert (run.options.on_conflict, run.options.collection.title) == (Decision.SKIP, "Tides")
        assert run.options.publish
        assert run.options.as_last_time

    def test_everything_can_be_said(self, author, user, shelf):
        said = {
            "source": f"{KEY} folder c1",
            "library": TARGET,
            "level": "unit",
            "on_conflict": "merge",
            "collection": "named",
            "collection_title": "Sea",
            "contents": "unit",
            "unmerged": "fork",
            "branch": "published",
            "block_ids": "from_titles",
        }
        author.post(page_url("options"), said)
        options = api.list_imports(user=user).items[0].options
        assert (options.level, options.on_conflict, options.unmerged) == ("unit", Decision.MERGE, Decision.FORK)
        assert (options.contents, options.branch, options.block_ids) == (
            Contents.UNIT,
            Branch.PUBLISHED,
            BlockIds.FROM_TITLES,
        )
        assert (options.publish, options.as_last_time, options.collection.title) == (False, False, "Sea")

    def test_no_collection_is_none(self, author, user, shelf):
        author.post(page_url("options"), {**FORM, "source": KEY, "collection": "none"})
        assert api.list_imports(user=user).items[0].options.collection is None

    def test_several_become_an_import_each_on_one_page(self, author, user, shelf):
        form = {**FORM, "library": "new", "new_key": "lib:Acme:All", "new_title": "All"}
        page = author.post(page_url("options"), {**form, "source": [f"{KEY} folder c1", f"{LIBRARY_KEY} folder l1"]})
        runs = api.list_imports(user=user).items
        assert [run.source_title for run in runs] == ["Bank", "Tides"]
        assert [run.options.collection.title for run in runs] == ["Bank", "Tides"]
        assert {run.library_key for run in runs} == {"lib:Acme:All"}
        assert page.request["PATH_INFO"] == page_url("batch", runs[0].batch_id)
        assert "2 Staged" in text_of(page)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"library": ""}, "Choose a library."),
            ({"library": "new"}, "Give the new library a key: lib:Org:slug."),
            (
                {"library": "new", "new_key": "nonsense"},
                "'nonsense' is not the key of a content library (lib:Org:slug).",
            ),
            ({"library": "lib:Acme:None"}, "There is no library lib:Acme:None, or none that you may see."),
            ({"collection": "named"}, "Give the collection a title."),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field_and_what_was_said_is_kept(self, author, user, shelf, changed, message):
        form = {**FORM, "source": KEY, "level": "unit", "new_title": "Kept", **changed}
        page = author.post(page_url("options"), form)
        assert [error for error in errors(page) if error.startswith(message)]
        assert (chosen(page, "level"), values(page, "new_title")) == (["unit"], ["Kept"])
        assert api.list_imports(user=user).total == 0

    def test_a_choice_that_there_is_not_is_refused_where_it_is(self, author, shelf):
        page = author.post(page_url("options"), {**FORM, "source": KEY, "branch": "odd"})
        assert "Select a valid choice" in text_of(page)
        assert dom(page).xpath("//details[@open]//select[@name='branch'][@aria-invalid]")

    def test_of_several_all_are_begun_or_none(self, author, user, shelf):
        page = author.post(page_url("options"), {**FORM, "source": [f"{KEY} folder c1", "course-v1:Acme+Gone+R1"]})
        assert "course-v1:Acme+Gone+R1 is not there any more, or you may not read it." in text_of(page)
        assert api.list_imports(user=user).total == 0

    def test_who_may_not_is_refused_at_the_library(self, author_of, person, user, shelf):
        maker = person("carla", Role.READER, Role.VIEWER)
        page = author_of(maker).post(page_url("options"), {**FORM, "source": KEY})
        assert f"You may not change {TARGET}." in text_of(page)
        assert api.list_imports(user=user).total == 0


def test_every_page_leads_to_it(author, shelf):
    for name in ("home", "imports"):
        assert page_url("choose") in dom(author.get(page_url(name))).xpath("//nav//a/@href")
    assert len(dom(author.get(page_url("home"))).xpath(f"//main//a[@href='{page_url('choose')}']")) == 2


@pytest.mark.slow
class TestInABrowser:
    def test_two_clicks_of_the_mouse(self, site: Site):
        site.go("/import/")
        site.page.get_by_text("53 blocks").wait_for()
        looks_well(site)
        site.follow(site.page.get_by_role("link", name="Import… Tides and the Sea"))
        looks_well(site)
        site.page.get_by_role("button", name="Start").click()
        site.page.get_by_role("heading", name="It is laid out for you").wait_for()
        site.page.get_by_text("81% can go into the library").wait_for()
        looks_well(site)

    def test_several_by_keyboard_alone(self, site: Site):
        write_course(site.courses / "c1", *small_course(), title="Other")
        keyboard = site.page.keyboard
        site.go("/import/")
        site.tab_to("#q")
        with site.page.expect_response(lambda answer: "q=tides" in answer.url):
            keyboard.type("tides")
        site.rest()
        site.page.get_by_label("Other", exact=True).wait_for(state="detached")
        site.tab_to("input[name=source]")
        keyboard.press("Space")
        site.tab_to("#q", back=True)
        keyboard.press("Control+A")
        with site.page.expect_response(lambda answer: "q=other" in answer.url):
            keyboard.type("other")
        site.rest()
        site.page.get_by_label("Other", exact=True).wait_for()
        site.tab_to("#sources .rows input[name=source]")
        keyboard.press("Space")
        site.tab_to(".chosen-bar button")
        keyboard.press("Enter")
        site.page.get_by_role("button", name="Start").wait_for()
        site.rest()
        site.tab_to("input[name=on_conflict]")
        keyboard.press("ArrowDown")
        looks_well(site)
        site.tab_to(".bar button")
        keyboard.press("Enter")
        site.page.get_by_text("2 Staged").wait_for()
        looks_well(site)
        expect(site.page.locator("#batch .rows > li")).to_have_count(2)

    def test_what_is_said_of_a_library_comes_and_goes_with_it(self, site: Site):
        site.manage(COMMAND, "run", SOURCE, "lib:Acme:Sea", "--create")
        site.go("/import/options/?source=course-v1:Acme%2BTides%2B2026")
        title = site.page.get_by_label("Title of the new library")
        expect(title).to_be_hidden()
        site.page.get_by_label("A new library").check()
        expect(title).to_be_visible()


def looks_well(site: Site) -> None:
    """No violation in either theme, and nothing beside the page, on a phone either."""
    assert site.violations() == []
    site.page.set_viewport_size({"width": 400, "height": 800})
    assert site.page.evaluate("document.documentElement.scrollWidth") <= 400
    site.page.set_viewport_size({"width": 1280, "height": 900})
