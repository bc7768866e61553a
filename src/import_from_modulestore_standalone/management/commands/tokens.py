"""Making, listing and revoking tokens for scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.table import Table
from rich.text import Text

from import_from_modulestore.command_line.base import laid_out, listing
from import_from_modulestore.command_line.terminal.text import printable
from import_from_modulestore.texts import clean_title

from ...models import Token
from ...tokens import make_token
from ..base import ConsoleCommand, find_user

_COMMANDS = listing(
    ("make NAME", gettext_lazy("make one for a user; it is shown this once")),
    ("list [NAME]", gettext_lazy("whose there are, until when they hold, and when they were used last")),
    ("revoke NUMBER", gettext_lazy("have one hold no longer")),
)

_HEADER = '  curl -H "Authorization: Token imports_…" http://localhost:8000/api/modulestore_imports/v1/imports/'

_EXAMPLES = """\
  tokens make bob --for "nightly import" --days 365
  tokens list bob
  tokens revoke 3
"""

_MAX_DAYS = 3650


class Command(ConsoleCommand):
    """``manage.py tokens``."""

    def told(self) -> str:
        """What it is for, and how it is used."""
        paragraphs = (
            laid_out([gettext_lazy("Tokens, with which scripts sign in over REST without a password.")]),
            laid_out([_COMMANDS]),
            laid_out(
                [
                    gettext_lazy(
                        "A token may do what its user may, and nothing once their account is closed. Scripts send it "
                        "as a header:"
                    )
                ]
            ),
            _HEADER,
            _("For example:"),
            _EXAMPLES,
        )
        return "\n\n".join(paragraphs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the subcommands."""
        add = self.subcommands(parser)
        made = add("make", help=_("make one for a user"))
        made.add_argument("name", metavar="NAME", help=_("the user"))
        made.add_argument("--for", default="", dest="purpose", metavar="TEXT", help=_("what it is for, to be listed"))
        made.add_argument(
            "--days",
            type=int,
            default=90,
            metavar="N",
            help=_("for how many days it holds, 1 to {max}; 0: until it is revoked (default: 90)").format(
                max=_MAX_DAYS
            ),
        )
        shown = add("list", help=_("list those there are"))
        shown.add_argument("name", nargs="?", metavar="NAME", help=_("only those of this user"))
        revoked = add("revoke", help=_("have one hold no longer"))
        revoked.add_argument("number", type=int, metavar="NUMBER", help=_("its number in the list"))

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
            raise CommandError(
                _("Give 1 to {max} days, or 0 for a token that does not expire.").format(max=_MAX_DAYS), returncode=1
            )
        user = find_user(name)
        if not user.is_active:
            told = _("The account of {name} is closed: its tokens would not work.").format(name=name)
            raise CommandError(printable(told), returncode=1)
        expires = timezone.now() + timedelta(days=days) if days else None
        token, secret = make_token(user, name=clean_title(purpose)[:100], expires=expires)
        self._out.print(secret, soft_wrap=True)
        if expires:
            told = _("Token {num} of {name} holds until {date}. It is shown this once; `tokens revoke {num}` ends it.")
        else:
            told = _("Token {num} of {name} does not expire. It is shown this once; `tokens revoke {num}` ends it.")
        told = told.format(num=token.pk, name=name, date=f"{expires:%Y-%m-%d}" if expires else "")
        self.stderr.write(printable(told), lambda text: text)

    def _list(self, name: str | None) -> None:
        tokens = Token.objects.select_related("user")
        if name:
            tokens = tokens.filter(user=find_user(name))
        if not tokens:
            self._out.print(_("There are no tokens. `tokens make NAME` makes one."))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in (_("Number"), _("Of"), _("For"), _("Made"), _("Holds until"), _("Last used")):
            table.add_column(title)
        now = timezone.now()
        for token in tokens:
            holds = f"{token.expires:%Y-%m-%d}" if token.expires else _("until revoked")
            if not token.user.is_active:
                holds = _("account closed")
            elif token.expires and token.expires <= now:
                holds = _("{date} (expired)").format(date=holds)
            used = f"{token.last_used:%Y-%m-%d %H:%M}" if token.last_used else _("never")
            cells = (str(token.pk), token.user.get_username(), token.name, f"{token.created:%Y-%m-%d}", holds, used)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        self._out.print(table)

    def _revoke(self, number: int) -> None:
        token = Token.objects.select_related("user").filter(pk=number).first()
        if token is None:
            raise CommandError(
                _("There is no token {num}. `tokens list` lists those there are.").format(num=number), returncode=4
            )
        token.delete()
        told = _("Token {num} of {name} holds no longer.").format(num=number, name=token.user.get_username())
        self._out.print(printable(told))
