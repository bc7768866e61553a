"""What happened to a library and to its items, told in sentences."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from import_from_modulestore import api
from import_from_modulestore.data import Decision, HistoryKind
from import_from_modulestore.models import Import, Reversal

from .builders import TARGET, section, subsection, text, unit, write_course
from .command_line.calls import command, data_of

ITEM = "lb:Acme:Target:html:t1"


def course(body: str = "<p>One.</p>", *more):
    return section("s", subsection("b", unit("u", text("t1", body, title="Words"), *more, title="Moon")))


@pytest.fixture
def write(courses):
    return lambda *blocks: write_course(courses / "c1", *blocks, title="Tides")


@pytest.fixture
def today(monkeypatch) -> str:
    """The day, as it is written; it does not end meanwhile."""
    now, last = timezone.now, localtime().replace(hour=23, minute=59, second=59)
    monkeypatch.setattr(timezone, "now", lambda: min(now(), last))
    return date_format(last, "DATE_FORMAT")


@pytest.fixture
def told(user):
    """The sentences about an item: ``told()``."""
    return lambda key=ITEM: [entry.sentence for entry in api.get_item_history(user=user, item_key=key)]


class TestOfAnItem:
    def test_is_told_from_the_beginning(self, write, run_import, user, editor, told, today):
        write(course())
        run_import()
        write(course("<p>Two.</p>"))
        second, _records = run_import(on_conflict=Decision.OVERWRITE)
        api.undo_import(user=editor, import_id=second.id)
        api.redo_import(user=user, import_id=second.id)
        whole = "“Words” in unit “Moon”"
        assert told() == [
            f"Created by the import of “Tides” by ada on {today}, from {whole}.",
            f"Updated by the import of “Tides” by ada on {today}, from {whole}.",
            f"Set back to version 1 when bob undid the import of “Tides” on {today}.",
            f"Set to version 2 again when ada redid the import of “Tides” on {today}.",
        ]
        entries = api.get_item_history(user=user, item_key=ITEM)
        assert [entry.outcome for entry in entries] == ["created", "updated", "reverted", "reverted"]
        assert [entry.username for entry in entries] == ["ada", "ada", "bob", "ada"]
        assert [entry.import_id == second.id for entry in entries] == [False, True, True, True]

    def test_of_one_at_the_top_names_no_place(self, write, run_import, told, today):
        write(course())
        run_import()
        assert told("lct:Acme:Target:section:s") == [
            f"Created by the import of “Tides” by ada on {today}, from “chapter s”."
        ]

    @pytest.mark.parametrize(
        ("decision", "begins"),
        [
            (Decision.SKIP, "Left as it was by the import of “Tides” by ada on "),
            (Decision.NEW_VERSION, "Given a new draft by the import of “Tides” by ada on "),
        ],
    )
    def test_tells_what_was_decided(self, decision, begins, write, run_import, told):
        write(course())
        run_import()
        write(course("<p>Two.</p>"))
        run_import(on_conflict=decision)
        assert told()[1].startswith(begins)

    def test_tells_of_what_was_found_unchanged_and_forked(self, write, run_import, told):
        write(course())
        run_import()
        run_import()
        assert told()[1].startswith("Found unchanged by the import of “Tides” by ada on ")
        run_import(on_conflict=Decision.FORK)
        assert told("lb:Acme:Target:html:t1_1")[0].startswith("Created beside another item, as a fork, by the import")

    def test_tells_of_what_is_gone(self, write, run_import, told, user):
        write(course("<p>One.</p>", text("t2")))
        run_import()
        write(course())
        run_import()
        assert told("lb:Acme:Target:html:t2")[1].startswith("Kept by the import of “Tides” by ada on ")

    def test_tells_why_an_undo_kept_it(self, write, run_import, told, user):
        write(course())
        first, _records = run_import()
        write(course("<p>Two.</p>"))
        run_import(on_conflict=Decision.OVERWRITE)
        api.undo_import(user=user, import_id=first.id)
        assert told()[-1].startswith("Kept as it was when ada undid the import of “Tides” on ")

    def test_is_told_to_those_who_may_see_the_library(self, write, run_import, viewer, stranger):
        write(course())
        run_import()
        assert len(api.get_item_history(user=viewer, item_key=ITEM)) == 1
        assert api.get_item_history(user=stranger, item_key=ITEM) == []

    def test_costs_the_same_however_long_it_is(self, write, run_import, user):
        write(course())
        run_import()
        with CaptureQueriesContext(connection) as few:
            api.get_item_history(user=user, item_key=ITEM)
        for _ in range(3):
            run_import()
        with CaptureQueriesContext(connection) as many:
            assert len(api.get_item_history(user=user, item_key=ITEM)) == 4
        assert len(many) == len(few)


class TestOfALibrary:
    @pytest.fixture
    def second(self, write, run_import, user, editor) -> str:
        write(course())
        run_import()
        write(course("<p>Two.</p>"))
        second, _records = run_import(on_conflict=Decision.OVERWRITE)
        api.undo_import(user=editor, import_id=second.id)
        api.redo_import(user=user, import_id=second.id, force=True)
        return second.id

    def test_is_told_from_the_beginning(self, second, user, today):
        page = api.get_library_history(user=user, library_key=TARGET)
        assert [entry.sentence for entry in page.items] == [
            f"ada imported “Tides” on {today}. Created: 4.",
            f"ada imported “Tides” on {today}. Updated: 1. Unchanged: 3.",
            f"bob undid the import of “Tides” on {today}. Back to the former version: 1.",
            f"ada redid the import of “Tides” on {today}, with what was changed since. Back to the former version: 1.",
        ]
        assert [entry.kind for entry in page.items] == [
            HistoryKind.IMPORT,
            HistoryKind.IMPORT,
            HistoryKind.UNDO,
            HistoryKind.REDO,
        ]
        assert [entry.actions for entry in page.items] == [("undo",)] * 4
        assert page.total == 4

    def test_comes_in_pages(self, second, user):
        pages = [api.get_library_history(user=user, library_key=TARGET, offset=at, limit=1) for at in range(4)]
        whole = api.get_library_history(user=user, library_key=TARGET)
        assert tuple(page.items[0] for page in pages) == whole.items
        assert {page.total for page in pages} == {4}

    def test_tells_nothing_of_what_was_not_written(self, second, user, stage):
        stage()
        assert api.get_library_history(user=user, library_key=TARGET).total == 4

    def test_is_told_to_those_who_may_see_it(self, second, viewer, stranger):
        assert api.get_library_history(user=viewer, library_key=TARGET).total == 4
        assert api.get_library_history(user=stranger, library_key=TARGET).total == 0

    def test_names_nobody_who_has_no_name(self, second, user):
        Import.objects.update(username="")
        Reversal.objects.update(username="")
        page = api.get_library_history(user=user, library_key=TARGET)
        assert all("somebody" in entry.sentence for entry in page.items)

    def test_is_the_same_at_other_doors(self, second, user, client):
        client.force_login(user)
        whole = [entry.sentence for entry in api.get_library_history(user=user, library_key=TARGET).items]
        root = "/api/modulestore_imports/v1"
        answer = client.get(f"{root}/libraries/{TARGET}/history/").json()
        assert [entry["sentence"] for entry in answer["results"]] == whole
        assert [entry["sentence"] for entry in data_of("story", TARGET)] == whole
        assert "ada imported “Tides” on" in command("story", TARGET)
        of_item = [entry.sentence for entry in api.get_item_history(user=user, item_key=ITEM)]
        answer = client.get(f"{root}/items/{ITEM}/history/").json()
        assert [entry["sentence"] for entry in answer["results"]] == of_item
        assert [entry["sentence"] for entry in data_of("story", ITEM)] == of_item

    def test_a_key_that_is_none_is_refused(self, client, user):
        client.force_login(user)
        for path in ("libraries/lb:x/history/", "items/lib:x/history/"):
            assert client.get(f"/api/modulestore_imports/v1/{path}").status_code == 400
