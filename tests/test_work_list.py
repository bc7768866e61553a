"""The work list of an import: what could not go, and whether somebody has seen to it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from import_from_modulestore import api
from import_from_modulestore.data import Contents, Decision, Work

from .builders import block, section, subsection, text, unit, write_course

PHOTO = '<p><img src="/static/photo.png"/></p>'


def course(*components):
    return section("s", subsection("b", unit("u", *components)))


BANK = block("itembank", "bank", "", text("t2"))


@pytest.fixture
def mixed(courses, run_import):
    """An import of a good text, one without its photo, a bank, and a section that cannot be read; and its file."""
    write_course(courses / "c1", course(text("t1"), text("t3", PHOTO), BANK), section("lost"))
    (courses / "c1" / "chapter" / "lost.xml").write_text("<chapter")
    return run_import()[0]


@pytest.fixture
def work(user):
    """The work list of an import: ``work(run)`` gives its entries, ``work(run, done=True)`` those that are done."""
    return lambda run, **query: api.list_work(user=user, import_id=run.id, **query)


def names(page) -> dict[str, list[Work]]:
    return {item.record.usage_key.rpartition("@")[2]: list(item.reasons) for item in page.items}


def test_holds_what_could_not_go_and_why(mixed, work):
    page = work(mixed)
    assert names(page) == {"t3": [Work.FILES_MISSING], "bank": [Work.UNSUPPORTED], "lost": [Work.FAILED]}
    assert (page.total, page.open) == (3, 3)
    assert all(item.is_open for item in page.items)
    assert page.items[0].record.missing_files == ("photo.png",)


def test_comes_in_pages(mixed, work):
    page = work(mixed, offset=1, limit=1)
    assert (list(names(page)), page.total, page.open) == (["bank"], 3, 3)


def test_does_not_hold_what_was_decided(courses, run_import, work):
    """What is skipped is shown again by the next review; what is made a draft is a draft on purpose."""
    write_course(courses / "c1", course(text("t1"), BANK))
    run_import(contents=Contents.UNIT)
    write_course(courses / "c1", course(text("t1", "<p>Other.</p>"), BANK))
    for decision in (Decision.SKIP, Decision.NEW_VERSION):
        done, _records = run_import(on_conflict=decision, contents=Contents.UNIT)
        assert names(work(done)) == {}


def test_of_an_import_that_publishes_nothing_holds_no_drafts(courses, run_import, work):
    write_course(courses / "c1", course(text("t1")))
    assert names(work(run_import(publish=False)[0])) == {}


def test_holds_containers_that_stay_drafts_for_the_sake_of_an_item(courses, run_import, work):
    write_course(courses / "c1", course(text("t1")))
    run_import(publish=False)
    write_course(courses / "c1", course(text("t1"), text("t9")))
    done, records = run_import(on_conflict=Decision.OVERWRITE)
    held_back = {
        record.usage_key.rpartition("@")[2]: [Work.HELD_BACK] for record in records if "stays a draft" in record.reason
    }
    assert held_back
    assert names(work(done)) == held_back


class TestMarks:
    def test_are_made_and_taken_back(self, mixed, work, editor):
        [photo, bank, _lost] = work(mixed).items
        asked = {"user": editor, "import_id": mixed.id}
        assert api.mark_done(**asked, nums=[photo.record.num, bank.record.num]) == 2
        assert api.mark_done(**asked, nums=[photo.record.num]) == 0
        assert list(names(work(mixed, done=True))) == ["t3", "bank"]
        assert list(names(work(mixed, done=False))) == ["lost"]
        marked = work(mixed).items[0]
        assert (marked.is_open, marked.done_by, marked.done is not None) == (False, editor.username, True)
        assert api.mark_done(**asked, nums=[photo.record.num], done=False) == 1
        assert work(mixed).open == 2

    def test_are_made_of_all_or_none(self, mixed, work, user):
        [photo, *_others] = work(mixed).items
        with pytest.raises(api.NotFound, match=r"Not on the work list of this import: 0, 999\."):
            api.mark_done(user=user, import_id=mixed.id, nums=[photo.record.num, 0, 999])
        assert work(mixed).open == 3

    def test_take_the_right_to_change_the_library(self, mixed, work, viewer):
        with pytest.raises(api.NotPermitted):
            api.mark_done(user=viewer, import_id=mixed.id, nums=[work(mixed).items[0].record.num])

    def test_follow_the_accounts_of_who_made_them(self, mixed, work, user, editor):
        api.mark_done(user=editor, import_id=mixed.id, nums=[work(mixed).items[0].record.num])
        editor.username = "retired"
        editor.save()
        api.remove_old_staged_content()
        assert work(mixed).items[0].done_by == "retired"
        editor.delete()
        api.remove_old_staged_content()
        assert work(mixed).items[0].done_by == "retired"


class TestALaterImport:
    """What it brings whole is done by itself, on the lists of all earlier ones."""

    def test_that_brings_the_file(self, courses, mixed, run_import, work):
        write_course(courses / "c1", course(text("t1"), text("t3", PHOTO), BANK), files={"static/photo.png": "png"})
        later, _records = run_import(on_conflict=Decision.OVERWRITE)
        [photo, bank, _lost] = work(mixed).items
        assert (photo.is_open, photo.brought_by, photo.done) == (False, later.id, None)
        assert bank.is_open
        assert list(names(work(mixed, done=True))) == ["t3"]
        assert "t3" not in names(work(later))

    def test_that_misses_it_too_leaves_it_open(self, mixed, run_import, work):
        run_import()
        assert work(mixed).open == 3

    def test_that_is_undone_has_brought_nothing(self, courses, mixed, run_import, work, user):
        write_course(courses / "c1", course(text("t1"), text("t3", PHOTO), BANK), files={"static/photo.png": "png"})
        later, _records = run_import(on_conflict=Decision.OVERWRITE)
        api.undo_import(user=user, import_id=later.id)
        assert work(mixed).items[0].is_open

    def test_into_another_library_is_no_matter(self, courses, mixed, run_import, work, user):
        api.create_library(user=user, library_key="lib:Acme:Other", title="Other")
        write_course(courses / "c1", course(text("t1"), text("t3", PHOTO), BANK), files={"static/photo.png": "png"})
        run_import(target="lib:Acme:Other")
        assert work(mixed).open == 3


class TestAnImportThatIsUndone:
    def test_has_nothing_to_work_off_until_it_is_redone(self, mixed, work, user):
        [photo, *_others] = work(mixed).items
        api.mark_done(user=user, import_id=mixed.id, nums=[photo.record.num])
        api.undo_import(user=user, import_id=mixed.id)
        assert (work(mixed).total, work(mixed).open) == (0, 0)
        with pytest.raises(api.WrongState):
            api.mark_done(user=user, import_id=mixed.id, nums=[photo.record.num])
        api.redo_import(user=user, import_id=mixed.id)
        assert (work(mixed).total, work(mixed).open) == (3, 2)


def test_one_that_is_not_completed_has_an_empty_list(courses, stage, user):
    write_course(courses / "c1", course(BANK))
    assert api.list_work(user=user, import_id=stage()).total == 0


def test_costs_the_same_however_long_it_is(courses, mixed, run_import, work):
    with CaptureQueriesContext(connection) as few:
        work(mixed)
    write_course(courses / "c1", course(*(text(f"x{num}", PHOTO) for num in range(30))))
    many_run = run_import()[0]
    with CaptureQueriesContext(connection) as many:
        assert work(many_run).total == 30
    assert len(many) == len(few)
