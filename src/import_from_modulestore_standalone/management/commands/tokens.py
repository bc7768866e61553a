"""Making, listing and revoking tokens for scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich.table import Table
from rich.text import Text

from import_from_modulestore.command_line.terminal.text import printable
from import_from_modulestore.texts import clean_title

from ...models import Token
from ...tokens import make_token
from ..base import ConsoleCommand, find_user

_HELP = """\
Tokens, with which scripts sign in over REST without a password.

  make NAME        make one for a user; it is shown this once
  list [NAME]      whose there are, until when they hold, and when they were used last
  revoke NUMBER    have one hold no longer

A token may do what its user may, and nothing once their account is closed. Scripts send it as a header:

  curl -H "Authorization: Token imports_…" http://localhost:8000/api/modulestore_imports/v1/imports/

For example:

  tokens make bob --for "nightly import" --days 365
  tokens list bob
  tokens revoke 3
"""

_MAX_DAYS = 3650


class Command(ConsoleCommand):
    """``manage.py tokens``."""

    help = _HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the subcommands."""
        commands = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)
        made = commands.add_parser("make", help="make one for a user")
        made.add_argument("name", metavar="NAME", help="the user")
        made.add_argument("--for", default="", dest="purpose", metavar="TEXT", help="what it is for, to be listed")
        made.add_argument(
            "--days",
            type=int,
            default=90,
            metavar="N",
            help=f"for how many days it holds, 1 to {_MAX_DAYS}; 0: until it is revoked (default: 90)",
        )
        shown = commands.add_parser("list", help="list those there are")
        shown.add_argument("name", nargs="?", metavar="NAME", help="only those of this user")
        revoked = commands.add_parser("revoke", help="have one hold no longer")
        revoked.add_argument("number", type=int, metavar="NUMBER", help="its number in the list")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run one subcommand; errors become one clear message."""
        self._out = self.console(no_color=options["no_color"])
        if action == "make":
            self._make(options["name"], options["purpose"], options["days"])
        elif action == "list":
            self._list(options["name"])
        else:
            self._revoke(options["number"])

    def _make(self, name: str, purpose: str, days: int) -> None:
        if not 0 <= days <= _MAX_DAYS:
            raise CommandError(f"Give 1 to {_MAX_DAYS} days, or 0 for a token that does not expire.", returncode=1)
        user = find_user(name)
        if not user.is_active:
            raise CommandError(printable(f"The account of {name} is closed: its tokens would not work."), returncode=1)
        expires = timezone.now() + timedelta(days=days) if days else None
        token, secret = make_token(user, name=clean_title(purpose)[:100], expires=expires)
        self._out.print(secret, soft_wrap=True)
        until = f"holds until {expires:%Y-%m-%d}" if expires else "does not expire"
        told = f"Token {token.pk} of {name} {until}. It is shown this once; `tokens revoke {token.pk}` ends it."
        self.stderr.write(printable(told), lambda text: text)

    def _list(self, name: str | None) -> None:
        tokens = Token.objects.select_related("user")
        if name:
            tokens = tokens.filter(user=find_user(name))
        if not tokens:
            self._out.print("There are no tokens. `tokens make NAME` makes one.")
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("Number", "Of", "For", "Made", "Holds until", "Last used"):
            table.add_column(title)
        now = timezone.now()
        for token in tokens:
            holds = f"{token.expires:%Y-%m-%d}" if token.expires else "until revoked"
            if not token.user.is_active:
                holds = "account closed"
            elif token.expires and token.expires <= now:
                holds = f"{holds} (expired)"
            used = f"{token.last_used:%Y-%m-%d %H:%M}" if token.last_used else "never"
            cells = (str(token.pk), token.user.get_username(), token.name, f"{token.created:%Y-%m-%d}", holds, used)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        self._out.print(table)

    def _revoke(self, number: int) -> None:
        token = Token.objects.select_related("user").filter(pk=number).first()
        if token is None:
            raise CommandError(f"There is no token {number}. `tokens list` lists those there are.", returncode=4)
        token.delete()
        self._out.print(printable(f"Token {number} of {token.user.get_username()} holds no longer."))
