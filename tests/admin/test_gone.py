"""What the source has lost, in the admin."""

import pytest

from import_from_modulestore.data import Outcome

from ..builders import section, subsection, text, unit, write_course
from .conftest import action_url, messages_of, text_of, url


@pytest.fixture
def run(start, imported, courses):
    """An import of a course that has lost a problem, and a unit with a text."""
    write_course(courses / "c1", section("s", subsection("b", unit("u1", text("t1")))), title="Tides")
    return start(on_conflict="overwrite")


def choose(pages, run, do: str, *items: str) -> list[str]:
    return messages_of(pages.post(url("import", "gone", run.pk), do=do, items=items))


def test_the_review_names_it_and_leads_to_the_list(pages, run):
    page = pages.get(url("import", "blocks", run.pk))
    assert "The source has lost 3 blocks since they were imported" in text_of(page)
    assert url("import", "gone", run.pk) in page.content.decode()
    listed = text_of(pages.get(url("import", "gone", run.pk)))
    assert "page 1 of 1, 3 items, 0 to be removed" in listed
    assert "lct:Acme:Target:unit:u2" in listed


def test_it_is_removed(pages, run):
    assert choose(pages, run, "remove_all") == ["3 choices were changed."]
    assert choose(pages, run, "keep", "lb:Acme:Target:problem:p1") == ["1 choice was changed."]
    plan = text_of(pages.get(action_url("complete", run)))
    assert "2 Remove" in plan
    assert "1 Keep" in plan
    pages.do("complete", run)
    run.refresh_from_db()
    assert (run.counts[Outcome.REMOVED], run.counts[Outcome.KEPT]) == (2, 1)
    page = pages.get(url("import", "change", run.pk))
    assert "state__exact=gone" in page.content.decode()
    records = text_of(pages.get(url("importrecord"), import_run__exact=run.pk, state__exact="gone"))
    assert "3 import records" in records


def test_nothing_chosen_is_said(pages, run):
    assert choose(pages, run, "remove") == ["Name at least one item."]
    assert pages.post(url("import", "gone", run.pk), do="anything").status_code == 404


def test_it_goes_page_by_page(pages, run, monkeypatch):
    monkeypatch.setattr("import_from_modulestore.admin.review.PAGE_SIZE", 2)
    assert "page 2 of 2, 3 items" in text_of(pages.get(url("import", "gone", run.pk), page=2))
