"""The page around a rendering: small, complete, with a style of its own for light and dark."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from django.utils.translation import get_language, get_language_bidi

from .markup import tag, words
from .sanitizing import sanitized


def document(title: str, body: str, address_of: Callable[[str], str | None]) -> str:
    """
    One HTML document of a rendering, in the reader's language; what the authors wrote has its own.

    ``address_of`` gives the address of the file that a token stands for: what it gives none for is not loaded. The body
    is sanitized here, whoever made it.
    """
    language, direction = get_language() or "en", "rtl" if get_language_bidi() else "ltr"
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>{words(title)}</title><style>{_style()}</style>"
    )
    shown = tag("body", tag("main", sanitized(body, address_of)))
    return f"<!DOCTYPE html>\n{tag('html', f'<head>{head}</head>{shown}', lang=language, dir=direction)}\n"


@cache
def _style() -> str:
    return files(__package__).joinpath("document.css").read_text()
