"""
Accounts that are deleted where this app is not known, as the LMS deletes them: by a statement, in the same database.

No row holds them, and what they did is told as before, at every door.
"""

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from import_from_modulestore import api, tasks
from import_from_modulestore.data import ImportState
from import_from_modulestore.models import IdempotentRequest, Import, Reversal
from import_from_modulestore_standalone.grants import Role

from .builders import KEY, TARGET, small_course, write_course
from .command_line.calls import command, data_of
from .keeping import kept

REST = "/api/modulestore_imports/v1/"


@pytest.fixture
@kept
def gone(courses, user, run_import, person):
    """
    Two imports of bob, whose account is gone: one that was undone, and one that waits for a worker.

    Of what others keep, the library's own tables above all, nothing names him: the LMS knows these.
    """
    write_course(courses / "c1", *small_course(), title="Tides")
    done, _records = run_import()
    api.undo_import(user=user, import_id=done.id)
    waiting = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    bob = person("bob")
    Import.objects.update(user=bob, actor=bob, username="bob")
    Reversal.objects.update(user=bob, username="bob")
    IdempotentRequest.objects.create(user=bob, key="7f1c", answer={"username": "bob"}, created=timezone.now())
    now = timezone.now()
    Import.objects.filter(uuid=waiting.id).update(state=ImportState.STAGING, queued=now, asked=now)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth_user WHERE id = %s", [bob.pk])
    models = apps.get_app_config("modulestore_imports").get_models()
    connection.check_constraints(table_names=[model._meta.db_table for model in models])
    return done.id, waiting.id


def links() -> list[set]:
    """Whom the rows name by their links."""
    named = ((Import, "user_id"), (Import, "actor_id"), (Reversal, "user_id"), (IdempotentRequest, "user_id"))
    return [set(model.objects.values_list(link, flat=True)) for model, link in named]


def test_are_held_by_nothing(gone, django_user_model):
    assert not django_user_model.objects.filter(username="bob").exists()
    assert all(links())


def test_are_named_in_the_history(gone, user):
    done, _waiting = gone
    assert [found.username for found in api.list_imports(user=user, username="bob").items] == ["bob", "bob"]
    assert api.get_import(user=user, import_id=done).username == "bob"
    assert [reversal.username for reversal in api.get_reversals(user=user, import_id=done)] == ["bob"]
    assert len(api.get_records(user=user, import_id=done)) == 12


def test_do_not_keep_others_from_going_on(gone, user):
    done, waiting = gone
    assert api.redo_import(user=user, import_id=done).state is ImportState.IMPORTED
    assert api.cancel_import(user=user, import_id=waiting).state is ImportState.CANCELED


@pytest.mark.parametrize("work", [tasks.stage_import, None])
def test_have_nothing_done_by_a_worker(gone, user, work, deliver):
    _done, waiting = gone
    if work:
        assert deliver(work, waiting).state == "FAILURE"
    else:
        with pytest.raises(api.NotPermitted):
            api.run_step(import_id=waiting)
    failed = api.get_import(user=user, import_id=waiting)
    assert (failed.state, failed.error) == (
        ImportState.STAGING_FAILED,
        "The account of the user who asked for this is gone. Somebody else may ask again.",
    )
    assert api.retry_import(user=user, import_id=waiting).state is ImportState.STAGED


def test_are_no_matter_to_whoever_looks_for_steps_that_wait(gone):
    Import.objects.filter(queued__isnull=False).update(queued="2026-01-01T00:00Z")
    assert api.recover_imports() == 0


def test_are_let_go_of_by_the_housekeeping(gone, user):
    api.remove_old_staged_content()
    assert links() == [{None}, {None}, {None}, set()]
    assert {run.username for run in (*Import.objects.all(), *Reversal.objects.all())} == {"bob"}


def test_that_are_there_are_not_let_go_of(gone, user, run_import):
    run_import()
    api.remove_old_staged_content()
    assert links()[0] == {None, user.pk}


def test_are_no_matter_to_the_pages_of_the_admin(gone, user):
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    pages = [
        reverse(f"admin:modulestore_imports_{model}_changelist") for model in ("import", "importrecord", "reversal")
    ]
    pages += [reverse("admin:modulestore_imports_import_change", args=[run.pk]) for run in Import.objects.all()]
    pages += [reverse("admin:modulestore_imports_reversal_change", args=[Reversal.objects.get().pk])]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "importrecord" in page or "bob" in answer.content.decode(), page


def test_are_no_matter_to_the_rest_api(gone, user):
    client = Client()
    client.force_login(user)
    for path in ("imports/", f"imports/{gone[0]}/", f"imports/{gone[0]}/reversals/"):
        answer = client.get(REST + path)
        assert (answer.status_code, "bob" in answer.content.decode()) == (200, True), path
    body = {"source_key": KEY, "library_key": TARGET, "start": False}
    made = client.post(f"{REST}imports/", body, "application/json", headers={"Idempotency-Key": "7f1c"})
    assert made.status_code == 201


def test_are_no_matter_to_the_command_line(gone, user):
    assert {run["username"] for run in data_of("history", "--by", "bob")} == {"bob"}
    for import_id in gone:
        assert "bob" in command("show", import_id)
    command("cleanup")


def test_that_come_back_under_the_same_name_are_others(gone, person, user):
    """What the gone one could cancel as their own, a namesake cannot."""
    namesake = person("bob", Role.VIEWER)
    with pytest.raises(api.NotPermitted):
        api.cancel_import(user=namesake, import_id=gone[1])
