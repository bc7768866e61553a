"""
Several processes at one import: workers, messages and kills, for real.

Everything is done twice: on SQLite with a folder for a broker, and on MariaDB with Redis. Steps to which something is
to happen are held in their middle (see gates.py); items are written one by one, so that there is a middle.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from subprocess import Popen
from urllib.parse import urlsplit

import psutil
import pytest

from . import gates
from .builders import KEY, section, subsection, text, unit, write_course
from .processes import PATIENCE, Caller, Project, Refused, ServerProject, kill, wait_for
from .shelves import key_of, write_one

pytestmark = pytest.mark.at_gate

SECTIONS, TEXTS = 3, 4
COURSE = [
    section(f"s{n}", subsection(f"b{n}", unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(TEXTS)))))
    for n in range(SECTIONS)
]
ITEMS = SECTIONS * (3 + TEXTS)
OTHER = key_of(1)


class Site:
    """A project with a worker, and a process that calls its API."""

    def __init__(self, project: Project, call: Caller, workers: ExitStack) -> None:
        self.project, self.call, self._workers = project, call, workers
        self._numbers = count()
        self._worker: Popen[bytes] | None = None

    def worker(self) -> Popen[bytes]:
        """The worker, started where there is none any more."""
        if self._worker is None or self._worker.poll() is not None:
            self._worker = self._workers.enter_context(self.project.worker())
        return self._worker

    def kill_worker(self, at: str) -> None:
        """Kill the worker at this import, and wait until the database has taken back what it was writing."""
        kill(self.worker())
        if isinstance(self.project, ServerProject):  # Which has to notice first that nobody is there any more.
            self.project.query(f"SELECT * FROM modulestore_imports_import WHERE {self._is(at)} FOR UPDATE")

    def create(self, target: str = "") -> str:
        """A new import, by default into a library of its own."""
        target = target or f"lib:Acme:L{next(self._numbers)}"
        return self.call("create_import", source_key=KEY, library_key=target, new_library_title=target)["id"]

    def staged(self, target: str = "") -> str:
        import_id = self.create(target)
        self.call("stage_import", import_id=import_id)
        return import_id

    def get(self, import_id: str) -> dict:
        return self.call("get_import", import_id=import_id)

    def wait_for(self, import_id: str, state: str) -> dict:
        def reached():
            run = self.get(import_id)
            return run if run["state"] == state else None

        return wait_for(reached)

    @contextmanager
    def held(self, phase: str) -> Iterator[None]:
        """Whatever comes to the middle of this phase stays there, until this is left."""
        with gates.closed(self.project.environment["VAR_DIR"], phase):
            yield

    def wait_for_middle(self, import_id: str, phase: str) -> dict:
        """Wait until a step has come to where it is held, and return its progress."""

        def middle():
            progress = self.get(import_id)["progress"]
            return progress if progress and progress["phase"] == phase and progress["done"] > 1 else None

        return wait_for(middle)

    def items(self, import_id: str) -> int:
        """How many items the import's library holds."""
        return self.project.query(
            "SELECT count(*) FROM openedx_content_publishableentity e JOIN openedx_content_learningpackage p "
            f"ON e.learning_package_id = p.id WHERE p.package_ref = '{self.get(import_id)['library_key']}'"
        )[0][0]

    def live_items(self, import_id: str) -> int:
        """How many of them are not deleted."""
        return self.project.query(
            "SELECT count(*) FROM openedx_content_draft d "
            "JOIN openedx_content_publishableentity e ON d.entity_id = e.id "
            "JOIN openedx_content_learningpackage p ON e.learning_package_id = p.id "
            f"WHERE d.version_id IS NOT NULL AND p.package_ref = '{self.get(import_id)['library_key']}'"
        )[0][0]

    def worker_of(self, import_id: str) -> str:
        return self.project.query(f"SELECT worker FROM modulestore_imports_import WHERE {self._is(import_id)}")[0][0]

    @staticmethod
    def _is(import_id: str) -> str:
        return f"replace(uuid, '-', '') = '{import_id.replace('-', '')}'"

    def process_of(self, import_id: str) -> psutil.Process:
        """The process that works at the import."""
        worker = wait_for(lambda: self.worker_of(import_id))
        return psutil.Process(int(worker.rsplit(":", 3)[1]))

    def last_change_of_user_tasks(self) -> object:
        """When any of them changed last."""
        return self.project.query("SELECT max(modified) FROM user_tasks_usertaskstatus")[0][0]

    def user_tasks(self, import_id: str) -> list[tuple[str, int]]:
        """States and attempts of the tasks that the import was, as the user sees them."""
        title = self.get(import_id)["library_title"]
        return self.project.query(
            f"SELECT state, attempts FROM user_tasks_usertaskstatus WHERE name LIKE '% {title}' ORDER BY id"
        )


def end(process: psutil.Process) -> None:
    """Kill one process, and wait until it is gone."""
    process.kill()
    process.wait(PATIENCE)


def _server(variable: str, script: str) -> str:
    address = os.environ.get(variable, "")
    if not address:
        missing = f"no server is named in {variable}; `{script} make test` starts one"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return address


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
def project(request, tmp_path_factory) -> Iterator[Project]:
    """On SQLite with a folder for a broker, and on MySQL with Redis."""
    folder = tmp_path_factory.mktemp("site")
    settings = {"WRITER": "reference", "DJANGO_SETTINGS_MODULE": "tests.gated"}
    if request.param == "sqlite":
        yield Project(folder, **settings).with_database(request.getfixturevalue("_migrated"))
        return
    redis = urlsplit(_server("TEST_REDIS_URL", ".ci/redis"))
    # Tests that run beside these have a site of their own, and its workers would take our messages.
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    redis = redis._replace(path=f"/{number}").geturl()
    mysql = _server("TEST_MYSQL_URL", ".ci/mariadb")
    with ServerProject(folder, mysql, CELERY_BROKER_URL=redis, REDIS_URL=redis, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def site(project) -> Iterator[Site]:
    write_course(project.courses / "c1", *COURSE)
    write_one(project.courses, 1, *COURSE)
    with project.caller() as call, ExitStack() as workers:
        yield Site(project, call, workers)


@pytest.fixture(scope="module")
def other(project) -> Iterator[Caller]:
    """Another process that calls the API."""
    with project.caller() as call:
        yield call


@pytest.fixture(scope="module")
def third(project) -> Iterator[Caller]:
    """One more."""
    with project.caller() as call:
        yield call


@pytest.fixture
def worker(site):
    """The site's worker, which runs."""
    return site.worker()


class TestWorker:
    def test_it_does_what_is_asked_for_and_tells_how_far_it_is(self, site, worker):
        run = site.create()
        with site.held("staging"):
            assert site.call("start_staging", import_id=run)["state"] == "staging"
        site.wait_for(run, "staged")
        with site.held("writing"):
            assert site.call("start_completion", import_id=run)["state"] == "importing"
            progress = site.wait_for_middle(run, "writing")
            assert (progress["total"], site.items(run)) == (ITEMS, 0), "seen from outside of the open transaction"
        done = site.wait_for(run, "imported")
        assert (done["progress"], done["queued"], site.items(run)) == (None, False, ITEMS)
        wait_for(lambda: site.user_tasks(run) == [("Succeeded", 1), ("Succeeded", 1)])

    def test_a_step_is_canceled_where_it_is(self, site, worker):
        run = site.staged()
        with site.held("writing"):
            site.call("start_completion", import_id=run)
            site.wait_for_middle(run, "writing")
            process = site.process_of(run)
            assert site.call("cancel_import", import_id=run)["state"] == "canceled"
            wait_for(lambda: site.user_tasks(run) == [("Canceled", 1)])
        assert (site.get(run)["state"], site.items(run), process.is_running()) == ("canceled", 0, True)

    @pytest.mark.slow
    def test_a_message_that_comes_again_at_once_or_late_has_the_effect_of_one(self, site, worker):
        run = site.staged()
        site.call("start_completion", import_id=run)
        site.call("send_again", import_id=run)
        finished = site.wait_for(run, "imported")["finished"]
        wait_for(lambda: site.user_tasks(run) == [("Succeeded", 1)])
        before = site.last_change_of_user_tasks()
        site.call("send_again", import_id=run)
        wait_for(lambda: site.last_change_of_user_tasks() != before)
        wait_for(lambda: site.user_tasks(run) == [("Succeeded", 1)])
        assert (site.get(run)["finished"], site.items(run)) == (finished, ITEMS)

    @pytest.mark.slow
    def test_two_imports_into_one_new_library_queue(self, site, worker):
        target = "lib:Acme:Both"
        first, second = site.staged(target), site.staged(target)
        for run in (first, second):
            site.call("start_completion", import_id=run)
        counts = [site.wait_for(run, "imported")["counts"] for run in (first, second)]
        assert sorted(counts, key=str) == [{"created": ITEMS}, {"unchanged": ITEMS}]
        assert site.items(first) == ITEMS


@pytest.mark.slow
class TestKilledProcess:
    """One process of a worker is killed: out of memory, say. The worker starts another, and the message comes again."""

    @pytest.mark.parametrize(
        ("phase", "start", "done", "items"),
        [("staging", "start_staging", "staged", 0), ("writing", "start_completion", "imported", ITEMS)],
    )
    def test_the_step_is_done_once_all_the_same(self, site, worker, phase, start, done, items):
        run = site.create() if phase == "staging" else site.staged()
        with site.held(phase):
            site.call(start, import_id=run)
            site.wait_for_middle(run, phase)
            end(site.process_of(run))
        site.wait_for(run, done)
        assert site.items(run) == items
        wait_for(lambda: site.user_tasks(run) == [("Succeeded", 2)])


@pytest.mark.slow
class TestKilledUndo:
    def test_the_library_is_as_the_import_left_it_and_the_undo_is_done_once_all_the_same(self, site, worker):
        run = site.staged()
        site.call("complete_import", import_id=run)
        with site.held("reverting"):
            site.call("start_undo", import_id=run)
            site.wait_for_middle(run, "reverting")
            end(site.process_of(run))
            assert site.live_items(run) == ITEMS
        site.wait_for(run, "undone")
        assert site.live_items(run) == 0


@pytest.mark.slow
class TestKilledWorker:
    def test_the_next_worker_recovers_the_import_which_can_be_tried_again(self, site, worker):
        run = site.staged()
        with site.held("writing"):
            site.call("start_completion", import_id=run)
            site.wait_for_middle(run, "writing")
            site.kill_worker(run)
        assert (site.get(run)["state"], site.items(run)) == ("importing", 0)
        site.worker()
        failed = site.wait_for(run, "import_failed")
        assert "stopped before it was done" in failed["error"]
        site.call("start_retry", import_id=run)
        site.wait_for(run, "imported")
        assert site.items(run) == ITEMS

    def test_a_worker_that_is_asked_to_stop_ends_what_it_does(self, site, worker):
        run = site.staged()
        with site.held("writing"):
            site.call("start_completion", import_id=run)
            site.wait_for_middle(run, "writing")
            worker.terminate()
        assert worker.wait(PATIENCE) == 0
        assert (site.get(run)["state"], site.items(run)) == ("imported", ITEMS)


@pytest.mark.slow
class TestKilledInABatch:
    """What happens to one import of a batch keeps none of the others from its turn."""

    @contextmanager
    def staging(self, site) -> Iterator[tuple[str, str]]:
        """Two imports of a batch, the first of which is held in its middle until this is left."""
        title = "lib:Acme:Batch"
        batch = site.call("create_batch", sources=[[OTHER], [KEY]], library_key=title, new_library_title=title)
        first, second = (run["id"] for run in batch["imports"])
        with site.held("staging"):
            site.call("start_batch_step", batch_id=batch["id"], action="stage")
            site.wait_for_middle(first, "staging")
            assert (site.get(second)["queued"], site.worker_of(second)) == (True, "")
            yield first, second

    def test_a_process_is_killed_and_both_are_staged_all_the_same(self, site, worker):
        with self.staging(site) as runs:
            end(site.process_of(runs[0]))
        for run in runs:
            site.wait_for(run, "staged")

    def test_the_worker_is_killed_and_the_next_one_goes_on_with_the_second(self, site, worker):
        with self.staging(site) as (first, second):
            site.kill_worker(first)
        site.worker()
        site.wait_for(second, "staged")
        assert site.get(first)["state"] in ("staged", "staging_failed")


class TestTwoAtOnce:
    def test_two_completes_of_one_import(self, site, other):
        run = site.staged()
        for call in (site.call, other):
            call.begin("complete_import", import_id=run)
        outcomes = sorted(self.outcome(call) for call in (site.call, other))
        assert outcomes == ["WrongState", "imported"]
        assert site.items(run) == ITEMS

    @pytest.mark.slow
    def test_an_undo_during_an_import_is_refused(self, site, other):
        site.call("create_library", library_key="lib:Acme:Old", title="Old")
        run = site.staged("lib:Acme:Old")
        with site.held("writing"):
            other.begin("complete_import", import_id=run)
            site.wait_for_middle(run, "writing")
            with pytest.raises(Refused, match="WrongState: This is not possible now: the import is being completed"):
                site.call("undo_import", import_id=run)
        assert other.end()["state"] == "imported"

    def test_three_make_one_library(self, site, other, third):
        for number in range(5):
            calls = (site.call, other, third)
            for call in calls:
                call.begin("create_library", library_key=f"lib:Acme:Same{number}", title="Same")
            assert sorted(self.made(call) for call in calls) == ["AlreadyExists", "AlreadyExists", "Same"]

    def test_three_imports_make_one_library(self, site, other, third):
        runs = [site.staged("lib:Acme:Shared") for _ in range(3)]
        calls = (site.call, other, third)
        for call, run in zip(calls, runs, strict=True):
            call.begin("complete_import", import_id=run)
        assert [self.outcome(call) for call in calls] == ["imported"] * 3
        assert site.items(runs[0]) == ITEMS

    def made(self, call) -> str:
        try:
            return call.end()["title"]
        except Refused as refused:
            return refused.kind

    def outcome(self, call) -> str:
        try:
            return call.end()["state"]
        except Refused as refused:
            return refused.kind


@pytest.mark.slow
def test_without_a_broker_a_step_fails_and_can_be_tried_again(site, project):
    broker = "redis://127.0.0.1:1/0" if isinstance(project, ServerProject) else "amqp://127.0.0.1:1//"
    run = site.staged()
    refusal = "StepFailed: The work could not be handed to a worker"
    with project.caller(CELERY_BROKER_URL=broker) as call, pytest.raises(Refused, match=refusal):
        call("start_completion", import_id=run)
    failed = site.get(run)
    assert (failed["state"], failed["queued"]) == ("import_failed", False)
    assert "broker cannot be reached" in failed["error"]
    assert site.user_tasks(run) == [("Failed", 1)]
    assert site.call("complete_import", import_id=run)["state"] == "imported"
