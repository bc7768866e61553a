"""Tasks: what the user sees of them, how far they are, and the command `serve`."""

from __future__ import annotations

import re
import socket
import stat
import threading
import urllib.request
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from user_tasks import user_task_stopped
from user_tasks.models import UserTaskStatus

from import_from_modulestore import api, tasks
from import_from_modulestore.data import Action, ImportState, SourceReference, no_progress
from import_from_modulestore.models import Import
from import_from_modulestore.running import attempts, lifecycle, progress
from import_from_modulestore.running.lifecycle import Step
from import_from_modulestore.running.progress import Reporter, ask_to_stop, live_progress
from import_from_modulestore.running.user_tasks import task_id_of
from import_from_modulestore_standalone.management.commands.serve import how_to_sign_in

from .builders import KEY, TARGET, small_course, usage_key, write_course
from .processes import PATIENCE, Browser, wait_for


@pytest.fixture
def created(courses, user, library):
    write_course(courses / "c1", *small_course())
    return api.create_import(user=user, source_key=KEY, library_key=TARGET)


@pytest.fixture
def staged(created, user):
    return api.stage_import(user=user, import_id=created.id)


def user_tasks() -> list[tuple[str, str, list[str]]]:
    return [
        (status.name, status.state, [artifact.text for artifact in status.artifacts.all()])
        for status in UserTaskStatus.objects.order_by("id")
    ]


def test_a_task_that_could_not_stage_anew_has_failed_and_the_import_is_staged(staged, user, worked, courses):
    (courses / "c1").rename(courses.parent / "away")
    with worked():
        api.start_staging(user=user, import_id=staged.id)
    left = api.get_import(user=user, import_id=staged.id)
    assert left.state is ImportState.STAGED
    assert left.error.endswith("What was staged before is as it was.")
    [(_name, state, [told])] = user_tasks()
    assert state == "Failed"
    assert left.error.startswith(told)


class TestUserTasks:
    def test_each_step_is_a_task_of_the_user_who_asked(self, created, person, editor, worked):
        for start in (api.start_staging, api.start_completion, api.start_undo, api.start_redo):
            with worked():
                start(user=editor, import_id=created.id)
        assert user_tasks() == [
            ("Stage A Course for Target", "Succeeded", []),
            ("Import A Course into Target", "Succeeded", []),
            ("Undo the import of A Course into Target", "Succeeded", []),
            ("Redo the import of A Course into Target", "Succeeded", []),
        ]
        assert {status.user for status in UserTaskStatus.objects.all()} == {editor}
        assert {(status.completed_steps, status.total_steps) for status in UserTaskStatus.objects.all()} == {(1, 1)}

    def test_a_task_that_fails_tells_the_user_why_and_leaves_no_traceback(self, staged, user, worked, caplog):
        Import.objects.update(learning_package=None)
        with worked():
            api.start_completion(user=user, import_id=staged.id)
        reason = f"The library {TARGET} is gone."
        assert user_tasks() == [("Import A Course into Target", "Failed", [reason])]
        assert api.get_import(user=user, import_id=staged.id).error == reason
        assert "Traceback" not in caplog.text

    def test_they_hold_no_characters_that_their_columns_may_not_take(self, courses, user, worked):
        """Of which MySQL refuses a row as a whole, where ``user_tasks`` has its default character set."""
        export = write_course(courses / "c🌊", *small_course(), title="Tides 🌊")
        made = {"user": user, "library_key": "lib:Acme:Sea", "new_library_title": "Sea 🌊"}
        batch = api.create_batch(sources=[SourceReference(KEY)], **made)
        [run] = batch.imports
        (export / "course.xml").unlink()
        with worked():
            api.start_batch_step(user=user, batch_id=batch.id, action=Action.STAGE)
        assert "c🌊" in api.get_import(user=user, import_id=run.id).error
        told = user_tasks()
        assert [state for _name, state, _texts in told] == ["Failed", "Failed"]
        assert "🌊" not in str(told)

    def test_a_step_that_was_canceled_before_a_worker_took_it_is_canceled(self, staged, user, worked):
        with worked():
            api.start_completion(user=user, import_id=staged.id)
            api.cancel_import(user=user, import_id=staged.id)
        assert [state for _name, state, _texts in user_tasks()] == ["Canceled"]

    @pytest.mark.parametrize("step", ["undo", "redo"])
    def test_so_is_an_undo_or_redo(self, step, staged, user, worked):
        api.complete_import(user=user, import_id=staged.id)
        if step == "redo":
            api.undo_import(user=user, import_id=staged.id)
        with worked():
            getattr(api, f"start_{step}")(user=user, import_id=staged.id)
            api.cancel_import(user=user, import_id=staged.id)
        assert [state for _name, state, _texts in user_tasks()] == ["Canceled"]

    def test_a_message_for_an_import_that_is_gone_does_no_harm(self, staged, user):
        lifecycle.request(Import.objects.get(), Step.COMPLETE, actor=user)
        UserTaskStatus.objects.create(user=user, task_id="late", name="Import", total_steps=1)
        Import.objects.all().delete()
        result = tasks.complete_import.apply((staged.id,), task_id="late")
        assert (result.state, [state for _name, state, _texts in user_tasks()]) == ("SUCCESS", ["Canceled"])

    def test_a_message_whose_user_is_gone_fails_the_step(self, staged, user, editor, deliver):
        lifecycle.request(Import.objects.get(), Step.COMPLETE, actor=editor)
        editor.delete()
        result = deliver(tasks.complete_import, staged.id)
        assert result.state == "FAILURE"
        assert "account" in api.get_import(user=user, import_id=staged.id).error

    def test_a_message_carries_the_import_and_nothing_else(self, staged, user, worked, settings, monkeypatch):
        sent = []
        monkeypatch.setattr(tasks.complete_import, "apply_async", lambda *args, **kwargs: sent.append((args, kwargs)))
        with worked():
            api.start_completion(user=user, import_id=staged.id)
        [((arguments,), options)] = sent
        assert (arguments, set(options)) == ((staged.id,), {"task_id", "queue", "countdown"})


class TestLateMessages:
    """A message may come twice, the second time when the import has gone on."""

    @pytest.fixture
    def late(self, created, user, worked):
        """The ID of the message about a staging that is done, or has failed."""
        with worked():
            api.start_staging(user=user, import_id=created.id)
        return UserTaskStatus.objects.get().task_id

    @pytest.mark.parametrize("task", [tasks.stage_import, tasks.do_step])
    def test_one_of_a_step_that_is_done_leaves_the_next_to_its_own(self, late, created, user, worked, deliver, task):
        with worked():
            api.start_completion(user=user, import_id=created.id)
            deliver(task, created.id, late)
            assert api.get_import(user=user, import_id=created.id).queued
        assert [state for _name, state, _texts in user_tasks()] == ["Succeeded", "Succeeded"]

    def test_one_that_comes_while_the_next_runs_has_no_effect(self, late, created, user, worked, deliver):
        def meanwhile(*_args):
            deliver(tasks.stage_import, created.id, late)
            assert [state for _name, state, _texts in user_tasks()] == ["Succeeded"]

        api.complete_import(user=user, import_id=created.id, progress=meanwhile)
        assert api.get_import(user=user, import_id=created.id).state is ImportState.IMPORTED

    def test_one_of_a_step_that_failed_says_so_again_and_no_more(self, created, courses, user, worked, deliver):
        (courses / "c1").rename(courses.parent / "away")
        with worked():
            api.start_staging(user=user, import_id=created.id)
        failed, stopped = user_tasks(), []
        user_task_stopped.connect(lambda **more: stopped.append(more), weak=False, dispatch_uid="late")
        deliver(tasks.stage_import, created.id, UserTaskStatus.objects.get().task_id)
        user_task_stopped.disconnect(dispatch_uid="late")
        assert (user_tasks(), stopped) == (failed, [])
        assert failed[0][1] == "Failed"

    def test_one_that_was_given_up_is_canceled_when_something_else_is_asked_for(
        self, staged, user, worked, deliver, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks():  # And not run: the message is on its way for long.
            api.start_staging(user=user, import_id=staged.id)
        given_up = task_id_of(Import.objects.get(), Step.STAGE)
        UserTaskStatus.objects.create(user=user, task_id=given_up, name="Stage", total_steps=1)
        Import.objects.update(state=ImportState.STAGED, queued=None)
        with worked():
            api.start_completion(user=user, import_id=staged.id)
            deliver(tasks.stage_import, staged.id, given_up)
        assert [state for _name, state, _texts in user_tasks()] == ["Canceled", "Succeeded"]


class TestWaiting:
    """A step that was asked for, and whose message is lost."""

    @pytest.fixture
    def sent(self, staged, user, worked, monkeypatch):
        sent = []
        monkeypatch.setattr(
            tasks.complete_import, "apply_async", lambda *args, **kwargs: sent.append(kwargs["task_id"])
        )
        with worked():
            api.start_completion(user=user, import_id=staged.id)
        return sent

    def test_its_message_is_sent_again_after_a_while(self, sent):
        api.recover_imports()
        assert len(sent) == 1
        Import.objects.update(queued=timezone.now() - timedelta(hours=1))
        for _again in range(3):
            api.recover_imports()
        assert len(sent) == 2

    def test_it_stays_the_same_task_of_the_users(self, sent):
        tasks.recover_imports(send_again=True)
        assert len(sent) == 2
        assert sent[0] == sent[1]

    def test_another_request_is_another_task(self, sent, staged, user, worked):
        Import.objects.update(state=ImportState.STAGED)
        with worked():
            api.start_completion(user=user, import_id=staged.id)
        assert sent[0] != sent[1]


class TestNotTakenUp:
    """A step whose worker fails before it can begin: nobody waits for it in vain."""

    def test_it_has_failed_and_says_why(self, staged, user, deliver):
        lifecycle.request(Import.objects.get(), Step.COMPLETE, actor=user)
        with override_settings(IMPORT_FROM_MODULESTORE_HOST=""):  # As where a worker was set up by itself.
            assert deliver(tasks.complete_import, staged.id).state == "FAILURE"
        left = api.get_import(user=user, import_id=staged.id)
        assert (left.state, left.queued) == (ImportState.IMPORT_FAILED, False)
        assert "Set IMPORT_FROM_MODULESTORE_HOST" in left.error
        assert api.retry_import(user=user, import_id=staged.id).state is ImportState.IMPORTED


class TestProgress:
    @pytest.fixture
    def run(self, staged):
        return Import.objects.get()

    @pytest.fixture
    def clock(self, monkeypatch):
        """The time as the reporter sees it: ``clock[0]``."""
        now = [1000.0]
        monkeypatch.setattr(progress, "monotonic", lambda: now[0])
        return now

    def test_it_tells_what_is_done_of_what_and_how_long_the_rest_takes(self, run, clock):
        report = Reporter(run, no_progress)
        assert live_progress(run) is None
        report("writing", 1, 101, "Tides")
        first = live_progress(run)
        assert (first.phase, first.done, first.total, first.title) == ("writing", 1, 101, "Tides")
        assert first.seconds_left is None, "nothing can be said yet"
        clock[0] += 10
        report("writing", 21, 101, "Waves")
        assert live_progress(run).seconds_left == 40
        report("publishing", 101, 101)
        assert (live_progress(run).phase, live_progress(run).seconds_left) == ("publishing", None)
        report.clear()
        assert live_progress(run) is None

    def test_it_reports_about_three_times_a_second(self, run, clock):
        report, seen = Reporter(run, no_progress), set()
        for done in range(1, 1001):
            clock[0] += 0.01
            report("writing", done, 1000)
            seen.add(live_progress(run).done)
        assert 30 <= len(seen) <= 35
        assert max(seen) > 960

    def test_it_begins_anew_where_a_killed_process_left_off(self, run):
        Reporter(run, no_progress)("writing", 7, 9)
        Reporter(run, no_progress)
        assert live_progress(run) is None

    def test_a_step_stops_where_asked_to(self, run, user):
        def ask(phase, done, total, title=""):
            if (phase, done) == ("writing", 3):
                ask_to_stop(Import.objects.get())

        with pytest.MonkeyPatch.context() as patch, pytest.raises(api.StepCanceled):
            patch.setattr(progress, "INTERVAL", 0)
            api.complete_import(user=user, import_id=str(run.uuid), progress=ask)
        assert api.get_import(user=user, import_id=str(run.uuid)).state is ImportState.IMPORT_FAILED
        assert api.complete_import(user=user, import_id=str(run.uuid)).state is ImportState.IMPORTED, "stops but once"

    def test_a_cancel_that_comes_too_late_stops_no_later_step(self, run, user, monkeypatch):
        api.complete_import(user=user, import_id=str(run.uuid))
        stale = Import.objects.get()
        stale.state = ImportState.IMPORTING
        monkeypatch.setattr("import_from_modulestore.actions.access.visible_import", lambda *args: stale)
        with pytest.raises(api.WrongState):
            api.cancel_import(user=user, import_id=str(run.uuid))
        monkeypatch.undo()
        assert api.undo_import(user=user, import_id=str(run.uuid)).state is ImportState.UNDONE

    @pytest.mark.parametrize("broken", ["unreachable", "misconfigured"])
    def test_a_step_does_not_fail_with_the_cache(self, run, user, settings, monkeypatch, broken):
        location = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
        settings.CACHES = {"default": location}
        if broken == "misconfigured":
            settings.IMPORT_FROM_MODULESTORE_CACHE = "nowhere"
        tried = []
        monkeypatch.setattr(progress.log, "warning", lambda *args: tried.append(args))
        done = api.complete_import(user=user, import_id=str(run.uuid))
        assert (done.state, done.progress) == (ImportState.IMPORTED, None)
        assert len(tried) < 10, "not at every block"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="on SQLite, all processes are on one host, and there is no need"
)
class TestHeartbeat:
    def test_it_beats_while_a_step_runs_and_does_not_wait_for_the_step(self, staged, user, monkeypatch):
        monkeypatch.setattr(attempts, "HEARTBEAT_EVERY", timedelta(seconds=0.05))
        began = []

        def look(phase, done, total, title=""):
            if phase == "planning":
                began.append(Import.objects.get().heartbeat)
                wait_for(lambda: Import.objects.get().heartbeat != began[0])

        api.complete_import(user=user, import_id=staged.id, progress=look)
        assert began
        wait_for(lambda: not [each for each in threading.enumerate() if each.name.startswith("heart of")])


def test_a_process_that_was_thought_dead_stops_and_leaves_alone_what_another_has_staged_since(created, user):
    other = "elsewhere:1:1.00"

    def take_over(phase, done, total, title=""):
        if done:
            Import.objects.update(worker=other)
            Import.objects.get().roots.get_or_create(order=0, usage_key=usage_key("chapter", "s1"), first_num=0)

    with pytest.raises(api.WrongState, match="another process has taken it up"):
        api.stage_import(user=user, import_id=created.id, progress=take_over)
    run = Import.objects.get()
    assert (run.state, run.worker, run.roots.exists()) == (ImportState.STAGING, other, True)


@pytest.mark.slow
class TestServe:
    """``manage.py serve``, as a person starts it."""

    def test_the_whole_site_in_one_command(self, serve, project):
        process, said = serve()
        address = re.search(r"Open +(http://\S+)", said)[1]
        password = re.search(r"Sign in +author, password (\S+)", said)[1]
        kept = Path(project.environment["VAR_DIR"]) / "password"
        assert (kept.read_text().strip(), stat.S_IMODE(kept.stat().st_mode)) == (password, 0o600)
        assert "Log out" in Browser().sign_in(f"{address}admin/", password)
        styles = f"{address}static/admin/css/base.css"
        assert urllib.request.urlopen(styles).status == 200

        write_course(project.courses / "c1", *small_course())
        with project.caller() as call:
            run = call("create_import", source_key=KEY, library_key=TARGET, new_library_title="")["id"]
            call("start_staging", import_id=run)
            wait_for(lambda: call("get_import", import_id=run)["state"] == "staged")
        process.terminate()
        assert process.communicate(timeout=PATIENCE)[0].endswith("Stopped.\n")
        assert process.returncode == 0

    def test_a_password_that_is_there_is_left_alone(self, db, settings, tmp_path, django_user_model):
        settings.VAR_DIR = tmp_path
        password = re.match(r"author, password (\S+) ", how_to_sign_in())[1]
        assert how_to_sign_in() == f"author, with the password in {tmp_path / 'password'}"
        author = django_user_model.objects.get(username="author")
        assert author.check_password(password)
        author.set_password("my own")
        author.save()
        assert "the password that you gave" in how_to_sign_in()
        author.refresh_from_db()
        assert author.check_password("my own")

    def test_a_port_that_is_taken(self, project):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            refused = project.manage("serve", "--port", port)
        assert refused.returncode == 1
        assert f"Port {port} is taken" in refused.stderr

    def test_a_server_that_is_killed_takes_its_worker_with_it_which_may_only_just_have_been_started(self, serve):
        process, _said = serve()
        [worker] = [child for child in psutil.Process(process.pid).children() if "celery" in child.cmdline()]
        worker.suspend()
        process.kill()
        process.wait()
        worker.resume()
        worker.wait(PATIENCE)

    def test_a_worker_that_dies_takes_the_server_with_it(self, serve):
        process, _said = serve()
        [worker] = [child for child in psutil.Process(process.pid).children() if "celery" in child.cmdline()]
        worker.kill()
        assert "The worker ended by itself, with code -9" in process.communicate(timeout=PATIENCE)[0]
        assert process.returncode == 1
