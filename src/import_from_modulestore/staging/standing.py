"""What reviews have said of a source's blocks, for a library, and what the next import into it begins with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import batched
from typing import Any

from django.db.models import F, QuerySet

from ..data import Decision
from ..models import Import, StandingChoice
from ..packets import in_statements
from .reviewed import changes_it, choices_of, says_anything

_BATCH_SIZE = 500


def standing_choices(run: Import) -> QuerySet[StandingChoice]:
    """What reviews have said of an import's source, for its library. With ``choices_from_uuid``."""
    if run.learning_package_id is None:
        return StandingChoice.objects.none()
    return _standing(run, run.learning_package_id).annotate(choices_from_uuid=F("choices_from__uuid"))


def keep_choices(run: Import, package_id: Any) -> None:
    """
    Have what the review of an import says of its blocks stand for the next one.

    It takes the place of what stood for these blocks. Of those that the import was not asked for, and of those that are
    not in the source now, that stays. Where the review has left a choice of an earlier one as it was, it goes on to be
    that one's.

    Cost: two queries where nothing is said, and nothing stood; else four more, and statements for each 500 blocks of
    which something is said, or was.
    """
    if not says_anything(run) and not _standing(run, package_id).exists():
        return
    said: list[StandingChoice] = []
    spoken_of: set[tuple[str, int]] = set()
    for place, choice in _choices(run, package_id):
        spoken_of.add(place)
        if choice is not None:
            said.append(choice)
    standing = _standing(run, package_id).values_list("pk", "usage_key", "showing")
    former = [pk for pk, *place in standing.iterator() if tuple(place) in spoken_of]
    for pks in batched(former, _BATCH_SIZE):
        StandingChoice.objects.filter(pk__in=pks).delete()
    for batch in in_statements(said, _BATCH_SIZE):
        StandingChoice.objects.bulk_create(batch)


def _standing(run: Import, package_id: Any) -> QuerySet[StandingChoice]:
    return StandingChoice.objects.filter(learning_package=package_id, source_key=run.source_key)


def _choices(run: Import, package_id: Any) -> Iterator[tuple[tuple[str, int], StandingChoice | None]]:
    """
    Of all blocks that the import was asked for, or that its review has added, by usage key and showing: what it says,
    if anything.

    To fork is not said for the next time: it makes an item once, and would make another with each import.
    """
    for row, choices, is_left_out in choices_of(run):
        if row.decision == Decision.FORK:
            choices["decision"] = ""
        choice = None
        if is_left_out or changes_it(choices):
            choice = StandingChoice(
                learning_package_id=package_id,
                source_key=run.source_key,
                source_title=row.source_title,
                choices_from_id=row.choices_from_id or run.pk,
                **choices,
            )
        yield (choices["usage_key"], choices["showing"]), choice
