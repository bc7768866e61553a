"""
The language of a command: that of the terminal, or the one that is asked for.

Django's commands speak that of the site, whoever types them; one that a person types is for that person.
"""

from __future__ import annotations

import gettext
import locale
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import translation
from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy, to_language, to_locale
from django.utils.translation.trans_real import get_supported_language_variant

from ..quoting import joined

LANGUAGE_OPTION = "--language"

_CATALOGUES = Path(__file__).parents[1] / "locale"


def speak(argv: Sequence[str]) -> None:
    """
    Have this process speak the language that ``--language`` names, or the first of the environment's that the site has
    (``LANGUAGE``, ``LC_ALL``, ``LC_MESSAGES``, ``LANG``, as gettext reads them); otherwise it goes on in the site's.

    Raises ``CommandError`` where the named one is none.
    """
    for wanted in asked_for(argv):
        try:
            code = get_supported_language_variant(to_language(wanted))
        except LookupError:
            continue
        translation.activate(code)
        # What argparse says goes through Python's own gettext, which asks the environment.
        os.environ["LANGUAGE"] = to_locale(code)
        gettext.bindtextdomain("django", _CATALOGUES)
        gettext.textdomain("django")
        return
    if named := _named(argv):
        told = translation.gettext("This site does not speak {language!r}. It speaks {languages}.")
        raise CommandError(told.format(language=named, languages=joined(dict(settings.LANGUAGES))))


def asked_for(argv: Sequence[str]) -> list[str]:
    """The languages that ``--language`` or the environment name, the first one first, as they are written there."""
    named = _named(argv)
    return [named] if named else list(_of_environment())


def _named(argv: Sequence[str]) -> str:
    """What ``--language`` is given, before the parser is made, whose help is in that language as well."""
    for place, word in enumerate(argv):
        option, sign, value = word.partition("=")
        if option == LANGUAGE_OPTION:
            return value if sign else "".join(argv[place + 1 : place + 2])
    return ""


def _of_environment() -> Iterator[str]:
    names = os.environ.get("LANGUAGE", "").split(":")
    names.append(next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), ""))
    for name in names:
        plain = (locale.normalize(name) if "_" not in name else name).partition(".")[0].partition("@")[0]
        if plain not in ("", "C", "POSIX"):
            yield plain


ARGPARSE = (
    _("usage: "),
    _("positional arguments"),
    _("options"),
    _("show this help message and exit"),
    _("%(prog)s: error: %(message)s\n"),
    _("argument %(argument_name)s: %(message)s"),
    _("the following arguments are required: %s"),
    _("unrecognized arguments: %s"),
    _("invalid choice: %(value)r (choose from %(choices)s)"),
    _("invalid %(type)s value: %(value)r"),
    _("expected one argument"),
    _("expected at most one argument"),
    _("expected at least one argument"),
    _("not allowed with argument %s"),
    _("one of the arguments %s is required"),
    _("ignored explicit argument %r"),
    _("ambiguous option: %(option)s could match %(matches)s"),
    ngettext_lazy("expected %s argument", "expected %s arguments"),
)
"""What argparse says to people, in Python 3.12 to 3.14, so that it is in the catalogues."""
