"""The command as a person calls it on a machine: a new one, and with other programs behind it."""

import os
import re
import subprocess

import pytest

from import_from_modulestore.command_line.base import laid_out, listing
from import_from_modulestore.command_line.subcommands import SUBCOMMANDS
from import_from_modulestore.data import Decision
from import_from_modulestore.management.commands.import_from_modulestore import Command

from ..builders import KEY, TARGET, small_course, write_course
from ..processes import Project
from .calls import command

NO_READER = 141


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder in which nothing was set up."""
    project = Project(tmp_path_factory.mktemp("new"))
    del project.environment["DATABASE_URL"]
    write_course(project.courses / "c1", *small_course())
    return project


@pytest.mark.slow
def test_a_new_machine_needs_no_step_before_the_first(project):
    first = project.manage("import_from_modulestore", "sources")
    assert (first.returncode, KEY in first.stdout) == (0, True), first.stderr
    assert "Setting up the database" in first.stderr
    assert project.manage("import_from_modulestore", "sources").stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [("import_from_modulestore", "sources"), ("import_from_modulestore", "history", "--json"), ("grants", "list")],
)
def test_who_has_read_enough_is_not_told_of_it(project, words):
    project.manage("migrate", "--verbosity", "0")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        command = project.command(*words)
        ended = subprocess.run(command, env=project.environment, stdout=out, stderr=subprocess.PIPE, check=False)
    assert (ended.stderr, ended.returncode) == (b"", NO_READER)


@pytest.mark.parametrize("columns", ["1", "2", "0", "-3", "many"])
def test_help_is_read_on_the_narrowest_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    told = laid_out(["There is this:", listing(("sources", "what can be imported"))])
    assert " ".join(told.split()) == "There is this: sources what can be imported"


@pytest.mark.parametrize(
    "subcommand", [one for group in SUBCOMMANDS.values() for one in group], ids=lambda one: one.name
)
def test_a_narrow_terminal_cuts_no_summary_short(subcommand, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    whole = subcommand.description.partition("\n")[0].rstrip(".")
    monkeypatch.setenv("COLUMNS", "40")
    assert subcommand.summary[1:] == whole[1:]


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("subcommand", ["", "run", "batch", "decide", "where"])
def test_help_is_no_wider_than_the_terminal_and_breaks_no_word(subcommand, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    parser = Command().create_parser("manage.py", "import_from_modulestore")
    if subcommand:
        parser = parser._subparsers._group_actions[0].choices[subcommand]
    told = parser.format_help()
    lines = [line for line in told.splitlines() if not line.startswith("  import_from_modulestore ")]  # To be typed.
    assert [line for line in lines if len(line) > columns] == []
    assert [line for line in lines if line.endswith("-")] == []


def test_help_says_what_each_decision_does():
    for subcommand in ("run", "stage", "preview", "batch", "decide"):
        parser = Command().create_parser("manage.py", "import_from_modulestore")
        told = parser._subparsers._group_actions[0].choices[subcommand].format_help()
        for decision in Decision.values:
            assert re.search(rf"^  {decision} {{2,}}\w", told, re.MULTILINE), (subcommand, decision)


def test_colors_are_for_who_wants_them(monkeypatch):
    def colored(*words: str) -> bool:
        return "\x1b[36m" in command("history", *words)

    command("stage", KEY, TARGET, "--create")
    assert (colored(), colored("--force-color")) == (False, True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colored("--force-color")
