"""What happened to a library and to its items, as sentences on a time line."""

from __future__ import annotations

from typing import Any

from django.db.models import F, IntegerField, OuterRef, Subquery, Value

from ..data import HistoryEntry, Page
from ..history import sentences
from ..keys import parse_item_key, parse_library_key
from ..models import Import, ImportRecord, Reversal, ReversalRecord
from ..running.lifecycle import WRITTEN
from . import access
from .records import check_page

_IMPORT, _REVERSAL = 0, 1


def get_item_history(*, user: Any, item_key: str) -> list[HistoryEntry]:
    """
    What imports, undos and redos did with a library's item, oldest first, as sentences.

    ``item_key`` is ``lb:Org:slug:type:id`` or ``lct:Org:slug:type:id``. Of imports that the user may see. A fixed
    number of queries. Raises ``InvalidKey``.
    """
    of_item = ImportRecord.objects.filter(item_key=str(parse_item_key(item_key)))
    # Depth-first, the last one before it that lies higher is what holds it.
    above = ImportRecord.objects.filter(
        import_run=OuterRef("import_run"), num__lt=OuterRef("num"), depth__lt=OuterRef("depth")
    ).order_by("-num")
    found = of_item.select_related("import_run").annotate(above=Subquery(above.values("pk")[:1])).order_by("pk")
    records: list[Any] = access.visible_records(user, found)
    parents = ImportRecord.objects.in_bulk([record.above for record in records if record.above is not None])
    done = ReversalRecord.objects.filter(record__in=[record.pk for record in records])
    entries = [sentences.of_record(record, parents.get(record.above)) for record in records]
    entries += map(sentences.of_reversal_record, done.select_related("reversal", "record__import_run").order_by("pk"))
    return sorted(entries, key=lambda entry: entry.time)


def get_library_history(
    *, user: Any, library_key: str, newest_first: bool = False, offset: int = 0, limit: int = 100
) -> Page[HistoryEntry]:
    """
    A page of the imports that were written into a library, their undos and redos, oldest or newest first, as sentences.

    Of imports that the user may see. A fixed number of queries. Raises ``InvalidKey``, ``InvalidOption``.
    """
    check_page(offset, limit)
    runs = access.all_visible_imports(user).filter(library_key=str(parse_library_key(library_key)))
    written = runs.filter(state__in=WRITTEN).order_by()
    reversals = Reversal.objects.filter(import_run__in=runs.order_by()).order_by()
    of_both = (
        rows.annotate(what=Value(what, IntegerField()), at=F("finished")).values_list("what", "pk", "at")
        for what, rows in ((_IMPORT, written), (_REVERSAL, reversals))
    )
    first, second = of_both
    order = ("-at", "-what", "-pk") if newest_first else ("at", "what", "pk")
    both = first.union(second, all=True).order_by(*order)
    shown = list(both[offset : offset + limit])
    imports = Import.objects.in_bulk([pk for what, pk, _at in shown if what == _IMPORT])
    undone = Reversal.objects.select_related("import_run").in_bulk([pk for what, pk, _at in shown if what == _REVERSAL])
    entries = [
        sentences.of_import(imports[pk]) if what == _IMPORT else sentences.of_reversal(undone[pk])
        for what, pk, _at in shown
    ]
    return Page(items=tuple(entries), total=both.count(), offset=offset, limit=limit)
