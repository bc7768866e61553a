"""IDs of library items."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.text import slugify

MAX_CODE_LENGTH = 255
_NOT_ALLOWED = re.compile(r"[^\w.-]+")


def usable_code(block_id: str) -> str:
    """
    The block ID as a library takes it: letters, digits, ``_``, ``-`` and ``.`` (``openedx_django_lib.fields``).

    A backup names its files after slugs of the codes, and cannot be restored where a slug is empty; so no code is made
    of punctuation alone.

    >>> usable_code("week 1:intro"), usable_code("..")
    ('week_1_intro', 'block_..')
    """
    code = _NOT_ALLOWED.sub("_", block_id)[:MAX_CODE_LENGTH]
    return code if slugify(code, allow_unicode=True) else f"block_{code}"[:MAX_CODE_LENGTH]


def slug_from_title(title: str) -> str:
    """
    A code made from a title, in any script.

    >>> slug_from_title("Why tides happen?"), slug_from_title("潮汐")
    ('why-tides-happen', '潮汐')
    """
    return usable_code(slugify(title, allow_unicode=True)[:80].strip("-_") or "block")


def numbered(code: str) -> Iterator[str]:
    """
    The code, then the same with ``_1``, ``_2``, … never longer than a code may be.

    >>> names = numbered("intro"); [next(names) for _ in range(3)]
    ['intro', 'intro_1', 'intro_2']
    """
    yield code
    number = 1
    while True:
        suffix = f"_{number}"
        yield code[: MAX_CODE_LENGTH - len(suffix)] + suffix
        number += 1
