"""Of a library is read what the import can meet, and the plan is that of a library that is read whole."""

from __future__ import annotations

from unittest import mock

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from import_from_modulestore import api
from import_from_modulestore.completion import plan_of
from import_from_modulestore.data import Decision, ImportOptions, LocalKey, Plan
from import_from_modulestore.hosts import get_host
from import_from_modulestore.library import load_library_state
from import_from_modulestore.models import Import
from import_from_modulestore.planning import LibraryState

from .builders import KEY, TARGET, section, subsection, text, unit, write_course
from .scenes import Back, Run, Scene, backs, edits, fresh_scene, runs, work
from .test_bulk import many
from .whole_library import load_whole_library

LOADING = "import_from_modulestore.completion.plans.load_library_state"


def plans(import_id: str) -> tuple[Plan, Plan]:
    run = Import.objects.get(uuid=import_id)
    with mock.patch(LOADING, load_whole_library):
        whole = plan_of(run, host=get_host())
    return plan_of(run, host=get_host()), whole


def happens(there: Scene, happening) -> None:
    if not isinstance(happening, Back):
        there.happens(happening)
    elif act := there.back(happening):
        act()


@pytest.mark.at_gate
@many
@given(first=runs, happenings=st.lists(runs | work | edits | backs, max_size=6), last=st.none() | runs)
def test_a_plan_is_that_of_a_library_that_is_read_whole(courses, user, library, first, happenings, last):
    with fresh_scene(courses, user, library) as there:
        for happening in (first, *happenings):
            happens(there, happening)
        made, whole = plans(there.staged(last or Run(first.course, first.options, (), ())))
        assert made == whole


@pytest.fixture
def loaded(user):
    """What is read of the library for a staged import, and the statements that its plan takes."""

    def load(import_id: str) -> tuple[LibraryState, list[str]]:
        states, statements = [], []
        run = Import.objects.get(uuid=import_id)

        def keep(*args, **kwargs):
            states.append(load_library_state(*args, **kwargs))
            return states[-1]

        with (
            mock.patch(LOADING, keep),
            connection.execute_wrapper(lambda execute, sql, *rest: (statements.append(sql), execute(sql, *rest))[1]),
        ):
            plan_of(run, host=get_host())
        return states[0], statements

    return load


def staged(user, course: str) -> str:
    run = api.create_import(user=user, source_key=KEY.replace("R1", course), library_key=TARGET)
    api.stage_import(user=user, import_id=run.id)
    return run.id


def test_of_a_library_that_holds_much_only_what_an_import_can_meet_is_read(courses, user, library, loaded):
    write_course(courses / "c1", section("s", subsection("b", unit("u", *(text(f"t{n}") for n in range(30))))))
    api.complete_import(user=user, import_id=staged(user, "R1"))
    write_course(courses / "c2", unit("u2", text("t7"), text("new")), run="R2")
    found, _statements = loaded(staged(user, "R2"))
    assert list(found.items) == [LocalKey("html", "t7")]
    assert found.is_taken(LocalKey("html", "t8"))
    assert found.is_taken(LocalKey("section", "b"))  # A library has each code of a container once, whatever its type.
    assert not found.is_taken(LocalKey("html", "t99"))
    assert found.live_count == 33


def test_what_nobody_has_changed_is_known_without_its_content(courses, user, library, loaded):
    write_course(courses / "c1", section("s", subsection("b", unit("u", *(text(f"t{n}") for n in range(3))))))
    api.complete_import(user=user, import_id=staged(user, "R1"))
    again = staged(user, "R1")
    assert api.plan_import(user=user, import_id=again).counts() == {"unchanged": 6}
    _found, statements = loaded(again)
    assert not any("openedx_content_media" in sql for sql in statements)


def again(decision: Decision, *children) -> Run:
    course = (section("s0", subsection("b0", unit("u0", *children))),)
    return Run(course, ImportOptions(on_conflict=decision), (), ())


def test_a_fork_of_what_was_forked_before_takes_no_key_that_is_taken(courses, user, library):
    with fresh_scene(courses, user, library) as there:
        for body in ("<p>One.</p>", "<p>Two.</p>", "<p>Three.</p>"):
            there.imported(again(Decision.FORK, text("t0", body)))
        made, whole = plans(there.staged(again(Decision.FORK, text("t0", "<p>Four.</p>"))))
        assert made == whole
        assert LocalKey("html", "t0_3") in {item.local_key for item in made.items}


def test_a_merge_keeps_what_authors_have_put_into_a_unit(courses, user, library):
    with fresh_scene(courses, user, library) as there:
        there.imported(again(Decision.MERGE, text("t0"), text("t1")))
        there.author.component("own")
        there.author.hold("u0", "xblock.v1:html:t0", "xblock.v1:html:t1", "xblock.v1:html:own")
        made, whole = plans(there.staged(again(Decision.MERGE, text("t0"), text("t1"), text("t2"))))
        assert made == whole
        [held] = [item.children for item in made.items if item.local_key == LocalKey("unit", "u0")]
        assert LocalKey("html", "own") in held
