"""Text from courses on a terminal."""

from __future__ import annotations

import re

_NOT_PRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""
Characters that tell a terminal what to do, turn the writing around, or cannot be written; line feeds are kept.

Those that turn it around are the ones of https://trojansource.codes.
"""


def printable(text: str) -> str:
    """The text without anything that a terminal would obey rather than show."""
    return _NOT_PRINTABLE.sub(" ", text)


def escaped(json: str) -> str:
    """JSON without such characters: they stand in strings only, where they can be written as escapes."""
    return _NOT_PRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def counted(count: int, noun: str) -> str:
    """
    A number with its noun.

    >>> counted(1, "block"), counted(1200, "block")
    ('1 block', '1,200 blocks')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
