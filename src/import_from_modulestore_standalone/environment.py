"""
What the environment says of how the project is to run.

A variable that is there and empty is one that is not set, as compose files and service managers leave them. One that
cannot be taken ends the program with a line that names it: nothing is guessed. What may be secret is not shown.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from environ import Env

from .early import gettext as _

_SWITCH = {
    **dict.fromkeys(("1", "on", "true", "yes", "y"), True),
    **dict.fromkeys(("0", "off", "false", "no", "n"), False),
}


def given[T, D](name: str, default: D, read: Callable[[str], T], *, is_secret: bool = False) -> T | D:
    """What a variable says, read by a function that raises ``ValueError`` with advice; else ``default``."""
    said = text(name)
    if not said:
        return default
    try:
        return read(said)
    except ValueError as error:
        told = _("{name} is wrong. {advice}") if is_secret else _("{name} is {said!r}. {advice}")
        sys.exit(told.format(name=name, said=said, advice=error))


def text(name: str, default: str = "") -> str:
    """What a variable says as it stands, without blanks around."""
    return os.environ.get(name, "").strip() or default


def words(name: str, *default: str) -> list[str]:
    """What it says between commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default)


def switch(said: str) -> bool:
    """Whether something is on."""
    if said.lower() not in _SWITCH:
        raise ValueError(_("Say on or off."))
    return _SWITCH[said.lower()]


def number(said: str) -> int:
    """Of bytes, days or seconds."""
    if not re.fullmatch(r"\d{1,18}", said, re.ASCII):
        raise ValueError(_("Give a number in digits, without a unit."))
    return int(said)


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """One of these words."""

    def read(said: str) -> str:
        if said not in choices:
            *first, last = choices
            raise ValueError(_("Choose {first} or {last}.").format(first=", ".join(first), last=last))
        return said

    return read


def rate(said: str) -> str | None:
    """How often; ``None`` for as often as one likes."""
    if not re.fullmatch(r"off|[1-9]\d*/(second|minute|hour|day)", said, re.ASCII):
        raise ValueError(_("Give a number for a second, minute, hour or day, as 120/minute, or off."))
    return None if said == "off" else said


def database(said: str) -> dict[str, Any]:
    """
    A database, by its address.

    openedx-core's migrations run on SQLite, MySQL and MariaDB, and on no other (docs/decisions/0001).
    """
    scheme = said.partition("://")[0]
    if scheme not in ("sqlite", "mysql"):
        told = _("Give an address: mysql://user:password@host/database, for MariaDB too, or sqlite:///FILE.")
        raise ValueError(told)
    if scheme == "mysql" and find_spec("MySQLdb") is None:
        raise ValueError(_("MySQL and MariaDB need a driver: pip install mysqlclient."))
    return _parsed(Env.db_url_config, said, "mysql://user:password@host/database")


def emails(said: str) -> dict[str, Any]:
    """How to send e-mails, as Django's settings."""
    return _parsed(Env.email_url_config, said, "smtp+tls://user:password@host:587")


def json_web_keys(said: str) -> str:
    """A JWK set (RFC 7517), as JSON."""
    try:
        found = json.loads(said)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise ValueError(_('Give a JWK set, in JSON: {"keys": […]}.'))
    return said


def _parsed(parse: Callable[[str], dict[str, Any]], said: str, example: str) -> dict[str, Any]:
    try:
        return parse(said)
    except Exception as error:  # The package raises errors of its own, KeyError and ValueError.
        told = _(
            "Give an address as {example}, in which what is no letter or digit of a password is escaped: %40 for @."
        )
        raise ValueError(told.format(example=example)) from error
