"""A command of Django's, as a program of its own speaks: in the language of who typed it, and in words for people."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.utils.translation import gettext as _

from .called import CALLED
from .languages import speak


class Help(DjangoHelpFormatter):
    """Help under a usage of one line: what options there are stands below it."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        """As the base class, with all options that may be left away as one."""
        every = list(actions)
        needed = [action for action in every if action.required or not action.option_strings]
        options = [argparse.Action([], "options", nargs="?", metavar=_("options"))] if len(needed) < len(every) else []
        super().add_usage(usage, [*options, *needed], (), prefix)


class LaidOutHelp(Help, argparse.RawDescriptionHelpFormatter):
    """The same, whose texts are kept as they are laid out."""


class SpokenCommand(BaseCommand):
    """A command that speaks the language of who typed it."""

    def run_from_argv(self, argv: list[str]) -> None:
        """As the base class, in that language."""
        try:
            speak(argv)
        except CommandError as error:
            self._refuse(error)
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> Any:
        """As the base class; who typed it is told what is wrong, and not that it is a ``CommandError``."""
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            if not self._called_from_command_line or options.get("traceback"):  # type: ignore[attr-defined]
                raise
            self._refuse(error)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """As the base class; a command of its own needs none of what says which project of Django's is meant."""
        if CALLED.get():
            self.suppressed_base_arguments = {
                *("--version", "--settings", "--pythonpath", "-v", "--verbosity", "--traceback", "--skip-checks")
            }
        kwargs.setdefault("formatter_class", Help)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def _refuse(self, error: CommandError) -> None:
        self.stderr.write(str(error))
        sys.exit(error.returncode)
