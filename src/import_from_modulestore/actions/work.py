"""What could not go, as a list to work off."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..data import WorkPage
from ..errors import NotFound
from ..history.work import HAS_WORK, OPEN, mark, on_work_list, with_later, with_work, work_item
from ..models import ImportRecord
from ..quoting import listed
from ..running.lifecycle import wrong_state
from . import access
from .records import page_of


def list_work(*, user: Any, import_id: str, done: bool | None = None, offset: int = 0, limit: int = 100) -> WorkPage:
    """
    A page of what could not go with an import, in the order of the source: all, or what is ``done``, or is not.

    On it is what a library cannot hold, unless what is inside was imported; what could not be read; what came without
    some of its files; and what stayed a draft for the sake of an item that was never published. An entry is done once
    somebody says so (:func:`mark_done`), or a later import has brought the block with all its files. An import that is
    undone has nothing to work off; its marks count again after a redo.

    A fixed number of queries. Raises ``NotFound``, ``InvalidOption``.
    """
    run = access.visible_import(user, import_id)
    rows, total = page_of(with_work(on_list(run.records.all(), done=done)).order_by("num"), offset, limit)
    still_open = total if done is False else on_list(run.records.all(), done=False).count()
    return WorkPage(items=tuple(map(work_item, rows)), total=total, offset=offset, limit=limit, open=still_open)


def mark_done(*, user: Any, import_id: str, nums: Collection[int], done: bool = True) -> int:
    """
    Mark entries of the work list as done, or as open again; returns how many changed. All of them, or none.

    ``nums`` are those of their records. What a later import has brought is done, whatever is marked.

    Takes the right to change the library. Raises ``NotFound`` also where one is not on the list, ``NotPermitted``,
    ``WrongState`` where the import is not completed, or is undone.
    """
    run = access.visible_import(user, import_id)
    access.require_library(user, run)
    if run.state not in HAS_WORK:
        raise wrong_state(run)
    nums = set(nums)
    found = set(run.records.filter(on_work_list()).values_list("num", flat=True))
    if unknown := sorted(nums - found):
        names = listed([str(num) for num in unknown])
        raise NotFound(_("Not on the work list of this import: {nums}.").format(nums=names))
    return mark(run, nums, user, done=done)


def on_list(records: QuerySet[ImportRecord], *, done: bool | None = None) -> QuerySet[ImportRecord]:
    """Those of the records that are on the work lists of their imports: all, or what is ``done``, or is not."""
    listed_records = with_later(records.filter(on_work_list()))
    if done is None:
        return listed_records
    return listed_records.exclude(OPEN) if done else listed_records.filter(OPEN)
