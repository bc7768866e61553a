"""How the admin's pages word things."""

from __future__ import annotations

from django import template

from ..data import Decision

register = template.Library()

NOTHING = "–"


@register.simple_tag
def versions(before: int | None, after: int | None) -> str:
    """
    What became of a version.

    >>> versions(2, 3), versions(None, 1), versions(2, 2)
    ('2 → 3', '– → 1', '2')
    """
    return str(after or NOTHING) if before == after else f"{before or NOTHING} → {after or NOTHING}"


@register.filter
def short(decision: Decision) -> str:
    """The first words of a decision's label, for a button: ``New version`` of ``New version: make this …``."""
    return str(decision.label).partition(":")[0]
