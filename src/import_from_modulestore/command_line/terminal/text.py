"""Text from courses on a terminal."""

from __future__ import annotations

import re

from django.utils.translation import ngettext

_ISOLATES = re.compile("[\u2066\u2068\u2069]")
"""What isolates names and code in a translation (docs/decisions/0023); terminals that know it not show a sign."""

_NOT_PRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""
Characters that tell a terminal what to do, turn the writing around, or cannot be written; line feeds are kept.

Those that turn it around are the ones of https://trojansource.codes.
"""


def without_isolates(text: str) -> str:
    """The text without what isolates names in it."""
    return _ISOLATES.sub("", text)


def printable(text: str) -> str:
    """The text without anything that a terminal would obey rather than show."""
    return _NOT_PRINTABLE.sub(" ", without_isolates(text))


def escaped(json: str) -> str:
    """JSON without such characters: they stand in strings only, where they can be written as escapes."""
    return _NOT_PRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def counted_blocks(count: int) -> str:
    """
    A number of blocks, in words; those below of other things.

    >>> counted_blocks(1), counted_blocks(1200)
    ('1 block', '1,200 blocks')
    """
    return ngettext("{count:,} block", "{count:,} blocks", count).format(count=count)


def counted_conflicts(count: int) -> str:
    """Conflicts."""
    return ngettext("{count:,} conflict", "{count:,} conflicts", count).format(count=count)


def counted_imports(count: int) -> str:
    """Imports."""
    return ngettext("{count:,} import", "{count:,} imports", count).format(count=count)


def counted_items(count: int) -> str:
    """Items of a library."""
    return ngettext("{count:,} item", "{count:,} items", count).format(count=count)


def counted_sources(count: int) -> str:
    """Sources."""
    return ngettext("{count:,} source", "{count:,} sources", count).format(count=count)
