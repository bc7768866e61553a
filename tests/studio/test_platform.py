"""What only the platform itself can show: libraries as ``content_libraries`` reads them, and real courses."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Branch, CompositionLevel, ConflictState, Decision, Outcome
from import_from_modulestore.exports.export import Export
from import_from_modulestore.hosts.cms.platform import is_installed
from import_from_modulestore.models import StagedBlock
from import_from_modulestore.olx.tree import walk
from tests.builders import KEY, TARGET, problem, section, subsection, text, unit, usage_key, write_course
from tests.library_state import library_state

from .test_staging import in_export, in_studio

pytestmark = pytest.mark.platform

REAL_EXPORTS = Path(os.environ.get("REAL_EXPORTS_DIR") or Path(__file__).parents[3] / "shared" / "courses")
T1 = usage_key("html", "t1")
ITEM = "lb:Acme:Target:html:t1"


def component(key: str):
    from opaque_keys.edx.locator import LibraryUsageLocatorV2

    return LibraryUsageLocatorV2.from_string(key)


def container(key: str):
    from opaque_keys.edx.locator import LibraryContainerLocator

    return LibraryContainerLocator.from_string(key)


def olx_of(key: str) -> str:
    from openedx.core.djangoapps.xblock.api import get_block_olx

    return get_block_olx(component(key))


def edit_in_library(key: str, olx: str) -> None:
    """As an author in the library does."""
    from openedx.core.djangoapps.content_libraries.api import set_library_block_olx

    set_library_block_olx(component(key), olx)


class TestLibraryReadsRight:
    """Through ``content_libraries.api``: OLX, files, children and what is published, before and after an undo."""

    @pytest.fixture
    def imported(self, site, run_import, tmp_path):
        course = section("s", subsection("b", unit("u", text("t1", '<img src="/static/a.png"/>'), problem("p1"))))
        site.load(write_course(tmp_path / "c", course, static={"a.png": b"PNG"}))
        return run_import()[0]

    def test_olx_has_nothing_of_the_course(self, imported):
        olx = olx_of(ITEM)
        assert '<img src="/static/a.png"/>' in olx
        assert "copied_from" not in olx
        assert KEY not in olx

    def test_files(self, imported):
        from openedx.core.djangoapps.content_libraries.api import get_library_block_static_asset_files

        assert [(file.path, file.size) for file in get_library_block_static_asset_files(component(ITEM))] == [
            ("static/a.png", 3)
        ]

    def test_children(self, imported):
        from openedx.core.djangoapps.content_libraries.api import get_container_children

        keys = [
            [
                str(getattr(child, "container_key", None) or child.usage_key)
                for child in get_container_children(container(key))
            ]
            for key in ("lct:Acme:Target:section:s", "lct:Acme:Target:subsection:b", "lct:Acme:Target:unit:u")
        ]
        assert keys == [
            ["lct:Acme:Target:subsection:b"],
            ["lct:Acme:Target:unit:u"],
            [ITEM, "lb:Acme:Target:problem:p1"],
        ]

    def test_all_is_published(self, imported):
        from openedx.core.djangoapps.content_libraries.api import get_container, get_library_block

        block = get_library_block(component(ITEM))
        assert (block.display_name, block.has_unpublished_changes, block.published_version_num) == ("Text t1", False, 1)
        held = get_container(container("lct:Acme:Target:unit:u"))
        assert (held.display_name, held.has_unpublished_changes) == ("vertical u", False)

    def test_blocks_can_be_rendered(self, ada, imported):
        """The platform's runtime loads them, with the address of their files."""
        from openedx.core.djangoapps.xblock.api import load_block

        block = load_block(component(ITEM), ada)
        assert block.display_name == "Text t1"
        assert "/static/a.png" in block.data

    def test_nothing_is_there_after_an_undo_and_all_of_it_after_a_redo(self, ada, imported):
        from openedx.core.djangoapps.content_libraries import api as libraries

        after = library_state(TARGET)
        api.undo_import(user=ada, import_id=imported.id)
        with pytest.raises(libraries.ContentLibraryBlockNotFound):
            libraries.get_library_block(component(ITEM))
        api.redo_import(user=ada, import_id=imported.id)
        assert library_state(TARGET) == after
        assert libraries.get_library_block(component(ITEM)).published_version_num == 1


class TestEditsInTheLibrary:
    @pytest.fixture
    def edited(self, load, run_import):
        """An import, and an edit in the library since."""
        load()
        run, _records = run_import()
        edit_in_library(ITEM, '<html display_name="Mine"><![CDATA[<p>Mine.</p>]]></html>')
        return run

    def test_are_conflicts(self, ada, edited, stage):
        items = {item.usage_key: item for item in api.plan_import(user=ada, import_id=stage().id).items}
        assert items[T1].state is ConflictState.LIBRARY_CHANGED
        assert {item.state for key, item in items.items() if key != T1} == {ConflictState.UNCHANGED}

    @pytest.mark.parametrize(
        ("decision", "title", "forked"),
        [
            (Decision.SKIP, "Mine", False),
            (Decision.OVERWRITE, "Text t1", False),
            (Decision.NEW_VERSION, "Text t1", False),
            (Decision.FORK, "Mine", True),
        ],
    )
    def test_are_settled_by_decisions_and_undone(self, ada, edited, run_import, decision, title, forked):
        from openedx.core.djangoapps.content_libraries.api import get_library_block

        before = library_state(TARGET)
        run, _records = run_import(on_conflict=decision)
        assert get_library_block(component(ITEM)).display_name == title
        assert ("xblock.v1:html:t1_1" in library_state(TARGET)["items"]) is forked
        api.undo_import(user=ada, import_id=run.id)
        assert library_state(TARGET) == before

    def test_are_spared_by_an_undo(self, ada, edited):
        api.undo_import(user=ada, import_id=edited.id)
        items = library_state(TARGET)["items"]
        assert items["xblock.v1:html:t1"]["draft"]["title"] == "Mine"
        assert "xblock.v1:html:t2" not in items

    def test_of_a_container_are_conflicts_too(self, ada, load, run_import, stage):
        from openedx.core.djangoapps.content_libraries.api import update_container

        load()
        run_import()
        update_container(container("lct:Acme:Target:unit:u1"), "My unit", ada.pk)
        items = {item.usage_key: item for item in api.plan_import(user=ada, import_id=stage().id).items}
        assert items[usage_key("vertical", "u1")].state is ConflictState.LIBRARY_CHANGED


class TestEvents:
    def test_studio_hears_of_every_block_and_container(self, ada, load, stage, heard):
        from openedx_events.content_authoring import signals

        load()
        run = stage()
        names = ("LIBRARY_BLOCK_CREATED", "LIBRARY_CONTAINER_CREATED", "LIBRARY_BLOCK_PUBLISHED")
        found = heard(lambda: api.complete_import(user=ada, import_id=run.id), signals, *names)
        assert len({str(event["library_block"].usage_key) for event in found["LIBRARY_BLOCK_CREATED"]}) == 5
        assert len({str(event["library_container"].container_key) for event in found["LIBRARY_CONTAINER_CREATED"]}) == 7
        assert ITEM in {str(event["library_block"].usage_key) for event in found["LIBRARY_BLOCK_PUBLISHED"]}


class TestCoursesMadeInStudio:
    """Made by the platform's own factories, not by an import."""

    def test_a_course_of_the_factories(self, ada, site, library, stage):
        from xmodule.modulestore.tests.factories import BlockFactory, CourseFactory

        course = CourseFactory.create(org="Acme", course="Made", run="R", display_name="Made")
        parent = course
        for category in ("chapter", "sequential", "vertical"):
            parent = BlockFactory.create(parent_location=parent.location, category=category, display_name=category)
        for category, data in (("html", "<p>Hi.</p>"), ("problem", "<problem><p>?</p></problem>"), ("video", None)):
            BlockFactory.create(
                parent_location=parent.location, category=category, display_name=f"A {category}", data=data
            )
        run = stage(str(course.id))
        assert [row.title for row in StagedBlock.objects.filter(import_run__uuid=run.id).order_by("num")] == [
            *("chapter", "sequential", "vertical"),
            *("A html", "A problem", "A video"),
        ]
        done = api.complete_import(user=ada, import_id=run.id)
        assert done.counts == {"created": 6}

    def test_a_legacy_library_of_the_factories(self, ada, site, library, run_import):
        from xmodule.modulestore.tests.factories import BlockFactory, LibraryFactory

        legacy = LibraryFactory.create(org="Acme", library="Pool", display_name="Pool")
        for number in range(3):
            BlockFactory.create(
                parent_location=legacy.location,
                category="problem",
                display_name=f"Q{number}",
                data="<problem><p>?</p></problem>",
                user_id=ada.pk,
                publish_item=False,
            )
        run, records = run_import("library-v1:Acme+Pool", level="component")
        assert run.source_title == "Pool"
        assert [record.title for record in records] == ["Q0", "Q1", "Q2"]

    def test_static_tabs_and_settings_stay_out(self, ada, site, library, stage):
        from xmodule.modulestore.tests.factories import BlockFactory, CourseFactory

        course = CourseFactory.create(
            org="Acme", course="Tabs", run="R", lti_passports=["secret:key:value"], display_name="Tabs"
        )
        BlockFactory.create(parent_location=course.location, category="static_tab", display_name="Tab")
        BlockFactory.create(parent_location=course.location, category="chapter", display_name="Section")
        run = stage(str(course.id))
        from openedx.core.djangoapps.content_staging.models import StagedContent

        assert run.block_count == 1
        assert "secret" not in "".join(StagedContent.objects.values_list("olx", flat=True))


class TestDemoCourse:
    """The Open edX demo course, and its legacy library."""

    @pytest.fixture
    def exports(self, tmp_path):
        if not (REAL_EXPORTS / "openedx-demo-course.tar.gz").is_file():
            pytest.skip("the real exports are not here; set REAL_EXPORTS_DIR")
        for name in ("course", "library"):
            with tarfile.open(REAL_EXPORTS / f"openedx-demo-{name}.tar.gz") as archive:
                archive.extractall(tmp_path / name, filter="data")
        folders = {name: next((tmp_path / name).glob("[!.]*")) for name in ("course", "library")}
        read = Export(folders["course"], "course").read(Branch.DRAFT)
        types = {block.block_type for root in read for block in walk(root.element)}
        if missing := sorted(name for name in types if not is_installed(name)):
            pytest.skip(f"the demo course has blocks of types that are not installed here: {', '.join(missing)}")
        return folders

    def test_is_staged_as_an_export_of_it_is_read(self, site, exports, stage, tmp_path):
        key = site.load(exports["course"])
        assert in_studio(stage(key)) == in_export(site.export(key, tmp_path))

    @pytest.mark.parametrize("level", CompositionLevel)
    def test_at_each_level_it_is_written_undone_and_redone(self, ada, site, exports, run_import, level):
        key = site.load(exports["course"])
        before = library_state(TARGET)
        run, records = run_import(key, level=level)
        outcomes = {record.outcome for record in records}
        assert outcomes <= {Outcome.CREATED, Outcome.UNSUPPORTED}
        after = library_state(TARGET)
        components = [ref for ref in after["items"] if ref.startswith("xblock.v1:")]
        assert len(components) > 300
        api.undo_import(user=ada, import_id=run.id)
        assert library_state(TARGET) == before
        api.redo_import(user=ada, import_id=run.id)
        assert library_state(TARGET) == after

    def test_texts_problems_and_videos_can_be_loaded_from_the_library(self, ada, site, exports, run_import):
        from openedx.core.djangoapps.xblock.api import load_block

        key = site.load(exports["course"])
        _run, records = run_import(key, level="component")
        for record in records:
            if record.outcome is Outcome.CREATED and record.block_type in ("html", "problem", "video"):
                assert load_block(component(record.item_key), ada).display_name

    def test_its_library(self, ada, site, exports, run_import):
        key = site.load(exports["library"])
        run, records = run_import(key, level="component")
        assert run.source_key.startswith("library-v1:")
        assert {record.outcome for record in records} == {Outcome.CREATED}
