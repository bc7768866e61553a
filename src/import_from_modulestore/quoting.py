"""
Quoting what others wrote, with bounds: a course may hold attributes of megabytes, and blocks by the ten thousand.

Everything that people read goes through here where it names or quotes such things; what is cut says how much is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

MAX_LENGTH = 200
"""Characters of a name or address inside a sentence."""

MAX_TEXT = 2_000
"""Characters of a sentence."""

MAX_NAMES = 20
"""Names inside a sentence."""

MAX_NOTES = 50
"""Sentences about one block."""


def shortened(text: str, length: int = MAX_LENGTH) -> str:
    """
    The text, or the beginning of it.

    >>> shortened("abcdef", 3)
    'abc… (3 more characters)'
    """
    if len(text) <= length:
        return text
    return _("{beginning}… ({count:,} more characters)").format(beginning=text[:length], count=len(text) - length)


def joined(texts: Iterable[str]) -> str:
    """
    Several in one line, parted as in the language of this moment.

    >>> joined(["a", "b"])
    'a, b'
    """
    return pgettext("between the members of a list", ", ").join(texts)


def listed(names: Sequence[str], most: int = MAX_NAMES) -> str:
    """
    The names in a sentence; of many, the first.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = joined(shortened(name) for name in names[:most])
    if len(names) <= most:
        return shown
    return _("{names} and {count:,} more").format(names=shown, count=len(names) - most)


def bounded(texts: Iterable[str], most: int = MAX_NOTES, length: int = MAX_TEXT) -> list[str]:
    """
    The texts, one a line; of many, the first, and then how many more there are.

    >>> bounded(["a", "b", "c"], 2)
    ['a', 'b', '… and 1 more']
    """
    found = list(texts)
    shown = [shortened(text, length) for text in found[:most]]
    return shown if len(found) <= most else [*shown, _("… and {count:,} more").format(count=len(found) - most)]
