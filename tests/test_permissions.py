"""Every action checks for itself who may do it."""

import pytest

from import_from_modulestore import api

from .builders import KEY, TARGET, small_course, write_course


@pytest.fixture
def stranger(db, django_user_model):
    return django_user_model.objects.create(username="eve")


@pytest.fixture
def done(courses, run_import):
    write_course(courses / "c1", *small_course())
    return run_import()[0]


ACTIONS = {
    "get_source": lambda user, _run: api.get_source(user=user, source_key=KEY),
    "get_library": lambda user, _run: api.get_library(user=user, library_key=TARGET),
    "create_library": lambda user, _run: api.create_library(user=user, library_key="lib:Acme:New", title="New"),
    "create_import": lambda user, _run: api.create_import(user=user, source_key=KEY, target_key=TARGET),
    "preview_import": lambda user, _run: api.preview_import(user=user, source_key=KEY, target_key=TARGET),
    "preview_import into a new library": lambda user, _run: api.preview_import(
        user=user, source_key=KEY, target_key="lib:Acme:New", new_library_title=""
    ),
    "backup_library": lambda user, _run: api.backup_library(user=user, library_key=TARGET, file=None),
}

ACTIONS_ON_AN_IMPORT = {
    "get_import": lambda user, run: api.get_import(user=user, import_id=run.id),
    "get_records": lambda user, run: api.get_records(user=user, import_id=run.id),
    "stage_import": lambda user, run: api.stage_import(user=user, import_id=run.id),
    "plan_import": lambda user, run: api.plan_import(user=user, import_id=run.id),
    "complete_import": lambda user, run: api.complete_import(user=user, import_id=run.id),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stranger_is_refused(action, stranger, done):
    with pytest.raises(api.NotPermitted):
        ACTIONS[action](stranger, done)


@pytest.mark.parametrize("action", ACTIONS_ON_AN_IMPORT)
def test_a_stranger_is_not_told_that_an_import_exists(action, stranger, done):
    with pytest.raises(api.NotFound):
        ACTIONS_ON_AN_IMPORT[action](stranger, done)


def test_a_stranger_sees_empty_lists(stranger, done):
    assert list(api.list_sources(user=stranger)) == []
    assert list(api.list_libraries(user=stranger)) == []
    assert api.list_imports(user=stranger) == []


def test_a_superuser_whose_account_is_closed_is_a_stranger(user, done):
    user.is_active = False
    with pytest.raises(api.NotPermitted):
        api.create_import(user=user, source_key=KEY, target_key=TARGET)
