"""Telling what happened: of one import, a source, a library, an item of a library, a source block."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import Contains
from django.utils import timezone
from django.utils.translation import gettext as _

from ..data import (
    ImportData,
    ImportOrder,
    ImportState,
    Outcome,
    Page,
    RecordData,
    Report,
    ReversalData,
    ReversalItem,
    StateGroup,
)
from ..errors import InvalidOption
from ..history import record_data, reversal_data, reversal_item, with_imports
from ..history.report import as_csv, rows_of
from ..imports import import_data, is_whole_id
from ..keys import parse_item_key, parse_library_key, parse_source_key, parse_usage_key
from ..models import Import, ImportRecord, ReversalRecord
from . import access

MAX_PAGE = 1000
"""How many items one page may have."""

BATCH_SIZE = 500

MAX_OFFSET = 1_000_000_000
"""How many items may stand before a page: more than there are, and few enough for every database."""

MAX_SEARCH = 255
"""Characters of what is searched for."""

_ORDERS = {
    ImportOrder.CREATED: ("id",),
    ImportOrder.CREATED_LAST: ("-id",),
    ImportOrder.FINISHED: ("finished", "id"),
    ImportOrder.FINISHED_LAST: ("-finished", "-id"),
    ImportOrder.SOURCE: ("source_key", "-id"),
    ImportOrder.SOURCE_BACKWARD: ("-source_key", "-id"),
    ImportOrder.LIBRARY: ("library_key", "-id"),
    ImportOrder.LIBRARY_BACKWARD: ("-library_key", "-id"),
}
"""The columns of each order. What is alike in the first one is told apart by the second, lest pages overlap."""


def list_imports(
    *,
    user: Any,
    library_key: str = "",
    source_key: str = "",
    states: Collection[ImportState] = (),
    group: StateGroup | None = None,
    username: str = "",
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    search: str = "",
    order: ImportOrder = ImportOrder.CREATED_LAST,
    offset: int = 0,
    limit: int = 100,
) -> Page[ImportData]:
    """
    Imports into libraries that the user may view, newest first unless ``order`` says otherwise.

    ``states`` are those that an import may be in, any of them; ``group`` is a group of them. ``created_after`` begins a
    time and is in it, ``created_before`` ends it and is not; one without a time zone is in the site's. ``search`` finds
    imports by key or title of source or library, or by the user's name, in any case. Filters add up.

    A fixed number of queries. Raises ``InvalidKey``, ``InvalidOption``.
    """
    runs = access.all_visible_imports(user)
    if library_key:
        runs = runs.filter(library_key=str(parse_library_key(library_key)))
    if source_key:
        runs = runs.filter(source_key=str(parse_source_key(source_key)))
    if states:
        runs = runs.filter(state__in=states)
    if group is not None:
        runs = runs.filter(state__in=group.states)
    if created_after is not None:
        runs = runs.filter(created__gte=_in_utc(created_after, "created_after"))
    if created_before is not None:
        runs = runs.filter(created__lt=_in_utc(created_before, "created_before"))
    if username:
        runs = runs.filter(username=username)
    if search:
        runs = runs.filter(containing(search, "source_key", "source_title", "library_key", "library_title", "username"))
    rows, total = page_of(runs.order_by(*_ORDERS[order]), offset, limit)
    return Page(items=tuple(import_data(run) for run in rows), total=total, offset=offset, limit=limit)


def get_import(*, user: Any, import_id: str) -> ImportData:
    """One import, by its ID or the first characters of it. Raises ``NotFound`` also where the user may not see it."""
    return import_data(access.visible_import(user, import_id))


def get_imports(*, user: Any, import_ids: Collection[str]) -> dict[str, ImportData]:
    """Those of these imports that the user may see, by their whole IDs. A fixed number of queries for each 500."""
    found: list[Import] = []
    for batch in batched(filter(is_whole_id, import_ids), BATCH_SIZE):
        found += Import.objects.filter(uuid__in=batch, is_preview=False)
    return {str(run.uuid): import_data(run) for run in access.visible_imports(user, found)}


def get_records(*, user: Any, import_id: str) -> list[RecordData]:
    """What happened to every source block of an import, in the order of the source. Raises ``NotFound``."""
    records = with_imports(access.visible_import(user, import_id).records.all())
    return [record_data(record) for record in records.order_by("num")]


def list_records(
    *, user: Any, import_id: str, outcome: Outcome | None = None, search: str = "", offset: int = 0, limit: int = 100
) -> Page[RecordData]:
    """
    A page of :func:`get_records`; ``search`` finds records by title or either key.

    Raises ``NotFound``, ``InvalidOption``.
    """
    records = with_imports(access.visible_import(user, import_id).records.all())
    if outcome is not None:
        records = records.filter(outcome=outcome)
    if search:
        records = records.filter(containing(search, "title", "name", "usage_key", "item_key"))
    rows, total = page_of(records.order_by("num"), offset, limit)
    return Page(items=tuple(map(record_data, rows)), total=total, offset=offset, limit=limit)


def get_report(*, user: Any, import_id: str) -> Report:
    """
    What an import did, as a table for a spreadsheet: :func:`get_records`, in the language that is active now.

    Rows are read as they are asked for: a statement for each 500. Raises ``NotFound``.
    """
    run = access.visible_import(user, import_id)
    return Report(file_name=f"import-{run.uuid.hex[:8]}.csv", rows=rows_of(run), lines=as_csv(rows_of(run)))


def get_reversals(*, user: Any, import_id: str) -> list[ReversalData]:
    """The undos and redos of an import, oldest first. Raises ``NotFound``."""
    return [reversal_data(reversal) for reversal in access.visible_import(user, import_id).reversals.order_by("id")]


def get_last_reversal_items(*, user: Any, import_id: str) -> list[ReversalItem]:
    """What the last undo or redo of an import did, item by item; empty where there was none. Raises ``NotFound``."""
    last = access.visible_import(user, import_id).reversals.order_by("id").last()
    if last is None:
        return []
    records = ReversalRecord.objects.filter(reversal=last).select_related("record").order_by("record__num")
    return [reversal_item(record) for record in records]


def where_from(*, user: Any, item_key: str) -> list[RecordData]:
    """
    Where a library's item came from: every import that created, changed or met it, newest first.

    ``item_key`` is ``lb:Org:slug:type:id`` or ``lct:Org:slug:type:id``. Raises ``InvalidKey``.
    """
    return _visible_records(user, ImportRecord.objects.filter(item_key=str(parse_item_key(item_key))))


def where_to(*, user: Any, usage_key: str) -> list[RecordData]:
    """
    Where a source block went: every import of it that the user may see, newest first.

    ``usage_key`` is a block of a course or legacy library. Raises ``InvalidKey``.
    """
    return _visible_records(user, ImportRecord.objects.filter(usage_key=str(parse_usage_key(usage_key))))


def containing(search: str, *fields: str) -> Q:
    """
    That one of the fields contains the text, in any case: also keys, which MySQL compares by case.

    Raises ``InvalidOption`` where it is too long.
    """
    if len(search) > MAX_SEARCH:
        raise InvalidOption(_("Search for at most {max} characters.").format(max=MAX_SEARCH), field="search")
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": search}) | Q(Contains(Lower(field), search.lower()))
    return found


def page_of[Row: Any](rows: QuerySet[Row], offset: int, limit: int) -> tuple[list[Row], int]:
    """The rows of a page, and how many there are in all. Raises ``InvalidOption``."""
    check_page(offset, limit)
    return list(rows[offset : offset + limit]), rows.count()


def check_page(offset: int, limit: int) -> None:
    """Raise ``InvalidOption`` for a page that cannot be."""
    if not 0 <= offset <= MAX_OFFSET:
        raise InvalidOption(_("A page begins at 0 or later, up to {max:,}.").format(max=MAX_OFFSET), field="offset")
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidOption(_("A page has 1 to {max} items.").format(max=MAX_PAGE), field="limit")


def _in_utc(moment: datetime, field: str) -> datetime:
    try:
        return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(UTC)
    except OverflowError:
        raise InvalidOption(_("There is no such time in UTC. Give one from year 1 to 9999."), field=field) from None


def _visible_records(user: Any, records: QuerySet[ImportRecord]) -> list[RecordData]:
    found = with_imports(records).order_by("-import_run_id", "num")
    return [record_data(record) for record in access.visible_records(user, found)]
