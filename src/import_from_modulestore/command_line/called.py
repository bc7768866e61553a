"""How the command line was called, for the lines that people are told to type."""

from __future__ import annotations

from contextvars import ContextVar

CALLED: ContextVar[str] = ContextVar("called", default="")
"""What it is called where it is a command of its own; empty where Django's command line has it among others."""

WITH: ContextVar[str] = ContextVar("with", default="")
"""What was said of where everything is kept, as it is typed: other lines need it as well."""


def called() -> str:
    """What stands before a subcommand."""
    return " ".join(filter(None, (CALLED.get() or "import_from_modulestore", WITH.get())))
