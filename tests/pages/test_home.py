"""The first page, all imports, and the frame that every page has."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from import_from_modulestore import api

from ..builders import KEY, TARGET
from .conftest import dom, page_url, text_of


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(db):
    response = Client().get(page_url("imports"), {"q": "x"})
    assert response.status_code == 302
    assert response.url == "/sign-in/?next=/imports/%3Fq%3Dx"
    part = Client().get(
        page_url("home"), headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/imports/"}
    )
    assert part["HX-Redirect"] == "/sign-in/?next=/imports/"


def test_an_account_that_is_closed_is_not_let_in(author_of, person):
    assert author_of(person("bob", is_active=False)).get(page_url("home")).status_code == 302


def test_the_first_page_teaches_while_it_is_empty(author):
    said = text_of(author.get(page_url("home")))
    assert "Nothing has been imported yet" in said
    assert "all of it can be undone" in said


def test_the_first_page_shows_imports_and_libraries(author, course, run_import):
    run, _records = run_import()
    page = author.get(page_url("home"))
    assert f'href="{page_url("import", run.id)}"' in page.content.decode()
    assert "Tides → Target" in text_of(page)
    assert "Imported" in text_of(page)


def test_what_bears_the_same_titles_is_told_apart(author, course, run_import):
    run, _records = run_import()
    for address in (page_url("home"), page_url("imports"), page_url("import", run.id)):
        assert f"{KEY} → {TARGET}" in text_of(author.get(address))


def test_a_list_asks_again_only_while_something_runs(author, user, course, stage):
    run_id = stage()
    assert not dom(author.get(page_url("home"))).xpath("//*[@hx-trigger]")
    api.start_completion(user=user, import_id=run_id)
    part = dom(author.get(page_url("home"), htmx=True))
    assert part.get("hx-trigger") == "every 2s"


def test_imports_are_searched_and_filtered(author, course, run_import, stage):
    run_import()
    waiting = stage()
    staged = author.get(page_url("imports"), state="staged")
    assert [link.get("href") for link in dom(staged).xpath("//ul//a")] == [page_url("import", waiting)]
    assert "No import is like that" in text_of(author.get(page_url("imports"), q="nothing of the kind"))
    assert author.get(page_url("imports"), state="odd").status_code == 404
    assert author.get(page_url("imports"), page="x").status_code == 404


def test_nothing_inline_is_run_or_applied(author, course, run_import):
    run, _records = run_import()
    for url in (page_url("home"), page_url("imports"), page_url("import", run.id), "/sign-in/"):
        page = author.get(url) if url != "/sign-in/" else Client().get(url)
        policy = page["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not dom(page).xpath("//style | //script[not(@src)] | //*[@style] | //@*[starts-with(name(), 'on')]")


def test_what_the_api_refuses_is_a_page_with_its_words(author):
    response = author.get(page_url("import", "0" * 32))
    assert response.status_code == 404
    assert "There is no import" in text_of(response)
    part = author.get(page_url("import", "0" * 32), htmx=True)
    assert part["HX-Retarget"] == "#messages"


def test_an_address_that_there_is_not_is_told_on_a_page(author):
    page = author.get("/imports/nothing/here/")
    assert page.status_code == 404
    assert "There is nothing at this address." in text_of(page)
    assert dom(page).xpath("//nav//a/@href")
    assert author.get("/imports").url == "/imports/"
    assert Client().get("/nothing/").status_code == 404
    assert author.get("/api/modulestore_imports/v1/nothing/").json()["code"] == "not_found"


def test_what_pages_load_is_small_and_kept(author, db):
    page = dom(author.get(page_url("home")))
    files = {
        urlsplit(url).path.removeprefix("/static/") for url in page.xpath("//link/@href | //script/@src | //use/@href")
    }
    assert {"modulestore_imports/pages.css", "django_htmx/htmx-2.min.js"} <= files
    assert sum(len(gzip.compress(Path(finders.find(name)).read_bytes())) for name in files) < 150_000
    assert settings.WHITENOISE_MAX_AGE >= 3600


@pytest.mark.parametrize("rows", [1, 12])
def test_the_first_page_costs_the_same_whatever_there_is(author, user, course, rows, django_assert_max_num_queries):
    for _number in range(rows):
        api.create_import(user=user, source_key=KEY, library_key=TARGET)
    with django_assert_max_num_queries(12):
        author.get(page_url("home"))
