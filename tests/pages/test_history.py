"""Libraries, and what was imported into one."""

from __future__ import annotations

from import_from_modulestore import api

from ..builders import KEY, TARGET
from .conftest import dom, page_url, text_of


def test_libraries_are_listed_by_title_and_found(author, user, library):
    api.create_library(user=user, library_key="lib:Acme:alpha", title="alpha")
    links = dom(author.get(page_url("libraries"))).xpath("//main//li//a")
    assert [link.text for link in links] == ["alpha", "Target"]
    assert "No library is called that" in text_of(author.get(page_url("libraries"), q="beta"))


def test_a_library_shows_its_imports_and_no_others(author, user, course, run_import):
    run, _records = run_import()
    api.create_library(user=user, library_key="lib:Acme:alpha", title="alpha")
    assert page_url("import", run.id) in author.get(page_url("library", TARGET)).content.decode()
    assert "Nothing was imported" in text_of(author.get(page_url("library", "lib:Acme:alpha")))


def test_a_library_leads_to_what_it_does_not_show_of_what_is_under_way(author, course, stage, monkeypatch):
    monkeypatch.setattr("import_from_modulestore.pages.history.PAGE_SIZE", 1)
    stage()
    assert "All imports into this library" not in text_of(author.get(page_url("library", TARGET)))
    stage()
    [address] = dom(author.get(page_url("library", TARGET))).xpath("//a[text()='All imports into this library']/@href")
    assert len(dom(author.get(address)).xpath("//main//li//a")) == 2


def test_a_library_is_downloaded_as_a_backup(author, library):
    (address,) = dom(author.get(page_url("library", TARGET))).xpath("//a[.//text()[contains(., 'Backup')]]/@href")
    answer = author.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert b"".join(answer).startswith(b"PK")


def test_a_library_that_one_may_not_see_is_not_there(author_of, stranger, library):
    visitor = author_of(stranger)
    assert visitor.get(page_url("library", TARGET)).status_code == 404
    assert "no library that you may see" in text_of(visitor.get(page_url("libraries")))


def test_a_library_tells_what_happened_newest_first(author, user, course, run_import):
    run, _records = run_import()
    api.undo_import(user=user, import_id=run.id)
    page = author.get(page_url("library", TARGET))
    first, second = dom(page).xpath("//ol[@class='timeline']/li")
    assert "ada undid" in first.text_content()
    assert KEY in first.text_content()
    assert "Tides" in second.text_content()
    assert f'href="{page_url("reversal", run.id, "redo")}"' in page.content.decode()


def test_what_is_under_way_stands_before_it(author, course, stage):
    run_id = stage()
    page = author.get(page_url("library", TARGET))
    assert "Under way" in text_of(page)
    assert page_url("import", run_id) in page.content.decode()
