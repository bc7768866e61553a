"""The command line: ``manage.py import_from_modulestore``. What it can do is in :mod:`...command_line.subcommands`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from contextlib import suppress
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import get_commands
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.console import Console

from ... import __version__, api
from ...command_line.base import (
    FAILED,
    INTERRUPTED,
    NO_READER,
    NOT_FOUND,
    NOT_PERMITTED,
    USAGE,
    WRONG_STATE,
    Paragraph,
    ReaderGone,
    Session,
    after_failure,
    after_interrupt,
    exit_codes,
    laid_out,
    listing,
    next_steps,
    refusal,
    short,
)
from ...command_line.called import CALLED, called
from ...command_line.languages import LANGUAGE_OPTION, speak
from ...command_line.spoken import LaidOutHelp, Parser, SpokenCommand
from ...command_line.subcommands import SUBCOMMANDS
from ...command_line.terminal.text import printable
from ...quoting import shortened
from ...texts import cleaned
from ...trouble import in_full, of_newer_version, recognized
from ...waiting import at_most, watched

_BY_NAME = {subcommand.name: subcommand for group in SUBCOMMANDS.values() for subcommand in group}

_EXIT_CODE_OF: dict[type[Exception], int] = {
    api.NotFound: NOT_FOUND,
    api.NotPermitted: NOT_PERMITTED,
    api.WrongState: WRONG_STATE,
}

_EXAMPLES = """\
  {called} sources
  {called} run course.tar.gz library.zip
  {called} stage course-v1:Acme+Tides+2026 lib:Acme:Sea --create --level unit
  {called} review last
  {called} complete last
"""


def _overview(beside: str) -> str:
    width = max(map(len, _BY_NAME)) + 2
    parts: list[Paragraph] = [gettext_lazy("Bring courses and legacy libraries into content libraries.")]
    for purpose, group in SUBCOMMANDS.items():
        rows = [(command.name, command.summary) for command in group]
        heading = _("{heading}:").format(heading=_(purpose))
        parts.append(listing(*rows, gap=width - max(len(name) for name, _summary in rows), title=heading))
    told = laid_out([gettext_lazy("Any command's --help explains it. --json prints what scripts can read.")])
    examples = _EXAMPLES.format(called=called())
    return "\n".join([laid_out(parts), "", *([beside, ""] if beside else []), _("for example:"), examples, told, ""])


def _unknown(word: str) -> str:
    """What is said of a word that is no subcommand."""
    names = [*_BY_NAME, *(get_commands() if CALLED.get() else ())]  # Where it is a command of its own, it has Django's.
    told = _("There is no command {name}.").format(name=shortened(word))
    if alike := get_close_matches(word, names, 1):
        told += " " + _("Do you mean {name}?").format(name=alike[0])
    return printable(f"{told} " + _("All that there are: {command}").format(command=f"{called()} --help"))


class Command(SpokenCommand):
    """``manage.py import_from_modulestore``."""

    shown_of_django = SpokenCommand.shown_of_django | {"--version"}
    requires_system_checks = []  # They load every URL of the site, which takes a second.

    def run_from_argv(self, argv: list[str]) -> None:
        """As the base class; a word that is no subcommand is answered in one line, not with all that there are."""
        word = "".join(argv[2:3])
        if word and not word.startswith("-") and word not in _BY_NAME:
            speak(argv)
            self.stderr.write(_unknown(word))
            sys.exit(USAGE)
        super().run_from_argv(argv)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """As the base class, with help texts kept as they are laid out."""
        kwargs.setdefault("formatter_class", LaidOutHelp)
        self.help = _overview(self.beside())
        self._prog = CALLED.get() or f"{Path(prog_name).name} {subcommand}"
        kwargs.setdefault("usage", self._prog + " " + _("COMMAND …"))
        return super().create_parser(prog_name, subcommand, epilog=exit_codes(), **kwargs)

    def get_version(self) -> str:
        """The app's own."""
        return __version__

    def beside(self) -> str:
        """What there is beside the subcommands, for the help."""
        return ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the subcommands."""
        self._parser = parser
        parser.prog = self._prog
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--user", dest="username", help=_("who acts (default: the project's own user)"))
        common.add_argument(
            LANGUAGE_OPTION, metavar="CODE", help=_("speak this language (default: that of your terminal)")
        )
        common.add_argument("--json", action="store_true", dest="as_json", help=_("print JSON, for scripts"))
        for option in ("--no-color", "--force-color"):  # Django's own, understood after the subcommand as well.
            common.add_argument(option, action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        subparsers = parser.add_subparsers(
            dest="action",
            metavar="COMMAND",
            help=_("one of those above"),
            prog=self._prog,
            parser_class=Parser,
        )
        for name, subcommand in _BY_NAME.items():
            defined = subparsers.add_parser(
                name,
                description=subcommand.description,
                epilog=subcommand.epilog,
                parents=[common],  # type: ignore[list-item]
                formatter_class=LaidOutHelp,
            )
            for define in subcommand.arguments:
                define(defined)

    def handle(self, *args: Any, action: str | None = None, **options: Any) -> None:
        """Run one subcommand; errors become one clear message and an exit code."""
        if action is None:
            self._parser.print_help(self.stdout)
            sys.exit(USAGE)
        options = cleaned(options)
        session = self.session(options)
        try:
            with recognized(), watched(session.tell_who_writes):
                # What cannot be done now (the broker is away, somebody writes) is done by the next call.
                with suppress(api.StepFailed, api.DatabaseUnavailable), at_most(1):
                    session.recovered = api.recover_imports()
                session.user = _user(options["username"])
                code = _BY_NAME[action].do(session, **options)
        except api.DatabaseUnavailable as error:
            raise refusal(in_full(error), FAILED) from error
        except api.ImportFromModulestoreError as error:
            _refuse(session, error, options)
        except DatabaseError as error:
            raise refusal(
                of_newer_version() or _("The database cannot do this: {error}").format(error=error), FAILED
            ) from error
        except ReaderGone:
            _end_quietly()
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise refusal(f"{where}{error.strerror or error}.", FAILED) from error
        except KeyboardInterrupt as error:
            raise refusal(_told_of_interrupt(session), INTERRUPTED) from error
        if code:
            sys.exit(code)

    def session(self, options: dict[str, Any]) -> Session:
        """One call: where it prints, and how."""
        self.stdout.ending = ""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # A terminal that has no tree lines shows something else for them.
                stream.reconfigure(errors="replace")
        no_color = options["no_color"] or None  # Else NO_COLOR in the environment says it.
        look: dict[str, Any] = {"no_color": no_color, "highlight": False, "markup": False, "emoji": False}
        width = shutil.get_terminal_size((100, 24)).columns
        return Session(
            user=None,
            stdout=self.stdout,
            out=Console(file=self.stdout, width=width, force_terminal=options["force_color"] or None, **look),  # type: ignore[arg-type]
            err=Console(stderr=True, **look),
            as_json=options["as_json"],
        )


def _end_quietly() -> NoReturn:
    """End as other programs do where the one that reads the output has seen enough: ``| head``."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain when it closes the output.
    sys.exit(NO_READER)


def _refuse(session: Session, error: api.ImportFromModulestoreError, options: dict[str, Any]) -> NoReturn:
    code = next((code for kind, code in _EXIT_CODE_OF.items() if isinstance(error, kind)), FAILED)
    told = str(error)
    if isinstance(error, api.NotFound) and error.field == "library_key" and options.get("create") is False:
        told += " " + _("To have it made: --create")
    elif isinstance(error, api.NotFound) and error.field == "import_id":
        told += " " + _("`history` lists those that there are.")
    if session.import_id and not isinstance(error, api.NotFound | api.NotPermitted | api.InvalidEdit):
        with suppress(api.ImportFromModulestoreError):
            run = api.get_import(user=session.user, import_id=session.import_id)
            if isinstance(error, api.WrongState):
                told += f"\n{next_steps(run)}"
            else:
                told += f"\n{after_failure(run, error)}"
    raise refusal(told, code) from error


def _told_of_interrupt(session: Session) -> str:
    """What is true after an interrupt; the step may have been committed in the moment before."""
    with suppress(api.ImportFromModulestoreError, DatabaseError, KeyboardInterrupt):
        if session.import_id:
            run = api.get_import(user=session.user, import_id=session.import_id)
            return after_interrupt(run)
        if session.batch_id:
            told = _("Interrupted. How far each import is: {command}")
            return told.format(command=f"{called()} batch {short(session.batch_id)}")
        return _("Interrupted. The library is as it was.")
    return _("Interrupted. `history` tells where the import stands.")


def _user(username: str | None) -> Any:
    """Who acts: the named user, or the one that the project has for its command line, made on first use."""
    users = get_user_model()._default_manager
    if username:
        try:
            return users.get_by_natural_key(username)
        except get_user_model().DoesNotExist:
            told = _("There is no user {name!r}.").format(name=username)
            raise CommandError(printable(told), returncode=NOT_FOUND) from None
    own = cleaned(getattr(settings, "IMPORT_FROM_MODULESTORE_USERNAME", None))
    if not own:
        raise CommandError(_("Say who acts: --user USERNAME."), returncode=USAGE)
    user, created = users.get_or_create(username=own, defaults={"is_superuser": True, "is_staff": True})
    if created:
        user.set_unusable_password()
        user.save()
    return user
