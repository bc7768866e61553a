"""One block beside what stands in the library in its place."""

import pytest
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import ConflictState, Contents, Decision, DifferenceKind, Outcome
from import_from_modulestore.models import ImportRecord

from ..authoring import Author
from ..builders import block, problem, section, subsection, text, unit
from .conftest import key


@pytest.fixture
def course(write):
    """Write a course of one unit with these components."""
    return lambda *components, **more: write(section("s", subsection("b", unit("u", *components))), **more)


@pytest.fixture
def details(user, stage):
    return lambda block_id, tag="html", **options: api.get_block(
        user=user, import_id=stage(**options), usage_key=key(block_id, tag)
    )


def changes(found) -> dict[str, list[str]]:
    """What each difference takes away and adds."""
    return {
        d.kind.value: [f"{line.mark}{line.text.strip()}" for line in d.lines if line.mark in "+-"]
        for d in found.differences
    }


def test_a_new_block_has_content_and_nothing_to_compare(course, details):
    course(text("t", "<p>Hello</p>"))
    found = details("t")
    assert "<p>Hello</p>" in found.olx
    assert found.olx == found.staged_olx
    assert (found.library, found.differences) == (None, ())


def test_files_are_told_with_their_sizes_and_those_that_are_missing(course, details):
    course(text("t", '<img src="/static/a.png"><img src="/static/b.png">'), static={"a.png": b"12345"})
    found = details("t")
    assert [(file.name, file.size) for file in found.files] == [("a.png", 5)]
    assert found.missing_files == ("b.png",)


def test_a_change_in_the_source(course, details, run_import):
    course(text("t", "<p>One</p><p>Two</p>"))
    run_import()
    course(text("t", "<p>One</p><p>Three</p>"))
    found = details("t")
    assert found.block.state is ConflictState.SOURCE_CHANGED
    assert found.library.key == "lb:Acme:Target:html:t"
    assert (found.library.draft_num, found.library.published_num) == (1, 1)
    change = ["-<p>Two</p>", "+<p>Three</p>"]
    assert changes(found) == {"replacement": change, "library": [], "source": change}


def test_a_change_in_the_library(course, details, run_import, edit_in_library):
    course(text("t", "<p>One</p>"))
    run_import()
    edit_in_library("t", "<p>Mine</p>")
    found = details("t")
    assert found.block.state is ConflictState.LIBRARY_CHANGED
    assert changes(found) == {
        "replacement": ["-<p>Mine</p>", "+<p>One</p>"],
        "library": ["-<p>One</p>", "+<p>Mine</p>"],
        "source": [],
    }


def test_a_change_on_both_sides(course, details, run_import, edit_in_library):
    course(text("t", "<p>One</p>"))
    run_import()
    edit_in_library("t", "<p>Mine</p>", title="My text")
    course(text("t", "<p>Theirs</p>"))
    found = details("t")
    assert found.block.state is ConflictState.BOTH_CHANGED
    assert changes(found)["source"] == ["-<p>One</p>", "+<p>Theirs</p>"]
    assert changes(found)["library"] == [
        "-title: Text t",
        '-<html display_name="Text t">',
        "-<p>One</p>",
        "+title: My text",
        '+<html display_name="My text">',
        "+<p>Mine</p>",
    ]


class TestEditedInAReview:
    """What a reviewer has made of a block is no change of the source, neither now nor later."""

    @pytest.fixture
    def imported(self, course, stage, user):
        """Import a block with an edit: ``imported("<p>Mine</p>")``; the source says One."""

        def run(body: str | None = None, *, tag: str = "html", **edit) -> None:
            course(text("t", "<p>One</p>"))
            import_id = stage()
            if body:
                edit["olx"] = f"<html>{body}</html>"
            api.edit_block(user=user, import_id=import_id, usage_key=key("t" if tag == "html" else "u", tag), **edit)
            api.complete_import(user=user, import_id=import_id)

        return run

    def test_now(self, course, details, run_import, stage, user):
        course(text("t", "<p>One</p>"))
        run_import()
        edit = {"import_id": stage(), "usage_key": key("t")}
        found = api.edit_block(user=user, **edit, title="Mine", olx="<html><p>Mine</p></html>")
        assert changes(found)["source"] == changes(found)["library"] == []
        assert "+<p>Mine</p>" in changes(found)["replacement"]
        found = api.revert_block(user=user, **edit)
        assert changes(found) == {"replacement": [], "library": [], "source": []}

    def test_now_and_in_the_source_as_well(self, course, details, run_import, stage, user):
        course(text("t", "<p>One</p>"))
        run_import()
        course(text("t", "<p>Two</p>"))
        found = api.edit_block(
            user=user, import_id=stage(), usage_key=key("t"), olx='<html display_name="Text t"><p>Mine</p></html>'
        )
        assert changes(found)["source"] == ["-<p>One</p>", "+<p>Two</p>"]
        assert changes(found)["replacement"] == ["-<p>One</p>", "+<p>Mine</p>"]

    def test_then(self, course, details, imported):
        imported("<p>Mine</p>", title="Text t")
        course(text("t", "<p>Two</p>"))
        found = details("t")
        assert changes(found) == {
            "replacement": ["-<p>Mine</p>", "+<p>Two</p>"],
            "library": [],
            "source": ["-<p>One</p>", "+<p>Two</p>"],
        }
        assert any("edited in the review of an earlier import" in warning for warning in found.block.warnings)

    def test_then_and_nothing_since(self, course, details, imported):
        imported("<p>Mine</p>", title="Text t")
        found = details("t")
        assert found.block.state is ConflictState.UNCHANGED
        assert changes(found)["source"] == []
        assert not found.block.warnings

    def test_long_ago(self, course, details, imported, run_import):
        """An import that found nothing to do in between keeps what the source held."""
        imported("<p>Mine</p>", title="Text t")
        run_import()
        course(text("t", "<p>Two</p>"))
        assert changes(details("t"))["source"] == ["-<p>One</p>", "+<p>Two</p>"]

    def test_the_title_of_a_container(self, course, details, imported, write):
        imported(title="Mine", tag="vertical")
        write(section("s", subsection("b", unit("u", text("t", "<p>One</p>"), title="Theirs"))))
        assert changes(details("u", "vertical"))["source"] == ["-title: vertical u", "+title: Theirs"]

    def test_files_that_the_edit_names_no_more(self, course, details, stage, user):
        picture = {"a.png": b"12345"}
        course(text("t", '<img src="/static/a.png">'), static=picture)
        import_id = stage()
        for olx in ("<html><p>None</p></html>", "<html><p>Still none</p></html>"):
            found = api.edit_block(user=user, import_id=import_id, usage_key=key("t"), olx=olx, title="Text t")
            assert found.files == ()
        api.complete_import(user=user, import_id=import_id)
        course(text("t", '<p>Now.</p><img src="/static/a.png">'), static=picture)
        found = changes(details("t"))
        assert not [line for line in found["source"] if "file:" in line]
        assert [line[:17] for line in found["replacement"] if "file:" in line] == ["+file: a.png, 5 b"]

    def test_where_the_source_s_own_was_not_kept_nothing_is_said_of_it(self, course, details, imported):
        imported("<p>Mine</p>")
        ImportRecord.objects.update(source_content={})
        course(text("t", "<p>Two</p>"))
        assert set(changes(details("t"))) == {"replacement", "library"}

    def test_only_what_was_edited_is_kept(self, imported):
        imported("<p>Mine</p>")
        kept = ImportRecord.objects.exclude(source_content={})
        assert [(record.usage_key, record.source_content["title"]) for record in kept] == [(key("t"), "Text t")]


def test_what_was_undone_is_not_what_it_is_compared_with(course, details, run_import, user):
    course(text("t", "<p>One</p>"))
    run_import()
    course(text("t", "<p>Two</p>"))
    second, _records = run_import(on_conflict=Decision.OVERWRITE)
    api.undo_import(user=user, import_id=second.id)
    assert changes(details("t"))["source"] == ["-<p>One</p>", "+<p>Two</p>"]


def test_an_item_that_never_came_from_here_has_no_common_past(course, details, run_import, edit_in_library):
    course(text("t", "<p>One</p>"))
    run_import()
    edit_in_library("t", "<p>Mine</p>")
    from import_from_modulestore.models import Import

    Import.objects.all().delete()
    found = details("t")
    assert found.block.state is ConflictState.ID_TAKEN
    assert [d.kind for d in found.differences] == [DifferenceKind.REPLACEMENT]


def test_a_deleted_item_is_compared_with_nothing(course, details, run_import):
    from openedx_content import api as content_api
    from openedx_content.models_api import Component

    course(text("t", "<p>One</p>"))
    run_import()
    content_api.soft_delete_draft(Component.objects.get().id)
    found = details("t")
    assert found.block.state is ConflictState.DELETED
    assert found.library.draft_num is None
    assert changes(found)["replacement"] == [
        "+title: Text t",
        '+<html display_name="Text t">',
        "+<p>One</p>",
        "+</html>",
    ]


def test_what_is_to_be_forked_is_still_compared_with_the_original(course, details, run_import):
    course(text("t", "<p>One</p>"))
    run_import()
    course(text("t", "<p>Two</p>"))
    found = details("t", on_conflict=Decision.FORK)
    assert found.block.item_key == "lb:Acme:Target:html:t_1"
    assert found.library.key == "lb:Acme:Target:html:t"
    assert changes(found)["replacement"] == ["-<p>One</p>", "+<p>Two</p>"]


def test_containers_are_compared_by_title_and_children(course, write, details, run_import):
    course(text("t1"), text("t2"))
    run_import()
    write(section("s", subsection("b", unit("u", text("t1"), text("t3"), title="Another"))))
    found = details("u", "vertical")
    assert found.olx == ""
    assert found.library.children == ("Text t1", "Text t2")
    assert changes(found)["replacement"] == [
        "-title: vertical u",
        "+title: Another",
        "-child: Text t2 (html:t2)",
        "+child: Text t3 (html:t3)",
    ]


class TestContainers:
    """The source's part is what the source holds, whatever a review makes of it."""

    @pytest.fixture
    def of_unit(self, user):
        return lambda import_id: changes(api.get_block(user=user, import_id=import_id, usage_key=key("u", "vertical")))

    @pytest.fixture
    def leave_out(self, user, stage):
        """Stage the course without these texts; gives the import."""

        def staged(*codes: str, **options) -> str:
            import_id = stage(**options)
            for code in codes:
                api.select_blocks(user=user, import_id=import_id, usage_keys=[key(code)], selected=False)
            return import_id

        return staged

    @pytest.fixture
    def author(self, library):
        return Author(LearningPackage.objects.get(package_ref=library.key).id)

    def test_what_is_left_out_now_is_in_the_source(self, course, run_import, leave_out, of_unit):
        course(text("t1"), text("t2"))
        run_import()
        taken = "-child: Text t2 (html:t2)"
        assert of_unit(leave_out("t2")) == {"replacement": [taken], "library": [], "source": []}

    def test_and_what_was_left_out_then(self, course, leave_out, of_unit, user):
        course(text("t1"), text("t2"))
        api.complete_import(user=user, import_id=leave_out("t2"))
        assert of_unit(leave_out("t2")) == {"replacement": [], "library": [], "source": []}
        added = "+child: Text t2 (html:t2)"
        assert of_unit(leave_out(as_last_time=False)) == {"replacement": [added], "library": [], "source": []}

    def test_what_the_source_lost_while_it_was_left_out(self, course, leave_out, of_unit, user):
        course(text("t1"), text("t2"))
        api.complete_import(user=user, import_id=leave_out("t2"))
        course(text("t1"), text("t3"))
        found = of_unit(leave_out("t3"))
        assert found["source"] == ["-child: html:t2", "+child: Text t3 (html:t3)"]
        assert found["replacement"] == found["library"] == []

    def test_what_the_library_has_deleted(self, course, run_import, of_unit, stage, author):
        course(text("t1"), text("t2"))
        run_import()
        author.delete("xblock.v1:html:t1")
        found = of_unit(stage())
        assert found == {"replacement": [], "library": ["-child: Text t1 (html:t1)"], "source": []}
        course(text("t2"))
        assert of_unit(stage())["source"] == ["-child: Text t1 (html:t1)"]
        run_import()
        assert of_unit(stage()) == {"replacement": [], "library": [], "source": []}

    def test_what_cannot_be_read(self, course, run_import, of_unit, stage):
        course(text("t1"), text("t2"))
        run_import()
        course(text("t1"), text("t2"), files={"html/t2.xml": "<html"})
        assert of_unit(stage())["source"] == []

    def test_what_is_forked(self, course, run_import, of_unit, stage):
        course(text("t1"), text("t2"))
        run_import()
        course(text("t1"), text("t2", "<p>New.</p>"))
        assert of_unit(stage(on_conflict=Decision.FORK))["source"] == []

    @pytest.mark.parametrize("contents", Contents)
    def test_what_is_chosen_of_contents(self, contents, course, run_import, of_unit, stage):
        course(text("t1"), block("itembank", "bank", "", problem("q")))
        run_import(contents=Contents.LEAVE_OUT)
        assert of_unit(stage(contents=contents))["source"] == []

    def test_what_a_merge_has_made_of_it(self, course, run_import, of_unit, stage, author):
        course(text("t1"), text("t2"))
        run_import()
        author.hold("u", "xblock.v1:html:t1", "xblock.v1:html:t2", author.component("mine"))
        course(text("t2"), text("t3"))
        found = of_unit(stage(on_conflict=Decision.MERGE))
        assert found == {
            "replacement": ["-child: Text t1 (html:t1)", "+child: Text t3 (html:t3)"],
            "library": ["+child: Mine mine (html:mine)"],
            "source": ["-child: Text t1 (html:t1)", "+child: Text t3 (html:t3)"],
        }
        run_import(on_conflict=Decision.MERGE)
        assert of_unit(stage(on_conflict=Decision.MERGE)) == {"replacement": [], "library": [], "source": []}


class TestWhatWouldBeWritten:
    def test_by_a_merge_of_both(self, course, details, run_import, edit_in_library):
        course(text("t", "<p>One</p><p>Two</p>"))
        run_import()
        edit_in_library("t", "<p>1</p><p>Two</p>")
        course(text("t", "<p>One</p><p>2</p>"))
        assert changes(details("t", on_conflict=Decision.MERGE)) == {
            "replacement": ["-<p>Two</p>", "+<p>2</p>"],
            "library": ["-<p>One</p>", "+<p>1</p>"],
            "source": ["-<p>Two</p>", "+<p>2</p>"],
        }

    def test_by_a_merge_where_the_source_is_the_same(self, course, details, run_import, edit_in_library):
        course(text("t", "<p>One</p>"))
        run_import()
        edit_in_library("t", "<p>Mine</p>")
        assert changes(details("t", on_conflict=Decision.MERGE))["replacement"] == []

    def test_where_the_library_holds_an_edit_that_stays(self, course, details, stage, user):
        course(text("t", "<p>One</p>"))
        import_id = stage()
        api.edit_block(user=user, import_id=import_id, usage_key=key("t"), olx="<html><p>Mine</p></html>")
        api.complete_import(user=user, import_id=import_id)
        found = details("t", as_last_time=False)
        assert found.block.outcome is Outcome.UNCHANGED
        assert changes(found) == {"replacement": [], "library": [], "source": []}


def test_a_file_that_changed_is_seen(course, details, run_import):
    course(text("t", '<img src="/static/a.png">'), static={"a.png": b"one"})
    run_import()
    course(text("t", '<img src="/static/a.png">'), static={"a.png": b"other"})
    taken, added = changes(details("t"))["replacement"]
    assert taken.startswith("-file: a.png, 3 bytes")
    assert added.startswith("+file: a.png, 5 bytes")


def test_an_unknown_block_is_named(course, details):
    course(text("t"))
    with pytest.raises(api.NotFound, match="block@nowhere"):
        details("nowhere")


def test_the_block_of_another_course_is_not_found(course, user, stage):
    course(block("html", "t"))
    other = "block-v1:Acme+C9+R1+type@html+block@t"
    with pytest.raises(api.NotFound, match="Not among the blocks of this import"):
        api.get_block(user=user, import_id=stage(), usage_key=other)
