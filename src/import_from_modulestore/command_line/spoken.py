"""A command of Django's, as a program of its own speaks: in the language of who typed it, and in words for people."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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

    def start_section(self, heading: str | None) -> None:
        """As the base class, which puts a colon after the heading; some languages put something before it."""
        if heading and heading is not argparse.SUPPRESS:
            heading = _("{heading}:").format(heading=heading).removesuffix(":")
        super().start_section(heading)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)  # --on-conflict is one word.


class LaidOutHelp(Help, argparse.RawDescriptionHelpFormatter):
    """The same, whose texts are kept as they are laid out."""


_OF_DJANGO = {
    "--version": gettext_lazy("print the version, and end"),
    "--no-color": gettext_lazy("print without colors; so does NO_COLOR in the environment"),
    "--force-color": gettext_lazy("print colors into a file or a pipe as well"),
}
"""What help says of options that every command of Django's has, which has it in English alone."""


class Parser(CommandParser):
    """What refuses in its own name an option that it does not know, and not in that of the command above it."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the base class, with nothing left that is not known."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(_("unrecognized arguments: %s") % " ".join(unknown))
        return known, unknown


class SpokenCommand(BaseCommand):
    """A command that speaks the language of who typed it."""

    shown_of_django: frozenset[str] = frozenset({"--no-color", "--force-color"})
    """Options of Django's that its help tells of where it is a command of its own, which needs no others."""

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
        """As the base class; a command of its own needs nothing of what says which project of Django's is meant."""
        kwargs.setdefault("formatter_class", Help)
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        for action in parser._actions:
            if CALLED.get() and "--skip-checks" in action.option_strings:
                action.help = argparse.SUPPRESS
        return parser

    def add_base_argument(self, parser: CommandParser, *args: Any, **kwargs: Any) -> None:
        """As the base class, in words that are translated, or in none."""
        kwargs["help"] = _OF_DJANGO.get(args[0], kwargs.get("help"))
        if CALLED.get() and self.shown_of_django.isdisjoint(args):
            kwargs["help"] = argparse.SUPPRESS
        super().add_base_argument(parser, *args, **kwargs)

    def _refuse(self, error: CommandError) -> None:
        self.stderr.write(str(error))
        sys.exit(error.returncode)
