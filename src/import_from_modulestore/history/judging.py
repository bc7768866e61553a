"""
Judging what an undo or redo may touch. Pure: it is told what the library holds, and changes nothing.

An item of the import is *expected* to have the versions that the import (or the last undo) gave it, and its *goal* are
those on the other side. It goes to its goal unless something has happened to it since, or others need it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..data import ReversalKind, ReversalOutcome
from ..quoting import joined
from .records import NO_VERSIONS, Changed, Versions

_NAMED = 3
"""How many holders a reason names."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A container whose draft or published version holds an item; ``since``: it did not when the import was written."""

    entity_id: int
    title: str
    since: bool


@dataclass(frozen=True, slots=True)
class Circumstances:
    """
    What the library holds now.

    * ``versions``: of the entities that are still there.
    * ``holders``: the containers that hold each of them; not asked for where nothing can be kept for their sake.
    * ``from_imports``: those of their draft versions that other imports wrote.
    * ``removed_by_imports``: those of the entities that other imports removed.
    """

    versions: Mapping[int, Versions]
    holders: Mapping[int, Sequence[Holder]]
    from_imports: Collection[int]
    removed_by_imports: Collection[int]


@dataclass(slots=True)
class Verdict:
    """What becomes of the item of one record: it goes from ``now`` to ``goal``, or is kept for a ``reason``."""

    record: Changed
    now: Versions
    goal: Versions
    reason: str = ""
    settled: bool = False
    """Kept because it is at its goal already."""

    @property
    def kept(self) -> bool:
        """Whether it stays as it is."""
        return bool(self.reason)

    @property
    def after(self) -> Versions:
        """Its versions afterwards."""
        return self.now if self.kept else self.goal

    @property
    def outcome(self) -> ReversalOutcome:
        """The same in a word."""
        if self.kept:
            return ReversalOutcome.KEPT
        if self.now.draft is not None and self.goal.draft is None:
            return ReversalOutcome.REMOVED
        if self.now.draft is None and self.goal.draft is not None:
            return ReversalOutcome.RESTORED
        return ReversalOutcome.REVERTED


def judge(records: Sequence[Changed], there: Circumstances, kind: ReversalKind, *, force: bool) -> tuple[Verdict, ...]:
    """
    Judge the items of these records, each of which wrote something. Linear in records and holders.

    Kept are, with the first reason that applies:

    1. items that are gone for good, or whose goal is;
    2. items that are at their goal already;
    3. items that are not as expected;
    4. in an undo: items that a container which stays has come to hold since the import;
    5. in an undo: items that would be removed from under a container of the import that is kept itself;
    6. in a redo: the same two, of items that the import had removed, and since the undo.

    Under ``force`` only the first two are.
    """
    verdicts = [_judge_alone(record, there, kind, force=force) for record in records]
    if not force:
        _keep_what_is_held(verdicts, there.holders)
    return tuple(verdicts)


def _judge_alone(record: Changed, there: Circumstances, kind: ReversalKind, *, force: bool) -> Verdict:
    undo = kind is ReversalKind.UNDO
    expected, goal = (record.after, record.before) if undo else (record.before, record.after)
    now = there.versions.get(record.entity_id or 0)
    if now is None:
        return Verdict(record, NO_VERSIONS, NO_VERSIONS, _("It was removed from the library for good."))
    if _is_lost(goal):
        return Verdict(record, now, now, _("The version to go back to was removed from the library for good."))
    if now == goal:
        if undo:
            return Verdict(record, now, goal, _("It is as it was before the import already."), settled=True)
        return Verdict(record, now, goal, _("It is as the import left it already."), settled=True)
    if now != expected and not force:
        return Verdict(record, now, goal, _what_happened(record, expected, now, there))
    return Verdict(record, now, goal)


def _is_lost(versions: Versions) -> bool:
    """Whether a version of this number was there, and its row is not any more."""
    return (versions.draft is None) is not (versions.draft_num is None) or (
        (versions.published is None) is not (versions.published_num is None)
    )


def _what_happened(record: Changed, expected: Versions, now: Versions, there: Circumstances) -> str:
    if now.draft is not None and now.draft in there.from_imports and now.draft > (expected.draft or 0):
        return _("Another import has changed it since. Undo that one first.")
    if now.draft is None and expected.draft is not None and record.entity_id in there.removed_by_imports:
        return _("Another import has removed it since. Undo that one first.")
    if now.draft is None and expected.draft is not None:
        return _("It was deleted in the library since.")
    if now.draft is not None and expected.draft is None:
        return _("It was restored in the library since.")
    edited, published = now.draft != expected.draft, now.published != expected.published
    if edited and published:
        return _("It was edited and published in the library since.")
    return _("It was edited in the library since.") if edited else _("It was published in the library since.")


def _keep_what_is_held(verdicts: Sequence[Verdict], holders: Mapping[int, Sequence[Holder]]) -> None:
    """Keep what is held by containers that stay; what is kept thereby stays as well, and so on down the tree."""
    of_entity: dict[int | None, Verdict] = {verdict.record.entity_id: verdict for verdict in verdicts}
    held_by: dict[int, list[tuple[Verdict, Holder]]] = {}
    for verdict in verdicts:
        for holder in holders.get(verdict.record.entity_id or 0, ()):
            held_by.setdefault(holder.entity_id, []).append((verdict, holder))

    def stays(entity_id: int) -> bool:
        verdict = of_entity.get(entity_id)
        return verdict is None or (verdict.kept and not verdict.settled)

    names: dict[int, set[str]] = {}
    waiting = [entity_id for entity_id in held_by if stays(entity_id)]
    while waiting:
        holder_id = waiting.pop()
        for verdict, holder in held_by.pop(holder_id, ()):
            num = verdict.record.num
            if (verdict.kept and num not in names) or verdict.now.draft is None:  # Who holds it gets it back.
                continue
            if holder.since or (holder_id in of_entity and verdict.goal.draft is None):
                names.setdefault(num, set()).add(holder.title)
                verdict.reason = _in_use(names[num])
                waiting.append(verdict.record.entity_id or 0)


def _in_use(names: Collection[str]) -> str:
    named = joined(sorted(names)[:_NAMED])
    if len(names) > _NAMED:
        return _("It is in use: {names} and {count} more hold it.").format(names=named, count=len(names) - _NAMED)
    return _("It is in use by {names}.").format(names=named)
