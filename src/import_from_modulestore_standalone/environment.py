"""
What the environment says of how the project is to run.

A variable that is there and empty is one that is not set, as compose files and service managers leave them. One that
cannot be taken ends the program with a line that names it: nothing is guessed. What may be secret is not shown.

Each may be given in a file as well, which ``…_FILE`` names: so Docker, Kubernetes and systemd hand out secrets, which
nobody then finds in the environment of a process.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from environ import Env

from .early import gettext as _

_SWITCH = {
    **dict.fromkeys(("1", "on", "true", "yes", "y"), True),
    **dict.fromkeys(("0", "off", "false", "no", "n"), False),
}

_DATABASE = "mysql://user:password@host/database"
_OPTIONS = ("connect_timeout", "read_timeout", "ssl_mode", "unix_socket", "write_timeout")
_TLS = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_cipher", "ssl_key")
"""What the driver of MySQL and MariaDB is told after the question mark; of the second it wants a dictionary."""

_REDIS = "redis://:password@host:6379/0"


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
    """What a variable says as it stands, or the file that it names with ``_FILE``; without blanks around."""
    return verbatim(name).strip() or default


def verbatim(name: str) -> str:
    """The same with the blanks, which may be a part of a password; a file ends with a line's end that is none."""
    said, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "").strip()
    if not file:
        return said
    if said.strip():
        sys.exit(_("{name} and {name}_FILE are both set. Set one of them.").format(name=name))
    try:
        return Path(file).read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else _("it is not UTF-8")
        told = _("{name}_FILE is {file!r}, which cannot be read ({reason}). Name a file that this account may read.")
        sys.exit(told.format(name=name, file=file, reason=reason))


def words(name: str) -> list[str]:
    """What it says between commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def hosts(said: str) -> list[str]:
    """Names between commas, and numbers, also those of IPv6 as one writes them elsewhere: ``::1`` for ``[::1]``."""
    return [in_addresses(word.strip()) for word in said.split(",") if word.strip()]


def in_addresses(host: str) -> str:
    """
    A host as it stands in addresses, where an IPv6 number has brackets and is written in one way.

    >>> in_addresses("FD00:0::2"), in_addresses("[::1]"), in_addresses("127.0.0.1"), in_addresses("laptop")
    ('[fd00::2]', '[::1]', '127.0.0.1', 'laptop')
    """
    try:
        return f"[{IPv6Address(host.removeprefix('[').removesuffix(']')).compressed}]"
    except ValueError:
        return host


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
    if scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": _file(said)}
    found = _parsed(Env.db_url_config, said, _DATABASE)
    options = found.setdefault("OPTIONS", {})
    if not found["NAME"] or "@" in found["NAME"]:  # An unescaped character of the password has ended it.
        raise ValueError(_escaped(_DATABASE))
    if unknown := options.keys() - {*_OPTIONS, *_TLS}:
        told = _("It says {unknown} after the question mark. There, choose of: {known}.")
        raise ValueError(told.format(unknown=", ".join(sorted(unknown)), known=", ".join((*_OPTIONS, *_TLS))))
    if find_spec("MySQLdb") is None:
        raise ValueError(_("MySQL and MariaDB need a driver: pip install mysqlclient."))
    if tls := {name.removeprefix("ssl_"): options.pop(name) for name in _TLS if name in options}:
        options["ssl"] = tls
    return found


def _file(said: str) -> str:
    path = said.removeprefix("sqlite://")
    if path == ":memory:":  # For tests.
        return path
    file = unquote(path)[1:]
    if not path.startswith("/") or not file or {*path} & {*"?#"}:
        told = _(
            "Name a file: sqlite:///FILE, or sqlite:////var/lib/imports/db.sqlite3; in it, %3F is a question mark."
        )
        raise ValueError(told)
    return file


def broker(said: str) -> str:
    """Where messages go, by an address that Celery takes; or several, with semicolons between."""
    for each in said.split(";"):
        _whole_address(each, "amqp://user:password@host//" if each.startswith("amqp") else _REDIS)
    return said


def tls_of_redis(address: str) -> dict[str, str]:
    """
    What Celery is told of TLS with a Redis at this address: as the cache is, that its certificate has to be right.

    kombu (5.7) leaves what the address says of it unread, and takes any certificate.
    """
    said = parse_qsl(urlsplit(address).query)
    return {"ssl_cert_reqs": "required", **{name: value for name, value in said if name.startswith("ssl_")}}


def redis(said: str) -> str:
    """A Redis, by its address: ``rediss`` is over TLS, the number one of its databases."""
    if said.partition("://")[0] not in ("redis", "rediss", "unix"):
        raise ValueError(_("Give an address: {example}, or rediss://… over TLS.").format(example=_REDIS))
    _whole_address(said, _REDIS)
    return said


def _whole_address(said: str, example: str) -> None:
    """
    Raises ``ValueError`` unless the parts of an address are where they seem to be.

    What reads it later would take the end of a password for the host, and tell of a host that is not found.
    """
    parts = urlsplit(said)
    try:
        is_whole = bool(parts.netloc or parts.path) and (parts.port is None or bool(parts.hostname))
    except ValueError:
        is_whole = False
    if not is_whole or "@" in parts.path + parts.query + parts.fragment:
        raise ValueError(_escaped(example))
    if parts.scheme in ("redis", "rediss") and not re.fullmatch(r"(/\d{0,4})?", parts.path, re.ASCII):
        raise ValueError(_("After the host, give the number of a database: {example}.").format(example=example))


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
        raise ValueError(_escaped(example)) from error


def _escaped(example: str) -> str:
    told = _("Give an address as {example}, in which what is no letter or digit of a password is escaped: %40 for @.")
    return told.format(example=example)
