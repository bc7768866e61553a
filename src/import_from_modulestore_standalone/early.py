"""
What is said before there are settings, since it is about these: Django's translations need them, Python's gettext does
not, and finds the same catalogue.
"""

from __future__ import annotations

import os
import sys
from gettext import translation
from pathlib import Path

from django.utils.translation import to_language, to_locale

from import_from_modulestore.command_line.languages import asked_for
from import_from_modulestore.command_line.terminal.text import without_isolates

_CATALOGUES = Path(__file__).parent / "locale"


def gettext(message: str) -> str:
    """The message in the language that a command is asked to speak, for a terminal; else in ``LANGUAGE_CODE``."""
    wanted = [*asked_for(sys.argv), os.environ.get("LANGUAGE_CODE", "")]
    locales = [to_locale(to_language(each)) for each in wanted if each]
    found = translation("django", _CATALOGUES, [_english(each) or each for each in locales], fallback=True)
    return without_isolates(found.gettext(message))


def _english(locale: str) -> str:
    """``C`` where that is meant, at which the search ends: there is no catalogue of what stands in the source."""
    return "C" if locale.partition("_")[0] == "en" else ""
