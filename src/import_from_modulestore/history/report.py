"""
What an import did, as a table for a spreadsheet: one row for each record, with headings in the reader's language.

CSV as RFC 4180 has it. What a cell holds comes from courses, that is, from anybody: one that a spreadsheet would take
for a formula begins with an apostrophe (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from ..data import RecordData, WorkItem
from ..models import Import, ImportRecord
from .records import BATCH_SIZE
from .work import on_work_list, with_later, with_work, work_item

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def headings() -> tuple[str, ...]:
    """What the columns are called."""
    return (
        _("Number"),
        _("Name"),
        _("Kind"),
        _("Type"),
        _("State before"),
        _("Decision"),
        _("Outcome"),
        _("Undone"),
        _("Reason"),
        _("What could not go"),
        _("Warnings"),
        _("Missing files"),
        _("Files"),
        _("Left out with it"),
        _("Came from inside"),
        _("Library item"),
        _("Address of the library item"),
        _("Source block"),
        _("Draft before"),
        _("Draft after"),
        _("Published before"),
        _("Published after"),
        _("Tags carried over"),
        _("Tags without a taxonomy here"),
    )


def rows_of(run: Import) -> Iterator[tuple[str, ...]]:
    """
    The headings, then a row for each record, in the order of the source; cells of several values have one a line.

    Read as they are asked for: one statement for each 500 records, in the language that is active now.
    """
    return _rows_of(run, get_language(), headings())


def _rows_of(run: Import, language: str | None, first: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield first
    last = -1
    while True:
        records = with_work(with_later(run.records.filter(num__gt=last).order_by("num")))
        batch = list(records.annotate(is_work=on_work_list())[:BATCH_SIZE])
        if not batch:
            return
        with override(language):
            rows = [_row(record) for record in batch]
        yield from rows
        last = batch[-1].num


def as_csv(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of CSV, with their ends; see :func:`cell`."""
    buffer = StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow(map(cell, row))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def cell(text: str) -> str:
    """
    The text, such that no spreadsheet takes it for a formula.

    >>> cell("Tides"), cell("=1+1"), cell(" -2"), cell("＝A1")
    ('Tides', "'=1+1", "' -2", "'＝A1")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _row(record: ImportRecord) -> tuple[str, ...]:
    item = work_item(record)
    data = item.record
    return (
        str(data.num),
        data.name,
        str(data.kind.label),
        data.block_type,
        str(data.state.label),
        str(data.decision.label) if data.decision else "",
        str(data.outcome.label),
        _("Yes") if data.undone else "",
        data.reason,
        _work(item) if record.is_work else "",  # type: ignore[attr-defined]
        *_lists(data),
        data.item_key,
        data.item_url,
        data.usage_key,
        *(str(number or "") for number in (data.draft_before, data.draft_after)),
        *(str(number or "") for number in (data.published_before, data.published_after)),
        "\n".join(data.tags),
        "\n".join(data.tags_left_out),
    )


def _lists(data: RecordData) -> Iterator[str]:
    for texts in (data.warnings, data.missing_files, data.files, data.left_out, data.inside):
        yield "\n".join(texts)


def _work(item: WorkItem) -> str:
    told = _("Open") if item.is_open else _("Done")
    return f"{told}: {', '.join(str(reason.label) for reason in item.reasons)}"
