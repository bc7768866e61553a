"""How the admin's pages word things."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime

from ..data import Contents, Decision
from ..quoting import shortened

register = template.Library()

NOTHING = "–"

MAX_OLX = 100_000
"""Characters of OLX that a page quotes."""


@register.simple_tag
def versions(before: int | None, after: int | None) -> str:
    """
    What became of a version.

    >>> versions(2, 3), versions(None, 1), versions(2, 2)
    ('2 → 3', '– → 1', '2')
    """
    return str(after or NOTHING) if before == after else f"{before or NOTHING} → {after or NOTHING}"


@register.filter
def when(moment: datetime | None) -> str:
    """
    A moment with its time zone; empty for none.

    >>> when(None)
    ''
    """
    return date_format(localtime(moment), "Y-m-d H:i T") if moment else ""


@register.filter
def beginning(text: str) -> str:
    """What a page quotes of OLX."""
    return shortened(text, MAX_OLX)


@register.filter
def short(choice: Decision | Contents) -> str:
    """The first words of the label of a choice, for a button: ``New version`` of ``New version: make this …``."""
    return str(choice.label).partition(":")[0]
