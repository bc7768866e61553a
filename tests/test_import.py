"""An import from end to end, through the Python API."""

import pytest
from django.core.files.storage import default_storage
from openedx_content import api as content_api
from openedx_content.models_api import Component, Container, DraftChangeLog, PublishableEntity, PublishLog

from import_from_modulestore import api
from import_from_modulestore.data import (
    BlockIds,
    Branch,
    CollectionChoice,
    CompositionLevel,
    ConflictState,
    Decision,
    ImportOptions,
    ImportState,
    Outcome,
)
from import_from_modulestore.exports.staging import FileStore
from import_from_modulestore_standalone.content_staging.models import StagedContent, StagedContentFile

from .builders import (
    KEY,
    LIBRARY_KEY,
    TARGET,
    block,
    problem,
    section,
    small_course,
    subsection,
    text,
    unit,
    usage_key,
    write_block,
    write_course,
    write_library,
)
from .library_state import drafts, row_counts


@pytest.fixture
def course(courses):
    """Write the course again with other content: ``course(section(…), …)``."""
    return lambda *blocks, **options: write_course(courses / "c1", *blocks, **options)


@pytest.fixture
def edit_in_library(user, library):
    """An author edits a component in the library, and publishes it or not."""

    def edit(ref: str, olx: str, *, publish: bool = True) -> None:
        component = Component.objects.get(publishable_entity__entity_ref=ref)
        content_api.create_next_component_version(
            component.id, media_to_replace={"block.xml": olx_media(library, olx)}, created=now(), created_by=user.id
        )
        if publish:
            content_api.publish_all_drafts(library.package_id)

    return edit


def olx_media(library, olx: str) -> int:
    media_type = content_api.get_or_create_media_type("application/vnd.openedx.xblock.v1.html+xml")
    return content_api.get_or_create_text_media(library.package_id, media_type.id, text=olx, created=now()).id


def now():
    from datetime import UTC, datetime

    return datetime.now(tz=UTC)


def hello(body: str = "<p>Hello.</p>"):
    """One section, one subsection, one unit, one text."""
    return section("s", subsection("b", unit("u", text("t", body, title="T"))))


HELLO = "xblock.v1:html:t"


def outcomes(records):
    return {record.usage_key.rpartition("@")[2]: record.outcome.value for record in records}


class TestWhatArrives:
    def test_the_whole_hierarchy(self, course, run_import, state):
        course(*small_course())
        run_import()
        assert {ref: draft["children"] for ref, draft in drafts(state()).items()} == {
            "s1": ["b1"],
            "b1": ["u1", "u2"],
            "u1": ["xblock.v1:html:t1", "xblock.v1:problem:p1"],
            "u2": ["xblock.v1:html:t2"],
            "s2": ["b2"],
            "b2": ["u3"],
            "u3": ["xblock.v1:problem:p2", "xblock.v1:html:t3"],
            **{f"xblock.v1:html:t{n}": [] for n in (1, 2, 3)},
            **{f"xblock.v1:problem:p{n}": [] for n in (1, 2)},
        }

    @pytest.mark.parametrize(("level", "kinds"), [("section", 4), ("subsection", 3), ("unit", 2), ("component", 1)])
    def test_only_the_levels_asked_for(self, level, kinds, course, run_import, state):
        course(hello())
        run_import(level=CompositionLevel(level))
        assert len(drafts(state())) == kinds

    def test_olx_without_the_courses_own_names(self, course, run_import, state):
        course(hello("<p>Say &amp; “do”</p>"))
        run_import()
        assert drafts(state())[HELLO]["files"] == {
            "block.xml": '<html display_name="T"><![CDATA[<p>Say &amp; “do”</p>]]></html>'.encode()
        }

    def test_olx_longer_than_the_librarys_text_field_is_meant_for(self, course, run_import, state):
        course(hello("<p>" + "long " * 40_000 + "</p>"))
        run_import()
        assert len(drafts(state())[HELLO]["files"]["block.xml"]) > 200_000

    def test_titles_of_blocks_without_one(self, course, run_import, state):
        course(section("s", subsection("b", unit("u", block("problem", "p")))))
        run_import()
        assert drafts(state())["xblock.v1:problem:p"]["title"] == "Blank Problem"

    def test_a_title_longer_than_a_library_takes_is_cut(self, course, run_import, state):
        course(section("s", subsection("b", unit("u", text("t", title="x" * 600)))))
        run_import()
        assert drafts(state())[HELLO]["title"] == "x" * 500

    def test_a_legacy_library(self, courses, run_import, state):
        write_library(courses / "l1", problem("p1"), problem("p2"), text("t"))
        run_import(LIBRARY_KEY)
        assert sorted(drafts(state())) == ["xblock.v1:html:t", "xblock.v1:problem:p1", "xblock.v1:problem:p2"]

    def test_drafts_or_what_learners_see(self, courses, course, run_import, state, user):
        course(hello())
        content_api.create_learning_package("lib:Acme:Published", "Published")
        draft = unit("new", text("t2"))
        parent = usage_key("sequential", "b")
        write_block(courses / "c1", draft, under="drafts/", parent_url=parent, index_in_children_list="0")
        run_import(branch=Branch.DRAFT)
        run_import(target="lib:Acme:Published", branch=Branch.PUBLISHED)
        assert drafts(state())["b"]["children"] == ["new", "u"]
        assert drafts(state("lib:Acme:Published"))["b"]["children"] == ["u"]

    def test_a_block_in_two_places_is_one_item(self, course, run_import, state):
        shared = text("t")
        course(section("s", subsection("b", unit("u1", shared), unit("u2", shared))))
        run_import()
        assert drafts(state())["u1"]["children"] == drafts(state())["u2"]["children"] == [HELLO]

    def test_settings_pages_and_secrets_do_not(self, course, run_import, state):
        course(
            hello(),
            files={
                "course/R1.xml": '<course lti_passports=\'["a:b:SECRET"]\'><chapter url_name="s"/></course>',
                "about/overview.html": "ABOUT",
                "policies/R1/grading_policy.json": "{}",
            },
        )
        run_import()
        assert "SECRET" not in str(state())
        assert "ABOUT" not in str(state())

    def test_titles_as_ids(self, course, run_import, state):
        course(
            section("0a", subsection("0b", unit("0c", text("0d", title="Ebb"), title="Tide"), title="Sea"), title="Sea")
        )
        run_import(block_ids=BlockIds.FROM_TITLES)
        assert sorted(drafts(state())) == ["sea", "sea_1", "tide", "xblock.v1:html:ebb"]


class TestFiles:
    def test_each_goes_with_the_components_that_name_it_and_no_other(self, course, run_import, state):
        course(
            section(
                "s",
                subsection(
                    "b",
                    unit(
                        "u", text("t1", '<img src="/static/a.png">'), text("t2", title="a a.png"), text("t3", "a.png")
                    ),
                ),
            ),
            static={"a.png": b"PNG", "b.png": b"unused"},
        )
        run_import()
        files = {ref: sorted(draft["files"]) for ref, draft in drafts(state()).items() if draft["files"]}
        assert files == {
            "xblock.v1:html:t1": ["block.xml", "static/a.png"],
            "xblock.v1:html:t2": ["block.xml"],
            "xblock.v1:html:t3": ["block.xml"],
        }
        assert drafts(state())["xblock.v1:html:t1"]["files"]["static/a.png"] == b"PNG"

    def test_equal_names_in_two_folders_stay_apart(self, course, run_import, state):
        course(
            hello('<img src="/static/one/a.png"><img src="/static/two/a.png">'),
            static={"one/a.png": b"ONE", "two/a.png": b"TWO"},
        )
        run_import()
        files = drafts(state())[HELLO]["files"]
        assert (files["static/one/a.png"], files["static/two/a.png"]) == (b"ONE", b"TWO")

    def test_one_content_is_stored_once(self, course, run_import, library):
        course(
            section("s", subsection("b", unit("u", *(text(f"t{n}", '<img src="/static/a.png">') for n in range(5))))),
            static={"a.png": b"PNG"},
        )
        run_import()
        from openedx_content.models_api import Media

        assert Media.objects.filter(learning_package_id=library.package_id, has_file=True).count() == 1

    def test_missing_ones_are_named_in_the_record(self, course, run_import):
        course(hello('<img src="/static/gone.png">'))
        _done, records = run_import()
        assert records[-1].missing_files == ("gone.png",)
        assert "gone.png" in records[-1].warnings[0]

    def test_an_empty_one_arrives(self, course, run_import, state):
        course(hello('<a href="/static/empty.txt">e</a>'), static={"empty.txt": b""})
        run_import()
        assert drafts(state())[HELLO]["files"]["static/empty.txt"] == b""

    def test_one_that_is_too_large_is_left_out_and_the_rest_arrives(self, course, run_import, state, monkeypatch):
        monkeypatch.setattr("openedx_content.models_api.Media.MAX_FILE_SIZE", 1_000_000)
        course(
            hello('<a href="/static/big.bin">b</a><a href="/static/ok.txt">o</a>'),
            static={"big.bin": b"x" * 1_000_001, "ok.txt": b"ok"},
        )
        _done, records = run_import()
        assert sorted(drafts(state())[HELLO]["files"]) == ["block.xml", "static/ok.txt"]
        assert "big.bin is larger than the 1 MB" in records[-1].warnings[0]

    def test_the_python_library_goes_with_problems_that_run_python(self, course, run_import, state):
        script = '<script type="loncapa/python">import lib</script>'
        course(
            section("s", subsection("b", unit("u", problem("p1", script), problem("p2")))),
            static={"python_lib.zip": b"ZIP"},
        )
        run_import()
        assert "static/python_lib.zip" in drafts(state())["xblock.v1:problem:p1"]["files"]
        assert "static/python_lib.zip" not in drafts(state())["xblock.v1:problem:p2"]["files"]

    def test_two_imports_share_none_that_are_staged(self, course, user, library):
        course(hello('<img src="/static/a.png">'), static={"a.png": b"PNG"})
        names = []
        for _ in range(2):
            run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
            api.stage_import(user=user, import_id=run.id)
            names.append(StagedContentFile.objects.latest("pk").data_file.name)
        assert names[0] != names[1]

    def test_what_an_import_has_left_is_looked_for_among_its_own_alone(self, tmp_path):
        (tmp_path / "a.png").write_bytes(b"PNG")
        for purpose in ("import:1", "import:2"):
            FileStore(purpose).put(tmp_path / "a.png")
        FileStore("import:1").remove_all()
        assert default_storage.listdir("staged-content-temp") == (["2"], [])

    def test_one_that_cannot_be_read_is_missing(self, tmp_path):
        assert FileStore("import:1").put(tmp_path / "gone.png") is None


class TestLeftOut:
    def test_blocks_with_children_are_recorded_with_their_children(self, course, run_import, state):
        inner = '<problem url_name="q1"/><problem url_name="q2"/>'
        course(
            section("s", subsection("b", unit("u", block("library_content", "lc", inner), text("t")))),
            files={
                "problem/q1.xml": '<problem display_name="First"/>',
                "problem/q2.xml": '<problem display_name="Second"/>',
            },
        )
        _done, records = run_import()
        assert outcomes(records) == {
            "s": "created",
            "b": "created",
            "u": "created",
            "lc": "unsupported",
            "t": "created",
        }
        record = records[3]
        assert record.left_out == ("First (problem)", "Second (problem)")
        assert "2 blocks go with it: First (problem), Second (problem)" in record.reason
        assert drafts(state())["u"]["children"] == [HELLO]

    def test_types_that_a_stock_platform_lacks_come_with_a_warning(self, course, run_import):
        course(section("s", subsection("b", unit("u", block("rare-block", "r")))))
        _done, records = run_import()
        assert records[-1].outcome is Outcome.CREATED
        assert "“rare-block” is not part of a stock Open edX platform" in records[-1].warnings[0]

    def test_types_that_a_stock_platform_has_come_without_one(self, course, run_import):
        course(section("s", subsection("b", unit("u", block("videoalpha", "v")))))
        _done, records = run_import()
        assert records[-1].warnings == ()

    def test_a_broken_block_does_not_stop_the_others(self, course, run_import, state):
        course(
            section("s", subsection("b", unit("u", problem("p"), text("t")))),
            files={"problem/p.xml": "<problem><p></problem>"},
        )
        done, records = run_import()
        assert done.state is ImportState.IMPORTED
        assert outcomes(records) == {"s": "created", "b": "created", "u": "created", "p": "failed", "t": "created"}
        assert records[3].reason.startswith("problem/p.xml could not be read")
        assert drafts(state())["u"]["children"] == [HELLO]


class TestPublishing:
    def test_everything_is_live_by_default(self, course, run_import, state):
        course(*small_course())
        run_import()
        assert all(item["draft"] == item["published"] for item in state()["items"].values())

    def test_or_left_as_drafts(self, course, run_import, state):
        course(*small_course())
        run_import(publish=False)
        assert not any(item["published"] for item in state()["items"].values())
        assert not PublishLog.objects.exists()

    def test_other_drafts_of_the_library_are_not_published_along(self, course, run_import, state, edit_in_library):
        course(hello())
        run_import()
        edit_in_library(HELLO, "<html>draft</html>", publish=False)
        course(section("s", subsection("b", unit("u", text("t", "<p>Hello.</p>", title="T"), text("t2")))))
        run_import(on_conflict=Decision.SKIP)
        assert state()["items"][HELLO]["published"]["num"] == 1
        assert state()["items"][HELLO]["draft"]["num"] == 2

    def test_a_new_version_waits_for_an_author(self, course, run_import, state):
        course(hello())
        run_import()
        course(hello("<p>Changed.</p>"))
        run_import(on_conflict=Decision.NEW_VERSION)
        assert (state()["items"][HELLO]["draft"]["num"], state()["items"][HELLO]["published"]["num"]) == (2, 1)

    def test_publishing_a_container_does_not_publish_what_is_a_new_version_in_it(self, course, run_import, state):
        course(hello())
        run_import(level=CompositionLevel.COMPONENT)
        course(hello("<p>Changed.</p>"))
        run_import(level=CompositionLevel.UNIT, on_conflict=Decision.NEW_VERSION)
        assert state()["items"]["u"]["published"]["children"] == [HELLO]
        assert (state()["items"][HELLO]["draft"]["num"], state()["items"][HELLO]["published"]["num"]) == (2, 1)

    def test_a_container_of_something_published_as_deleted_stays_a_draft(self, course, run_import, state, library):
        course(hello())
        run_import()
        content_api.soft_delete_draft(PublishableEntity.objects.get(entity_ref=HELLO).id)
        content_api.publish_all_drafts(library.package_id)
        course(section("s", subsection("b", unit("u2", text("t", "<p>Hello.</p>", title="T"), text("t2")))))
        run_import(on_conflict=Decision.NEW_VERSION)
        assert state()["items"]["u2"]["draft"]["children"] == [HELLO, "xblock.v1:html:t2"]
        assert state()["items"]["u2"]["published"] is None

    def test_a_container_of_something_never_published_stays_a_draft_and_says_so(self, course, run_import, state):
        course(hello())
        run_import(level=CompositionLevel.COMPONENT, publish=False)
        course(hello("<p>Changed.</p>"))
        _done, records = run_import(level=CompositionLevel.UNIT)
        assert outcomes(records) == {"u": "created", "t": "skipped"}
        assert state()["items"]["u"]["published"] is None
        assert "never published" in records[0].reason


class TestTwiceIsOnce:
    @pytest.mark.parametrize("decision", [Decision.SKIP, Decision.OVERWRITE, Decision.NEW_VERSION])
    def test_the_second_run_writes_nothing(self, decision, course, run_import):
        course(*small_course(), static={"a.png": b"PNG"})
        run_import(collection=CollectionChoice(title="Course"))
        before = row_counts()
        _done, records = run_import(on_conflict=decision, collection=CollectionChoice(title="Course"))
        assert {record.outcome for record in records} == {Outcome.UNCHANGED}
        assert row_counts() == before

    def test_a_fork_makes_another_of_everything(self, course, run_import, state):
        course(hello())
        run_import()
        run_import(on_conflict=Decision.FORK)
        found = drafts(state())
        assert sorted(found) == ["b", "b_1", "s", "s_1", "u", "u_1", HELLO, f"{HELLO}_1"]
        assert found["u_1"]["children"] == [f"{HELLO}_1"]

    def test_of_two_libraries_each_remembers_for_itself(self, course, run_import, user):
        course(hello())
        run_import(block_ids=BlockIds.FROM_TITLES)
        api.create_library(user=user, library_key="lib:Acme:Other", title="Other")
        run_import(target="lib:Acme:Other")
        _done, records = run_import()
        assert {record.outcome for record in records} == {Outcome.UNCHANGED}

    def test_a_block_in_three_places(self, course, run_import, state):
        shared = text("t")
        course(section("s", subsection("b", *(unit(f"u{n}", shared) for n in range(3)))))
        run_import()
        _done, records = run_import()
        assert [drafts(state())[f"u{n}"]["children"] for n in range(3)] == [[HELLO]] * 3
        assert {record.outcome for record in records} == {Outcome.UNCHANGED}

    def test_another_run_of_the_course_meets_the_same_items(self, courses, run_import, course):
        course(hello())
        run_import()
        write_course(
            courses / "c2",
            hello(),
            files={
                "course.xml": '<course org="Acme" course="C1" url_name="R2"/>',
                "course/R2.xml": '<course><chapter url_name="s"/></course>',
            },
        )
        _done, records = run_import("course-v1:Acme+C1+R2")
        assert {record.outcome for record in records} == {Outcome.UNCHANGED}


class TestConflicts:
    def state_of(self, records):
        return {record.usage_key.rpartition("@")[2]: record.state for record in records}["t"]

    def test_the_source_changed(self, course, run_import, state):
        course(hello())
        run_import()
        course(hello("<p>Changed.</p>"))
        _done, records = run_import(on_conflict=Decision.OVERWRITE)
        assert self.state_of(records) is ConflictState.SOURCE_CHANGED
        assert outcomes(records) == {"s": "unchanged", "b": "unchanged", "u": "unchanged", "t": "updated"}
        assert state()["items"][HELLO]["published"]["num"] == 2
        assert b"Changed." in state()["items"][HELLO]["published"]["files"]["block.xml"]

    def test_the_library_changed(self, course, run_import, edit_in_library):
        course(hello())
        run_import()
        edit_in_library(HELLO, "<html>edited</html>")
        _done, records = run_import()
        assert self.state_of(records) is ConflictState.LIBRARY_CHANGED

    def test_both_changed(self, course, run_import, edit_in_library, state):
        course(hello())
        run_import()
        edit_in_library(HELLO, "<html>edited</html>")
        course(hello("<p>Changed.</p>"))
        _done, records = run_import()
        assert self.state_of(records) is ConflictState.BOTH_CHANGED
        assert b"edited" in state()["items"][HELLO]["draft"]["files"]["block.xml"]

    def test_saving_without_change_in_the_library_is_no_change(self, course, run_import, edit_in_library):
        course(hello())
        run_import()
        edit_in_library(HELLO, '<html display_name="T"   >&lt;p&gt;Hello.&lt;/p&gt;</html>')
        _done, records = run_import()
        assert self.state_of(records) is ConflictState.UNCHANGED

    def test_deleted_in_the_library(self, course, run_import, state):
        course(hello())
        run_import()
        content_api.soft_delete_draft(PublishableEntity.objects.get(entity_ref=HELLO).id)
        _done, records = run_import()
        assert self.state_of(records) is ConflictState.DELETED
        assert HELLO not in drafts(state())
        run_import(on_conflict=Decision.OVERWRITE)
        assert drafts(state())["u"]["children"] == [HELLO]
        assert state()["items"][HELLO]["published"]["num"] == 2

    def test_a_hand_made_item_of_the_same_id(self, course, run_import, library, user, state):
        content_api.create_component_and_version(
            library.package_id,
            content_api.get_or_create_component_type("xblock.v1", "html"),
            "t",
            title="Mine",
            created=now(),
            created_by=user.id,
            media={"block.xml": olx_media(library, "<html>mine</html>")},
        )
        course(hello())
        _done, records = run_import()
        assert self.state_of(records) is ConflictState.ID_TAKEN
        assert drafts(state())[HELLO]["title"] == "Mine"

    def test_pinning_a_child_in_the_library_is_a_change_of_its_container(self, course, run_import, user):
        course(hello())
        run_import()
        version = Component.objects.get(publishable_entity__entity_ref=HELLO).versioning.draft
        found = Container.objects.get(container_code="u")
        content_api.create_next_container_version(found, entities=[version], created=now(), created_by=user.id)
        _done, records = run_import()
        assert outcomes(records) == {"s": "unchanged", "b": "unchanged", "u": "skipped", "t": "unchanged"}
        assert records[2].state is ConflictState.LIBRARY_CHANGED

    def test_a_changed_file_is_a_change(self, course, run_import):
        course(hello('<img src="/static/a.png">'), static={"a.png": b"one"})
        run_import()
        course(hello('<img src="/static/a.png">'), static={"a.png": b"two"})
        _done, records = run_import()
        assert self.state_of(records) is ConflictState.SOURCE_CHANGED

    def test_what_the_old_version_held_besides_does_not_linger(self, course, run_import, state):
        course(hello('<img src="/static/a.png">'), static={"a.png": b"one"})
        run_import()
        course(hello("<p>No picture.</p>"))
        run_import(on_conflict=Decision.OVERWRITE)
        assert list(drafts(state())[HELLO]["files"]) == ["block.xml"]


class TestCollections:
    def test_has_the_title_of_the_source_unless_it_is_said_otherwise(self, course, run_import, state):
        course(*small_course())
        done, _records = run_import(collection=CollectionChoice(title=" "))
        assert state()["collections"] == {"a-course": ("A Course", ["s1", "s2"])}
        assert done.options.collection == CollectionChoice(title="A Course", code="a-course")
        run_import()
        assert list(state()["collections"]) == ["a-course"], "importing again makes no second one"

    def test_or_there_is_none(self, course, run_import, state):
        course(*small_course())
        run_import(collection=None)
        assert state()["collections"] == {}

    def test_one_is_made_for_the_top_level_items(self, course, run_import, state):
        course(*small_course())
        run_import(collection=CollectionChoice(title="My course"))
        assert state()["collections"] == {"my-course": ("My course", ["s1", "s2"])}

    def test_an_existing_one_is_used(self, course, run_import, library, state):
        content_api.create_collection(library.package_id, "kept", title="Kept", created_by=None)
        course(hello())
        run_import(level=CompositionLevel.UNIT, collection=CollectionChoice(code="kept"))
        assert state()["collections"] == {"kept": ("Kept", ["u"])}

    def test_one_that_is_deleted_during_the_review_is_missed_and_keeps_nothing_out(
        self, course, library, stage, user, state
    ):
        course(hello())
        content_api.create_collection(library.package_id, "kept", title="Kept", created_by=None)
        import_id = stage(collection=CollectionChoice(code="kept"))
        content_api.delete_collection(library.package_id, "kept")
        done = api.complete_import(user=user, import_id=import_id)
        assert (done.state, state()["collections"]) == (ImportState.IMPORTED, {})
        told = "The collection kept is not in the library any more: what was imported is in none."
        assert done.warnings == (told,)

    def test_a_title_without_latin_letters(self, course, run_import, state):
        course(hello())
        run_import(collection=CollectionChoice(title="潮汐"))
        assert state()["collections"] == {"collection": ("潮汐", ["s"])}

    def test_one_that_does_not_exist_is_refused_before_anything_is_read(self, course, user, library):
        course(hello())
        with pytest.raises(api.InvalidOption, match="no collection 'gone'"):
            api.create_import(
                user=user,
                source_key=KEY,
                library_key=TARGET,
                options=ImportOptions(collection=CollectionChoice(code="gone")),
            )


class TestOneWrite:
    def test_is_one_change_log(self, course, run_import, library):
        course(*small_course())
        run_import()
        log = DraftChangeLog.objects.get(learning_package_id=library.package_id)
        assert log.records.count() == 12

    def test_versions_are_created_once(self, course, run_import, state):
        course(*small_course())
        run_import()
        assert {item["draft"]["num"] for item in state()["items"].values()} == {1}

    def test_a_full_library_takes_nothing(self, course, user, library, settings, state):
        settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
        course(hello())
        created = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=created.id)
        with pytest.raises(api.PlanBlocked, match="4 items, 1 more than its limit of 3"):
            api.complete_import(user=user, import_id=created.id)
        assert state()["items"] == {}
        assert api.get_import(user=user, import_id=created.id).state is ImportState.IMPORT_FAILED


class TestNewLibrary:
    NEW = "lib:Acme:New"

    def run_into_new(self, user, title="", **options):
        run = api.create_import(
            user=user, source_key=KEY, library_key=self.NEW, options=ImportOptions(**options), new_library_title=title
        )
        api.stage_import(user=user, import_id=run.id)
        return api.complete_import(user=user, import_id=run.id)

    @pytest.mark.parametrize(
        ("course_title", "asked", "title"),
        [("Tides", "", "Tides"), ("Tides", "Mine", "Mine"), ("  ", "", KEY), ("x" * 600, "", "x" * 500)],
    )
    def test_is_made_with_the_import(self, course, user, course_title, asked, title):
        course(hello(), title=course_title)
        assert self.run_into_new(user, asked).library_title == title
        assert api.get_library(user=user, library_key=self.NEW).title == title

    def test_is_not_made_when_the_import_fails(self, course, user):
        course(hello())
        with pytest.raises(api.InvalidOption):
            self.run_into_new(user, selection=("nowhere",))
        assert api.list_libraries(user=user) == []

    def test_made_by_somebody_else_meanwhile_is_used(self, course, user):
        course(hello())
        run = api.create_import(user=user, source_key=KEY, library_key=self.NEW, new_library_title="")
        api.stage_import(user=user, import_id=run.id)
        api.create_library(user=user, library_key=self.NEW, title="Theirs")
        assert api.complete_import(user=user, import_id=run.id).state is ImportState.IMPORTED
        assert api.get_library(user=user, library_key=self.NEW).title == "Theirs"

    def test_has_no_collection_to_choose(self, course, user):
        course(hello())
        with pytest.raises(api.InvalidOption, match="no collections yet"):
            self.run_into_new(user, collection=CollectionChoice(code="kept"))


class TestPreview:
    def test_leaves_nothing_behind(self, course, user, library):
        course(hello('<img src="/static/a.png">'), static={"a.png": b"PNG"})
        before = row_counts()
        _source, plan = api.preview_import(user=user, source_key=KEY, library_key=TARGET)
        assert plan.counts() == {"created": 4}
        assert row_counts() == before
        assert api.list_imports(user=user).total == 0
        assert not StagedContent.objects.exists()

    def test_says_what_the_import_then_does(self, course, user, library, run_import):
        course(*small_course(), section("x", subsection("y", unit("z", block("split_test", "w")))))
        _source, plan = api.preview_import(user=user, source_key=KEY, library_key=TARGET)
        _done, records = run_import()
        told = [(item.usage_key, item.state, item.outcome, item.reason) for item in plan.items]
        assert told == [(record.usage_key, record.state, record.outcome, record.reason) for record in records]
