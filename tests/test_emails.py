"""E-mails: none by default, and where the site wants them one for each import that a worker has finished."""

from __future__ import annotations

import shutil

import pytest
from user_tasks.models import UserTaskStatus

from import_from_modulestore import api, tasks
from import_from_modulestore.data import Action, ImportState
from import_from_modulestore.models import Import
from import_from_modulestore.running.lifecycle import Step
from import_from_modulestore.running.user_tasks import task_id_of
from import_from_modulestore_standalone.public import PublicAddress

from .builders import KEY, TARGET, section, subsection, text, unit, write_course
from .shelves import write_courses


@pytest.fixture(autouse=True)
def _wanted(settings, editor):
    settings.IMPORT_FROM_MODULESTORE_USER_TASKS = False
    settings.IMPORT_FROM_MODULESTORE_EMAILS = True
    settings.PUBLIC_ADDRESS = PublicAddress.of("https://imports.example.org")
    editor.email = "bob@example.org"
    editor.save()


@pytest.fixture
def created(courses, editor):
    photo = text("t1", '<img src="/static/photo.png"/>')
    write_course(courses / "c1", section("s", subsection("b", unit("u", photo))), title="Tides\nand more")
    return api.create_import(user=editor, source_key=KEY, library_key=TARGET)


@pytest.fixture
def completed(created, editor, worked):
    """Has an import staged and completed by a worker."""

    def complete(user=editor) -> None:
        with worked():
            api.start_staging(user=user, import_id=created.id)
        with worked():
            api.start_completion(user=user, import_id=created.id)

    return complete


def test_tell_once_of_an_import_that_is_written(created, completed, editor, worked, mailoutbox):
    completed()
    for start in (api.start_undo, api.start_redo):
        with worked():
            start(user=editor, import_id=created.id)
    [message] = mailoutbox
    assert message.to == ["bob@example.org"]
    assert message.subject == "“Tides and more” is imported into “Target”"
    assert "Created: 4" in message.body
    assert "1 block could not go, or not as it should." in message.body
    assert f"https://imports.example.org/imports/{created.id}/" in message.body


def test_are_not_sent_again_where_the_message_to_the_worker_is(created, completed, deliver, mailoutbox):
    completed()
    deliver(tasks.do_step, created.id, task_id_of(Import.objects.get(), Step.COMPLETE))
    assert len(mailoutbox) == 1


def test_stand_in_place_of_users_tasks(completed):
    completed()
    assert not UserTaskStatus.objects.exists()


def test_tell_of_one_that_failed(created, editor, worked, mailoutbox):
    with worked():
        api.start_staging(user=editor, import_id=created.id)
    Import.objects.update(learning_package=None, user=editor)
    with worked():
        api.start_completion(user=editor, import_id=created.id)
    assert Import.objects.get().state == ImportState.IMPORT_FAILED
    [message] = mailoutbox
    assert message.subject == "“Tides and more” could not be imported into “Target”"
    assert f"The library {TARGET} is gone." in message.body


def test_tell_of_one_that_could_not_be_staged_anew(created, editor, worked, mailoutbox, courses):
    with worked():
        api.start_staging(user=editor, import_id=created.id)
    shutil.rmtree(courses / "c1")
    with worked():
        api.start_staging(user=editor, import_id=created.id)
    left = Import.objects.get()
    assert left.state == ImportState.STAGED
    [message] = mailoutbox
    assert message.to == ["bob@example.org"]
    assert message.subject == "“Tides and more” could not be imported into “Target”"
    assert left.error in message.body
    assert left.error.endswith("What was staged before is as it was.")


def test_do_not_tell_of_one_that_is_canceled(created, editor, worked, mailoutbox):
    with worked():
        api.start_staging(user=editor, import_id=created.id)
        api.cancel_import(user=editor, import_id=created.id)
    assert mailoutbox == []


@pytest.mark.parametrize("fields", [{"email": ""}, {"email": "retired__x@retired.invalid"}])
def test_are_not_sent_where_nobody_would_read_them(fields, completed, editor, mailoutbox, settings):
    settings.RETIRED_EMAIL_DOMAIN = "retired.invalid"
    type(editor).objects.update(**fields)
    completed()
    assert mailoutbox == []


def test_are_not_sent_to_an_account_that_is_closed(created, editor, worked, mailoutbox):
    with worked():
        api.start_staging(user=editor, import_id=created.id)
    with worked():
        api.start_completion(user=editor, import_id=created.id)
        type(editor).objects.filter(pk=editor.pk).update(is_active=False)
    assert Import.objects.get().state == ImportState.IMPORT_FAILED
    assert mailoutbox == []


def test_that_cannot_be_sent_harm_nothing(created, completed, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    completed()
    assert Import.objects.get().state == ImportState.IMPORTED
    assert "could not be sent" in caplog.text


def test_name_the_import_where_the_address_of_the_site_is_not_known(created, completed, settings, mailoutbox):
    settings.PUBLIC_ADDRESS = None
    completed()
    assert f"Import {created.id}" in mailoutbox[0].body


def test_are_none_by_default(created, completed, settings, mailoutbox):
    del settings.IMPORT_FROM_MODULESTORE_EMAILS
    del settings.IMPORT_FROM_MODULESTORE_USER_TASKS
    completed()
    assert mailoutbox == []
    assert UserTaskStatus.objects.count() == 2


def test_are_none_of_what_somebody_does_themselves(created, editor, mailoutbox):
    api.stage_import(user=editor, import_id=created.id)
    api.complete_import(user=editor, import_id=created.id)
    assert mailoutbox == []


class TestBatches:
    @pytest.fixture
    def sources(self, courses, editor):
        return write_courses(courses, 3)

    def test_are_told_of_once_with_what_failed(self, courses, sources, editor, worked, mailoutbox):
        batch = api.create_batch(user=editor, sources=sources, library_key=TARGET)
        shutil.rmtree(courses / "x01")
        with worked():
            api.start_batch_step(user=editor, batch_id=batch.id, action=Action.STAGE)
        [message] = mailoutbox
        assert message.to == ["bob@example.org"]
        assert message.subject == "3 sources for “Target”: Staging failed: 1, Staged: 2"
        assert "Course 01: There is no export x01" in message.body
        assert f"https://imports.example.org/batches/{batch.id}/" in message.body
        with worked():
            api.start_batch_step(user=editor, batch_id=batch.id, action=Action.COMPLETE)
        assert mailoutbox[1].subject == "3 sources for “Target”: Staging failed: 1, Imported: 2"
        assert len(mailoutbox) == 2
