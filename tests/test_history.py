"""What is remembered of an import, and for how long."""

from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
from django.apps import apps
from django.core.files.storage import FileSystemStorage
from openedx_content import api as content_api
from openedx_content.models_api import DraftSideEffect, EntityListRow, LearningPackage, PublishSideEffect

from import_from_modulestore import api
from import_from_modulestore.data import Decision, ImportOrder, ImportState, StateGroup
from import_from_modulestore.models import Import, ImportRecord, Reversal

from .builders import KEY, TARGET, block, section, small_course, subsection, text, unit, usage_key, write_course
from .keeping import kept


def delete_libraries() -> None:
    for model in (EntityListRow, DraftSideEffect, PublishSideEffect):  # what would hold the others back
        model.objects.all().delete()
    LearningPackage.objects.all().delete()


def staged_content():
    return apps.get_model("content_staging", "StagedContent").objects


@pytest.fixture
def staged_files(settings):
    return lambda: [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _course(courses):
    write_course(courses / "c1", *small_course(), title="Tides")


def test_an_import_keeps_who_what_how_and_when(run_import):
    done, _records = run_import()
    assert (done.username, done.source_key, done.source_title, done.library_key) == ("ada", KEY, "Tides", TARGET)
    assert (done.state, done.counts) == (ImportState.IMPORTED, {"created": 12})
    assert done.created <= done.staged <= done.started <= done.finished


def test_there_is_one_record_a_source_block_in_the_sources_order(run_import):
    _done, records = run_import()
    names = [record.usage_key.rpartition("@")[2] for record in records]
    assert names == ["s1", "b1", "u1", "t1", "p1", "u2", "t2", "s2", "b2", "u3", "p2", "t3"]
    assert [record.depth for record in records] == [0, 1, 2, 3, 3, 2, 3, 0, 1, 2, 3, 3]


def test_a_record_links_source_and_target_with_versions_before_and_after(run_import, courses):
    run_import()
    write_course(
        courses / "c1", section("s1", subsection("b1", unit("u1", text("t1", "<p>New.</p>", title="Text t1"))))
    )
    _done, records = run_import(on_conflict=Decision.OVERWRITE)
    record = next(record for record in records if record.usage_key == usage_key("html", "t1"))
    assert (record.usage_key, record.item_key) == (usage_key("html", "t1"), "lb:Acme:Target:html:t1")
    assert (record.draft_before, record.draft_after) == (1, 2)
    assert (record.published_before, record.published_after) == (1, 2)
    assert records[0].item_key == "lct:Acme:Target:section:s1"


def test_the_links_to_versions_say_what_the_numbers_say(run_import, courses):
    for body in ("<p>One.</p>", "<p>Two.</p>", "<p>Three.</p>"):
        parts = section("s1", subsection("b1", unit("u1", text("t1", body))))
        write_course(courses / "c1", parts)
        run_import(on_conflict=Decision.NEW_VERSION)
    record = ImportRecord.objects.filter(usage_key=usage_key("html", "t1"), outcome="updated").latest("pk")
    links = [record.draft_before, record.draft_after, record.published_before, record.published_after]
    numbers = ["draft_before_num", "draft_after_num", "published_before_num", "published_after_num"]
    assert [link.version_num for link in links] == [getattr(record, name) for name in numbers] == [2, 3, 1, 1]
    assert {link.entity_id for link in links} == {record.entity_id}


def test_an_import_keeps_its_change_log_and_publish_logs(run_import):
    done, _records = run_import()
    run = Import.objects.get(uuid=done.id)
    assert run.draft_change_log.records.count() == 12
    assert sum(log.records.filter(direct=True).count() for log in run.publish_logs.all()) == 12


class TestStagedContent:
    @pytest.fixture(autouse=True)
    def _picture(self, _course, courses):
        picture = text("t1", '<img src="/static/a.png">')
        write_course(courses / "c1", section("s1", subsection("b1", unit("u1", picture))), static={"a.png": b"PNG"})

    def test_is_kept_for_a_while_after_the_import(self, run_import, staged_files):
        run_import()
        assert api.remove_old_staged_content() == 0
        assert staged_content().exists()
        assert staged_files()

    def test_is_removed_after_the_days_that_are_set(self, run_import, settings, user, staged_files):
        done, records = run_import()
        settings.IMPORT_FROM_MODULESTORE_KEEP_STAGED_DAYS = 0
        assert api.remove_old_staged_content() == 1
        assert not staged_content().exists()
        assert not staged_files()
        assert api.get_records(user=user, import_id=done.id) == records
        assert api.remove_old_staged_content() == 0

    def test_of_an_import_that_goes_on_stays_however_old(self, run_import, user):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        Import.objects.update(created="2020-01-01T00:00Z", staged="2020-01-01T00:00Z")
        assert api.remove_old_staged_content(days=0) == 0
        api.cancel_import(user=user, import_id=run.id)
        assert api.remove_old_staged_content(days=0) == 1

    def test_that_the_storage_keeps_stops_nobody(self, run_import, staged_files, monkeypatch, caplog):
        caplog.set_level("WARNING", logger="import_from_modulestore")
        kept, _gone = [run_import()[0].id for _each in range(2)]
        delete = FileSystemStorage.delete

        def refuse(storage, name):
            if kept.replace("-", "") in name:
                raise PermissionError(13, "Permission denied")
            delete(storage, name)

        monkeypatch.setattr(FileSystemStorage, "delete", refuse)
        assert api.remove_old_staged_content(days=0) == 2
        assert not staged_content().exists()
        assert [kept.replace("-", "") in str(file) for file in staged_files()] == [True]
        assert "cannot be removed" in caplog.text

    def test_that_somebody_removed_is_missed_in_plain_words(self, user, library):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        staged_content().all().delete()
        for step in (api.complete_import, partial(api.get_block, usage_key=usage_key("html", "t1"))):
            with pytest.raises(api.StagedContentGone, match="is gone from the staging area. Stage the import anew"):
                step(user=user, import_id=run.id)
        assert api.cancel_import(user=user, import_id=run.id).state is ImportState.CANCELED

    def test_is_not_kept_for_a_negative_time(self):
        with pytest.raises(api.InvalidOption, match="0 or more"):
            api.remove_old_staged_content(days=-1)


class TestNames:
    @pytest.fixture
    def names(self, run_import, courses, user, editor):
        """By whom imports and undos are, as the history says after housekeeping: the first by ada, the rest by bob."""
        write_course(courses / "c1", *small_course())
        run_import()
        run = api.create_import(user=editor, source_key=KEY, library_key=TARGET)
        api.stage_import(user=editor, import_id=run.id)
        api.complete_import(user=editor, import_id=run.id)
        api.undo_import(user=editor, import_id=run.id)

        def read() -> list[str]:
            api.remove_old_staged_content()
            return [row.username for model in (Import, Reversal) for row in model.objects.order_by("pk")]

        return read

    def test_follow_their_accounts(self, names, editor, django_user_model):
        assert names() == ["ada", "bob", "bob"]
        django_user_model.objects.filter(pk=editor.pk).update(username="retired__user_5f2c")
        assert names() == ["ada", "retired__user_5f2c", "retired__user_5f2c"]

    def test_outlive_their_accounts(self, names, editor):
        editor.delete()
        assert names() == ["ada", "bob", "bob"]

    def test_that_are_up_to_date_cost_no_update(self, names, django_assert_num_queries):
        with django_assert_num_queries(13):  # with the searches for what is staged and for lost links
            api.remove_old_staged_content()


@pytest.mark.parametrize("gone", ["user", "staged content", "library"])
def test_records_outlive_what_they_describe(run_import, user, django_user_model, gone):
    done, records = run_import()
    if gone == "user":
        user.delete()
    elif gone == "staged content":
        staged_content().all().delete()
    else:
        delete_libraries()
        content_api.create_learning_package(TARGET, "Another of the same name")
    other = django_user_model.objects.create(username="grace", is_superuser=True)
    kept = api.get_import(user=other, import_id=done.id)
    assert (kept.username, kept.library_title, kept.counts) == ("ada", "Target", {"created": 12})
    assert api.get_records(user=other, import_id=done.id) == records


def test_a_library_made_anew_under_the_same_key_is_a_new_library(run_import, user):
    run_import()
    delete_libraries()
    api.create_library(user=user, library_key=TARGET, title="Again")
    assert run_import()[0].counts == {"created": 12}


def test_imports_are_listed_newest_first_by_target_and_source(run_import, user):
    content_api.create_learning_package("lib:Acme:Other", "Other")
    first, second = run_import()[0], run_import(target="lib:Acme:Other")[0]
    assert [run.id for run in api.list_imports(user=user).items] == [second.id, first.id]
    assert [run.id for run in api.list_imports(user=user, library_key=TARGET).items] == [first.id]
    assert api.list_imports(user=user, source_key="course-v1:Acme+C1+R9").total == 0


@pytest.fixture
@kept
def ended_and_open(run_import, user, library):
    """An import that is done, of 1 May, and one of 2 May that is not staged yet."""
    done = run_import()[0].id
    open_one = api.create_import(user=user, source_key=KEY, library_key=TARGET).id
    for import_id, day in ((done, 1), (open_one, 2)):
        Import.objects.filter(uuid=import_id).update(created=datetime(2026, 5, day, tzinfo=UTC))
    return done, open_one


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"states": [ImportState.IMPORTED]}, "done"),
        ({"states": [ImportState.IMPORTED, ImportState.CREATED]}, "open done"),
        ({"states": [ImportState.STAGED]}, ""),
        ({"group": StateGroup.ENDED}, "done"),
        ({"group": StateGroup.WAITING}, "open"),
        ({"group": StateGroup.RUNNING}, ""),
        ({"group": StateGroup.ENDED, "states": [ImportState.CREATED]}, ""),
        ({"created_after": datetime(2026, 5, 2, tzinfo=UTC)}, "open"),
        ({"created_before": datetime(2026, 5, 2, tzinfo=UTC)}, "done"),
        ({"created_before": datetime(2026, 5, 2)}, "done"),
        ({"order": ImportOrder.CREATED}, "done open"),
        ({"order": ImportOrder.FINISHED}, "open done"),
        ({"order": ImportOrder.FINISHED_LAST}, "done open"),
        ({"order": ImportOrder.LIBRARY_BACKWARD}, "open done"),
        ({"order": ImportOrder.SOURCE}, "open done"),
    ],
)
def test_imports_are_found_by_state_and_time_and_come_in_an_order(ended_and_open, user, filters, found):
    names = dict(zip(ended_and_open, ("done", "open"), strict=True))
    assert " ".join(names[run.id] for run in api.list_imports(user=user, **filters).items) == found


def test_a_time_that_is_none_in_utc_is_refused(user):
    with pytest.raises(api.InvalidOption) as error:
        api.list_imports(user=user, created_after=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))
    assert error.value.field == "created_after"


def test_every_state_of_an_import_is_in_one_group():
    assert sorted(state for group in StateGroup for state in group.states) == sorted(ImportState)


def test_an_import_is_found_by_the_beginning_of_its_id(run_import, user):
    done, _records = run_import()
    assert api.get_import(user=user, import_id=done.id[:6]).id == done.id


@pytest.mark.parametrize("import_id", ["", "zz", "00000000", "%"])
def test_an_unknown_id_is_not_found(run_import, user, import_id):
    run_import()
    with pytest.raises(api.NotFound):
        api.get_import(user=user, import_id=import_id)


def test_unsupported_blocks_are_on_record_for_good(run_import, courses):
    write_course(courses / "c1", section("s1", subsection("b1", unit("u1", block("split_test", "x")))))
    done, records = run_import()
    assert done.counts == {"created": 3, "unsupported": 1}
    assert records[-1].reason
    assert records[-1].item_key == ""
