"""What the platform's migrator has imported counts as if it had been imported from here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import ConflictState, Decision, ImportOptions, Outcome
from tests.authoring import Author
from tests.builders import KEY, LIBRARY_KEY, TARGET, problem, small_course, text, usage_key, write_course, write_library
from tests.library_state import library_state

pytest.importorskip("cms.djangoapps.modulestore_migrator.api", reason="this platform has no migrator")

T1, U1 = usage_key("html", "t1"), usage_key("vertical", "u1")
ITEM = "xblock.v1:html:text-t1"


@pytest.fixture
def states(ada, stage) -> Callable[..., dict[str, ConflictState]]:
    """The states of the blocks in a new import: ``states()``."""

    def plan(source: str = KEY, **options) -> dict[str, ConflictState]:
        found = api.plan_import(user=ada, import_id=stage(source, **options).id)
        return {item.usage_key: item.state for item in found.everything}

    return plan


@pytest.fixture
def migrated(ada, site, load, library) -> str:
    """A course that the platform has imported into the library, under IDs made of titles."""
    key = load()
    site.migrate(key, TARGET, ada, level="section")
    return key


def test_all_of_it_is_unchanged(states, migrated):
    assert set(states().values()) == {ConflictState.UNCHANGED}


def test_what_the_source_has_changed_updates_its_items(ada, site, states, migrated, run_import):
    site.edit(T1, '<html display_name="Text t1"><![CDATA[<p>New.</p>]]></html>')
    assert {key for key, state in states().items() if state is not ConflictState.UNCHANGED} == {T1}
    assert states()[T1] is ConflictState.SOURCE_CHANGED
    _run, records = run_import(on_conflict=Decision.OVERWRITE)
    assert {record.item_key for record in records if record.usage_key == T1} == {"lb:Acme:Target:html:text-t1"}
    assert states()[T1] is ConflictState.UNCHANGED


def test_what_the_library_has_changed_is_seen(ada, states, migrated, library):
    author = Author(library.package_id, ada.pk)
    author.edit(ITEM)
    author.edit("unit-u2" if "unit-u2" in library_state(TARGET)["items"] else "vertical-u2")
    assert {key for key, state in states().items() if state is ConflictState.LIBRARY_CHANGED} == {
        T1,
        usage_key("vertical", "u2"),
    }


def test_what_it_has_lost_is_gone(ada, site, states, migrated, tmp_path):
    section_1, _section_2 = small_course()
    site.load(write_course(tmp_path / "less", section_1))
    found = states()
    assert {key for key, state in found.items() if state is ConflictState.GONE} == {
        usage_key(tag, name)
        for tag, name in (
            ("chapter", "s2"),
            ("sequential", "b2"),
            ("vertical", "u3"),
            ("problem", "p2"),
            ("html", "t3"),
        )
    }


def test_an_undo_leaves_the_items_as_the_platform_had_made_them(ada, site, migrated, run_import, states):
    before = library_state(TARGET)
    site.edit(T1, '<html display_name="Text t1"><![CDATA[<p>New.</p>]]></html>')
    run, _records = run_import(on_conflict=Decision.OVERWRITE)
    api.undo_import(user=ada, import_id=run.id)
    assert library_state(TARGET) == before
    assert states()[T1] is ConflictState.SOURCE_CHANGED


def test_into_another_library_it_does_not_count(ada, migrated):
    other = api.create_library(user=ada, library_key="lib:Acme:Other", title="Other")
    options = ImportOptions()
    _source, plan = api.preview_import(user=ada, source_key=KEY, library_key=other.key, options=options)
    assert {item.outcome for item in plan.items} == {Outcome.CREATED}


def test_a_version_that_is_not_known_any_more_is_a_conflict_of_both(ada, site, states, migrated):
    from cms.djangoapps.modulestore_migrator.models import ModulestoreBlockMigration

    ModulestoreBlockMigration.objects.update(change_log_record=None)
    assert set(states().values()) == {ConflictState.UNCHANGED}
    site.edit(T1, '<html display_name="Text t1"><![CDATA[<p>New.</p>]]></html>')
    assert states()[T1] is ConflictState.BOTH_CHANGED


def test_a_legacy_library_that_it_has_forwarded_goes_on_to_be(ada, site, library, states, run_import, tmp_path):
    site.load(write_library(tmp_path / "legacy", text("t1"), problem("p1")))
    site.migrate(LIBRARY_KEY, TARGET, ada)
    assert set(states(LIBRARY_KEY).values()) == {ConflictState.UNCHANGED}
    run, _records = run_import(LIBRARY_KEY)
    assert run.forwards


def test_an_item_of_it_that_another_source_has_lost_stays(ada, site, migrated, states, stage, library, tmp_path):
    """It is in use by the course of which the platform has made it."""
    site.load(write_library(tmp_path / "legacy", text("text-t1")))
    done = stage(LIBRARY_KEY, on_conflict=Decision.OVERWRITE)
    api.complete_import(user=ada, import_id=done.id)
    site.load(write_library(tmp_path / "emptied", problem("other")))
    (gone,) = api.list_gone(user=ada, import_id=stage(LIBRARY_KEY).id).items
    assert (gone.also_from, gone.item_key) == ((KEY,), "lb:Acme:Target:html:text-t1")
