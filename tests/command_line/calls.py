"""Calling the command line in this process, as a person or a script does."""

from __future__ import annotations

import functools
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, CommandParser, call_command
from django.utils.translation import get_language

from import_from_modulestore.command_line.called import CALLED
from import_from_modulestore_standalone.management.commands.import_from_modulestore import Command


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@functools.cache
def _parser_in(language: str | None) -> CommandParser:
    return Command().create_parser("manage.py", "import_from_modulestore")


class Called(Command):
    """The command, whose words are defined once in each language: there are hundreds, and tests call it as often."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        if CALLED.get():
            return super().create_parser(prog_name, subcommand, **kwargs)
        self._parser = _parser_in(get_language())
        return self._parser


def command(*words: str, stdout: StringIO | None = None) -> str:
    """Run a subcommand and return what it prints."""
    out = stdout or StringIO()
    call_command(Called(), *words, stdout=out)
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
