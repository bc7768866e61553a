"""Forwarding the source of an import, with its blocks, and what is said of that beforehand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import batched
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import LibraryLocator

from ..data import BlockKind, ConflictState, Forward, ForwardingData, Outcome, Plan, ReversalKind
from ..hosts import Host
from ..hosts.forwarding import ForwardedBlock, ForwardedSource
from ..imports import options_of
from ..keys import parse_source_key
from ..models import Import, ImportRecord
from ..texts import frequent
from .records import BATCH_SIZE, NO_VERSIONS, WRITING, versions_of

_OF_SOURCE = (ConflictState.SOURCE_CHANGED, ConflictState.LIBRARY_CHANGED, ConflictState.BOTH_CHANGED)
"""The states in which an item that stays as it is came from the block all the same."""

_WITHDRAWN = {"withdrawn": True}

_FORWARDED = gettext_lazy("References of courses to {source} are forwarded to this library.")
_ADDED = gettext_lazy("References of courses to {source} are forwarded to this library already; blocks are added.")
_INSTEAD = gettext_lazy(
    "References of courses to {source} are forwarded to this library from now on, instead of to {library}."
)
_ELSEWHERE = gettext_lazy(
    "References of courses to {source} are forwarded to {library} already, and go on to be. They can be forwarded to "
    "this library instead."
)
_SAY_WHICH = gettext_lazy(
    "References of courses to {source} are forwarded to {library} already. Say whether they are to be forwarded to "
    "this library instead, or not."
)
_NOTHING = gettext_lazy(
    "References of courses to {source} are not forwarded to this library: nothing of it comes into the library."
)
_NOT_WANTED = gettext_lazy("References of courses to {source} are not forwarded to this library, as was chosen.")
_NOT_PERMITTED = gettext_lazy(
    "References of courses to {source} are not forwarded to this library: that takes the right to change {source}."
)


def planned_forwarding(run: Import, plan: Plan, host: Host, user: Any) -> ForwardingData | None:
    """
    What completing the import, by this user, would do to references of courses to its source.

    ``None`` where that is not in question: nobody has asked for it, and the host forwards nothing, or the import is of
    a course, of a part of a library, or of a file. A fixed number of statements.
    """
    forwarding = host.forwarding()
    key = parse_source_key(run.source_key)
    if forwarding is None and run.forward in (Forward.YES, Forward.INSTEAD):  # It did, when that was asked for.
        reason = forwards_none()
        return ForwardingData(forwards=False, reason=reason, blocker=reason, choices=(Forward.NO,))
    if forwarding is None or not (run.forward or _is_wanted_by_default(run, key)):
        return None
    now = forwarding.library_of(key)
    elsewhere = now if now != run.library_key else ""

    def told(reason: Any, *choices: Forward, **more: Any) -> ForwardingData:
        found: dict[str, Any] = {"forwards": False, "elsewhere": elsewhere, "choices": choices} | more
        return ForwardingData(reason=str(reason).format(source=key, library=elsewhere), **found)

    if not forwarding.may_forward(user, key):
        asked = [Forward.NO] if run.forward in (Forward.YES, Forward.INSTEAD) else []
        return told(_NOT_PERMITTED, *asked, elsewhere="")
    if run.forward == Forward.NO:
        return told(_NOT_WANTED, Forward.INSTEAD if elsewhere else Forward.YES, elsewhere="")
    if elsewhere and run.forward == Forward.YES:
        blocker = str(_SAY_WHICH).format(source=key, library=elsewhere)
        return told(_ELSEWHERE, Forward.INSTEAD, Forward.NO, blocker=blocker)
    if elsewhere and run.forward != Forward.INSTEAD:
        return told(_ELSEWHERE, Forward.INSTEAD)
    if not any(_stands_for(item.outcome, item.state) for item in plan.items):
        return told(_NOTHING, elsewhere="")
    reason = str(_INSTEAD if elsewhere else _ADDED if now else _FORWARDED)
    if without := _without_item(run, plan):
        reason += " " + ngettext(
            "{count} component has no item in it: courses that refer to it keep the copy that they have.",
            "{count} components have no item in it: courses that refer to them keep the copies that they have.",
            without,
        ).replace("{count}", str(without))
    return told(reason, Forward.NO, forwards=True, without_item=without)


def forwards_none() -> str:
    """What to say where references are to be forwarded, and the host forwards none."""
    return _("References of courses are not forwarded here: this site has no modulestore_migrator. Import without.")


def reversed_forwarding(run: Import, kind: ReversalKind) -> str:
    """What an undo or redo would do to references of courses to the source, in words; empty where nothing."""
    if not run.forwarding:
        return ""
    if kind is ReversalKind.UNDO:
        told = _("References of courses to {source} are not forwarded to what this import has brought any more.")
    else:
        told = _("References of courses to {source} are forwarded again, unless they are forwarded elsewhere by now.")
    return told.format(source=run.source_key)


def forward(run: Import, host: Host, user: Any, *, instead: bool) -> bool:
    """
    Forward the source of an import that is written, and its blocks, as the records say. Must be inside
    ``all_or_nothing``.

    Returns whether it is: not where it came to be forwarded to another library, unless ``instead``. A fixed number of
    statements for each 500 records.
    """
    forwarding = host.forwarding()
    key = parse_source_key(run.source_key)
    if forwarding is None:
        return False
    forwarding.hold(key)
    if forwarding.library_of(key) not in ("", run.library_key) and not instead:
        return False
    if not run.records.filter(entity__draft__version__isnull=False, undone=False).exists():
        return False
    source = ForwardedSource(
        source_key=key,
        source_version=run.source_version,
        package_id=run.learning_package_id,
        collection_id=run.collection_id,
        change_log_id=run.draft_change_log_id,
        options=options_of(run),
        user=user,
        name=frequent(_("Import {source} into {library}").format(source=run.source_title, library=run.library_title)),
    )
    run.forwarding = forwarding.forward(source, _blocks(run))
    run.save(update_fields=["forwarding"])
    return True


def forward_again_or_not(run: Import, host: Host, user: Any, *, undone: bool) -> None:
    """Withdraw what an import has forwarded, where it is undone; forward it again where it is redone."""
    forwarding = host.forwarding()
    if forwarding is None or not run.forwarding:
        return
    if not undone:
        run.forwarding = {}
        if not forward(run, host, user, instead=run.forward == Forward.INSTEAD):
            run.save(update_fields=["forwarding"])
        return
    forwarding.hold(parse_source_key(run.source_key))
    run.refresh_from_db(fields=["forwarding"])  # An undo of another import may have passed something on to it.
    of_source = Import.objects.filter(source_key=run.source_key).exclude(pk=run.pk).only("forwarding")
    others = [other for other in of_source if other.forwarding and other.forwarding != _WITHDRAWN]
    withdrawn = forwarding.withdraw(run.forwarding, [other.forwarding for other in others])
    for other, kept in zip(others, withdrawn, strict=True):
        if kept != other.forwarding:
            other.forwarding = kept
            other.save(update_fields=["forwarding"])
    run.forwarding = _WITHDRAWN
    run.save(update_fields=["forwarding"])


def _is_wanted_by_default(run: Import, source_key: LearningContextKey) -> bool:
    """
    Of a whole legacy library of this site. Of a part, courses would lose the way to the rest; and a file may be of
    another site, where the same key means something else.
    """
    return isinstance(source_key, LibraryLocator) and not run.selection and not run.source_export


def _without_item(run: Import, plan: Plan) -> int:
    """How many components of the source have no item once the plan is written. One query."""
    rows = run.blocks.filter(kind=BlockKind.COMPONENT, repeats=None).values_list("num", flat=True)
    brought = {item.num for item in plan.items if _stands_for(item.outcome, item.state)}
    inside_of = plan.left_with
    return sum(num not in brought and num not in inside_of for num in rows)


def _stands_for(outcome: str, state: str) -> bool:
    """Whether an item of the library stands for a block since."""
    return outcome in WRITING or outcome == Outcome.UNCHANGED or (outcome == Outcome.SKIPPED and state in _OF_SOURCE)


def _blocks(run: Import) -> Iterator[list[ForwardedBlock]]:
    """What became of the blocks of an import, each once, in batches."""
    seen: set[str] = set()
    records = run.records.only("usage_key", "kind", "state", "outcome", "reason", "entity_id", "undone")
    for batch in batched(records.order_by("num").iterator(), BATCH_SIZE):
        yield list(_forwarded(batch, seen))


def _forwarded(records: Collection[ImportRecord], seen: set[str]) -> Iterable[ForwardedBlock]:
    entity_of = {
        record.pk: record.entity_id
        for record in records
        if record.entity_id is not None and not record.undone and _stands_for(record.outcome, record.state)
    }
    versions = versions_of(list(entity_of.values()))
    for record in records:
        version = versions.get(entity_of.get(record.pk, 0), NO_VERSIONS).draft
        refused = record.outcome in (Outcome.UNSUPPORTED, Outcome.FAILED) and record.kind == BlockKind.COMPONENT
        if (version is None and not refused) or record.usage_key in seen:
            continue
        seen.add(record.usage_key)
        if version is not None:
            yield ForwardedBlock(usage_key=record.usage_key, entity_id=record.entity_id, version_id=version)
        else:
            yield ForwardedBlock(usage_key=record.usage_key, reason=record.reason)
