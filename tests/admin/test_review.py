"""Review in the admin: finding blocks, selecting and leaving out, deciding, editing."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Decision
from import_from_modulestore.models import StagedBlock

from ..builders import block, section, subsection, text, unit, usage_key, write_block, write_course
from .conftest import messages_of, text_of, url

TEXT, PROBLEM, UNIT = usage_key("html", "t1"), usage_key("problem", "p1"), usage_key("vertical", "u1")


@pytest.fixture
def run(start):
    return start()


@pytest.fixture
def conflicting(start, imported, courses):
    """An import of a course that changed since its first import."""
    write_block(courses / "c1", text("t1", "<p>Now.</p>"))
    return start()


def review(pages, run, **chosen) -> str:
    return text_of(pages.get(url("import", "blocks", run.pk), **chosen))


def change(pages, run, do: str, *keys: str, below: bool = True) -> list[str]:
    data = {"do": do, "blocks": keys} | ({"below": "on"} if below else {})
    return messages_of(pages.post(url("import", "blocks", run.pk), **data))


def staged(key: str) -> StagedBlock:
    return StagedBlock.objects.filter(usage_key=key).latest("pk")


class TestContents:
    """What is inside components that a library cannot hold."""

    BANK = usage_key("itembank", "bank")

    @pytest.fixture
    def run(self, courses, start):
        question = block("problem", "q1", "<p>Why two tides?</p>")
        bank = block("itembank", "bank", "", question, display_name="Tides")
        write_course(courses / "c1", section("s", subsection("b", unit("u1", text("t1"), bank))))
        return start()

    def test_is_listed_and_chosen(self, pages, run):
        found = review(pages, run)
        assert "“Why two tides?” problem goes with the block around it" in found
        assert "Contents: Leave out" in found
        data = {"do": "contents", "contents": "collection", "blocks": [UNIT], "below": "on"}
        assert messages_of(pages.post(url("import", "blocks", run.pk), **data)) == ["1 choice was changed."]
        assert "Contents: Collection" in review(pages, run)
        page = url("import", "block", run.pk, self.BANK)
        assert "Contents: Collection: they stand on their own" in text_of(pages.get(page))
        pages.post(page, do="contents", contents="")
        assert staged(self.BANK).contents == ""

    def test_the_component_has_a_title_to_edit_and_no_olx(self, pages, run):
        page = url("import", "block", run.pk, self.BANK)
        assert 'name="olx"' not in pages.get(page).content.decode()
        pages.post(page, do="edit", title="Questions")
        assert staged(self.BANK).title == "Questions"

    def test_the_record_says_what_became_of_it(self, pages, run):
        StagedBlock.objects.filter(usage_key=self.BANK).update(contents="unit")
        pages.do("complete", run)
        record = run.records.get(usage_key=usage_key("problem", "q1"))
        assert "Came from inside: Tides" in text_of(pages.get(url("importrecord", "change", record.pk)))


class TestFinding:
    def test_by_place_kind_state_outcome_selection_and_text(self, pages, run):
        for count, chosen in (
            (7, {}),
            (1, {"q": "T2"}),
            (2, {"kind": "unit"}),
            (2, {"parent": UNIT}),
            (7, {"state": "new"}),
            (0, {"state": "deleted"}),
            (7, {"outcome": "created"}),
            (0, {"conflicts": "on"}),
            (0, {"edited": "on"}),
            (0, {"selected": "no"}),
            (3, {"selected": "yes", "kind": "component"}),
        ):
            assert f"page 1 of 1, {count} block" in review(pages, run, **chosen), chosen

    def test_goes_page_by_page_and_keeps_the_filters(self, pages, run, monkeypatch):
        monkeypatch.setattr("import_from_modulestore.admin.review.PAGE_SIZE", 2)
        response = pages.get(url("import", "blocks", run.pk), kind="component", page=1)
        assert "page 1 of 2, 3 blocks" in text_of(response)
        assert b'href="?kind=component&amp;page=2"' in response.content

    def test_by_what_there_is_not_is_not_found(self, pages, run):
        for chosen in ({"state": "nonsense"}, {"kind": "nonsense"}, {"page": "x"}):
            assert pages.get(url("import", "blocks", run.pk), **chosen).status_code == 404


class TestChanging:
    def test_leaves_out_a_subtree_and_selects_it_again(self, pages, run):
        assert change(pages, run, "leave_out", UNIT) == ["3 blocks were left out."]
        assert "page 1 of 1, 3 blocks" in review(pages, run, selected="no")
        assert change(pages, run, "select", TEXT, below=False) == ["1 block was selected."]
        assert staged(TEXT).selected
        assert not staged(PROBLEM).selected

    def test_decides_and_goes_back_to_the_default(self, pages, conflicting):
        assert change(pages, conflicting, "new_version", TEXT, below=False) == ["1 decision was changed."]
        assert staged(TEXT).decision == Decision.NEW_VERSION
        assert "New version Update" in review(pages, conflicting, conflicts="on")
        change(pages, conflicting, "default", TEXT, below=False)
        assert staged(TEXT).decision == ""

    @pytest.mark.parametrize(
        ("do", "keys"), [("fork", [TEXT]), ("leave_out", []), ("leave_out", [usage_key("html", "none")])]
    )
    def test_tells_what_cannot_be_done_and_changes_nothing(self, pages, run, do, keys):
        before = list(StagedBlock.objects.values())
        (told,) = change(pages, run, do, *keys, below=False)
        assert "changed" not in told
        assert list(StagedBlock.objects.values()) == before

    def test_knows_no_other_buttons(self, pages, run):
        response = pages.post(url("import", "blocks", run.pk), do="delete", blocks=[TEXT])
        assert response.status_code == 404


class TestOneBlock:
    def page(self, run, key=TEXT) -> str:
        return url("import", "block", run.pk, key)

    def test_shows_what_stands_in_the_library_and_what_would_replace_it(self, pages, conflicting):
        page = text_of(pages.get(self.page(conflicting)))
        assert "What the library holds now → what would replace it" in page
        assert "- <p>Text.</p> + <p>Now.</p>" in page
        assert "Changed in the library since the import: no difference." in page
        assert "lb:Acme:Target:html:t1" in page

    def test_is_edited_and_the_edit_taken_back(self, pages, run):
        olx = api.get_block(user=run.user, import_id=str(run.uuid), usage_key=TEXT).olx
        typed = olx.replace("Text.", "One.\nTwo.").replace("\n", "\r\n")  # as browsers send it
        pages.post(self.page(run), do="edit", title="Text t1", olx=typed)
        page = text_of(pages.get(self.page(run)))
        assert "One." in page
        assert "\r" not in staged(TEXT).edited_olx
        assert "What the source holds" in page
        told = pages.post(self.page(run), do="revert")
        assert messages_of(told) == ["The edits were taken back."]
        assert staged(TEXT).edited_olx == ""

    def test_of_a_container_has_a_title_alone(self, pages, run):
        response = pages.get(self.page(run, UNIT))
        assert list(response.context["form"].fields) == ["title"]
        pages.post(self.page(run, UNIT), do="edit", title="Unit One")
        assert "Unit One" in review(pages, run, kind="unit")

    def test_that_is_sent_as_it_was_is_not_edited(self, pages, run):
        olx = api.get_block(user=run.user, import_id=str(run.uuid), usage_key=TEXT).olx
        told = pages.post(self.page(run), do="edit", title="Text t1", olx=olx)
        assert messages_of(told) == ["There was nothing to change."]
        assert staged(TEXT).edited_olx == ""

    @pytest.mark.parametrize(
        ("field", "data"),
        [
            ("olx", {"title": "Text t1", "olx": "<html"}),
            ("olx", {"title": "Text t1", "olx": '<problem url_name="t1"/>'}),
            ("title", {"title": "", "olx": '<html url_name="t1" display_name="Text t1"/>'}),
        ],
    )
    def test_is_not_edited_wrongly_and_says_so_at_the_field(self, pages, run, field, data):
        response = pages.post(self.page(run), do="edit", **data)
        assert response.context["form"].errors[field]
        assert data["olx"] in text_of(response) or "<html" in response.content.decode().replace("&lt;", "<")
        assert staged(TEXT).edited_olx == ""

    def test_that_there_is_not_leads_back(self, pages, run):
        response = pages.post(self.page(run, usage_key("html", "none")), do="edit")
        assert "Not among the blocks" in messages_of(response)[0]

    def test_is_shown_as_text_and_never_rendered(self, pages, course, courses, start):
        evil = '<p onclick="x()">Hi</p><script>alert(1)</script><img src=x onerror=alert(1)>'
        body = unit("u", text("t1", evil, title="<b>Bold</b>"), block("html", "t9", "", display_name="<i>x</i>"))
        write_course(courses / "c1", section("s", subsection("b", body)), title="<u>Course</u>")
        run = start()
        for address in (
            self.page(run),
            url("import", "blocks", run.pk),
            url("import", "change", run.pk),
            url("import"),
            f"{url('import', 'action', 'complete')}?ids={run.pk}",
        ):
            content = pages.get(address).content.decode()
            for markup in ("<script>alert", "<img src=x", "<p onclick", "<b>Bold", "<i>x", "<u>Course"):
                assert markup not in content
        assert "alert(1)" in text_of(pages.get(self.page(run)))


def test_what_is_not_to_be_reviewed_leads_back_and_says_why(pages, imported):
    for page in (url("import", "blocks", imported.pk), url("import", "block", imported.pk, TEXT)):
        for response in (pages.post(page, do="leave_out", blocks=[TEXT]), pages.get(pages.get(page).url)):
            assert "the import is completed" in messages_of(response)[0]


def test_what_is_as_last_time_is_marked_and_found(pages, run, start, user):
    api.select_blocks(user=user, import_id=str(run.uuid), usage_keys=[TEXT], selected=False)
    api.complete_import(user=user, import_id=str(run.uuid))
    again = start()
    found = review(pages, again, as_last_time="on")
    assert f"Text t1 As in import {str(run.uuid)[:8]}" in found
    assert "Problem p1" not in found
    assert f"As in import {str(run.uuid)[:8]}" in text_of(pages.get(url("import", "block", again.pk, TEXT)))
