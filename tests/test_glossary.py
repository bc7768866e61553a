"""One name for one thing: no door uses a word that the glossary has retired."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest
from django.db.models import TextChoices
from drf_spectacular.generators import SchemaGenerator

from import_from_modulestore import api, data
from import_from_modulestore.management.commands.import_from_modulestore import Command
from import_from_modulestore.models import Import, ImportRecord, Reversal, ReversalRecord, StagedBlock

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs" / "reference" / "glossary.md").read_text()
WORDS, RETIRED = GLOSSARY.split("## Retired words")

IN_TEXT = {"target", "mapping", "take in", "taken in", "brought back"}
"""Retired words that mean nothing else in plain English."""


def rows(text: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    lines = [line for line in text.splitlines() if line[:1] == "|"][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words_of(name: str) -> str:
    """A name as words: ``makes_library``, ``MappingsQuery`` and ``--leave-out`` alike."""
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()).strip()


def python_names() -> set[str]:
    functions = [getattr(api, name) for name in api.__all__ if inspect.isfunction(getattr(api, name))]
    names = {*api.__all__, *(name for function in functions for name in inspect.signature(function).parameters)}
    for name, thing in vars(data).items():
        if not inspect.isclass(thing) or not thing.__module__.startswith(data.__name__):
            continue
        names.add(name)
        if dataclasses.is_dataclass(thing):
            names.update(field.name for field in dataclasses.fields(thing))
        if issubclass(thing, TextChoices):
            names.update((*thing.names, *map(str, thing.labels)))
    return names


def rest_names() -> set[str]:
    schema = SchemaGenerator().get_schema(public=True)
    names = set(schema["components"]["schemas"])
    for component in schema["components"]["schemas"].values():
        names.update(component.get("properties", ()))
        names.update(component.get("enum", ()))
    for path, methods in schema["paths"].items():
        names.add(path)
        for operation in methods.values():
            names.add(operation["operationId"])
            names.update(parameter["name"] for parameter in operation.get("parameters", ()))
    return names


def command_line_names() -> set[str]:
    parser = Command().create_parser("manage.py", "import_from_modulestore")
    [commands] = [
        action for action in parser._actions if hasattr(action, "choices") and isinstance(action.choices, dict)
    ]
    names = set(commands.choices)
    for command in commands.choices.values():
        for action in command._actions:
            names.update((*action.option_strings, action.dest, str(action.metavar or "")))
    return names


def column_names() -> set[str]:
    return {
        field.name
        for model in (Import, ImportRecord, Reversal, ReversalRecord, StagedBlock)
        for field in model._meta.get_fields()
    }


@pytest.mark.parametrize("names", [python_names, rest_names, command_line_names, column_names])
def test_no_retired_word_is_used(names):
    found = {words_of(name): name for name in names()}
    assert len(found) > 20
    for retired, better in (row[:2] for row in rows(RETIRED)):
        used = {name for words, name in found.items() if re.search(rf"\b{retired}s?\b", words)}
        assert not used, f"{used}: not “{retired}”, but “{better}”"


GUIDES = [path for path in (*(ROOT / "docs").rglob("*.md"), ROOT / "README.md") if path.name != "glossary.md"]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_the_guides_keep_to_the_words(guide):
    text = " ".join(guide.read_text().split())
    for retired, better in (row[:2] for row in rows(RETIRED) if row[0] in IN_TEXT):
        assert not re.search(rf"(?<![\w-]){retired}s?\b", text, re.IGNORECASE), f"not “{retired}”, but “{better}”"


def test_names_of_the_glossary_are_there():
    known = {
        words_of(name) for names in (python_names, rest_names, command_line_names, column_names) for name in names()
    }
    paths = " ".join(known)
    for _word, _meaning, names, words in rows(WORDS):
        for name in re.findall(r"`([^`]+)`", f"{names} {words}"):
            if name in {"KEY", "BLOCK"} or name.isupper():
                continue
            assert words_of(name) in known or words_of(name) in paths, name
