"""The examples of docs/tutorials/command_line.md, run in order: they print what is printed, and end as they say."""

import re
import shlex
import shutil
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from import_from_modulestore.command_line.base import EXIT_CODES
from import_from_modulestore.command_line.subcommands import SUBCOMMANDS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "tutorials" / "command_line.md").read_text()
PROMPT = "$ "


def examples() -> list[tuple[str, list[str]]]:
    """Commands of the guide with the lines that they print."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL):
        for line in block.splitlines():
            if line.startswith(PROMPT):
                found.append((line.removeprefix(PROMPT), []))
            elif line.strip() != "…":
                found[-1][1].append(line)
    return found


def run(words: list[str]) -> tuple[str, int]:
    """What a call prints, its error included, and its exit code."""
    out = StringIO()
    try:
        call_command("import_from_modulestore", *words, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code)
    except CommandError as error:
        return f"{out.getvalue()}{error}", error.returncode
    return out.getvalue(), 0


def in_one_line(text: str) -> str:
    """The text with IDs of imports made equal, and without lines, columns and guides."""
    return " ".join(re.sub(r"\b[0-9a-f]{8}\b", "ID", text).replace("│", " ").split())


def test_the_examples_do_what_they_say(courses, db, monkeypatch):
    shutil.rmtree(courses)
    shutil.copytree(ROOT / "courses", courses)
    monkeypatch.setenv("COLUMNS", "120")
    codes: list[int] = []
    for (line, expected), (following, _expected) in pairwise([*examples(), ("", [])]):
        if line == "echo $?":
            assert [str(codes[-1])] == expected
            continue
        manage, name, *words = shlex.split(line)
        assert (manage, name) == ("./manage.py", "import_from_modulestore")
        out, code = run(words)
        rest = in_one_line(out)
        for wanted in map(in_one_line, expected):
            before, found, rest = rest.partition(wanted)
            assert found, f"{line}\nshould print\n{wanted}\nafter what was found, but prints\n{before}"
        assert code == 0 or following == "echo $?", f"{line} ends with {code}: {out}"
        codes.append(code)
    assert len(codes) > 15


@pytest.mark.parametrize("name", [subcommand.name for group in SUBCOMMANDS.values() for subcommand in group])
def test_every_command_is_in_the_guide(name):
    assert re.search(rf"(`|import_from_modulestore ){name}\b", GUIDE)


def test_the_guide_has_the_exit_codes_of_the_help():
    in_guide = re.findall(r"^\| (\d+) \| (.*?)(?:; the message.*)? \|$", GUIDE, re.MULTILINE)
    assert in_guide == re.findall(r"^  (\d+) +(.*)$", EXIT_CODES, re.MULTILINE)
