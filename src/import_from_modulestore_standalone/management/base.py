"""What the project's own commands share: help that is laid out, a console to print to, and finding users."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console

from import_from_modulestore.command_line.spoken import Help, LaidOutHelp, Parser, SpokenCommand
from import_from_modulestore.command_line.terminal.text import printable

from ..first_use import set_up


class SiteCommand(SpokenCommand):
    """A command of the project's own."""

    def told(self) -> str:
        """What its help begins with, in the language of this moment."""
        return ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """As the base class, with that help."""
        self.help = self.told()
        return super().create_parser(prog_name, subcommand, **kwargs)


class ConsoleCommand(SiteCommand):
    """A command with subcommands, for people."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """As the base class, with the help text kept as it is laid out."""
        kwargs.setdefault("formatter_class", LaidOutHelp)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def subcommands(self, parser: CommandParser) -> Callable[..., argparse.ArgumentParser]:
        """What adds one."""
        commands = parser.add_subparsers(dest="action", metavar="COMMAND", required=True, parser_class=Parser)
        return partial(commands.add_parser, formatter_class=Help)

    def execute(self, *args: Any, **options: Any) -> Any:
        """As the base class, once all is there that it is about."""
        set_up_for(self)
        return super().execute(*args, **options)

    def console(self, *, no_color: bool) -> Console:
        """What it prints to."""
        self.stdout.ending = ""
        width = shutil.get_terminal_size((100, 24)).columns
        look: dict[str, Any] = {"no_color": no_color or None, "highlight": False, "markup": False, "emoji": False}
        return _Console(file=self.stdout, width=width, **look)  # type: ignore[arg-type]


def set_up_for(command: BaseCommand) -> None:
    """Make what is not there yet, and say so. One statement where all is."""
    set_up(lambda told: command.stderr.write(printable(told), lambda text: text))


class _Console(Console):
    """What writes to a reader that may go away, as ``head`` does."""

    def on_broken_pipe(self) -> None:
        """Leave it to who runs commands; rich would end as if the command had failed."""
        raise  # It is called where the error is caught.


def find_user(name: str) -> Any:
    """The user of this name. Raises ``CommandError``."""
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(name)
    except users.DoesNotExist:
        raise CommandError(
            printable(_("There is no user {name!r}. `createsuperuser` and the admin make users.").format(name=name)),
            returncode=4,
        ) from None
