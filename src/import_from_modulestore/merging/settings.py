"""
Settings: the attributes of a component, each by itself.

Of an attribute that holds a JSON object, each key is a setting of its own, and so are the keys of objects in it;
elements of lists are merged like lines. Drag and drop keeps all its zones and items in one attribute. A text of several
lines is merged line by line: problems keep one beside their body, for Studio's simple editor (``markdown``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from ..data import MergeSide
from ..texts import is_xml_text
from .lines import Clash, Line, merge_lines
from .pieces import Ledger, Open, UnusableChoice, chosen

_MISSING = object()


def merge_settings(
    ledger: Ledger, base: Mapping[str, str], library: Mapping[str, str], source: Mapping[str, str]
) -> dict[str, str]:
    """The merged settings, in the order of the library, then of the source."""
    merged: dict[str, str] = {}
    for name in dict.fromkeys((*library, *source)):
        value = _merged(ledger, f"setting:{name}", base.get(name), library.get(name), source.get(name))
        if value is not None:
            merged[name] = value
    return merged


def _merged(ledger: Ledger, name: str, base: str | None, library: str | None, source: str | None) -> str | None:
    then, ours, theirs = (json_object(text) for text in ("{}" if base is None else base, library, source))
    if library == source or base in (library, source) or then is None or ours is None or theirs is None:
        text = _merged_text(ledger, name, base, library, source)
    else:
        text = _written(_merged_object(ledger, name, then, ours, theirs))
    if text is not None and not is_xml_text(text):
        raise UnusableChoice(name, _("It holds a character that XML cannot hold."))
    return text


def _merged_text(ledger: Ledger, name: str, base: str | None, library: str | None, source: str | None) -> str | None:
    texts = [text for text in (base, library, source) if text is not None]
    if name not in ledger.choices and len({*texts}) == 3 and all("\n" in text for text in texts):
        parts = merge_lines(*([Line(line, line) for line in text.splitlines(keepends=True)] for text in texts))
        if not any(isinstance(part, Clash) for part in parts):
            ledger.note(name, MergeSide.LIBRARY)
            ledger.note(name, MergeSide.SOURCE)
            return "".join(map(str, parts))
    return ledger.text(name, base, library, source)


def _merged_object(
    ledger: Ledger, path: str, base: Mapping[str, Any], library: Mapping[str, Any], source: Mapping[str, Any]
) -> dict[str, Any]:
    added = sorted((library.keys() | source.keys()) - base.keys())
    merged = {}
    for key in (*base, *added):
        values = [each.get(key, _MISSING) for each in (base, library, source)]
        value = _merged_value(ledger, f"{path}/{key}", *values)
        if value is not _MISSING:
            merged[key] = value
    return merged


def _merged_value(ledger: Ledger, path: str, base: Any, library: Any, source: Any) -> Any:
    texts = [None if value is _MISSING else json.dumps(value, sort_keys=True) for value in (base, library, source)]
    found = ledger.three_way(path, *texts)
    if not isinstance(found, Open):
        return (library, source)[found != texts[1]]
    if isinstance(library, dict) and isinstance(source, dict) and (base is _MISSING or isinstance(base, dict)):
        then: dict[str, Any] = base if isinstance(base, dict) else {}
        return _merged_object(ledger, path, then, library, source)
    if all(isinstance(value, list) for value in (base, library, source)):
        elements = _merged_list(base, library, source)
        if elements is not None:
            ledger.note(path, MergeSide.LIBRARY)
            ledger.note(path, MergeSide.SOURCE)
            return elements
    choice = ledger.ask(path, *(_shown(value) for value in (base, library, source)))
    if choice is not None and choice.take is MergeSide.EDIT:
        return _edited(path, choice.text, is_text=isinstance(library, str))
    return chosen(choice, library, source)


def _merged_list(base: list[Any], library: list[Any], source: list[Any]) -> list[Any] | None:
    """The elements of a list, where no two sides have changed the same one."""
    as_lines = [
        [Line(text := json.dumps(element, sort_keys=True), text + "\n") for element in each]
        for each in (base, library, source)
    ]
    parts = merge_lines(*as_lines)
    if any(isinstance(part, Clash) for part in parts):
        return None
    return [json.loads(line) for part in parts for line in str(part).split("\n") if line]


def _shown(value: Any) -> str | None:
    """A value as people see and edit it: a text as it is, all else as JSON."""
    if value is _MISSING:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _edited(path: str, text: str, *, is_text: bool) -> Any:
    if is_text:
        return text
    try:
        return _loaded(text)
    except (ValueError, RecursionError):
        raise UnusableChoice(path, _("It is not JSON.")) from None


def json_object(text: str | None) -> dict[str, Any] | None:
    """The object of a text of JSON, where writing it again would lose nothing; else ``None``."""
    if text is None or not text.lstrip().startswith("{"):
        return None
    try:
        found = _loaded(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _loaded(text: str) -> Any:
    """What a text of JSON holds. Raises ``ValueError`` where writing it again would lose something, or make no JSON."""
    found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite)
    if not is_xml_text(_written(found)):
        raise ValueError("it holds a character that XML cannot hold")
    return found


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _finite(number: str) -> float:
    return float(number) if isfinite(float(number)) else _refuse(number)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
