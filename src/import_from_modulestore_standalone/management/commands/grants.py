"""Giving and taking the right to see and change libraries."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openedx_content.models_api import LearningPackage
from rich.table import Table
from rich.text import Text

from import_from_modulestore import api
from import_from_modulestore.command_line.base import laid_out, listing
from import_from_modulestore.command_line.terminal.text import printable
from import_from_modulestore.keys import parse_library_key
from import_from_modulestore.quoting import joined

from ...grants import Grant, Role, give, list_grants, take
from ..base import ConsoleCommand, find_user

_TOLD = (
    gettext_lazy("Who may do what: give, take and list roles of users and groups."),
    listing(
        ("list [LIBRARY]", gettext_lazy("who has which role, of one library or of all")),
        ("give NAME ROLE [LIBRARY]", gettext_lazy("give a user (or --group) a role")),
        ("take NAME ROLE [LIBRARY]", gettext_lazy("take it away")),
        gap=2,
    ),
    listing(
        ("viewer", gettext_lazy("sees the library and the history of its imports")),
        ("editor", gettext_lazy("changes the library as well")),
        title=gettext_lazy("roles of one library:"),
    ),
    listing(
        ("reader", gettext_lazy("reads the courses on the shelf")),
        ("creator", gettext_lazy("makes new libraries, and is the editor of those")),
        title=gettext_lazy("roles of the whole site:"),
    ),
    gettext_lazy(
        "Viewers and editors without LIBRARY are such of all libraries. To import, one needs reader, and editor of the "
        "library or creator. Superusers may do everything."
    ),
    gettext_lazy("For example:"),
)

_EXAMPLES = """\
  grants give bob reader
  grants give bob editor lib:Acme:Sea
  grants give --group reviewers viewer lib:Acme:Sea
  grants list lib:Acme:Sea
"""


class Command(ConsoleCommand):
    """``manage.py grants``."""

    def told(self) -> str:
        """What it is for, and how it is used."""
        return f"{laid_out(_TOLD)}\n\n{_EXAMPLES}"

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the subcommands."""
        add = self.subcommands(parser)
        shown = add("list", help=_("list who has which role"))
        shown.add_argument("library", nargs="?", metavar="LIBRARY", help=_("lib:Org:slug (default: all)"))
        for name, help_text in (("give", _("give a user or group a role")), ("take", _("take a role again"))):
            command = add(name, help=help_text)
            command.add_argument("name", metavar="NAME", help=_("the user, or the group with --group"))
            command.add_argument("role", choices=Role.values)
            command.add_argument(
                "library", nargs="?", metavar="LIBRARY", help=_("lib:Org:slug (default: the whole site)")
            )
            command.add_argument("--group", action="store_true", dest="is_group", help=_("NAME is a group"))

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
        names = joined(user.get_username() for user in superusers)
        told = _("Superusers, who may do everything: {names}").format(names=names or _("none"))
        self._out.print(Text(printable(told), style="dim"))
        grants = list_grants(package)
        if not grants:
            told = _("Nobody else has a role of {library}.") if package else _("Nobody else has a role.")
            self._out.print(printable(told.format(library=package.package_ref if package else "")))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in (_("Who"), _("Role"), _("Of")):
            table.add_column(title)
        for grant in grants:
            table.add_row(_who(grant), Text(grant.role.value, style="cyan"), _of(grant))
        self._out.print(table)

    def _change(self, action: str, package: LearningPackage | None, role: Role, name: str, *, is_group: bool) -> None:
        if package is not None and not role.is_of_library:
            told = _("The role {role} is for the whole site. Leave {library} out.")
            raise CommandError(printable(told.format(role=role, library=package.package_ref)), returncode=2)
        who = _group(name) if is_group else find_user(name)
        of = package.package_ref if package else _("all libraries") if role.is_of_library else _("the whole site")
        named = {"who": _("Group {name}").format(name=name) if is_group else name, "role": role, "of": of}
        if action == "give":
            give(who, role, package)
            self._out.print(Text(printable(_("{who} is {role} of {of} now.").format(**named))))
        elif take(who, role, package):
            self._out.print(Text(printable(_("{who} is {role} of {of} no longer.").format(**named))))
        else:
            told = _("{who} is not {role} of {of}. `grants list` shows who has which role.").format(**named)
            raise CommandError(printable(told), returncode=1)


def _package(library: str) -> LearningPackage:
    try:
        key = str(parse_library_key(library))
    except api.InvalidKey as error:
        raise CommandError(printable(str(error)), returncode=1) from error
    package = LearningPackage.objects.filter(package_ref=key).first()
    if package is None:
        raise CommandError(
            printable(
                _("There is no library {key}. `import_from_modulestore libraries` lists those there are.").format(
                    key=key
                )
            ),
            returncode=4,
        )
    return package


def _group(name: str) -> Group:
    group = Group.objects.filter(name=name).first()
    if group is None:
        told = _("There is no group {name!r}. The admin makes groups.").format(name=name)
        raise CommandError(printable(told), returncode=4)
    return group


def _who(grant: Grant) -> Text:
    kind = _("(group)") if grant.is_group else "" if grant.is_active else _("(account closed: may do nothing)")
    return Text.assemble(printable(grant.name), (f" {kind}".rstrip(), "dim"))


def _of(grant: Grant) -> Text:
    if grant.library:
        return Text(grant.library)
    return Text(_("all libraries") if grant.role.is_of_library else _("the whole site"), style="bold")
