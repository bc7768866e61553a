"""Parts of lists, and counting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import TextChoices


@dataclass(frozen=True, kw_only=True)
class Page[T]:
    """A part of a list; ``total`` counts all of it."""

    items: tuple[T, ...]
    total: int
    offset: int
    limit: int


def tally[Choice: TextChoices](choices: type[Choice], counts: Mapping[str, int]) -> list[tuple[Choice, int]]:
    """Numbers by value that are not zero, in the order of the choices: those of outcomes, say."""
    return [(choice, counts[choice.value]) for choice in choices if counts.get(choice.value)]


def counts_of(values: Iterable[TextChoices]) -> dict[str, int]:
    """How many there are of each value, by value."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value.value] = counts.get(value.value, 0) + 1
    return counts
