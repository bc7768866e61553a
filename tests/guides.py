"""Examples of the documentation, run as a reader types them: what they print is printed, and they end as they say."""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
from collections.abc import Iterator
from io import StringIO
from itertools import pairwise
from pathlib import Path

from django.core.management import CommandError, call_command

from .command_line.calls import Called

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MANAGE = "./manage.py"
PROMPT, MORE = "$ ", "> "


def pages_with(command: str) -> list[Path]:
    """Pages whose examples call this command."""
    return sorted(page for page in DOCS.rglob("*.md") if f"\n{PROMPT}{command} " in page.read_text())


def examples(page: Path) -> list[tuple[str, list[str]]]:
    """Commands of a page, each with the lines that it prints; a loop as the commands that it comes to."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for line in re.sub(r"\\\n> +", "", block).splitlines():
            if line.startswith(PROMPT):
                found.append((line.removeprefix(PROMPT), []))
            elif line.startswith(MORE):
                found[-1] = (f"{found[-1][0]}\n{line.removeprefix(MORE).strip()}", [])
            elif line.strip() != "…":
                found[-1][1].append(line)
    return [each for line, printed in found for each in _unrolled(line, printed)]


def _unrolled(line: str, printed: list[str]) -> Iterator[tuple[str, list[str]]]:
    loop = re.fullmatch(r"for (\w+) in (.+); do\n(.+)\ndone", line, re.DOTALL)
    if loop is None:
        yield line, printed
        return
    lines = [each.replace(f"${loop[1]}", word) for word in loop[2].split() for each in loop[3].splitlines()]
    yield from ((each, printed if each is lines[-1] else []) for each in lines)


def run_examples(page: Path, folder: Path) -> int:
    """
    Run the examples of a page, in order, and return how many there were.

    Management commands are called here, on the test's database; everything else is done by a shell in ``folder``.
    """
    codes: list[int] = []
    for (line, expected), (following, _expected) in pairwise([*examples(page), ("", [])]):
        if line == "echo $?":
            assert [str(codes[-1])] == expected
            continue
        out, code = _manage(line, folder) if line.startswith(MANAGE) else _shell(line, folder)
        rest = in_one_line(out)
        for wanted in map(in_one_line, expected):
            before, found, rest = rest.partition(wanted)
            assert found, f"{line}\nshould print\n{wanted}\nafter what was found, but prints\n{before}"
        assert code == 0 or following == "echo $?", f"{line} ends with {code}: {out}"
        codes.append(code)
    return len(codes)


def _manage(line: str, folder: Path) -> tuple[str, int]:
    """What a call prints, its error included, and its exit code."""
    name, *words = (word for word in shlex.split(line)[1:] if word != "cms")
    out = StringIO()
    try:
        with contextlib.chdir(folder):
            call_command(Called() if name == "import_from_modulestore" else name, *words, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    except CommandError as error:
        return f"{out.getvalue()}{error}", error.returncode
    return out.getvalue(), 0


def _shell(line: str, folder: Path) -> tuple[str, int]:
    done = subprocess.run(["bash", "-euc", line], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr, done.returncode


def in_one_line(text: str) -> str:
    """The text with IDs of imports made equal, and without lines, columns and guides."""
    return " ".join(re.sub(r"\b[0-9a-f]{8}\b", "ID", text).replace("│", " ").split())
