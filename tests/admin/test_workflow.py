"""The whole workflow through the admin, in order."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import ImportOptions, ImportState
from import_from_modulestore.models import Import
from import_from_modulestore.running.progress import Reporter

from ..builders import KEY, TARGET, text, usage_key, write_block
from ..library_state import drafts, library_state, row_counts
from .conftest import action_url, messages_of, text_of, url

TEXT = usage_key("html", "t1")


def state_of(run: Import) -> str:
    run.refresh_from_db()
    return run.state


def test_what_was_staged_stays_where_it_cannot_be_staged_anew(pages, start, courses):
    run = start()
    (courses / "c1").rename(courses.parent / "away")
    pages.do("stage", run)
    assert state_of(run) == ImportState.STAGED
    assert "What was staged before is as it was." in text_of(pages.get(url("import", "change", run.pk)))
    pages.do("complete", run)
    assert state_of(run) == ImportState.IMPORTED


def test_start_review_edit_decide_plan_complete_read_undo_redo(pages, start, imported, courses, state):
    """A second import of a course that changed, into the library that holds the first."""
    write_block(courses / "c1", text("t1", "<p>Now.</p>"))
    before = state()

    run = start(level="unit", on_conflict="skip")
    assert state_of(run) == ImportState.STAGED
    page = text_of(pages.get(url("import", "change", run.pk)))
    assert "Tides → Target" in page
    assert "Units and components" in page

    review = text_of(pages.get(url("import", "blocks", run.pk), conflicts="on"))
    assert "Text t1 html Source changed Skip Skip" in review
    assert "page 1 of 1, 1 block " in review

    told = pages.post(url("import", "blocks", run.pk), do="leave_out", blocks=[usage_key("vertical", "u2")], below="on")
    assert messages_of(told) == ["2 blocks were left out."]

    block = url("import", "block", run.pk, TEXT)
    assert "- <p>Text.</p> + <p>Now.</p>" in text_of(pages.get(block))
    olx = api.get_block(user=run.user, import_id=str(run.uuid), usage_key=TEXT).olx
    edited = pages.post(block, do="edit", title="Hello", olx=olx.replace("Now.", "Today."))
    assert "The block was edited" in messages_of(edited)[0]
    assert messages_of(pages.post(block, do="overwrite", below="on")) == ["1 decision was changed."]

    plan = text_of(pages.get(action_url("complete", run)))
    assert "1 Update" in plan
    assert "Hello" in plan
    assert "Text t2" not in plan
    assert state() == before

    assert "“Complete” was asked for" in messages_of(pages.do("complete", run))[0]
    assert state_of(run) == ImportState.IMPORTED
    written = state()["items"]["xblock.v1:html:t1"]["published"]
    assert written["title"] == "Hello"
    assert b"Today." in written["files"]["block.xml"]

    records = text_of(pages.get(url("importrecord"), import_run__exact=run.pk, outcome__exact="updated"))
    assert "1 import record" in records
    assert "Hello" in records
    assert "1 → 2" in records

    assert "1 Back to the former version" in text_of(pages.get(action_url("undo", run)))
    pages.do("undo", run)
    assert state_of(run) == ImportState.UNDONE
    assert drafts(state())["xblock.v1:html:t1"] == before["items"]["xblock.v1:html:t1"]["draft"]

    assert "1 Back to the former version" in text_of(pages.get(action_url("redo", run)))
    pages.do("redo", run)
    assert state_of(run) == ImportState.IMPORTED
    assert drafts(state())["xblock.v1:html:t1"]["title"] == "Hello"
    page = text_of(pages.get(url("import", "change", run.pk)))
    assert "Undo ada" in page
    assert "Redo ada" in page


def test_cancel(pages, start):
    run = start()
    assert "The import is given up." in text_of(pages.get(action_url("cancel", run)))
    assert messages_of(pages.do("cancel", run)) == ["Tides → Target: canceled."]
    assert state_of(run) == ImportState.CANCELED


def test_retry_after_a_failure_goes_on_from_the_step_that_failed(pages, start, courses):
    (courses / "c1" / "course.xml").rename(courses / "away")
    run = Import.objects.create(
        source_key=KEY, source_origin="folder", source_title="Tides", library_key=TARGET, state="staging_failed"
    )
    Import.objects.filter(pk=run.pk).update(error="The course is away.")
    assert "The course is away." in text_of(pages.get(url("import", "change", run.pk)))
    (courses / "away").rename(courses / "c1" / "course.xml")
    pages.do("retry", run)
    assert state_of(run) == ImportState.STAGED

    Import.objects.filter(pk=run.pk).update(state=ImportState.IMPORT_FAILED, learning_package=start().learning_package)
    assert "7 Create" in text_of(pages.get(action_url("retry", run)))
    pages.do("retry", run)
    assert state_of(run) == ImportState.IMPORTED


def test_stage_what_was_created_elsewhere(pages, course, user):
    created = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    run = Import.objects.get(uuid=created.id)
    pages.do("stage", run)
    assert state_of(run) == ImportState.STAGED


def test_what_a_worker_does_wrong_is_told_on_the_page(pages, start, settings):
    run = start()
    settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
    pages.do("complete", run)
    page = text_of(pages.get(url("import", "change", run.pk)))
    assert "Import failed" in page
    assert "3" in Import.objects.get(pk=run.pk).error
    assert Import.objects.get(pk=run.pk).error in page


class TestConfirmation:
    @pytest.mark.parametrize("action", ["complete", "cancel", "undo"])
    def test_to_look_changes_nothing(self, pages, start, imported, action):
        run = imported if action == "undo" else start()
        before = library_state(TARGET), row_counts(), list(Import.objects.values())
        assert pages.get(action_url(action, run)).status_code == 200
        assert before == (library_state(TARGET), row_counts(), list(Import.objects.values()))

    def test_of_a_plan_that_is_blocked_says_why_and_has_no_button(self, pages, start, settings):
        run = start()
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
        response = pages.get(action_url("complete", run))
        assert "Not possible:" in text_of(response)
        assert b'type="submit"' not in response.content.rpartition(b"<form")[2]

    def test_of_several_says_which_are_not_possible_and_why(self, pages, start, imported):
        staged = start()
        page = text_of(pages.get(action_url("complete", imported, staged)))
        assert "The import is completed. Possible now: Undo." in page
        assert "7 Unchanged" in page
        done = pages.do("complete", imported, staged)
        refused, asked = sorted(messages_of(done), key=len, reverse=True)
        assert "the import is completed" in refused
        assert "was asked for" in asked
        assert state_of(staged) == ImportState.IMPORTED

    def test_of_an_undo_names_what_is_kept_and_can_spare_nothing(self, pages, imported, user, courses):
        write_block(courses / "c1", text("t1", "<p>Edited.</p>"))
        again = api.create_import(
            user=user, source_key=KEY, library_key=TARGET, options=ImportOptions(on_conflict="overwrite")
        )
        api.stage_import(user=user, import_id=again.id)
        api.complete_import(user=user, import_id=again.id)
        page = text_of(pages.get(action_url("undo", imported)))
        assert " Keep " in page
        assert "Also take back what was changed or put to use since." in page
        reason = next(item.reason for item in api.preview_undo(user=user, import_id=str(imported.uuid)).kept)
        assert reason in page
        assert " Keep " not in text_of(pages.get(action_url("undo", imported), force="on", ids=imported.pk))
        assert "with what was changed since" in messages_of(pages.do("undo", imported, force="on"))[0]
        assert drafts(library_state(TARGET)) == {}

    def test_names_so_many_blocks_and_counts_the_rest(self, pages, start, monkeypatch):
        monkeypatch.setattr("import_from_modulestore.admin.imports.MAX_ITEMS", 5)
        page = text_of(pages.get(action_url("complete", start())))
        assert "7 Create" in page
        assert "… and 2 more" in page

    def test_of_what_there_is_not_is_not_found(self, pages, start):
        pk = start().pk
        for address in (f"do/review/?ids={pk}", f"do/nonsense/?ids={pk}", "do/complete/?ids=x", "do/undo/"):
            assert pages.get(url("import") + address).status_code == 404


class TestListActions:
    def test_lead_to_the_confirmation(self, pages, start):
        runs = [start(), start()]
        response = pages.post(url("import"), action="complete", _selected_action=[run.pk for run in runs])
        assert "Complete 2 imports?" in text_of(response)

    def test_take_so_many_imports_at_once(self, pages, start, monkeypatch):
        monkeypatch.setattr("import_from_modulestore.admin.imports.MAX_AT_ONCE", 1)
        runs = [start(), start()]
        response = pages.post(url("import"), action="complete", _selected_action=[run.pk for run in runs])
        assert messages_of(response) == ["Choose at most 1 imports at once."]


class TestProgress:
    def test_is_live_on_list_and_page(self, pages, imported):
        Import.objects.filter(pk=imported.pk).update(state=ImportState.IMPORTING)
        report = Reporter(imported, lambda *args: None)
        report("writing", 312, 393, "Two bulges")
        for address in (url("import"), url("import", "change", imported.pk)):
            page = text_of(pages.get(address))
            assert "312 of 393" in page
            assert "Two bulges" in page
        report.clear()

    def test_says_that_a_step_waits_for_a_worker(self, pages, course, user):
        created = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.start_staging(user=user, import_id=created.id)  # No worker runs in this test.
        assert "Staging waiting for a worker" in text_of(pages.get(url("import")))


def test_a_list_finds_by_state_user_title_key_and_id(pages, imported, start):
    staged = start()
    assert "1 import" in text_of(pages.get(url("import"), state__exact="staged"))
    for search in ("tides", "lib:Acme", "ada", str(staged.uuid)[:8]):
        assert "Tides" in text_of(pages.get(url("import"), q=search))
    assert "0 imports" in text_of(pages.get(url("import"), q="nothing like it"))
