"""The settings, off the places where they are defined and described."""

import re
from pathlib import Path

import import_from_modulestore
import import_from_modulestore_standalone

from .markdown import code, definitions, from_rest

_ANNOTATION = re.compile(r"^# \.\. setting_(name|default|description): (.*(?:\n#   .*)*)", re.MULTILINE)
_ROW = re.compile(r"^``([A-Z_]+)`` +(.+?)  +(\S.*)$", re.MULTILINE)


def of_the_app() -> str:
    """The app's, as the annotations in its module of settings have them."""
    text = (Path(import_from_modulestore.__file__).parent / "settings.py").read_text(encoding="utf-8")
    found: list[dict[str, str]] = []
    for key, value in _ANNOTATION.findall(text):
        if key == "name":
            found.append({})
        found[-1][key] = " ".join(value.replace("\n#   ", " ").split())
    return definitions(
        (code(each["name"]), f"{from_rest(each['description'])} Default: {code(each['default'])}.")
        for each in sorted(found, key=lambda each: each["name"])
    )


def of_the_standalone_project() -> str:
    """The standalone project's, as the table at the head of its settings has them."""
    text = (Path(import_from_modulestore_standalone.__file__).parent / "settings.py").read_text(encoding="utf-8")
    rows = _ROW.findall(text.split('"""')[1])
    return definitions(
        (code(name), f"{from_rest(meaning)}. Default: {from_rest(default)}.") for name, meaning, default in rows
    )
