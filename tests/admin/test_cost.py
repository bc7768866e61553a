"""Lists and pages take as many statements for many rows as for few."""

from uuid import uuid4

import pytest
from django.db import connection

from import_from_modulestore import api
from import_from_modulestore.models import Import, ImportRecord, Reversal, ReversalRecord

from ..builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from .conftest import action_url, text_of, url


def statements(pages, address: str) -> int:
    """Of a page that was looked at before: Django remembers content types."""
    assert pages.get(address).status_code == 200
    seen = []
    with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):
        pages.get(address)
    return len(seen)


def copies(rows, count: int, **changed):
    """So many more rows like these."""
    made = []
    for row in list(rows):
        for _ in range(count):
            row.pk = None
            for name, value in changed.items():
                setattr(row, name, value() if callable(value) else value)
            made.append(
                type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields})
            )
    return type(made[0]).objects.bulk_create(made)


@pytest.mark.at_gate
def test_lists(pages, pages_of, viewer, imported):
    pages.do("undo", imported)
    readers = {"superuser": pages, "viewer": pages_of(viewer)}
    models = ("import", "importrecord", "reversal", "reversalrecord")

    def count() -> dict[tuple[str, str], int]:
        return {(who, model): statements(readers[who], url(model)) for who in readers for model in models}

    def more() -> None:
        for run in copies(Import.objects.filter(pk=imported.pk), 20, uuid=uuid4):
            records = copies(ImportRecord.objects.filter(import_run=imported), 1, import_run_id=run.pk)
            (reversal,) = copies(Reversal.objects.filter(import_run=imported), 1, import_run_id=run.pk)
            done = ReversalRecord.objects.filter(reversal__import_run=imported)[:1]
            copies(done, 1, reversal_id=reversal.pk, record_id=records[0].pk)

    more()  # More records than a page shows.
    few = count()
    more()
    assert count() == few
    assert max(few.values()) <= 20


@pytest.mark.at_gate
def test_pages(pages, library, courses, user):
    def course_of(components: int) -> Import:
        units = [unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(5))) for n in range(components // 5)]
        write_course(courses / "c1", section("s", subsection("b", *units)), title="Tides")
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        return Import.objects.get(uuid=run.id)

    def count(components: int) -> dict[str, int]:
        run, staged = course_of(components), course_of(components)
        before = {
            "blocks": statements(pages, url("import", "blocks", staged.pk)),
            "plan": statements(pages, action_url("complete", staged)),
        }
        pages.do("complete", run)
        undo = statements(pages, action_url("undo", run))
        pages.do("undo", run)
        after = {
            "undo": undo,
            "import": statements(pages, url("import", "change", run.pk)),
            "reversal": statements(pages, url("reversal", "change", Reversal.objects.latest("pk").pk)),
        }
        return before | after

    count(5)  # The first one meets an empty library.
    assert count(5) == count(30)


def test_a_search_for_a_whole_key_looks_it_up_and_finds_nothing_else(pages, library, courses, run_import):
    write_course(courses / "c1", section("s", subsection("b", unit("u", *(text(f"t{n}") for n in range(12))))))
    run_import()
    for key in (usage_key("html", "t1"), "lb:Acme:Target:html:t1"):
        assert "1 import record" in text_of(pages.get(url("importrecord"), q=key))
    assert "3 import records" in text_of(pages.get(url("importrecord"), q="html+block@t1")), "t1, t10 and t11"
