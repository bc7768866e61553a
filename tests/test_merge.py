"""Merging, from a course on the shelf to what the library holds: both sides' work in one version, and back."""

import json
import re

import pytest
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import ConflictState, Decision, ImportOptions, Outcome
from import_from_modulestore.models import ImportRecord

from .authoring import Author
from .builders import KEY, TARGET, block, problem, section, subsection, text, unit, usage_key, write_course
from .examples import size

REF = "xblock.v1:html:t"


@pytest.fixture
def course(courses):
    """Write a course of one unit with these blocks: ``course(text("t"), title="Another")``."""

    def write(*components, title: str | None = None, **more) -> None:
        write_course(courses / "c1", section("s", subsection("b", unit("u", *components, title=title))), **more)

    return write


@pytest.fixture
def author(library) -> Author:
    return Author(LearningPackage.objects.get(package_ref=TARGET).id)


@pytest.fixture
def merge(run_import):
    """Import the course again, merging: gives the record of the block of this ID."""

    def run(block_id: str = "t", **options):
        _done, records = run_import(on_conflict=Decision.MERGE, **options)
        return next(record for record in records if record.usage_key.endswith(f"@{block_id}"))

    return run


@pytest.fixture
def olx(state):
    """What an item's draft holds: ``olx("xblock.v1:html:t")``."""
    return lambda ref=REF: state()["items"][ref]["draft"]["files"]["block.xml"].decode()


def html(body: str, title: str = "Text t") -> str:
    return f'<html display_name="{title}"><![CDATA[{body}]]></html>'


class TestText:
    """A paragraph here, another paragraph and the title there."""

    @pytest.fixture
    def both(self, course, run_import, author):
        course(text("t", "<p>One</p><p>Two</p>"))
        run_import()
        author.write(REF, html("<p>1</p><p>Two</p>"))
        course(text("t", "<p>One</p><p>2</p>", title="New title"))

    def test_both_are_in_it(self, both, merge, olx, state):
        record = merge()
        assert olx() == html("<p>1</p><p>2</p>", "New title")
        assert state()["items"][REF]["draft"]["title"] == "New title"
        assert (record.state, record.decision, record.outcome) == (
            ConflictState.BOTH_CHANGED, Decision.MERGE, Outcome.UPDATED,
        )  # fmt: skip
        assert (record.title, record.draft_before, record.draft_after) == ("New title", 2, 3)
        assert record.reason == "From the library: body. From the source: title, body."

    def test_undo_gives_the_librarys_back(self, both, merge, state, user):
        before = state()
        record = merge()
        api.undo_import(user=user, import_id=record.import_id)
        assert state()["items"] == before["items"]
        api.redo_import(user=user, import_id=record.import_id)
        assert "<p>1</p><p>2</p>" in state()["items"][REF]["draft"]["files"]["block.xml"].decode()

    def test_the_next_import_finds_it_unchanged(self, both, merge, olx):
        merge()
        assert merge().state is ConflictState.UNCHANGED
        assert merge().outcome is Outcome.UNCHANGED

    def test_the_next_change_of_the_source_goes_by_what_the_source_held(self, both, merge, olx, course):
        merge()
        merge()  # An import that finds nothing to do in between.
        course(text("t", "<p>One</p><p>2</p><p>Three</p>", title="New title"))
        record = merge()
        assert olx() == html("<p>1</p><p>2</p><p>Three</p>", "New title")
        assert record.state is ConflictState.SOURCE_CHANGED

    def test_what_was_undone_is_not_what_the_next_merge_goes_by(self, both, merge, olx, user):
        record = merge()
        api.undo_import(user=user, import_id=record.import_id)
        merge()
        assert olx() == html("<p>1</p><p>2</p>", "New title")

    def test_it_stays_a_draft_where_the_librarys_was_one(self, both, merge):
        assert (merge().published_before, merge().published_after) == (1, 1)

    def test_it_is_live_where_the_librarys_was(self, both, merge, author):
        author.publish()
        assert merge().published_after == 3

    def test_or_not_where_nothing_is_to_be_published(self, both, merge, author):
        author.publish()
        assert merge(publish=False).published_after == 2

    def test_a_decision_for_this_block_alone(self, both, user, olx):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        api.decide_blocks(
            user=user, import_id=run.id, usage_keys=[usage_key("html", "t")], decision=Decision.MERGE, below=False
        )
        api.complete_import(user=user, import_id=run.id)
        assert olx() == html("<p>1</p><p>2</p>", "New title")


def test_an_edit_of_a_past_review_meets_a_changed_source(course, user, library, merge, olx):
    course(text("t", "<p>One</p><p>Two</p>"))
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    api.stage_import(user=user, import_id=run.id)
    edit = "<html><p>One</p><p>Mine</p></html>"
    api.edit_block(user=user, import_id=run.id, usage_key=usage_key("html", "t"), olx=edit, title="Mine")
    api.complete_import(user=user, import_id=run.id)
    course(text("t", "<p>New</p><p>Two</p>"))
    record = merge()
    assert olx() == html("<p>New</p><p>Mine</p>", "Mine")
    (warning,) = record.warnings
    assert warning.startswith("This block was edited last time")


def test_an_edit_of_this_review_is_on_the_sources_side(course, user, run_import, author, olx):
    course(text("t", "<p>One</p><p>Two</p>"))
    run_import()
    author.write(REF, html("<p>1</p><p>Two</p>"))
    options = ImportOptions(on_conflict=Decision.MERGE)
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
    api.stage_import(user=user, import_id=run.id)
    api.edit_block(user=user, import_id=run.id, usage_key=usage_key("html", "t"), olx=html("<p>One</p><p>Mine</p>"))
    api.complete_import(user=user, import_id=run.id)
    assert olx() == html("<p>1</p><p>Mine</p>")
    record = ImportRecord.objects.get(import_run__uuid=run.id, usage_key=usage_key("html", "t"))
    assert "<p>Two</p>" in record.source_content["olx"]


class TestAnEditThatIsMadeAgain:
    """As last time, a review has the edit of the one before; the library has gone on from what that one wrote."""

    @pytest.fixture
    def edit(self, user, library):
        """Import the course with an edit: ``edit(usage_key("html", "t"), title="Mine")``."""

        def edited(key: str, decision: Decision = Decision.SKIP, **change) -> None:
            options = ImportOptions(on_conflict=decision)
            run = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
            api.stage_import(user=user, import_id=run.id)
            api.edit_block(user=user, import_id=run.id, usage_key=key, **change)
            api.complete_import(user=user, import_id=run.id)

        return edited

    def test_it_is_no_change_of_the_source(self, course, edit, author, merge, olx):
        course(text("t", "<p>One</p>"))
        edit(usage_key("html", "t"), olx=html("<p>Mine</p>"))
        author.write(REF, html("<p>Mine, and more</p>"))
        record = merge()
        assert (record.state, record.outcome) == (ConflictState.LIBRARY_CHANGED, Outcome.SKIPPED)
        assert record.reason == "It is what was imported last time; the library’s version stays."
        assert olx() == html("<p>Mine, and more</p>")

    def test_nor_where_it_was_merged_then(self, course, run_import, edit, author, merge, olx):
        course(text("t", "<p>One</p><p>Two</p>"))
        run_import()
        author.write(REF, html("<p>One</p><p>2</p>"))
        edit(usage_key("html", "t"), Decision.MERGE, olx=html("<p>Mine</p><p>Two</p>"))
        author.write(REF, html("<p>Mine, and more</p><p>2</p>"))
        assert merge().outcome is Outcome.SKIPPED
        course(text("t", "<p>One</p><p>Two</p><p>Three</p>"))
        merge()
        assert olx() == html("<p>Mine, and more</p><p>2</p><p>Three</p>")

    def test_nor_is_the_title_of_a_container(self, course, edit, author, merge, state):
        course(text("t1"))
        edit(usage_key("vertical", "u"), title="The Moon")
        author.edit("u", "The Moon and the Tides")
        course(text("t1"), text("t2"))
        for more in (), (text("t3"),):  # What was merged once is merged again.
            course(text("t1"), text("t2"), *more)
            merge("u")
            author.edit("u", "The Moon, once more")
            assert len(state()["items"]["u"]["draft"]["children"]) == 2 + len(more)


class TestOtherTypes:
    def test_drag_and_drop(self, course, run_import, author, merge, olx):
        def data(title: str, *items: str) -> str:
            return json.dumps({"title": title, "items": [{"displayName": item} for item in items], "zones": []})

        def block_of(title: str, *items: str):
            return block("drag-and-drop-v2", "d", data=data(title, *items), display_name="Drag")

        ref = "xblock.v1:drag-and-drop-v2:d"
        course(block_of("Old", "a", "b"))
        run_import()
        author.write(ref, olx(ref).replace("Old", "Library's"))
        course(block_of("Old", "a", "b", "c"))
        record = merge("d")
        found = json.loads(re.search('data="(.*?)"', olx(ref))[1].replace("&quot;", '"'))
        assert found == json.loads(data("Library's", "a", "b", "c"))
        assert "data/title" in record.reason

    def test_a_problem(self, course, run_import, author, merge, olx):
        xml = (
            "<multiplechoiceresponse><p>{}</p><choicegroup><choice>a</choice>{}</choicegroup></multiplechoiceresponse>"
        )
        ref = "xblock.v1:problem:p"
        course(problem("p", xml.format("Why?", "")))
        run_import()
        author.write(ref, olx(ref).replace("Why?", "Why not?").replace("<problem", '<problem weight="2"'))
        course(problem("p", xml.format("Why?", "<choice>b</choice>")))
        merge("p")
        assert xml.format("Why not?", "<choice>b</choice>") in olx(ref)
        assert 'weight="2"' in olx(ref)

    def test_a_videos_transcripts_with_their_files(self, course, run_import, author, merge, olx, state):
        def video(**transcripts: str):
            return block("video", "v", transcripts=json.dumps(transcripts), display_name="Film")

        ref, files = "xblock.v1:video:v", {"en.srt": b"1\n", "fr.srt": b"2\n", "de.srt": b"3\n"}
        course(video(en="en.srt"), static=files)
        run_import()
        author.write(ref, olx(ref).replace("{", "{&quot;es&quot;: &quot;es.srt&quot;, "))
        author.add_file(ref, "es.srt", b"4\n")
        course(video(en="en.srt", fr="fr.srt"), static=files)
        merge("v")
        for language in ("en", "es", "fr"):
            assert f"{language}.srt" in olx(ref)
        held = state()["items"][ref]["draft"]["files"]
        assert {"static/en.srt", "static/es.srt", "static/fr.srt"} <= set(held)
        assert held["static/es.srt"] == b"4\n"


class TestFiles:
    def test_what_the_merged_text_names_comes_along_with_what_it_loads(self, course, run_import, author, merge, state):
        """The library has taken the page off; the source has changed the paragraph that shows it."""
        static = {"a.html": b'<img src="b.png">', "b.png": b"b", "c.png": b"c"}
        course(text("t", '<p>One</p><iframe src="/static/a.html"></iframe><p>Two</p>'), static=static)
        run_import()
        author.write(REF, html('<p>1</p><iframe src="/static/a.html"></iframe><p>Two</p>'))
        author.drop_files(REF)
        course(
            text("t", '<p>One</p><iframe src="/static/a.html"></iframe><p>Two</p><img src="/static/c.png">'),
            static=static,
        )
        record = merge()
        held = state()["items"][REF]["draft"]["files"]
        assert {"static/a.html", "static/b.png", "static/c.png"} <= set(held)
        assert set(record.files) == {"a.html", "b.png", "c.png"}

    def test_what_the_library_has_is_not_missed(self, course, run_import, author, merge):
        """The source names two files that it lacks; the library has been given one of them."""
        course(text("t", "<p>One</p><p>Two</p>"))
        run_import()
        author.write(REF, html("<p>1</p><p>Two</p>"))
        author.add_file(REF, "a.png", b"a")
        course(text("t", '<p>One</p><p>2</p><img src="/static/a.png"><img src="/static/b.png">'))
        record = merge()
        assert (record.files, record.missing_files) == (("a.png",), ("b.png",))
        assert record.warnings == ("The file b.png is named, but the source does not hold it.",)


class TestContainers:
    def children(self, state) -> list[str]:
        return [ref.rpartition(":")[2] for ref in state()["items"]["u"]["draft"]["children"]]

    def test_children_of_both_sides(self, course, run_import, author, merge, state, user):
        course(text("t1"), text("t2"), text("t3"))
        run_import()
        mine = author.component("mine")
        author.hold("u", "xblock.v1:html:t1", mine, "xblock.v1:html:t3")
        course(text("t1"), text("t2"), text("t3"), text("t4"), title="New title")
        before = state()
        record = merge("u")
        assert self.children(state) == ["t1", "mine", "t3", "t4"]
        assert state()["items"]["u"]["draft"]["title"] == "New title"
        assert record.reason == "From the library: children. From the source: title, children."
        assert merge("u").outcome is Outcome.UNCHANGED
        api.undo_import(user=user, import_id=record.import_id)
        assert state()["items"]["u"] == before["items"]["u"]

    def test_the_next_merge_goes_by_the_sources_children(self, course, run_import, author, merge, state):
        course(text("t1"), text("t2"))
        run_import()
        author.hold("u", "xblock.v1:html:t1", "xblock.v1:html:t2", author.component("mine"))
        course(text("t1"), text("t2"), text("t3"))
        merge("u")
        merge("u")
        course(text("t2"), text("t3"))
        merge("u")
        assert self.children(state) == ["t2", "mine", "t3"]

    def test_what_is_pinned_stays_pinned(self, course, run_import, author, merge, state):
        course(text("t1"))
        run_import()
        author.hold("u", "xblock.v1:html:t1", author.component("mine"), pinned=True)
        course(text("t1"), text("t2"))
        merge("u")
        assert merge("u").outcome is Outcome.UNCHANGED
        package = LearningPackage.objects.get(package_ref=TARGET)
        entries = content_api.get_entities_in_container(
            content_api.get_container_by_code(package.id, "u"), published=False
        )
        assert [entry.pinned for entry in entries] == [True, True, False]

    def test_what_was_deleted_in_the_library_is_not_put_back(self, course, run_import, author, merge, state):
        course(text("t1"), text("t2"))
        run_import()
        author.delete("xblock.v1:html:t1")
        course(text("t1"), text("t2"), text("t3"))
        merge("u")
        assert self.children(state) == ["t2", "t3"]


def test_what_was_merged_and_somebody_has_changed_meanwhile_is_merged_anew(course, run_import, author, user, olx):
    course(text("t", "<p>One</p><p>Two</p><p>Three</p>"))
    run_import()
    author.write(REF, html("<p>1</p><p>Two</p><p>Three</p>"))
    course(text("t", "<p>One</p><p>Two</p><p>3</p>"))
    options = ImportOptions(on_conflict=Decision.MERGE)
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
    api.stage_import(user=user, import_id=run.id)
    assert api.plan_import(user=user, import_id=run.id).writes == 1
    author.write(REF, html("<p>1</p><p>2</p><p>Three</p>"))
    api.complete_import(user=user, import_id=run.id)
    assert olx() == html("<p>1</p><p>2</p><p>3</p>")


def test_where_what_the_source_held_was_not_kept_it_needs_somebody(course, run_import, author, merge):
    course(text("t", "<p>One</p>"))
    run_import()
    author.write(REF, html("<p>1</p>"))
    ImportRecord.objects.update(draft_after=None)
    course(text("t", "<p>Two</p>"))
    with pytest.raises(api.PlanBlocked, match="Text t"):
        merge()
    assert merge(unmerged=Decision.SKIP).outcome is Outcome.SKIPPED


def test_where_the_librarys_olx_is_broken_it_needs_somebody_and_says_so(course, run_import, author, merge):
    course(text("t", "<p>One</p>"))
    run_import()
    author.write(REF, "<html><p>1</html>")
    course(text("t", "<p>Two</p>"))
    assert "or the library’s item cannot be read." in "".join(merge(unmerged=Decision.SKIP).warnings)


@pytest.mark.slow
def test_the_demo_course(real_exports, settings, user, library, state):
    """Of a real course, edited on both sides: every edit is in the library afterwards."""
    settings.COURSES_DIR = real_exports
    key = "course-v1:OpenedX+DemoX+DemoCourse"

    def staged(**options) -> str:
        run = api.create_import(user=user, source_key=key, library_key=TARGET, options=ImportOptions(**options))
        return api.stage_import(user=user, import_id=run.id).id

    api.complete_import(user=user, import_id=staged())
    author = Author(LearningPackage.objects.get(package_ref=TARGET).id)
    edited = {}
    for ref, item in state()["items"].items():
        olx = (item["draft"]["files"].get("block.xml") or b"").decode()
        if ref.startswith("xblock.v1:html") and olx.count("<p>") > 3 and len(edited) < 20:
            edited[ref] = olx
            author.write(ref, olx.replace("<p>", "<p>From the library. ", 1))
    import_id = staged(on_conflict=Decision.MERGE)
    for ref, olx in edited.items():
        before, last, after = olx.rpartition("<p>")
        found = usage_key("html", ref.rpartition(":")[2], key)
        api.edit_block(
            user=user, import_id=import_id, usage_key=found, olx=f"{before}{last}From the source. {after}", title="New"
        )
    plan = api.plan_import(user=user, import_id=import_id)
    assert (plan.writes, plan.blockers) == (len(edited), ())
    api.complete_import(user=user, import_id=import_id)
    for ref, olx in edited.items():
        draft = state()["items"][ref]["draft"]
        merged = draft["files"]["block.xml"].decode()
        assert (merged.count("From the library. "), merged.count("From the source. ")) == (1, 1)
        assert draft["title"] == "New"
        unmerged = merged.replace("From the library. ", "").replace("From the source. ", "")
        assert unmerged.partition(">")[2] == olx.partition(">")[2]


@pytest.mark.at_gate
def test_statements_grow_with_batches_and_not_with_blocks(course, run_import, author, user):
    def counted(count: int) -> tuple[int, int]:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def body(one: str, two: str) -> str:
            return f"<p>{one}</p><p>Between</p><p>{two}</p>"

        course(*(text(f"t{n}x{count}", body("One", "Two")) for n in range(count)))
        run_import()
        for n in range(count):
            author.write(f"xblock.v1:html:t{n}x{count}", html(body("1", "Two")))
        course(*(text(f"t{n}x{count}", body("One", "2")) for n in range(count)))
        options = ImportOptions(on_conflict=Decision.MERGE)
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
        api.stage_import(user=user, import_id=run.id)
        with CaptureQueriesContext(connection) as seen:
            plan = api.plan_import(user=user, import_id=run.id)
        assert sum(item.based_on is not None for item in plan.items) == count
        with CaptureQueriesContext(connection) as again:
            assert api.plan_import(user=user, import_id=run.id) == plan
        assert not [
            query for query in again if "staged_content" in query["sql"] and "olx" in query["sql"].split("FROM")[0]
        ]
        return len(seen), len(again)

    counted(1)  # From then on, some are gone from the source.
    found = counted(3)
    assert found == counted(size(60, 20))
    assert found[1] < found[0] <= 27  # One is about collations, on a server.
