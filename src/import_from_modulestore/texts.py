"""
Text that comes in, and characters that not everything can hold.

A Python string may hold halves of surrogate pairs, which no UTF-8, database or answer can: bytes of file names and of
arguments that are no UTF-8 come in as such (PEP 383), and JSON may spell them. XML has no control characters and no
``U+FFFE`` either, in any form (https://www.w3.org/TR/xml/#charsets). So there is one table of each, here, and:

* :func:`clean`, for whatever comes in: the API does it to all its arguments, and so every door does;
* :func:`xml_text`, for what becomes XML and was something else;
* :func:`clean_title`, for names on one line.

What goes out to a terminal is a matter of :mod:`.command_line.terminal.text`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import wraps
from typing import Any

MAX_TITLE_LENGTH = 500
"""Characters of a title in a library (``PublishableEntityVersion.title``)."""

_SURROGATES = re.compile("[\ud800-\udfff]")

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Characters that end a line, or tell a terminal or a page to do something, rather than show something."""

_PLAIN_TITLE = re.compile(rf"[!-~](?:[ -~]{{0,{MAX_TITLE_LENGTH - 2}}}[!-~])?")
"""What needs no cleaning as a title, as nearly all do not: ASCII that is seen, up to the length of a title."""

_RARE = re.compile("[\U00010000-\U0010ffff]")

_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zs", "Zl", "Zp"))
"""Categories of characters of which nothing is seen."""


def clean(text: str) -> str:
    r"""
    The text as UTF-8 can hold it, and with that databases, JSON and answers.

    What cannot be held becomes ``U+FFFD``, and is not left out: a name must not become another that exists.

    >>> clean("caf\udce9")
    'caf�'
    """
    return _SURROGATES.sub("\ufffd", text)


def cleaned[T](value: T) -> T:
    """The value with :func:`clean` done to every text in it: in lists, tuples, mappings and dataclasses."""
    found: Any = value
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        found = clean(value)
    elif isinstance(value, list | tuple):
        make = getattr(value, "_make", type(value))  # Named tuples take their parts one by one.
        found = make(map(cleaned, value))
    elif isinstance(value, Mapping):
        found = {key: cleaned(each) for key, each in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        found = replace(value, **{field.name: cleaned(getattr(value, field.name)) for field in fields(value)})
    return found


def with_clean_arguments[**P, R](do: Callable[P, R]) -> Callable[P, R]:
    """The function, with :func:`cleaned` done to all that it is called with."""

    @wraps(do)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        given: Any = cleaned(args), cleaned(kwargs)
        return do(*given[0], **given[1])

    return called


def holds_any(text: str, words: Iterable[str]) -> bool:
    """Whether the text has one of these in it. Looked for from its end, which takes half as long as ``in``."""
    for word in words:  # noqa: SIM110 (a generator takes as long as two words)
        if text.rfind(word) >= 0:
            return True
    return False


def is_xml_text(text: str) -> bool:
    """Whether XML can hold every character of the text."""
    return not _NOT_XML.search(text)


def xml_text(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)


def on_one_line(text: str) -> str:
    """The text with blanks for what ends a line, or tells a terminal or a page to do something."""
    return _BREAKS.sub(" ", text)


def frequent(text: str) -> str:
    """
    The text with ``?`` for characters beyond the first 65,536, which columns of other apps may not take on MySQL.

    >>> frequent("A wave: 🌊")
    'A wave: ?'
    """
    return _RARE.sub("?", text)


def clean_title(title: str) -> str:
    r"""
    The title on one line, as XML can hold it, cut to what a library takes; empty where there is nothing to be seen.

    Spaces within it stay as they are.

    >>> clean_title(" High\tand  low\ufffe\x1b "), clean_title("\u200b\u202e")
    ('High and  low', '')
    """
    if _PLAIN_TITLE.fullmatch(title):
        return title
    words = (xml_text(words).strip(" ") for words in _BREAKS.split(title))
    found = " ".join(filter(None, words))[:MAX_TITLE_LENGTH].strip(" ")
    return found if any(unicodedata.category(character) not in _INVISIBLE for character in found) else ""
