"""What the site does, in numbers: of the whole site, whichever of its processes is asked, and only for who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from import_from_modulestore import api
from import_from_modulestore.data import Action
from import_from_modulestore.models import Import
from import_from_modulestore_standalone import metrics
from import_from_modulestore_standalone.models import StepTime

from .builders import KEY, TARGET, small_course, write_course
from .processes import Browser, wait_for
from .shelves import write_courses
from .test_site import port_in

TOKEN = {"Authorization": "Bearer let-me-see"}
P = "import_from_modulestore_"


def read(text: str) -> dict[str, float]:
    """Samples by name, with their labels: ``steps_waiting{stage}``."""
    return {
        sample.name.removeprefix(P) + (f"{{{','.join(sample.labels.values())}}}" if sample.labels else ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def numbers(settings, db):
    """What is told, by a site that was started with a token."""
    settings.METRICS_TOKEN = "let-me-see"
    metrics.listen()
    yield lambda: read(Client().get("/metrics", headers={"Host": "10.0.0.7", **TOKEN}).content.decode())
    metrics.listen_no_more()


def test_there_is_no_such_address_where_nobody_wants_it(db):
    assert Client().get("/metrics", headers=TOKEN).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Token let-me-see"}])
def test_nobody_else_is_told(settings, db, headers):
    settings.METRICS_TOKEN = "let-me-see"
    answer = Client().get("/metrics", headers=headers)
    assert (answer.status_code, answer.content, answer.headers["WWW-Authenticate"]) == (401, b"", "Bearer")


def test_imports_are_told_by_state_and_all_states_are_there(numbers, course, stage, run_import):
    stage()
    run_import()
    said = numbers()
    assert {name: value for name, value in said.items() if name.startswith("imports{") and value} == {
        "imports{staged}": 1,
        "imports{imported}": 1,
    }
    assert said["imports{redoing}"] == 0


def test_steps_that_are_done_are_told_with_their_durations_and_blocks(numbers, course, user, library, worked):
    before = numbers()
    assert (before["step_seconds_count{stage}"], before["step_blocks_total{stage}"]) == (0, 0)
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET).id
    for step in (api.stage_import, api.complete_import, api.undo_import, api.redo_import, api.undo_import):
        with worked():
            step(user=user, import_id=run)
    said = numbers()
    for step, times in {"stage": 1, "complete": 1, "undo": 2, "redo": 1}.items():
        assert said[f"step_seconds_bucket{{+Inf,{step}}}"] == said[f"step_seconds_count{{{step}}}"] == times
        assert said[f"step_seconds_sum{{{step}}}"] > 0
        assert said[f"step_blocks_total{{{step}}}"] == 7 * times
    counts = [said[f"step_seconds_bucket{{{float(seconds)},undo}}"] for seconds in metrics.UP_TO]
    assert counts == sorted(counts), "each is of all that took no longer"


def ended(said: dict[str, float]) -> dict[str, float]:
    """Steps that have ended, by step and outcome, where there are any: ``stage failed``."""
    told = (
        (name.removeprefix("steps_total{").rstrip("}"), value) for name, value in said.items() if "steps_total{" in name
    )
    return {name.replace(",", " "): value for name, value in told if value}


def test_steps_that_fail_are_told_whatever_they_fail_for(numbers, course, courses, user, library, worked):
    assert ended(numbers()) == {}
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET).id
    (courses / "c1").rename(courses.parent / "away")
    with worked(), pytest.raises(api.NotFound):
        api.stage_import(user=user, import_id=run)
    (courses.parent / "away").rename(courses / "c1")
    with worked():
        api.retry_import(user=user, import_id=run)
    package = Import.objects.values_list("learning_package", flat=True).get()
    Import.objects.update(learning_package=None)
    with worked(), pytest.raises(api.NotFound):
        api.complete_import(user=user, import_id=run)
    Import.objects.update(learning_package=package)
    assert ended(numbers()) == {"failed stage": 1, "done stage": 1, "failed complete": 1}
    with worked():  # A process that has died is found by another.
        Import.objects.update(state="undoing", worker="elsewhere:1:1:1", heartbeat=timezone.now() - timedelta(hours=1))
        assert api.recover_imports() == 1
    assert ended(numbers())["failed undo"] == 1


def test_so_are_those_that_no_worker_can_be_told_of(numbers, transactional_db, courses, user, library, monkeypatch):
    def send(*args, **kwargs) -> None:
        raise OSError("no broker")

    monkeypatch.setattr("celery.app.task.Task.apply_async", send)
    sources = write_courses(courses, 4)
    run = api.create_import(user=user, source_key=sources[3].key, library_key=TARGET).id
    with pytest.raises(api.StepFailed):
        api.start_staging(user=user, import_id=run)
    assert ended(numbers()) == {"failed stage": 1}
    batch = api.create_batch(user=user, sources=sources[:3], library_key=TARGET)
    with pytest.raises(api.StepFailed):
        api.start_batch_step(user=user, batch_id=batch.id, action=Action.STAGE)
    assert ended(numbers()) == {"failed stage": 4}


def test_steps_that_are_canceled_are_told_and_imports_that_rest_have_none(
    numbers, courses, user, library, worked, monkeypatch
):
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *args, **kwargs: None)
    sources = write_courses(courses, 4)
    batch = api.create_batch(user=user, sources=sources[:3], library_key=TARGET)
    api.start_batch_step(user=user, batch_id=batch.id, action=Action.STAGE)
    alone = api.create_import(user=user, source_key=sources[3].key, library_key=TARGET).id
    api.start_staging(user=user, import_id=alone)
    with worked():
        api.cancel_import(user=user, import_id=alone)
        api.cancel_import(user=user, import_id=batch.imports[0].id)
    assert ended(numbers()) == {"canceled stage": 2}
    with worked():
        api.start_batch_step(user=user, batch_id=batch.id, action=Action.CANCEL)
    assert ended(numbers()) == {"canceled stage": 4}
    rests = api.create_import(user=user, source_key=sources[3].key, library_key=TARGET).id
    with worked():
        api.cancel_import(user=user, import_id=rests)
    assert ended(numbers()) == {"canceled stage": 4}


def test_a_review_that_is_waited_for_and_a_preview_have_not_failed(numbers, course, user, library, worked):
    with worked():
        api.preview_import(user=user, source_key=KEY, library_key=TARGET)
        with pytest.raises(api.NotFound):
            api.preview_import(user=user, source_key=KEY, library_key="lib:Acme:None")
    assert ended(numbers()) == {}


def test_nothing_is_counted_where_nobody_wants_it(course, run_import, worked):
    with worked():
        run_import()
    assert not StepTime.objects.exists()


def test_how_long_steps_wait_is_told(numbers, course, user, library):
    assert numbers()["queue_age_seconds"] == 0
    runs = [api.create_import(user=user, source_key=KEY, library_key=TARGET).id for _ in range(3)]
    for minutes, run in enumerate(runs, start=1):
        api.start_staging(user=user, import_id=run)
        Import.objects.filter(uuid=run).update(queued=timezone.now() - timedelta(minutes=minutes))
    Import.objects.filter(uuid=runs[2]).update(queued=None, worker="host:1:1:1", heartbeat=timezone.now())
    said = numbers()
    assert 120 <= said["queue_age_seconds"] < 180, "not that which a worker is at"
    assert (said["steps_waiting{stage}"], said["steps_running{stage}"], said["steps_waiting{undo}"]) == (2, 1, 0)


def test_of_a_batch_those_whose_turn_it_is_not_make_the_queue_no_older(numbers, courses, user, library):
    batch = api.create_batch(user=user, sources=write_courses(courses, 2), library_key=TARGET)
    api.start_batch_step(user=user, batch_id=batch.id, action=Action.STAGE)
    Import.objects.filter(batch__uuid=batch.id).update(queued=timezone.now() - timedelta(hours=1))
    Import.objects.filter(uuid=batch.imports[0].id).update(heartbeat=timezone.now())  # It is told of.
    said = numbers()
    assert said["steps_waiting{stage}"] == 2
    assert said["queue_age_seconds"] < 3600


def test_the_statements_are_as_many_however_long_the_history(numbers, course, run_import):
    def cost() -> int:
        with CaptureQueriesContext(connection) as statements:
            numbers()
        return len(statements)

    before = cost()
    for _ in range(3):
        run_import()
    assert cost() == before <= 3


@pytest.mark.slow
def test_they_are_true_of_all_workers_whichever_process_tells(project, serve):
    project.environment["METRICS_TOKEN"] = "let-me-see"
    write_course(project.courses / "c1", *small_course())
    with project.worker(), project.worker(), project.caller() as call:
        for number in range(6):
            call("create_library", library_key=f"lib:Acme:L{number}", title="L")
        runs = [call("create_import", source_key=KEY, library_key=f"lib:Acme:L{number}")["id"] for number in range(6)]
        for run in runs:
            call("start_staging", import_id=run)
        wait_for(lambda: all(call("get_import", import_id=run)["state"] == "staged" for run in runs))
        for run in runs[:4]:
            call("start_completion", import_id=run)
        wait_for(lambda: all(call("get_import", import_id=run)["state"] == "imported" for run in runs[:4]))
        (project.courses / "c1").rename(project.courses.parent / "away")
        for run in runs[4:]:  # What is staged stands, where it cannot be staged anew.
            call("start_staging", import_id=run)
        wait_for(lambda: all(call("get_import", import_id=run)["error"] for run in runs[4:]))

        def said() -> list[dict[str, float]]:
            found = (Browser().open(f"http://127.0.0.1:{port}/metrics", **TOKEN).text for port in ports)
            return [read(text) for text in found]

        ports = [port_in(serve("--no-worker")[1]) for _ in range(2)]
        # Workers tell of a step once it is committed, and seen to be.
        counts = {"step_seconds_count{stage}": 6, "step_blocks_total{stage}": 6 * 12, "step_seconds_count{complete}": 4}
        ends = {"done stage": 6, "done complete": 4, "failed stage": 2}
        wait_for(lambda: all(each | counts == each and ended(each) == ends for each in said()))
        for each in said():
            assert (each["imports{imported}"], each["imports{staged}"]) == (4, 2)
            assert each["process_resident_memory_bytes"] > 1e7
