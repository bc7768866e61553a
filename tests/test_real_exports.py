"""The Open edX demo course and its legacy library, as Studio exported them."""

import html
import re
from collections import Counter
from urllib.parse import unquote

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import CompositionLevel, Contents, ImportOptions, Outcome

from .library_state import drafts

COURSE = "course-v1:OpenedX+DemoX+DemoCourse"
LIBRARY = "library-v1:OpenedX+DemoRespiratoryQuestions"

TYPES = {
    "html": 266,
    "problem": 23,
    "video": 11,
    "lti": 2,
    "openassessment": 2,
    **dict.fromkeys(
        ["annotatable", "discussion", "done", "drag-and-drop-v2", "edx_sga", "poll", "staffgradedxblock", "survey"], 1
    ),
}


@pytest.fixture(autouse=True)
def _real_courses(real_exports, settings):
    settings.COURSES_DIR = real_exports


def counts(state) -> Counter:
    """Items by component type; containers under what they hold: nothing, components, containers."""
    return Counter(ref.split(":")[1] if ref.startswith("xblock") else "container" for ref in drafts(state))


@pytest.mark.slow
def test_the_course_at_section_level_and_again(run_import, state):
    done, records = run_import(COURSE)
    kinds = Counter(record.kind.value for record in records if record.outcome is Outcome.CREATED)
    assert kinds == {"section": 6, "subsection": 17, "unit": 58, "component": 312}
    assert counts(state()) == {**TYPES, "container": 81}
    assert done.counts == {"created": 393, "unsupported": 1}
    (refused,) = [record for record in records if record.outcome is Outcome.UNSUPPORTED]
    assert (refused.block_type, len(refused.left_out)) == ("library_content", 6)
    again, _records = run_import(COURSE)
    assert again.counts == {"unchanged": 393, "unsupported": 1}


@pytest.mark.slow
@pytest.mark.parametrize("contents", [Contents.UNIT, Contents.COLLECTION])
def test_its_six_randomized_questions_arrive_are_found_again_and_can_be_undone(contents, run_import, state, user):
    before = state()
    done, records = run_import(COURSE, contents=contents, collection=None)
    (bank,) = [record for record in records if record.outcome is Outcome.UNSUPPORTED]
    questions = [record for record in records if record.inside]
    assert {(record.block_type, record.outcome, record.inside) for record in questions} == {
        ("problem", Outcome.CREATED, (bank.name,))
    }
    assert (len(questions), len({record.name for record in questions}), bank.left_out) == (6, 6, ())
    after = state()
    refs = [f"xblock.v1:problem:{record.item_key.rpartition(':')[2]}" for record in questions]
    if contents is Contents.UNIT:
        holders = [item for item in drafts(after).values() if set(refs) <= set(item["children"])]
        assert (len(holders), after["collections"]) == (1, {})
    else:
        assert list(after["collections"].values()) == [(f"Randomized Content: {bank.title}", sorted(refs))]
    again, _records = run_import(COURSE, contents=contents, collection=None)
    assert again.counts == {"unchanged": 399, "unsupported": 1}
    assert state() == after
    api.undo_import(user=user, import_id=again.id)
    assert state() == after
    api.undo_import(user=user, import_id=done.id)
    assert state() == before


@pytest.mark.parametrize(
    ("level", "containers"),
    [
        pytest.param("subsection", 75, marks=pytest.mark.slow),
        pytest.param("unit", 58, marks=pytest.mark.at_gate),
        pytest.param("component", 0, marks=pytest.mark.slow),
    ],
)
def test_the_course_at_lower_levels(level, containers, user, library):
    options = ImportOptions(level=CompositionLevel(level))
    _source, plan = api.preview_import(user=user, source_key=COURSE, library_key=library.key, options=options)
    created = [item for item in plan.items if item.outcome is Outcome.CREATED]
    assert sum(item.kind.is_container for item in created) == containers
    assert Counter(item.block_type for item in created if not item.kind.is_container) == TYPES


@pytest.mark.slow
def test_every_file_that_a_component_names_is_with_it_and_no_other(run_import, state, real_exports):
    _done, records = run_import(COURSE)
    for ref, draft in drafts(state()).items():
        olx = html.unescape(html.unescape(draft["files"].get("block.xml", b"").decode()))
        named = {unquote(name) for name in re.findall(r"""["'(]/static/([^"'?#<>)]+)""", olx)}
        named |= set(re.findall(r'"(?:en|es)": "([^"]+\.srt)"', olx))
        attached = {path.removeprefix("static/") for path in draft["files"] if path != "block.xml"}
        if any(name.endswith((".html", ".js")) for name in named):  # They load more.
            assert named <= attached, ref
        elif 'type="loncapa/python"' in olx or 'type="text/python"' in olx:
            assert attached - {"python_lib.zip"} == named, ref
        else:
            assert attached == named, ref
    assert sum(len(record.files) for record in records) == 200
    assert [record for record in records if record.missing_files] == []


def test_the_library_with_its_macos_litter(run_import, state):
    run_import(LIBRARY)
    assert counts(state()) == {"problem": 6}
    assert "What is the role of the cilia in the respiratory system?" in {d["title"] for d in drafts(state()).values()}


def test_both_are_listed(user):
    sources = {source.key: source for source in api.list_sources(user=user).items}
    assert sources[COURSE].title == "Open edX Demo Course"
    assert sources[COURSE].counts == {"section": 6, "subsection": 17, "unit": 58, "component": 313}
    assert sources[LIBRARY].counts == {"component": 6}
