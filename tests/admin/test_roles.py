"""Who sees what, and who may do what, in the admin: the same as through the API."""

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from import_from_modulestore import api
from import_from_modulestore.models import Import, ImportRecord, Reversal, StagedBlock

from ..builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from ..keeping import kept
from ..library_state import library_state
from .conftest import action_url, messages_of, text_of, url

TEXT = usage_key("html", "t1")

# y: yes, n: no and told why, -: told that there is nothing.
TABLE = """
                    superuser  editor  outsider  reviewer  viewer  stranger

see the import          y        y        y         y        y        -
see its records         y        y        y         y        y        -
see its undos           y        y        y         y        y        -
see the blocks          y        y        n         y        n        -
see what is gone        y        y        n         y        n        -
see the plan            y        y        n         y        n        -
see the undo            y        y        y         y        y        -

export the choices      y        y        n         y        n        -

leave out               y        y        n         n        n        -
take as last time       y        y        n         n        n        -
apply choices           y        y        n         n        n        -
edit                    y        y        n         n        n        -
remove what is gone     y        y        n         n        n        -
stage                   y        y        n         n        n        -
complete                y        y        n         n        n        -
cancel                  y        y        y         n        n        -
undo                    y        y        y         n        n        -
redo                    y        y        y         n        n        -
"""

NAMES, *ROWS = [line.split() for line in TABLE.splitlines() if line.strip()]
EXPECTED = {" ".join(row[: -len(NAMES)]): dict(zip(NAMES, row[-len(NAMES) :], strict=True)) for row in ROWS}


@pytest.fixture
def course(courses, library):
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t1")))), title="Tides")


@pytest.fixture
@kept
def runs(course, user, imported, start) -> dict[str, Import]:
    """An import in each state that the table needs."""
    api.undo_import(user=user, import_id=str(imported.uuid))
    done = start()
    api.complete_import(user=user, import_id=str(done.uuid))
    created = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    return {
        "undone": imported,
        "imported": done,
        "staged": start(),
        "created": Import.objects.get(uuid=created.id),
    }


def attempt(what: str, pages, runs):
    """The page that a member of the staff gets to see."""
    staged, done, undone = runs["staged"], runs["imported"], runs["undone"]
    match what:
        case "see the import":
            return pages.get(url("import", "change", done.pk))
        case "see its records":
            return pages.get(url("importrecord", "change", ImportRecord.objects.filter(import_run=done)[0].pk))
        case "see its undos":
            return pages.get(url("reversal", "change", Reversal.objects.get().pk))
        case "see the blocks":
            return pages.get(url("import", "blocks", staged.pk))
        case "see what is gone":
            return pages.get(url("import", "gone", staged.pk))
        case "remove what is gone":
            return pages.post(url("import", "gone", staged.pk), do="remove_all")
        case "see the plan":
            return pages.get(action_url("complete", staged))
        case "see the undo":
            return pages.get(action_url("undo", done))
        case "leave out":
            return pages.post(url("import", "blocks", staged.pk), do="leave_out", blocks=[TEXT])
        case "export the choices":
            return pages.get(url("import", "choices", staged.pk))
        case "take as last time":
            return pages.post(url("import", "choices", staged.pk), do="as_last_time")
        case "apply choices":
            file = SimpleUploadedFile("choices.json", b'{"version": 1, "blocks": []}')
            return pages.post(url("import", "choices", staged.pk), do="apply", choices=file)
        case "edit":
            return pages.post(url("import", "block", staged.pk, TEXT), do="edit", title="Other")
    run = {"stage": runs["created"], "undo": done, "redo": undone}.get(what, staged)
    return pages.do(what, run)


def outcome(response) -> str:
    told = " ".join(messages_of(response)) + (text_of(response) if response.status_code == 200 else "")
    if response.status_code == 404 or "doesn’t exist" in told or (response.status_code == 302 and not told):
        return "-" if "doesn’t exist" in told or response.status_code == 404 else "n"
    return "n" if "You may not" in told else "y"


@pytest.mark.few
@pytest.mark.parametrize("role", NAMES)
def test_who_may_do_what(runs, pages_of, request, role):
    pages = pages_of(request.getfixturevalue(role))
    found = {}
    for what in EXPECTED:
        with transaction.atomic():
            found[what] = outcome(attempt(what, pages, runs))
            transaction.set_rollback(True)
    assert found == {what: expected[role] for what, expected in EXPECTED.items()}


@pytest.mark.at_gate
def test_a_refusal_changes_nothing(runs, pages_of, viewer):
    before = library_state(TARGET), list(Import.objects.values()), list(StagedBlock.objects.values())
    pages = pages_of(viewer)
    for what, expected in EXPECTED.items():
        if expected["viewer"] == "n":
            attempt(what, pages, runs)
    assert before == (library_state(TARGET), list(Import.objects.values()), list(StagedBlock.objects.values()))


class TestStrangers:
    """Members of the staff without rights on the library."""

    def test_see_empty_lists(self, runs, pages_of, stranger):
        pages = pages_of(stranger)
        for model in ("import", "importrecord", "reversal", "reversalrecord"):
            page = text_of(pages.get(url(model)))
            assert "Tides" not in page
            assert "ada" not in page
        assert "Tides" not in text_of(pages.get(url("importrecord"), import_run__exact=runs["imported"].pk))

    def test_are_told_the_same_of_what_exists_and_of_what_does_not(self, runs, pages_of, stranger):
        pages, pk = pages_of(stranger), runs["imported"].pk
        existing = pages.get(pages.get(url("import", "change", pk)).url)
        missing = pages.get(pages.get(url("import", "change", 999)).url)
        assert [told.replace(str(pk), "999") for told in messages_of(existing)] == messages_of(missing)

    def test_choose_nothing_in_a_list(self, runs, pages_of, stranger):
        pks = [run.pk for run in runs.values()]
        response = pages_of(stranger).post(url("import"), action="complete", _selected_action=pks)
        assert "Tides" not in text_of(response)


def test_who_is_not_staff_is_asked_to_sign_in(runs, editor):
    client = Client()
    client.force_login(editor)
    for address in (url("import"), url("import", "blocks", runs["staged"].pk), action_url("undo", runs["imported"])):
        response = client.post(address)
        assert response.status_code == 302
        assert "/login/" in response.url


def test_django_s_model_permissions_open_nothing(runs, pages_of, stranger):
    stranger.user_permissions.set(Permission.objects.filter(content_type__app_label="modulestore_imports"))
    pages = pages_of(stranger)
    assert "Tides" not in text_of(pages.get(url("import")))
    assert pages.get(action_url("undo", runs["imported"])).status_code == 404
