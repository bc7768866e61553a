"""IDs of library items."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.text import slugify

from ..data import BlockIds
from .data import Letters, SourceBlock

MAX_CODE_LENGTH = 255
_NOT_ALLOWED = {
    Letters.ANY: re.compile(r"[^\w.-]+"),
    Letters.BASIC: re.compile(r"(?:[^\w.-]|[\U00010000-\U0010ffff])+"),
    Letters.ASCII: re.compile(r"[^\w.-]+", re.ASCII),
}
_IN_SLUGS = re.compile("[a-z0-9]", re.IGNORECASE | re.ASCII)
"""What no slug leaves out."""


def wanted_code(block: SourceBlock, block_ids: BlockIds, letters: Letters) -> str:
    """The code that a new item for this block gets, unless it is taken."""
    if block_ids is BlockIds.FROM_TITLES:
        return slug_from_title(block.title, letters)
    return usable_code(block.block_id, letters)


def usable_code(block_id: str, letters: Letters = Letters.ANY) -> str:
    """
    The block ID as a library takes it: letters, digits, ``_``, ``-`` and ``.`` (``openedx_django_lib.fields``).

    A backup names its files after slugs of the codes, and cannot be restored where a slug is empty; so no code is made
    of punctuation alone.

    >>> usable_code("week 1:intro"), usable_code(".."), usable_code("marée", Letters.ASCII)
    ('week_1_intro', 'block_..', 'mar_e')
    """
    code = _NOT_ALLOWED[letters].sub("_", block_id)[:MAX_CODE_LENGTH]
    if _IN_SLUGS.search(code):
        return code
    return code if slugify(code, allow_unicode=True) else f"block_{code}"[:MAX_CODE_LENGTH]


def slug_from_title(title: str, letters: Letters = Letters.ANY) -> str:
    """
    A code made from a title, in any script where the library takes any.

    >>> slug_from_title("Why tides happen?"), slug_from_title("潮汐"), slug_from_title("潮汐", Letters.ASCII)
    ('why-tides-happen', '潮汐', 'block')
    """
    slug = slugify(title, allow_unicode=letters is not Letters.ASCII)[:80].strip("-_")
    return usable_code(slug, letters) if slug else "block"


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
