"""The app's command line, ready for use on a new machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from import_from_modulestore.command_line.base import Session, laid_out, listing
from import_from_modulestore.command_line.called import CALLED
from import_from_modulestore.command_line.terminal.text import printable
from import_from_modulestore.management.commands import import_from_modulestore as app

from ..base import set_up_for

_SITE = listing(
    ("serve", gettext_lazy("start the pages, the REST API and a worker")),
    ("grants", gettext_lazy("say who may do what")),
    ("tokens", gettext_lazy("give tokens to scripts")),
    ("migrate …", gettext_lazy("what Django brings along: changepassword, createsuperuser, check, shell and others")),
    title=gettext_lazy("the site:"),
)


class Command(app.Command):
    """``manage.py import_from_modulestore``: makes the tables of the project's own database where there are none."""

    def beside(self) -> str:
        """What the site has besides, where all is one command, and where everything is kept."""
        if not CALLED.get():
            return ""
        kept = _("Everything is kept in {data}: --data DIR, or VAR_DIR in the environment, names another folder.")
        listed = _("Exports that lie in {courses} are listed by `sources`.")
        told = " ".join((kept.format(data=settings.VAR_DIR), listed.format(courses=settings.COURSES_DIR)))
        return laid_out([_SITE, printable(told)])

    def add_arguments(self, parser: CommandParser) -> None:
        """As the base class; what its own command takes before any subcommand is told of as well."""
        super().add_arguments(parser)
        if CALLED.get():
            parser.add_argument(
                "--data",
                metavar="DIR",
                help=_("keep everything in this folder (default: {data})").format(data=settings.VAR_DIR),
            )

    def handle(self, *args: Any, action: str | None = None, **options: Any) -> None:
        """Set up what is not there yet, then run the subcommand. One statement where all is there."""
        if action:
            set_up_for(self)
        super().handle(*args, action=action, **options)

    def session(self, options: dict[str, Any]) -> Session:
        """As the app's; files that are asked for are the user's."""
        session = super().session(options)
        session.umask = settings.UMASK
        return session
