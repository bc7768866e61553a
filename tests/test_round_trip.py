"""A backup, restored into an empty database, is the library."""

from pathlib import Path

import pytest
from openedx_content import api as content_api

from import_from_modulestore import api
from import_from_modulestore.data import CollectionChoice, Decision

from .builders import TARGET, block, section, subsection, text, unit, write_course
from .library_state import library_state

SAMPLE_COURSE = Path(__file__).parents[1] / "courses"
SAMPLE = "course-v1:Acme+Tides+2026"
RESTORED = "lib:Acme:Restored"


def restored_state(user, tmp_path, target=TARGET):
    archive = tmp_path / "library.zip"
    api.backup_library(user=user, library_key=target, file=archive)
    result = content_api.load_learning_package(str(archive), RESTORED, user)
    assert result["status"] == "success", result
    return library_state(RESTORED)


def comparable(state):
    """A restored package has no deleted items, and numbers only the versions that it holds."""
    return {ref: item for ref, item in state["items"].items() if item["draft"] or item["published"]}, state[
        "collections"
    ]


@pytest.mark.at_gate
def test_the_sample_course(settings, run_import, user, tmp_path, state):
    settings.COURSES_DIR = SAMPLE_COURSE
    run_import(SAMPLE, collection=CollectionChoice(title="Tides"))
    assert comparable(restored_state(user, tmp_path)) == comparable(state())


def test_by_someone_with_an_address(courses, run_import, user, tmp_path, state):
    user.email = "ada@example.com"
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t")))))
    run_import()
    assert comparable(restored_state(user, tmp_path)) == comparable(state())


@pytest.mark.few
@pytest.mark.parametrize("name", ["🎉", "-", "..", "___", "潮汐", "a.b", "A", "x" * 240])
def test_ids_of_any_kind(name, courses, run_import, user, tmp_path, state):
    write_course(courses / "c1", section("s", subsection("b", unit(name, block("problem", name), text("a")))))
    run_import()
    assert len(state()["items"]) == 5
    assert comparable(restored_state(user, tmp_path)) == comparable(state())


def test_drafts_beside_published_versions(courses, run_import, user, tmp_path, state):
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t")))))
    run_import()
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t", "<p>New.</p>"), text("t2")))))
    run_import(on_conflict=Decision.NEW_VERSION)
    assert comparable(restored_state(user, tmp_path)) == comparable(state())


@pytest.mark.slow
def test_the_real_course(real_exports, settings, run_import, user, tmp_path, state):
    settings.COURSES_DIR = real_exports
    run_import("course-v1:OpenedX+DemoX+DemoCourse")
    assert comparable(restored_state(user, tmp_path)) == comparable(state())


@pytest.mark.slow
def test_the_platforms_own_command_restores_it_into_an_empty_database(project, courses, run_import, user, tmp_path):
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t")))))
    run_import()
    api.backup_library(user=user, library_key=TARGET, file=tmp_path / "library.zip")
    project.manage("import_from_modulestore", "libraries")  # makes the user
    done = project.manage("lp_load", tmp_path / "library.zip", "author")
    assert "loaded successfully" in done.stdout, done.stderr
    assert project.query("SELECT count(*) FROM openedx_content_publishableentity") == [(4,)]
