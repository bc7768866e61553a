"""Calling the command line in this process, as a person or a script does."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def command(*words: str, stdout: StringIO | None = None) -> str:
    """Run a subcommand and return what it prints."""
    out = stdout or StringIO()
    call_command("import_from_modulestore", *words, stdout=out)
    return out.getvalue()


def data_of(*words: str) -> Any:
    """Run a subcommand with --json and return what it prints."""
    return json.loads(command(*words, "--json"))


def refused(*words: str, stdout: StringIO | None = None) -> tuple[str, int]:
    """Run a subcommand that fails and return its message and exit code."""
    with pytest.raises(CommandError) as error:
        command(*words, stdout=stdout)
    return str(error.value), error.value.returncode


def ended(*words: str) -> tuple[str, int]:
    """Run a subcommand that prints its result and ends with an exit code of its own."""
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        command(*words, stdout=out)
    return out.getvalue(), end.value.code


def in_one_line(text: str) -> str:
    """The text without line breaks and alignment."""
    return " ".join(text.split())
