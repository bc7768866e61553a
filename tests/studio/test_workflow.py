"""The whole way of an import in Studio: staged, reviewed, edited, written, undone, redone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from openedx_content.api import signals

from import_from_modulestore import api
from import_from_modulestore.data import (
    CollectionChoice,
    CompositionLevel,
    ConflictState,
    Contents,
    Decision,
    ImportState,
    Outcome,
)
from tests.authoring import Author
from tests.builders import KEY, TARGET, block, problem, section, subsection, unit, usage_key
from tests.library_state import library_state

SAMPLE = Path(__file__).parents[2] / "courses" / "sample-course"
T1 = usage_key("html", "t1")
TOPS = {
    CompositionLevel.SECTION: {"section": 2},
    CompositionLevel.SUBSECTION: {"subsection": 2},
    CompositionLevel.UNIT: {"unit": 3},
    CompositionLevel.COMPONENT: {"component": 5},
}


@pytest.fixture
def author(ada, library):
    """Somebody at work in the library."""
    return Author(library.package_id, ada.pk)


@pytest.mark.parametrize("level", CompositionLevel)
def test_at_each_level_it_is_written_undone_and_redone(ada, load, run_import, level):
    load()
    before = library_state(TARGET)
    run, records = run_import(level=level)
    tops: dict[str, int] = {}
    for record in records:
        if record.depth == 0:
            tops[record.kind.value] = tops.get(record.kind.value, 0) + 1
    assert tops == TOPS[level]
    after = library_state(TARGET)
    assert all(item["draft"] == item["published"] for item in after["items"].values())

    assert api.undo_import(user=ada, import_id=run.id).state is ImportState.UNDONE
    assert library_state(TARGET) == before
    assert api.redo_import(user=ada, import_id=run.id).state is ImportState.IMPORTED
    assert library_state(TARGET) == after


@pytest.mark.parametrize("contents", [Contents.UNIT, Contents.COLLECTION])
def test_what_is_inside_experiments_and_banks_is_taken_out_of_them(ada, site, run_import, contents):
    key = site.load(SAMPLE)
    before = library_state(TARGET)
    run, records = run_import(key, contents=contents, collection=None)
    inside = {record.name: record.inside for record in records if record.inside}
    assert inside["The far bulge, in arrows"] == ("Arrows or a story?", "Told in arrows")
    assert len(inside) == 6
    state = library_state(TARGET)
    if contents is Contents.UNIT:
        told = ["xblock.v1:html:arrows_text", "xblock.v1:html:skydivers_text"]
        assert state["items"]["two_explanations"]["published"]["children"] == told
    else:
        titles = {title for title, _items in state["collections"].values()}
        assert titles == {"Arrows or a story?", "One review question", "Before you go"}
    again, _records = run_import(key, contents=contents, collection=None)
    assert again.counts.keys() == {"unchanged", "unsupported"}
    api.undo_import(user=ada, import_id=again.id)
    api.undo_import(user=ada, import_id=run.id)
    assert library_state(TARGET) == before


def test_tags_and_files_of_what_is_inside_come_along(ada, site, load, run_import):
    question = problem("q1", '<p><img src="/static/moon.png"/></p>')
    bank = block("itembank", "bank", "", question, display_name="Tides")
    load(section("s", subsection("b", unit("u", bank))), static={"moon.png": b"png"})
    site.tag(usage_key("problem", "q1"), "Moon")
    _run, records = run_import(contents=Contents.UNIT)
    (found,) = [record for record in records if record.inside]
    assert (found.tags, found.files) == (("Moon",), ("moon.png",))


def test_what_is_edited_in_the_review_is_what_is_written(ada, load, stage):
    load()
    run = stage()
    olx = '<html display_name="Reviewed"><![CDATA[<p>Better.</p>]]></html>'
    api.edit_block(user=ada, import_id=run.id, usage_key=T1, olx=olx)
    api.select_blocks(user=ada, import_id=run.id, usage_keys=[usage_key("chapter", "s2")], selected=False)
    api.complete_import(user=ada, import_id=run.id)
    items = library_state(TARGET)["items"]
    assert items["xblock.v1:html:t1"]["draft"]["title"] == "Reviewed"
    assert "xblock.v1:html:t3" not in items


def test_what_the_platform_has_cleared_away_is_staged_anew_and_the_review_is_kept(ada, load, stage):
    load()
    run = stage()
    api.edit_block(user=ada, import_id=run.id, usage_key=T1, title="Reviewed")
    api.select_blocks(user=ada, import_id=run.id, usage_keys=[usage_key("chapter", "s2")], selected=False)
    apps.get_model("content_staging", "StagedContent")._default_manager.all().delete()
    with pytest.raises(api.StagedContentGone, match="Stage the import anew"):
        api.complete_import(user=ada, import_id=run.id)
    api.stage_import(user=ada, import_id=run.id)
    api.complete_import(user=ada, import_id=run.id)
    items = library_state(TARGET)["items"]
    assert items["xblock.v1:html:t1"]["draft"]["title"] == "Reviewed"
    assert "xblock.v1:html:t3" not in items


def test_a_course_that_changed_updates_what_it_had_made(ada, site, load, stage, run_import):
    load()
    run_import()
    site.edit(T1, '<html display_name="New"><![CDATA[<p>New.</p>]]></html>')
    run = stage(on_conflict=Decision.OVERWRITE)
    plan = api.plan_import(user=ada, import_id=run.id)
    changed = {item.usage_key: item.state for item in plan.items if item.outcome is not Outcome.UNCHANGED}
    assert changed == {T1: ConflictState.SOURCE_CHANGED}
    api.complete_import(user=ada, import_id=run.id)
    assert library_state(TARGET)["items"]["xblock.v1:html:t1"]["published"]["title"] == "New"


def test_an_edit_in_the_library_is_a_conflict_and_is_spared_by_undo(ada, load, stage, run_import, author):
    load()
    first, _records = run_import()
    author.edit("xblock.v1:html:t1", "Mine")
    plan = api.plan_import(user=ada, import_id=stage().id)
    assert {item.state for item in plan.items if item.usage_key == T1} == {ConflictState.LIBRARY_CHANGED}
    kept = api.preview_undo(user=ada, import_id=first.id).kept
    assert T1 in {item.usage_key for item in kept}


def test_the_version_that_was_read_is_kept(ada, site, load, run_import):
    load()
    run, _records = run_import()
    assert run.source_version == api.get_source(user=ada, source_key=KEY).version
    site.edit(T1, '<html display_name="New"/>')
    assert run.source_version != api.get_source(user=ada, source_key=KEY).version


def test_history_leads_to_the_pages_of_studio(ada, load, run_import):
    load()
    run, records = run_import()
    base = "https://apps.example.com/authoring"
    assert (run.source_url, run.library_url) == (f"{base}/course/{KEY}", f"{base}/library/{TARGET}")
    assert run.collection_url == f"{base}/library/{TARGET}/collection/{run.options.collection.code}"
    urls = {record.usage_key: record.item_url for record in records}
    assert urls[T1] == f"{base}/library/{TARGET}/components/lb:Acme:Target:html:t1"
    assert urls[usage_key("vertical", "u1")] == f"{base}/library/{TARGET}/unit/lct:Acme:Target:unit:u1"
    assert urls[usage_key("chapter", "s1")] == f"{base}/library/{TARGET}/section/lct:Acme:Target:section:s1"


class TestEvents:
    """What search indexes and others in Studio hear of an import: the signals of ``openedx_content``."""

    NAMES = ("ENTITIES_DRAFT_CHANGED", "ENTITIES_PUBLISHED", "COLLECTION_CHANGED")

    @pytest.fixture
    def changed(self, heard):
        """Do something, and tell of how many items each signal spoke: ``changed(lambda: …)``."""

        def count(name: str, event: dict) -> int:
            if name == "COLLECTION_CHANGED":
                return len(event["change"].entities_added) + len(event["change"].entities_removed)
            return len(event["change_log"].changes)

        def listen(act) -> dict[str, list[int]]:
            found = heard(act, signals, *self.NAMES)
            return {name: [count(name, event) for event in events] for name, events in found.items()}

        return listen

    def test_tell_of_all_that_is_written(self, ada, load, stage, changed):
        load()
        run = stage(collection=CollectionChoice(title="Tides"))
        found = changed(lambda: api.complete_import(user=ada, import_id=run.id))
        assert found["ENTITIES_DRAFT_CHANGED"] == [12]
        assert sum(found["ENTITIES_PUBLISHED"]) == 12
        assert sum(found["COLLECTION_CHANGED"]) == 2

    def test_tell_of_all_that_is_undone_and_redone(self, ada, load, run_import, changed):
        load()
        run, _records = run_import(collection=CollectionChoice(title="Tides"))
        for act in (api.undo_import, api.redo_import):
            found = changed(lambda act=act: act(user=ada, import_id=run.id))
            assert found["ENTITIES_DRAFT_CHANGED"] == [12]
            assert sum(found["ENTITIES_PUBLISHED"]) == 12
            assert sum(found["COLLECTION_CHANGED"]) == 2
