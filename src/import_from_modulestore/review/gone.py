"""What the source has lost, as a reviewer sees it, and which of it the import takes out of the library."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from ..data import GoneData, GoneItem, GonePage
from ..errors import InvalidEdit, NotFound
from ..hosts import item_url
from ..keys import library_item_key
from ..models import Import
from .blocks import PlannedImport
from .changes import changing
from .edits import some


def gone_page(planned: PlannedImport, offset: int, limit: int) -> GonePage:
    """A page of the items whose blocks are gone. No query."""
    gone = planned.plan.gone
    return GonePage(
        items=tuple(_gone_data(planned, item) for item in gone[offset : offset + limit]),
        total=len(gone),
        offset=offset,
        limit=limit,
        removed=planned.plan.removes,
        unknown=planned.plan.gone_unknown,
    )


def remove_gone(run: Import, item_keys: Sequence[str] | None, *, remove: bool, planned: PlannedImport) -> int:
    """
    Choose which items the import removes, or keeps after all; returns how many choices changed.

    ``None`` stands for all of them; but to be removed, only for those that nothing speaks against. Raises ``NotFound``
    for items that are not gone. A fixed number of statements, and some more for each 500 items.
    """
    gone = {_key_of(planned, item): item for item in planned.plan.gone}
    if item_keys is None:
        chosen = [item for item in gone.values() if item.is_untouched or not remove]
    elif item_keys:
        if missing := [key for key in item_keys if key not in gone]:
            raise NotFound(
                _("Not among the items whose blocks the source has lost: {keys}.").format(keys=some(missing)),
                field="item_keys",
            )
        chosen = [gone[key] for key in dict.fromkeys(item_keys)]
    else:
        raise InvalidEdit(_("Name at least one item."), field="item_keys")
    with changing(run) as change:
        before: dict[int, bool] = dict(run.removals.values_list("entity_id", "insisted"))
        if remove:
            changed = [
                item
                for item in chosen
                if item.entity_id not in before or not (item.is_untouched or before[item.entity_id])
            ]
        else:
            changed = [item for item in chosen if item.entity_id in before]
        for untouched in (True, False):
            of_these = [item.entity_id for item in changed if item.is_untouched is untouched]
            change.remove(of_these, (not untouched) if remove else None)
    return len(changed)


def _gone_data(planned: PlannedImport, item: GoneItem) -> GoneData:
    key = _key_of(planned, item)
    return GoneData(
        num=item.num,
        item_key=key,
        item_url=item_url(key),
        usage_key=item.usage_key,
        block_type=item.block_type,
        kind=item.kind,
        title=item.title,
        name=item.name,
        outcome=item.outcome,
        edited=item.edited,
        used_by=item.used_by,
        also_from=item.also_from,
        reason=item.reason,
        warnings=item.warnings,
    )


def _key_of(planned: PlannedImport, item: GoneItem) -> str:
    return library_item_key(planned.library_key, item.kind, item.local_key)
