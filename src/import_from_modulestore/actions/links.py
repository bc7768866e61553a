"""Having blocks of a course follow the items that they became, and taking that back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from .. import linking
from ..data import ImportState, LinkPlan, LinkState
from ..errors import InvalidOption, NotFound, NotPermitted, WrongState
from ..hosts import get_host
from ..hosts.links import CourseBlock, CourseLinks
from ..keys import parse_source_key
from ..models import Import
from ..running.lifecycle import wrong_state
from . import access

MAX_AT_ONCE = 1_000
"""How many blocks are linked in one call: each is loaded, asked about and written, while somebody waits."""


def may_link(*, user: Any, import_id: str) -> bool:
    """
    Whether the user could link blocks of an import now, or take links off: for doors that offer nothing which would be
    refused. A fixed number of queries; the course is not read. Raises ``NotFound``.
    """
    run = access.visible_import(user, import_id)
    try:
        access.require_changing_course(user, run, _links_of(run))
    except (NotPermitted, WrongState):
        return False
    return True


def preview_links(*, user: Any, import_id: str) -> LinkPlan:
    """
    The blocks of a completed import that became items, in the order of the source, each with how it stands to its item
    now: whether it can be linked, what speaks against it, and what an update will do. No side effects.

    Takes the right to view the library and to read the course. One reading of the course's structure, and a fixed
    number of queries for each 500 blocks.

    Raises ``NotFound``, also where the course is gone, ``NotPermitted``, also where blocks of this source can follow no
    library, ``WrongState`` where the import is not completed, or is undone, and ``SourceError``.
    """
    run = access.visible_import(user, import_id)
    access.require_reading(user, run)
    return linking.plan_links(run, _links_of(run))


def link_back(*, user: Any, import_id: str, usage_keys: Collection[str] | None = None) -> int:
    """
    Link blocks of the course to the items that they became; returns how many. All of them, or none.

    From then on they follow the library as if they had been added from it: Studio shows them as linked, and offers
    updates. They are changed as drafts, and nothing is published.

    Without ``usage_keys``, all that are ready (:attr:`.data.LinkState.READY`); with them, these, also where the course
    has changed them since, each with all in it. Blocks that follow their item already stay as they are.

    Takes the right to view the library and to change the course. Up to 1,000 blocks at once: each is loaded and
    written, and takes some ten queries and 20 to 50 milliseconds.

    Raises ``NotFound`` also for a block that became no item, ``NotPermitted``, ``WrongState``, ``SourceError``, and
    ``InvalidOption`` for a block that cannot be linked.
    """
    run = access.visible_import(user, import_id)
    course = _links_of(run)
    access.require_changing_course(user, run, course)
    wanted = None if usage_keys is None else set(usage_keys)

    def chosen(plan: LinkPlan, blocks: Mapping[str, CourseBlock]) -> Collection[str]:
        if wanted is None:
            keys = {item.usage_key for item in plan.items if item.state is LinkState.READY}
        else:
            keys = _chosen(plan, blocks, wanted)
        return _bounded(keys)

    with transaction.atomic():
        _lock(run)
        return linking.link(run, course, user, chosen)


def unlink(*, user: Any, import_id: str, usage_keys: Collection[str] | None = None) -> int:
    """
    Have blocks that this import has linked follow the library no longer: they say again what they said before, and what
    else they hold stays as it is; returns how many.

    Without ``usage_keys``, all of them. A block is unlinked together with the containers around it that the import has
    linked, and all in these: what is left in a container that follows the library, and does not, an update would
    delete. Blocks that follow something else by now stay as they are.

    Takes the right to view the library and to change the course. Raises ``NotFound`` also for a block that the import
    has not linked, ``NotPermitted``, ``WrongState``, ``SourceError``.
    """
    run = access.visible_import(user, import_id)
    course = _links_of(run)
    access.require_changing_course(user, run, course)
    with transaction.atomic():
        _lock(run)
        return linking.unlink(run, course, user, usage_keys)


def _links_of(run: Import) -> CourseLinks:
    """What has blocks of the source follow items, where the import's state allows it."""
    try:
        links = get_host().sources.of(run.source_origin).links()
    except NotFound as error:  # The site has that origin no more.
        raise NotPermitted(str(error)) from None
    if links is None:
        raise NotPermitted(
            _(
                "Blocks can follow a library only in the Studio that has the course, and this was imported from an "
                "export. Import the course there, from the course itself."
            )
        )
    if refusal := links.refusal_of(parse_source_key(run.source_key)):
        raise NotPermitted(refusal)
    if run.state != ImportState.IMPORTED:
        raise wrong_state(run)
    return links


def _lock(run: Import) -> None:
    """Of two who link at once, and of somebody who undoes meanwhile, one waits for the other."""
    Import.objects.select_for_update().get(pk=run.pk)
    run.refresh_from_db(fields=["state"])
    if run.state != ImportState.IMPORTED:
        raise wrong_state(run)


def _chosen(plan: LinkPlan, blocks: Mapping[str, CourseBlock], usage_keys: Collection[str]) -> set[str]:
    items = {item.usage_key: item for item in plan.items}
    found: set[str] = set()
    for key in usage_keys:
        item = items.get(key)
        if item is None:
            told = _("The import has made no item of {key}: there is nothing that it could follow.")
            raise NotFound(told.format(key=key), field="usage_keys")
        if item.state is LinkState.LINKED:
            continue
        if not item.state.can_be_linked:
            told = _("{name} cannot be linked ({state}). {reason}").format(
                name=item.name or key, state=item.state.label, reason=item.reason
            )
            raise InvalidOption(told.strip(), field="usage_keys")
        found |= {
            below for below in linking.tree_of(key, blocks) if below in items and items[below].state.can_be_linked
        }
    return found


def _bounded(keys: Collection[str]) -> Collection[str]:
    if len(keys) > MAX_AT_ONCE:
        told = _("{count:,} blocks are too many at once. Link some sections first: up to {max:,} blocks.")
        raise InvalidOption(told.format(count=len(keys), max=MAX_AT_ONCE), field="usage_keys")
    return keys
