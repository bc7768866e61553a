"""The app's command line, ready for use on a new machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from import_from_modulestore.command_line.base import Session
from import_from_modulestore.command_line.called import CALLED
from import_from_modulestore.management.commands import import_from_modulestore as app

from ...first_use import set_up

_SITE = """\
the site:
  serve      start the pages, the REST API and a worker
  grants     say who may do what
  tokens     give tokens to scripts
  migrate, changepassword, createsuperuser, check, shell …: what Django brings along

Everything is kept in {data}: --data DIR, or VAR_DIR in the environment, names another folder.
Exports that lie in {courses} are listed by `sources`.

"""


class Command(app.Command):
    """``manage.py import_from_modulestore``: makes the tables of the project's own database where there are none."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """As the app's; a command of its own needs none of what says which project of Django's is meant."""
        if CALLED.get():
            self.suppressed_base_arguments = {"--settings", "--pythonpath", "-v", "--traceback"}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def overview(self) -> str:
        """As the app's, with what the site has besides where all is one command."""
        told = super().overview()
        if not CALLED.get():
            return told
        site = _SITE.format(data=settings.VAR_DIR, courses=settings.COURSES_DIR)
        return told.replace("for example:\n", f"{site}for example:\n")

    def handle(self, *args: Any, action: str | None = None, **options: Any) -> None:
        """Set up what is not there yet, then run the subcommand. One statement where all is there."""
        if action:
            set_up(lambda told: self.stderr.write(told, lambda text: text))
        super().handle(*args, action=action, **options)

    def session(self, options: dict[str, Any]) -> Session:
        """As the app's; files that are asked for are the user's."""
        session = super().session(options)
        session.umask = settings.UMASK
        return session
