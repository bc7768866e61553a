"""Markdown, as all modules here write it."""

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty where it has no rows."""
    lines = [f"| {' | '.join(cell(text) for text in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines, ""]) if lines else ""


def definitions(items: Iterable[tuple[str, str]]) -> str:
    """Terms, each with what it means."""
    return "\n".join(f"{term}\n: {' '.join(meaning.split())}\n" for term, meaning in items)


def cell(text: str) -> str:
    """Text in one line, in which nothing ends the cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Text as code, in a line."""
    return f"`{text}`" if "`" not in str(text) else f"`` {text} ``"


def fence(text: str, language: str = "text") -> str:
    """Text as code, in lines of its own."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def label(name: str) -> str:
    """A place that every page can lead to, as ``#name``."""
    return f"({anchor(name)})=\n"


def anchor(name: str) -> str:
    """A name as a part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def from_rest(text: str) -> str:
    """The little of reStructuredText that comments and docstrings of settings have, as Markdown."""
    return re.sub(r":\w+:`[.]*([^`]+)`", r"`\1`", text).replace("``", "`")
