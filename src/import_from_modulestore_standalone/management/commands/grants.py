"""Giving and taking the right to see and change libraries."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import CommandError, CommandParser
from openedx_content.models_api import LearningPackage
from rich.table import Table
from rich.text import Text

from import_from_modulestore import api
from import_from_modulestore.command_line.terminal.text import printable
from import_from_modulestore.keys import parse_library_key

from ...grants import Grant, Role, give, list_grants, take
from ..base import ConsoleCommand, find_user

_HELP = """\
Who may do what: give, take and list roles of users and groups.

  list [LIBRARY]            who has which role, of one library or of all
  give NAME ROLE [LIBRARY]  give a user (or --group) a role
  take NAME ROLE [LIBRARY]  take it away

roles of one library:       viewer   sees the library and the history of its imports
                            editor   changes the library as well
roles of the whole site:    reader   reads the courses on the shelf
                            creator  makes new libraries, and is the editor of those

Viewers and editors without LIBRARY are such of all libraries. To import, one needs reader, and editor of the
library or creator. Superusers may do everything.

For example:

  grants give bob reader
  grants give bob editor lib:Acme:Sea
  grants give --group reviewers viewer lib:Acme:Sea
  grants list lib:Acme:Sea
"""


class Command(ConsoleCommand):
    """``manage.py grants``."""

    help = _HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the subcommands."""
        commands = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)
        shown = commands.add_parser("list", help="list who has which role")
        shown.add_argument("library", nargs="?", metavar="LIBRARY", help="lib:Org:slug (default: all)")
        for name, help_text in (("give", "give a user or group a role"), ("take", "take a role again")):
            command = commands.add_parser(name, help=help_text)
            command.add_argument("name", metavar="NAME", help="the user, or the group with --group")
            command.add_argument("role", choices=Role.values)
            command.add_argument("library", nargs="?", metavar="LIBRARY", help="lib:Org:slug (default: the whole site)")
            command.add_argument("--group", action="store_true", dest="is_group", help="NAME is a group")

    def handle(self, *args: Any, action: str, library: str | None, **options: Any) -> None:
        """Run one subcommand; errors become one clear message."""
        self._out = self.console(no_color=options["no_color"])
        package = _package(library) if library else None
        if action == "list":
            self._list(package)
        else:
            self._change(action, package, Role(options["role"]), options["name"], is_group=options["is_group"])

    def _list(self, package: LearningPackage | None) -> None:
        superusers = get_user_model()._default_manager.filter(is_superuser=True, is_active=True)
        names = ", ".join(user.get_username() for user in superusers)
        self._out.print(Text(printable(f"Superusers, who may do everything: {names or 'none'}"), style="dim"))
        grants = list_grants(package)
        if not grants:
            self._out.print("Nobody else has a role" + (f" of {package.package_ref}." if package else "."))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("Who", "Role", "Of"):
            table.add_column(title)
        for grant in grants:
            table.add_row(_who(grant), Text(grant.role.value, style="cyan"), _of(grant))
        self._out.print(table)

    def _change(self, action: str, package: LearningPackage | None, role: Role, name: str, *, is_group: bool) -> None:
        if package is not None and not role.is_of_library:
            raise CommandError(f"The role {role} is for the whole site. Leave {package.package_ref} out.", returncode=2)
        who = _group(name) if is_group else find_user(name)
        of = package.package_ref if package else "all libraries" if role.is_of_library else "the whole site"
        told = f"{'Group ' if is_group else ''}{name}"
        if action == "give":
            give(who, role, package)
            self._out.print(Text(printable(f"{told} is {role} of {of} now.")))
        elif take(who, role, package):
            self._out.print(Text(printable(f"{told} is {role} of {of} no longer.")))
        else:
            raise CommandError(
                printable(f"{told} is not {role} of {of}. `grants list` shows who has which role."), returncode=1
            )


def _package(library: str) -> LearningPackage:
    try:
        key = str(parse_library_key(library))
    except api.InvalidKey as error:
        raise CommandError(printable(str(error)), returncode=1) from error
    package = LearningPackage.objects.filter(package_ref=key).first()
    if package is None:
        raise CommandError(
            f"There is no library {key}. `import_from_modulestore libraries` lists those there are.", returncode=4
        )
    return package


def _group(name: str) -> Group:
    group = Group.objects.filter(name=name).first()
    if group is None:
        raise CommandError(printable(f"There is no group {name!r}. The admin makes groups."), returncode=4)
    return group


def _who(grant: Grant) -> Text:
    kind = " (group)" if grant.is_group else "" if grant.is_active else " (account closed: may do nothing)"
    return Text.assemble(printable(grant.name), (kind, "dim"))


def _of(grant: Grant) -> Text:
    if grant.library:
        return Text(grant.library)
    return Text("all libraries" if grant.role.is_of_library else "the whole site", style="bold")
