"""Where neither source nor library has changed, an import records what the last one has: as a plan would have it."""

from __future__ import annotations

from functools import partial
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils.translation import override
from hypothesis import event, given, target
from hypothesis import strategies as st
from openedx_content.models_api import Collection, Component, Container

from import_from_modulestore import api
from import_from_modulestore.completion.plans import load_library_state
from import_from_modulestore.data import (
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    ImportOptions,
    Outcome,
)
from import_from_modulestore.models import Import, ImportRecord, StagedSource

from .builders import KEY, TARGET, text, unit, usage_key, write_course
from .reviewing import OLX
from .scenes import Run, Scene, backs, edits, fresh_scene, pasts, runs, work
from .test_bulk import few
from .test_staged_again import SAMPLE, course, rewritten
from .test_what_is_loaded import LOADING, happens
from .traces import given_back, traced

__all__ = ["course"]

KNOWING = "import_from_modulestore.completion.complete.completed_before"


pytestmark = pytest.mark.usefixtures("settled")


def staged_again(user: Any, source: str = KEY, **options: Any) -> str:
    made = ImportOptions(**options)
    run = api.create_import(user=user, source_key=source, library_key=TARGET, options=made)
    return api.stage_import(user=user, import_id=run.id).id


def completed_both_ways(user: Any, import_id: str) -> bool:
    """
    Complete a staged import, and say whether it was planned.

    Everything has to be as if it had been: every row of the library and of the app, the files, what is told to others.
    """
    complete = partial(api.complete_import, user=user, import_id=import_id)
    with given_back(), transaction.atomic(), mock.patch(KNOWING, return_value=None), traced() as traces:
        complete()
        planned = traces.all()
        transaction.set_rollback(True)
    Container.reset_cache()
    with mock.patch(LOADING, wraps=load_library_state) as loading, traced() as traces:
        complete()
        found = traces.all()
    for name in planned:
        assert found[name] == planned[name], name
    return loading.called


@pytest.fixture
def imported(user, library):
    """Import the course, and say whether that was planned: ``imported(level=…)``."""

    def run(source: str = KEY, **options: Any) -> bool:
        return completed_both_ways(user, staged_again(user, source, **options))

    return run


@pytest.fixture
def scene(courses, user, library):
    return Scene(courses, user, library)


class TestIsRepeated:
    """Nothing is planned."""

    def test_what_has_not_changed(self, course, imported):
        assert [imported() for _ in range(3)] == [True, False, False]

    @pytest.mark.at_gate
    def test_the_sample_course(self, settings, imported):
        settings.COURSES_DIR = SAMPLE
        assert [imported("course-v1:Acme+Tides+2026") for _ in range(2)] == [True, False]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "key", ["course-v1:OpenedX+DemoX+DemoCourse", "library-v1:OpenedX+DemoRespiratoryQuestions"]
    )
    def test_real_exports(self, key, real_exports, settings, imported):
        settings.COURSES_DIR = real_exports
        assert [imported(key) for _ in range(2)] == [True, False]

    @pytest.mark.at_gate
    @pytest.mark.parametrize(
        "options",
        [
            {"level": CompositionLevel.COMPONENT},
            {"contents": Contents.UNIT},
            {"publish": False},
            {"collection": None},
            {"on_conflict": Decision.MERGE},
        ],
        ids=str,
    )
    def test_with_options(self, options, course, imported):
        assert [imported(**options) for _ in range(2)] == [True, False]

    @pytest.mark.at_gate
    def test_what_replaced_something_else(self, course, imported):
        imported()
        rewritten("html/t1.html", b"Text", b"Tent")(course)
        assert [imported(on_conflict=Decision.OVERWRITE) for _ in range(2)] == [True, False]

    def test_what_was_published_since(self, course, imported, scene):
        imported(publish=False)
        scene.author.publish()
        assert not imported(publish=False)
        assert ImportRecord.objects.filter(published_before_num=1, published_after_num=1).exists()

    @pytest.mark.at_gate
    def test_what_was_undone_and_redone(self, course, imported, user):
        imported()
        first = Import.objects.get()
        api.undo_import(user=user, import_id=str(first.uuid))
        api.redo_import(user=user, import_id=str(first.uuid))
        assert not imported()

    @pytest.mark.at_gate
    def test_what_was_taken_out_of_its_collection_is_put_back(self, course, imported, scene):
        imported(collection=CollectionChoice(title="Ours"))
        ours = Collection.objects.get()
        ours.entities.remove(ours.entities.first())
        assert not imported(collection=CollectionChoice(title="Ours"))
        assert ImportRecord.objects.filter(outcome=Outcome.UNCHANGED, collected=True).count() == 1

    @pytest.mark.at_gate
    def test_beside_other_things(self, course, courses, imported, scene, run_import):
        imported()
        write_course(courses / "c2", unit("other", text("else")), run="R2")
        run_import(source=KEY.replace("R1", "R2"))
        scene.author.component("own")
        assert not imported()


class TestIsPlanned:
    """Something may have changed, or nobody can say for certain that it has not."""

    @pytest.mark.parametrize(
        "happens",
        [
            lambda there: there.author.edit("xblock.v1:html:t1", "Edited"),
            lambda there: there.author.delete("xblock.v1:html:t1"),
            lambda there: there.author.delete("u1"),
            lambda there: there.author.hold("u1"),
        ],
        ids=["edited", "deleted", "container", "held"],
    )
    def test_where_the_library_has_changed(self, happens, course, imported, scene):
        imported()
        happens(scene)
        assert imported()

    @pytest.mark.at_gate
    def test_where_the_source_has(self, course, imported):
        imported()
        rewritten("html/t1.html", b"Text", b"Tent")(course)
        assert [imported() for _ in range(3)] == [True, True, True]  # What is skipped each time is looked at each time.

    def test_where_the_source_was_read_again(self, course, imported):
        imported()
        StagedSource.objects.all().delete()
        assert imported()

    @pytest.mark.at_gate
    def test_where_it_was_undone(self, course, imported, user):
        imported()
        api.undo_import(user=user, import_id=str(Import.objects.get().uuid))
        assert imported()

    @pytest.mark.at_gate
    def test_where_other_options_ask_for_it(self, course, imported):
        imported()
        assert imported(level=CompositionLevel.UNIT)

    @pytest.mark.at_gate
    def test_where_all_is_forked_each_time(self, course, imported):
        assert [imported(on_conflict=Decision.FORK) for _ in range(2)] == [True, True]

    def test_in_another_language(self, course, imported):
        imported()
        with override("es"):
            assert imported()

    @pytest.mark.at_gate
    def test_where_the_app_is_another_by_now(self, course, imported, user, monkeypatch):
        imported()
        import_id = staged_again(user)
        monkeypatch.setattr("import_from_modulestore.completion.again.code", lambda: "another version")
        assert completed_both_ways(user, import_id)
        monkeypatch.setattr("import_from_modulestore.completion.again.code", lambda: "")
        assert completed_both_ways(user, staged_again(user))

    @pytest.mark.at_gate
    @pytest.mark.parametrize(
        "says",
        [
            lambda said: api.select_blocks(**said, usage_keys=[usage_key("chapter", "s1")], selected=False),
            lambda said: api.edit_block(**said, usage_key=usage_key("html", "t1"), olx=OLX),
            lambda said: api.decide_blocks(**said, usage_keys=[usage_key("html", "t1")], decision=Decision.FORK),
        ],
        ids=["leaves out", "edits", "decides"],
    )
    def test_where_a_review_says_something(self, says, course, imported, user):
        imported()
        import_id = staged_again(user)
        says({"user": user, "import_id": import_id})
        assert completed_both_ways(user, import_id)
        assert imported(as_last_time=False)  # Nor is that repeated.

    @pytest.mark.at_gate
    def test_where_another_import_of_the_source_has_brought_more(self, course, imported, user):
        imported()
        first = set(Component.objects.values_list("component_code", flat=True))
        (course / "vertical" / "u1.xml").write_text('<vertical><html url_name="t1"/><html url_name="more"/></vertical>')
        (course / "html" / "more.xml").write_text("<html>More</html>")
        imported(selection=(usage_key("vertical", "u1"),))
        assert {*Component.objects.values_list("component_code", flat=True)} - first == {"more"}
        (course / "html" / "more.xml").unlink()
        assert imported()

    def test_where_the_library_holds_too_much(self, course, imported, user):
        imported()
        import_id = staged_again(user)
        with override_settings(MAX_BLOCKS_PER_CONTENT_LIBRARY=3), pytest.raises(api.PlanBlocked):
            api.complete_import(user=user, import_id=import_id)


def test_it_stops_where_it_is_asked_to(course, imported, user):
    imported()
    import_id = staged_again(user)
    phases = []

    def stop(phase: str, *_told: Any) -> None:
        phases.append(phase)
        if len(phases) == 2:
            raise api.StepCanceled("Stopped.")

    with pytest.raises(api.StepCanceled):
        api.complete_import(user=user, import_id=import_id, progress=stop)
    assert not ImportRecord.objects.filter(import_run__uuid=import_id).exists()
    assert not completed_both_ways(user, import_id)


@pytest.mark.at_gate
@few
@given(past=pasts, run=runs, since=st.lists(work | edits | backs, max_size=2))
def test_it_is_what_a_plan_says_whatever_has_happened(courses, user, library, past, run, since):
    run = Run(run.course, run.options, (), None)
    with fresh_scene(courses, user, library) as there:
        for happening in (*past, run, *since):
            happens(there, happening)
        options = {name: getattr(run.options, name) for name in run.options.__dataclass_fields__}
        planned = [completed_both_ways(user, staged_again(user, **options)) for _ in range(3)]
        event(str(planned))
        target(planned.count(False))
